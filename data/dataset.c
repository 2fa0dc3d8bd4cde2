/* dataset.c - opening a data set with the source that knows its format, and what can be asked of it. */
#include "data/dataset.h"

#include <stdio.h>
#include <string.h>

#include "core/base/file.h"
#include "core/base/memory.h"
#include "core/base/size.h"
#include "data/walk.h"

#define LISTING_CAP ((int64_t)1 << 36)
#define PATH_BYTES 4096

const fv_field fv_dataset_fields[] = {
    FV_FIELD(fv_dataset_options, source, .help = "format of the data set; by default found by looking"),
    FV_FIELD(fv_dataset_options, source_options, .help = "options of the source, \"name=value …\""),
    FV_FIELD(fv_dataset_options, channels, .max = FV_CHANNELS_MAX,
             .help = "of decoded pictures: 1, 3, 4 with alpha, or as many as they have; 0: what the source says"),
    FV_FIELD(fv_dataset_options, max_pixels, .max = INFINITY, .help = "larger pictures are rejected; 0: 2^28"),
    FV_FIELD(fv_dataset_options, max_bytes, .max = INFINITY, .help = "longer files are rejected; 0: 2^30"),
    FV_FIELD(fv_dataset_options, strict, .help = "fail when any picture cannot be used"),
    FV_FIELD(fv_dataset_options, allow_dropped, .help = "go on when more than 1 % of the pictures cannot be used"),
    FV_FIELDS_END,
};

/* ---- opening ---- */

static fv_error *dataset_new(const char *path, const fv_source *source, const fv_dataset_options *options, fv_dataset **out) {
    FV_OWNED(fv_dataset) set = NULL;
    FV_TRY(fv_memory_new(1, &set));
    FV_TRY(fv_arena_new("the list of a data set", LISTING_CAP, &set->arena));
    FV_TRY(fv_arena_text(set->arena, path, &set->path));
    set->root = set->path;
    set->source = source;
    set->strict = options->strict;
    set->allow_dropped = options->allow_dropped;
    fv_decode_options wanted = { .channels = options->channels ? options->channels : source->channels,
                                 .keep_u16 = true,
                                 .max_pixels = options->max_pixels,
                                 .max_bytes = options->max_bytes };
    FV_TRY(fv_decode_options_resolve(&wanted, &set->decode));
    *out = fv_take(&set);
    return NULL;
}

void fv_dataset_free(fv_dataset *set) {
    if (!set) return;
    if (set->state && set->source->close) set->source->close(set->state);
    fv_list *lists[] = { &set->parts, &set->classes, &set->samples, &set->rejected, &set->notes };
    for (int i = 0; i < 5; i++) fv_memory_free(lists[i]->at);
    fv_arena_free(set->arena);
    fv_memory_free(set);
}

static const fv_part *source_at(int index) { return &fv_source_table[index]->part; }

static fv_error *unknown_format(const char *path) {
    FV_TEXT(names, 4096);
    for (int i = 0; i < fv_source_table_count; i++)
        fv_text_addf(&names, "%s%s: %s", i ? "; " : "", fv_source_table[i]->name, fv_source_table[i]->summary);
    return fv_error_hint(fv_fail(FV_FORMAT, "%s is no data set of a format that is known here", path), "known are %s",
                         names.at);
}

static fv_error *find_source(const char *path, const char *name, fv_arena *arena, const fv_source **out) {
    if (name) {
        fv_parts all = { "source of data", fv_source_table_count, source_at };
        int index;
        FV_TRY(fv_part_find(&all, name, arena, &index));
        *out = fv_source_table[index];
        return NULL;
    }
    int surest = 0;
    for (int i = 0; i < fv_source_table_count; i++) {
        int sure = 0;
        FV_TRY(fv_source_table[i]->sniff(path, &sure));
        if (sure <= surest) continue;
        surest = sure;
        *out = fv_source_table[i];
    }
    return surest ? NULL : unknown_format(path);
}

static fv_error *open_source(fv_dataset *set, const char *text) {
    const fv_field *fields = set->source->fields ? set->source->fields : fv_no_fields;
    void *options = NULL;
    FV_TRY(fv_arena_alloc(set->arena, fv_fields_size(fields), 1, &options));
    FV_TRY(fv_error_wrap(fv_fields_parse(fields, options, text, set->arena), "source %s", set->source->name));
    FV_TRY(set->source->open(set->path, options, set, &set->state));
    if (!set->samples.count && !set->rejected.count) return fv_fail(FV_FORMAT, "%s holds no pictures", set->path);
    return fv_dataset_check_bound(set);
}

fv_error *fv_dataset_open(const char *path, const fv_dataset_options *options, fv_dataset **out) {
    const fv_dataset_options none = { 0 };
    if (!options) options = &none;
    if (fv_file_kind_of(path) == FV_FILE_NONE) return fv_fail(FV_NOT_FOUND, "%s: there is no such file or folder", path);
    FV_OWNED(fv_arena) arena = NULL;
    FV_TRY(fv_arena_new("finding a source", 1 << 20, &arena));
    const fv_source *source = NULL;
    FV_TRY(find_source(path, options->source, arena, &source));
    FV_OWNED(fv_dataset) set = NULL;
    FV_TRY(dataset_new(path, source, options, &set));
    FV_TRY(open_source(set, options->source_options));
    *out = fv_take(&set);
    return NULL;
}

/* Files that the user named: no format to look for, so this source is in no table. */
static const fv_source named_files = { .name = "paths", .summary = "files named one by one", .channels = 3 };

static fv_error *add_path(void *listing, const char *path) {
    return fv_listing_add(listing, &(fv_sample){ .id = path, .part = -1, .target.kind = FV_TARGET_NONE });
}

/* What is below a folder has the folder's name in its id. */
typedef struct folder_walk {
    fv_listing *listing;
    const char *folder;
} folder_walk;

static fv_error *add_below(void *context, const char *path) {
    folder_walk *w = context;
    const char *whole = NULL;
    FV_TRY(fv_file_join(w->listing->arena, w->folder, path, &whole));
    return add_path(w->listing, whole);
}

fv_error *fv_dataset_of_paths(const char *const *paths, int64_t count, const fv_dataset_options *options, fv_dataset **out) {
    const fv_dataset_options none = { 0 };
    FV_OWNED(fv_dataset) set = NULL;
    FV_TRY(dataset_new("", &named_files, options ? options : &none, &set));
    for (int64_t i = 0; i < count; i++) {
        folder_walk walk = { set, paths[i] };
        if (fv_file_kind_of(paths[i]) == FV_FILE_FOLDER)
            FV_TRY(fv_walk(set, paths[i], "", add_below, &walk));
        else
            FV_TRY(add_path(set, paths[i]));
    }
    FV_TRY(fv_dataset_check_bound(set));
    *out = fv_take(&set);
    return NULL;
}

/* ---- classes ---- */

/* A sample's classes by their new numbers; `*gone` is the number of one that has none, else −1. */
static fv_error *renumber(fv_dataset *set, fv_target *target, const int64_t *map, int64_t *gone) {
    int64_t *numbers = NULL;
    *gone = -1;
    if (target->kind == FV_TARGET_CLASS && target->class_index >= 0) {
        if (map[target->class_index] < 0) *gone = target->class_index;
        target->class_index = map[target->class_index];
    }
    if (target->kind != FV_TARGET_CLASSES) return NULL;
    FV_TRY(fv_arena_take(set->arena, target->classes.count, &numbers));
    for (int64_t i = 0; i < target->classes.count; i++) {
        numbers[i] = map[target->classes.at[i]];
        if (numbers[i] < 0) *gone = target->classes.at[i];
    }
    target->classes.at = numbers;
    return NULL;
}

fv_error *fv_dataset_impose_classes(fv_dataset *set, const char *const *names, int64_t count) {
    fv_list before = set->classes;
    const char *const *old = before.at;
    set->classes = (fv_list){ 0 };
    fv_error *error = NULL;
    int64_t *map = NULL, index, gone;
    for (int64_t i = 0; i < count && !error; i++) error = fv_listing_class(set, names[i], &index);
    if (!error && set->classes.count != count) error = fv_fail(FV_USAGE, "a class name is given twice");
    if (!error) error = fv_memory_new(before.count, &map);
    for (int64_t i = 0; i < before.count && !error; i++) map[i] = fv_listing_find_class(set, old[i]);
    for (int64_t i = 0; i < set->samples.count && !error; i++) {
        error = renumber(set, &fv_dataset_sample(set, i)->target, map, &gone);
        if (!error && gone >= 0)
            error = fv_dataset_reject(
                set, i, fv_fail(FV_FORMAT, "its class \"%s\" is not one of the %lld expected", old[gone], (long long)count));
    }
    fv_memory_free(map);
    fv_memory_free(before.at);
    return error ? error : fv_dataset_check_bound(set);
}

int64_t fv_dataset_class_count(const fv_dataset *set) { return set->classes.count; }
const char *const *fv_dataset_class_names(const fv_dataset *set) { return set->classes.at; }
const char *fv_dataset_class_name(const fv_dataset *set, int64_t index) { return fv_dataset_class_names(set)[index]; }

/* ---- what can be asked ---- */

const char *fv_dataset_source(const fv_dataset *set) { return set->source->name; }
const char *fv_dataset_path(const fv_dataset *set) { return set->path; }
int64_t fv_dataset_channels(const fv_dataset *set) { return set->decode.channels; }
int64_t fv_dataset_part_count(const fv_dataset *set) { return set->parts.count; }
const char *fv_dataset_part_name(const fv_dataset *set, int64_t index) { return ((const char **)set->parts.at)[index]; }

bool fv_dataset_has_part(const fv_dataset *set, const char *name) {
    for (int64_t i = 0; i < set->parts.count; i++)
        if (!strcmp(fv_dataset_part_name(set, i), name)) return true;
    return false;
}

int64_t fv_dataset_count(const fv_dataset *set) { return set->samples.count; }
const char *fv_dataset_id(const fv_dataset *set, int64_t sample) { return fv_dataset_sample(set, sample)->id; }
const fv_target *fv_dataset_target(const fv_dataset *set, int64_t sample) { return &fv_dataset_sample(set, sample)->target; }

const char *fv_dataset_group(const fv_dataset *set, int64_t sample) { return fv_dataset_sample(set, sample)->group; }
bool fv_dataset_is_weighted(const fv_dataset *set) { return set->weighted; }

double fv_dataset_weight(const fv_dataset *set, int64_t sample) {
    return set->weighted ? fv_dataset_sample(set, sample)->weight : 1;
}

int64_t fv_dataset_class(const fv_dataset *set, int64_t sample) {
    const fv_target *target = fv_dataset_target(set, sample);
    return target->kind == FV_TARGET_CLASS ? target->class_index : -1;
}

fv_dataset_counts fv_dataset_count_all(const fv_dataset *set) {
    int64_t usable = set->samples.count - set->unusable;
    return (fv_dataset_counts){ usable + set->rejected.count, usable, set->rejected.count, set->ignored };
}

void fv_dataset_rejected(const fv_dataset *set, int64_t index, const char **path, const char **reason) {
    const fv_rejected *item = (const fv_rejected *)set->rejected.at + index;
    *path = item->path;
    *reason = item->reason;
}

const char *fv_dataset_note(const fv_dataset *set, int64_t index) {
    return index >= 0 && index < set->notes.count ? ((const char **)set->notes.at)[index] : NULL;
}

/* ---- reading ---- */

/* The file of a sample whose source holds no pixels. */
static fv_error *read_file(const fv_dataset *set, const fv_sample *s, int64_t cap, fv_bytes *bytes) {
    char path[PATH_BYTES];
    bool below = *set->root && s->id[0] != '/';
    int length = snprintf(path, sizeof path, "%s%s%s", below ? set->root : "", below ? "/" : "", s->id);
    if (length >= PATH_BYTES) return fv_fail(FV_IO, "a path of %d bytes is too long", length);
    return fv_bytes_read_file(bytes, path, cap);
}

static fv_error *fetch(const fv_dataset *set, int64_t sample, const fv_decode_options *options, const fv_interest *interest,
                       fv_stored *stored, fv_bytes *bytes, fv_image *out) {
    const fv_sample *s = fv_dataset_sample(set, sample);
    if (set->source->held) {
        fv_held held = set->source->held(set->state, s);
        if (stored)
            *stored = (fv_stored){ set->source->name, held.size.channels, 1, false,
                                   fv_view_whole(held.size.height, held.size.width) };
        FV_TRY(fv_image_copy(out, held.size, held.pixel, held.pixels));
        return options->channels ? fv_image_to_channels(out, options->channels) : NULL;
    }
    FV_TRY(read_file(set, s, options->max_bytes, bytes));
    return fv_decode_stored(bytes->at, bytes->length, options, interest, stored, out);
}

fv_error *fv_dataset_fetch_as(const fv_dataset *set, int64_t sample, const fv_decode_options *options, fv_stored *stored,
                              fv_bytes *bytes, fv_image *out) {
    return fetch(set, sample, options, NULL, stored, bytes, out);
}

fv_error *fv_dataset_fetch_part(const fv_dataset *set, int64_t sample, const fv_interest *interest, fv_bytes *bytes,
                                fv_view *view, fv_image *out) {
    fv_stored stored;
    FV_TRY(fetch(set, sample, &set->decode, interest, &stored, bytes, out));
    *view = stored.view;
    return NULL;
}

fv_error *fv_dataset_fetch(const fv_dataset *set, int64_t sample, fv_bytes *bytes, fv_image *out) {
    return fv_dataset_fetch_as(set, sample, &set->decode, NULL, bytes, out);
}

fv_error *fv_dataset_encoded(const fv_dataset *set, int64_t sample, int64_t cap, fv_bytes *bytes) {
    const fv_sample *s = fv_dataset_sample(set, sample);
    if (!set->source->held) return read_file(set, s, cap, bytes);
    fv_held held = set->source->held(set->state, s);
    fv_size size = held.size;
    int64_t pixels = size.height * size.width * size.channels;
    if (held.pixel != FV_PIXEL_U8 || (size.channels != 1 && size.channels != 3) || pixels + 64 > cap)
        return fv_fail(FV_UNSUPPORTED, "%lld×%lld pixels of %lld channels are not kept as a file", (long long)size.height,
                       (long long)size.width, (long long)size.channels);
    FV_TRY(fv_bytes_reserve(bytes, pixels + 64));
    int header = snprintf((char *)bytes->at, 64, "P%d\n%lld %lld\n255\n", size.channels == 1 ? 5 : 6, (long long)size.width,
                          (long long)size.height);
    memcpy(bytes->at + header, held.pixels, (size_t)pixels);
    bytes->length = header + pixels;
    return NULL;
}

fv_error *fv_dataset_read(const fv_dataset *set, int64_t sample, fv_image *out) {
    FV_BYTES(bytes);
    return fv_error_wrap(fv_dataset_fetch(set, sample, &bytes, out), "%s", fv_dataset_id(set, sample));
}
