/* cifar_binary.c - CIFAR-10 and CIFAR-100 in their binary form: a folder of
 *
 *     CIFAR-10    data_batch_1.bin … data_batch_5.bin, test_batch.bin    records of 1 label byte and 3072 pixel bytes
 *     CIFAR-100   train.bin, test.bin                                    records of 2, the coarse label and the fine, and 3072
 *
 * A picture is 32×32, its red, green and blue planes one after the other (Krizhevsky's page on both sets). Classes are the
 * labels in the order of their numbers, called as batches.meta.txt, fine_label_names.txt or coarse_label_names.txt say; without
 * that file they are called by their numbers, with a note. A file whose length is no whole number of records, or that holds a
 * label of no class, refuses the set: nothing of it can be trusted then. Pictures stay in memory, turned into rows of pixels.
 */
#include <stdio.h>
#include <string.h>

#include "core/base/assert.h"
#include "core/base/file.h"
#include "core/base/memory.h"
#include "core/base/size.h"
#include "data/bytes.h"
#include "data/walk.h"

#define SIDE 32
#define PLANE (SIDE * SIDE)
#define PIXELS (3 * PLANE)
#define BATCHES 5
#define FILE_BYTES_MAX ((int64_t)1 << 34)
#define NAMES_BYTES_MAX (1 << 20)

typedef struct fv_cifar_binary_options {
    int labels;
} fv_cifar_binary_options;

enum { FINE, COARSE };
static const fv_field fields[] = {
    FV_FIELD(fv_cifar_binary_options, labels, .by_default = "fine", .names = "fine,coarse",
             .help = "which of CIFAR-100's two labels is the class"),
    FV_FIELDS_END,
};

/* One of the forms that such a folder has. */
typedef struct form {
    int64_t label_bytes, label_at, classes; /* label_at: of the label that is the class */
    const char *names_file;
    struct {
        const char *part, *files[BATCHES];
    } parts[2];
} form;

static const form cifar10 = {
    .label_bytes = 1,
    .classes = 10,
    .names_file = "batches.meta.txt",
    .parts = { { "train",
                 { "data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin" } },
               { "test", { "test_batch.bin" } } },
};
static const form cifar100_fine = {
    .label_bytes = 2,
    .label_at = 1,
    .classes = 100,
    .names_file = "fine_label_names.txt",
    .parts = { { "train", { "train.bin" } }, { "test", { "test.bin" } } },
};
static const form cifar100_coarse = {
    .label_bytes = 2,
    .classes = 20,
    .names_file = "coarse_label_names.txt",
    .parts = { { "train", { "train.bin" } }, { "test", { "test.bin" } } },
};

/* The pictures of one part, by the index that the listing gave it. */
typedef struct cifar_state {
    uint8_t *pixels[2]; /* [count, 32, 32, 3] */
    int64_t counts[2];
} cifar_state;

static bool is_there(const char *const *names, int64_t count, const char *name) {
    for (int64_t i = 0; i < count; i++)
        if (!strcmp(names[i], name)) return true;
    return false;
}

/* How many of the form's files the folder has. */
static int files_of(const form *f, const char *const *names, int64_t count) {
    int found = 0;
    for (int p = 0; p < 2; p++)
        for (int i = 0; i < BATCHES && f->parts[p].files[i]; i++) found += is_there(names, count, f->parts[p].files[i]);
    return found;
}

static fv_error *find_form(const char *path, const fv_cifar_binary_options *options, const char *const *names, int64_t count,
                           const form **out) {
    const form *cifar100 = options->labels == COARSE ? &cifar100_coarse : &cifar100_fine;
    int of10 = files_of(&cifar10, names, count), of100 = files_of(cifar100, names, count);
    if (of10 && of100)
        return fv_fail(FV_CONFLICT, "%s holds files of CIFAR-10 (data_batch_1.bin …) and of CIFAR-100 (train.bin …)", path);
    if (!of10 && !of100)
        return fv_error_hint(fv_fail(FV_FORMAT, "%s has no files of CIFAR's binary form", path),
                             "they are called data_batch_1.bin … and test_batch.bin, or train.bin and test.bin");
    if (of10 && options->labels == COARSE)
        return fv_fail(FV_USAGE, "%s: CIFAR-10 has no coarse labels; labels=coarse is for CIFAR-100", path);
    *out = of10 ? &cifar10 : cifar100;
    return NULL;
}

/* ---- classes ---- */

static fv_error *number_classes(const form *f, fv_listing *listing) {
    for (int64_t c = 0; c < f->classes; c++) {
        char name[24];
        int64_t index;
        snprintf(name, sizeof name, "%lld", (long long)c);
        FV_TRY(fv_listing_class(listing, name, &index));
    }
    return NULL;
}

/* A name a line; carriage returns and empty lines do not count. */
static fv_error *read_names(const char *path, const form *f, fv_listing *listing) {
    FV_BYTES(text);
    int64_t lines = 0;
    FV_TRY(fv_error_wrap(fv_bytes_read_file(&text, path, NAMES_BYTES_MAX), "%s", path));
    for (int64_t at = 0, end; at < text.length; at = end + 1) {
        for (end = at; end < text.length && text.at[end] != '\n';) end++;
        char name[256];
        int64_t length = end - at, index;
        while (length && (text.at[at + length - 1] == '\r' || text.at[at + length - 1] == ' ')) length--;
        if (!length) continue;
        snprintf(name, sizeof name, "%.*s", (int)fv_min(length, (int64_t)sizeof name), (const char *)text.at + at);
        FV_TRY(fv_listing_class(listing, name, &index));
        if (index != lines++) return fv_fail(FV_FORMAT, "%s: two classes are called \"%s\"", path, name);
    }
    return lines == f->classes
               ? NULL
               : fv_fail(FV_FORMAT, "%s: %lld class names, not %lld", path, (long long)lines, (long long)f->classes);
}

static fv_error *make_classes(const char *path, const form *f, fv_arena *arena, fv_listing *listing) {
    const char *names = NULL;
    FV_TRY(fv_file_join(arena, path, f->names_file, &names));
    if (fv_file_kind_of(names) != FV_FILE_NONE) return read_names(names, f, listing);
    FV_TRY(fv_listing_note(listing, "%s has no %s: its classes are called by their numbers", path, f->names_file));
    return number_classes(f, listing);
}

/* ---- pictures ---- */

static void planes_to_rows(const uint8_t *planes, uint8_t *rows) {
    for (int i = 0; i < PLANE; i++)
        for (int c = 0; c < 3; c++) rows[3 * i + c] = planes[c * PLANE + i];
}

static fv_error *add_records(const fv_bytes *bytes, const form *f, const char *part, int index, cifar_state *state,
                             fv_listing *listing) {
    int64_t record = f->label_bytes + PIXELS, count = bytes->length / record, before = state->counts[index];
    FV_TRY(fv_memory_grow((void **)&state->pixels[index], before * PIXELS, (before + count) * PIXELS, 1));
    state->counts[index] += count;
    for (int64_t i = 0; i < count; i++) {
        const uint8_t *at = bytes->at + i * record;
        char id[48];
        if (at[f->label_at] >= f->classes)
            return fv_fail(FV_FORMAT, "record %lld has the label %d, and there are %lld classes", (long long)i, at[f->label_at],
                           (long long)f->classes);
        planes_to_rows(at + f->label_bytes, state->pixels[index] + (before + i) * PIXELS);
        snprintf(id, sizeof id, "%s/%lld", part, (long long)(before + i));
        fv_target target = { .kind = FV_TARGET_CLASS, .class_index = at[f->label_at] };
        FV_TRY(fv_listing_add(listing, &(fv_sample){ .id = id, .key = before + i, .part = index, .target = target }));
    }
    return NULL;
}

static fv_error *read_file(const char *path, const form *f, const char *part, int index, cifar_state *state,
                           fv_listing *listing) {
    FV_BYTES(bytes);
    int64_t record = f->label_bytes + PIXELS;
    FV_TRY(fv_bytes_read_file(&bytes, path, FILE_BYTES_MAX));
    if (!bytes.length || bytes.length % record)
        return fv_fail(FV_FORMAT, "%lld bytes are no whole number of records of %lld", (long long)bytes.length,
                       (long long)record);
    return add_records(&bytes, f, part, index, state, listing);
}

/* What a folder has of a part; files that it lacks are named, since the part is smaller than it is known to be. */
static fv_error *read_part(const char *path, const form *f, int p, const char *const *names, int64_t count, fv_arena *arena,
                           cifar_state *state, fv_listing *listing) {
    const char *part = f->parts[p].part, *const *files = f->parts[p].files, *file = NULL;
    int index = -1;
    for (int i = 0; i < BATCHES && files[i]; i++) {
        if (!is_there(names, count, files[i])) {
            FV_TRY(fv_listing_note(listing, "%s has no %s: part %s goes without it", path, files[i], part));
            continue;
        }
        if (index < 0) FV_TRY(fv_listing_part(listing, part, &index));
        FV_TRY(fv_file_join(arena, path, files[i], &file));
        FV_TRY(fv_error_wrap(read_file(file, f, part, index, state, listing), "%s", file));
    }
    return NULL;
}

/* ---- the source ---- */

static void close_(void *opaque) {
    cifar_state *state = opaque;
    for (int p = 0; p < 2; p++) fv_memory_free(state->pixels[p]);
    fv_memory_free(state);
}

static fv_error *fill(const char *path, const fv_cifar_binary_options *options, cifar_state *state, fv_arena *arena,
                      fv_listing *listing) {
    const char **names = NULL;
    int64_t count = 0;
    const form *f = NULL;
    FV_TRY(fv_file_list(path, arena, &names, &count));
    FV_TRY(find_form(path, options, names, count, &f));
    FV_TRY(make_classes(path, f, arena, listing));
    for (int p = 0; p < 2; p++) FV_TRY(read_part(path, f, p, names, count, arena, state, listing));
    int64_t ours = files_of(f, names, count) + is_there(names, count, f->names_file);
    for (int64_t i = ours; i < count; i++) fv_listing_ignore(listing);
    return NULL;
}

static fv_error *open_(const char *path, const void *options, fv_listing *listing, void **out) {
    FV_OWNED(fv_arena) arena = NULL;
    cifar_state *state = NULL;
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
    const cifar_state *state = opaque;
    return (fv_held){ { SIDE, SIDE, 3 }, FV_PIXEL_U8, state->pixels[sample->part] + sample->key * PIXELS };
}

/* train.bin and test.bin are names that others use too: they are ours with the class names beside them. */
static fv_error *sniff(const char *path, int *sure) {
    FV_OWNED(fv_arena) arena = NULL;
    const char **names;
    int64_t count;
    FV_TRY(fv_arena_new("names of files", INT64_C(1) << 32, &arena));
    FV_TRY(fv_sniff_folder(path, arena, &names, &count));
    bool named = is_there(names, count, "fine_label_names.txt") || is_there(names, count, "coarse_label_names.txt");
    if (files_of(&cifar100_fine, names, count)) *sure = named ? 90 : 20;
    if (files_of(&cifar10, names, count)) *sure = 90;
    return NULL;
}

const fv_source fv_source_cifar_binary = {
    .name = "cifar_binary",
    .summary = "CIFAR-10 and CIFAR-100 in their binary form, a folder of .bin files",
    .fields = fields,
    .channels = 3,
    .sniff = sniff,
    .open = open_,
    .held = held,
    .close = close_,
};
