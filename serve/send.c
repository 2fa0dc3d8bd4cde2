/* send.c - from a reply to libmicrohttpd's response. The body stays where it is, in the request, which outlives its sending. */
#include <stdio.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/size.h"
#include "serve/body_coding.h"
#include "serve/http_state.h"
#include "serve/route.h"
#include "serve/server.h"

#define PACK_FROM 1400             /* bytes: what fits into a packet is not worth it */
#define PACK_TO (INT64_C(8) << 20) /* and what is longer takes longer to pack than to send nearby */
#define PULL_BYTES (32 << 10)

/* For all answers. Scripts, styles and pictures of pages come from this server alone, and nobody frames them. */
static const char *const always[][2] = {
    { "X-Content-Type-Options", "nosniff" },
    { "Referrer-Policy", "no-referrer" },
    { "Cross-Origin-Resource-Policy", "same-origin" },
    { "X-Frame-Options", "DENY" },
    { "Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
                                 "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'" },
};

static void add_headers(fv_request *r, struct MHD_Response *response) {
    bool listed = false;
    for (int i = 0; i < r->reply.header_count; i++) {
        fv_microhttpd.add_response_header(response, r->reply.names[i], r->reply.values[i]);
        listed |= !strcmp(r->reply.names[i], "Access-Control-Allow-Origin");
    }
    for (int i = 0; i < (int)(sizeof always / sizeof *always); i++)
        if (!listed || strcmp(always[i][0], "Cross-Origin-Resource-Policy") != 0)
            fv_microhttpd.add_response_header(response, always[i][0], always[i][1]);
    if (r->reply.type) fv_microhttpd.add_response_header(response, "Content-Type", r->reply.type);
    if (!r->reply.cached) fv_microhttpd.add_response_header(response, "Cache-Control", "no-store");
    fv_microhttpd.add_response_header(response, "X-Request-Id", r->id);
    if (*r->trace.trace) {
        char value[64];
        snprintf(value, sizeof value, "00-%s-%s-0%d", r->trace.trace, r->trace.span, r->trace.sampled);
        fv_microhttpd.add_response_header(response, "traceparent", value);
    }
    if (r->reply.close || atomic_load(&r->server->stopping)) fv_microhttpd.add_response_header(response, "Connection", "close");
}

/* As r->reply.pull, packed. */
static int64_t pull_packed(fv_request *r, char *to, int64_t room) {
    fv_packer *packer = r->inner.packer;
    for (;;) {
        int64_t taken = fv_packer_take(packer, to, room);
        if (taken) return taken;
        if (packer->ended) return -1;
        int64_t made = r->reply.pull(r, packer->bytes, FV_PACKER_BYTES);
        if (!made || made < -1) return made;
        fv_packer_give(packer, made);
    }
}

static ssize_t pull(void *context, uint64_t at, char *to, size_t room) {
    fv_request *r = context;
    int64_t made = r->inner.packer ? pull_packed(r, to, (int64_t)room) : r->reply.pull(r, to, (int64_t)room);
    (void)at;
    if (made > 0) {
        r->inner.written += made;
        fv_watch_phase(&r->inner.http->watch, r->inner.link, FV_PHASE_WRITING);
    }
    if (made >= 0) return (ssize_t)made;
    return made == -1 ? MHD_CONTENT_READER_END_OF_STREAM : MHD_CONTENT_READER_END_WITH_ERROR;
}

static bool takes_gzip(const fv_request *r) {
    return fv_coding_accepted(fv_request_header(r, "Accept-Encoding")) == FV_CODING_GZIP;
}

static bool is_worth_packing(const fv_request *r, int64_t length) {
    const char *type = r->reply.type;
    if (length < PACK_FROM || length > PACK_TO || r->reply.status >= 400 || !type) return false;
    return strncmp(type, "image/", 6) != 0 && strcmp(type, "application/octet-stream") != 0 && takes_gzip(r);
}

/* The body as bytes that live as long as the request; packed into what held the request's own, which is not needed any more. */
static fv_error *choose_bytes(fv_request *r, const void **bytes, int64_t *length) {
    *bytes = r->reply.constant ? r->reply.constant : r->reply.text.at;
    *length = r->reply.constant ? r->reply.constant_length : r->reply.text.length;
    if (!is_worth_packing(r, *length)) return NULL;
    fv_body packed = { 0 };
    fv_error *error = fv_pack(*bytes, *length, &packed);
    if (error) return fv_body_release(&packed), error;
    fv_body_release(&r->body);
    r->body = packed;
    *bytes = packed.at;
    *length = packed.length;
    fv_reply_header(r, "Content-Encoding", "gzip");
    return NULL;
}

/* A stream that there is no memory to pack is sent as it is. */
static struct MHD_Response *stream_of(fv_request *r) {
    if (takes_gzip(r)) fv_error_free(fv_packer_new(&r->inner.packer));
    if (r->inner.packer) fv_reply_header(r, "Content-Encoding", "gzip");
    fv_reply_header(r, "Vary", "Accept-Encoding");
    return fv_microhttpd.create_response_from_callback(MHD_SIZE_UNKNOWN, PULL_BYTES, pull, r, NULL);
}

static struct MHD_Response *response_of(fv_request *r) {
    const void *bytes = NULL;
    int64_t length = 0;
    if (r->reply.pull) return stream_of(r);
    fv_error *error = fv_text_error(&r->reply.text);
    if (!error) error = choose_bytes(r, &bytes, &length);
    if (error) {
        fv_reply_error(r, error);
        fv_error_free(fv_text_error(&r->reply.text));
        bytes = r->reply.text.at, length = r->reply.text.length;
    }
    if (r->reply.type && r->reply.status != 204) fv_reply_header(r, "Vary", "Accept-Encoding");
    r->inner.written = length;
    return fv_microhttpd.create_response_from_buffer((size_t)length, (void *)(uintptr_t)bytes, MHD_RESPMEM_PERSISTENT);
}

enum MHD_Result fv_request_send(fv_request *r) {
    struct MHD_Response *response = response_of(r);
    if (!response) return MHD_NO;
    add_headers(r, response);
    r->inner.stage = FV_REQUEST_SENT;
    fv_watch_phase(&r->inner.http->watch, r->inner.link, FV_PHASE_WRITING);
    enum MHD_Result result = fv_microhttpd.queue_response(r->inner.connection, (unsigned)r->reply.status, response);
    fv_microhttpd.destroy_response(response);
    return result;
}
