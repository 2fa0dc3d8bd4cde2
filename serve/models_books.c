/* models_books.c - see models_books.h. Few versions and names, looked through from the front. */
#include "serve/models_books.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/memory.h"
#include "core/base/size.h"

#define RETRY_SECONDS 30 /* after which what may have passed is tried again: a full disk, no memory */

/* ---- memory ---- */

static fv_error *copy_text(const char *text, char **out) {
    int64_t length = (int64_t)strlen(text) + 1;
    FV_TRY(fv_memory_new(length, out));
    memcpy(*out, text, (size_t)length);
    return NULL;
}

static fv_error *widen(void **rows, int64_t count, int64_t *room, int64_t size) {
    if (count < *room) return NULL;
    int64_t wider = fv_max(2 * *room, 8);
    FV_TRY(fv_memory_grow(rows, *room, wider, size));
    *room = wider;
    return NULL;
}

static void release_version(fv_book_version *v) {
    fv_served_unref(v->served);
    fv_memory_free(v->model);
    fv_memory_free(v->path);
    fv_memory_free(v->reason);
}

static void release_pointer(fv_book_pointer *p) {
    fv_memory_free(p->model);
    fv_memory_free(p->alias);
}

void fv_books_release(fv_books *b) {
    for (int64_t i = 0; i < b->version_count; i++) release_version(&b->versions[i]);
    for (int64_t i = 0; i < b->pointer_count; i++) release_pointer(&b->pointers[i]);
    for (int64_t i = 0; i < b->away_count; i++) fv_memory_free(b->away[i]);
    fv_memory_free(b->versions);
    fv_memory_free(b->pointers);
    fv_memory_free(b->away);
    *b = (fv_books){ 0 };
}

/* ---- rows ---- */

fv_book_version *fv_books_find(const fv_books *b, const char *model, int64_t number) {
    for (int64_t i = 0; i < b->version_count; i++)
        if (b->versions[i].number == number && !strcmp(b->versions[i].model, model)) return &b->versions[i];
    return NULL;
}

fv_error *fv_books_version(fv_books *b, const char *model, int64_t number, fv_book_version **out) {
    *out = fv_books_find(b, model, number);
    if (*out) return NULL;
    FV_TRY(widen((void **)&b->versions, b->version_count, &b->version_room, (int64_t)sizeof *b->versions));
    fv_book_version *v = &b->versions[b->version_count];
    *v = (fv_book_version){ .number = number, .state = FV_MODEL_LOADING, .retry_at = INFINITY };
    FV_TRY(copy_text(model, &v->model));
    b->version_count++;
    *out = v;
    return NULL;
}

static fv_book_pointer *find_pointer(const fv_books *b, const char *model, const char *alias) {
    for (int64_t i = 0; i < b->pointer_count; i++)
        if (!strcmp(b->pointers[i].model, model) && !strcmp(b->pointers[i].alias, alias)) return &b->pointers[i];
    return NULL;
}

fv_error *fv_books_point(fv_books *b, const char *model, const char *alias, int64_t wanted) {
    fv_book_pointer *p = find_pointer(b, model, alias);
    if (p) return p->wanted = wanted, p->seen = true, NULL;
    FV_TRY(widen((void **)&b->pointers, b->pointer_count, &b->pointer_room, (int64_t)sizeof *b->pointers));
    p = &b->pointers[b->pointer_count];
    *p = (fv_book_pointer){ .wanted = wanted, .seen = true };
    FV_TRY(copy_text(model, &p->model));
    fv_error *error = copy_text(alias, &p->alias);
    if (error) return fv_memory_free(p->model), error;
    b->pointer_count++;
    return NULL;
}

bool fv_books_serves_file(const fv_books *b, const char *model) {
    for (int64_t i = 0; i < b->version_count; i++)
        if (b->versions[i].path && !strcmp(b->versions[i].model, model)) return true;
    return false;
}

void fv_books_begin_look(fv_books *b) {
    for (int64_t i = 0; i < b->pointer_count; i++) b->pointers[i].seen = false;
}

void fv_books_end_look(fv_books *b) {
    int64_t kept = 0;
    for (int64_t i = 0; i < b->pointer_count; i++) {
        fv_book_pointer *p = &b->pointers[i];
        if (p->seen || fv_books_serves_file(b, p->model))
            b->pointers[kept++] = *p;
        else
            release_pointer(p);
    }
    b->pointer_count = kept;
}

static int64_t place_away(const fv_books *b, const char *model) {
    int64_t i = 0;
    while (i < b->away_count && strcmp(b->away[i], model) != 0) i++;
    return i;
}

bool fv_books_is_away(const fv_books *b, const char *model) { return place_away(b, model) < b->away_count; }

fv_error *fv_books_put_away(fv_books *b, const char *model, bool away) {
    int64_t at = place_away(b, model);
    if ((at < b->away_count) == away) return NULL;
    if (!away) {
        fv_memory_free(b->away[at]);
        b->away[at] = b->away[--b->away_count];
        return NULL;
    }
    FV_TRY(widen((void **)&b->away, b->away_count, &b->away_room, (int64_t)sizeof *b->away));
    FV_TRY(copy_text(model, &b->away[b->away_count]));
    b->away_count++;
    return NULL;
}

/* ---- who points where ---- */

static bool is_wanted(const fv_books *b, const fv_book_version *v) {
    for (int64_t i = 0; i < b->pointer_count; i++) {
        const fv_book_pointer *p = &b->pointers[i];
        if ((p->wanted == v->number || p->live == v->number) && !strcmp(p->model, v->model)) return true;
    }
    return v->asked_for > 0 && b->requests - v->asked_for < FV_BY_NUMBER;
}

static void sweep(fv_books *b) {
    int64_t kept = 0;
    for (int64_t i = 0; i < b->version_count; i++) {
        fv_book_version *v = &b->versions[i];
        if (is_wanted(b, v))
            b->versions[kept++] = *v;
        else
            release_version(v);
    }
    b->version_count = kept;
}

/* A name that points nowhere yet points to what it wants even before that is ready. */
static void move(fv_books *b, fv_book_pointer *p, fv_book_moved moved, void *context) {
    const fv_book_version *v = fv_books_find(b, p->model, p->wanted);
    if (p->live == p->wanted || !v || v->state != FV_MODEL_READY) return;
    if (p->live) b->swaps++;
    p->live = p->wanted;
    if (moved) moved(context, p);
}

fv_error *fv_books_settle(fv_books *b, fv_book_moved moved, void *context) {
    for (int64_t i = 0; i < b->pointer_count; i++) {
        fv_book_version *v;
        FV_TRY(fv_books_version(b, b->pointers[i].model, b->pointers[i].wanted, &v));
        if (fv_books_is_away(b, v->model)) {
            if (v->served) fv_served_unref(fv_take(&v->served));
            v->state = FV_MODEL_UNLOADED;
        } else if (v->state == FV_MODEL_UNLOADED) {
            v->state = FV_MODEL_LOADING;
        }
        move(b, &b->pointers[i], moved, context);
    }
    for (int64_t i = 0; i < b->version_count; i++) { /* those that only `live` or a number holds */
        fv_book_version *v = &b->versions[i];
        if (!v->served || !fv_books_is_away(b, v->model)) continue;
        fv_served_unref(fv_take(&v->served));
        v->state = FV_MODEL_UNLOADED;
    }
    sweep(b);
    return NULL;
}

/* ---- loading ---- */

fv_book_version *fv_books_next_load(fv_books *b, double now) {
    fv_book_version *next = NULL;
    for (int64_t i = 0; i < b->version_count; i++) {
        fv_book_version *v = &b->versions[i];
        if (v->state == FV_MODEL_REFUSED && v->retry_at <= now) v->state = FV_MODEL_LOADING;
        if (v->state == FV_MODEL_LOADING && (!next || (v->at_once && !next->at_once))) next = v;
    }
    return next;
}

static int64_t last_use(const fv_book_version *v) {
    fv_served_reading reading;
    fv_served_read(v->served, &reading);
    return fv_max(reading.last_ask_ms, fv_served_facts_get(v->served)->loaded_ms);
}

fv_book_version *fv_books_idlest(const fv_books *b, const fv_book_version *but) {
    fv_book_version *idlest = NULL;
    for (int64_t i = 0; i < b->version_count; i++) {
        fv_book_version *v = &b->versions[i];
        if (!v->served || v == but || (but && !strcmp(v->model, but->model))) continue;
        if (!idlest || last_use(v) < last_use(idlest)) idlest = v;
    }
    return idlest;
}

int64_t fv_books_bytes(const fv_books *b) {
    int64_t bytes = 0;
    for (int64_t i = 0; i < b->version_count; i++) bytes += b->versions[i].served ? b->versions[i].bytes : 0;
    return bytes;
}

void fv_books_put_down(fv_books *b, fv_book_version *v) {
    fv_served_unref(fv_take(&v->served));
    v->state = FV_MODEL_RESTING;
    b->evictions++;
}

static bool may_pass(fv_code code) { return code == FV_IO || code == FV_MEMORY || code == FV_BUSY; }

void fv_books_refuse(fv_books *b, fv_book_version *v, fv_error *why) {
    char text[4096];
    const char *hint = fv_error_hint_get(why);
    fv_error_format(why, text, sizeof text);
    size_t length = strlen(text);
    if (hint) snprintf(text + length, sizeof text - length, "; %s", hint);
    fv_memory_free(fv_take(&v->reason));
    v->state = FV_MODEL_REFUSED;
    v->retry_at = INFINITY;
    fv_error_free(copy_text(text, &v->reason)); /* without memory without words */
    if (may_pass(fv_error_code(why))) v->retry_at = fv_clock_seconds() + RETRY_SECONDS;
    b->refusals++;
    fv_error_free(why);
}
