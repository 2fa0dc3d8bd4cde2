/* Rotation. What its pixels are: tests/data/warp.c. */
#include "tests/data/transforms/moves.h"

FV_TEST(data_transforms_rotate__turns_by_90_exactly) {
    FV_IMAGE(turned);
    FV_IMAGE(rotated);
    const char *const steps[] = { "rotate degrees=90 expand=true", "rotate degrees=-180 expand=true",
                                  "rotate degrees=270 expand=true filter=nearest" };
    const char *const turns[] = { "turn quarters=0,1,0,0", "turn quarters=0,0,1,0", "turn quarters=0,0,0,1" };
    for (int64_t width = 1; width < 40; width += 6)
        for (int i = 0; i < 3; i++) {
            fv_moves_noise(&turned, 25, width, 3, width % 4 == 1 ? FV_PIXEL_F32 : FV_PIXEL_U8);
            fv_moves_copy(&turned, &rotated);
            fv_moves_run(turns[i], 0, &turned);
            fv_moves_run(steps[i], 0, &rotated);
            assert_true(fv_moves_same(&turned, &rotated));
        }
    fv_moves_noise(&turned, 25, 25, 3, FV_PIXEL_U8);
    fv_moves_copy(&turned, &rotated);
    fv_moves_run("turn quarters=0,1,0,0", 0, &turned);
    fv_moves_run("rotate degrees=90", 0, &rotated);
    assert_true(fv_moves_same(&turned, &rotated));
}

FV_TEST(data_transforms_rotate__leaves_the_bits_at_angle_0_and_with_probability_0) {
    FV_IMAGE(before);
    FV_IMAGE(after);
    const char *const steps[] = { "rotate degrees=0", "rotate degrees=360 expand=true", "rotate degrees=10,20 p=0" };
    for (int i = 0; i < 3; i++) {
        fv_moves_noise(&before, 21, 34, 3, FV_PIXEL_F32);
        fv_moves_copy(&before, &after);
        fv_moves_run(steps[i], 0, &after);
        assert_true(fv_moves_same(&before, &after));
    }
}

/* The border's share of a grey picture grows with the angle: it tells which angles were drawn. */
FV_TEST(data_transforms_rotate__stays_in_its_range) {
    int least = 1 << 20, most = 0;
    for (uint32_t position = 0; position < 200; position++) {
        FV_IMAGE(image);
        int filled = 0;
        FV_OK(fv_image_resize(&image, 64, 64, 1, FV_PIXEL_U8));
        memset(image.pixels, 200, 64 * 64);
        fv_moves_run("rotate degrees=5,20 filter=nearest", position, &image);
        for (int i = 0; i < 64 * 64; i++) filled += !((const uint8_t *)image.pixels)[i];
        least = filled < least ? filled : least;
        most = filled > most ? filled : most;
    }
    assert_in_range(least, 150, 220); /* 4096 · tan(5°) / 2 ≈ 179, about */
    assert_in_range(most, 480, 620);
}

FV_TEST(data_transforms_rotate__shows_borders_and_refuses_nonsense) {
    FV_IMAGE(image);
    FV_OK(fv_image_resize(&image, 9, 9, 1, FV_PIXEL_U8));
    const char *const steps[] = { "rotate degrees=45 mode=reflect", "rotate degrees=45 mode=edge",
                                  "rotate degrees=45 mode=symmetric", "rotate degrees=45 fill=200" };
    for (int i = 0; i < 4; i++) { /* nothing but 200 all around */
        memset(image.pixels, 200, 81);
        fv_moves_run(steps[i], 0, &image);
        for (int k = 0; k < 81; k++) assert_int_equal(((const uint8_t *)image.pixels)[k], 200);
    }
    FV_FAILS(fv_moves_try("rotate degrees=20,10", (fv_draw){ 0 }, &image), FV_USAGE, "degrees must be given smallest first");
    FV_FAILS(fv_moves_try("rotate degrees=45 fill=1,2", (fv_draw){ 0 }, &image), FV_SHAPE,
             "2 values to fill with for 1 channel");
    FV_OK(fv_image_resize(&image, 1, 70000, 1, FV_PIXEL_U8));
    FV_FAILS(fv_moves_try("rotate degrees=45", (fv_draw){ 0 }, &image), FV_UNSUPPORTED, "more than 65535 pixels a side");
}
