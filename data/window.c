/* window.c - crop and pad. A row is copied in three parts: left of the picture, inside, right of it. */
#include "data/window.h"

#include <math.h>
#include <string.h>

#include "core/base/size.h"

int64_t fv_border_shows(int64_t at, int64_t n, fv_border border) {
    if (at >= 0 && at < n) return at;
    if (border == FV_BORDER_CONSTANT) return -1;
    if (border == FV_BORDER_EDGE) return at < 0 ? 0 : n - 1;
    int64_t twice = border == FV_BORDER_SYMMETRIC; /* the edge */
    int64_t once = at < 0 ? -at - twice : 2 * (n - 1) + twice - at;
    if (once >= 0 && once < n) return once; /* almost always, and without a division */
    int64_t period = fv_max(2 * (n - 1 + twice), 1);
    at = (at % period + period) % period;
    return at < n ? at : period - at - twice;
}

fv_error *fv_border_fill(const fv_image *image, fv_floats fill, fv_workspace *work) {
    if (fill.count > 1 && fill.count != image->channels)
        return fv_fail(FV_SHAPE, "%lld values to fill with for %lld channels", (long long)fill.count,
                       (long long)image->channels);
    FV_TRY(fv_image_resize(&work->fill, 1, 1, image->channels, image->pixel));
    for (int64_t c = 0; c < image->channels; c++) {
        double value = !fill.count ? 0 : fill.at[fill.count > 1 ? c : 0];
        if (image->pixel == FV_PIXEL_U8)
            ((uint8_t *)work->fill.pixels)[c] = (uint8_t)lrint(fmin(fmax(value, 0), 255));
        else
            ((float *)work->fill.pixels)[c] = (float)value;
    }
    return NULL;
}

/* `count` times the same pixel, by copying what is there already. */
static void repeat(const uint8_t *pixel, int64_t size, int64_t count, uint8_t *to) {
    if (count <= 0) return;
    memcpy(to, pixel, (size_t)size);
    for (int64_t done = 1; done < count; done *= 2) memcpy(to + done * size, to, (size_t)(fv_min(done, count - done) * size));
}

/* Pixels [begin, end) of an output row that lie outside the picture; `row` is NULL when all of the row does. */
static void fill_outside(const uint8_t *row, const uint8_t *fill, int64_t size, int64_t width, int64_t left, fv_border border,
                         int64_t begin, int64_t end, uint8_t *to) {
    if (border == FV_BORDER_CONSTANT) {
        repeat(fill, size, end - begin, to + begin * size);
        return;
    }
    for (int64_t x = begin; x < end; x++)
        memcpy(to + x * size, row + fv_border_shows(left + x, width, border) * size, (size_t)size);
}

static void copy_window(const fv_image *image, fv_box_of_pixels window, fv_border border, const uint8_t *fill, fv_image *out) {
    int64_t size = fv_image_pixel_bytes(image), stride = fv_image_row_bytes(image);
    int64_t begin = fv_min(fv_max(-window.left, 0), window.width);
    int64_t end = fv_max(fv_min(image->width - window.left, window.width), begin);
    uint8_t *to = out->pixels;
    for (int64_t y = 0; y < window.height; y++, to += fv_image_row_bytes(out)) {
        int64_t from = fv_border_shows(window.top + y, image->height, border);
        const uint8_t *row = from < 0 ? NULL : (const uint8_t *)image->pixels + from * stride;
        int64_t inside = row ? end : begin; /* without a row all is outside */
        fill_outside(row, fill, size, image->width, window.left, border, 0, begin, to);
        if (inside > begin) memcpy(to + begin * size, row + (window.left + begin) * size, (size_t)((inside - begin) * size));
        fill_outside(row, fill, size, image->width, window.left, border, inside, window.width, to);
    }
}

/* The window lies inside: rows move up within the same memory. */
static void move_up(fv_image *image, fv_box_of_pixels window) {
    int64_t stride = fv_image_row_bytes(image), bytes = window.width * fv_image_pixel_bytes(image);
    uint8_t *pixels = image->pixels;
    const uint8_t *from = pixels + window.top * stride + window.left * fv_image_pixel_bytes(image);
    for (int64_t y = 0; y < window.height; y++) memmove(pixels + y * bytes, from + y * stride, (size_t)bytes);
    image->height = window.height;
    image->width = window.width;
}

fv_error *fv_image_window(fv_image *image, fv_box_of_pixels window, fv_border border, fv_floats fill, fv_workspace *work) {
    if (window.top >= 0 && window.left >= 0 && window.top + window.height <= image->height &&
        window.left + window.width <= image->width) {
        move_up(image, window);
        return NULL;
    }
    FV_TRY(fv_border_fill(image, fill, work));
    FV_TRY(fv_image_resize(&work->spare, window.height, window.width, image->channels, image->pixel));
    copy_window(image, window, border, work->fill.pixels, &work->spare);
    fv_image_swap(image, &work->spare);
    return NULL;
}

/* The part `wanted` of a window, as a window. */
static fv_box_of_pixels part_of(fv_box_of_pixels window, fv_box_of_pixels wanted) {
    return (fv_box_of_pixels){ window.top + wanted.top, window.left + wanted.left, wanted.height, wanted.width };
}

/* What a border shows can lie anywhere: then all is read. */
fv_box_of_pixels fv_crop_reads(fv_size before, fv_box_of_pixels window, fv_box_of_pixels wanted) {
    fv_box_of_pixels all = { 0, 0, before.height, before.width }, part = part_of(window, wanted);
    return fv_box_is_inside(part, all) ? part : all;
}

fv_error *fv_crop(const fv_transform_call *call, fv_box_of_pixels window, fv_border border, fv_floats fill) {
    fv_box_of_pixels held = fv_transform_held(call).box;
    window = part_of(window, fv_transform_wanted(call, (fv_size){ window.height, window.width, 0 }));
    window.top -= held.top;
    window.left -= held.left;
    return fv_image_window(call->image, window, border, fill, call->work);
}
