/* augment.c - sees what transforms make of a picture: 16 samples, side by side, as one picture; where all are alike, one of
 * them behind the picture as it was. Several pictures (of one size) are drawn in turn, and go through a loader, which gives
 * each its partner where a step mixes two.
 *
 *   cc augment.c $(pkg-config --cflags --libs fovea) -o augment
 *   ./augment cat.jpg "hflip; brightness factor=0.5,1.5" > sheet.ppm
 *   ./augment cat.jpg coffee.jpg rocket.jpg "cutmix" > sheet.ppm
 *
 * The picture that it writes is a binary PPM, which most viewers know. Without arguments it only counts how many samples of a
 * small made-up picture differ. Every sample is a position in an epoch; the same positions give the same samples, always. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fovea/data.h"

enum { SAMPLES = 16, GAP = 4 };

static fv_error *made_up(fv_image *image) {
    FV_TRY(fv_image_resize(image, 32, 48, 3, FV_PIXEL_U8));
    for (int64_t i = 0; i < 32 * 48 * 3; i++) ((unsigned char *)image->pixels)[i] = (unsigned char)(i % 144 + i / 144 * 3);
    return NULL;
}

/* `samples` from `picture`, each with values 0…1, which is what a list without normalize ends in. */
static fv_error *draw(const fv_image *picture, const fv_transforms *transforms, fv_image samples[SAMPLES]) {
    for (int s = 0; s < SAMPLES; s++) {
        FV_TRY(fv_image_resize(&samples[s], picture->height, picture->width, picture->channels, picture->pixel));
        memcpy(samples[s].pixels, picture->pixels, (size_t)(picture->height * picture->width * picture->channels));
        fv_draw key = { .seed = 1, .epoch = 0, .position = (uint32_t)s, .sample = s };
        FV_TRY(fv_transforms_apply(transforms, FV_TRAINING, &key, &samples[s]));
    }
    return NULL;
}

/* The same of several pictures: one epoch in one batch. */
static fv_error *draw_batch(char *const *paths, int count, const fv_transforms *transforms, fv_image samples[SAMPLES]) {
    FV_OWNED(fv_dataset) set = NULL;
    FV_OWNED(fv_subset) all = NULL;
    FV_OWNED(fv_loader) loader = NULL;
    const char *in_turn[SAMPLES];
    const fv_batch *batch;
    for (int s = 0; s < SAMPLES; s++) in_turn[s] = paths[s % count];
    FV_TRY(fv_dataset_of_paths(in_turn, SAMPLES, &(fv_dataset_options){ .channels = 3 }, &set));
    FV_TRY(fv_subset_part(set, NULL, &all));
    FV_TRY(fv_loader_new(all, transforms, &(fv_loader_options){ .batch = SAMPLES, .in_order = true, .seed = 1 }, &loader));
    FV_TRY(fv_loader_start(loader, 0, 0));
    FV_TRY(fv_loader_next(loader, &batch));
    int64_t values = batch->size.height * batch->size.width * batch->size.channels;
    for (int s = 0; s < SAMPLES; s++) {
        FV_TRY(fv_image_resize(&samples[s], batch->size.height, batch->size.width, batch->size.channels, FV_PIXEL_F32));
        memcpy(samples[s].pixels, batch->images + s * values, (size_t)values * sizeof(float));
    }
    return NULL;
}

static int64_t largest(const fv_image samples[SAMPLES], int height) {
    int64_t most = 0;
    for (int s = 0; s < SAMPLES; s++) {
        int64_t side = height ? samples[s].height : samples[s].width;
        most = side > most ? side : most;
    }
    return most;
}

static int differ(const fv_image samples[SAMPLES]) {
    int others = 0;
    for (int s = 1; s < SAMPLES; s++)
        others += samples[s].height != samples[0].height || samples[s].width != samples[0].width ||
                  memcmp(samples[s].pixels, samples[0].pixels, (size_t)(samples[0].height * samples[0].width * 12)) != 0;
    return others;
}

/* Steps that leave values of both signs (normalize) are shown around grey, ±2.5 from black to white. */
static void show_signed(fv_image *sample) {
    float *values = sample->pixels, lowest = 0;
    int64_t count = sample->height * sample->width * sample->channels;
    for (int64_t i = 0; i < count; i++) lowest = values[i] < lowest ? values[i] : lowest;
    for (int64_t i = 0; i < count && lowest < 0; i++) {
        float shown = 0.5f + values[i] / 5;
        values[i] = shown < 0 ? 0 : shown > 1 ? 1 : shown;
    }
}

/* The picture as it was in place of the first sample. */
static fv_error *put_first(const fv_image *picture, fv_image *sample) {
    int64_t count = picture->height * picture->width * picture->channels;
    FV_TRY(fv_image_resize(sample, picture->height, picture->width, picture->channels, FV_PIXEL_F32));
    for (int64_t i = 0; i < count; i++) ((float *)sample->pixels)[i] = (float)((const unsigned char *)picture->pixels)[i] / 255;
    return NULL;
}

/* `rows` × `columns` of them on white, each in the middle of its cell. */
static void print_sheet(const fv_image samples[SAMPLES], int rows, int columns, FILE *out) {
    int64_t height = largest(samples, 1) + GAP, width = largest(samples, 0) + GAP;
    fprintf(out, "P6 %d %d 255\n", (int)(columns * width + GAP), (int)(rows * height + GAP));
    for (int64_t y = 0; y < rows * height + GAP; y++)
        for (int64_t x = 0; x < columns * width + GAP; x++) {
            int64_t row = (y - GAP) / height, column = (x - GAP) / width;
            const fv_image *sample = &samples[(row < rows ? row : 0) * columns + (column < columns ? column : 0)];
            int64_t v = y - GAP - row * height - (height - GAP - sample->height) / 2;
            int64_t u = x - GAP - column * width - (width - GAP - sample->width) / 2;
            int inside = y >= GAP && x >= GAP && v >= 0 && v < sample->height && u >= 0 && u < sample->width;
            const float *pixel = inside ? (const float *)sample->pixels + (v * sample->width + u) * sample->channels : NULL;
            for (int c = 0; c < 3; c++) fputc(pixel ? (int)(pixel[sample->channels == 3 ? c : 0] * 255 + 0.5f) : 255, out);
        }
}

static fv_error *run(char *const *paths, int count, const char *steps, fv_image *picture, fv_image samples[SAMPLES]) {
    FV_OWNED(fv_transforms) transforms = NULL;
    FV_TRY(count ? fv_image_decode_file(paths[0], &(fv_decode_options){ .channels = 3 }, picture) : made_up(picture));
    FV_TRY(fv_transforms_parse(steps, &transforms));
    FV_TRY(count > 1 ? draw_batch(paths, count, transforms, samples) : draw(picture, transforms, samples));
    int others = differ(samples);
    if (!count) return printf("%d of 15 samples differ from the first\n", others), NULL;
    for (int s = 0; s < SAMPLES; s++) show_signed(&samples[s]);
    if (!others) FV_TRY(put_first(picture, &samples[0]));
    print_sheet(samples, others ? 2 : 1, others ? 8 : 2, stdout);
    return NULL;
}

int main(int argc, char **argv) {
    fv_image picture = { 0 }, samples[SAMPLES] = { 0 };
    if (argc == 2) return fprintf(stderr, "usage: augment [PICTURE... \"STEPS\"]\n"), 2;
    int pictures = argc < 3 ? 0 : argc - 2;
    fv_error *error =
        run(argv + 1, pictures, pictures ? argv[argc - 1] : "brightness factor=0.5,1.5; shadow", &picture, samples);
    fv_image_release(&picture);
    for (int s = 0; s < SAMPLES; s++) fv_image_release(&samples[s]);
    if (error) fprintf(stderr, "%s\n", fv_error_message(error));
    int failed = error != NULL;
    fv_error_free(error);
    return failed;
}
