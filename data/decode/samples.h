/* samples.h - what formats share: numbers in little-endian order, samples smaller than a byte, palettes, inks. */
#ifndef FV_DATA_SAMPLES_H
#define FV_DATA_SAMPLES_H

#include "fovea/data.h"

static inline uint32_t fv_le16(const uint8_t *at) { return (uint32_t)at[0] | (uint32_t)at[1] << 8; }
static inline uint32_t fv_le24(const uint8_t *at) { return fv_le16(at) | (uint32_t)at[2] << 16; }
static inline uint32_t fv_le32(const uint8_t *at) { return fv_le16(at) | fv_le16(at + 2) << 16; }

/* `count` samples of 1, 2, 4 or 8 bits, the highest bits of a byte first, into a byte each. */
void fv_samples_unpack(const uint8_t *from, int64_t count, int bits, uint8_t *to);

/* What is left of white light by inks, in place: four channels or more that hold 255 − c, m, y, k (65535 − … in u16) → RGB; as
 * Pillow, (255 − c)(255 − k) / 255, rounded. Channels beyond the four are dropped. */
void fv_samples_inks_to_rgb(fv_image *image);

/* Up to 256 colours that pixels are numbers of. Those from `count` on are not to be used. */
typedef struct fv_palette {
    int count;
    bool clear; /* some colour is not opaque */
    uint8_t rgba[256][4];
} fv_palette;

/* How many channels a picture of these colours has: 4 where alpha is wanted and there is some, 1 when all are greys, or 3. */
int64_t fv_palette_channels(const fv_palette *palette, int64_t wanted);

/* `count` numbers → pixels of `channels` channels. FV_FORMAT: a colour that the palette has not. */
FV_MUST_USE fv_error *fv_palette_paint(const fv_palette *palette, const uint8_t *numbers, int64_t count, int64_t channels,
                                       uint8_t *to);

#endif
