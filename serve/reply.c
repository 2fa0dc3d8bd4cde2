/* reply.c - answers, and errors as answers. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/assert.h"
#include "core/base/clock.h"
#include "serve/request.h"
#include "serve/route.h"

#define MESSAGE_BYTES 4096

void fv_reply_header(fv_request *r, const char *name, const char *format, ...) {
    const char *value = NULL;
    va_list arguments;
    va_start(arguments, format);
    fv_error *error = fv_arena_formatv(r->arena, &value, format, arguments);
    va_end(arguments);
    fv_error_free(error); /* an answer without one of its headers is better than none */
    FV_ASSERT(r->reply.header_count < FV_REPLY_HEADERS);
    if (!value) return;
    r->reply.names[r->reply.header_count] = name;
    r->reply.values[r->reply.header_count++] = value;
}

fv_text *fv_reply_json(fv_request *r, int status) {
    fv_text_clear(&r->reply.text);
    r->reply.status = status;
    r->reply.type = "application/json";
    return &r->reply.text;
}

int fv_status_of(const fv_error *error) {
    switch (fv_error_code(error)) {
    case FV_USAGE: return 400;
    case FV_SHAPE: return 400;
    case FV_DENIED: return 403;
    case FV_NOT_FOUND: return 404;
    case FV_CONFLICT: return 409;
    case FV_UNSUPPORTED: return 415;
    case FV_FORMAT: return 422;
    case FV_BUSY: return 429;
    case FV_IO:
    case FV_MEMORY: return 503;
    case FV_CANCELLED: return 504;
    default: return 500;
    }
}

static const char *text_of(const fv_error *error, char room[MESSAGE_BYTES]) {
    return fv_error_format(error, room, MESSAGE_BYTES);
}

static void add_error(const char *code, const char *message, const char *hint, fv_text *out) {
    fv_text_add(out, "{\"code\":");
    fv_text_add_json(out, code);
    fv_text_add(out, ",\"message\":");
    fv_text_add_json(out, message);
    fv_text_add(out, ",\"hint\":");
    if (hint)
        fv_text_add_json(out, hint);
    else
        fv_text_add(out, "null");
    fv_text_add(out, "}");
}

void fv_error_json(const fv_error *error, fv_text *out) {
    char room[MESSAGE_BYTES];
    add_error(fv_code_name(fv_error_code(error)), text_of(error, room), fv_error_hint_get(error), out);
}

/* Of the Open Inference Protocol, whose errors are one string. */
static bool is_v2(const fv_request *r) { return !strncmp(r->path, "/v2", 3) && (!r->path[3] || r->path[3] == '/'); }

void fv_reply_refusal(fv_request *r, int status, const char *code, const char *message, const char *hint, double retry_after) {
    fv_text *out = fv_reply_json(r, status);
    r->reply.pull = NULL;
    r->reply.constant = NULL;
    if (is_v2(r)) {
        char whole[2 * MESSAGE_BYTES];
        snprintf(whole, sizeof whole, hint ? "%s (%s)" : "%s", message, hint);
        fv_text_add(out, "{\"error\":");
        fv_text_add_json(out, whole);
        fv_text_add(out, "}");
    } else {
        fv_text_add(out, "{\"error\":");
        add_error(code, message, hint, out);
        fv_text_add(out, "}");
    }
    if (status == 429 || status == 503) fv_reply_header(r, "Retry-After", "%d", (int)fmax(1, ceil(retry_after)));
}

void fv_reply_error(fv_request *r, fv_error *error) {
    char room[MESSAGE_BYTES];
    double retry = 0;
    int status = fv_status_of(error);
    if (status == 429 && !r->ask_count) status = 503; /* it is not many that ask: a model is being loaded */
    for (int64_t i = 0; i < r->ask_count; i++) retry = fmax(retry, r->asks[i].retry_after);
    fv_reply_refusal(r, status, fv_code_name(fv_error_code(error)), text_of(error, room), fv_error_hint_get(error), retry);
    fv_error_free(error);
}

void fv_reply_timing(fv_request *r) {
    fv_ask_seconds most = { 0 };
    for (int64_t i = 0; i < r->ask_count; i++) {
        most.decode = fmax(most.decode, r->asks[i].seconds.decode);
        most.queue = fmax(most.queue, r->asks[i].seconds.queue);
        most.compute = fmax(most.compute, r->asks[i].seconds.compute);
    }
    fv_reply_header(r, "Server-Timing", "decode;dur=%.3f, queue;dur=%.3f, compute;dur=%.3f, total;dur=%.3f", 1e3 * most.decode,
                    1e3 * most.queue, 1e3 * most.compute, 1e3 * (fv_clock_seconds() - r->began));
}
