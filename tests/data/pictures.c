/* Files and folders for the tests of data. */
#include "tests/data/pictures.h"

#include "core/base/file.h"
#include "core/base/memory.h"

const char *fv_test_path(const char *folder, const char *name) {
    static char paths[16][512];
    static int next;
    char *path = paths[next++ % 16];
    snprintf(path, sizeof paths[0], "%s/%s", folder ? folder : FOVEA_SOURCE "/tests/data/files", name);
    return path;
}

static void write_file(const void *bytes, int64_t length, const char *folder, const char *name) {
    const char *path = fv_test_path(folder, name);
    char parent[512];
    snprintf(parent, sizeof parent, "%.*s", (int)(strrchr(path, '/') - path), path);
    FV_OK(fv_file_make_folder(parent));
    FV_OK(fv_file_write(path, bytes, length, NULL));
}

void fv_test_copy(const char *file, const char *folder, const char *name) {
    uint8_t *bytes = NULL;
    int64_t length = 0;
    FV_OK(fv_file_read(fv_test_path(NULL, file), 1 << 20, &bytes, &length));
    write_file(bytes, length, folder, name);
    fv_memory_free(bytes);
}

void fv_test_text(const char *text, const char *folder, const char *name) {
    write_file(text, (int64_t)strlen(text), folder, name);
}
