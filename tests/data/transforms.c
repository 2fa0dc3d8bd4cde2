/* Lists of transforms: text and YAML forms, sizes, keyed random numbers; and each transform's numbers. */
#include "tests/data/pictures.h"

#include <math.h>

#include "core/base/memory.h"
#include "data/transform.h"

static fv_transforms *parsed(const char *text) {
    fv_transforms *list = NULL;
    FV_OK(fv_transforms_parse(text, &list));
    return list;
}

/* A picture of height × width whose value at (y, x, c) is 100y + 10x + c. */
static void count_up(fv_image *image, int64_t height, int64_t width, int64_t channels) {
    FV_OK(fv_image_resize(image, height, width, channels, FV_PIXEL_U8));
    uint8_t *at = image->pixels;
    for (int64_t y = 0; y < height; y++)
        for (int64_t x = 0; x < width; x++)
            for (int64_t c = 0; c < channels; c++) *at++ = (uint8_t)(100 * y + 10 * x + c);
}

/* `image` through `text` in training, as position `position` of epoch `epoch`. */
static void train(const char *text, uint32_t epoch, uint32_t position, fv_image *image) {
    FV_OWNED(fv_transforms) list = parsed(text);
    FV_OK(fv_transforms_apply(list, FV_TRAINING, &(fv_draw){ 5, epoch, position, 0 }, image));
}

static float at(const fv_image *image, int64_t y, int64_t x, int64_t c) {
    assert_int_equal(image->pixel, FV_PIXEL_F32);
    return ((const float *)image->pixels)[(y * image->width + x) * image->channels + c];
}

FV_TEST(data_transforms__text_form_parses_back) {
    const char *text = "random_resized_crop size=224 scale=0.3,1 filter=bicubic\nhflip probability=0.25\n"
                       "resize when=evaluation size=256\ncenter_crop when=evaluation size=224\n"
                       "normalize mean=0.485,0.456,0.406 std=0.229,0.224,0.225\n";
    FV_OWNED(fv_transforms)
    list = parsed("random_resized_crop size=224 scale=0.3,1 filter=bicubic; hflip p=0.25 # left and right alike; really\n"
                  "\n  resize size=256 when=evaluation;center_crop size=224 when=evaluation\r\n"
                  "normalize mean=0.485,0.456,0.406 std=0.229,0.224,0.225;");
    char *printed = NULL, *again = NULL;
    FV_OK(fv_transforms_to_text(list, &printed));
    FV_OWNED(fv_transforms) back = parsed(printed);
    FV_OK(fv_transforms_to_text(back, &again));
    assert_string_equal(printed, again);
    FV_OWNED(fv_transforms) expected = parsed(text);
    char *third = NULL;
    FV_OK(fv_transforms_to_text(expected, &third));
    assert_string_equal(printed, third);
    fv_string_free(printed);
    fv_string_free(again);
    fv_string_free(third);
}

FV_TEST(data_transforms__an_empty_list_is_a_list) {
    FV_OWNED(fv_transforms) list = parsed(" \n ;; # nothing\n");
    char *text = NULL;
    FV_OK(fv_transforms_to_text(list, &text));
    assert_string_equal(text, "");
    fv_string_free(text);
    FV_IMAGE(image);
    count_up(&image, 1, 2, 1);
    FV_OK(fv_transforms_apply(list, FV_EVALUATION, NULL, &image));
    assert_true(at(&image, 0, 1, 0) == 10.0f / 255.0f);
}

FV_TEST(data_transforms__yaml_gives_the_same_list) {
    const char *yaml =
        "- random_crop: {size: [32, 32], padding: 4, mode: reflect}\n- hflip\n- normalize:\n    mean: [0.5, 0.4, 0.3]\n"
        "    std: 0.25\n";
    FV_OWNED(fv_arena) arena = NULL;
    FV_OK(fv_arena_new("test", 1 << 20, &arena));
    const fv_yaml *tree = NULL;
    FV_OK(fv_yaml_parse(yaml, (int64_t)strlen(yaml), "recipe.yaml", arena, &tree));
    FV_OWNED(fv_transforms) list = NULL;
    FV_OK(fv_transforms_from_yaml(tree, "recipe.yaml", &list));
    FV_OWNED(fv_transforms)
    same = parsed("random_crop size=32,32 padding=4 mode=reflect; hflip; normalize mean=0.5,0.4,0.3 std=0.25");
    char *a = NULL, *b = NULL;
    FV_OK(fv_transforms_to_text(list, &a));
    FV_OK(fv_transforms_to_text(same, &b));
    assert_string_equal(a, b);
    fv_string_free(a);
    fv_string_free(b);
}

static fv_error *from_yaml(const char *yaml) {
    FV_OWNED(fv_arena) arena = NULL;
    FV_TRY(fv_arena_new("test", 1 << 20, &arena));
    const fv_yaml *tree = NULL;
    FV_TRY(fv_yaml_parse(yaml, (int64_t)strlen(yaml), "recipe.yaml", arena, &tree));
    FV_OWNED(fv_transforms) list = NULL;
    return fv_transforms_from_yaml(tree, "recipe.yaml", &list);
}

FV_TEST(data_transforms__errors_name_the_step_the_line_and_the_nearest) {
    fv_transforms *list = NULL;
    FV_FAILS(fv_transforms_parse("hflipp", &list), FV_USAGE, "\"hflipp\"");
    fv_error *error = fv_transforms_parse("hflipp", &list);
    assert_string_equal(fv_error_hint_get(error), "did you mean \"hflip\"?");
    fv_error_free(error);
    FV_FAILS(fv_transforms_parse("resize", &list), FV_USAGE, "transform resize");
    FV_FAILS(fv_transforms_parse("hflip probability=2", &list), FV_USAGE, "transform hflip");
    FV_FAILS(fv_transforms_parse("resize size=1,2,3", &list), FV_USAGE, "3 numbers are given");
    FV_FAILS(fv_transforms_parse("resize size=0", &list), FV_USAGE, "size");
    FV_FAILS(fv_transforms_parse("normalize mean=1,2 std=1,2,3", &list), FV_USAGE, "2 values of mean and 3 of std");
    FV_FAILS(fv_transforms_parse("random_resized_crop size=8 ratio=2,1", &list), FV_USAGE,
             "ratio must be given smallest first");
    FV_FAILS(from_yaml("- hflip\n- rezise: {size: 3}\n"), FV_USAGE, "recipe.yaml:2");
    FV_FAILS(from_yaml("- resize\n"), FV_USAGE, "recipe.yaml:1: transform resize");
    FV_FAILS(from_yaml("- resize: {sise: 3}\n"), FV_USAGE, "sise");
    FV_FAILS(from_yaml("hflip: true\n"), FV_USAGE, "transforms are a list");
    FV_FAILS(from_yaml("- {hflip: , resize: {size: 3}}\n"), FV_USAGE, "a name, or a name with options");
    assert_null(list);
}

FV_TEST(data_transforms__tell_the_size_they_give) {
    FV_OWNED(fv_transforms)
    list = parsed("random_resized_crop size=24,20; resize size=32 when=evaluation; "
                  "center_crop size=24,20 when=evaluation; normalize mean=1,2,3");
    fv_size size;
    FV_OK(fv_transforms_size(list, FV_EVALUATION, (fv_size){ 0, 0, 3 }, &size));
    assert_true(size.height == 24 && size.width == 20 && size.channels == 3);
    FV_FAILS(fv_transforms_size(list, FV_TRAINING, (fv_size){ 50, 60, 1 }, &size), FV_SHAPE, "3 values, the picture 1 channel");

    FV_OWNED(fv_transforms) side = parsed("resize size=32; pad padding=1,2,3,4");
    FV_OK(fv_transforms_size(side, FV_EVALUATION, (fv_size){ 47, 33, 3 }, &size));
    assert_true(size.height == 45 + 6 && size.width == 32 + 4); /* ⌊32·47/33⌋ = 45 */
    FV_OK(fv_transforms_size(side, FV_EVALUATION, (fv_size){ 0, 0, 3 }, &size));
    assert_true(size.height == 0 && size.width == 0);

    FV_OWNED(fv_transforms) crop = parsed("random_crop size=32 padding=2");
    FV_FAILS(fv_transforms_size(crop, FV_TRAINING, (fv_size){ 27, 40, 3 }, &size), FV_SHAPE, "cannot cut 32×32 out of 27×40");
    FV_OK(fv_transforms_size(crop, FV_EVALUATION, (fv_size){ 27, 40, 3 }, &size));
    assert_true(size.height == 27 && size.width == 40);
}

FV_TEST(data_transforms__random_numbers_depend_on_the_key_and_not_on_the_other_steps) {
    FV_IMAGE(a);
    FV_IMAGE(b);
    int same = 0, alike = 0;
    for (uint32_t position = 0; position < 64; position++) {
        count_up(&a, 6, 6, 1);
        count_up(&b, 6, 6, 1);
        train("random_crop size=4", 1, position, &a);
        train("resize size=6,6; random_crop size=4; pad padding=0", 1, position, &b);
        assert_memory_equal(a.pixels, b.pixels, (size_t)fv_image_bytes(&a));
        count_up(&b, 6, 6, 1);
        train("random_crop size=4", 2, position, &b); /* another epoch */
        same += !memcmp(a.pixels, b.pixels, (size_t)fv_image_bytes(&a));
        count_up(&a, 3, 3, 1);
        count_up(&b, 3, 3, 1);
        train("hflip; hflip", 1, position, &a); /* the second draws from its own stream: not always undone */
        train("", 1, position, &b);
        alike += !memcmp(a.pixels, b.pixels, (size_t)fv_image_bytes(&a));
    }
    assert_in_range(same, 1, 25);   /* 1 in 9 by chance */
    assert_in_range(alike, 15, 49); /* 1 in 2 */
}

FV_TEST(data_transforms__random_ones_rest_in_evaluation_unless_told) {
    FV_OWNED(fv_transforms) list = parsed("hflip p=1; random_crop size=1");
    FV_OWNED(fv_transforms) always = parsed("hflip p=1 when=always; normalize scale=1");
    FV_IMAGE(image);
    count_up(&image, 2, 3, 1);
    FV_OK(fv_transforms_apply(list, FV_EVALUATION, NULL, &image));
    assert_int_equal(image.height, 2);
    assert_true(at(&image, 0, 0, 0) == 0);
    count_up(&image, 2, 3, 2);
    FV_OK(fv_transforms_apply(always, FV_EVALUATION, NULL, &image));
    assert_true(at(&image, 0, 0, 0) == 20 && at(&image, 0, 0, 1) == 21 && at(&image, 1, 2, 0) == 100);
}

FV_TEST(data_transforms_hflip__flips_with_its_probability) {
    FV_IMAGE(image);
    int flipped = 0;
    for (uint32_t position = 0; position < 1000; position++) {
        count_up(&image, 1, 4, 3);
        train("hflip probability=0.3; normalize scale=1", 0, position, &image);
        bool is_flipped = at(&image, 0, 0, 0) == 30;
        flipped += is_flipped;
        for (int64_t x = 0; x < 4; x++) assert_true(at(&image, 0, x, 2) == 10.0f * (float)(is_flipped ? 3 - x : x) + 2);
    }
    assert_in_range(flipped, 250, 350); /* 300 ± 3.4 standard deviations */
}

FV_TEST(data_transforms_normalize__divides_subtracts_divides_in_f32) {
    FV_IMAGE(image);
    count_up(&image, 2, 2, 3);
    FV_OWNED(fv_transforms) list = parsed("normalize mean=0.485,0.456,0.406 std=0.229,0.224,0.225");
    FV_OK(fv_transforms_apply(list, FV_EVALUATION, NULL, &image));
    const float mean[] = { 0.485f, 0.456f, 0.406f }, std[] = { 0.229f, 0.224f, 0.225f };
    for (int64_t c = 0; c < 3; c++) {
        float value = 110.0f + (float)c;
        assert_true(at(&image, 1, 1, c) == (value / 255.0f - mean[c]) / std[c]);
    }
    /* (v − 127) / 128, exactly */
    count_up(&image, 1, 2, 1);
    FV_OWNED(fv_transforms) lite = parsed("normalize scale=1 mean=127 std=128");
    FV_OK(fv_transforms_apply(lite, FV_EVALUATION, NULL, &image));
    assert_true(at(&image, 0, 1, 0) == (10.0f - 127.0f) / 128.0f);
    FV_FAILS(fv_transforms_apply(list, FV_EVALUATION, NULL, &image), FV_SHAPE, "transform normalize");
}

FV_TEST(data_transforms__take_f32_and_u16_on_one_scale) {
    FV_IMAGE(wide);
    FV_OK(fv_image_resize(&wide, 1, 2, 1, FV_PIXEL_U16));
    ((uint16_t *)wide.pixels)[0] = 65535;
    ((uint16_t *)wide.pixels)[1] = 257 * 7;
    FV_OWNED(fv_transforms) list = parsed("pad padding=0,0,1,0 fill=51; hflip p=1 when=always");
    FV_OK(fv_transforms_apply(list, FV_EVALUATION, NULL, &wide));
    assert_true(at(&wide, 0, 2, 0) == 1.0f);
    assert_true(at(&wide, 0, 1, 0) == 7.0f / 255.0f);
    assert_true(at(&wide, 0, 0, 0) == 0.2f);
}

FV_TEST(data_transforms_resize__of_f32_agrees_with_u8_to_its_rounding) {
    FV_IMAGE(bytes);
    FV_IMAGE(floats);
    FV_OK(fv_image_decode_file(FV_FILE("in_61x37.png"), NULL, &bytes));
    FV_OK(fv_image_resize(&floats, 37, 61, 3, FV_PIXEL_F32));
    for (int64_t i = 0; i < 37 * 61 * 3; i++) ((float *)floats.pixels)[i] = ((const uint8_t *)bytes.pixels)[i];
    FV_OWNED(fv_transforms) list = parsed("resize size=24; normalize scale=1");
    FV_OK(fv_transforms_apply(list, FV_EVALUATION, NULL, &bytes));
    FV_OK(fv_transforms_apply(list, FV_EVALUATION, NULL, &floats));
    assert_int_equal(bytes.width, floats.width);
    for (int64_t i = 0; i < bytes.height * bytes.width * 3; i++)
        assert_true(fabsf(((float *)bytes.pixels)[i] - ((float *)floats.pixels)[i]) <= 1.01f); /* two passes rounded */
}

/* Row 0 of a picture of one row and `width` columns, 0 10 20 …, through `text`. */
static void check_row(const char *text, int64_t width, const float *expected, int64_t count) {
    FV_IMAGE(image);
    count_up(&image, 1, width, 1);
    train(text, 0, 0, &image);
    assert_int_equal(image.width, count);
    for (int64_t x = 0; x < count; x++) assert_true(at(&image, 0, x, 0) == expected[x]);
}

FV_TEST(data_transforms_pad__shows_each_border) {
    check_row("pad padding=2,0,2,0 fill=9; normalize scale=1", 3, (float[]){ 9, 9, 0, 10, 20, 9, 9 }, 7);
    check_row("pad padding=2,0,1,0; normalize scale=1", 3, (float[]){ 0, 0, 0, 10, 20, 0 }, 6);
    check_row("pad padding=2,0,2,0 mode=edge; normalize scale=1", 3, (float[]){ 0, 0, 0, 10, 20, 20, 20 }, 7);
    check_row("pad padding=2,0,2,0 mode=reflect; normalize scale=1", 3, (float[]){ 20, 10, 0, 10, 20, 10, 0 }, 7);
    check_row("pad padding=3,0,3,0 mode=reflect; normalize scale=1", 2, (float[]){ 10, 0, 10, 0, 10, 0, 10, 0 },
              8); /* again and again */
    check_row("pad padding=1,0,1,0 mode=reflect; normalize scale=1", 1, (float[]){ 0, 0, 0 }, 3);
    check_row("pad padding=2,0,3,0 mode=symmetric; normalize scale=1", 2, (float[]){ 10, 0, 0, 10, 10, 0, 0 }, 7);
    check_row("pad padding=2,0,2,0 mode=symmetric; normalize scale=1", 1, (float[]){ 0, 0, 0, 0, 0 }, 5);
    FV_IMAGE(image);
    count_up(&image, 1, 1, 3);
    train("pad padding=0,1,0,0 fill=1,2,3; normalize scale=1", 0, 0, &image);
    assert_true(at(&image, 0, 0, 0) == 1 && at(&image, 0, 0, 2) == 3 && at(&image, 1, 0, 2) == 2);
    FV_OWNED(fv_transforms) list = parsed("pad padding=1 fill=1,2");
    FV_FAILS(fv_transforms_apply(list, FV_TRAINING, NULL, &image), FV_SHAPE, "2 values to fill with for 3 channels");
}

FV_TEST(data_transforms_center_crop__rounds_half_to_even_and_borders_what_is_smaller) {
    check_row("center_crop size=1,2; normalize scale=1", 7, (float[]){ 20, 30 }, 2);         /* 2.5 → 2 */
    check_row("center_crop size=1,2; normalize scale=1", 5, (float[]){ 20, 30 }, 2);         /* 1.5 → 2 */
    check_row("center_crop size=1,5; normalize scale=1", 2, (float[]){ 0, 0, 10, 0, 0 }, 5); /* 1 before, 2 after */
}

FV_TEST(data_transforms_random_crop__reaches_every_place_with_its_border) {
    bool seen[5][5] = { { false } };
    FV_IMAGE(image);
    for (uint32_t position = 0; position < 400; position++) {
        count_up(&image, 2, 2, 1);
        train("random_crop size=2 padding=2 fill=255; normalize scale=1", 0, position, &image);
        assert_true(image.height == 2 && image.width == 2);
        for (int64_t top = -2; top <= 2; top++)
            for (int64_t left = -2; left <= 2; left++) {
                bool here = true;
                for (int64_t y = 0; y < 2; y++)
                    for (int64_t x = 0; x < 2; x++) {
                        int64_t r = top + y, c = left + x;
                        bool inside = r >= 0 && r < 2 && c >= 0 && c < 2;
                        here &= at(&image, y, x, 0) == (inside ? (float)(100 * r + 10 * c) : 255.0f);
                    }
                seen[top + 2][left + 2] |= here;
            }
    }
    for (int i = 0; i < 25; i++) assert_true(seen[i / 5][i % 5]);
}

FV_TEST(data_transforms_random_resized_crop__keeps_area_and_ratio) {
    FV_IMAGE(image);
    FV_OWNED(fv_transforms) list = parsed("random_resized_crop size=1 scale=0.25,0.25 ratio=1,1; normalize scale=1");
    /* A quarter of 40×40 at ratio 1 is 20×20: its mean lies between those of the outermost places. */
    double low = 1e9, high = -1e9;
    for (uint32_t position = 0; position < 200; position++) {
        FV_OK(fv_image_resize(&image, 40, 40, 1, FV_PIXEL_U8));
        for (int64_t i = 0; i < 1600; i++) ((uint8_t *)image.pixels)[i] = (uint8_t)(i % 40);
        FV_OK(fv_transforms_apply(list, FV_TRAINING, &(fv_draw){ 1, 0, position, 0 }, &image));
        low = fmin(low, at(&image, 0, 0, 0));
        high = fmax(high, at(&image, 0, 0, 0));
    }
    assert_true(low >= 9 && low <= 11);    /* left = 0: mean of 0…19 */
    assert_true(high >= 28 && high <= 30); /* left = 20 */
}
