/* log_export.c - the prediction log as text, with what was told of each prediction later. JSON-lines:
 *
 *   {"id":…,"time":"2026-11-29T17:26:03.123456Z","model":…,"version":3,"digest":…,"key":…,"source":…,"picture":…,
 *    "label":…,"score":…,"top":[{"label":…,"score":…},…],"entropy":…,"margin":…,
 *    "properties":{"aspect_ratio":…,…},"sketch":[…],"outlier":{"score":…,"threshold":…,"outlier":…},
 *    "truth":…,"told":"2026-…","by":…}
 *
 * of several labels "labels":[…] and "truth":[…], of numbers "number" and a number. What is not known is null or left out. CSV
 * has the columns of `columns` below, a column a property, and outlier_score and outlier. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "core/base/file.h"
#include "core/base/text.h"
#include "predict/answers.h"
#include "predict/log_truths.h"

static const char columns[] = "id,time,model,version,digest,key,source,label,score,entropy,margin,abstained,truth,told,by";

static void add_time(int64_t time_us, fv_text *out) {
    time_t seconds = (time_t)(time_us / 1000000);
    struct tm parts;
    char text[40] = "";
    if (time_us >= 0 && gmtime_r(&seconds, &parts)) strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
    fv_text_addf(out, "%s.%06dZ", text, (int)(time_us % 1000000));
}

/* ---- JSON-lines ---- */

static void add_key(const char *key, fv_text *out) { fv_text_addf(out, ",\"%s\":", key); }

static void add_text(const char *key, const char *value, fv_text *out) {
    if (!value) return;
    add_key(key, out);
    fv_text_add_json(out, value);
}

static void add_number(const char *key, double value, fv_text *out) {
    if (!isfinite(value)) return;
    add_key(key, out);
    fv_text_add_number(out, value);
}

static void add_answer(const fv_logged *r, fv_text *out) {
    if (r->kind == FV_NUMBERS) return add_number("number", r->number, out);
    if (r->kind == FV_ONE_CLASS) {
        add_key("label", out);
        if (r->abstained)
            fv_text_add(out, "null,\"abstained\":true");
        else
            fv_text_add_json(out, r->top[0].label);
        add_number("score", r->top[0].score, out);
    } else {
        add_key("labels", out);
        for (int64_t k = 0; k < r->answers; k++) {
            fv_text_add(out, k ? "," : "[");
            fv_text_add_json(out, r->top[k].label);
        }
        fv_text_add(out, r->answers ? "]" : "[]");
    }
    fv_text_add(out, ",\"top\":[");
    for (int64_t k = 0; k < r->count; k++) {
        fv_text_add(out, k ? ",{\"label\":" : "{\"label\":");
        fv_text_add_json(out, r->top[k].label);
        add_number("score", r->top[k].score, out);
        fv_text_add(out, "}");
    }
    fv_text_add(out, "]");
}

static void add_measures(const fv_logged *r, fv_text *out) {
    add_number("entropy", r->entropy, out);
    add_number("margin", r->margin, out);
    for (int i = 0; r->properties && i < FV_IMAGE_PROPERTY_COUNT; i++) {
        fv_text_addf(out, i ? ",\"%s\":" : ",\"properties\":{\"%s\":", fv_image_property_name(i));
        if (isfinite(r->properties->at[i]))
            fv_text_add_number(out, (double)r->properties->at[i]);
        else
            fv_text_add(out, "null");
    }
    if (r->properties) fv_text_add(out, "}");
    for (int64_t i = 0; i < r->sketch_count; i++) fv_text_addf(out, i ? ",%.6g" : ",\"sketch\":[%.6g", (double)r->sketch[i]);
    if (r->sketch_count) fv_text_add(out, "]");
    fv_answer_json_outlier(r->outlier_score, r->outlier_threshold, out);
}

static void add_truth(const fv_logged_truth *t, fv_text *out) {
    add_key("truth", out);
    if (t->kind == FV_NUMBERS) fv_text_add_number(out, t->number);
    if (t->kind == FV_ONE_CLASS) fv_text_add_json(out, t->labels[0]);
    if (t->kind == FV_MULTI_LABEL) {
        fv_text_add(out, "[");
        for (int64_t i = 0; i < t->count; i++) {
            if (i) fv_text_add(out, ",");
            fv_text_add_json(out, t->labels[i]);
        }
        fv_text_add(out, "]");
    }
    fv_text_add(out, ",\"told\":\"");
    add_time(t->time_us, out);
    fv_text_add(out, "\"");
    add_text("by", t->by, out);
}

static void add_line(const fv_logged *r, const fv_logged_truth *t, fv_text *out) {
    fv_text_add(out, "{\"id\":");
    fv_text_add_json(out, r->id);
    fv_text_add(out, ",\"time\":\"");
    add_time(r->time_us, out);
    fv_text_add(out, "\"");
    add_text("model", r->model, out);
    if (r->version) fv_text_addf(out, ",\"version\":%lld", (long long)r->version);
    add_text("digest", r->digest, out);
    add_text("key", r->key, out);
    add_text("source", r->source, out);
    add_text("picture", r->picture, out);
    add_answer(r, out);
    add_measures(r, out);
    if (t) add_truth(t, out);
    fv_text_add(out, "}\n");
}

/* ---- CSV ---- */

static void add_quoted(const char *text, fv_text *out) {
    for (; *text; text++) fv_text_addf(out, *text == '"' ? "\"\"" : "%c", *text);
}

static void add_cell(const char *text, fv_text *out) {
    fv_text_add(out, ",");
    if (!text) return;
    bool plain = !text[strcspn(text, ",\"\r\n")];
    if (plain) return fv_text_add(out, text);
    fv_text_add(out, "\"");
    add_quoted(text, out);
    fv_text_add(out, "\"");
}

static void add_number_cell(double value, fv_text *out) {
    fv_text_add(out, ",");
    if (isfinite(value)) fv_text_add_number(out, value);
}

static void add_time_cell(int64_t time_us, fv_text *out) {
    fv_text_add(out, ",");
    add_time(time_us, out);
}

/* Labels in one cell, a ';' between; always in quotes. */
static void add_label_cell(const fv_logged *r, const fv_logged_truth *t, fv_text *out) {
    int64_t count = t ? t->count : r->answers;
    fv_text_add(out, ",\"");
    for (int64_t k = 0; k < count; k++) {
        if (k) fv_text_add(out, ";");
        add_quoted(t ? t->labels[k] : r->top[k].label, out);
    }
    fv_text_add(out, "\"");
}

static void add_answer_cells(const fv_logged *r, fv_text *out) {
    if (r->kind == FV_ONE_CLASS) add_cell(r->abstained ? NULL : r->top[0].label, out);
    if (r->kind == FV_MULTI_LABEL) add_label_cell(r, NULL, out);
    if (r->kind == FV_NUMBERS) add_number_cell(r->number, out);
    add_number_cell(r->count ? r->top[0].score : NAN, out);
    add_number_cell(r->entropy, out);
    add_number_cell(r->margin, out);
    add_cell(r->kind == FV_ONE_CLASS ? (r->abstained ? "true" : "false") : NULL, out);
}

static void add_truth_cells(const fv_logged *r, const fv_logged_truth *t, fv_text *out) {
    if (!t) return fv_text_add(out, ",,,");
    if (t->kind == FV_ONE_CLASS) add_cell(t->labels[0], out);
    if (t->kind == FV_MULTI_LABEL) add_label_cell(r, t, out);
    if (t->kind == FV_NUMBERS) add_number_cell(t->number, out);
    add_time_cell(t->time_us, out);
    add_cell(t->by, out);
}

static void add_row(const fv_logged *r, const fv_logged_truth *t, fv_text *out) {
    int64_t begun = out->length;
    add_cell(r->id, out);
    if (out->at[begun] == ',') memmove(out->at + begun, out->at + begun + 1, (size_t)(out->length-- - begun));
    add_time_cell(r->time_us, out);
    add_cell(r->model, out);
    if (r->version)
        fv_text_addf(out, ",%lld", (long long)r->version);
    else
        fv_text_add(out, ",");
    add_cell(r->digest, out);
    add_cell(r->key, out);
    add_cell(r->source, out);
    add_answer_cells(r, out);
    add_truth_cells(r, t, out);
    for (int i = 0; i < FV_IMAGE_PROPERTY_COUNT; i++) add_number_cell(r->properties ? (double)r->properties->at[i] : NAN, out);
    bool scored = r->outlier_threshold > 0;
    add_number_cell(scored ? r->outlier_score : NAN, out);
    add_cell(scored ? (r->outlier_score > r->outlier_threshold ? "true" : "false") : NULL, out);
    add_cell(r->picture, out);
    fv_text_add(out, "\n");
}

static void add_heading(fv_text *out) {
    fv_text_add(out, columns);
    for (int i = 0; i < FV_IMAGE_PROPERTY_COUNT; i++) fv_text_addf(out, ",%s", fv_image_property_name(i));
    fv_text_add(out, ",outlier_score,outlier,picture\n");
}

/* ---- the file ---- */

#define PIECE_BYTES (INT64_C(1) << 20)

static fv_error *flush(fv_new_file *file, fv_text *text) {
    FV_TRY(fv_text_error(text));
    FV_TRY(fv_new_file_add(file, text->at, text->length));
    fv_text_clear(text);
    return NULL;
}

static fv_error *write_lines(const char *folder, bool csv, fv_new_file *file, fv_log_health *health) {
    FV_OWNED(fv_log_truths) truths = NULL;
    FV_OWNED(fv_log_reader) reader = NULL;
    FV_TEXT(text, 8 * PIECE_BYTES);
    fv_log_entry entry;
    FV_TRY(fv_log_truths_read(folder, &truths));
    FV_TRY(fv_log_reader_open(folder, &reader));
    if (csv) add_heading(&text);
    do {
        FV_TRY(fv_log_reader_next(reader, &entry));
        if (entry.prediction)
            (csv ? add_row : add_line)(entry.prediction, fv_log_truths_find(truths, entry.prediction->id), &text);
        if (text.length >= PIECE_BYTES) FV_TRY(flush(file, &text));
    } while (entry.truth || entry.prediction);
    if (health) *health = fv_log_reader_health(reader);
    return flush(file, &text);
}

static bool ends_in(const char *path, const char *ending) {
    size_t length = strlen(path), tail = strlen(ending);
    return length > tail && !strcasecmp(path + length - tail, ending);
}

fv_error *fv_prediction_log_export(const char *folder, const char *path, fv_log_health *health) {
    fv_new_file file;
    bool csv = ends_in(path, ".csv");
    if (!csv && !ends_in(path, ".jsonl"))
        return fv_error_hint(fv_fail(FV_USAGE, "%s is neither .jsonl nor .csv", path), "the ending says the format");
    FV_TRY(fv_new_file_open(path, &file));
    fv_error *error = write_lines(folder, csv, &file, health);
    if (!error) error = fv_new_file_sync(&file);
    if (!error) error = fv_new_file_rename(&file, path);
    fv_new_file_release(&file);
    return error;
}
