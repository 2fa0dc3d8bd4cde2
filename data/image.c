/* image.c - a picture's memory, and its channels. */
#include "data/image.h"

#include <math.h>
#include <string.h>

#include "core/base/assert.h"
#include "core/base/memory.h"
#include "core/base/size.h"
#include "data/colour.h"

int64_t fv_pixel_size(fv_pixel pixel) { return pixel == FV_PIXEL_U8 ? 1 : pixel == FV_PIXEL_U16 ? 2 : 4; }

fv_error *fv_image_resize(fv_image *image, int64_t height, int64_t width, int64_t channels, fv_pixel pixel) {
    int64_t bytes;
    if (!fv_size_mul(height, width, &bytes) || !fv_size_mul(bytes, channels, &bytes) ||
        !fv_size_mul(bytes, fv_pixel_size(pixel), &bytes))
        return fv_fail(FV_MEMORY, "a picture of %lld×%lld×%lld does not fit into memory", (long long)height, (long long)width,
                       (long long)channels);
    if (bytes > image->capacity || !image->pixels) {
        fv_image_release(image);
        FV_TRY(fv_memory_alloc(bytes, 1, &image->pixels));
        image->capacity = bytes;
    }
    image->height = height;
    image->width = width;
    image->channels = channels;
    image->pixel = pixel;
    return NULL;
}

void fv_image_release(fv_image *image) {
    fv_memory_free(image->pixels);
    *image = (fv_image){ 0 };
}

fv_error *fv_image_copy(fv_image *image, fv_size size, fv_pixel pixel, const void *pixels) {
    FV_TRY(fv_image_resize(image, size.height, size.width, size.channels, pixel));
    memcpy(image->pixels, pixels, (size_t)fv_image_bytes(image));
    return NULL;
}

void fv_image_to_bytes(fv_image *image) {
    const uint16_t *wide = image->pixels;
    const float *floats = image->pixels;
    uint8_t *to = image->pixels; /* never ahead of what it is made from */
    int64_t count = image->height * image->width * image->channels;
    for (int64_t i = 0; i < count && image->pixel == FV_PIXEL_U16; i++) to[i] = (uint8_t)(wide[i] >> 8);
    for (int64_t i = 0; i < count && image->pixel == FV_PIXEL_F32; i++)
        to[i] = (uint8_t)lrintf(fminf(fmaxf(floats[i], 0), 255));
    image->pixel = FV_PIXEL_U8;
}

/* ---- channels: one pixel at a time, front to back when there get fewer, back to front when there get more ---- */

static inline float grey_f32(float r, float g, float b) { return fv_colour_grey_of((const float[]){ r, g, b }); }

/* `from` → `to`, which may be the same memory. A macro makes it for each type. */
#define FV_CONVERT_PIXEL(name, T, opaque, grey_of)                                                                             \
    static inline void name(const T *from, int64_t had, T *to, int64_t wanted) {                                               \
        bool colour = had >= 3;                                                                                                \
        T r = from[0], g = from[colour ? 1 : 0], b = from[colour ? 2 : 0];                                                     \
        T a = had == 2 || had == 4 ? from[had - 1] : (opaque);                                                                 \
        if (wanted == 1) {                                                                                                     \
            to[0] = colour ? (T)grey_of(r, g, b) : r;                                                                          \
            return;                                                                                                            \
        }                                                                                                                      \
        to[0] = r;                                                                                                             \
        to[1] = g;                                                                                                             \
        to[2] = b;                                                                                                             \
        if (wanted == 4) to[3] = a;                                                                                            \
    }
FV_CONVERT_PIXEL(convert_u8, uint8_t, 255, fv_grey)
FV_CONVERT_PIXEL(convert_u16, uint16_t, 65535, fv_grey)
FV_CONVERT_PIXEL(convert_f32, float, 255, grey_f32)

static void convert(const fv_image *from, fv_image *to) {
    int64_t count = from->height * from->width, had = from->channels, wanted = to->channels;
    for (int64_t n = 0; n < count; n++) {
        int64_t i = wanted > had ? count - 1 - n : n;
        if (from->pixel == FV_PIXEL_U8)
            convert_u8((const uint8_t *)from->pixels + i * had, had, (uint8_t *)to->pixels + i * wanted, wanted);
        else if (from->pixel == FV_PIXEL_F32)
            convert_f32((const float *)from->pixels + i * had, had, (float *)to->pixels + i * wanted, wanted);
        else
            convert_u16((const uint16_t *)from->pixels + i * had, had, (uint16_t *)to->pixels + i * wanted, wanted);
    }
}

fv_error *fv_image_to_channels(fv_image *image, int64_t channels) {
    FV_ASSERT(image->channels >= 1 && image->channels <= 4);
    FV_ASSERT(channels == 1 || channels == 3 || channels == 4);
    if (channels == image->channels) return NULL;
    fv_image target = *image;
    target.channels = channels;
    if (fv_image_bytes(&target) <= image->capacity) {
        convert(image, &target);
        image->channels = channels;
        return NULL;
    }
    FV_IMAGE(wider);
    FV_TRY(fv_image_resize(&wider, image->height, image->width, channels, image->pixel));
    convert(image, &wider);
    fv_image_swap(image, &wider);
    return NULL;
}
