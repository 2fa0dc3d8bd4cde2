/* server.c - see fovea/serve.h: models, engine and HTTP put together, and the thread that looks after them. */
#include "serve/server.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "serve/notify.h"
#include "serve/route.h"

#define KEEPER_MS 100      /* between looks at slow connections */
#define TOKENS_SECONDS 1.0 /* between looks at tokens */
#define STOPPING_MS 5

/* ---- options ---- */

static double or_default(double given, double otherwise) { return given > 0 ? given : otherwise; }
static int64_t or_count(int64_t given, int64_t otherwise) { return given > 0 ? given : otherwise; }

static void fill_in(fv_serve_options *o) {
    if (!o->host) o->host = "127.0.0.1";
    o->max_body = or_count(o->max_body, INT64_C(64) << 20);
    o->max_pixels = or_count(o->max_pixels, INT64_C(1) << 26);
    o->explain_queue = o->explain_queue ? o->explain_queue : FV_EXPLAIN_QUEUE;
    o->max_rows = or_count(o->max_rows, 4096);
    o->connections = or_count(o->connections, 1024);
    o->timeout = or_default(o->timeout, 30);
    o->idle = or_default(o->idle, 75);
}

static fv_error *name_of(const char *path, char **out) {
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path, *dot = strrchr(name, '.');
    FV_TEXT(text, 4096);
    fv_text_add_bytes(&text, name, dot && dot > name ? dot - name : (int64_t)strlen(name));
    return fv_text_string(&text, out);
}

/* ---- who may ask ---- */

static fv_error *check_safe(const fv_server *s) {
    if (fv_host_is_loopback(s->options.host) || s->options.insecure || fv_access_has_tokens(s->access)) return NULL;
    return fv_error_hint(fv_fail(FV_DENIED, "%s can be reached from other machines, and there are no tokens", s->options.host),
                         s->registry ? "make one: fovea registry token create NAME --role predict; or say --insecure"
                                     : "serve a workspace that has tokens (--workspace), or say --insecure");
}

static void set_rules(fv_server *s) {
    const fv_serve_options *o = &s->options;
    s->rules = (fv_host_rules){ .any_name = !fv_host_is_loopback(o->host) && !o->host_count,
                                .hosts = o->hosts,
                                .host_count = o->host_count,
                                .origins = o->origins,
                                .origin_count = o->origin_count };
}

/* ---- the thread that looks after it ---- */

static void *keep(void *context) {
    fv_server *s = context;
    double tokens_at = fv_clock_seconds() + TOKENS_SECONDS, watchdog_at = tokens_at;
    while (atomic_load(&s->stopping) < 2) {
        nanosleep(&(struct timespec){ .tv_nsec = KEEPER_MS * 1000000L }, NULL);
        double now = fv_clock_seconds();
        fv_http_look(s->http);
        if (now >= tokens_at) {
            fv_error *error = fv_access_read(s->access); /* those that are known hold on */
            if (error) fv_log_warning("tokens could not be read again: %s", fv_error_message(error));
            fv_error_free(error);
            tokens_at = now + TOKENS_SECONDS;
        }
        if (now >= watchdog_at) fv_notify("WATCHDOG=1"), watchdog_at = now + 1;
    }
    return NULL;
}

static fv_error *start_keeper(fv_server *s) {
    int code = pthread_create(&s->keeper, NULL, keep, s);
    if (code) return fv_fail(FV_IO, "cannot start a thread: %s", strerror(code));
    s->keeping = true;
    return NULL;
}

/* ---- beginning ---- */

static fv_error *open_models(fv_server *s) {
    const fv_serve_options *o = &s->options;
    const fv_engine_options engine = { .workers = o->workers,
                                       .max_delay = o->max_delay,
                                       .queue = o->queue,
                                       .max_pixels = o->max_pixels,
                                       .max_bytes = o->max_body };
    if (!o->model) FV_TRY(fv_registry_open(o->workspace, NULL, &s->registry));
    FV_TRY(fv_access_book_new(s->registry, o->insecure, &s->access));
    FV_TRY(check_safe(s));
    if (o->prediction_log)
        FV_TRY(fv_record_book_new(&(fv_record_options){ o->prediction_log, o->log_bytes, o->log_picture_bytes, o->log_wait },
                                  &s->records));
    if (s->records && o->drift_window) {
        FV_TRY(fv_drift_watch_new(s->registry, o->model, o->drift_window, FV_WATCH_SHARE, &s->drift));
        fv_record_book_watch(s->records, s->drift);
    }
    const fv_decode_options limits = { .max_pixels = o->max_pixels, .max_bytes = o->max_body };
    FV_TRY(fv_engine_new(&engine, &s->engine));
    if (o->explain_queue > 0) FV_TRY(fv_explain_desk_new(o->explain_queue, &limits, &s->desk));
    const fv_models_options models = { .engine = s->engine,
                                       .registry = s->registry,
                                       .max_batch = o->max_batch,
                                       .precision = o->precision,
                                       .memory = o->memory,
                                       .features = s->records != NULL,
                                       .deployment = o->deployment };
    FV_TRY(fv_models_table_new(&models, &s->models));
    if (!o->model) return NULL;
    if (!o->name) FV_TRY(name_of(o->model, &s->name));
    return fv_models_table_add_file(s->models, o->name ? o->name : s->name, o->model);
}

static fv_error *open_http(fv_server *s) {
    const fv_serve_options *o = &s->options;
    const fv_http_options http = { .host = o->host,
                                   .port = (int)o->port,
                                   .connections = o->connections,
                                   .max_body = o->max_body,
                                   .timeout = o->timeout,
                                   .idle = o->idle };
    FV_TEXT(address, 512);
    bool six = strchr(o->host, ':') != NULL;
    FV_TRY(fv_http_new(&http, s, &s->http));
    fv_text_addf(&address, six ? "http://[%s]:%d" : "http://%s:%d", o->host, fv_http_port(s->http));
    FV_TRY(fv_text_string(&address, &s->address));
    return start_keeper(s);
}

static int64_t wall_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

fv_error *fv_server_new(const fv_serve_options *options, fv_server **out) {
    FV_OWNED(fv_server) s = NULL;
    FV_TRY(fv_precision_check(options->precision));
    FV_TRY(fv_memory_new(1, &s));
    s->options = *options;
    fill_in(&s->options);
    pthread_mutex_init(&s->log_lock, NULL);
    s->began = fv_clock_seconds();
    s->began_ms = wall_ms();
    FV_TRY(fv_counters_new(fv_route_table_count, &s->counters));
    set_rules(s);
    FV_TRY(open_models(s));
    FV_TRY(open_http(s));
    fv_notify("READY=1");
    *out = fv_take(&s);
    return NULL;
}

int fv_server_port(const fv_server *server) { return fv_http_port(server->http); }
const char *fv_server_address(const fv_server *server) { return server->address; }

bool fv_server_ready(struct fv_server *server, fv_text *waiting) {
    if (atomic_load(&server->stopping)) {
        if (waiting) fv_text_add(waiting, "the server is stopping");
        return false;
    }
    return fv_models_table_ready(server->models, waiting);
}

void fv_server_reload(fv_server *server) {
    fv_notify("RELOADING=1");
    fv_error *error = fv_access_read(server->access);
    if (error) fv_log_warning("tokens could not be read again: %s", fv_error_message(error));
    fv_error_free(error);
    fv_models_table_poke(server->models);
    fv_notify("READY=1");
}

/* ---- the end ---- */

bool fv_server_stop(fv_server *server, double seconds) {
    double end = fv_clock_seconds() + seconds;
    if (atomic_exchange(&server->stopping, 1)) return true;
    fv_notify("STOPPING=1");
    fv_http_quiet(server->http);
    while (fv_http_under_way(server->http) > 0 && fv_clock_seconds() < end)
        nanosleep(&(struct timespec){ .tv_nsec = STOPPING_MS * 1000000L }, NULL);
    bool all = !fv_http_under_way(server->http);
    return fv_engine_drain(server->engine, fmax(0, end - fv_clock_seconds())) && all;
}

void fv_server_free(fv_server *s) {
    if (!s) return;
    if (s->http) fv_server_stop(s, 0);
    atomic_store(&s->stopping, 2);
    if (s->keeping) pthread_join(s->keeper, NULL);
    while (s->engine && !fv_engine_drain(s->engine, 1)) {} /* what was taken is answered: its connections wake up */
    if (s->desk) fv_explain_desk_end(s->desk);             /* likewise */
    fv_http_free(s->http);                                 /* nobody holds a version or a view */
    fv_explain_desk_free(s->desk);
    fv_models_table_free(s->models); /* whose thread asks the engine for room */
    fv_engine_free(s->engine);
    fv_record_book_free(s->records);
    fv_drift_watch_free(s->drift);
    fv_access_book_free(s->access);
    fv_registry_free(s->registry);
    fv_memory_free(s->counters);
    fv_string_free(s->address);
    fv_string_free(s->name);
    pthread_mutex_destroy(&s->log_lock);
    fv_memory_free(s);
}
