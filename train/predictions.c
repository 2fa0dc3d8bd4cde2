/* predictions.c - predictions.jsonl: what the model says of each evaluated picture, a line of JSON each, in the order of the
 * data set: {"path":…,"label":…,"predicted":…,"score":…,"top":[{"label":…,"score":…},…]}. `path` is the sample's id. */
#include "core/base/file.h"
#include "core/base/size.h"
#include "train/report.h"

#define BYTES_MAX (INT64_C(1) << 34)
#define TOP 5

static void add_line(const fv_report *r, int64_t i, fv_text *out) {
    const double *row = r->outcomes->probabilities + i * r->classes;
    int64_t top[TOP], count = fv_min(TOP, r->classes);
    fv_top_classes(row, r->classes, count, top);
    fv_text_add(out, "{\"path\":");
    fv_text_add_json(out, fv_dataset_id(r->set, r->evaluation.samples[i]));
    fv_text_add(out, ",\"label\":");
    fv_text_add_json(out, r->names[r->outcomes->labels[i]]);
    fv_text_add(out, ",\"predicted\":");
    fv_text_add_json(out, r->names[top[0]]);
    fv_text_add(out, ",\"score\":");
    fv_text_add_number(out, row[top[0]]);
    fv_text_add(out, ",\"top\":[");
    for (int64_t k = 0; k < count; k++) {
        fv_text_add(out, k ? ",{\"label\":" : "{\"label\":");
        fv_text_add_json(out, r->names[top[k]]);
        fv_text_add(out, ",\"score\":");
        fv_text_add_number(out, row[top[k]]);
        fv_text_add(out, "}");
    }
    fv_text_add(out, "]}\n");
}

fv_error *fv_report_write_predictions(const fv_report *report, const char *path) {
    FV_TEXT(lines, BYTES_MAX);
    for (int64_t i = 0; i < report->outcomes->count; i++) add_line(report, i, &lines);
    FV_TRY(fv_text_error(&lines));
    return fv_file_write(path, lines.at, lines.length, NULL);
}
