/* answer_json.c - see answer_json.h. */
#include "serve/answer_json.h"

#include "plot/base64.h"
#include "predict/answers.h"
#include "serve/request.h"

#define ONE_ANSWER                                                                                                             \
    "{\"type\":\"object\",\"required\":[\"id\",\"model\",\"version\",\"timing_ms\"],\"properties\":{"                          \
    "\"id\":{\"type\":\"string\"},\"model\":{\"type\":\"string\"},\"version\":{\"type\":\"integer\"},"                         \
    "\"file\":{\"type\":\"string\"},\"label\":{\"type\":[\"string\",\"null\"]},\"abstained\":{\"type\":\"boolean\"},"          \
    "\"score\":{\"type\":\"number\"},\"labels\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}},"                         \
    "\"number\":{\"type\":\"number\"},\"top\":{\"type\":\"array\",\"items\":{\"type\":\"object\","                             \
    "\"required\":[\"label\",\"score\"],\"properties\":{\"label\":{\"type\":\"string\"},\"score\":{\"type\":\"number\"}}}},"   \
    "\"outlier\":{\"type\":\"object\",\"required\":[\"score\",\"threshold\",\"outlier\"],"                                     \
    "\"properties\":{\"score\":{\"type\":\"number\"},"                                                                         \
    "\"threshold\":{\"type\":\"number\"},\"outlier\":{\"type\":\"boolean\"}}},\"precision\":{\"type\":\"string\"},"            \
    "\"explanation\":{\"type\":\"object\",\"properties\":{\"method\":{\"type\":\"string\"},\"label\":{\"type\":\"string\"},"   \
    "\"deletion\":{\"type\":\"number\"},\"insertion\":{\"type\":\"number\"},\"width\":{\"type\":\"integer\"},"                 \
    "\"height\":{\"type\":\"integer\"},\"ms\":{\"type\":\"number\"},"                                                          \
    "\"png\":{\"type\":\"string\",\"contentEncoding\":\"base64\",\"contentMediaType\":\"image/png\"},"                         \
    "\"error\":{\"type\":\"object\"}}},"                                                                                       \
    "\"timing_ms\":{\"type\":\"object\",\"properties\":{\"decode\":{\"type\":\"number\"},\"queue\":{\"type\":\"number\"},"     \
    "\"compute\":{\"type\":\"number\"},\"total\":{\"type\":\"number\"}}}}}"

/* Of one picture, or of several, each of which may have its error. */
const char fv_answer_json_schema[] =
    "{\"anyOf\":[" ONE_ANSWER ",{\"type\":\"object\",\"required\":[\"predictions\"],\"properties\":{\"predictions\":"
    "{\"type\":\"array\",\"items\":{\"anyOf\":[" ONE_ANSWER ",{\"type\":\"object\",\"required\":[\"id\",\"error\"],"
    "\"properties\":{\"id\":{\"type\":\"string\"},\"file\":{\"type\":\"string\"},\"error\":{\"type\":\"object\"}}}]}}}}]}";

static void write_explained(const fv_explained *e, fv_text *out) {
    fv_text_add(out, ",\"explanation\":{");
    if (e->error) {
        fv_text_add(out, "\"error\":");
        fv_error_json(e->error, out);
        return fv_text_add(out, "}");
    }
    fv_text_add(out, "\"method\":");
    fv_text_add_json(out, e->method);
    fv_text_add(out, ",\"label\":");
    fv_text_add_json(out, e->label);
    if (e->scored) {
        fv_text_add(out, ",\"deletion\":");
        fv_text_add_number(out, e->score.deletion);
        fv_text_add(out, ",\"insertion\":");
        fv_text_add_number(out, e->score.insertion);
    }
    fv_text_addf(out, ",\"width\":%lld,\"height\":%lld,\"ms\":%.3f,\"png\":\"", (long long)e->size.width,
                 (long long)e->size.height, 1e3 * e->seconds);
    fv_add_base64(out, e->png.at, e->png.length);
    fv_text_add(out, "\"}");
}

void fv_answer_write(const fv_ask *ask, const char *id, const char *file, double total_seconds, const fv_explained *explained,
                     fv_text *out) {
    const fv_served_facts *facts = fv_served_facts_get(ask->served);
    const fv_answer_style style = { .classes = facts->class_count, .names = facts->class_names, .kind = facts->kind };
    fv_text_add(out, "{\"id\":");
    fv_text_add_json(out, id);
    if (file) fv_text_add(out, ",\"file\":");
    if (file) fv_text_add_json(out, file);
    if (ask->error) {
        fv_text_add(out, ",\"error\":");
        fv_error_json(ask->error, out);
        return fv_text_add(out, "}");
    }
    fv_text_add(out, ",\"model\":");
    fv_text_add_json(out, facts->name);
    fv_text_addf(out, ",\"version\":%lld", (long long)facts->version);
    fv_answer_json_fields(&style, &ask->prediction, out);
    if (facts->precision != FV_PRECISION_F32) fv_text_addf(out, ",\"precision\":\"%s\"", fv_precision_name(facts->precision));
    fv_text_addf(out, ",\"timing_ms\":{\"decode\":%.3f,\"queue\":%.3f,\"compute\":%.3f,\"total\":%.3f}",
                 1e3 * ask->seconds.decode, 1e3 * ask->seconds.queue, 1e3 * ask->seconds.compute, 1e3 * total_seconds);
    if (explained) write_explained(explained, out);
    fv_text_add(out, "}");
}
