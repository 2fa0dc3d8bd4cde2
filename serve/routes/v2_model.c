/* v2_model.c - what the Open Inference Protocol, with Triton's extensions, tells of a model: metadata, readiness, configuration
 * and statistics. */
#include "serve/route.h"
#include "serve/server.h"
#include "serve/v2_answer.h"

#define NANO 1e9

static void add_name(const fv_served_facts *facts, fv_text *out) {
    fv_text_add(out, "{\"name\":");
    fv_text_add_json(out, facts->name);
}

/* ---- metadata ---- */

static fv_error *metadata(fv_request *r) {
    FV_TRY(fv_request_find_served(r));
    const fv_served_facts *f = fv_served_facts_get(r->served);
    fv_text *out = fv_reply_json(r, 200);
    add_name(f, out);
    fv_text_addf(out,
                 ",\"versions\":[\"%lld\"],\"platform\":\"fovea\",\"inputs\":[{\"name\":\"pixels\",\"datatype\":\"FP32\","
                 "\"shape\":[-1,%lld,%lld,%lld]},{\"name\":\"image\",\"datatype\":\"BYTES\",\"shape\":[-1]}],\"outputs\":["
                 "{\"name\":\"" FV_V2_OUTPUT "\",\"datatype\":\"FP32\",\"shape\":[-1,%lld]}]}",
                 (long long)f->version, (long long)f->input.height, (long long)f->input.width, (long long)f->input.channels,
                 (long long)f->outputs);
    return NULL;
}

/* ---- readiness ---- */

static fv_error *ready(fv_request *r) {
    FV_TRY(fv_request_find_served(r));
    fv_text *out = fv_reply_json(r, 200);
    add_name(fv_served_facts_get(r->served), out);
    fv_text_add(out, ",\"ready\":true}");
    return NULL;
}

/* ---- configuration: as a Triton client reads it ---- */

static fv_error *config(fv_request *r) {
    FV_TRY(fv_request_find_served(r));
    const fv_served_facts *f = fv_served_facts_get(r->served);
    fv_text *out = fv_reply_json(r, 200);
    add_name(f, out);
    fv_text_addf(out,
                 ",\"platform\":\"fovea\",\"backend\":\"fovea\",\"max_batch_size\":%lld,\"input\":[{\"name\":\"pixels\","
                 "\"data_type\":\"TYPE_FP32\",\"format\":\"FORMAT_NHWC\",\"dims\":[%lld,%lld,%lld],\"optional\":true},"
                 "{\"name\":\"image\",\"data_type\":\"TYPE_STRING\",\"format\":\"FORMAT_NONE\",\"dims\":[],\"optional\":true}],"
                 "\"output\":[{\"name\":\"" FV_V2_OUTPUT "\",\"data_type\":\"TYPE_FP32\",\"dims\":[%lld]}],"
                 "\"dynamic_batching\":{\"max_queue_delay_microseconds\":%lld},"
                 "\"parameters\":{\"precision\":{\"string_value\":\"%s\"}}}",
                 (long long)r->server->options.max_rows, (long long)f->input.height, (long long)f->input.width,
                 (long long)f->input.channels, (long long)f->outputs, (long long)(1e6 * r->server->options.max_delay),
                 fv_precision_name(f->precision));
    return NULL;
}

/* ---- statistics ---- */

static void add_figure(const char *name, int64_t count, double seconds, bool last, fv_text *out) {
    fv_text_addf(out, "\"%s\":{\"count\":%lld,\"ns\":%.0f}%s", name, (long long)count, NANO * seconds, last ? "" : ",");
}

static void add_statistics(fv_served *served, fv_text *out) {
    const fv_served_facts *f = fv_served_facts_get(served);
    fv_served_reading s;
    fv_served_read(served, &s);
    int64_t failed = 0;
    for (int i = 0; i < FV_ASK_OUTCOMES; i++) failed += i == FV_ASK_ANSWERED ? 0 : s.asks[i];
    add_name(f, out);
    fv_text_addf(out,
                 ",\"version\":\"%lld\",\"last_inference\":%lld,\"inference_count\":%lld,\"execution_count\":%lld,"
                 "\"inference_stats\":{",
                 (long long)f->version, (long long)s.last_ask_ms, (long long)s.asks[FV_ASK_ANSWERED], (long long)s.rows.count);
    add_figure("success", s.asks[FV_ASK_ANSWERED], s.decode.sum + s.queue.sum + s.compute.sum, false, out);
    add_figure("fail", failed, 0, false, out);
    add_figure("queue", s.queue.count, s.queue.sum, false, out);
    add_figure("compute_input", s.decode.count, s.decode.sum, false, out);
    add_figure("compute_infer", s.compute.count, s.compute.sum, false, out);
    add_figure("compute_output", s.asks[FV_ASK_ANSWERED], 0, false, out);
    add_figure("cache_hit", 0, 0, false, out);
    add_figure("cache_miss", 0, 0, true, out);
    fv_text_add(out, "},\"batch_stats\":[]}");
}

static fv_error *statistics(fv_request *r) {
    FV_TRY(fv_request_find_served(r));
    fv_text *out = fv_reply_json(r, 200);
    fv_text_add(out, "{\"model_stats\":[");
    add_statistics(r->served, out);
    fv_text_add(out, "]}");
    return NULL;
}

static fv_error *all_statistics(fv_request *r) {
    fv_text *out = fv_reply_json(r, 200);
    fv_text_add(out, "{\"model_stats\":[");
    const fv_models_view *view = fv_models_table_view(r->server->models);
    for (int64_t i = 0, shown = 0; i < view->count; i++) {
        if (!view->rows[i].served) continue;
        if (shown++) fv_text_add(out, ",");
        add_statistics(view->rows[i].served, out);
    }
    fv_models_view_unref(view);
    fv_text_add(out, "]}");
    return NULL;
}

#define STATS_SCHEMA "{\"type\":\"object\",\"required\":[\"model_stats\"]}"
#define NAME_SCHEMA "{\"type\":\"object\",\"required\":[\"name\"]}"

const fv_route fv_route_v2_metadata = {
    .name = "v2 metadata",
    .summary = "inputs and outputs of a model",
    .method = "GET",
    .path = "/v2/models/{model}",
    .scope = FV_MAY_PREDICT,
    .answers = "application/json",
    .schema = NAME_SCHEMA,
    .handle = metadata,
};

const fv_route fv_route_v2_metadata_version = {
    .name = "v2 metadata version",
    .summary = "inputs and outputs of one version",
    .method = "GET",
    .path = "/v2/models/{model}/versions/{version}",
    .scope = FV_MAY_PREDICT,
    .answers = "application/json",
    .schema = NAME_SCHEMA,
    .handle = metadata,
};

const fv_route fv_route_v2_model_ready = {
    .name = "v2 model ready",
    .summary = "a model is loaded, checked and warm",
    .method = "GET",
    .path = "/v2/models/{model}/ready",
    .scope = FV_MAY_PREDICT,
    .answers = "application/json",
    .schema = NAME_SCHEMA,
    .handle = ready,
};

const fv_route fv_route_v2_version_ready = {
    .name = "v2 version ready",
    .summary = "a version is loaded, checked and warm",
    .method = "GET",
    .path = "/v2/models/{model}/versions/{version}/ready",
    .scope = FV_MAY_PREDICT,
    .answers = "application/json",
    .schema = NAME_SCHEMA,
    .handle = ready,
};

const fv_route fv_route_v2_config = {
    .name = "v2 config",
    .summary = "a model's configuration, as Triton's clients read it",
    .method = "GET",
    .path = "/v2/models/{model}/config",
    .scope = FV_MAY_PREDICT,
    .answers = "application/json",
    .schema = NAME_SCHEMA,
    .handle = config,
};

const fv_route fv_route_v2_config_version = {
    .name = "v2 config version",
    .summary = "a version's configuration",
    .method = "GET",
    .path = "/v2/models/{model}/versions/{version}/config",
    .scope = FV_MAY_PREDICT,
    .answers = "application/json",
    .schema = NAME_SCHEMA,
    .handle = config,
};

const fv_route fv_route_v2_statistics = {
    .name = "v2 statistics",
    .summary = "what a model has answered, and how long it took",
    .method = "GET",
    .path = "/v2/models/{model}/stats",
    .scope = FV_MAY_READ,
    .answers = "application/json",
    .schema = STATS_SCHEMA,
    .handle = statistics,
};

const fv_route fv_route_v2_statistics_version = {
    .name = "v2 statistics version",
    .summary = "what a version has answered",
    .method = "GET",
    .path = "/v2/models/{model}/versions/{version}/stats",
    .scope = FV_MAY_READ,
    .answers = "application/json",
    .schema = STATS_SCHEMA,
    .handle = statistics,
};

const fv_route fv_route_v2_statistics_all = {
    .name = "v2 statistics all",
    .summary = "what all models have answered",
    .method = "GET",
    .path = "/v2/models/stats",
    .scope = FV_MAY_READ,
    .answers = "application/json",
    .schema = STATS_SCHEMA,
    .handle = all_statistics,
};
