/* picture.c - area averages in whole numbers. Along an axis that goes from `had` to `wanted` pixels, pixel i of the result
 * covers i · had … (i + 1) · had and pixel j of the source j · wanted … (j + 1) · wanted, both on a line of had · wanted. */
#include "plot/picture.h"

#include "core/base/assert.h"
#include "core/base/size.h"

void fv_picture_fit(const fv_picture *picture, int64_t box, int64_t *height, int64_t *width) {
    int64_t longer = fv_max(picture->height, picture->width);
    if (longer <= box) {
        *height = picture->height * (box / longer);
        *width = picture->width * (box / longer);
    } else {
        *height = fv_max(1, (picture->height * box + longer / 2) / longer);
        *width = fv_max(1, (picture->width * box + longer / 2) / longer);
    }
}

/* How much of source pixel j lies in pixel i of the result. */
static int64_t overlap(int64_t i, int64_t had, int64_t j, int64_t wanted) {
    return fv_min((i + 1) * had, (j + 1) * wanted) - fv_max(i * had, j * wanted);
}

/* One pixel of the result. A sum is at most 255 · height · width of the source. */
static void average(const fv_picture *p, int64_t height, int64_t width, int64_t y, int64_t x, uint8_t *rgb) {
    int64_t sums[3] = { 0 }, all = p->height * p->width;
    for (int64_t j = y * p->height / height; j < p->height && j * height < (y + 1) * p->height; j++) {
        int64_t down = overlap(y, p->height, j, height);
        for (int64_t i = x * p->width / width; i < p->width && i * width < (x + 1) * p->width; i++) {
            const uint8_t *pixel = p->pixels + (j * p->width + i) * p->channels;
            int64_t weight = down * overlap(x, p->width, i, width);
            for (int c = 0; c < 3; c++) sums[c] += weight * pixel[p->channels < 3 ? 0 : c];
        }
    }
    for (int c = 0; c < 3; c++) rgb[c] = (uint8_t)((sums[c] + all / 2) / all);
}

void fv_picture_scale(const fv_picture *picture, int64_t height, int64_t width, uint8_t *rgb) {
    FV_ASSERT(picture->height > 0 && picture->width > 0 && picture->channels > 0 && height > 0 && width > 0);
    for (int64_t y = 0; y < height; y++)
        for (int64_t x = 0; x < width; x++) average(picture, height, width, y, x, rgb + (y * width + x) * 3);
}
