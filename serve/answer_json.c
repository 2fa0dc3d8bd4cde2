/* answer_json.c - see answer_json.h. */
#include "serve/answer_json.h"

#include "predict/answers.h"
#include "serve/request.h"

const char fv_answer_json_schema[] =
    "{\"type\":\"object\",\"required\":[\"id\",\"model\",\"version\",\"timing_ms\"],\"properties\":{"
    "\"id\":{\"type\":\"string\"},\"model\":{\"type\":\"string\"},\"version\":{\"type\":\"integer\"},"
    "\"file\":{\"type\":\"string\"},\"label\":{\"type\":[\"string\",\"null\"]},\"abstained\":{\"type\":\"boolean\"},"
    "\"score\":{\"type\":\"number\"},\"labels\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}},"
    "\"number\":{\"type\":\"number\"},\"top\":{\"type\":\"array\",\"items\":{\"type\":\"object\","
    "\"required\":[\"label\",\"score\"],\"properties\":{\"label\":{\"type\":\"string\"},\"score\":{\"type\":\"number\"}}}},"
    "\"outlier\":{\"type\":\"object\",\"required\":[\"score\",\"threshold\",\"outlier\"],"
    "\"properties\":{\"score\":{\"type\":\"number\"},"
    "\"threshold\":{\"type\":\"number\"},\"outlier\":{\"type\":\"boolean\"}}},"
    "\"timing_ms\":{\"type\":\"object\",\"properties\":{\"decode\":{\"type\":\"number\"},\"queue\":{\"type\":\"number\"},"
    "\"compute\":{\"type\":\"number\"},\"total\":{\"type\":\"number\"}}}}}";

void fv_answer_write(const fv_ask *ask, const char *id, const char *file, double total_seconds, fv_text *out) {
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
    fv_text_addf(out, ",\"timing_ms\":{\"decode\":%.3f,\"queue\":%.3f,\"compute\":%.3f,\"total\":%.3f}}",
                 1e3 * ask->seconds.decode, 1e3 * ask->seconds.queue, 1e3 * ask->seconds.compute, 1e3 * total_seconds);
}
