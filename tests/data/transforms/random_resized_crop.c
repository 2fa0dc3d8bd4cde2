/* Which windows are drawn. A picture whose channels are its columns and rows, enlarged without mixing, tells them. */
#include "tests/data/transforms/moves.h"

#include <math.h>

static fv_box_of_pixels window_of(const char *step, int64_t height, int64_t width, uint32_t position) {
    FV_IMAGE(image);
    FV_OK(fv_image_resize(&image, height, width, 2, FV_PIXEL_U8));
    for (int64_t i = 0; i < height * width; i++) {
        ((uint8_t *)image.pixels)[2 * i] = (uint8_t)(i % width);
        ((uint8_t *)image.pixels)[2 * i + 1] = (uint8_t)(i / width);
    }
    fv_moves_run(step, position, &image);
    const uint8_t *first = fv_moves_at(&image, 0, 0), *last = fv_moves_at(&image, image.height - 1, image.width - 1);
    return (fv_box_of_pixels){ first[1], first[0], last[1] - first[1] + 1, last[0] - first[0] + 1 };
}

FV_TEST(data_transforms_random_resized_crop__areas_are_uniform_in_their_range) {
    int parts[4] = { 0 }, edges = 0;
    for (uint32_t position = 0; position < 400; position++) {
        const char *step = "random_resized_crop size=201 scale=0.2,0.6 ratio=0.8,1.25 filter=nearest";
        fv_box_of_pixels box = window_of(step, 200, 200, position);
        double area = (double)(box.height * box.width) / 40000, ratio = (double)box.width / (double)box.height;
        assert_true(area > 0.2 - 0.006 && area < 0.6 + 0.006); /* sides are rounded */
        assert_true(ratio > 0.8 * 0.98 && ratio < 1.25 * 1.02);
        assert_true(box.top + box.height <= 200 && box.left + box.width <= 200);
        parts[(int)fmin(fmax((area - 0.2) / 0.1, 0), 3)]++;
        edges += box.top < 10;
    }
    for (int i = 0; i < 4; i++) assert_in_range(parts[i], 70, 130); /* 100 ± 3.4 standard deviations */
    assert_in_range(edges, 20, 100);                                /* it moves about: 10 in about 73 places */
}

/* No window of that shape fits into a strip: the central one whose shape is the nearest. */
FV_TEST(data_transforms_random_resized_crop__takes_the_middle_where_nothing_fits) {
    fv_box_of_pixels box = window_of("random_resized_crop size=201 scale=1 ratio=0.5,2 filter=nearest", 10, 200, 0);
    assert_int_equal(box.height, 10);
    assert_int_equal(box.width, 20);
    assert_int_equal(box.left, 90);
    FV_IMAGE(image);
    FV_FAILS(fv_moves_try("random_resized_crop size=9 scale=0.9,0.5", (fv_draw){ 0 }, &image), FV_USAGE, "smallest first");
}
