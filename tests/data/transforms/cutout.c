/* Squares with their middles anywhere, cut off at the edge. */
#include "tests/data/transforms/flat.h"

FV_TEST(data_transforms_cutout__cuts_a_square_around_any_pixel) {
    FV_IMAGE(image);
    bool seen[6][7] = { { false } };
    for (uint32_t position = 0; position < 600; position++) {
        int64_t box[4];
        flat(6, 7, 1, 9, &image);
        transform("cutout size=3 fill=200", position, &image);
        int64_t erased = find_box(&image, 200, box), height = box[2] - box[0], width = box[3] - box[1];
        assert_int_equal(erased, height * width);
        assert_true((height == 3 || (height == 2 && (box[0] == 0 || box[2] == 6))));
        assert_true((width == 3 || (width == 2 && (box[1] == 0 || box[3] == 7))));
        int64_t y = box[0] == 0 && height == 2 ? 0 : box[0] + 1, x = box[1] == 0 && width == 2 ? 0 : box[1] + 1;
        seen[y][x] = true;
    }
    for (int i = 0; i < 42; i++) assert_true(seen[i / 7][i % 7]);
}

FV_TEST(data_transforms_cutout__makes_as_many_squares_as_asked) {
    FV_IMAGE(image);
    int64_t box[4], most = 0;
    for (uint32_t position = 0; position < 20; position++) {
        flat(100, 100, 1, 9, &image);
        transform("cutout size=10 count=4 fill=200", position, &image);
        int64_t erased = find_box(&image, 200, box);
        most = erased > most ? erased : most;
        assert_in_range(erased, 25, 400);
    }
    assert_int_equal(most, 400); /* four that touch neither each other nor the edge */
}
