/* The whole picture fitted into a size. Its pixels beside Pillow's: tests/data/warp.c. */
#include "tests/data/transforms/moves.h"

/* The rows and columns of a white picture of height × width that stand in the result. */
static void check_place(const char *step, int64_t height, int64_t width, fv_size result, int64_t top, int64_t left,
                        int64_t rows, int64_t columns) {
    FV_IMAGE(image);
    FV_OK(fv_image_resize(&image, height, width, 1, FV_PIXEL_U8));
    memset(image.pixels, 255, (size_t)(height * width));
    fv_moves_run(step, 0, &image);
    assert_int_equal(image.height, result.height);
    assert_int_equal(image.width, result.width);
    for (int64_t y = 0; y < image.height; y++)
        for (int64_t x = 0; x < image.width; x++) {
            bool inside = y >= top && y < top + rows && x >= left && x < left + columns;
            assert_int_equal(*fv_moves_at(&image, y, x), inside ? 255 : 114);
        }
    FV_OWNED(fv_transforms) list = NULL;
    fv_size size = { height, width, 1 };
    FV_OK(fv_transforms_parse(step, &list));
    FV_OK(fv_transforms_size(list, FV_EVALUATION, size, &size));
    assert_int_equal(size.height, result.height);
    assert_int_equal(size.width, result.width);
}

FV_TEST(data_transforms_letterbox__keeps_the_shape_in_the_middle) {
    check_place("letterbox size=64", 30, 60, (fv_size){ 64, 64, 1 }, 16, 0, 32, 64);
    check_place("letterbox size=64", 60, 31, (fv_size){ 64, 64, 1 }, 0, 15, 64, 33);
    check_place("letterbox size=20,64", 30, 60, (fv_size){ 20, 64, 1 }, 0, 12, 20, 40);
    check_place("letterbox size=64", 500, 3, (fv_size){ 64, 64, 1 }, 0, 31, 64, 1); /* never thinner than a pixel */
}

FV_TEST(data_transforms_letterbox__does_not_enlarge_unless_it_may_and_stops_at_a_multiple) {
    check_place("letterbox size=64 scale_up=false", 30, 61, (fv_size){ 64, 64, 1 }, 17, 1, 30, 61);
    check_place("letterbox size=64 scale_up=false", 128, 64, (fv_size){ 64, 64, 1 }, 0, 16, 64, 32);
    check_place("letterbox size=96 stride=32", 30, 60, (fv_size){ 64, 96, 1 }, 8, 0, 48, 96);
    check_place("letterbox size=96 stride=32 scale_up=false", 31, 33, (fv_size){ 32, 64, 1 }, 0, 15, 31, 33);
    FV_IMAGE(image);
    fv_moves_noise(&image, 4, 4, 1, FV_PIXEL_U8);
    FV_FAILS(fv_moves_try("letterbox size=8 antialias=false filter=lanczos", (fv_draw){ 0 }, &image), FV_USAGE,
             "lanczos is always antialiased");
}

FV_TEST(data_transforms_letterbox__of_its_own_size_keeps_the_bits) {
    FV_IMAGE(before);
    FV_IMAGE(after);
    fv_moves_noise(&before, 24, 32, 3, FV_PIXEL_F32);
    fv_moves_copy(&before, &after);
    fv_moves_run("letterbox size=24,32", 0, &after);
    assert_true(fv_moves_same(&before, &after));
}
