/* fovea/serve.h - models answered over HTTP: one from a file, or those that the aliases of a workspace point to.
 *
 *   FV_OWNED(fv_server) server = NULL;
 *   fv_serve_options options = { .model = "best.fovea" };
 *   FV_TRY(fv_server_new(&options, &server));
 *   … it answers on fv_server_port(server) until …
 *   fv_server_stop(server, 30);
 *
 * A server has threads of its own; these functions are called by one thread at a time. */
#ifndef FOVEA_SERVE_H
#define FOVEA_SERVE_H

#include <stdbool.h>

#include "fovea/error.h"
#include "fovea/plan.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct fv_server fv_server;

/* Zero (NULL, false) in every member is the default. */
typedef struct fv_serve_options {
    const char *model;        /* a model file, or NULL: those of */
    const char *workspace;    /* a registry's folder, which is made if need be; NULL: as in fv_registry_open */
    const char *name;         /* of the model from a file; NULL: the file's stem */
    const char *host;         /* address to listen at; NULL: 127.0.0.1. Another than loopback takes tokens, or `insecure` */
    int64_t port;             /* 0: any that is free, told by fv_server_port */
    bool insecure;            /* answer whoever can reach it, without tokens */
    const char *const *hosts; /* names that requests may have in Host, beside addresses and localhost */
    int64_t host_count;
    const char *const *origins; /* pages of other servers ("https://lab.example") that browsers may let ask: CORS */
    int64_t origin_count;
    int64_t max_batch;      /* pictures that are run at once; 0: 8 */
    fv_precision precision; /* of every version's products; a version that would only be slower by bf16 is refused */
    double max_delay;       /* seconds that a picture may wait for others; 0: it does not wait */
    int64_t queue;          /* pictures of a model that may wait; 0: 256 */
    int64_t workers;        /* threads that decode and run; 0: one more than the team has */
    int64_t max_body;       /* bytes of a request, unpacked; 0: 64 MiB */
    int64_t max_pixels;     /* of a picture; 0: 2^26 */
    int64_t max_rows;       /* pictures of one request; 0: 4096 */
    int64_t explain_queue;  /* requests for explanations that may wait or be at work; 0: 8; negative: none are taken */
    int64_t connections;    /* at once; 0: 1024 */
    double timeout;         /* seconds from a request's first byte to its answer; 0: 30 */
    double idle;            /* seconds that a connection may be silent between requests; 0: 75 */
    int64_t memory;         /* bytes that models may take; 0: any */
    /* Where each prediction is kept (fovea/prediction_log.h), and what is told of it later; NULL: nowhere. */
    const char *prediction_log;
    int64_t log_bytes;         /* of it; 0: as in fv_prediction_log_options */
    int64_t log_picture_bytes; /* of the pictures kept with it, where models ask for that; 0: 2^30 */
    bool log_wait;             /* a prediction is answered when it is on the log's disk, not before */
    /* Of each version that has a reference profile, so many predictions of the log are held against it at a time, and what that
     * shows is told at /metrics; 0: none are. */
    int64_t drift_window;
    const char *deployment; /* what this server is called in the lineage of versions; NULL: it is not written there */
    /* Gets a line of JSON a request, without a newline, from the server's threads, one at a time; NULL: none is written. */
    void (*log)(void *context, const char *line);
    void *context;
} fv_serve_options;

/* Loads and checks the models, listens, and answers from then on. FV_DENIED: the address is not loopback and there are no
 * tokens. FV_BUSY: somebody else listens there. FV_UNSUPPORTED: as fv_precision_check. `options` lives as long as it does. */
FV_API FV_MUST_USE fv_error *fv_server_new(const fv_serve_options *options, fv_server **out);
FV_API int fv_server_port(const fv_server *server);
FV_API const char *fv_server_address(const fv_server *server); /* "http://127.0.0.1:8080"; borrowed */

/* Looks now at what aliases point to, and at the tokens. */
FV_API void fv_server_reload(fv_server *server);

/* Takes no new connections, and answers for at most `seconds` what was asked. True: all of it was answered. */
FV_API bool fv_server_stop(fv_server *server, double seconds);
FV_API void fv_server_free(fv_server *server); /* stops first, without waiting */
FV_CLEANUP(fv_server);

#ifdef __cplusplus
}
#endif
#endif
