/* shift.c - pictures as they would be if the world had moved: each through the same transforms, into a folder of PPM files.
 *
 *   cc shift.c $(pkg-config --cflags --libs fovea) -o shift
 *   ./shift "brightness factor=0.8,0.8; gaussian_blur sigma=1,1" out/ a.jpg b.jpg
 *
 * Without arguments it only shifts a small made-up picture. examples/drift-loop/run makes its traffic with it. */
#include <stdio.h>
#include <string.h>

#include "fovea/data.h"

static fv_error *write_ppm(const fv_image *image, const char *path) {
    const float *values = image->pixels;
    int64_t count = image->height * image->width * image->channels;
    FILE *file = fopen(path, "wb");
    if (!file) return fv_fail(FV_IO, "%s cannot be written", path);
    fprintf(file, "P6\n%d %d\n255\n", (int)image->width, (int)image->height);
    for (int64_t i = 0; i < count; i++) {
        float level = values[i] * 255 + 0.5f;
        fputc(level < 0 ? 0 : level > 255 ? 255 : (int)level, file);
    }
    return fclose(file) ? fv_fail(FV_IO, "%s cannot be written", path) : NULL;
}

/* Values 0…1, as a list without normalize leaves them. `number` is the picture's place: what is random is drawn by it. */
static fv_error *shift(const fv_transforms *transforms, int number, fv_image *image) {
    fv_draw key = { .seed = 1, .epoch = 0, .position = (uint32_t)number, .sample = number };
    FV_TRY(fv_transforms_apply(transforms, FV_TRAINING, &key, image));
    return image->channels == 3 ? NULL : fv_fail(FV_SHAPE, "the picture has %d channels, not 3", (int)image->channels);
}

static fv_error *shift_file(const fv_transforms *transforms, int number, const char *path, const char *folder) {
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    char out[4096];
    fv_image image = { 0 };
    snprintf(out, sizeof out, "%s/%.*s.ppm", folder, (int)strcspn(name, "."), name);
    fv_error *error = fv_image_decode_file(path, &(fv_decode_options){ .channels = 3 }, &image);
    if (!error) error = shift(transforms, number, &image);
    if (!error) error = write_ppm(&image, out);
    fv_image_release(&image);
    return error;
}

static fv_error *shift_made_up(const fv_transforms *transforms) {
    fv_image image = { 0 };
    fv_error *error = fv_image_resize(&image, 8, 8, 3, FV_PIXEL_U8);
    if (!error) memset(image.pixels, 200, 8 * 8 * 3);
    if (!error) error = shift(transforms, 0, &image);
    if (!error) printf("200 of 255 becomes %.0f\n", (double)(255 * *(float *)image.pixels));
    fv_image_release(&image);
    return error;
}

static fv_error *run(int argc, char **argv) {
    FV_OWNED(fv_transforms) transforms = NULL;
    FV_TRY(fv_transforms_parse(argc > 2 ? argv[1] : "brightness factor=0.8,0.8", &transforms));
    if (argc <= 2) return shift_made_up(transforms);
    for (int i = 3; i < argc; i++) FV_TRY(shift_file(transforms, i - 3, argv[i], argv[2]));
    return NULL;
}

int main(int argc, char **argv) {
    char message[2000];
    fv_error *error = run(argc, argv);
    if (error) fprintf(stderr, "shift: %s\n", fv_error_format(error, message, sizeof message));
    int failed = error != NULL;
    fv_error_free(error);
    return failed;
}
