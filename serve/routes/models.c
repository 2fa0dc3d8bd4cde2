/* models.c - what is served, and how it goes: for people's pages and for scripts. */
#include <stdlib.h>

#include "core/base/clock.h"
#include "core/base/size.h"
#include "serve/route.h"
#include "serve/server.h"

#define CLASSES_SHOWN 20

static const char *const kinds[] = { [FV_ONE_CLASS] = "one_class", [FV_MULTI_LABEL] = "multi_label", [FV_NUMBERS] = "numbers" };

static const char *const states[] = { [FV_MODEL_READY] = "ready",
                                      [FV_MODEL_LOADING] = "loading",
                                      [FV_MODEL_REFUSED] = "refused",
                                      [FV_MODEL_RESTING] = "resting",
                                      [FV_MODEL_UNLOADED] = "unloaded" };

/* {"name":…,"version":…,"aliases":[…],"state":…,"reason":… */
static void begin_row(const fv_model_status *row, fv_text *out) {
    fv_text_add(out, "{\"name\":");
    fv_text_add_json(out, row->model);
    fv_text_addf(out, ",\"version\":%lld,\"aliases\":[", (long long)row->version);
    for (int64_t i = 0; i < row->alias_count; i++) {
        if (i) fv_text_add(out, ",");
        fv_text_add_json(out, row->aliases[i]);
    }
    fv_text_addf(out, "],\"state\":\"%s\",\"reason\":", states[row->state]);
    if (row->reason && *row->reason)
        fv_text_add_json(out, row->reason);
    else
        fv_text_add(out, "null");
}

/* "models":[…]}, a row a version. */
static void add_rows(fv_server *server, void (*add)(const fv_model_status *row, fv_text *out), fv_text *out) {
    const fv_models_view *view = fv_models_table_view(server->models);
    fv_text_add(out, "\"models\":[");
    for (int64_t i = 0; i < view->count; i++) {
        if (i) fv_text_add(out, ",");
        add(&view->rows[i], out);
    }
    fv_text_add(out, "]}\n");
    fv_models_view_unref(view);
}

/* ---- what there is ---- */

static void add_model(const fv_model_status *row, fv_text *out) {
    begin_row(row, out);
    if (row->served) {
        const fv_served_facts *f = fv_served_facts_get(row->served);
        fv_text_addf(out, ",\"digest\":\"%s\",\"precision\":\"%s\",\"kind\":\"%s\"", f->digest, fv_precision_name(f->precision),
                     kinds[f->kind]);
        fv_text_addf(out, ",\"input\":{\"height\":%lld,\"width\":%lld,\"channels\":%lld}", (long long)f->input.height,
                     (long long)f->input.width, (long long)f->input.channels);
        fv_text_add(out, ",\"classes\":[");
        for (int64_t c = 0; c < f->class_count; c++) {
            if (c) fv_text_add(out, ",");
            fv_text_add_json(out, f->class_names[c]);
        }
        fv_text_add(out, "]");
    }
    fv_text_add(out, "}");
}

static fv_error *models(fv_request *r) {
    fv_text *out = fv_reply_json(r, 200);
    fv_text_add(out, "{");
    add_rows(r->server, add_model, out);
    return NULL;
}

/* ---- how it goes ---- */

static void add_times(const char *name, const fv_histogram_reading *h, fv_text *out) {
    fv_text_addf(out, ",\"%s\":{\"count\":%lld,\"sum\":%.9g}", name, (long long)h->count, h->sum);
}

typedef struct class_count {
    int64_t class, count;
} class_count;

static int by_count(const void *a, const void *b) {
    const class_count *x = a, *y = b;
    return x->count != y->count ? (x->count < y->count) - (x->count > y->count) : (x->class > y->class) - (x->class < y->class);
}

/* The classes that were answered most. */
static fv_error *add_classes(fv_served *served, fv_text *out) {
    const fv_served_facts *f = fv_served_facts_get(served);
    FV_OWNED(fv_arena) arena = NULL;
    int64_t *counts, shown = 0;
    class_count *order;
    FV_TRY(fv_arena_new("classes' counts", INT64_MAX, &arena));
    FV_TRY(fv_arena_take(arena, f->class_count, &counts));
    FV_TRY(fv_arena_take(arena, f->class_count, &order));
    fv_served_class_counts(served, counts);
    for (int64_t c = 0; c < f->class_count; c++) order[c] = (class_count){ c, counts[c] };
    qsort(order, (size_t)f->class_count, sizeof *order, by_count);
    for (; shown < fv_min(f->class_count, CLASSES_SHOWN) && order[shown].count; shown++) {
        fv_text_add(out, shown ? ",{\"label\":" : "{\"label\":");
        fv_text_add_json(out, f->class_names[order[shown].class]);
        fv_text_addf(out, ",\"count\":%lld}", (long long)order[shown].count);
    }
    return NULL;
}

static void add_state(const fv_model_status *row, fv_text *out) {
    fv_served_reading s = { 0 };
    int64_t refused = 0;
    if (row->served) fv_served_read(row->served, &s);
    for (int i = 0; i < FV_ASK_OUTCOMES; i++) refused += i == FV_ASK_ANSWERED ? 0 : s.asks[i];
    begin_row(row, out);
    fv_text_addf(out, ",\"answered\":%lld,\"refused\":%lld,\"last_ask_ms\":%lld,\"bytes\":%lld",
                 (long long)s.asks[FV_ASK_ANSWERED], (long long)refused, (long long)s.last_ask_ms,
                 (long long)(row->served ? fv_served_facts_get(row->served)->bytes : 0));
    add_times("decode", &s.decode, out);
    add_times("queue", &s.queue, out);
    add_times("compute", &s.compute, out);
    fv_text_add(out, ",\"classes\":[");
    if (row->served) fv_text_fail(out, add_classes(row->served, out));
    fv_text_add(out, "]}");
}

/* Of requests for predictions, all routes together. */
static void add_http(const fv_server *server, fv_text *out) {
    int64_t counts[FV_HISTOGRAM_BOUNDS + 1] = { 0 };
    for (int i = 0; i < fv_route_table_count; i++) {
        if (!fv_route_table[i]->takes) continue;
        fv_histogram_reading h = fv_histogram_read(&server->counters->at[i].seconds, &fv_scale_seconds);
        for (int k = 0; k <= FV_HISTOGRAM_BOUNDS; k++) counts[k] += h.counts[k];
    }
    fv_text_add(out, ",\"http\":{\"seconds\":{\"bounds\":[");
    for (int k = 0; k < FV_HISTOGRAM_BOUNDS; k++) fv_text_addf(out, k ? ",%.9g" : "%.9g", fv_scale_seconds.bounds[k]);
    fv_text_add(out, "],\"counts\":[");
    for (int k = 0; k <= FV_HISTOGRAM_BOUNDS; k++) fv_text_addf(out, k ? ",%lld" : "%lld", (long long)counts[k]);
    fv_text_add(out, "]}}");
}

static fv_error *status(fv_request *r) {
    fv_server *server = r->server;
    fv_engine_reading engine = fv_engine_read(server->engine);
    fv_text *out = fv_reply_json(r, 200);
    fv_text_addf(out,
                 "{\"version\":\"" FOVEA_VERSION "\",\"ready\":%s,\"uptime_seconds\":%.3f,\"connections\":%lld,"
                 "\"pending\":%lld,\"backlog_seconds\":%.6f,\"busy_seconds\":%.6f",
                 fv_server_ready(server, NULL) ? "true" : "false", fv_clock_seconds() - server->began,
                 (long long)fv_http_open(server->http, NULL), (long long)engine.pending, engine.backlog, engine.busy);
    add_http(server, out);
    if (server->drift) fv_text_add(out, ",\"drift\":");
    if (server->drift) fv_drift_watch_json(server->drift, out);
    fv_text_add(out, ",");
    add_rows(server, add_state, out);
    return NULL;
}

const fv_route fv_route_models = {
    .name = "models",
    .summary = "what is served: versions, classes, states",
    .method = "GET",
    .path = "/v1/models",
    .scope = FV_MAY_PREDICT,
    .answers = "application/json",
    .schema = "{\"type\":\"object\",\"required\":[\"models\"]}",
    .handle = models,
};

const fv_route fv_route_status = {
    .name = "status",
    .summary = "how it goes: latency, queues, classes, drift, a row a model",
    .method = "GET",
    .path = "/v1/status",
    .scope = FV_MAY_READ,
    .answers = "application/json",
    .schema = "{\"type\":\"object\",\"required\":[\"models\",\"ready\"]}",
    .handle = status,
};
