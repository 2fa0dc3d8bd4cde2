/* orientation.c - the turn that a camera wrote down instead of making: EXIF tag 0x112 (EXIF 2.32, section 4.6.4). It says which
 * sides of the upright picture the stored row 0 and column 0 are: 1 top, left; 2 top, right; 3 bottom, right; 4 bottom, left;
 * 5 left, top; 6 right, top; 7 right, bottom; 8 left, bottom. */
#include <string.h>

#include "core/base/assert.h"
#include "core/base/size.h"
#include "data/image.h"

/* Numbers of a TIFF block, in its byte order; false beyond its end. */
typedef struct tiff {
    const uint8_t *bytes;
    int64_t length;
    bool little;
} tiff;

static bool tiff_u16(const tiff *block, int64_t at, uint32_t *out) {
    if (at < 0 || at > block->length - 2) return false;
    const uint8_t *b = block->bytes + at;
    *out = block->little ? (uint32_t)(b[0] | b[1] << 8) : (uint32_t)(b[0] << 8 | b[1]);
    return true;
}

static bool tiff_u32(const tiff *block, int64_t at, uint32_t *out) {
    uint32_t first, second;
    if (!tiff_u16(block, at, &first) || !tiff_u16(block, at + 2, &second)) return false;
    *out = block->little ? first | second << 16 : first << 16 | second;
    return true;
}

int fv_exif_orientation(const uint8_t *bytes, int64_t length) {
    if (length >= 6 && !memcmp(bytes, "Exif\0\0", 6)) bytes += 6, length -= 6;
    tiff block = { bytes, length, length >= 2 && bytes[0] == 'I' };
    uint32_t mark, folder, entries;
    if (length < 8 || (memcmp(bytes, "II", 2) && memcmp(bytes, "MM", 2))) return 1;
    if (!tiff_u16(&block, 2, &mark) || mark != 42 || !tiff_u32(&block, 4, &folder) || !tiff_u16(&block, folder, &entries))
        return 1;
    for (uint32_t i = 0; i < entries; i++) {
        int64_t at = (int64_t)folder + 2 + 12 * (int64_t)i;
        uint32_t tag, type, value;
        if (!tiff_u16(&block, at, &tag) || !tiff_u16(&block, at + 2, &type)) return 1;
        if (tag != 0x112) continue;
        bool known = type == 3 ? tiff_u16(&block, at + 8, &value) : type == 4 && tiff_u32(&block, at + 8, &value);
        return known && value >= 1 && value <= 8 ? (int)value : 1;
    }
    return 1;
}

#define TILE 32 /* pixels a side: what a turn writes across stays in the cache meanwhile */

/* Copies pixels of `size` bytes so that stored row r, column c lands at to[r · row_step + c · column_step] (in pixels). */
static inline void scatter(const fv_image *from, uint8_t *to, int64_t row_step, int64_t column_step, int64_t size) {
    int64_t tiles = (from->height + TILE - 1) / TILE;
    for (int64_t tile = 0; tile < tiles; tile++)
        for (int64_t left = 0; left < from->width; left += TILE) {
            int64_t bottom = fv_min((tile + 1) * TILE, from->height), right = fv_min(left + TILE, from->width);
            for (int64_t r = tile * TILE; r < bottom; r++) {
                const uint8_t *pixel = (const uint8_t *)from->pixels + (r * from->width + left) * size;
                uint8_t *at = to + (r * row_step + left * column_step) * size;
                for (int64_t c = left; c < right; c++, pixel += size, at += column_step * size)
                    for (int64_t b = 0; b < size; b++) at[b] = pixel[b];
            }
        }
}

fv_error *fv_image_turn_to(const fv_image *image, int orientation, fv_image *out) {
    FV_ASSERT(orientation >= 1 && orientation <= 8 && image != out);
    bool turned = orientation >= 5;                                                                /* rows become columns */
    bool rows_back = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7; /* row 0 is last */
    bool columns_back = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
    int64_t height = turned ? image->width : image->height, width = turned ? image->height : image->width;
    FV_TRY(fv_image_resize(out, height, width, image->channels, image->pixel));
    int64_t row_step = turned ? 1 : width, column_step = turned ? width : 1, size = fv_image_pixel_bytes(image);
    uint8_t *first = out->pixels;
    if (rows_back) first += (image->height - 1) * row_step * size, row_step = -row_step;
    if (columns_back) first += (image->width - 1) * column_step * size, column_step = -column_step;
    switch (size) { /* a constant lets the compiler move words */
    case 1: scatter(image, first, row_step, column_step, 1); break;
    case 3: scatter(image, first, row_step, column_step, 3); break;
    case 4: scatter(image, first, row_step, column_step, 4); break;
    case 12: scatter(image, first, row_step, column_step, 12); break;
    default: scatter(image, first, row_step, column_step, size);
    }
    return NULL;
}

fv_error *fv_image_turn(fv_image *image, int orientation) {
    if (orientation == 1 || !image->height || !image->width) return NULL;
    FV_IMAGE(upright);
    FV_TRY(fv_image_turn_to(image, orientation, &upright));
    fv_image_swap(image, &upright);
    return NULL;
}
