/* split_list.c - which part each sample goes to, and the list that says so. */
#include "data/split_list.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/file.h"
#include "core/base/memory.h"
#include "core/base/text.h"
#include "data/subset.h"

#define LIST_CAP ((int64_t)1 << 34)
#define PATH_BYTES_MAX 4096

enum { TRAIN, VAL, TEST, LEFT_OUT };

/* A list on its way. */
typedef struct writing {
    fv_dataset *set;
    const fv_split_list_options *options;
    int *parts;     /* a sample: TRAIN … LEFT_OUT */
    int64_t *folds; /* a sample: the fold that holds it out, from 1; 0: none */
    fv_text text;
    const char *separator;
    bool grouped;
    const char *prefix; /* what stands before an id: "", "photos/" or "/data/photos/" */
} writing;

/* ---- dealing ---- */

static void mark(writing *w, const fv_subset *subset, int part) {
    for (int64_t i = 0; i < subset->count; i++) w->parts[subset->samples[i]] = part;
}

static fv_error *deal_folds(writing *w, const fv_subset *subset, const fv_split_options *split) {
    mark(w, subset, TRAIN);
    for (int64_t fold = 1; fold <= w->options->folds; fold++) {
        FV_OWNED(fv_subset) train = NULL;
        FV_OWNED(fv_subset) out = NULL;
        FV_TRY(fv_subset_fold(subset, split, w->options->folds, fold, &train, &out));
        for (int64_t i = 0; i < out->count; i++) w->folds[out->samples[i]] = fold;
        if (fold == w->options->fold) mark(w, out, VAL);
    }
    if (w->options->fold >= 1 && w->options->fold <= w->options->folds) return NULL;
    return fv_fail(FV_USAGE, "there is no fold %lld; they are 1 to %lld", (long long)w->options->fold,
                   (long long)w->options->folds);
}

static fv_error *deal_fractions(writing *w, const fv_subset *subset, fv_split_options *split) {
    FV_OWNED(fv_subset) train = NULL;
    FV_OWNED(fv_subset) val = NULL;
    FV_OWNED(fv_subset) test = NULL;
    double val_fraction = w->options->val_fraction, test_fraction = w->options->test_fraction;
    mark(w, subset, TRAIN);
    if (val_fraction == 0 && test_fraction == 0) return fv_fail(FV_USAGE, "nothing is split off: both fractions are 0");
    split->fraction = val_fraction == 0 ? test_fraction : val_fraction;
    if (val_fraction == 0 || test_fraction == 0)
        FV_TRY(fv_subset_split(subset, split, &train, val_fraction == 0 ? &test : &val));
    else
        FV_TRY(fv_subset_split_three(subset, split, test_fraction, &train, &val, &test));
    if (val) mark(w, val, VAL);
    if (test) mark(w, test, TEST);
    return NULL;
}

/* Parts that are not split keep their names; samples that cannot be used are left out. */
static fv_error *keep_parts(writing *w, const char *split_part) {
    const fv_dataset *set = w->set;
    for (int64_t i = 0; i < set->samples.count; i++) {
        const fv_sample *s = fv_dataset_sample(set, i);
        w->parts[i] = s->unusable || s->part < 0 ? LEFT_OUT : fv_part_kind(fv_dataset_part_name(set, s->part));
    }
    const bool makes[FV_PART_KINDS] = { true, w->options->folds || w->options->val_fraction > 0,
                                        !w->options->folds && w->options->test_fraction > 0 };
    for (int k = 0; k < FV_PART_KINDS && split_part; k++)
        if (makes[k] && strcmp(fv_part_kinds[k], split_part) != 0 && fv_dataset_has_part(set, fv_part_kinds[k]))
            return fv_error_hint(fv_fail(FV_CONFLICT, "%s has a part %s already", set->path, fv_part_kinds[k]),
                                 "split all anew by --part all, or split off less: --val-fraction 0");
    return NULL;
}

static fv_error *deal(writing *w) {
    const fv_split_list_options *o = w->options;
    const char *part = o->part ? o->part : fv_dataset_has_part(w->set, "train") ? "train" : "all";
    if (!strcmp(part, "all")) part = NULL;
    fv_split_options split = { .seed = o->seed, .unstratified = o->unstratified, .group_by = o->group_by };
    FV_OWNED(fv_subset) subset = NULL;
    FV_TRY(fv_subset_part(w->set, part, &subset));
    FV_TRY(keep_parts(w, part));
    return o->folds ? deal_folds(w, subset, &split) : deal_fractions(w, subset, &split);
}

/* ---- paths ---- */

static fv_error *real_folder(const char *path, fv_arena *arena, const char **out) {
    char real[PATH_MAX];
    const char *slash = strrchr(path, '/'), *folder = ".";
    if (slash) FV_TRY(fv_arena_format(arena, &folder, "%.*s", (int)(slash > path ? slash - path : 1), path));
    if (!realpath(folder, real)) return fv_fail(FV_NOT_FOUND, "there is no folder %s for the list", folder);
    return fv_arena_text(arena, real, out);
}

/* What is left of `path` behind the folder: "" for itself, NULL when it is not in it. */
static const char *behind(const char *path, const char *folder) {
    size_t length = strcmp(folder, "/") ? strlen(folder) : 0;
    if (strncmp(path, folder, length) != 0) return NULL;
    return path[length] == '/' ? path + length + 1 : path[length] ? NULL : path + length;
}

static fv_error *find_prefix(writing *w, const char *out, fv_arena *arena) {
    char root[PATH_MAX];
    const char *folder = NULL;
    FV_TRY(real_folder(out, arena, &folder));
    if (!realpath(w->set->root, root)) return fv_fail(FV_NOT_FOUND, "there is no folder %s", w->set->root);
    bool is_folder = fv_file_kind_of(w->set->path) == FV_FILE_FOLDER;
    if (is_folder && behind(folder, root))
        return fv_error_hint(fv_fail(FV_USAGE, "%s lies in %s, which is not written to", out, w->set->path),
                             "write the list beside it");
    const char *below = behind(root, folder);
    return below ? fv_arena_format(arena, &w->prefix, "%s%s", below, *below ? "/" : "")
                 : fv_arena_format(arena, &w->prefix, "%s/", strcmp(root, "/") ? root : "");
}

/* ---- rows ---- */

/* In quotes where CSV asks for them, or where blanks at an end would go. */
static void add_field(fv_text *text, const char *value) {
    size_t length = strlen(value);
    bool blank = length && (strchr(" \t", value[0]) || strchr(" \t", value[length - 1]));
    if (!blank && !value[strcspn(value, ",\"\r\n")]) {
        fv_text_add(text, value);
        return;
    }
    fv_text_add(text, "\"");
    for (const char *quote; (quote = strchr(value, '"')); value = quote + 1) {
        fv_text_add_bytes(text, value, quote - value);
        fv_text_add(text, "\"\"");
    }
    fv_text_add(text, value);
    fv_text_add(text, "\"");
}

static fv_error *choose_separator(writing *w) {
    static const char *const separators[] = { "|", ";", " / ", "||" };
    for (int s = 0; s < 4 && !w->separator; s++) {
        bool used = false;
        for (int64_t c = 0; c < fv_dataset_class_count(w->set); c++)
            used |= strstr(fv_dataset_class_name(w->set, c), separators[s]) != NULL;
        if (!used) w->separator = separators[s];
    }
    return w->separator ? NULL : fv_fail(FV_UNSUPPORTED, "no separator is left that no class name holds");
}

static fv_error *add_target(writing *w, const fv_target *target) {
    FV_TEXT(labels, 1 << 24);
    switch (target->kind) {
    case FV_TARGET_NONE: return NULL;
    case FV_TARGET_CLASS: add_field(&w->text, fv_dataset_class_name(w->set, target->class_index)); return NULL;
    case FV_TARGET_NUMBER: fv_text_add_number(&w->text, target->number); return NULL;
    case FV_TARGET_CLASSES: break;
    default: return fv_fail(FV_UNSUPPORTED, "%s: a list has no boxes, masks or soft labels", w->set->path);
    }
    if (!w->separator) FV_TRY(choose_separator(w));
    for (int64_t i = 0; i < target->classes.count; i++)
        fv_text_addf(&labels, "%s%s", i ? w->separator : "", fv_dataset_class_name(w->set, target->classes.at[i]));
    add_field(&w->text, labels.at);
    return fv_text_error(&labels);
}

static fv_error *add_row(writing *w, int64_t i) {
    char path[PATH_BYTES_MAX];
    const fv_sample *s = fv_dataset_sample(w->set, i);
    int length = snprintf(path, sizeof path, "%s%s", s->id[0] == '/' ? "" : w->prefix, s->id);
    if (length >= PATH_BYTES_MAX) return fv_fail(FV_IO, "a path of %d bytes is too long", length);
    add_field(&w->text, path);
    fv_text_add(&w->text, ",");
    FV_TRY(add_target(w, &s->target));
    fv_text_addf(&w->text, ",%s", fv_part_kinds[w->parts[i]]);
    if (w->options->folds && w->folds[i]) fv_text_addf(&w->text, ",%lld", (long long)w->folds[i]);
    if (w->options->folds && !w->folds[i]) fv_text_add(&w->text, ",");
    if (w->grouped) {
        fv_text_add(&w->text, ",");
        add_field(&w->text, s->group ? s->group : "");
    }
    if (w->set->weighted) {
        fv_text_add(&w->text, ",");
        fv_text_add_number(&w->text, s->weight);
    }
    fv_text_add(&w->text, "\n");
    return NULL;
}

static void count(const writing *w, int64_t i, fv_split_list_result *result) {
    int64_t c = fv_dataset_class(w->set, i);
    result->counts[w->parts[i]]++;
    if (c >= 0) result->class_counts[c * FV_PART_KINDS + w->parts[i]]++;
}

static fv_error *write_list(writing *w, const char *out, fv_split_list_result *result) {
    for (int64_t i = 0; i < w->set->samples.count; i++) w->grouped |= fv_dataset_group(w->set, i) != NULL;
    fv_text_addf(&w->text, "path,label,split%s%s%s\n", w->options->folds ? ",fold" : "", w->grouped ? ",group" : "",
                 w->set->weighted ? ",weight" : "");
    for (int64_t i = 0; i < w->set->samples.count; i++) {
        if (w->parts[i] == LEFT_OUT) continue;
        FV_TRY(add_row(w, i));
        count(w, i, result);
    }
    result->separator = w->separator;
    FV_TRY(fv_text_error(&w->text));
    return fv_file_write(out, w->text.at, w->text.length, NULL);
}

fv_error *fv_split_list(fv_dataset *set, const char *out, const fv_split_list_options *options, fv_arena *arena,
                        fv_split_list_result *result) {
    writing w = { .set = set, .options = options };
    *result = (fv_split_list_result){ 0 };
    if (set->source->held)
        return fv_fail(FV_UNSUPPORTED, "%s: the pictures of source %s are no files that a list could name", set->path,
                       set->source->name);
    if (!options->force && fv_file_kind_of(out) != FV_FILE_NONE)
        return fv_error_hint(fv_fail(FV_CONFLICT, "%s is there already", out), "replace it by --force, or name another");
    FV_TRY(find_prefix(&w, out, arena));
    FV_TRY(fv_arena_take(arena, set->samples.count, &w.parts));
    FV_TRY(fv_arena_take(arena, set->samples.count, &w.folds));
    FV_TRY(fv_arena_take(arena, fv_dataset_class_count(set) * FV_PART_KINDS, &result->class_counts));
    FV_TRY(deal(&w));
    fv_text_init(&w.text, LIST_CAP);
    fv_error *error = write_list(&w, out, result);
    fv_text_release(&w.text);
    return error;
}
