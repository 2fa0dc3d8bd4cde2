/* transforms.c - times transforms alone, for bench/transforms to drive: reads lines "HEIGHT WIDTH COUNT STEP" and answers each
 * with the processor seconds that the step took on COUNT pictures of that size, three channels of u8, on this thread. Each
 * picture is copied anew before it, untimed; memory is used again, as a loader's worker does it. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/base/memory.h"
#include "data/transform.h"

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Gradients with a little noise: something like a photograph for steps whose time depends on what they see. */
static fv_error *make_picture(int64_t height, int64_t width, fv_image *picture) {
    uint32_t state = 1;
    FV_TRY(fv_image_resize(picture, height, width, 3, FV_PIXEL_U8));
    uint8_t *at = picture->pixels;
    for (int64_t y = 0; y < height; y++)
        for (int64_t x = 0; x < width; x++)
            for (int c = 0; c < 3; c++) {
                state = state * 1664525u + 1013904223u;
                *at++ = (uint8_t)(20 + (c == 1 ? y : x) * 150 / height % 200 + (state >> 28));
            }
    return NULL;
}

static fv_error *find(const char *step, fv_arena *arena, const fv_transform **transform, void **options) {
    for (int i = 0; i < fv_transform_table_count; i++) {
        const fv_transform *t = fv_transform_table[i];
        size_t length = strlen(t->name);
        if (strncmp(step, t->name, length) || (step[length] && step[length] != ' ')) continue;
        *transform = t;
        FV_TRY(fv_arena_alloc(arena, fv_fields_size(t->fields), 1, options));
        FV_TRY(fv_fields_parse(t->fields, *options, step + length, arena));
        return t->check ? t->check(*options) : NULL;
    }
    return fv_fail(FV_USAGE, "no transform \"%s\"", step);
}

static fv_error *measure(int64_t height, int64_t width, int64_t count, const char *step, double *seconds) {
    __attribute__((cleanup(fv_workspace_release))) fv_workspace work = { 0 };
    FV_OWNED(fv_arena) arena = NULL;
    FV_IMAGE(picture);
    FV_IMAGE(image);
    const fv_transform *transform = NULL;
    void *options = NULL;
    FV_TRY(fv_arena_new("bench", 1 << 20, &arena));
    FV_TRY(find(step, arena, &transform, &options));
    FV_TRY(make_picture(height, width, &picture));
    *seconds = 0;
    for (int64_t i = -2; i < count; i++) { /* two to warm up */
        fv_draw draw = { 1, 0, (uint32_t)(i + 2), i + 2 };
        fv_random random = fv_random_at(1, 2, 0, draw.position);
        FV_TRY(fv_image_copy(&image, fv_image_size(&picture), FV_PIXEL_U8, picture.pixels));
        fv_transform_call call = { options, &random, &draw, &image, &work, NULL, NULL };
        double begin = now();
        FV_TRY(transform->apply(&call));
        if (i >= 0) *seconds += now() - begin;
    }
    return NULL;
}

int main(void) {
    char line[1024], step[900];
    long long height, width, count;
    while (fgets(line, sizeof line, stdin)) {
        double seconds;
        if (sscanf(line, "%lld %lld %lld %899[^\n]", &height, &width, &count, step) != 4) return 2;
        fv_error *error = measure(height, width, count, step, &seconds);
        if (error) {
            fprintf(stderr, "%s: %s\n", step, fv_error_message(error));
            fv_error_free(error);
            return 1;
        }
        printf("%.9f\n", seconds);
        fflush(stdout);
    }
    return 0;
}
