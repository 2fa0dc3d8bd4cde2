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

fv_error *fv_filter_check(int filter, bool antialias) {
    return filter == FV_LANCZOS && !antialias ? fv_fail(FV_USAGE, "filter lanczos is always antialiased") : NULL;
}

fv_filter fv_filter_of(int filter, bool antialias) {
    static const fv_filter plain[] = {
        [FV_BILINEAR] = FV_PLAIN_BILINEAR, [FV_BICUBIC] = FV_PLAIN_BICUBIC, [FV_NEAREST] = FV_NEAREST
    };
    FV_ASSERT(filter != FV_LANCZOS || antialias);
    return antialias ? (fv_filter)filter : plain[filter];
}

void fv_resample_release(fv_resample_work *work) {
    fv_memory_free(work->memory);
    fv_image_release(&work->middle);
    *work = (fv_resample_work){ 0 };
}

/* Outputs [begin, begin + count) of a line that is resized from `in` pixels to `out`. */
typedef struct axis_size {
    int64_t in, out, begin, count, stride;
} axis_size;

/* How many times as wide as itself the filter is. */
static double growth(int64_t in, int64_t out, fv_filter filter) {
    return filters[filter].grows ? fmax((double)in / (double)out, 1) : 1;
}

static axis_size measure(int64_t in, int64_t out, int64_t begin, int64_t count, fv_filter filter) {
    int64_t taps = (int64_t)ceil(filters[filter].support * growth(in, out, filter)) * 2 + 1;
    return (axis_size){ in, out, begin, count, fv_round_up(taps, 4) };
}

static int64_t axis_bytes(axis_size size) {
    int64_t weights = size.count * size.stride;
    return fv_round_up(weights * (int64_t)(sizeof(double) + 2 * sizeof(int32_t)) + 2 * size.count * (int64_t)sizeof(int32_t),
                       64);
}

static fv_axis axis_in(void *memory, axis_size size) {
    int64_t weights = size.count * size.stride;
    double *exact = memory;
    int32_t *fixed = (int32_t *)(exact + weights), *packed = fixed + weights, *first = packed + weights;
    return (fv_axis){ size.count, size.stride, exact, fixed, packed, first, first + size.count, 0 };
}

static int32_t to_fixed(double weight) { return (int32_t)(weight * (1 << FV_WEIGHT_BITS) + (weight < 0 ? -0.5 : 0.5)); }

/* The pixels that output x is made of, before they are cut to the line: [begin, end). */
typedef struct taps {
    double centre;
    int64_t begin, end;
} taps;

static taps taps_of(int64_t in, int64_t out, int64_t x, fv_filter filter) {
    double centre = ((double)x + 0.5) * ((double)in / (double)out), support = filters[filter].support * growth(in, out, filter);
    return (taps){ centre, (int64_t)floor(centre - support + 0.5), (int64_t)(centre + support + 0.5) };
}

/* The weights of one output, not yet normalised; their sum. */
static double weigh(double *weights, taps t, axis_size size, fv_filter filter) {
    double widen = growth(size.in, size.out, filter), sum = 0;
    int64_t first = fv_max(t.begin, 0), last = fv_min(t.end, size.in) - 1;
    for (int64_t i = 0; i < size.stride; i++) weights[i] = 0;
    for (int64_t i = filters[filter].folds ? t.begin : first; i < t.end; i++) {
        if (i > last && !filters[filter].folds) break;
        double weight = filters[filter].at(((double)i - t.centre + 0.5) * (1 / widen));
        weights[fv_min(fv_max(i, first), last) - first] += weight;
        sum += weight;
    }
    return sum;
}

/* Taps are counted from pixel `origin` of the line. */
static void fill_axis(fv_axis *axis, axis_size size, int64_t origin, fv_filter filter) {
    for (int64_t x = 0; x < size.count; x++) {
        taps t = taps_of(size.in, size.out, size.begin + x, filter);
        double *exact = axis->exact + x * axis->stride, sum = weigh(exact, t, size, filter);
        for (int64_t i = 0; i < axis->stride; i++) {
            if (sum != 0) exact[i] /= sum;
            axis->fixed[x * axis->stride + i] = to_fixed(exact[i]);
        }
        axis->first[x] = (int32_t)(fv_max(t.begin, 0) - origin);
        axis->count[x] = (int32_t)(fv_min(t.end, size.in) - fv_max(t.begin, 0));
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

/* `rows` of `in`, each to across->out pixels; u8 several at once. */
static void pass_across(const fv_image *in, fv_box_of_pixels rows, const fv_axis *across, fv_image *out) {
    int64_t stride = fv_image_row_bytes(in), to_stride = fv_image_row_bytes(out);
    const uint8_t *from = fv_image_at(in, rows.top, rows.left), *end = (const uint8_t *)in->pixels + fv_image_bytes(in);
    uint8_t *to = out->pixels;
    if (in->pixel == FV_PIXEL_F32) {
        for (int64_t y = 0; y < rows.height; y++, from += stride, to += to_stride)
            fv_resample_across_f32((const float *)from, in->channels, across, (float *)to);
        return;
    }
    for (int64_t done, left = rows.height; left; left -= done, from += done * stride, to += done * to_stride)
        done = fv_resample_across_some_u8(from, stride, left, end - from, in->channels, across, to, to_stride);
}

/* From rows `stride` bytes apart, the axis's first tap of all in the first of them. */
static void pass_down(const uint8_t *from, int64_t stride, const fv_axis *down, fv_image *out) {
    int64_t columns = out->width * out->channels;
    uint8_t *to = out->pixels;
    for (int64_t y = 0; y < out->height; y++, to += fv_image_row_bytes(out)) {
        const uint8_t *rows = from + down->first[y] * stride;
        if (out->pixel == FV_PIXEL_U8)
            fv_resample_down_u8(rows, stride, columns, down, y, to);
        else
            fv_resample_down_f32((const float *)rows, stride / (int64_t)sizeof(float), columns, down, y, (float *)to);
    }
}

fv_box_of_pixels fv_resample_reads(const fv_resize *r, fv_box_of_pixels wanted) {
    taps top = taps_of(r->box.height, r->height, wanted.top, r->filter);
    taps bottom = taps_of(r->box.height, r->height, wanted.top + wanted.height - 1, r->filter);
    taps left = taps_of(r->box.width, r->width, wanted.left, r->filter);
    taps right = taps_of(r->box.width, r->width, wanted.left + wanted.width - 1, r->filter);
    int64_t rows = fv_max(top.begin, 0), columns = fv_max(left.begin, 0);
    return (fv_box_of_pixels){ r->box.top + rows, r->box.left + columns, fv_min(bottom.end, r->box.height) - rows,
                               fv_min(right.end, r->box.width) - columns };
}

/* The passes that change something: across, then down, each over what the next one reads. */
static fv_error *run_passes(const fv_image *in, const fv_resize *r, fv_box_of_pixels reads, fv_box_of_pixels wanted,
                            const fv_axis *across, const fv_axis *down, fv_resample_work *work, fv_image *out) {
    if (r->box.width == r->width) {
        pass_down(fv_image_at(in, reads.top, r->box.left + wanted.left), fv_image_row_bytes(in), down, out);
        return NULL;
    }
    if (r->box.height == r->height) {
        reads.top = r->box.top + wanted.top;
        reads.height = wanted.height;
        pass_across(in, reads, across, out);
        return NULL;
    }
    fv_image *middle = &work->middle;
    FV_TRY(fv_image_resize(middle, reads.height, wanted.width, in->channels, in->pixel));
    pass_across(in, reads, across, middle);
    pass_down(middle->pixels, fv_image_row_bytes(middle), down, out);
    return NULL;
}

fv_error *fv_resample_part(const fv_image *in, const fv_resize *r, fv_box_of_pixels wanted, fv_resample_work *work,
                           fv_image *out) {
    fv_box_of_pixels reads = fv_resample_reads(r, wanted), all = { 0, 0, in->height, in->width };
    FV_ASSERT(in != out && in->pixel != FV_PIXEL_U16 && r->box.height > 0 && r->box.width > 0);
    FV_ASSERT(wanted.height > 0 && wanted.width > 0);
    FV_ASSERT(fv_box_is_inside(wanted, (fv_box_of_pixels){ 0, 0, r->height, r->width }) && fv_box_is_inside(reads, all));
    FV_TRY(fv_image_resize(out, wanted.height, wanted.width, in->channels, in->pixel));
    axis_size across_size = measure(r->box.width, r->width, wanted.left, wanted.width, r->filter);
    axis_size down_size = measure(r->box.height, r->height, wanted.top, wanted.height, r->filter);
    FV_TRY(reserve(work, axis_bytes(across_size) + axis_bytes(down_size)));
    fv_axis across = axis_in(work->memory, across_size);
    fv_axis down = axis_in((uint8_t *)work->memory + axis_bytes(across_size), down_size);
    fill_axis(&across, across_size, reads.left - r->box.left, r->filter);
    fill_axis(&down, down_size, reads.top - r->box.top, r->filter);
    return run_passes(in, r, reads, wanted, &across, &down, work, out);
}

fv_error *fv_resample(const fv_image *in, fv_box_of_pixels box, int64_t height, int64_t width, fv_filter filter,
                      fv_resample_work *work, fv_image *out) {
    return fv_resample_part(in, &(fv_resize){ box, height, width, filter }, (fv_box_of_pixels){ 0, 0, height, width }, work,
                            out);
}
