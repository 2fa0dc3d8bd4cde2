/* The noise's moments, and that channels differ unless they are asked not to. */
#include <math.h>

#include "tests/data/transforms/flat.h"

FV_TEST(data_transforms_gaussian_noise__has_its_mean_deviation_and_tails) {
    FV_IMAGE(image);
    FV_OK(fv_image_resize(&image, 100, 100, 3, FV_PIXEL_F32));
    for (int64_t i = 0; i < 30000; i++) ((float *)image.pixels)[i] = 128;
    transform("gaussian_noise p=1 sigma=10", 0, &image);
    double sum = 0, squares = 0, neighbours = 0;
    int beyond = 0;
    for (int64_t i = 0; i < 30000; i++) {
        double z = ((double)((const float *)image.pixels)[i] - 128) / 10;
        double next = ((double)((const float *)image.pixels)[(i + 1) % 30000] - 128) / 10;
        sum += z;
        squares += z * z;
        neighbours += z * next;
        beyond += fabs(z) > 2;
    }
    assert_true(fabs(sum / 30000) < 0.02); /* 3.5 standard deviations of each */
    assert_true(fabs(squares / 30000 - 1) < 0.03);
    assert_true(fabs(neighbours / 30000) < 0.02);
    assert_in_range(beyond, 1240, 1490); /* 4.55 % of 30000 */
}

FV_TEST(data_transforms_gaussian_noise__is_grey_when_asked) {
    FV_IMAGE(grey);
    FV_IMAGE(coloured);
    flat(10, 11, 3, 100, &grey);
    flat(10, 11, 3, 100, &coloured);
    transform("gaussian_noise p=1 sigma=20 grey=true", 0, &grey);
    transform("gaussian_noise p=1 sigma=20", 0, &coloured);
    int equal = 0;
    for (int64_t i = 0; i < 110; i++) {
        const float *g = (const float *)grey.pixels + 3 * i, *c = (const float *)coloured.pixels + 3 * i;
        assert_true(g[0] == g[1] && g[1] == g[2]);
        equal += c[0] == c[1];
    }
    assert_true(equal < 20);
}
