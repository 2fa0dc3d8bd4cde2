/* v2_answer.c - see v2_answer.h. The JSON is made first, with what each output's bytes will be long; then come the bytes. */
#include "serve/v2_answer.h"

#include <stdio.h>
#include <string.h>

#include "core/base/size.h"

#define ELEMENT_BYTES_MAX 4096

static const fv_v2_output everything = { .name = FV_V2_OUTPUT };

static int64_t outputs_of(const fv_request *r) { return fv_served_facts_get(r->served)->outputs; }

static double score_of(const fv_request *r, int64_t row, int64_t output) {
    const fv_ask *ask = &r->asks[row];
    return fv_served_facts_get(r->served)->kind == FV_NUMBERS ? ask->prediction.number : ask->room.probabilities[output];
}

/* "value:index:label" of the place-th best; of numbers "value:0". */
static int64_t class_text(const fv_request *r, int64_t row, int64_t place, char out[ELEMENT_BYTES_MAX]) {
    const fv_prediction *p = &r->asks[row].prediction;
    int length = p->count ? snprintf(out, ELEMENT_BYTES_MAX, "%f:%lld:%s", p->scores[place], (long long)p->classes[place],
                                     p->labels[place])
                          : snprintf(out, ELEMENT_BYTES_MAX, "%f:0", p->number);
    return fv_min(length, ELEMENT_BYTES_MAX - 1);
}

static int64_t places_of(const fv_request *r, const fv_v2_output *output) {
    int64_t most = r->ask_count ? r->asks[0].prediction.count : 0;
    return fv_max(1, fv_min(output->classes, most));
}

static void add_binary(const fv_request *r, const fv_v2_output *output, fv_text *out) {
    char text[ELEMENT_BYTES_MAX];
    for (int64_t row = 0; row < r->ask_count; row++) {
        for (int64_t k = 0; output->classes && k < places_of(r, output); k++) {
            uint32_t length = (uint32_t)class_text(r, row, k, text);
            fv_text_add_bytes(out, &length, 4);
            fv_text_add_bytes(out, text, length);
        }
        for (int64_t c = 0; !output->classes && c < outputs_of(r); c++) {
            float score = (float)score_of(r, row, c);
            fv_text_add_bytes(out, &score, 4);
        }
    }
}

static void add_json_data(const fv_request *r, const fv_v2_output *output, fv_text *out) {
    char text[ELEMENT_BYTES_MAX];
    fv_text_add(out, ",\"data\":[");
    for (int64_t row = 0, first = 1; row < r->ask_count; row++) {
        int64_t count = output->classes ? places_of(r, output) : outputs_of(r);
        for (int64_t k = 0; k < count; k++, first = 0) {
            if (!first) fv_text_add(out, ",");
            if (output->classes) {
                class_text(r, row, k, text);
                fv_text_add_json(out, text);
            } else
                fv_text_addf(out, "%.9g", (double)(float)score_of(r, row, k));
        }
    }
    fv_text_add(out, "]");
}

static void add_output(const fv_request *r, const fv_v2_output *output, fv_text *bytes, fv_text *out) {
    int64_t columns = output->classes ? places_of(r, output) : outputs_of(r), before = bytes->length;
    fv_text_addf(out, "{\"name\":\"" FV_V2_OUTPUT "\",\"datatype\":\"%s\",\"shape\":[%lld,%lld]",
                 output->classes ? "BYTES" : "FP32", (long long)r->ask_count, (long long)columns);
    if (output->binary) {
        add_binary(r, output, bytes);
        fv_text_addf(out, ",\"parameters\":{\"binary_data_size\":%lld}", (long long)(bytes->length - before));
    } else
        add_json_data(r, output, out);
    fv_text_add(out, "}");
}

static fv_error *check_outputs(const fv_v2_request *v2) {
    for (int64_t i = 0; i < v2->output_count; i++)
        if (strcmp(v2->outputs[i].name, FV_V2_OUTPUT) != 0)
            return fv_error_hint(fv_fail(FV_USAGE, "the model has no output \"%s\"", v2->outputs[i].name),
                                 "it has one: " FV_V2_OUTPUT);
    return NULL;
}

fv_error *fv_v2_answer(fv_request *r, const fv_v2_request *v2) {
    const fv_served_facts *facts = fv_served_facts_get(r->served);
    FV_TEXT(bytes, FV_ANSWER_BYTES_MAX);
    FV_TRY(check_outputs(v2));
    fv_v2_output whole = everything;
    whole.binary = v2->binary;
    const fv_v2_output *outputs = v2->output_count ? v2->outputs : &whole;
    fv_reply_timing(r);
    fv_text *out = fv_reply_json(r, 200);
    fv_text_add(out, "{\"model_name\":");
    fv_text_add_json(out, facts->name);
    fv_text_addf(out, ",\"model_version\":\"%lld\"", (long long)facts->version);
    if (v2->id) fv_text_add(out, ",\"id\":");
    if (v2->id) fv_text_add_json(out, v2->id);
    fv_text_add(out, ",\"outputs\":[");
    for (int64_t i = 0; i < fv_max(1, v2->output_count); i++) {
        if (i) fv_text_add(out, ",");
        add_output(r, &outputs[i], &bytes, out);
    }
    fv_text_add(out, "]}");
    if (!bytes.length) return fv_text_error(&bytes);
    fv_reply_header(r, "Inference-Header-Content-Length", "%lld", (long long)out->length);
    r->reply.type = "application/octet-stream";
    fv_text_add_bytes(out, bytes.at, bytes.length);
    return fv_text_error(&bytes);
}
