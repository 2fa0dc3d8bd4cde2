/* feedback.c - labels from the prediction log, and checks of them. */
#include "experiments/feedback.h"

#include <math.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/file.h"
#include "data/properties.h"
#include "predict/log_truths.h"

#define ROWS_MAX 10000000
#define KEYS_MAX 10000
#define PICTURE_BYTES_MAX (INT64_C(1) << 30)
#define SURE 0.9
#define FAR 20       /* deviations */
#define LEAST 0.01   /* of the mean: a property that hardly varied in the reference may do so */
#define NOTHING 0.01 /* contrast of a picture that shows nothing */
#define FLOOD 3      /* times a source's share of the traffic */

/* ---- reading ---- */

typedef struct reading {
    const char *model;
    int64_t check_every, room, key_room;
    const fv_log_truths *truths;
    fv_arena *arena;
    fv_feedback *out;
} reading;

static void hash(const void *bytes, int64_t length, char out[33]) {
    uint8_t raw[16];
    crypto_generichash(raw, sizeof raw, bytes, (uint64_t)length, NULL, 0);
    sodium_bin2hex(out, 33, raw, sizeof raw);
}

/* By the picture, so that it is never trained on under one id and measured on under another. */
static bool is_held_out(const char content[33], int64_t every) {
    char digits[16];
    snprintf(digits, sizeof digits, "%.15s", content);
    return (int64_t)(strtoull(digits, NULL, 16) % (uint64_t)every) == 0;
}

/* Lists double; what was before stays in the arena. */
static fv_error *grow(fv_arena *arena, void **list, int64_t count, int64_t *room, int64_t size, int64_t most) {
    void *bigger;
    if (count < *room) return NULL;
    if (count >= most) return fv_fail(FV_MEMORY, "the log has more than %lld of them", (long long)most);
    *room = *room ? 2 * *room : 64;
    FV_TRY(fv_arena_alloc(arena, *room, size, &bigger));
    if (count) memcpy(bigger, *list, (size_t)(count * size));
    *list = bigger;
    return NULL;
}

static fv_error *count_key(reading *r, const char *key) {
    fv_feedback *f = r->out;
    f->predictions++;
    if (!key) return NULL;
    for (int64_t i = 0; i < f->key_count; i++)
        if (!strcmp(f->traffic[i].key, key)) return f->traffic[i].predictions++, NULL;
    FV_TRY(grow(r->arena, (void **)&f->traffic, f->key_count, &r->key_room, (int64_t)sizeof *f->traffic, KEYS_MAX));
    f->traffic[f->key_count].predictions = 1;
    return fv_arena_text(r->arena, key, &f->traffic[f->key_count++].key);
}

/* Its path and the hash of its bytes; false: the picture is not there. */
static fv_error *find_picture(reading *r, const char *source, fv_feedback_row *row, bool *there) {
    FV_OWNED(fv_memory) bytes = NULL;
    int64_t length;
    char *path;
    *there = source && fv_file_kind_of(source) == FV_FILE_PLAIN;
    if (!*there) return NULL;
    FV_TRY(fv_file_read(source, PICTURE_BYTES_MAX, (uint8_t **)&bytes, &length));
    hash(bytes, length, row->content);
    FV_TRY(fv_file_resolve(source, &path));
    fv_error *error = fv_arena_text(r->arena, path, &row->source);
    fv_string_free(path);
    return error;
}

static fv_error *add(reading *r, const fv_logged *p, const fv_logged_truth *truth) {
    fv_feedback *f = r->out;
    fv_feedback_row row = { .time_us = truth->time_us, .score = p->top[0].score };
    bool there;
    FV_TRY(find_picture(r, fv_logged_picture(p), &row, &there));
    if (!there) return f->lost++, NULL;
    row.kept = p->picture != NULL;
    row.held_out = is_held_out(row.content, r->check_every);
    if (p->properties) row.known = true, row.properties = *p->properties;
    FV_TRY(fv_arena_text(r->arena, p->id, &row.id));
    FV_TRY(fv_arena_text(r->arena, p->key, &row.key));
    FV_TRY(fv_arena_text(r->arena, truth->labels[0], &row.label));
    FV_TRY(fv_arena_text(r->arena, p->top[0].label, &row.said));
    FV_TRY(grow(r->arena, (void **)&f->rows, f->count, &r->room, (int64_t)sizeof row, ROWS_MAX));
    f->rows[f->count++] = row;
    return NULL;
}

static fv_error *take(reading *r, const fv_logged *p) {
    if (strcmp(p->model, r->model) != 0) return NULL;
    FV_TRY(count_key(r, p->key));
    const fv_logged_truth *truth = fv_log_truths_find(r->truths, p->id);
    bool told = truth && truth->kind == FV_ONE_CLASS && truth->count == 1 && p->kind == FV_ONE_CLASS && p->count > 0;
    return told ? add(r, p, truth) : NULL;
}

static int by_time(const void *a, const void *b) {
    const fv_feedback_row *first = a, *second = b;
    int order = (first->time_us > second->time_us) - (first->time_us < second->time_us);
    return order ? order : strcmp(first->id, second->id);
}

fv_error *fv_feedback_read(const char *log, const char *model, int64_t check_every, fv_arena *arena, fv_feedback *out) {
    FV_OWNED(fv_log_truths) truths = NULL;
    FV_OWNED(fv_log_reader) reader = NULL;
    fv_log_entry entry;
    *out = (fv_feedback){ 0 };
    FV_TRY(fv_log_truths_read(log, &truths));
    FV_TRY(fv_log_reader_open(log, &reader));
    reading r = { .model = model, .check_every = check_every, .truths = truths, .arena = arena, .out = out };
    do {
        FV_TRY(fv_log_reader_next(reader, &entry));
        if (entry.prediction) FV_TRY(take(&r, entry.prediction));
    } while (entry.prediction || entry.truth);
    if (out->count) qsort(out->rows, (size_t)out->count, sizeof *out->rows, by_time);
    return NULL;
}

void fv_feedback_line(const fv_feedback_row *row, fv_text *out) {
    fv_text_add(out, "{\"id\":");
    fv_text_add_json(out, row->id);
    fv_text_add(out, ",\"label\":");
    fv_text_add_json(out, row->label);
    fv_text_add(out, ",\"source\":");
    fv_text_add_json(out, row->source);
    fv_text_add(out, "}\n");
}

/* ---- judging ---- */

typedef struct judging {
    const fv_feedback *feedback;
    const fv_retrain_policy *policy;
    fv_arena *arena;
    fv_gate_check *checks;
    int64_t count;
} judging;

static fv_error *add_check(judging *j, const char *name, const char *what, int64_t bad, int64_t of, double most) {
    fv_gate_check *check = &j->checks[j->count++];
    double share = of ? (double)bad / (double)of : 0;
    check->name = name;
    check->passed = of < j->policy->check_rows || share <= most;
    check->number_count = 3;
    check->numbers[0].name = "rows", check->numbers[0].value = (double)of;
    check->numbers[1].name = "share", check->numbers[1].value = share;
    check->numbers[2].name = "most", check->numbers[2].value = most;
    return fv_arena_format(j->arena, &check->text, "%lld of %lld %s; at most %.3g of them may", (long long)bad, (long long)of,
                           what, most);
}

static int by_content(const void *a, const void *b) {
    const fv_feedback_row *first = *(fv_feedback_row *const *)a, *second = *(fv_feedback_row *const *)b;
    int order = strcmp(first->content, second->content);
    return order ? order : strcmp(first->label, second->label);
}

/* Rows of one picture lie together, those of one label of it too. */
static fv_error *check_same_pictures(judging *j) {
    const fv_feedback *f = j->feedback;
    fv_feedback_row **sorted;
    int64_t again = 0, otherwise = 0;
    FV_TRY(fv_arena_take(j->arena, f->count, &sorted));
    for (int64_t i = 0; i < f->count; i++) sorted[i] = &f->rows[i];
    if (f->count) qsort(sorted, (size_t)f->count, sizeof *sorted, by_content);
    for (int64_t i = 1; i < f->count; i++) {
        bool same = !strcmp(sorted[i]->content, sorted[i - 1]->content);
        again += same;
        otherwise += same && strcmp(sorted[i]->label, sorted[i - 1]->label) != 0;
    }
    FV_TRY(add_check(j, "duplicates", "labels are of a picture that came back before", again, f->count,
                     j->policy->most_duplicates));
    return add_check(j, "contradictions", "labels are of a picture that has another label too", otherwise, f->count,
                     j->policy->most_contradictions);
}

static fv_error *check_flips(judging *j) {
    const fv_feedback *f = j->feedback;
    int64_t sure = 0, flipped = 0;
    for (int64_t i = 0; i < f->count; i++) {
        if (f->rows[i].score < SURE) continue;
        sure++;
        flipped += strcmp(f->rows[i].label, f->rows[i].said) != 0;
    }
    return add_check(j, "flips", "labels say otherwise than the model where it was sure", flipped, sure, j->policy->most_flips);
}

static bool is_outlier(const fv_feedback_row *row, const fv_drift_profile *p) {
    for (int s = 0; s < FV_IMAGE_PROPERTY_COUNT; s++) {
        double value = (double)row->properties.at[s];
        int64_t place = p ? fv_drift_profile_find(p, fv_image_property_name(s)) : -1;
        if (!isfinite(value) || (!strcmp(fv_image_property_name(s), "contrast") && value < NOTHING)) return true;
        if (place < 0) continue;
        double mean = p->means.at[place], deviation = fmax(p->deviations.at[place], LEAST * fabs(mean));
        if (fabs(fv_drift_round(value) - mean) > FAR * deviation) return true;
    }
    return false;
}

static fv_error *check_outliers(judging *j, const fv_drift_profile *profile) {
    const fv_feedback *f = j->feedback;
    int64_t known = 0, outliers = 0;
    for (int64_t i = 0; i < f->count; i++) {
        if (!f->rows[i].known) continue;
        known++;
        outliers += is_outlier(&f->rows[i], profile);
    }
    return add_check(j, "outliers", "pictures show nothing, or what the reference never saw", outliers, known,
                     j->policy->most_outliers);
}

/* The source whose labels are most beyond what its traffic tells. */
static fv_error *check_flood(judging *j) {
    const fv_feedback *f = j->feedback;
    int64_t worst = 0;
    for (int64_t k = 0; k < f->key_count; k++) {
        int64_t labels = 0;
        for (int64_t i = 0; i < f->count; i++) labels += f->rows[i].key && !strcmp(f->rows[i].key, f->traffic[k].key);
        double traffic = (double)f->traffic[k].predictions / (double)f->predictions;
        if (labels > worst && (double)labels > FLOOD * traffic * (double)f->count) worst = labels;
    }
    return add_check(j, "one_source", "labels are of one source, three times its share of the traffic", worst, f->count,
                     j->policy->most_from_one);
}

fv_error *fv_feedback_judge(const fv_feedback *feedback, const fv_drift_profile *profile, const fv_retrain_policy *policy,
                            fv_arena *arena, fv_gate_decision *out) {
    judging j = { .feedback = feedback, .policy = policy, .arena = arena };
    FV_TRY(fv_arena_take(arena, 5, &j.checks));
    FV_TRY(check_same_pictures(&j));
    FV_TRY(check_flips(&j));
    FV_TRY(check_outliers(&j, profile));
    FV_TRY(check_flood(&j));
    *out = (fv_gate_decision){ .passed = true, .checks = j.checks, .count = j.count };
    for (int64_t i = 0; i < j.count; i++) out->passed &= j.checks[i].passed;
    return NULL;
}
