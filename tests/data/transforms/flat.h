/* flat.h - a picture of one value, so that what a transform does can be read off it. */
#ifndef FV_TEST_FLAT_H
#define FV_TEST_FLAT_H

#include <stdio.h>
#include <string.h>

#include "data/transform.h"
#include "tests/data/pictures.h"

/* u8, every value `value`. */
static inline void flat(int64_t height, int64_t width, int64_t channels, uint8_t value, fv_image *image) {
    FV_OK(fv_image_resize(image, height, width, channels, FV_PIXEL_U8));
    memset(image->pixels, value, (size_t)fv_image_bytes(image));
}

/* `text` in training at `position`; the values stay on 0…255, in f32. */
static inline void transform(const char *text, uint32_t position, fv_image *image) {
    char list[256];
    snprintf(list, sizeof list, "%s; normalize scale=1", text);
    FV_OWNED(fv_transforms) transforms = NULL;
    FV_OK(fv_transforms_parse(list, &transforms));
    FV_OK(fv_transforms_apply(transforms, FV_TRAINING, &(fv_draw){ .seed = 9, .epoch = 2, .position = position }, image));
}

static inline float value_at(const fv_image *image, int64_t y, int64_t x, int64_t channel) {
    return ((const float *)image->pixels)[(y * image->width + x) * image->channels + channel];
}

/* Pixels whose channel 0 is `value`, and the box around them: top, left, bottom, right, the latter two exclusive. */
static inline int64_t find_box(const fv_image *image, float value, int64_t box[4]) {
    int64_t found = 0;
    box[0] = image->height, box[1] = image->width, box[2] = box[3] = 0;
    for (int64_t y = 0; y < image->height; y++)
        for (int64_t x = 0; x < image->width; x++) {
            if (value_at(image, y, x, 0) != value) continue;
            found++;
            box[0] = y < box[0] ? y : box[0];
            box[1] = x < box[1] ? x : box[1];
            box[2] = y + 1;
            box[3] = x + 1 > box[3] ? x + 1 : box[3];
        }
    return found;
}

#endif
