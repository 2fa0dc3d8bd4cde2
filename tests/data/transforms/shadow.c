/* A shadow darkens by its strength, leaves the rest alone, and has an edge as soft as asked. */
#include <math.h>

#include "tests/data/transforms/flat.h"

/* Pixels at full light, in full shadow, and between. */
static void count_parts(const char *text, uint32_t position, int64_t parts[3]) {
    FV_IMAGE(image);
    flat(60, 80, 3, 200, &image);
    transform(text, position, &image);
    parts[0] = parts[1] = parts[2] = 0;
    for (int64_t i = 0; i < 4800; i++) {
        const float *at = (const float *)image.pixels + 3 * i;
        assert_true(at[0] == at[1] && at[1] == at[2]);
        assert_true(at[0] >= 100 && at[0] <= 200);
        parts[at[0] == 200 ? 0 : at[0] == 100 ? 1 : 2]++;
    }
}

FV_TEST(data_transforms_shadow__has_light_shadow_and_an_edge_of_its_softness) {
    int64_t hard = 0, soft = 0, half_dark = 0, dark = 0;
    for (uint32_t position = 0; position < 60; position++) {
        int64_t parts[3];
        count_parts("shadow p=1 strength=0.5 sides=1 softness=0", position, parts);
        assert_true(parts[0] > 0 || parts[1] > 0);
        hard += parts[2];
        half_dark += parts[1];
        count_parts("shadow p=1 strength=0.5 sides=4 reach=0.3 softness=0.2", position, parts);
        assert_true(parts[0] > 0);
        soft += parts[2];
        dark += parts[1];
    }
    assert_true(hard <= 60); /* a pixel right on the line, at most */
    assert_true(soft > 60 * 100);
    assert_in_range(half_dark, 60 * 1600, 60 * 3200); /* half of the picture, on the mean */
    assert_in_range(dark, 60 * 150, 60 * 1500);       /* a square of 36 pixels, less its edge and what lies outside */
}
