/* Files and folders for the tests of data. */
#include "tests/data/pictures.h"

#include <inttypes.h>

#include "core/base/file.h"
#include "core/base/memory.h"

const char *fv_test_path(const char *folder, const char *name) {
    static char paths[16][512];
    static int next;
    char *path = paths[next++ % 16];
    snprintf(path, sizeof paths[0], "%s/%s", folder ? folder : FOVEA_SOURCE "/tests/data/files", name);
    return path;
}

#define CORNER_TOLERANCE 8 /* of a lossy file, in each channel */

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

fv_dataset *fv_test_list(const char *text, const char *folder, const char *name, const fv_dataset_options *options) {
    fv_dataset *set = NULL;
    fv_test_text(text, folder, name);
    FV_OK(fv_dataset_open(fv_test_path(folder, name), options, &set));
    return set;
}

static uint64_t fnv(const uint8_t *bytes, int64_t length) {
    uint64_t hash = 0xCBF29CE484222325u;
    for (int64_t i = 0; i < length; i++) hash = (hash ^ bytes[i]) * 0x100000001B3u;
    return hash;
}

static void check_corner(const fv_image *image, int64_t y, int64_t x, const char *hex, int tolerance) {
    const uint8_t *pixel = (const uint8_t *)image->pixels + (y * image->width + x) * image->channels;
    for (int64_t c = 0; c < image->channels; c++) {
        unsigned value;
        assert_int_equal(sscanf(hex + 2 * c, "%2x", &value), 1);
        assert_in_range(pixel[c] + tolerance, value, value + 2u * (unsigned)tolerance);
    }
}

/* `folder` is that of the list, with a '/', or empty. */
static void check_line(const char *folder, const char *line, int64_t wanted) {
    char name[64], path[128], corners[4][16];
    int64_t width, height, channels, sum;
    uint64_t hash;
    assert_int_equal(sscanf(line, "%63s %" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNd64 " %15s %15s %15s %15s %" SCNx64, name,
                            &width, &height, &channels, &sum, corners[0], corners[1], corners[2], corners[3], &hash),
                     10);
    print_message("%s\n", name);
    FV_IMAGE(image);
    snprintf(path, sizeof path, "%s%s", folder, name);
    FV_OK(fv_image_decode_file(fv_test_path(NULL, path), &(fv_decode_options){ .channels = wanted }, &image));
    assert_int_equal(image.width, width);
    assert_int_equal(image.height, height);
    assert_int_equal(image.channels, channels);
    const uint8_t *pixels = image.pixels;
    int64_t found = 0, samples = width * height * channels;
    for (int64_t i = 0; i < samples; i++) found += pixels[i];
    int64_t off = hash ? 0 : samples;
    assert_in_range(found, sum - off, sum + off);
    for (int i = 0; i < 4; i++)
        check_corner(&image, i / 2 ? height - 1 : 0, i % 2 ? width - 1 : 0, corners[i], hash ? 0 : CORNER_TOLERANCE);
    if (hash) assert_int_equal(fnv(pixels, samples), hash);
}

void fv_test_decoded(const char *list, int64_t channels, int count) {
    char folder[64];
    const char *slash = strrchr(list, '/');
    snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash + 1 - list) : 0, list);
    uint8_t *text = NULL;
    int64_t length;
    FV_OK(fv_file_read(fv_test_path(NULL, list), 1 << 20, &text, &length));
    int lines = 0;
    for (const char *line = (const char *)text; *line; line += strcspn(line, "\n") + 1, lines++)
        check_line(folder, line, channels);
    assert_int_equal(lines, count);
    fv_memory_free(text);
}
