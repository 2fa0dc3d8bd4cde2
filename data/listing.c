/* listing.c - filling a data set: what a source finds, and what is rejected then or later. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/log.h"
#include "core/base/memory.h"
#include "core/base/size.h"
#include "data/dataset.h"

#define LINES_MAX 20 /* rejected files that are logged; the rest is in the list */

fv_error *fv_list_add(fv_list *list, const void *item, int64_t size) {
    if (list->count == list->capacity) {
        int64_t capacity = fv_max(16, list->capacity * 2);
        FV_TRY(fv_memory_grow(&list->at, list->capacity, capacity, size));
        list->capacity = capacity;
    }
    memcpy((char *)list->at + list->count++ * size, item, (size_t)size);
    return NULL;
}

static fv_error *add_text(fv_listing *listing, fv_list *list, const char *text) {
    const char *copy = NULL;
    FV_TRY(fv_arena_text(listing->arena, text, &copy));
    return fv_list_add(list, &copy, sizeof copy);
}

static int64_t find_text(const fv_list *list, const char *text) {
    const char *const *at = list->at;
    for (int64_t i = 0; i < list->count; i++)
        if (!strcmp(at[i], text)) return i;
    return -1;
}

fv_arena *fv_listing_arena(fv_listing *listing) { return listing->arena; }

fv_error *fv_listing_part(fv_listing *listing, const char *name, int *index) {
    *index = (int)listing->parts.count;
    return add_text(listing, &listing->parts, name);
}

const char *const fv_part_kinds[FV_PART_KINDS] = { "train", "val", "test" };

int fv_part_kind(const char *name) {
    static const char *const names[FV_PART_KINDS][3] = { { "train", "training" },
                                                         { "val", "valid", "validation" },
                                                         { "test", "testing" } };
    for (int k = 0; k < FV_PART_KINDS; k++)
        for (int i = 0; i < 3 && names[k][i]; i++)
            if (!strcasecmp(name, names[k][i])) return k;
    return -1;
}

fv_error *fv_listing_root(fv_listing *listing, const char *folder) {
    return fv_arena_text(listing->arena, folder, &listing->root);
}

void fv_listing_weighted(fv_listing *listing) { listing->weighted = true; }

int64_t fv_listing_find_class(const fv_listing *listing, const char *name) { return find_text(&listing->classes, name); }

fv_error *fv_listing_class(fv_listing *listing, const char *name, int64_t *index) {
    *index = find_text(&listing->classes, name);
    if (*index >= 0) return NULL;
    *index = listing->classes.count;
    return add_text(listing, &listing->classes, name);
}

static int by_bytes(const void *a, const void *b) { return strcmp(*(const char *const *)a, *(const char *const *)b); }

fv_error *fv_listing_sort_classes(fv_listing *listing) {
    int64_t count = listing->classes.count, *map = NULL;
    const char **names = listing->classes.at, **before = NULL;
    FV_TRY(fv_arena_take(listing->arena, count, &map));
    FV_TRY(fv_arena_copy(listing->arena, names, count * (int64_t)sizeof *names, (void **)&before));
    if (count) qsort(names, (size_t)count, sizeof *names, by_bytes);
    for (int64_t i = 0; i < count; i++) {
        const char **found = bsearch(&before[i], names, (size_t)count, sizeof *names, by_bytes);
        map[i] = found - names;
    }
    for (int64_t i = 0; i < listing->samples.count; i++) {
        fv_target *target = &fv_dataset_sample(listing, i)->target;
        if (target->kind == FV_TARGET_CLASS) target->class_index = map[target->class_index];
    }
    return NULL;
}

fv_error *fv_listing_add(fv_listing *listing, const fv_sample *sample) {
    fv_sample copy = *sample;
    FV_TRY(fv_arena_text(listing->arena, sample->id, &copy.id));
    FV_TRY(fv_arena_text(listing->arena, sample->group, &copy.group));
    return fv_list_add(&listing->samples, &copy, sizeof copy);
}

void fv_listing_ignore(fv_listing *listing) { listing->ignored++; }

static fv_error *reject(fv_dataset *set, const char *path, const char *reason) {
    fv_rejected item = { 0 };
    FV_TRY(fv_arena_text(set->arena, path, &item.path));
    FV_TRY(fv_arena_text(set->arena, reason, &item.reason));
    FV_TRY(fv_list_add(&set->rejected, &item, sizeof item));
    if (set->rejected.count <= LINES_MAX) fv_log_warning("cannot use %s: %s", path, reason);
    if (set->rejected.count == LINES_MAX) fv_log_warning("more that cannot be used is counted, but not named here");
    return NULL;
}

fv_error *fv_listing_reject(fv_listing *listing, const char *path, const char *reason, ...) {
    FV_TEXT(text, 4096);
    va_list arguments;
    va_start(arguments, reason);
    fv_text_addv(&text, reason, arguments);
    va_end(arguments);
    FV_TRY(fv_text_error(&text));
    return reject(listing, path, text.at);
}

fv_error *fv_listing_note(fv_listing *listing, const char *format, ...) {
    FV_TEXT(text, 4096);
    va_list arguments;
    va_start(arguments, format);
    fv_text_addv(&text, format, arguments);
    va_end(arguments);
    FV_TRY(fv_text_error(&text));
    fv_log_info("%s", text.at);
    return add_text(listing, &listing->notes, text.at);
}

fv_error *fv_dataset_reject(fv_dataset *set, int64_t sample, fv_error *why) {
    FV_OWNED(fv_error) reason = why;
    fv_sample *s = fv_dataset_sample(set, sample);
    if (s->unusable) return NULL;
    s->unusable = true;
    set->unusable++;
    char text[512];
    return reject(set, s->id, fv_error_format(reason, text, sizeof text));
}

bool fv_is_about_sample(const fv_error *error) {
    fv_code code = fv_error_code(error);
    return code == FV_FORMAT || code == FV_UNSUPPORTED || code == FV_NOT_FOUND || code == FV_DENIED || code == FV_IO;
}

fv_error *fv_dataset_check_bound(const fv_dataset *set) {
    int64_t rejected = set->rejected.count, found = set->samples.count - set->unusable + rejected;
    bool over = set->strict ? rejected > 0 : !set->allow_dropped && rejected * 100 > found;
    if (!over) return NULL;
    const fv_rejected *first = set->rejected.at;
    fv_error *error = fv_fail(FV_FORMAT, "%s: %lld of %lld pictures cannot be used, the first of them %s: %s", set->path,
                              (long long)rejected, (long long)found, first->path, first->reason);
    return set->strict ? fv_error_hint(error, "repair or remove them, or go on without --strict")
                       : fv_error_hint(error, "that is more than 1 %%: repair or remove them, or go on with --allow-dropped");
}
