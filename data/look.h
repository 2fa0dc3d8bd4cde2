/* look.h - what one picture looks like, in numbers: how bright and sharp it is, and by what it is known again. */
#ifndef FV_DATA_LOOK_H
#define FV_DATA_LOOK_H

#include "data/image.h"

#define FV_LOOK_SIDE 256 /* a grey picture is reduced to this many pixels along its longer side before it is measured */
#define FV_THUMB_SIDE 8

typedef struct fv_look {
    int64_t height, width;
    int channels, bits; /* as stored; bits are 8, 16, or 32 of a float */
    bool turned;        /* by its EXIF orientation */
    /* Levels of grey, 0…255, that 1, 5 and 99 of 100 pixels do not exceed; the lowest and highest there are. */
    uint8_t percent1, percent5, percent99, lowest, highest;
    float sharpness; /* variance of the Laplacian; NaN for fewer than 3 pixels a side */
    uint64_t hash;   /* perceptual: few bits differ between pictures that look alike */
    uint8_t thumb[FV_THUMB_SIDE * FV_THUMB_SIDE];
    uint8_t content[16]; /* of size and pixels: equal for equal pictures, and in practice for those alone */
} fv_look;

/* `image`: upright, any type, any channel count; it is changed. Of more than three channels the first three are looked at, and
 * floats are stretched from the smallest to the largest. `channels`, `turned` are the caller's to fill in.
 *
 * Sharpness: variance over the inner pixels of the Laplacian (0 1 0, 1 −4 1, 0 1 0), as a measure of focus from Pech-Pacheco et
 * al., "Diatom autofocusing in brightfield microscopy", ICPR 2000. Hash: that of Zauner, "Implementation and benchmarking of
 * perceptual image hash functions", 2010: the grey picture at 32 × 32, its cosine transform, a bit for each of the 8 × 8 lowest
 * coefficients (row by row, the first is the highest bit) that is above their median. */
FV_MUST_USE fv_error *fv_look_at(fv_image *image, fv_look *out);

#endif
