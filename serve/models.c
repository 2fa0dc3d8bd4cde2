/* models.c - see models.h. The table's thread keeps the books (models_books.c) and shows what they say as a view
 * (models_view.c); everybody else reads the view under a short lock. Versions are loaded and freed by that one thread
 * (models_load.c): a request never waits for either, and what was allocated by one thread is given back by the same, so that
 * memory does not spread over the allocator's arenas. */
#include "serve/models.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/base/assert.h"
#include "core/base/clock.h"
#include "fovea/versions.h"
#include "serve/models_state.h"

/* ---- requests and orders ---- */

static fv_error *take_request(fv_models_table *t, const fv_table_request *r) {
    fv_book_version *v;
    FV_TRY(fv_books_version(&t->books, r->model, r->version, &v));
    if (r->by_number) v->asked_for = ++t->books.requests;
    v->at_once = true;
    if (v->state == FV_MODEL_RESTING) v->state = FV_MODEL_LOADING;
    return NULL;
}

static bool is_known(const fv_books *b, const char *model) {
    for (int64_t i = 0; i < b->pointer_count; i++)
        if (!strcmp(b->pointers[i].model, model)) return true;
    return false;
}

static fv_error *add_file(fv_models_table *t, const fv_models_order *o) {
    fv_book_version *v;
    if (is_known(&t->books, o->name)) return fv_fail(FV_CONFLICT, "there is a model %s already", o->name);
    FV_TRY(fv_books_version(&t->books, o->name, 1, &v));
    FV_TRY(fv_memory_new((int64_t)strlen(o->path) + 1, &v->path));
    memcpy(v->path, o->path, strlen(o->path));
    v->at_once = true;
    return fv_books_point(&t->books, o->name, "", 1);
}

static fv_error *begin_order(fv_models_table *t, const fv_models_order *o) {
    fv_books *b = &t->books;
    if (o->path) return add_file(t, o);
    if (!is_known(b, o->name))
        return fv_error_hint(fv_fail(FV_NOT_FOUND, "there is no model %s", o->name), "`fovea models list` lists them");
    FV_TRY(fv_books_put_away(b, o->name, o->verb == FV_MODELS_UNLOAD));
    for (int64_t i = 0; i < b->version_count; i++) {
        fv_book_version *v = &b->versions[i];
        if (strcmp(v->model, o->name) != 0 || o->verb == FV_MODELS_UNLOAD) continue;
        if (v->state == FV_MODEL_REFUSED || v->state == FV_MODEL_RESTING) v->state = FV_MODEL_LOADING;
        v->at_once = true;
    }
    return NULL;
}

/* What became of it: the first version of the model that is wanted and refused. */
static fv_error *outcome_of(fv_models_table *t, const fv_models_order *o) {
    for (int64_t i = 0; i < t->books.pointer_count && o->verb == FV_MODELS_LOAD; i++) {
        const fv_book_pointer *p = &t->books.pointers[i];
        const fv_book_version *v = fv_books_find(&t->books, p->model, p->wanted);
        if (strcmp(p->model, o->name) != 0 || !v || v->state != FV_MODEL_REFUSED) continue;
        return fv_fail(FV_CONFLICT, "version %lld of %s was refused: %s", (long long)v->number, v->model,
                       v->reason ? v->reason : "out of memory");
    }
    return NULL;
}

static void end_order(fv_models_order *o, fv_error *error) {
    if (error) fv_error_free(o->error), o->error = error;
    o->done(o);
}

/* ---- the thread ---- */

typedef struct errands { /* what the thread is to do, taken all at once */
    fv_table_request requests[FV_TABLE_REQUESTS];
    int64_t request_count;
    fv_models_order *orders;
    bool poked;
} errands;

static void take_errands(fv_models_table *t, errands *e) {
    memcpy(e->requests, t->requests, sizeof e->requests);
    e->request_count = t->request_count;
    e->orders = t->orders;
    e->poked = t->poked;
    t->request_count = 0;
    t->orders = NULL;
    t->last_order = &t->orders;
    t->poked = false;
}

static bool is_ending(fv_models_table *t) {
    pthread_mutex_lock(&t->mutex);
    bool ending = t->ending;
    pthread_mutex_unlock(&t->mutex);
    return ending;
}

static void do_errands(fv_models_table *t, const errands *e) {
    fv_table_free_ended(t);
    if (e->poked || e->orders || fv_clock_seconds() >= t->next_look) fv_table_look(t, e->poked || e->orders);
    for (fv_models_order *o = e->orders; o; o = o->next) o->error = begin_order(t, o);
    for (int64_t i = 0; i < e->request_count; i++)
        fv_table_warn("a version that was asked for", take_request(t, &e->requests[i]));
    fv_table_warn("what is served", fv_table_settle(t));
    for (fv_book_version *v; !is_ending(t) && (v = fv_books_next_load(&t->books, fv_clock_seconds()));) fv_table_load(t, v);
    for (fv_models_order *o = e->orders, *next; o; o = next) {
        next = o->next;
        end_order(o, o->error ? NULL : outcome_of(t, o));
    }
}

static void *keep(void *context) {
    fv_models_table *t = context;
    errands e;
    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), 5); /* those who answer go first */
    pthread_mutex_lock(&t->mutex);
    while (!t->ending) {
        take_errands(t, &e);
        pthread_mutex_unlock(&t->mutex);
        do_errands(t, &e);
        pthread_mutex_lock(&t->mutex);
        t->looked = true;
        double seconds = floor(t->next_look);
        struct timespec due = { .tv_sec = (time_t)seconds, .tv_nsec = (long)((t->next_look - seconds) * 1e9) };
        if (!t->ending && !t->poked && !t->orders && !t->request_count && !t->ended)
            pthread_cond_timedwait(&t->wake, &t->mutex, &due);
    }
    take_errands(t, &e);
    pthread_mutex_unlock(&t->mutex);
    for (fv_models_order *o = e.orders, *next; o; o = next) {
        next = o->next;
        end_order(o, fv_fail(FV_CANCELLED, "the server is ending"));
    }
    return NULL;
}

/* ---- asking ---- */

static bool has(const char *const *names, int64_t count, const char *name) {
    for (int64_t i = 0; i < count; i++)
        if (!strcmp(names[i], name)) return true;
    return false;
}

/* Who answers; else who will. `*model`: the model is known at all. */
static const fv_model_status *find_row(const fv_models_view *view, const char *name, const char *alias, int64_t version,
                                       bool *model) {
    const fv_model_status *awaited = NULL;
    *model = false;
    for (int64_t i = 0; i < view->count; i++) {
        const fv_model_status *row = &view->rows[i];
        if (strcmp(row->model, name) != 0) continue;
        *model = true;
        if (version > 0 ? row->version == version : has(row->aliases, row->alias_count, alias)) return row;
        if (!version && has(row->awaited, row->awaited_count, alias)) awaited = row;
    }
    return awaited;
}

static void request_version(fv_models_table *t, const char *model, int64_t version, bool by_number) {
    pthread_mutex_lock(&t->mutex);
    bool there = false;
    for (int64_t i = 0; i < t->request_count; i++)
        there |= t->requests[i].version == version && !strcmp(t->requests[i].model, model);
    if (!there && t->request_count < FV_TABLE_REQUESTS) {
        fv_table_request *r = &t->requests[t->request_count++];
        *r = (fv_table_request){ .version = version, .by_number = by_number };
        snprintf(r->model, sizeof r->model, "%s", model);
        pthread_cond_signal(&t->wake);
    }
    pthread_mutex_unlock(&t->mutex);
}

static fv_error *is_loading(const char *name, int64_t version) {
    fv_error *busy = version ? fv_fail(FV_BUSY, "version %lld of model %s is being loaded", (long long)version, name)
                             : fv_fail(FV_BUSY, "model %s is being loaded", name);
    return fv_error_hint(busy, "ask again in a second");
}

/* A row that does not answer now. */
static fv_error *not_now(fv_models_table *t, const fv_model_status *row, bool by_number) {
    switch (row->state) {
    case FV_MODEL_REFUSED:
        return fv_fail(FV_NOT_FOUND, "version %lld of model %s could not be loaded: %s", (long long)row->version, row->model,
                       row->reason);
    case FV_MODEL_UNLOADED:
        return fv_error_hint(fv_fail(FV_NOT_FOUND, "model %s was unloaded", row->model),
                             "it is served again when it is loaded");
    case FV_MODEL_RESTING: request_version(t, row->model, row->version, by_number); break;
    case FV_MODEL_READY:
    case FV_MODEL_LOADING: break;
    }
    return is_loading(row->model, row->version);
}

/* Nothing points to such a version; the registry may have it. */
static fv_error *ask_registry(fv_models_table *t, const char *name, const char *alias, int64_t version, bool model,
                              bool looked) {
    if (!looked) return is_loading(name, 0);
    if (!model || !t->options.registry || version <= 0) {
        if (!model) return fv_fail(FV_NOT_FOUND, "there is no model %s", name);
        if (version > 0) return fv_fail(FV_NOT_FOUND, "model %s has no version %lld", name, (long long)version);
        return fv_fail(FV_NOT_FOUND, "model %s has no alias %s", name, alias);
    }
    char reference[FV_TABLE_NAME + 24];
    fv_version_list found;
    snprintf(reference, sizeof reference, "%s/%lld", name, (long long)version);
    FV_TRY(fv_version_find(t->options.registry, reference, &found));
    fv_version_list_release(&found);
    request_version(t, name, version, true);
    return is_loading(name, version);
}

fv_error *fv_models_table_get(fv_models_table *t, const char *name, const char *alias, int64_t version, fv_served **out) {
    bool model, looked;
    *out = NULL;
    if (strlen(name) >= FV_TABLE_NAME) return fv_fail(FV_USAGE, "a model's name has at most %d bytes", FV_TABLE_NAME - 1);
    if (!alias) alias = "";
    pthread_mutex_lock(&t->mutex);
    const fv_models_view *view = fv_models_view_ref(t->view);
    looked = t->looked;
    pthread_mutex_unlock(&t->mutex);
    const fv_model_status *row = find_row(view, name, alias, version, &model);
    fv_error *error = NULL;
    if (row && row->served)
        *out = fv_served_ref(row->served);
    else
        error = row ? not_now(t, row, version > 0) : ask_registry(t, name, alias, version, model, looked);
    fv_models_view_unref(view);
    return error;
}

const fv_models_view *fv_models_table_view(fv_models_table *t) {
    pthread_mutex_lock(&t->mutex);
    const fv_models_view *view = fv_models_view_ref(t->view);
    pthread_mutex_unlock(&t->mutex);
    return view;
}

bool fv_models_table_ready(fv_models_table *t, fv_text *waiting) {
    pthread_mutex_lock(&t->mutex);
    const fv_models_view *view = fv_models_view_ref(t->view);
    bool ready = t->looked;
    pthread_mutex_unlock(&t->mutex);
    if (!ready && waiting) fv_text_add(waiting, "the registry is being read\n");
    for (int64_t i = 0; i < view->count; i++) {
        const fv_model_status *row = &view->rows[i];
        if (row->state != FV_MODEL_LOADING) continue;
        ready = false;
        if (waiting) fv_text_addf(waiting, "version %lld of %s is being loaded\n", (long long)row->version, row->model);
    }
    fv_models_view_unref(view);
    return ready;
}

void fv_models_table_poke(fv_models_table *t) {
    pthread_mutex_lock(&t->mutex);
    t->poked = true;
    pthread_cond_signal(&t->wake);
    pthread_mutex_unlock(&t->mutex);
}

void fv_models_table_order(fv_models_table *t, fv_models_order *order) {
    order->error = NULL;
    order->next = NULL;
    pthread_mutex_lock(&t->mutex);
    *t->last_order = order;
    t->last_order = &order->next;
    pthread_cond_signal(&t->wake);
    pthread_mutex_unlock(&t->mutex);
}

/* ---- beginning and ending ---- */

typedef struct awaited {
    pthread_mutex_t mutex;
    pthread_cond_t cond;
    bool done;
} awaited;

static void wake_caller(fv_models_order *o) {
    awaited *a = o->context;
    pthread_mutex_lock(&a->mutex);
    a->done = true;
    pthread_cond_signal(&a->cond);
    pthread_mutex_unlock(&a->mutex);
}

fv_error *fv_models_table_add_file(fv_models_table *t, const char *name, const char *path) {
    awaited a = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false };
    fv_models_order o = { .verb = FV_MODELS_LOAD, .name = name, .path = path, .done = wake_caller, .context = &a };
    if (!*name || strlen(name) >= FV_TABLE_NAME)
        return fv_fail(FV_USAGE, "a model's name has 1 to %d bytes: \"%s\"", FV_TABLE_NAME - 1, name);
    fv_models_table_order(t, &o);
    pthread_mutex_lock(&a.mutex);
    while (!a.done) pthread_cond_wait(&a.cond, &a.mutex);
    pthread_mutex_unlock(&a.mutex);
    return o.error;
}

fv_error *fv_models_table_new(const fv_models_options *options, fv_models_table **out) {
    FV_OWNED(fv_models_table) t = NULL;
    pthread_condattr_t attributes;
    FV_TRY(fv_memory_new(1, &t));
    t->options = *options;
    if (!t->options.poll_seconds) t->options.poll_seconds = 1;
    t->decisions = -1;
    t->last_order = &t->orders;
    pthread_mutex_init(&t->mutex, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&t->wake, &attributes);
    pthread_condattr_destroy(&attributes);
    if (options->deployment) {
        FV_TRY(fv_memory_new((int64_t)strlen(options->deployment) + 1, &t->deployment));
        memcpy(t->deployment, options->deployment, strlen(options->deployment));
    }
    FV_TRY(fv_books_view(&t->books, 0, &t->view));
    FV_TRY(fv_threads_start(&t->thread, 1, "fovea-models", keep, t));
    *out = fv_take(&t);
    return NULL;
}

void fv_models_table_free(fv_models_table *t) {
    if (!t) return;
    pthread_mutex_lock(&t->mutex);
    t->ending = true;
    pthread_cond_signal(&t->wake);
    pthread_mutex_unlock(&t->mutex);
    fv_threads_join(&t->thread);
    fv_models_view_unref(t->view);
    fv_books_release(&t->books);
    fv_table_free_ended(t);
    FV_ASSERT(t->alive == 0); /* or somebody would answer with what is gone */
    pthread_cond_destroy(&t->wake);
    pthread_mutex_destroy(&t->mutex);
    fv_memory_free(t->deployment);
    fv_memory_free(t);
}
