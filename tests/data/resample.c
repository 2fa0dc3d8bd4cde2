/* Resizing against Pillow: pictures made by tests/golden/pictures.py. */
#include "tests/data/pictures.h"

#include "data/resample_line.h"
#include "data/transform.h"

static void check_equal(const fv_image *a, const fv_image *b) {
    assert_int_equal(a->height, b->height);
    assert_int_equal(a->width, b->width);
    assert_int_equal(a->channels, b->channels);
    assert_memory_equal(a->pixels, b->pixels, (size_t)fv_image_bytes(a));
}

/* The picture through `steps` in evaluation, brought back from f32 0…255 to u8. */
static void run_u8(const char *file, const char *steps, fv_image *out) {
    FV_OWNED(fv_transforms) list = NULL;
    FV_OK(fv_transforms_parse(steps, &list));
    FV_OK(fv_image_decode_file(file, NULL, out));
    FV_OK(fv_transforms_apply(list, FV_EVALUATION, NULL, out));
    const float *from = out->pixels;
    uint8_t *to = out->pixels;
    for (int64_t i = 0; i < out->height * out->width * out->channels; i++) to[i] = (uint8_t)from[i];
    out->pixel = FV_PIXEL_U8;
}

FV_TEST(data_resample__equals_pillow_for_short_sides_and_centre_crops) {
    const char *const sizes[] = { "33x47", "61x37", "24x30", "5x7" }, *const filters[] = { "bilinear", "bicubic" };
    for (int s = 0; s < 4; s++)
        for (int f = 0; f < 2; f++) {
            char in[256], out[256], steps[128];
            snprintf(in, sizeof in, FV_FILE("in_%s.png"), sizes[s]);
            snprintf(out, sizeof out, FV_FILE("out_%s_%s.png"), sizes[s], filters[f]);
            snprintf(steps, sizeof steps, "resize size=24 filter=%s; center_crop size=21; normalize scale=1", filters[f]);
            print_message("%s %s\n", sizes[s], filters[f]);
            FV_IMAGE(got);
            FV_IMAGE(want);
            run_u8(in, steps, &got);
            FV_OK(fv_image_decode_file(out, NULL, &want));
            check_equal(&got, &want);
        }
}

FV_TEST(data_resample__equals_pillow_where_width_grows_and_height_shrinks) {
    const char *const filters[] = { "bilinear", "bicubic" };
    for (int f = 0; f < 2; f++) {
        char out[256], steps[128];
        snprintf(out, sizeof out, FV_FILE("exact_%s.png"), filters[f]);
        snprintf(steps, sizeof steps, "resize size=20,50 filter=%s; normalize scale=1", filters[f]);
        FV_IMAGE(got);
        FV_IMAGE(want);
        run_u8(FV_FILE("in_33x47.png"), steps, &got);
        FV_OK(fv_image_decode_file(out, NULL, &want));
        check_equal(&got, &want);
    }
}

/* Every version of the inner loops gives the bits of the definition, for all sizes of a window, odd ones too. */
FV_TEST(data_resample__gives_the_same_for_a_part_as_for_the_part_cut_out) {
    FV_IMAGE(all);
    FV_IMAGE(part);
    FV_IMAGE(one);
    FV_IMAGE(other);
    fv_resample_work work = { 0 };
    FV_OK(fv_image_decode_file(FV_FILE("in_61x37.png"), NULL, &all));
    for (int64_t width = 1; width <= 61; width += 3) {
        fv_box_of_pixels box = { 37 - width % 37 - 1, 61 - width, width % 37 + 1, width };
        FV_OK(fv_image_resize(&part, box.height, box.width, 3, FV_PIXEL_U8));
        for (int64_t y = 0; y < box.height; y++)
            memcpy((uint8_t *)part.pixels + y * width * 3, (const uint8_t *)all.pixels + ((box.top + y) * 61 + box.left) * 3,
                   (size_t)width * 3);
        FV_OK(fv_resample(&all, box, 29, 31, FV_BICUBIC, &work, &one));
        FV_OK(fv_resample(&part, (fv_box_of_pixels){ 0, 0, box.height, box.width }, 29, 31, FV_BICUBIC, &work, &other));
        check_equal(&one, &other);
    }
    fv_resample_release(&work);
}

/* What data/resample.c defines, in 64 bits and without a thought of speed; `from` has `channels` numbers a tap. */
static int64_t sum_of(const fv_axis *axis, int64_t x, const uint8_t *from, int64_t step) {
    int64_t sum = 1 << (FV_WEIGHT_BITS - 1);
    for (int64_t i = 0; i < axis->count[x]; i++) sum += (int64_t)axis->fixed[x * axis->stride + i] * from[i * step];
    sum >>= FV_WEIGHT_BITS;
    return sum < 0 ? 0 : sum > 255 ? 255 : sum;
}

/* The u8 loops, vectors and all, against that definition: odd widths, one channel to four, weights of both signs. */
FV_TEST(data_resample__lines_equal_their_definition) {
    enum { IN = 53, OUT = 9, STRIDE = 12, COLUMNS = 99 };
    static uint8_t in[IN * COLUMNS], out[5 * COLUMNS];
    static int32_t fixed[OUT * STRIDE], packed[OUT * STRIDE], first[OUT], count[OUT];
    uint32_t state = 7;
    for (int i = 0; i < IN * COLUMNS; i++) in[i] = (uint8_t)((state = state * 1664525u + 1013904223u) >> 24);
    for (int x = 0; x < OUT; x++) {
        first[x] = x * (IN - STRIDE) / (OUT - 1);
        count[x] = x % STRIDE + 1;
        for (int i = 0; i < count[x]; i++)
            fixed[x * STRIDE + i] = (int32_t)((state = state * 1664525u + 1013904223u) >> 13) - 150000;
    }
    fv_axis axis = { .out = OUT, .stride = STRIDE, .fixed = fixed, .packed = packed, .first = first, .count = count };
    fv_resample_pack(&axis);
    for (int channels = 1; channels <= 4; channels++) {
        fv_resample_across_u8(in, IN * channels, channels, &axis, out);
        for (int i = 0; i < OUT * channels; i++) {
            int x = i / channels, c = i % channels;
            assert_int_equal(out[i], sum_of(&axis, x, in + first[x] * channels + c, channels));
        }
        /* Several rows at once, the last of them the last that may be read; a byte more of the result stays as it was. */
        int64_t width = OUT * channels, stride = IN * channels;
        for (int64_t rows = 1; rows <= 5; rows++)
            for (int64_t spare = 0; spare < 100; spare += 33) {
                memset(out, 99, sizeof out);
                int64_t done = fv_resample_across_some_u8(in, stride, rows, rows * stride + spare, channels, &axis, out, width);
                assert_in_range(done, 1, rows);
                for (int i = 0; i < done * width; i++) {
                    int x = (int)(i % width) / channels, c = (int)(i % width) % channels;
                    const uint8_t *taps = in + i / width * stride + first[x] * channels + c;
                    assert_int_equal(out[i], sum_of(&axis, x, taps, channels));
                }
                assert_int_equal(out[done * width], 99);
            }
    }
    for (int y = 0; y < OUT; y++) {
        fv_resample_down_u8(in + first[y] * COLUMNS, COLUMNS, COLUMNS, &axis, y, out);
        for (int c = 0; c < COLUMNS; c++) assert_int_equal(out[c], sum_of(&axis, y, in + first[y] * COLUMNS + c, COLUMNS));
    }
}
