/* resample.c - separable resizing with Pillow's rules, so that a network sees the pixels that it saw in PyTorch.
 *
 * For output x of a line: scale = in / out, s = max(scale, 1) (1 where the filter does not grow), centre = (x + 0.5) · scale;
 * the taps i from ⌊centre − support·s + 0.5⌋ to ⌊centre + support·s + 0.5⌋ − 1, cut to the line, weigh
 * filter((i − centre + 0.5) / s), normalised in double. u8: weights are rounded to 22 bits after the point, sums start at a
 * half, results are cut to 0…255; the horizontal pass comes first and its result is u8 too. f32: sums in double, nothing is
 * cut. */
#include "data/resample.h"

#include <math.h>
#include <stddef.h>

#include "core/base/assert.h"
#include "core/base/memory.h"
#include "core/base/size.h"
#include "data/resample_line.h"

#define PI 3.14159265358979323846

static double bilinear(double x) {
    x = fabs(x);
    return x < 1 ? 1 - x : 0;
}

/* Keys' cubic convolution with a = −0.5. */
static double bicubic(double x) {
    const double a = -0.5;
    x = fabs(x);
    if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
    if (x < 2) return (((x - 5) * x + 8) * x - 4) * a;
    return 0;
}

/* The same with a = −0.75, which PyTorch takes where it does not antialias. */
static double bicubic_plain(double x) {
    const double a = -0.75;
    x = fabs(x);
    if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
    if (x < 2) return (((x - 5) * x + 8) * x - 4) * a;
    return 0;
}

static double one(double x) {
    (void)x;
    return 1;
}

static double sinc(double x) { return x == 0 ? 1 : sin(x * PI) / (x * PI); }
static double lanczos(double x) { return x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0; }

/* `folds`: taps beyond the line's ends are its last pixels; else they are left out and the others weigh more. */
static const struct {
    double (*at)(double x);
    double support;
    bool grows, folds;
} filters[] = {
    [FV_BILINEAR] = { bilinear, 1, .grows = true },         [FV_BICUBIC] = { bicubic, 2, .grows = true },
    [FV_NEAREST] = { .at = one, .support = 0.5 },           [FV_LANCZOS] = { lanczos, 3, .grows = true },
    [FV_PLAIN_BILINEAR] = { .at = bilinear, .support = 1 }, [FV_PLAIN_BICUBIC] = { bicubic_plain, 2, .folds = true },
};

fv_error *fv_filter_plain(fv_filter filter, fv_filter *plain) {
    static const fv_filter plains[] = {
        [FV_BILINEAR] = FV_PLAIN_BILINEAR, [FV_BICUBIC] = FV_PLAIN_BICUBIC, [FV_NEAREST] = FV_NEAREST
    };
    if (filter == FV_LANCZOS) return fv_fail(FV_USAGE, "filter lanczos is always antialiased");
    *plain = plains[filter];
    return NULL;
}

void fv_resample_release(fv_resample_work *work) {
    fv_memory_free(work->memory);
    fv_image_release(&work->middle);
    *work = (fv_resample_work){ 0 };
}

typedef struct axis_size {
    int64_t in, out, stride;
} axis_size;

/* How many times as wide as itself the filter is. */
static double growth(axis_size size, fv_filter filter) {
    return filters[filter].grows ? fmax((double)size.in / (double)size.out, 1) : 1;
}

static axis_size measure(int64_t in, int64_t out, fv_filter filter) {
    int64_t taps = (int64_t)ceil(filters[filter].support * growth((axis_size){ .in = in, .out = out }, filter)) * 2 + 1;
    return (axis_size){ in, out, fv_round_up(taps, 4) };
}

static int64_t axis_bytes(axis_size size) {
    int64_t weights = size.out * size.stride;
    return fv_round_up(weights * (int64_t)(sizeof(double) + 2 * sizeof(int32_t)) + 2 * size.out * (int64_t)sizeof(int32_t), 64);
}

static fv_axis axis_in(void *memory, axis_size size) {
    int64_t weights = size.out * size.stride;
    double *exact = memory;
    int32_t *fixed = (int32_t *)(exact + weights), *packed = fixed + weights, *first = packed + weights;
    return (fv_axis){ size.out, size.stride, exact, fixed, packed, first, first + size.out };
}

static int32_t to_fixed(double weight) { return (int32_t)(weight * (1 << FV_WEIGHT_BITS) + (weight < 0 ? -0.5 : 0.5)); }

/* The weights of one output, not yet normalised; their sum. */
static double weigh(double *weights, int64_t begin, int64_t end, double centre, axis_size size, fv_filter filter) {
    double widen = growth(size, filter), sum = 0;
    int64_t first = fv_max(begin, 0), last = fv_min(end, size.in) - 1;
    for (int64_t i = 0; i < size.stride; i++) weights[i] = 0;
    for (int64_t i = filters[filter].folds ? begin : first; i < end; i++) {
        if (i > last && !filters[filter].folds) break;
        double weight = filters[filter].at(((double)i - centre + 0.5) * (1 / widen));
        weights[fv_min(fv_max(i, first), last) - first] += weight;
        sum += weight;
    }
    return sum;
}

static void fill_axis(fv_axis *axis, axis_size size, fv_filter filter) {
    double scale = (double)size.in / (double)size.out, support = filters[filter].support * growth(size, filter);
    for (int64_t x = 0; x < size.out; x++) {
        double centre = ((double)x + 0.5) * scale;
        int64_t begin = (int64_t)floor(centre - support + 0.5), end = (int64_t)(centre + support + 0.5);
        double *exact = axis->exact + x * axis->stride, sum = weigh(exact, begin, end, centre, size, filter);
        for (int64_t i = 0; i < axis->stride; i++) {
            if (sum != 0) exact[i] /= sum;
            axis->fixed[x * axis->stride + i] = to_fixed(exact[i]);
        }
        axis->first[x] = (int32_t)fv_max(begin, 0);
        axis->count[x] = (int32_t)(fv_min(end, size.in) - fv_max(begin, 0));
    }
    fv_resample_pack(axis);
}

static fv_error *reserve(fv_resample_work *work, int64_t bytes) {
    if (bytes <= work->capacity) return NULL;
    fv_memory_free(work->memory);
    work->memory = NULL;
    work->capacity = 0;
    FV_TRY(fv_memory_alloc(bytes, 1, &work->memory));
    work->capacity = bytes;
    return NULL;
}

/* Rows [top, top + height) of `box` in `in`, each from `width` to across->out pixels; u8 in pairs. */
static void pass_across(const fv_image *in, fv_box_of_pixels rows, const fv_axis *across, fv_image *out) {
    int64_t stride = fv_image_row_bytes(in), size = fv_image_pixel_bytes(in), to_stride = fv_image_row_bytes(out);
    const uint8_t *from = (const uint8_t *)in->pixels + rows.top * stride + rows.left * size;
    const uint8_t *end = (const uint8_t *)in->pixels + fv_image_bytes(in);
    uint8_t *to = out->pixels;
    if (in->pixel == FV_PIXEL_F32) {
        for (int64_t y = 0; y < rows.height; y++, from += stride, to += to_stride)
            fv_resample_across_f32((const float *)from, in->channels, across, (float *)to);
        return;
    }
    for (int64_t y = 0; y + 1 < rows.height; y += 2, from += 2 * stride, to += 2 * to_stride)
        fv_resample_across_two_u8(from, stride, end - from, in->channels, across, to, to_stride);
    if (rows.height % 2) fv_resample_across_u8(from, end - from, in->channels, across, to);
}

/* `columns` elements a row, from rows `stride` bytes apart; tap 0 of the axis is row `top` of `in`. */
static void pass_down(const uint8_t *from, int64_t stride, int64_t top, const fv_axis *down, fv_image *out) {
    int64_t columns = out->width * out->channels;
    uint8_t *to = out->pixels;
    for (int64_t y = 0; y < out->height; y++, to += fv_image_row_bytes(out)) {
        const uint8_t *rows = from + (down->first[y] - top) * stride;
        if (out->pixel == FV_PIXEL_U8)
            fv_resample_down_u8(rows, stride, columns, down, y, to);
        else
            fv_resample_down_f32((const float *)rows, stride / (int64_t)sizeof(float), columns, down, y, (float *)to);
    }
}

fv_error *fv_resample(const fv_image *in, fv_box_of_pixels box, int64_t height, int64_t width, fv_filter filter,
                      fv_resample_work *work, fv_image *out) {
    FV_ASSERT(in != out && in->pixel != FV_PIXEL_U16 && height > 0 && width > 0 && box.height > 0 && box.width > 0);
    FV_ASSERT(box.top >= 0 && box.left >= 0 && box.top + box.height <= in->height && box.left + box.width <= in->width);
    FV_TRY(fv_image_resize(out, height, width, in->channels, in->pixel));
    axis_size across_size = measure(box.width, width, filter), down_size = measure(box.height, height, filter);
    FV_TRY(reserve(work, axis_bytes(across_size) + axis_bytes(down_size)));
    fv_axis across = axis_in(work->memory, across_size);
    fv_axis down = axis_in((uint8_t *)work->memory + axis_bytes(across_size), down_size);
    fill_axis(&across, across_size, filter);
    fill_axis(&down, down_size, filter);

    /* The horizontal pass makes only the rows that the vertical one will read. */
    fv_box_of_pixels rows = box;
    int64_t begin = down.first[0], end = down.first[height - 1] + down.count[height - 1];
    rows.top += begin;
    rows.height = end - begin;
    if (box.width == width) {
        int64_t stride = fv_image_row_bytes(in);
        const uint8_t *from = (const uint8_t *)in->pixels + rows.top * stride + rows.left * fv_image_pixel_bytes(in);
        pass_down(from, stride, begin, &down, out);
        return NULL;
    }
    fv_image *middle = box.height == height ? out : &work->middle;
    FV_TRY(fv_image_resize(middle, rows.height, width, in->channels, in->pixel));
    pass_across(in, rows, &across, middle);
    if (middle != out) pass_down(middle->pixels, fv_image_row_bytes(middle), begin, &down, out);
    return NULL;
}
