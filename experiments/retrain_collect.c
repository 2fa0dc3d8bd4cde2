/* retrain_collect.c - the first step of a job: the labels of now, and lists of pictures to train on and to measure on, as
 * files. What comes back later is the next job's. */
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/size.h"
#include "data/dataset.h"
#include "experiments/register.h"
#include "experiments/retrain_job.h"
#include "predict/predictor.h"

#define LIST_BYTES_MAX (INT64_C(1) << 32)
#define PICTURE_BYTES_MAX (INT64_C(1) << 30)
#define PLAN_BYTES_MAX (1 << 20)

const fv_field fv_retrain_plan_fields[] = {
    FV_FIELD(fv_retrain_plan, champion, .by_default = "0", .help = "number of the version that it starts from"),
    FV_FIELD(fv_retrain_plan, trigger, .help = "why it is done"),
    FV_FIELD(fv_retrain_plan, labels, .by_default = "0", .help = "labels that came back, in all"),
    FV_FIELD(fv_retrain_plan, train, .by_default = "0", .help = "pictures trained on"),
    FV_FIELD(fv_retrain_plan, check, .by_default = "0", .help = "newest labels measured on"),
    FV_FIELD(fv_retrain_plan, reference, .by_default = "0", .help = "newest labels that make its reference"),
    FV_FIELD(fv_retrain_plan, keys, .help = "sources of those, each a slice"),
    FV_FIELDS_END
};

/* A picture of a list. */
typedef struct entry {
    const char *path, *label;
    bool fed;      /* it came back */
    int64_t order; /* of those that came back: the later one holds */
} entry;

typedef struct collecting {
    fv_retrain *r;
    entry *entries;
    int64_t count, room;
} collecting;

static void add_cell(fv_text *out, const char *text) {
    fv_text_add(out, "\"");
    for (; *text; text++) fv_text_addf(out, *text == '"' ? "\"%c" : "%c", *text);
    fv_text_add(out, "\"");
}

static int by_path(const void *a, const void *b) {
    const entry *first = a, *second = b;
    int order = strcmp(first->path, second->path);
    if (order) return order;
    if (first->fed != second->fed) return second->fed - first->fed;
    return (second->order > first->order) - (second->order < first->order);
}

/* Sorted by path; of a picture that is there twice what came back counts, and of that the newest. */
static fv_error *write_list(fv_retrain *r, const char *name, entry *entries, int64_t count, int64_t *written) {
    const char *path;
    FV_TEXT(list, LIST_BYTES_MAX);
    fv_text_add(&list, "path,label\n");
    if (count) qsort(entries, (size_t)count, sizeof *entries, by_path);
    *written = 0;
    for (int64_t i = 0; i < count; i++) {
        if (i && !strcmp(entries[i].path, entries[i - 1].path)) continue;
        add_cell(&list, entries[i].path);
        fv_text_add(&list, ",");
        add_cell(&list, entries[i].label);
        fv_text_add(&list, "\n");
        ++*written;
    }
    FV_TRY(fv_text_error(&list));
    FV_TRY(fv_retrain_path(r, name, &path));
    return fv_file_write(path, list.at, list.length, NULL);
}

/* ---- the data that it was first trained on ---- */

/* Its own file; or what the source has inside one, as a file in the job's folder. */
static fv_error *path_of(fv_retrain *r, const fv_dataset *set, int64_t sample, const char **out) {
    char *path;
    const char *name;
    FV_TRY(fv_file_join(r->arena, set->root, fv_dataset_id(set, sample), &name));
    if (fv_file_kind_of(name) != FV_FILE_PLAIN) {
        FV_BYTES(bytes);
        FV_TRY(fv_arena_format(r->arena, &name, "%s/pictures", r->folder));
        FV_TRY(fv_file_make_folder(name));
        FV_TRY(fv_arena_format(r->arena, &name, "%s/%lld.pnm", name, (long long)sample));
        FV_TRY(fv_dataset_encoded(set, sample, PICTURE_BYTES_MAX, &bytes));
        FV_TRY(fv_file_write(name, bytes.at, bytes.length, NULL));
    }
    FV_TRY(fv_file_resolve(name, &path));
    fv_error *error = fv_arena_text(r->arena, path, out);
    fv_string_free(path);
    return error;
}

static fv_error *open_data(fv_retrain *r, fv_dataset **out) {
    const fv_retrain_policy *p = &r->policy;
    fv_dataset_options options = { .source = p->source, .source_options = p->source_options };
    FV_TRY(fv_dataset_open(p->data, &options, out));
    if (p->held_out || fv_dataset_has_part(*out, "test")) return NULL;
    return fv_error_hint(fv_fail(FV_USAGE, "%s has no part test, which every version would be measured on", p->data),
                         "name other pictures by held_out in the policy");
}

/* What is never trained on stays out, wherever it lies. */
static fv_error *mark_held_out(fv_retrain *r, fv_dataset *set, bool *held) {
    FV_OWNED(fv_subset) test = NULL;
    if (r->policy.held_out || !fv_dataset_has_part(set, "test")) return NULL;
    FV_TRY(fv_subset_part(set, "test", &test));
    for (int64_t i = 0; i < fv_subset_count(test); i++) held[fv_subset_at(test, i)] = true;
    return NULL;
}

typedef struct drawn {
    int64_t sample, class;
    char hash[33];
} drawn;

static int by_hash(const void *a, const void *b) {
    const drawn *first = a, *second = b;
    if (first->class != second->class) return (first->class > second->class) - (first->class < second->class);
    return strcmp(first->hash, second->hash);
}

/* So many of each class as `replay` asks for, the same ones each time: those with the smallest hashes. */
static fv_error *draw(fv_retrain *r, const fv_dataset *set, const bool *held, int64_t wanted, bool *taken) {
    drawn *all;
    int64_t count = 0, of_class = 0, classes = fv_max(fv_dataset_class_count(set), 1), each = (wanted + classes - 1) / classes;
    FV_TRY(fv_arena_take(r->arena, fv_dataset_count(set), &all));
    for (int64_t i = 0; i < fv_dataset_count(set); i++) {
        uint8_t raw[16];
        const char *id = fv_dataset_id(set, i);
        if (held[i]) continue;
        all[count] = (drawn){ .sample = i, .class = fv_dataset_class(set, i) };
        crypto_generichash(raw, sizeof raw, (const uint8_t *)id, strlen(id), NULL, 0);
        sodium_bin2hex(all[count++].hash, 33, raw, sizeof raw);
    }
    if (count) qsort(all, (size_t)count, sizeof *all, by_hash);
    for (int64_t i = 0; i < count; i++) {
        of_class = i && all[i].class == all[i - 1].class ? of_class + 1 : 0;
        taken[all[i].sample] = of_class < each;
    }
    return NULL;
}

static fv_error *add(collecting *c, entry e) {
    if (c->count == c->room) {
        entry *bigger;
        c->room = c->room ? 2 * c->room : 1024;
        FV_TRY(fv_arena_take(c->r->arena, c->room, &bigger));
        if (c->count) memcpy(bigger, c->entries, (size_t)c->count * sizeof *bigger);
        c->entries = bigger;
    }
    c->entries[c->count++] = e;
    return NULL;
}

static fv_error *add_data(collecting *c, int64_t fed) {
    fv_retrain *r = c->r;
    FV_OWNED(fv_dataset) set = NULL;
    bool *held, *taken;
    if (r->policy.rows == FV_RETRAIN_RECENT) return NULL;
    FV_TRY(open_data(r, &set));
    FV_TRY(fv_arena_take(r->arena, fv_dataset_count(set), &held));
    FV_TRY(fv_arena_take(r->arena, fv_dataset_count(set), &taken));
    FV_TRY(mark_held_out(r, set, held));
    if (r->policy.rows == FV_RETRAIN_REPLAY)
        FV_TRY(draw(r, set, held, (int64_t)((double)fed * r->policy.replay), taken));
    else
        for (int64_t i = 0; i < fv_dataset_count(set); i++) taken[i] = !held[i];
    for (int64_t i = 0; i < fv_dataset_count(set); i++) {
        entry e = { 0 };
        int64_t class = fv_dataset_class(set, i);
        if (!taken[i] || class < 0) continue;
        FV_TRY(path_of(r, set, i, &e.path));
        FV_TRY(fv_arena_text(r->arena, fv_dataset_class_name(set, class), &e.label));
        FV_TRY(add(c, e));
    }
    return NULL;
}

/* ---- what came back ---- */

/* What a server keeps with its log goes when that is full: of such a picture the job has a name of its own, beside its lists
 * and written as these have it, so that the order and the split of the pictures are not another job's. */
static fv_error *hold_picture(fv_retrain *r, const fv_feedback_row *row, const char **out) {
    const char *dot = strrchr(row->source, '.'), *path;
    *out = row->source;
    if (!row->kept) return NULL;
    FV_TRY(fv_retrain_path(r, "pictures", &path));
    FV_TRY(fv_file_make_folder(path));
    FV_TRY(fv_arena_format(r->arena, out, "pictures/%s%s", row->content, dot ? dot : ""));
    FV_TRY(fv_retrain_path(r, *out, &path));
    if (link(row->source, path) && errno != EEXIST) { /* on another file system */
        FV_OWNED(fv_memory) bytes = NULL;
        int64_t length;
        FV_TRY(fv_file_read(row->source, PICTURE_BYTES_MAX, (uint8_t **)&bytes, &length));
        FV_TRY(fv_file_write(path, bytes, length, NULL));
    }
    return NULL;
}

static fv_error *add_row(collecting *c, int64_t at) {
    const fv_feedback_row *row = &c->r->feedback.rows[at];
    entry e = { .label = row->label, .fed = true, .order = at };
    FV_TRY(hold_picture(c->r, row, &e.path));
    return add(c, e);
}

/* The newest, and of those the ones to train on. */
static fv_error *add_feedback(collecting *c, int64_t *fed) {
    const fv_feedback *f = &c->r->feedback;
    bool all = c->r->policy.rows == FV_RETRAIN_ALL;
    *fed = 0;
    for (int64_t i = all ? 0 : fv_max(f->count - c->r->policy.recent, 0); i < f->count; i++) {
        const fv_feedback_row *row = &f->rows[i];
        if (row->held_out) continue;
        FV_TRY(add_row(c, i));
        ++*fed;
    }
    return NULL;
}

static fv_error *write_train(fv_retrain *r) {
    collecting c = { .r = r };
    int64_t fed;
    FV_TRY(add_feedback(&c, &fed));
    FV_TRY(add_data(&c, fed));
    return write_list(r, FV_RETRAIN_TRAINED, c.entries, c.count, &r->plan.train);
}

static bool knows(const fv_predictor *predictor, const char *label) {
    for (int64_t i = 0; i < fv_predictor_class_count(predictor); i++)
        if (!strcmp(fv_predictor_class_names(predictor)[i], label)) return true;
    return false;
}

/* The newest labels that are held out, of one source or (NULL) all, whose class the champion knows: of others it says nothing.
 */
static fv_error *write_check(fv_retrain *r, const fv_predictor *champion, const char *name, const char *key, int64_t *count) {
    const fv_feedback *f = &r->feedback;
    collecting c = { .r = r };
    for (int64_t i = fv_max(f->count - r->policy.recent, 0); i < f->count; i++) {
        const fv_feedback_row *row = &f->rows[i];
        if (!row->held_out || (key && (!row->key || strcmp(key, row->key) != 0)) || !knows(champion, row->label)) continue;
        FV_TRY(add_row(&c, i));
    }
    return write_list(r, name, c.entries, c.count, count);
}

/* The newest labels: of those the ones that are not trained on, where they are enough; else all, since pictures of the world as
 * it was before would tell it from today's ever after. */
static fv_error *write_reference(fv_retrain *r) {
    const fv_feedback *f = &r->feedback;
    int64_t begin = fv_max(f->count - r->policy.reference, 0), held_out = 0;
    collecting c = { .r = r };
    for (int64_t i = begin; i < f->count; i++) held_out += f->rows[i].held_out;
    for (int64_t i = begin; i < f->count; i++)
        if (f->rows[i].held_out || held_out < r->policy.drift.least) FV_TRY(add_row(&c, i));
    return write_list(r, "reference.csv", c.entries, c.count, &r->plan.reference);
}

static fv_error *write_slices(fv_retrain *r, const fv_predictor *champion) {
    const char **keys, *name;
    FV_TRY(fv_arena_take(r->arena, FV_RETRAIN_KEYS_MAX, &keys));
    r->plan.keys = (fv_strings){ 0, keys };
    for (int64_t k = 0; k < r->feedback.key_count && r->plan.keys.count < FV_RETRAIN_KEYS_MAX; k++) {
        int64_t count;
        FV_TRY(fv_arena_format(r->arena, &name, "check-%lld.csv", (long long)r->plan.keys.count));
        FV_TRY(write_check(r, champion, name, r->feedback.traffic[k].key, &count));
        if (count >= r->policy.slice_pictures) keys[r->plan.keys.count++] = r->feedback.traffic[k].key;
    }
    return NULL;
}

static fv_error *write_checks(fv_retrain *r) {
    FV_OWNED(fv_predictor) champion = NULL;
    FV_TRY(
        fv_version_open(r->registry, &r->champion.rows[0], &(fv_predictor_options){ .device = r->options.device }, &champion));
    FV_TRY(write_check(r, champion, "check.csv", NULL, &r->plan.check));
    return write_slices(r, champion);
}

static fv_error *write_labels(fv_retrain *r) {
    const char *path;
    FV_TEXT(lines, LIST_BYTES_MAX);
    for (int64_t i = 0; i < r->feedback.count; i++) fv_feedback_line(&r->feedback.rows[i], &lines);
    FV_TRY(fv_text_error(&lines));
    FV_TRY(fv_retrain_path(r, FV_RETRAIN_LABELS, &path));
    return fv_file_write(path, lines.at, lines.length, NULL);
}

/* ---- the step ---- */

static fv_error *read_plan(fv_retrain *r, const char *path) {
    FV_OWNED(fv_memory) bytes = NULL;
    int64_t length;
    FV_TRY(fv_file_read(path, PLAN_BYTES_MAX, (uint8_t **)&bytes, &length));
    return fv_fields_from_json(fv_retrain_plan_fields, &r->plan, (const char *)(uint8_t *)bytes, path, r->arena);
}

fv_error *fv_retrain_collect(fv_retrain *r) {
    const char *path;
    FV_TEXT(json, PLAN_BYTES_MAX);
    FV_TRY(fv_retrain_note(r, "collect"));
    FV_TRY(fv_file_make_folder(r->folder));
    FV_TRY(fv_retrain_path(r, "plan.json", &path));
    if (fv_file_kind_of(path) == FV_FILE_PLAIN) return read_plan(r, path);
    FV_TRY(fv_retrain_find_champion(r));
    r->plan = (fv_retrain_plan){ .champion = r->champion.rows[0].number,
                                 .trigger = r->decision.trigger,
                                 .labels = r->feedback.count };
    FV_TRY(write_labels(r));
    FV_TRY(write_train(r));
    FV_TRY(write_checks(r));
    FV_TRY(write_reference(r));
    fv_fields_to_json(fv_retrain_plan_fields, &r->plan, &json);
    FV_TRY(fv_text_error(&json));
    fv_retrain_say(r, "%lld labels came back; %lld pictures to train on, %lld of the newest labels to measure on",
                   (long long)r->plan.labels, (long long)r->plan.train, (long long)r->plan.check);
    return fv_file_write(path, json.at, json.length, NULL);
}
