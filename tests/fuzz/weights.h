/* weights.h - what fuzz targets of weight formats do with their input: read it, and touch every element of what is read. */
#ifndef FV_FUZZ_WEIGHTS_H
#define FV_FUZZ_WEIGHTS_H

#include <stddef.h>
#include <string.h>
#include <zlib.h>

#include "core/base/assert.h"
#include "core/base/size.h"
#include "core/formats/format.h"

#define ELEMENTS_MAX (1 << 16) /* an expanded view may have any number */

static inline void fv_fuzz_touch(const fv_foreign_tensor *t, fv_arena *arena) {
    fv_dtype dtype = fv_element_dtype(t->element);
    fv_type type = fv_type_make(dtype, t->dims, t->rank);
    int axes[FV_RANK_MAX];
    fv_type turned = { .dtype = dtype, .rank = t->rank };
    void *data;
    if (fv_foreign_count(t) > ELEMENTS_MAX) return;
    FV_ASSERT(!fv_arena_alloc(arena, fv_foreign_count(t), fv_dtype_size(dtype), &data));
    fv_tensor to = fv_tensor_of(&type, data);
    fv_foreign_copy(t, NULL, &to);
    for (int d = 0; d < t->rank; d++) axes[d] = t->rank - 1 - d, turned.dims[d] = t->dims[t->rank - 1 - d];
    to = fv_tensor_of(&turned, data);
    fv_foreign_copy(t, axes, &to);
    fv_arena_reset(arena);
}

/* A file that is read is within its bounds, and is found by its names. */
static inline void fv_fuzz_weights(const fv_format *format, const uint8_t *bytes, int64_t length) {
    FV_OWNED(fv_foreign_file) file = NULL;
    FV_OWNED(fv_arena) arena = NULL;
    fv_error *error = fv_foreign_parse(format, bytes, length, "input", NULL, &file);
    FV_ASSERT(!error == (file != NULL));
    fv_error_free(error);
    if (!file) return;
    FV_ASSERT(fv_arena_used(file->arena) <= 3 * length + FV_FOREIGN_SLACK && fv_arena_used(file->unpacked) <= 64 * length);
    FV_ASSERT(!fv_arena_new("elements", 1 << 22, &arena));
    for (int64_t i = 0; i < file->count; i++) {
        fv_fuzz_touch(&file->tensors[i], arena);
        FV_ASSERT(fv_foreign_find(file, file->tensors[i].name) == &file->tensors[i]);
    }
}

/* ---- an archive around the input, with the checksum that a mutation would not have ---- */

static inline void fv_fuzz_number(fv_text *out, uint64_t value, int bytes) {
    for (int i = 0; i < bytes; i++) fv_text_add_bytes(out, (const char[]){ (char)(value >> 8 * i) }, 1);
}

typedef struct fv_fuzz_member {
    const char *name;
    const void *bytes;
    int64_t length;
} fv_fuzz_member;

static inline void fv_fuzz_header(fv_text *out, bool central, const fv_fuzz_member *m, int64_t offset) {
    fv_fuzz_number(out, central ? 0x02014b50 : 0x04034b50, 4);
    if (central) fv_fuzz_number(out, 20, 2);
    fv_fuzz_number(out, 20, 2);
    fv_fuzz_number(out, 0, 8); /* flags, method, time, date */
    fv_fuzz_number(out, crc32(0, m->bytes, (uInt)m->length), 4);
    fv_fuzz_number(out, (uint64_t)m->length, 4);
    fv_fuzz_number(out, (uint64_t)m->length, 4);
    fv_fuzz_number(out, strlen(m->name), 2);
    fv_fuzz_number(out, 0, 2);
    if (central) {
        fv_fuzz_number(out, 0, 8);
        fv_fuzz_number(out, 0, 2);
        fv_fuzz_number(out, (uint64_t)offset, 4);
    }
    fv_text_add(out, m->name);
}

static inline void fv_fuzz_archive(const fv_fuzz_member *members, int count, fv_text *out) {
    FV_TEXT(directory, 1 << 16);
    for (int i = 0; i < count; i++) {
        fv_fuzz_header(&directory, true, &members[i], out->length);
        fv_fuzz_header(out, false, &members[i], 0);
        fv_text_add_bytes(out, members[i].bytes, members[i].length);
    }
    int64_t at = out->length;
    fv_text_add_bytes(out, directory.at, directory.length);
    fv_fuzz_number(out, 0x06054b50, 4);
    fv_fuzz_number(out, 0, 4);
    fv_fuzz_number(out, (uint64_t)count, 2);
    fv_fuzz_number(out, (uint64_t)count, 2);
    fv_fuzz_number(out, (uint64_t)directory.length, 4);
    fv_fuzz_number(out, (uint64_t)at, 4);
    fv_fuzz_number(out, 0, 2);
    FV_ASSERT(!fv_text_error(out) && !fv_text_error(&directory));
}

#endif
