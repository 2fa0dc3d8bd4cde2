/* shared: what formats have in common once their bytes are unpacked: small samples, palettes, inks. */
#include "data/decode/samples.h"

#include <string.h>

#include "core/base/assert.h"
#include "data/image.h"

void fv_samples_unpack(const uint8_t *from, int64_t count, int bits, uint8_t *to) {
    FV_ASSERT(bits == 1 || bits == 2 || bits == 4 || bits == 8);
    int mask = (1 << bits) - 1, shift = 8;
    for (int64_t i = 0; i < count; i++) {
        shift -= bits;
        to[i] = (uint8_t)(*from >> shift & mask);
        if (!shift) from++, shift = 8;
    }
}

/* A macro makes it for u8 and u16; `to` runs behind `from`. */
#define FV_INKS_TO_RGB(name, T, most)                                                                                          \
    static void name(const T *from, T *to, int64_t count, int64_t channels) {                                                  \
        for (int64_t i = 0; i < count; i++, from += channels, to += 3)                                                         \
            for (int c = 0; c < 3; c++) to[c] = (T)(((uint32_t)from[c] * from[3] + (most) / 2) / (most));                      \
    }
FV_INKS_TO_RGB(inks_to_rgb_u8, uint8_t, 255)
FV_INKS_TO_RGB(inks_to_rgb_u16, uint16_t, 65535)

void fv_samples_inks_to_rgb(fv_image *image) {
    FV_ASSERT(image->channels >= 4 && image->pixel != FV_PIXEL_F32);
    int64_t count = image->height * image->width;
    if (image->pixel == FV_PIXEL_U8)
        inks_to_rgb_u8(image->pixels, image->pixels, count, image->channels);
    else
        inks_to_rgb_u16(image->pixels, image->pixels, count, image->channels);
    image->channels = 3;
}

int64_t fv_palette_channels(const fv_palette *palette, int64_t wanted) {
    if (palette->clear && wanted == 4) return 4;
    for (int i = 0; i < palette->count; i++) {
        const uint8_t *c = palette->rgba[i];
        if (c[0] != c[1] || c[0] != c[2]) return 3;
    }
    return 1;
}

fv_error *fv_palette_paint(const fv_palette *palette, const uint8_t *numbers, int64_t count, int64_t channels, uint8_t *to) {
    for (int64_t i = 0; i < count; i++, to += channels) {
        if (numbers[i] >= palette->count)
            return fv_fail(FV_FORMAT, "damaged: a pixel of colour %d in a palette of %d", numbers[i], palette->count);
        memcpy(to, palette->rgba[numbers[i]], (size_t)channels);
    }
    return NULL;
}
