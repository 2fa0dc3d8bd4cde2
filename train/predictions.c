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
#include "train/evaluate.h"
#include "train/report.h"

#define BYTES_MAX (INT64_C(1) << 34)
#define TOP 5

/* What is written down. */
typedef struct said {
    const fv_outcomes *outcomes;
    int64_t classes; /* or labels */
    const char *const *names;
} said;

static void add_top(const said *s, const double *row, int64_t *top, fv_text *out) {
    int64_t count = fv_min(TOP, s->classes);
    fv_top_classes(row, s->classes, count, top);
    fv_text_add(out, ",\"top\":[");
    for (int64_t k = 0; k < count; k++) {
        fv_text_add(out, k ? ",{\"label\":" : "{\"label\":");
        fv_text_add_json(out, s->names[top[k]]);
        fv_text_add(out, ",\"score\":");
        fv_text_add_number(out, row[top[k]]);
        fv_text_add(out, "}");
    }
    fv_text_add(out, "]");
}

static void add_class(const said *s, int64_t i, fv_text *out) {
    const double *row = s->outcomes->probabilities + i * s->classes;
    int64_t top[TOP];
    fv_top_classes(row, s->classes, 1, top);
    fv_text_add(out, ",\"label\":");
    fv_text_add_json(out, s->names[s->outcomes->labels[i]]);
    fv_text_add(out, ",\"predicted\":");
    fv_text_add_json(out, s->names[top[0]]);
    fv_text_add(out, ",\"score\":");
    fv_text_add_number(out, row[top[0]]);
    add_top(s, row, top, out);
}

/* Those that are true, or (`predicted`) those that are predicted. */
static void add_names(const said *s, int64_t i, const char *key, bool predicted, fv_text *out) {
    const double *row = s->outcomes->probabilities + i * s->classes;
    const uint8_t *truths = s->outcomes->truths + i * s->classes;
    bool first = true;
    fv_text_addf(out, ",\"%s\":[", key);
    for (int64_t c = 0; c < s->classes; c++) {
        if (!(predicted ? row[c] >= FV_REPORT_YES : truths[c])) continue;
        if (!first) fv_text_add(out, ",");
        fv_text_add_json(out, s->names[c]);
        first = false;
    }
    fv_text_add(out, "]");
}

static void add_labels(const said *s, int64_t i, fv_text *out) {
    int64_t top[TOP];
    add_names(s, i, "labels", false, out);
    add_names(s, i, "predicted", true, out);
    add_top(s, s->outcomes->probabilities + i * s->classes, top, out);
}

static void add_number(const said *s, int64_t i, fv_text *out) {
    fv_text_add(out, ",\"number\":");
    fv_text_add_number(out, s->outcomes->targets[i]);
    fv_text_add(out, ",\"predicted\":");
    fv_text_add_number(out, s->outcomes->predicted[i]);
}

void fv_evaluation_to_lines(const fv_evaluation *e, const fv_dataset *set, const char *const *names, fv_text *out) {
    static void (*const add[])(const said *, int64_t, fv_text *) = { add_class, add_labels, add_number };
    said said = { .outcomes = &e->outcomes, .classes = e->outcomes.classes, .names = names };
    for (int64_t i = 0; i < e->outcomes.count; i++) {
        fv_text_add(out, "{\"path\":");
        fv_text_add_json(out, fv_dataset_id(set, e->samples[i]));
        add[e->outcomes.kind](&said, i, out);
        fv_text_add(out, "}\n");
    }
}

fv_error *fv_report_write_predictions(const fv_report *report, const char *path) {
    FV_TEXT(lines, BYTES_MAX);
    fv_evaluation_to_lines(&report->evaluation, report->set, report->names, &lines);
    FV_TRY(fv_text_error(&lines));
    return fv_file_write(path, lines.at, lines.length, NULL);
}
