/* Quarter turns. */
#include "tests/data/transforms/moves.h"

FV_TEST(data_transforms_turn__a_quarter_brings_the_right_side_to_the_top) {
    FV_IMAGE(image);
    FV_OK(fv_image_copy(&image, (fv_size){ 2, 3, 1 }, FV_PIXEL_U8, "abcdef"));
    fv_moves_run("turn quarters=0,1,0,0", 0, &image);
    assert_int_equal(image.height, 3);
    assert_int_equal(image.width, 2);
    assert_memory_equal(image.pixels, "cfbead", 6);
}

FV_TEST(data_transforms_turn__four_quarters_are_none_and_two_are_both_flips) {
    FV_IMAGE(before);
    FV_IMAGE(after);
    FV_IMAGE(flipped);
    for (int64_t width = 1; width < 80; width += 3)
        for (int64_t channels = 1; channels <= 5; channels++) {
            fv_moves_noise(&before, 41, width, channels, channels == 3 && width % 2 ? FV_PIXEL_F32 : FV_PIXEL_U8);
            fv_moves_copy(&before, &after);
            fv_moves_copy(&before, &flipped);
            fv_moves_run("turn quarters=0,1,0,0", 0, &after);
            fv_moves_run("turn quarters=0,1,0,0", 0, &after);
            fv_moves_run("hflip p=1", 0, &flipped);
            fv_moves_run("vflip p=1", 0, &flipped);
            assert_true(fv_moves_same(&after, &flipped));
            fv_moves_run("turn quarters=0,0,1,0", 0, &after);
            assert_true(fv_moves_same(&after, &before));
            fv_moves_run("turn quarters=0,1,0,0", 0, &after);
            fv_moves_run("turn quarters=0,0,0,1", 0, &after);
            assert_true(fv_moves_same(&after, &before));
        }
}

FV_TEST(data_transforms_turn__draws_each_quarter_with_its_weight) {
    int counts[4] = { 0 };
    for (uint32_t position = 0; position < 2000; position++) {
        FV_IMAGE(image);
        FV_OK(fv_image_copy(&image, (fv_size){ 2, 2, 1 }, FV_PIXEL_U8, "\0\1\3\2"));
        fv_moves_run("turn p=0.5 quarters=0,1,2,1", position, &image);
        counts[*(const uint8_t *)image.pixels]++; /* after a quarter the top right one stands first */
    }
    assert_in_range(counts[0], 924, 1076); /* ± 3.4 standard deviations */
    assert_in_range(counts[1], 200, 300);
    assert_in_range(counts[2], 435, 565);
    assert_in_range(counts[3], 200, 300);
}

static fv_size size_after(const char *text, fv_size before) {
    FV_OWNED(fv_transforms) list = NULL;
    FV_OK(fv_transforms_parse(text, &list));
    FV_OK(fv_transforms_size(list, FV_TRAINING, before, &before));
    return before;
}

FV_TEST(data_transforms_turn__tells_the_size_where_the_draw_does_not_decide_it) {
    fv_size wide = { 30, 40, 3 }, square = { 30, 30, 3 }, after = size_after("turn", square);
    assert_true(after.height == 30 && after.width == 30);
    after = size_after("turn", wide);
    assert_true(after.height == 0 && after.width == 0);
    after = size_after("turn quarters=1,0,1,0", wide);
    assert_true(after.height == 30 && after.width == 40);
    after = size_after("turn quarters=0,1,0,1", wide);
    assert_true(after.height == 40 && after.width == 30);
    after = size_after("turn quarters=0,1,0,1 p=0.5", wide);
    assert_true(after.height == 0 && after.width == 0);
    FV_IMAGE(image);
    FV_FAILS(fv_moves_try("turn quarters=0", (fv_draw){ 0 }, &image), FV_USAGE, "all of them are zero");
}
