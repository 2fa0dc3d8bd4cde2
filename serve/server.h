/* server.h - a server from inside: what routes see of it. */
#ifndef FV_SERVE_SERVER_H
#define FV_SERVE_SERVER_H

#include <pthread.h>

#include "fovea/registry.h"
#include "fovea/serve.h"
#include "serve/access.h"
#include "serve/counters.h"
#include "serve/engine.h"
#include "serve/explain_desk.h"
#include "serve/host_check.h"
#include "serve/http.h"
#include "serve/models.h"

struct fv_server {
    fv_serve_options options; /* without zeros */
    fv_host_rules rules;
    fv_registry *registry; /* NULL: one model, from a file */
    fv_models_table *models;
    fv_engine *engine;
    fv_access_book *access;
    fv_counters *counters;
    fv_explain_desk *desk;   /* NULL: this server gives no explanations */
    fv_record_book *records; /* NULL: no prediction log is kept */
    fv_drift_watch *drift;   /* NULL: no drift is watched */
    fv_http *http;
    char *address;
    char *name; /* of the model from a file */
    double began;
    int64_t began_ms; /* since 1970 UTC */
    _Atomic int stopping;
    pthread_mutex_t log_lock;
    pthread_t keeper; /* looks at slow connections and at tokens */
    bool keeping;
};

/* True when every model that there should be is ready; `waiting` (may be NULL) gets what is not, in words. */
bool fv_server_ready(struct fv_server *server, fv_text *waiting);

/* A line a request, when it is done. */
void fv_access_log(fv_request *r, int status, double seconds);

#endif
