/* Where the light comes from. */
#include <math.h>

#include "tests/data/transforms/flat.h"

FV_TEST(data_transforms_gradient_light__comes_from_its_angle_and_keeps_the_mean) {
    FV_IMAGE(image);
    flat(40, 60, 1, 100, &image);
    transform("gradient_light p=1 strength=0.5 angle=0", 0, &image);
    assert_true(fabs((double)value_at(&image, 7, 59, 0) - 150) < 1.5 && fabs((double)value_at(&image, 7, 0, 0) - 50) < 1.5);
    assert_true(value_at(&image, 0, 20, 0) == value_at(&image, 39, 20, 0));
    double sum = 0;
    for (int64_t i = 0; i < 2400; i++) sum += (double)((const float *)image.pixels)[i];
    assert_true(fabs(sum / 2400 - 100) < 0.5);

    flat(40, 60, 1, 100, &image);
    transform("gradient_light p=1 strength=0.5 angle=90", 0, &image);
    assert_true(fabs((double)value_at(&image, 0, 7, 0) - 150) < 1.5 && fabs((double)value_at(&image, 39, 7, 0) - 50) < 1.5);

    flat(40, 60, 1, 100, &image);
    transform("gradient_light p=1 strength=0.5 angle=225", 0, &image);
    assert_true(fabs((double)value_at(&image, 39, 0, 0) - 150) < 2 && fabs((double)value_at(&image, 0, 59, 0) - 50) < 2);
}
