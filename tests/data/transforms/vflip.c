/* Top and bottom. */
#include "tests/data/transforms/moves.h"

FV_TEST(data_transforms_vflip__exchanges_rows_and_twice_is_none) {
    FV_IMAGE(before);
    FV_IMAGE(after);
    for (int64_t height = 1; height < 6; height++)
        for (int64_t width = 1; width < 60; width += 7) {
            fv_moves_noise(&before, height, width, 3, width % 2 ? FV_PIXEL_U8 : FV_PIXEL_F32);
            fv_moves_copy(&before, &after);
            fv_moves_run("vflip p=1", 0, &after);
            for (int64_t y = 0; y < height; y++)
                assert_memory_equal(fv_moves_at(&after, y, 0), fv_moves_at(&before, height - 1 - y, 0),
                                    (size_t)fv_image_row_bytes(&before));
            fv_moves_run("vflip p=1", 0, &after);
            assert_true(fv_moves_same(&before, &after));
        }
}

FV_TEST(data_transforms_vflip__flips_with_its_probability) {
    int flipped = 0;
    for (uint32_t position = 0; position < 1000; position++) {
        FV_IMAGE(image);
        FV_OK(fv_image_copy(&image, (fv_size){ 2, 1, 1 }, FV_PIXEL_U8, "ab"));
        fv_moves_run("vflip p=0.3", position, &image);
        flipped += *(const char *)image.pixels == 'b';
    }
    assert_in_range(flipped, 250, 350); /* 300 ± 3.4 standard deviations */
}
