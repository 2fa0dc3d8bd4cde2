/* A model's HDF5 image, whatever it holds, signed as a whole file is, and read as any file is, by fovea-reader: read or
 * refused, and what is read is written and read again. What the image does to HDF5's library is an error like any other. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/assert.h"
#include "core/base/file.h"
#include "core/formats/model_trailer.h"
#include "core/formats/reader.h"

static void read_again(const fv_model *model) {
    FV_OWNED(fv_model) again = NULL;
    uint8_t *bytes;
    int64_t length;
    FV_ASSERT(!fv_model_encode(model, true, &bytes, &length));
    FV_ASSERT(!fv_model_decode(bytes, length, "again", &again));
    fv_memory_free(bytes);
}

static void try(const char *path) {
    FV_OWNED(fv_model) model = NULL;
    fv_error *error = fv_model_load(path, &model);
    FV_ASSERT(!error == (model != NULL));
    if (!error) read_again(model);
    fv_error_free(error);
}

/* Without a reader every file is refused, and nothing is fuzzed. */
static void find_reader(void) {
    FV_OWNED(fv_arena) arena = NULL;
    const char *path;
    FV_ASSERT(!fv_arena_new("a path", 1 << 16, &arena) && !fv_reader_find(arena, &path));
}

int LLVMFuzzerTestOneInput(const uint8_t *image, size_t length);
int LLVMFuzzerTestOneInput(const uint8_t *image, size_t length) {
    char path[64];
    uint8_t *file;
    if (length > 1 << 20) return 0;
    find_reader();
    snprintf(path, sizeof path, "/tmp/fovea-fuzz-model-%ld.fovea", (long)getpid());
    FV_ASSERT(!fv_memory_new((int64_t)length + FV_MODEL_TRAILER, &file));
    memcpy(file, image, length);
    FV_ASSERT(!fv_trailer_write(file, (int64_t)length));
    FV_ASSERT(!fv_file_write(path, file, (int64_t)length + FV_MODEL_TRAILER, NULL));
    try(path);
    unlink(path);
    fv_memory_free(file);
    return 0;
}
