/* mirror.c - flips: a row is exchanged from both ends towards the middle, rows as a whole. */
#include "data/mirror.h"

#include <string.h>

#include "core/base/size.h"

static inline void swap_bytes(uint8_t *a, uint8_t *b, int64_t size) {
    uint8_t kept[64];
    memcpy(kept, a, (size_t)size);
    memcpy(a, b, (size_t)size);
    memcpy(b, kept, (size_t)size);
}

/* Pixels [begin, width − begin) of a row. */
static inline void mirror_row(uint8_t *row, int64_t begin, int64_t width, int64_t size) {
    uint8_t *left = row + begin * size, *right = row + (width - 1 - begin) * size;
    for (; left < right; left += size, right -= size)
        for (int64_t b = 0; b < size; b += 64) swap_bytes(left + b, right + b, fv_min(size - b, 64));
}

static inline void mirror_row_rgb(uint8_t *row, int64_t width) {
    int64_t done = 0;
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2")) done = fv_mirror_row_rgb_avx2(row, width);
#endif
    mirror_row(row, done, width, 3);
}

void fv_image_mirror(fv_image *image) {
    int64_t width = image->width, size = fv_image_pixel_bytes(image);
    uint8_t *row = image->pixels;
    for (int64_t y = 0; y < image->height; y++, row += fv_image_row_bytes(image))
        switch (size) { /* a constant lets the compiler exchange words */
        case 1: mirror_row(row, 0, width, 1); break;
        case 3: mirror_row_rgb(row, width); break;
        case 4: mirror_row(row, 0, width, 4); break;
        case 12: mirror_row(row, 0, width, 12); break;
        default: mirror_row(row, 0, width, size);
        }
}

void fv_image_upside_down(fv_image *image) {
    int64_t stride = fv_image_row_bytes(image);
    uint8_t *top = image->pixels, *bottom = top + (image->height - 1) * stride;
    for (; top < bottom; top += stride, bottom -= stride)
        for (int64_t b = 0; b < stride; b += 64) swap_bytes(top + b, bottom + b, fv_min(stride - b, 64));
}
