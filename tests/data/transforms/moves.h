/* moves.h - what the tests of geometric transforms share: pictures whose every pixel is told from the others, and a step run
 * under a key of random numbers with its pixels kept as they are. */
#ifndef FV_TEST_MOVES_H
#define FV_TEST_MOVES_H

#include "core/base/memory.h"
#include "data/transform.h"
#include "tests/data/pictures.h"

/* Noise that is the same everywhere; f32 has fractions. */
static inline void fv_moves_noise(fv_image *image, int64_t height, int64_t width, int64_t channels, fv_pixel pixel) {
    uint32_t state = 7;
    FV_OK(fv_image_resize(image, height, width, channels, pixel));
    for (int64_t i = 0; i < height * width * channels; i++) {
        state = state * 1664525u + 1013904223u;
        if (pixel == FV_PIXEL_U8)
            ((uint8_t *)image->pixels)[i] = (uint8_t)(state >> 24);
        else
            ((float *)image->pixels)[i] = (float)(state >> 8) / 65793.0f;
    }
}

static inline void fv_moves_copy(const fv_image *from, fv_image *to) {
    FV_OK(fv_image_copy(to, fv_image_size(from), from->pixel, from->pixels));
}

/* One step in training with random numbers of that stream, as fv_transforms_run hands them out; nothing is divided at the end.
 */
static inline fv_error *fv_moves_try_with(const char *step, uint32_t stream, fv_draw draw, fv_image *image) {
    FV_OWNED(fv_arena) arena = NULL;
    __attribute__((cleanup(fv_workspace_release))) fv_workspace work = { 0 };
    FV_TRY(fv_arena_new("test", 1 << 20, &arena));
    for (int i = 0; i < fv_transform_table_count; i++) {
        const fv_transform *transform = fv_transform_table[i];
        size_t length = strlen(transform->name);
        if (strncmp(step, transform->name, length) || (step[length] && step[length] != ' ')) continue;
        void *options = NULL;
        FV_TRY(fv_arena_alloc(arena, fv_fields_size(transform->fields), 1, &options));
        FV_TRY(fv_fields_parse(transform->fields, options, step + length, arena));
        if (transform->check) FV_TRY(transform->check(options));
        fv_random random = fv_random_at(draw.seed, stream, draw.epoch, draw.position);
        return transform->apply(&(fv_transform_call){ options, &random, &draw, image, &work, NULL, NULL });
    }
    return fv_fail(FV_NOT_FOUND, "no transform %s", step);
}

static inline fv_error *fv_moves_try(const char *step, fv_draw draw, fv_image *image) {
    return fv_moves_try_with(step, fv_random_stream(step), draw, image);
}

static inline void fv_moves_run(const char *step, uint32_t position, fv_image *image) {
    FV_OK(fv_moves_try(step, (fv_draw){ 5, 0, position, 0 }, image));
}

static inline bool fv_moves_same(const fv_image *a, const fv_image *b) {
    return a->height == b->height && a->width == b->width && a->channels == b->channels && a->pixel == b->pixel &&
           !memcmp(a->pixels, b->pixels, (size_t)fv_image_bytes(a));
}

/* The bytes of pixel (y, x). */
static inline const uint8_t *fv_moves_at(const fv_image *image, int64_t y, int64_t x) {
    return (const uint8_t *)image->pixels + y * fv_image_row_bytes(image) + x * fv_image_pixel_bytes(image);
}

#endif
