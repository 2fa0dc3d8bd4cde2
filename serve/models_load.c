/* models_load.c - what the table's thread does with versions: sees where names point, loads, shows, puts down, frees. */
#include <stdio.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "fovea/versions.h"
#include "registry/store.h"
#include "serve/models_state.h"
#include "serve/served_state.h"

#define TENSORS_A_FILE 4 /* a version takes so many times its file, where nothing better is known: tensors, plans' blocks */

/* ---- the end of a version ---- */

static void gone(fv_served *served, void *context) {
    fv_models_table *t = context;
    pthread_mutex_lock(&t->mutex);
    *fv_served_link(served) = t->ended;
    t->ended = served;
    pthread_cond_signal(&t->wake);
    pthread_mutex_unlock(&t->mutex);
}

void fv_table_free_ended(fv_models_table *t) {
    pthread_mutex_lock(&t->mutex);
    fv_served *ended = fv_take(&t->ended);
    pthread_mutex_unlock(&t->mutex);
    for (fv_served *next; ended; ended = next) {
        next = *fv_served_link(ended);
        t->bytes -= fv_served_facts_get(ended)->bytes;
        fv_served_free(ended);
        t->alive--;
    }
}

/* ---- what others see ---- */

static fv_error *show(fv_models_table *t) {
    const fv_models_view *view;
    FV_TRY(fv_books_view(&t->books, t->bytes, &view));
    pthread_mutex_lock(&t->mutex);
    const fv_models_view *old = t->view;
    t->view = view;
    pthread_mutex_unlock(&t->mutex);
    fv_models_view_unref(old);
    return NULL;
}

/* A name was given its version: the lineage knows who serves it. */
static void tell_lineage(void *context, const fv_book_pointer *p) {
    fv_models_table *t = context;
    char version[FV_TABLE_NAME + 24];
    if (!t->options.registry || !t->deployment) return;
    snprintf(version, sizeof version, "%s/%lld", p->model, (long long)p->live);
    fv_lineage_edge edge = { "version", version, "deployed", "deployment", t->deployment, NULL, 0, 0 };
    fv_error *error = fv_lineage_add(t->options.registry, &edge);
    char text[1024];
    if (error) fv_log_warning("the lineage of %s was not written: %s", version, fv_error_format(error, text, sizeof text));
    fv_error_free(error);
}

fv_error *fv_table_settle(fv_models_table *t) {
    FV_TRY(fv_books_settle(&t->books, tell_lineage, t));
    return show(t);
}

/* ---- looking at the registry, and at files ---- */

static fv_error *point_model(fv_books *b, const fv_models_row *row) {
    int64_t bare = row->newest;
    for (int64_t i = 0; i < row->alias_count; i++) {
        if (!strcmp(row->aliases[i].name, FV_DEFAULT_ALIAS)) bare = row->aliases[i].number;
        FV_TRY(fv_books_point(b, row->name, row->aliases[i].name, row->aliases[i].number));
    }
    return bare ? fv_books_point(b, row->name, "", bare) : NULL;
}

static fv_error *look_at_registry(fv_models_table *t) {
    int64_t decisions;
    fv_models_list list;
    if (!t->options.registry) return NULL;
    FV_TRY(fv_registry_decisions(t->options.registry, &decisions));
    if (decisions == t->decisions) return NULL;
    FV_TRY(fv_models_find(t->options.registry, NULL, false, &list));
    fv_books_begin_look(&t->books);
    fv_error *error = NULL;
    for (int64_t i = 0; i < list.count && !error; i++)
        if (!fv_books_serves_file(&t->books, list.rows[i].name)) error = point_model(&t->books, &list.rows[i]);
    if (!error) fv_books_end_look(&t->books);
    fv_models_list_release(&list);
    if (!error) t->decisions = decisions;
    return error;
}

/* The file's content is another: the name's next version. */
static fv_error *look_at_file(fv_books *b, const fv_book_pointer *p) {
    char digest[FV_DIGEST_LETTERS];
    int64_t size, number = p->wanted;
    fv_book_version *v = fv_books_find(b, p->model, number);
    if (!v || !v->path) return NULL;
    FV_TRY(fv_store_stream(v->path, NULL, NULL, NULL, digest, &size));
    if (!strcmp(digest, v->digest)) return NULL;
    char *path = v->path;
    FV_TRY(fv_books_version(b, p->model, number + 1, &v));
    FV_TRY(fv_memory_new((int64_t)strlen(path) + 1, &v->path));
    memcpy(v->path, path, strlen(path));
    return fv_books_point(b, v->model, "", number + 1);
}

void fv_table_warn(const char *what, fv_error *error) {
    char text[1024];
    if (error) fv_log_warning("%s: %s", what, fv_error_format(error, text, sizeof text));
    fv_error_free(error);
}

void fv_table_look(fv_models_table *t, bool poked) {
    fv_books *b = &t->books;
    for (int64_t i = 0; i < b->pointer_count && poked; i++) fv_table_warn("a model's file", look_at_file(b, &b->pointers[i]));
    for (int64_t i = 0; i < b->version_count && poked; i++)
        if (b->versions[i].state == FV_MODEL_REFUSED) b->versions[i].state = FV_MODEL_LOADING;
    if (poked) t->decisions = -1;
    fv_table_warn("the registry", look_at_registry(t));
    t->next_look = fv_clock_seconds() + t->options.poll_seconds;
}

/* ---- loading ---- */

static bool replaces(const fv_books *b, const fv_book_version *v) {
    for (int64_t i = 0; i < b->pointer_count; i++)
        if (b->pointers[i].live && b->pointers[i].wanted == v->number && !strcmp(b->pointers[i].model, v->model)) return true;
    return false;
}

/* What it will take: as last time, as another version of the model, or by its file. */
static int64_t expected_bytes(const fv_books *b, const fv_book_version *v, int64_t file_bytes) {
    int64_t expected = v->bytes;
    for (int64_t i = 0; i < b->version_count && !expected; i++)
        if (!strcmp(b->versions[i].model, v->model)) expected = b->versions[i].bytes;
    return expected ? expected : TENSORS_A_FILE * file_bytes;
}

/* False: there is no room, and nobody waits for it. */
static bool make_room(fv_models_table *t, const fv_book_version *v, int64_t file_bytes) {
    int64_t expected = expected_bytes(&t->books, v, file_bytes), bound = t->options.memory;
    bool wanted = v->at_once || replaces(&t->books, v);
    while (bound && fv_books_bytes(&t->books) + expected > bound) {
        fv_book_version *idlest = wanted ? fv_books_idlest(&t->books, v) : NULL;
        if (!idlest) return wanted;
        fv_books_put_down(&t->books, idlest);
        fv_table_warn("what is served", show(t));
        fv_table_free_ended(t);
    }
    return true;
}

/* Where its file lies and what that holds; the registry's are hashed, a file's digest becomes that of the version. */
static fv_error *find_file(fv_models_table *t, fv_book_version *v, char **path, int64_t *bytes) {
    if (v->path) {
        FV_TRY(fv_file_resolve(v->path, path));
        return fv_store_stream(v->path, NULL, NULL, NULL, v->digest, bytes);
    }
    char reference[FV_TABLE_NAME + 24];
    fv_version_list found;
    snprintf(reference, sizeof reference, "%s/%lld", v->model, (long long)v->number);
    FV_TRY(fv_version_find(t->options.registry, reference, &found));
    snprintf(v->digest, sizeof v->digest, "%s", found.rows[0].digest);
    *bytes = found.rows[0].size;
    fv_version_list_release(&found);
    FV_TRY(fv_object_check(t->options.registry, v->digest));
    return fv_object_path(t->options.registry, v->digest, path);
}

/* A file that was written to meanwhile would be served under another's digest. */
static fv_error *check_unchanged(const fv_book_version *v) {
    char digest[FV_DIGEST_LETTERS];
    int64_t size;
    if (!v->path) return NULL;
    FV_TRY(fv_store_stream(v->path, NULL, NULL, NULL, digest, &size));
    if (!strcmp(digest, v->digest)) return NULL;
    return fv_fail(FV_BUSY, "%s was written to while it was read", v->path);
}

static fv_error *take_up(fv_models_table *t, fv_book_version *v, const char *path) {
    const fv_served_options options = { .name = v->model,
                                        .version = v->number,
                                        .digest = v->digest,
                                        .max_batch = t->options.max_batch,
                                        .precision = t->options.precision,
                                        .features = t->options.features,
                                        .gone = gone,
                                        .context = t };
    fv_served *served;
    FV_TRY(fv_served_open(path, &options, &served));
    v->bytes = fv_served_facts_get(served)->bytes;
    t->bytes += v->bytes;
    t->alive++;
    fv_error *error = check_unchanged(v);
    if (!error && t->options.memory && v->bytes > t->options.memory)
        error = fv_fail(FV_MEMORY, "it takes %.1f MiB, and all models may have %.1f", (double)v->bytes / 0x1p20,
                        (double)t->options.memory / 0x1p20);
    if (!error) error = fv_engine_prepare(t->options.engine, served);
    if (error) return fv_served_unref(served), error;
    v->served = served;
    v->state = FV_MODEL_READY;
    return NULL;
}

static fv_error *load(fv_models_table *t, fv_book_version *v) {
    char *path = NULL;
    int64_t bytes;
    double began = fv_clock_seconds();
    fv_error *error = find_file(t, v, &path, &bytes);
    if (!error && !make_room(t, v, bytes)) v->state = FV_MODEL_RESTING;
    if (!error && v->state == FV_MODEL_LOADING) error = take_up(t, v, path);
    fv_string_free(path);
    if (v->state != FV_MODEL_READY) return error;
    t->books.loads++;
    t->books.load_seconds += fv_clock_seconds() - began;
    return NULL;
}

/* The bound holds again once the version that was replaced has been let go of. Asks that still hold what was put down, or
 * replaced, have it for as long as a batch takes: for them nothing else goes. */
static void keep_bound(fv_models_table *t, const char *model, int64_t number) {
    fv_table_free_ended(t);
    while (t->options.memory && fv_books_bytes(&t->books) > t->options.memory) {
        fv_book_version *idlest = fv_books_idlest(&t->books, fv_books_find(&t->books, model, number));
        if (!idlest) return;
        fv_books_put_down(&t->books, idlest);
        fv_table_warn("what is served", show(t));
        fv_table_free_ended(t);
    }
}

void fv_table_load(fv_models_table *t, fv_book_version *v) {
    char model[FV_TABLE_NAME];
    int64_t number = v->number;
    snprintf(model, sizeof model, "%s", v->model);
    fv_error *error = load(t, v);
    v->at_once = false;
    if (error) {
        fv_books_refuse(&t->books, v, error);
        fv_log_warning("version %lld of %s is refused: %s", (long long)number, model, v->reason ? v->reason : "out of memory");
    }
    fv_table_warn("what is served", fv_table_settle(t));
    keep_bound(t, model, number);
}
