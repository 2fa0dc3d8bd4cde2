/* request.c - see request.h: what a handler asks of a request, and how it asks the engine. */
#include "serve/request.h"

#include <string.h>
#include <strings.h>

#include "core/base/assert.h"
#include "core/base/size.h"
#include "serve/route.h"
#include "serve/server.h"

#define FIRST_ROOM (16 << 10)

fv_error *fv_body_add(fv_body *body, const void *bytes, int64_t count) {
    if (body->length + count >= body->room) {
        int64_t room = fv_max(fv_max(FIRST_ROOM, 2 * body->room), body->length + count + 1);
        FV_TRY(fv_memory_grow((void **)&body->at, body->room, room, 1));
        body->room = room;
    }
    if (count) memcpy(body->at + body->length, bytes, (size_t)count);
    body->length += count;
    body->at[body->length] = 0;
    return NULL;
}

void fv_body_release(fv_body *body) {
    fv_memory_free(body->at);
    *body = (fv_body){ 0 };
}

const char *fv_request_value(const fv_request *r, const char *name) {
    for (int i = 0; i < r->inner.value_count; i++)
        if (!strcmp(r->inner.value_names[i], name)) return r->inner.values[i];
    return NULL;
}

bool fv_request_is(const fv_request *r, const char *type) {
    const char *given = fv_request_header(r, "Content-Type");
    size_t length = strlen(type);
    return given && !strncasecmp(given, type, length) && (!given[length] || strchr("; \t", given[length]));
}

fv_error *fv_request_find_served(fv_request *r) {
    const char *name = fv_request_value(r, "model"), *version = fv_request_value(r, "version"), *alias = NULL;
    int64_t number = 0;
    const char *at = strrchr(name, '@');
    if (version && (!fv_text_to_int(version, &number) || number < 1))
        return fv_error_hint(fv_fail(FV_NOT_FOUND, "\"%s\" is no version of %s", version, name), "versions are numbers from 1");
    if (at && !version) {
        FV_TRY(fv_arena_format(r->arena, &name, "%.*s", (int)(at - name), name));
        alias = at + 1;
    }
    return fv_models_table_get(r->server->models, name, alias, number, &r->served);
}

/* ---- asking ---- */

static void recorded(fv_record *record) { fv_request_answered(record->context); }

static void answered(fv_ask *ask) {
    fv_record *record = ask->context;
    fv_request *r = record->context;
    fv_record_answered(r->server->records, record);
}

fv_error *fv_request_asks(fv_request *r, int64_t count) {
    if (count > r->server->options.max_rows)
        return fv_error_hint(fv_fail(FV_USAGE, "%lld pictures in one request, at most %lld", (long long)count,
                                     (long long)r->server->options.max_rows),
                             "send them in several requests");
    FV_TRY(fv_arena_take(r->arena, count, &r->asks));
    FV_TRY(fv_arena_take(r->arena, count, &r->records));
    for (int64_t i = 0; i < count; i++) {
        fv_record *record = &r->records[i];
        r->ask_count = i + 1;
        *record = (fv_record){ .ask = &r->asks[i], .id = r->id, .done = recorded, .context = r };
        r->asks[i] = (fv_ask){ .served = r->served, .deadline = r->deadline, .done = answered, .context = record };
        r->asks[i].here = count == 1 && r->inner.alone;
        r->asks[i].facts.measured = r->server->records != NULL;
        if (count > 1) FV_TRY(fv_arena_format(r->arena, &record->id, "%s-%lld", r->id, (long long)i));
    }
    return NULL;
}

int64_t fv_request_ask(fv_request *r) {
    int64_t refused = 0;
    atomic_fetch_add(&r->inner.pending, r->ask_count);
    for (int64_t i = 0; i < r->ask_count; i++) {
        fv_error *error = fv_engine_ask(r->server->engine, &r->asks[i]);
        if (!error) continue;
        r->asks[i].error = error;
        refused++;
        atomic_fetch_sub(&r->inner.pending, 1); /* never to 0: whoever called the handler holds one */
    }
    return refused;
}

const fv_error *fv_request_ask_error(const fv_request *r) {
    for (int64_t i = 0; i < r->ask_count; i++)
        if (r->asks[i].error) return r->asks[i].error;
    return NULL;
}
