/* metrics_page.c - see metrics_page.h. Families come whole, as the format asks: a row a model goes into several texts, which
 * are joined at the end. */
#include "serve/metrics_page.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/size.h"
#include "serve/route.h"
#include "serve/server.h"

#define FAMILY_BYTES_MAX (1 << 26)

static const char *const outcome_names[] = { "answered", "bad", "busy", "late", "failed" };

/* A backslash, a quote and a line end are escaped; what is no UTF-8 is replaced. */
static void add_label(fv_text *out, const char *name, const char *value) {
    FV_TEXT(clean, FAMILY_BYTES_MAX);
    fv_text_add_printable(&clean, value);
    fv_text_addf(out, "%s=\"", name);
    for (const char *at = clean.at; *at; at++) fv_text_addf(out, *at == '"' || *at == '\\' ? "\\%c" : "%c", *at);
    fv_text_add(out, "\"");
    fv_text_fail(out, fv_text_error(&clean));
}

static void head(fv_text *out, const char *name, const char *type, const char *help) {
    fv_text_addf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void gauge(fv_text *out, const char *name, const char *help, double value) {
    head(out, name, "gauge", help);
    fv_text_addf(out, "%s ", name);
    fv_text_add_number(out, value);
    fv_text_add(out, "\n");
}

static void add_buckets(fv_text *out, const char *name, const char *labels, const fv_histogram_reading *h,
                        const fv_histogram_scale *scale) {
    int64_t sum = 0;
    for (int i = 0; i < FV_HISTOGRAM_BOUNDS; i++) {
        sum += h->counts[i];
        fv_text_addf(out, "%s_bucket{%s,le=\"%.9g\"} %lld\n", name, labels, scale->bounds[i], (long long)sum);
    }
    sum += h->counts[FV_HISTOGRAM_BOUNDS];
    fv_text_addf(out, "%s_bucket{%s,le=\"+Inf\"} %lld\n%s_sum{%s} ", name, labels, (long long)sum, name, labels);
    fv_text_add_number(out, h->sum);
    fv_text_addf(out, "\n%s_count{%s} %lld\n", name, labels, (long long)sum);
}

/* ---- HTTP ---- */

static const char *route_name(int i) { return i < fv_route_table_count ? fv_route_table[i]->name : "none"; }

static void add_requests(const fv_counters *c, fv_text *out) {
    head(out, "fovea_http_requests_total", "counter", "requests by route and status; 499: the client went away");
    for (int i = 0; i <= c->routes; i++)
        for (int status = 0; status < FV_COUNTED_STATUSES; status++) {
            int64_t count = atomic_load_explicit(&c->at[i].statuses[status], memory_order_relaxed);
            if (!count) continue;
            fv_text_addf(out, "fovea_http_requests_total{route=\"%s\",status=\"%d\"} %lld\n", route_name(i), status,
                         (long long)count);
        }
}

static void add_bytes(const fv_counters *c, fv_text *out) {
    int64_t in = 0, made = 0;
    for (int i = 0; i <= c->routes; i++) {
        in += atomic_load_explicit(&c->at[i].bytes_in, memory_order_relaxed);
        made += atomic_load_explicit(&c->at[i].bytes_out, memory_order_relaxed);
    }
    head(out, "fovea_http_bytes_total", "counter", "bytes of bodies");
    fv_text_addf(out, "fovea_http_bytes_total{direction=\"in\"} %lld\nfovea_http_bytes_total{direction=\"out\"} %lld\n",
                 (long long)in, (long long)made);
}

static void add_seconds(const fv_counters *c, fv_text *out) {
    head(out, "fovea_http_request_seconds", "histogram", "from a request's first line to its answer's last byte");
    for (int i = 0; i <= c->routes; i++) {
        fv_histogram_reading h = fv_histogram_read(&c->at[i].seconds, &fv_scale_seconds);
        FV_TEXT(labels, FAMILY_BYTES_MAX);
        if (!h.count) continue;
        fv_text_addf(&labels, "route=\"%s\"", route_name(i));
        add_buckets(out, "fovea_http_request_seconds", labels.at, &h, &fv_scale_seconds);
        fv_text_fail(out, fv_text_error(&labels));
    }
}

/* ---- versions ---- */

enum family { PICTURES, CLASSES, ABSTAINED, OUTLIERS, DECODE, QUEUE, COMPUTE, BATCH, BYTES, LOAD, INFO, FAMILIES };
static const char *const families[FAMILIES][3] = {
    { "fovea_pictures_total", "counter", "pictures by how they ended" },
    { "fovea_classes_total", "counter", "answers by their class" },
    { "fovea_abstained_total", "counter", "answers whose score was below the threshold" },
    { "fovea_outliers_total", "counter", "answers to pictures beyond the model's outlier threshold, where it has one" },
    { "fovea_decode_seconds", "histogram", "from a picture's file to a row of the network's input" },
    { "fovea_queue_seconds", "histogram", "that a picture waited" },
    { "fovea_compute_seconds", "histogram", "of the run that answered a picture" },
    { "fovea_batch_pictures", "histogram", "pictures of a run" },
    { "fovea_model_bytes", "gauge", "that a version takes: tensors, and the blocks of its plans" },
    { "fovea_model_load_seconds", "gauge", "from opening a version's file to ready" },
    { "fovea_model_info", "gauge", "1: the version is loaded; by what its network is computed" },
};

#define CLASSES_MAX 1000 /* series a version: more would be for a database of their own */

typedef struct page {
    fv_text families[FAMILIES];
} page;

static void add_classes(page *p, fv_served *served, const char *labels) {
    const fv_served_facts *f = fv_served_facts_get(served);
    int64_t *counts = NULL;
    if (!f->class_count || f->class_count > CLASSES_MAX) return;
    fv_error *error = fv_memory_new(f->class_count, &counts);
    if (error) return fv_text_fail(&p->families[CLASSES], error);
    fv_served_class_counts(served, counts);
    for (int64_t c = 0; c < f->class_count; c++) {
        fv_text_addf(&p->families[CLASSES], "%s{%s,", families[CLASSES][0], labels);
        add_label(&p->families[CLASSES], "class", f->class_names[c]);
        fv_text_addf(&p->families[CLASSES], "} %lld\n", (long long)counts[c]);
    }
    fv_memory_free(counts);
}

static void add_figures(page *p, fv_served *served, const char *labels) {
    const fv_served_facts *f = fv_served_facts_get(served);
    fv_served_reading s;
    fv_served_read(served, &s);
    for (int i = 0; i < FV_ASK_OUTCOMES; i++)
        fv_text_addf(&p->families[PICTURES], "%s{%s,outcome=\"%s\"} %lld\n", families[PICTURES][0], labels, outcome_names[i],
                     (long long)s.asks[i]);
    fv_text_addf(&p->families[ABSTAINED], "%s{%s} %lld\n", families[ABSTAINED][0], labels, (long long)s.abstained);
    if (f->outlier_threshold > 0)
        fv_text_addf(&p->families[OUTLIERS], "%s{%s} %lld\n", families[OUTLIERS][0], labels, (long long)s.outliers);
    add_buckets(&p->families[DECODE], families[DECODE][0], labels, &s.decode, &fv_scale_seconds);
    add_buckets(&p->families[QUEUE], families[QUEUE][0], labels, &s.queue, &fv_scale_seconds);
    add_buckets(&p->families[COMPUTE], families[COMPUTE][0], labels, &s.compute, &fv_scale_seconds);
    add_buckets(&p->families[BATCH], families[BATCH][0], labels, &s.rows, &fv_scale_rows);
    fv_text_addf(&p->families[BYTES], "%s{%s} %lld\n", families[BYTES][0], labels, (long long)f->bytes);
    fv_text_addf(&p->families[LOAD], "%s{%s} %.6f\n", families[LOAD][0], labels, f->load_seconds);
    fv_text_addf(&p->families[INFO], "%s{%s,precision=\"%s\"} 1\n", families[INFO][0], labels, fv_precision_name(f->precision));
}

static void add_version(page *p, const fv_model_status *row) {
    FV_TEXT(labels, FAMILY_BYTES_MAX);
    if (!row->served) return;
    const fv_served_facts *f = fv_served_facts_get(row->served);
    add_label(&labels, "model", f->name);
    fv_text_addf(&labels, ",version=\"%lld\"", (long long)f->version);
    add_figures(p, row->served, labels.at);
    add_classes(p, row->served, labels.at);
    fv_text_fail(&p->families[PICTURES], fv_text_error(&labels));
}

static void add_versions(const fv_models_view *view, fv_text *out) {
    page p;
    for (int i = 0; i < FAMILIES; i++) fv_text_init(&p.families[i], FAMILY_BYTES_MAX);
    for (int64_t i = 0; i < view->count; i++) add_version(&p, &view->rows[i]);
    for (int i = 0; i < FAMILIES; i++) {
        head(out, families[i][0], families[i][1], families[i][2]);
        fv_text_add_bytes(out, p.families[i].at, p.families[i].length);
        fv_text_fail(out, fv_text_error(&p.families[i]));
        fv_text_release(&p.families[i]);
    }
}

static void counter(fv_text *out, const char *name, const char *help, double value) {
    head(out, name, "counter", help);
    fv_text_addf(out, "%s ", name);
    fv_text_add_number(out, value);
    fv_text_add(out, "\n");
}

static void add_records(const fv_server *server, fv_text *out) {
    if (!server->records) return;
    fv_record_reading r = fv_record_book_read(server->records);
    counter(out, "fovea_log_records_total", "predictions that the prediction log took", (double)r.records);
    counter(out, "fovea_log_dropped_total", "predictions that it did not take: the disk does not keep up", (double)r.dropped);
    counter(out, "fovea_log_pictures_total", "pictures kept with it", (double)r.pictures);
    counter(out, "fovea_log_pictures_dropped_total", "pictures that were to be kept and were not", (double)r.pictures_dropped);
    counter(out, "fovea_log_labels_total", "labels that were told later", (double)r.labels);
}

static void add_explanations(const fv_server *server, fv_text *out) {
    if (!server->desk) return;
    fv_explain_reading r = fv_explain_desk_read(server->desk);
    gauge(out, "fovea_explain_pending_requests", "asked for explanations and not answered", (double)r.requests);
    counter(out, "fovea_explanations_total", "maps of what answers hang on", (double)r.made);
    counter(out, "fovea_explanations_failed_total", "maps that could not be made, or not in time", (double)r.failed);
    counter(out, "fovea_explain_refused_total", "requests for them that found too many waiting", (double)r.refused);
    counter(out, "fovea_explain_seconds_total", "that they have taken", r.seconds);
}

static void add_models(const fv_models_view *view, fv_text *out) {
    gauge(out, "fovea_models_bytes", "that loaded versions take", (double)view->bytes);
    counter(out, "fovea_model_swaps_total", "a name given another version", (double)view->swaps);
    counter(out, "fovea_model_refusals_total", "a version that could not be loaded", (double)view->refusals);
    counter(out, "fovea_model_loads_total", "versions loaded", (double)view->loads);
    counter(out, "fovea_model_evictions_total", "versions put down for want of room", (double)view->evictions);
}

/* ---- the process ---- */

static double resident_bytes(void) {
    char text[256];
    long long pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (!file) return 0;
    if (!fgets(text, sizeof text, file) || sscanf(text, "%*d %lld", &pages) != 1) pages = 0;
    fclose(file);
    return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

void fv_metrics_page(struct fv_server *server, fv_text *out) {
    fv_engine_reading engine = fv_engine_read(server->engine);
    int64_t cut, open = fv_http_open(server->http, &cut);
    const fv_models_view *view = fv_models_table_view(server->models);
    head(out, "fovea_build_info", "gauge", "which program this is");
    fv_text_add(out, "fovea_build_info{version=\"" FOVEA_VERSION "\"} 1\n");
    gauge(out, "fovea_ready", "1: every model is loaded, checked and warm", fv_server_ready(server, NULL));
    gauge(out, "process_start_time_seconds", "since 1970 UTC", 1e-3 * (double)server->began_ms);
    gauge(out, "process_resident_memory_bytes", "of the process", resident_bytes());
    gauge(out, "fovea_connections", "that are open", (double)open);
    counter(out, "fovea_connections_cut_total", "cut off for being too slow", (double)cut);
    gauge(out, "fovea_pending_pictures", "asked and not answered", (double)engine.pending);
    gauge(out, "fovea_backlog_seconds", "that they are expected to take", engine.backlog);
    counter(out, "fovea_busy_seconds_total", "that networks have run for", engine.busy);
    add_models(view, out);
    add_records(server, out);
    add_explanations(server, out);
    add_requests(server->counters, out);
    add_bytes(server->counters, out);
    add_seconds(server->counters, out);
    add_versions(view, out);
    if (server->drift) fv_drift_watch_metrics(server->drift, out);
    fv_models_view_unref(view);
}
