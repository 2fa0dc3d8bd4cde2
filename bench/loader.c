/* loader.c - runs a loader's epochs, for bench/loader to drive: bench_loader FOLDER MODE BATCH WORKERS CACHE REDUCED
 * TRANSFORMS, then a line on standard input for each epoch, answered with its pictures and its seconds by the clock and of
 * processor time, all threads together. bench_loader FOLDER alone fills that folder with two classes of JPEG files. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <jpeglib.h>

#include "fovea/data.h"

#define FILES 128
#define WIDTH 500
#define HEIGHT 375

/* ---- pictures ---- */

/* Waves that differ from picture to picture, and noise as of a sensor. */
static void fill_row(int picture, int y, uint32_t *state, uint8_t *row) {
    for (int x = 0; x < WIDTH; x++)
        for (int c = 0; c < 3; c++) {
            double wave = sin(0.011 * (picture % 7 + 1) * x + c) + sin(0.017 * (picture % 5 + 1) * y + 0.02 * x);
            *state = *state * 1664525u + 1013904223u;
            row[3 * x + c] = (uint8_t)(128 + 50 * wave + (double)(*state >> 24) / 12);
        }
}

static bool write_picture(const char *folder, int number) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, number % 2 ? "odd" : "even");
    mkdir(path, 0777);
    snprintf(path + strlen(path), sizeof path - strlen(path), "/%d.jpg", number);
    FILE *file = fopen(path, "wb");
    if (!file) return false;
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    uint32_t state = (uint32_t)number;
    uint8_t row[3 * WIDTH], *rows[] = { row };
    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_compress(&jpeg);
    jpeg_stdio_dest(&jpeg, file);
    jpeg.image_width = WIDTH, jpeg.image_height = HEIGHT;
    jpeg.input_components = 3, jpeg.in_color_space = JCS_RGB;
    jpeg_set_defaults(&jpeg);
    jpeg_set_quality(&jpeg, 92, TRUE);
    if (number % 4 < 2) jpeg.comp_info[0].h_samp_factor = jpeg.comp_info[0].v_samp_factor = 1; /* colours of every pixel */
    jpeg_start_compress(&jpeg, TRUE);
    for (int y = 0; y < HEIGHT; y++) {
        fill_row(number, y, &state, row);
        jpeg_write_scanlines(&jpeg, rows, 1);
    }
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    return !fclose(file);
}

static int write_pictures(const char *folder) {
    for (int i = 0; i < FILES; i++)
        if (!write_picture(folder, i)) {
            perror(folder);
            return 1;
        }
    return 0;
}

/* ---- epochs ---- */

static double now(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static fv_error *run_epoch(fv_loader *loader, int64_t epoch) {
    double wall = now(CLOCK_MONOTONIC), processor = now(CLOCK_PROCESS_CPUTIME_ID);
    int64_t pictures = 0;
    FV_TRY(fv_loader_start(loader, epoch, 0));
    for (const fv_batch *batch;;) {
        FV_TRY(fv_loader_next(loader, &batch));
        if (!batch) break;
        pictures += batch->count;
    }
    wall = now(CLOCK_MONOTONIC) - wall;
    processor = now(CLOCK_PROCESS_CPUTIME_ID) - processor;
    printf("%lld %.9f %.9f\n", (long long)pictures, wall, processor);
    fflush(stdout);
    return NULL;
}

static fv_error *run(char **arguments) {
    FV_OWNED(fv_dataset) set = NULL;
    FV_OWNED(fv_subset) all = NULL;
    FV_OWNED(fv_transforms) transforms = NULL;
    FV_OWNED(fv_loader) loader = NULL;
    FV_TRY(fv_dataset_open(arguments[0], NULL, &set));
    FV_TRY(fv_subset_part(set, NULL, &all));
    FV_TRY(fv_transforms_parse(arguments[6], &transforms));
    fv_loader_options options = { .mode = strcmp(arguments[1], "training") ? FV_EVALUATION : FV_TRAINING,
                                  .batch = strtoll(arguments[2], NULL, 10),
                                  .workers = strtoll(arguments[3], NULL, 10),
                                  .cache = (int64_t)strtod(arguments[4], NULL),
                                  .reduced = arguments[5][0] == '1' };
    FV_TRY(fv_loader_new(all, transforms, &options, &loader));
    char line[16];
    for (int64_t epoch = 0; fgets(line, sizeof line, stdin); epoch++) FV_TRY(run_epoch(loader, epoch));
    return NULL;
}

int main(int count, char **arguments) {
    if (count == 2) return write_pictures(arguments[1]);
    if (count != 8) {
        fprintf(stderr, "bench_loader FOLDER [training|evaluation BATCH WORKERS CACHE REDUCED TRANSFORMS]\n");
        return 2;
    }
    fv_error *error = run(arguments + 1);
    if (error) fprintf(stderr, "%s\n", fv_error_message(error));
    fv_error_free(error);
    return error != NULL;
}
