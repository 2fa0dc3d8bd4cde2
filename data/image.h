/* image.h - what can be done with a picture in memory beside transforms: other channels, the turn that EXIF asks for. */
#ifndef FV_DATA_IMAGE_H
#define FV_DATA_IMAGE_H

#include "fovea/data.h"

#define FV_IMAGE(name) __attribute__((cleanup(fv_image_release))) fv_image name = { 0 }

static inline int64_t fv_image_pixel_bytes(const fv_image *image) { return image->channels * fv_pixel_size(image->pixel); }
static inline int64_t fv_image_row_bytes(const fv_image *image) { return image->width * fv_image_pixel_bytes(image); }
static inline int64_t fv_image_bytes(const fv_image *image) { return image->height * fv_image_row_bytes(image); }
static inline const uint8_t *fv_image_at(const fv_image *image, int64_t row, int64_t column) {
    return (const uint8_t *)image->pixels + (row * image->width + column) * fv_image_pixel_bytes(image);
}
static inline void fv_image_swap(fv_image *a, fv_image *b) {
    fv_image swapped = *a;
    *a = *b;
    *b = swapped;
}
static inline fv_size fv_image_size(const fv_image *image) { return (fv_size){ image->height, image->width, image->channels }; }

/* A part of a picture, in whole pixels. */
typedef struct fv_box_of_pixels {
    int64_t top, left, height, width;
} fv_box_of_pixels;
/* What an image holds of a picture of height × width. */
typedef struct fv_view {
    int64_t height, width;
    fv_box_of_pixels box; /* inside it */
} fv_view;
static inline fv_view fv_view_whole(int64_t height, int64_t width) {
    return (fv_view){ height, width, { 0, 0, height, width } };
}
static inline bool fv_box_is_inside(fv_box_of_pixels box, fv_box_of_pixels other) {
    return box.top >= other.top && box.left >= other.left && box.top + box.height <= other.top + other.height &&
           box.left + box.width <= other.left + other.width;
}

/* Grey of RGB, for u8 and u16, as in Pillow. */
static inline uint32_t fv_grey(uint32_t r, uint32_t g, uint32_t b) { return (19595 * r + 38470 * g + 7471 * b + 0x8000) >> 16; }

/* `pixels`, of that size and type, copied into `image`. */
FV_MUST_USE fv_error *fv_image_copy(fv_image *image, fv_size size, fv_pixel pixel, const void *pixels);

/* From 1 (grey), 2 (grey, alpha), 3 (RGB) or 4 (RGB, alpha) channels to 1, 3 or 4, of any type. Alpha is dropped, or opaque
 * when it is new. Grey of RGB is Pillow's: (19595 R + 38470 G + 7471 B + 32768) >> 16. */
FV_MUST_USE fv_error *fv_image_to_channels(fv_image *image, int64_t channels);

/* In place: u16 → the high byte, f32 → rounded, what lies outside 0…255 cut off. */
void fv_image_to_bytes(fv_image *image);

/* EXIF orientation 1…8 → the picture upright. 1 is upright; 2 to 4 are mirrored or turned by 180°; 5 to 8 exchange width and
 * height. */
FV_MUST_USE fv_error *fv_image_turn(fv_image *image, int orientation);
/* The same into another picture, whose memory is used again. */
FV_MUST_USE fv_error *fv_image_turn_to(const fv_image *image, int orientation, fv_image *out);

/* The orientation that an EXIF block (from its TIFF header on, or with "Exif" and two zeros before) states; 1 where it states
 * none or nonsense. */
int fv_exif_orientation(const uint8_t *bytes, int64_t length);

#endif
