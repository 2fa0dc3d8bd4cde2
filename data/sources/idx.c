/* idx.c - MNIST and its like: a folder of IDX files, …train-images-idx3-ubyte and …train-labels-idx1-ubyte, t10k or test beside
 * them, plain or with .gz; a dot may stand for the last but one dash. Pictures are [count, height, width] or
 * [count, height, width, channels] of u8 and stay in memory. Classes are the labels 0 … largest, in that order, named "0", "1",
 * … Files must agree in size and count, or the set is refused: nothing of it can be trusted then. */
#include "data/sources/idx.h"

#include <stdio.h>
#include <string.h>

#include "core/base/assert.h"
#include "core/base/file.h"
#include "core/base/memory.h"
#include "core/base/size.h"
#include "data/bytes.h"
#include "data/walk.h"

#define FILE_BYTES_MAX ((int64_t)1 << 36)

typedef struct fv_idx_options {
    const char *prefix;
} fv_idx_options;

static const fv_field fields[] = {
    FV_FIELD(fv_idx_options, prefix, .help = "of the files' names, where the folder holds several sets (\"emnist-letters-\")"),
    FV_FIELDS_END,
};

/* What stands before "-images-idx3-ubyte" at its end, and the part that it means. */
static const struct {
    const char *ending, *part;
} part_endings[] = { { "train", "train" }, { "t10k", "test" }, { "test", "test" }, { "val", "val" }, { "valid", "val" } };
static const char *const part_order[] = { "train", "val", "test" };

typedef struct idx_part {
    const char *images_name, *labels_name; /* NULL: there is no such file */
    fv_idx images, labels;
} idx_part;

typedef struct idx_state {
    idx_part parts[3]; /* in the order of part_order */
    const idx_part *by_index[3];
} idx_state;

static bool ends_with(const char *text, size_t length, const char *ending) {
    size_t n = strlen(ending);
    return length >= n && !strncmp(text + length - n, ending, n);
}

/* Tells "PREFIXtrain-images-idx3-ubyte.gz" apart: its part (0…2), and whether it is labels. */
static bool read_name(const char *name, const char *prefix, int *part, bool *labels) {
    static const char *const endings[] = { "-images-idx3-ubyte", "-images.idx3-ubyte", "-images-idx4-ubyte",
                                           "-images.idx4-ubyte", "-labels-idx1-ubyte", "-labels.idx1-ubyte" };
    size_t length = strlen(name), before = prefix ? strlen(prefix) : 0;
    if (length < before || (before && strncmp(name, prefix, before) != 0)) return false;
    if (ends_with(name, length, ".gz")) length -= 3;
    int e = 0;
    while (e < FV_COUNT(endings) && !ends_with(name, length, endings[e])) e++;
    if (e == FV_COUNT(endings)) return false;
    length -= strlen(endings[e]);
    *labels = e >= 4;
    for (int i = 0; i < FV_COUNT(part_endings); i++) {
        if (!ends_with(name, length, part_endings[i].ending)) continue;
        if (prefix && length != before + strlen(part_endings[i].ending)) continue;
        for (*part = 0; strcmp(part_order[*part], part_endings[i].part) != 0;) (*part)++;
        return true;
    }
    return false;
}

static fv_error *find_files(const char *path, const char *prefix, fv_arena *arena, idx_state *state, fv_listing *listing) {
    const char **names = NULL;
    int64_t count;
    FV_TRY(fv_file_list(path, arena, &names, &count));
    for (int64_t i = 0; i < count; i++) {
        int part;
        bool labels;
        if (!read_name(names[i], prefix, &part, &labels)) {
            fv_listing_ignore(listing);
            continue;
        }
        const char **slot = labels ? &state->parts[part].labels_name : &state->parts[part].images_name;
        if (*slot)
            return fv_error_hint(fv_fail(FV_CONFLICT, "%s: %s and %s are both the %s of part %s", path, *slot, names[i],
                                         labels ? "labels" : "pictures", part_order[part]),
                                 "remove one, or choose by the source's option prefix");
        *slot = names[i];
    }
    return NULL;
}

static fv_error *read_idx(const char *folder, const char *name, fv_arena *arena, fv_idx *out) {
    const char *path = NULL;
    FV_BYTES(bytes);
    FV_TRY(fv_file_join(arena, folder, name, &path));
    FV_TRY(fv_error_wrap(fv_bytes_read_file(&bytes, path, FILE_BYTES_MAX), "%s", path));
    return fv_error_wrap(fv_idx_parse(bytes.at, bytes.length, out), "%s", path);
}

static fv_error *read_part(const char *path, const char *name, fv_arena *arena, idx_part *part) {
    if (!part->images_name || !part->labels_name)
        return fv_fail(FV_FORMAT, "%s: part %s has a file of %s, but none of %s", path, name,
                       part->images_name ? "pictures" : "labels", part->images_name ? "labels" : "pictures");
    FV_TRY(read_idx(path, part->images_name, arena, &part->images));
    FV_TRY(read_idx(path, part->labels_name, arena, &part->labels));
    const fv_idx *images = &part->images;
    if (images->rank < 3 || part->labels.rank != 1)
        return fv_fail(FV_FORMAT, "%s: %s has %d dimensions, not 3 or 4, or %s not 1", path, part->images_name, images->rank,
                       part->labels_name);
    int64_t channels = images->rank == 4 ? images->dims[3] : 1;
    if (images->dims[1] < 1 || images->dims[2] < 1 || (channels != 1 && channels != 3))
        return fv_fail(FV_UNSUPPORTED, "%s: %s holds pictures of %lld×%lld×%lld", path, part->images_name,
                       (long long)images->dims[1], (long long)images->dims[2], (long long)channels);
    if (images->dims[0] != part->labels.dims[0])
        return fv_fail(FV_FORMAT, "%s: %s holds %lld pictures, %s %lld labels", path, part->images_name,
                       (long long)images->dims[0], part->labels_name, (long long)part->labels.dims[0]);
    return NULL;
}

static fv_error *make_classes(const idx_state *state, fv_listing *listing) {
    int largest = -1;
    for (int p = 0; p < 3; p++)
        for (int64_t i = 0; i < state->parts[p].labels.count; i++)
            if (state->parts[p].labels.data[i] > largest) largest = state->parts[p].labels.data[i];
    for (int c = 0; c <= largest; c++) {
        char name[16];
        int64_t index;
        snprintf(name, sizeof name, "%d", c);
        FV_TRY(fv_listing_class(listing, name, &index));
    }
    return NULL;
}

static fv_error *list_part(const idx_part *part, const char *name, int index, fv_listing *listing) {
    for (int64_t i = 0; i < part->labels.count; i++) {
        char id[48];
        snprintf(id, sizeof id, "%s/%lld", name, (long long)i);
        fv_target target = { .kind = FV_TARGET_CLASS, .class_index = part->labels.data[i] };
        FV_TRY(fv_listing_add(listing, &(fv_sample){ .id = id, .key = i, .part = index, .target = target }));
    }
    return NULL;
}

static void close_(void *opaque) {
    idx_state *state = opaque;
    for (int p = 0; p < 3; p++) {
        fv_idx_release(&state->parts[p].images);
        fv_idx_release(&state->parts[p].labels);
    }
    fv_memory_free(state);
}

static fv_error *fill(const char *path, const fv_idx_options *options, idx_state *state, fv_arena *arena, fv_listing *listing) {
    FV_TRY(find_files(path, options->prefix, arena, state, listing));
    for (int p = 0; p < 3; p++)
        if (state->parts[p].images_name || state->parts[p].labels_name)
            FV_TRY(read_part(path, part_order[p], arena, &state->parts[p]));
    FV_TRY(make_classes(state, listing));
    for (int p = 0; p < 3; p++) {
        if (!state->parts[p].images_name) continue;
        int index;
        FV_TRY(fv_listing_part(listing, part_order[p], &index));
        state->by_index[index] = &state->parts[p];
        FV_TRY(list_part(&state->parts[p], part_order[p], index, listing));
    }
    return NULL;
}

static fv_error *open_(const char *path, const void *options, fv_listing *listing, void **out) {
    FV_OWNED(fv_arena) arena = NULL;
    idx_state *state = NULL;
    FV_TRY(fv_arena_new("names of files", (int64_t)1 << 30, &arena));
    FV_TRY(fv_memory_new(1, &state));
    fv_error *error = fill(path, options, state, arena, listing);
    if (error) {
        close_(state);
        return error;
    }
    *out = state;
    return NULL;
}

static fv_held held(const void *opaque, const fv_sample *sample) {
    const fv_idx *images = &((const idx_state *)opaque)->by_index[sample->part]->images;
    fv_size size = { images->dims[1], images->dims[2], images->rank == 4 ? images->dims[3] : 1 };
    int64_t bytes = size.height * size.width * size.channels;
    return (fv_held){ size, FV_PIXEL_U8, images->data + sample->key * bytes };
}

static fv_error *sniff(const char *path, int *sure) {
    FV_OWNED(fv_arena) arena = NULL;
    const char **names;
    int64_t count;
    FV_TRY(fv_arena_new("names of files", INT64_C(1) << 32, &arena));
    FV_TRY(fv_sniff_folder(path, arena, &names, &count));
    for (int64_t i = 0; i < count; i++) {
        int part;
        bool labels;
        if (read_name(names[i], NULL, &part, &labels)) *sure = 90;
    }
    return NULL;
}

const fv_source fv_source_idx = {
    .name = "idx",
    .summary = "MNIST's IDX files in a folder, plain or gzip",
    .fields = fields,
    .channels = 1,
    .sniff = sniff,
    .open = open_,
    .held = held,
    .close = close_,
};
