/* foreign_read.c - a file of weights opened: its format found by its content, read, and its names put in order. */
#include <stdlib.h>
#include <string.h>

#include "core/base/file.h"
#include "core/base/size.h"
#include "core/formats/format.h"

#define EXPAND 64
#define NOTES_MAX (INT64_C(1) << 20)
#define PARTS_MAX 4096

static fv_error *new_file(int64_t length, const fv_foreign_options *options, fv_foreign_file **out) {
    FV_OWNED(fv_foreign_file) file = NULL;
    int64_t expand = options && options->max_expand ? options->max_expand : EXPAND, unpacked;
    if (!fv_size_mul(fv_max(length, 1), expand, &unpacked)) unpacked = INT64_MAX / 16;
    FV_TRY(fv_memory_new(1, &file));
    fv_text_init(&file->notes, NOTES_MAX);
    FV_TRY(fv_arena_new("what the file lists", 3 * length + FV_FOREIGN_SLACK, &file->arena));
    FV_TRY(fv_arena_new("what is unpacked of the file", unpacked, &file->unpacked));
    *out = fv_take(&file);
    return NULL;
}

void fv_foreign_file_free(fv_foreign_file *file) {
    if (!file) return;
    for (int64_t i = 0; i < file->part_count; i++) fv_snapshot_release(&file->parts[i]);
    fv_text_release(&file->notes);
    fv_arena_free(file->arena);
    fv_arena_free(file->unpacked);
    fv_memory_free(file->parts);
    fv_memory_free(file);
}

fv_error *fv_format_unpacked(fv_format_call *call, const char *what, int64_t bytes, uint8_t **out) {
    fv_error *error = bytes < 0 ? fv_fail(FV_FORMAT, "its size cannot be") : fv_arena_take(call->file->unpacked, bytes, out);
    if (!error) return NULL;
    if (fv_error_code(error) != FV_MEMORY) return fv_error_wrap(error, "%s", what);
    fv_error_free(error);
    return fv_error_hint(fv_fail(FV_MEMORY, "%s says it is %lld bytes unpacked: more than is allowed of a file of %lld", what,
                                 (long long)bytes, (long long)call->length),
                         "a file that is to be so large when unpacked takes --max-expand");
}

/* ---- parts ---- */

fv_error *fv_format_keep(fv_foreign_file *file, fv_snapshot *part) {
    if (file->part_count == PARTS_MAX) return fv_fail(FV_FORMAT, "it names more than %d files", PARTS_MAX);
    fv_error *error =
        fv_memory_grow((void **)&file->parts, file->part_count, file->part_count + 1, (int64_t)sizeof *file->parts);
    if (error) return error;
    file->parts[file->part_count++] = *part;
    *part = (fv_snapshot){ .file = -1 };
    return NULL;
}

fv_error *fv_format_open_part(fv_format_call *call, const char *name, const fv_snapshot **out) {
    const char *path, *slash = strrchr(call->where, '/');
    if (!*name || *name == '.' || strchr(name, '/')) return fv_fail(FV_FORMAT, "it names a file \"%s\" elsewhere", name);
    if (!call->snapshot) return fv_fail(FV_FORMAT, "it is in parts, and has no folder");
    int folder = slash ? (int)(slash - call->where) + 1 : 0;
    FV_TRY(fv_arena_format(call->file->arena, &path, "%.*s%s", folder, call->where, name));
    FV_SNAPSHOT(part);
    FV_TRY(fv_snapshot_read(path, FV_FOREIGN_BYTES_MAX, &part));
    FV_TRY(fv_format_keep(call->file, &part));
    *out = &call->file->parts[call->file->part_count - 1];
    return NULL;
}

/* ---- reading ---- */

static int by_name(const void *a, const void *b) {
    return strcmp((*(const fv_foreign_tensor *const *)a)->name, (*(const fv_foreign_tensor *const *)b)->name);
}

static fv_error *sort_names(fv_foreign_file *file) {
    FV_TRY(fv_arena_take(file->arena, file->count + 1, &file->by_name));
    for (int64_t i = 0; i < file->count; i++) file->by_name[i] = &file->tensors[i];
    if (file->count) qsort(file->by_name, (size_t)file->count, sizeof *file->by_name, by_name);
    for (int64_t i = 1; i < file->count; i++)
        if (!strcmp(file->by_name[i - 1]->name, file->by_name[i]->name))
            return fv_fail(FV_FORMAT, "it has two tensors called %s", file->by_name[i]->name);
    return NULL;
}

static const fv_format *format_of(const uint8_t *bytes, int64_t length) {
    for (int i = 0; i < fv_format_table_count; i++)
        if (fv_format_table[i]->sniff(bytes, length)) return fv_format_table[i];
    return NULL;
}

static fv_error *unknown(void) {
    FV_TEXT(known, 4096);
    for (int i = 0; i < fv_format_table_count; i++) fv_text_addf(&known, "%s%s", i ? ", " : "", fv_format_table[i]->name);
    FV_TRY(fv_text_error(&known));
    return fv_error_hint(fv_fail(FV_UNSUPPORTED, "its content is of no format of weights that is known"),
                         "these are read: %s; a page of a web site saved under the name of a file is none", known.at);
}

static fv_error *read_bytes(fv_format_call *call) {
    call->file->format = call->file->format ? call->file->format : format_of(call->bytes, call->length);
    if (!call->length) return fv_fail(FV_FORMAT, "it is empty");
    if (!call->file->format) return unknown();
    FV_TRY(call->file->format->read(call));
    FV_TRY(sort_names(call->file));
    if (!call->file->count) fv_foreign_note(call->file, "it holds no tensors");
    return fv_text_error(&call->file->notes);
}

fv_error *fv_foreign_parse(const fv_format *format, const uint8_t *bytes, int64_t length, const char *where,
                           const fv_foreign_options *options, fv_foreign_file **out) {
    FV_OWNED(fv_foreign_file) file = NULL;
    fv_foreign_options defaults = { 0 };
    FV_TRY(new_file(length, options, &file));
    file->format = format;
    fv_format_call call = {
        .bytes = bytes, .length = length, .where = where, .options = options ? options : &defaults, .file = file
    };
    FV_TRY(fv_error_wrap(read_bytes(&call), "%s cannot be read as weights", where));
    *out = fv_take(&file);
    return NULL;
}

fv_error *fv_foreign_read(const char *path, const fv_foreign_options *options, fv_foreign_file **out) {
    FV_SNAPSHOT(whole);
    FV_OWNED(fv_foreign_file) file = NULL;
    fv_foreign_options defaults = { 0 };
    FV_TRY(fv_snapshot_read(path, FV_FOREIGN_BYTES_MAX, &whole));
    FV_TRY(new_file(whole.length, options, &file));
    fv_snapshot kept = whole; /* the list of parts may move; what it is of does not */
    FV_TRY(fv_format_keep(file, &whole));
    fv_format_call call = { .bytes = kept.bytes,
                            .length = kept.length,
                            .where = path,
                            .snapshot = &kept,
                            .options = options ? options : &defaults,
                            .file = file };
    FV_TRY(fv_error_wrap(read_bytes(&call), "%s cannot be read as weights", path));
    *out = fv_take(&file);
    return NULL;
}
