/* request.h - one HTTP request on its way: what a handler sees of it, and the answer it makes.
 *
 * A request belongs to the thread of its connection, which is not held up: a handler that wants pictures answered asks the
 * engine and returns, and its route's `finish` is called when all of them are. */
#ifndef FV_SERVE_REQUEST_H
#define FV_SERVE_REQUEST_H

#include "core/base/arena.h"
#include "core/base/text.h"
#include "serve/record.h"
#include "serve/trace_parent.h"

struct fv_http;
struct fv_request;
struct fv_route;
struct fv_server;

/* Bytes of a body; { 0 }, then fv_body_release. There is always a NUL behind what it holds. */
typedef struct fv_body {
    uint8_t *at;
    int64_t length, room;
} fv_body;
FV_MUST_USE fv_error *fv_body_add(fv_body *body, const void *bytes, int64_t count);
void fv_body_release(fv_body *body);

#define FV_REQUEST_ID_MAX (FV_RECORD_ID_MAX - 6) /* bytes: that of one of its pictures is it, - and a number */
#define FV_REPLY_HEADERS 12
#define FV_ANSWER_BYTES_MAX (INT64_C(1) << 30) /* of an answer that is held whole */

typedef struct fv_reply {
    int status;           /* 0: none yet */
    const char *type;     /* media type */
    fv_text text;         /* the body; or */
    const void *constant; /* one that lives as long as the program */
    int64_t constant_length;
    /* or one that comes bit by bit: copies at most `room` bytes to `to`; 0: nothing now (it has called fv_request_pause); -1:
     * the end; -2: it is broken off. */
    int64_t (*pull)(struct fv_request *r, char *to, int64_t room);
    const char *names[FV_REPLY_HEADERS], *values[FV_REPLY_HEADERS];
    int header_count;
    bool close, cached; /* the connection ends after it; browsers may keep it */
} fv_reply;

typedef struct fv_request {
    struct fv_server *server;
    const struct fv_route *route; /* NULL: none has that path */
    const char *method, *path;    /* without the query */
    fv_arena *arena;              /* of this request */
    void *options;                /* of the query, by the route's fields */
    fv_body body;                 /* unpacked */
    fv_reply reply;
    char id[FV_REQUEST_ID_MAX + 1]; /* the caller's X-Request-Id, or one of ours */
    fv_trace_parent trace;
    double began, deadline; /* fv_clock_seconds() */
    bool local;             /* from this machine */
    const char *who;        /* name of the token; NULL: none was shown */
    fv_served *served;      /* fv_request_find_served */
    fv_ask *asks;           /* made by fv_request_asks */
    fv_record *records;     /* likewise, one an ask; with the request's id and its place, or what the route puts there */
    int64_t ask_count;
    void *state;                         /* the route's own, of the arena */
    void (*clean)(struct fv_request *r); /* gives back what `state` holds; NULL: nothing */

    struct fv_request_inner { /* http.c's */
        struct fv_http *http;
        void *connection;
        struct fv_link *link;
        int stage;
        _Atomic int64_t pending;
        bool alone;        /* whoever sent it asked last, too, and nobody else asks now */
        fv_error *refused; /* what will be answered once the body has been let pass */
        char allowed[64];
        const char *value_names[3], *values[3];
        int value_count;
        int64_t read, written;
        bool head, discard, first_version; /* first_version: HTTP/1.0 */
        const char *coding;
        struct fv_packer *packer; /* of a stream that is packed */
    } inner;
} fv_request;

/* A header of the request; NULL: it has none. Borrowed. */
const char *fv_request_header(const fv_request *r, const char *name);
/* What the path has for {name}; NULL: the route has none. */
const char *fv_request_value(const fv_request *r, const char *name);
/* True when the Content-Type is `type`, whatever its parameters. */
bool fv_request_is(const fv_request *r, const char *type);

/* r->served is the version that {model} and {version} name, "cells" or "cells@champion"; held until the request ends. */
FV_MUST_USE fv_error *fv_request_find_served(fv_request *r);

/* `count` asks for r->served, with the request's deadline. They are let go of with the request. */
FV_MUST_USE fv_error *fv_request_asks(fv_request *r, int64_t count);
/* Asks them all: `finish` comes when each has its prediction or its error. How many were refused at once: of those no record's
 * `done` is called. */
int64_t fv_request_ask(fv_request *r);
/* The first error among them, in their order; it stays theirs. */
const fv_error *fv_request_ask_error(const fv_request *r);

/* For streams: the connection waits, which a pull that gives 0 asks for, until somebody (any thread) wakes it. False: the
 * server is ending, and it does not. */
bool fv_request_pause(fv_request *r);
void fv_request_wake(fv_request *r);
/* For asks that a route makes itself: one of those it has added to inner.pending is answered. Any thread. */
void fv_request_answered(fv_request *r);

/* ---- answers ---- */

void fv_reply_header(fv_request *r, const char *name, const char *format, ...) FV_PRINTF(3, 4);
/* A body of JSON, which the caller then writes into r->reply.text. */
fv_text *fv_reply_json(fv_request *r, int status);
/* {"error": …} in the style of the path; frees it. Logic errors are never 500. */
void fv_reply_error(fv_request *r, fv_error *error);
/* The same for one that somebody else owns; `retry_after` seconds, 0: not said. */
void fv_reply_refusal(fv_request *r, int status, const char *code, const char *message, const char *hint, double retry_after);
int fv_status_of(const fv_error *error); /* 400 … 504 */
/* {"code","message","hint"} */
void fv_error_json(const fv_error *error, fv_text *out);
/* Server-Timing from the request's asks: the longest of each. */
void fv_reply_timing(fv_request *r);

#endif
