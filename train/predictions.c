/* predictions.c - predictions.jsonl: what the model says of each evaluated picture, a line of JSON each, in the order of the
 * data set. `path` is the sample's id. By the kind of targets:
 *
 *   one class   {"path":…,"label":…,"predicted":…,"score":…,"top":[{"label":…,"score":…},…]}
 *   labels      {"path":…,"labels":[…],"predicted":[…],"top":[{"label":…,"score":…},…]}
 *   a number    {"path":…,"number":…,"predicted":…}
 *
 * `label`, `labels` and `number` are what is true, `top` the five most probable; labels are predicted from a probability of 0.5
 * on. */
#include "core/base/file.h"
#include "core/base/size.h"
#include "train/report.h"

#define BYTES_MAX (INT64_C(1) << 34)
#define TOP 5

static void add_top(const fv_report *r, const double *row, fv_text *out) {
    int64_t top[TOP], count = fv_min(TOP, r->classes);
    fv_top_classes(row, r->classes, count, top);
    fv_text_add(out, ",\"top\":[");
    for (int64_t k = 0; k < count; k++) {
        fv_text_add(out, k ? ",{\"label\":" : "{\"label\":");
        fv_text_add_json(out, r->names[top[k]]);
        fv_text_add(out, ",\"score\":");
        fv_text_add_number(out, row[top[k]]);
        fv_text_add(out, "}");
    }
    fv_text_add(out, "]");
}

static void add_class(const fv_report *r, int64_t i, fv_text *out) {
    const double *row = r->outcomes->probabilities + i * r->classes;
    fv_text_add(out, ",\"label\":");
    fv_text_add_json(out, r->names[r->outcomes->labels[i]]);
    fv_text_add(out, ",\"predicted\":");
    fv_text_add_json(out, r->names[r->answers[i]]);
    fv_text_add(out, ",\"score\":");
    fv_text_add_number(out, row[r->answers[i]]);
    add_top(r, row, out);
}

/* Those that are true, or (`said`) those that are predicted. */
static void add_names(const fv_report *r, int64_t i, const char *key, bool said, fv_text *out) {
    const double *row = r->outcomes->probabilities + i * r->classes;
    const uint8_t *truths = r->outcomes->truths + i * r->classes;
    bool first = true;
    fv_text_addf(out, ",\"%s\":[", key);
    for (int64_t c = 0; c < r->classes; c++) {
        if (!(said ? row[c] >= FV_REPORT_YES : truths[c])) continue;
        if (!first) fv_text_add(out, ",");
        fv_text_add_json(out, r->names[c]);
        first = false;
    }
    fv_text_add(out, "]");
}

static void add_labels(const fv_report *r, int64_t i, fv_text *out) {
    add_names(r, i, "labels", false, out);
    add_names(r, i, "predicted", true, out);
    add_top(r, r->outcomes->probabilities + i * r->classes, out);
}

static void add_number(const fv_report *r, int64_t i, fv_text *out) {
    fv_text_add(out, ",\"number\":");
    fv_text_add_number(out, r->outcomes->targets[i]);
    fv_text_add(out, ",\"predicted\":");
    fv_text_add_number(out, r->outcomes->predicted[i]);
}

static void add_line(const fv_report *r, int64_t i, fv_text *out) {
    static void (*const add[])(const fv_report *, int64_t, fv_text *) = { add_class, add_labels, add_number };
    fv_text_add(out, "{\"path\":");
    fv_text_add_json(out, fv_dataset_id(r->set, r->evaluation.samples[i]));
    add[r->kind](r, i, out);
    fv_text_add(out, "}\n");
}

fv_error *fv_report_write_predictions(const fv_report *report, const char *path) {
    FV_TEXT(lines, BYTES_MAX);
    for (int64_t i = 0; i < report->outcomes->count; i++) add_line(report, i, &lines);
    FV_TRY(fv_text_error(&lines));
    return fv_file_write(path, lines.at, lines.length, NULL);
}
