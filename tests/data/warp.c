/* Pictures through a matrix: the loops against their definition, the definition against a plain one in double, and
 * torchvision's results (tests/golden/geometry.py). */
#include "data/warp_line.h"
#include "tests/allocations.h"
#include "tests/data/transforms/moves.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* RGB against RGBA: where alpha is 0 nothing is said. */
static void check_near(const fv_image *got, const fv_image *want, int most, double part_equal) {
    int64_t count = want->height * want->width, told = 0, equal = 0;
    assert_int_equal(got->height, want->height);
    assert_int_equal(got->width, want->width);
    const uint8_t *ours = got->pixels, *theirs = want->pixels;
    for (int64_t i = 0; i < count; i++, ours += 3, theirs += 4) {
        if (!theirs[3]) continue;
        for (int c = 0; c < 3; c++) assert_in_range(abs(ours[c] - theirs[c]), 0, most);
        equal += !memcmp(ours, theirs, 3);
        told++;
    }
    print_message("%.2f %% of %.0f %% equal\n", 100.0 * (double)equal / (double)told, 100.0 * (double)told / (double)count);
    assert_true((double)equal >= part_equal * (double)told && (double)told >= 0.8 * (double)count);
}

/* CORNERS of tests/golden/geometry.py. */
static void run_perspective(fv_image *image, fv_workspace *work) {
    const double corners[4][2] = { { 7, 3 }, { 57, 9 }, { 49, 33 }, { 2, 28 } };
    fv_warp warp = { .height = image->height, .width = image->width, .fill = { 1, (const double[]){ 50 } } };
    assert_true(fv_warp_of_corners(60, 36, corners, warp.back));
    FV_OK(fv_image_warp(image, &warp, work));
}

FV_TEST(data_warp__equals_torchvision_and_pillow) {
    FILE *file = fopen(FOVEA_SOURCE "/tests/golden/geometry.txt", "r");
    assert_non_null(file);
    char name[64], input[64], step[256], path[512];
    int count = 0;
    for (; fscanf(file, "%63s %63s %255[^\n]", name, input, step) == 3; count++) {
        FV_IMAGE(got);
        FV_IMAGE(want);
        fv_workspace work = { 0 };
        snprintf(path, sizeof path, FOVEA_SOURCE "/tests/data/files/%s", input);
        FV_OK(fv_image_decode_file(path, NULL, &got));
        snprintf(path, sizeof path, FOVEA_SOURCE "/tests/data/files/%s", name);
        FV_OK(fv_image_decode_file(path, &(fv_decode_options){ .channels = 4 }, &want));
        print_message("%s: %s ", name, step);
        if (!strcmp(step, "perspective"))
            run_perspective(&got, &work);
        else
            fv_moves_run(step, 0, &got);
        bool exact = strstr(step, "letterbox") || strstr(step, "lanczos") || strstr(step, "nearest");
        check_near(&got, &want, exact ? 0 : 1, exact ? 1 : 0.95);
        fv_workspace_release(&work);
    }
    fclose(file);
    assert_in_range(count, 11, 100);
}

/* One matrix of many: turns, zooms, shears, shifts, and views from aside. */
static void some_view(fv_random *random, int64_t in_height, int64_t in_width, fv_warp *warp) {
    warp->height = 1 + fv_random_below(random, 40);
    warp->width = 1 + fv_random_below(random, 40);
    fv_warp_turn turn = { .angle = fv_random_between(random, -360, 360),
                          .zoom = fv_random_between(random, 0.3, 3),
                          .shift_x = fv_random_between(random, -9, 9),
                          .shift_y = fv_random_between(random, -9, 9),
                          .shear_x = fv_random_between(random, -30, 30),
                          .shear_y = fv_random_between(random, -30, 30) };
    fv_warp_of_turn(&turn, in_height, in_width, warp->height, warp->width, warp->back);
    if (fv_random_below(random, 2)) return;
    warp->back[6] = fv_random_between(random, -0.02, 0.02);
    warp->back[7] = fv_random_between(random, -0.02, 0.02);
}

static double value_at(const fv_image *image, int64_t y, int64_t x, int64_t c, const fv_warp *warp) {
    x = fv_border_shows(x, image->width, warp->border);
    y = fv_border_shows(y, image->height, warp->border);
    if (x < 0 || y < 0) return warp->fill.at[0];
    int64_t i = (y * image->width + x) * image->channels + c;
    return image->pixel == FV_PIXEL_U8 ? ((const uint8_t *)image->pixels)[i] : (double)((const float *)image->pixels)[i];
}

/* The definition of warp.h in double, without rounding of places; `slack` is how much that rounding may matter. */
static double plain(const fv_image *image, int64_t y, int64_t x, int64_t c, const fv_warp *warp, double *slack) {
    const double *m = warp->back, at = (double)x + 0.5, down = (double)y + 0.5, w = m[6] * at + m[7] * down + m[8];
    double px = (m[0] * at + m[1] * down + m[2]) / w - 0.5, py = (m[3] * at + m[4] * down + m[5]) / w - 0.5;
    *slack = fabs(px) < 1e6 && fabs(py) < 1e6 ? 0.05 : INFINITY; /* on the horizon any place will do */
    int64_t left = isfinite(*slack) ? (int64_t)floor(px) : 0, top = isfinite(*slack) ? (int64_t)floor(py) : 0;
    double fx = px - (double)left, fy = py - (double)top;
    double above = value_at(image, top, left, c, warp) * (1 - fx) + value_at(image, top, left + 1, c, warp) * fx;
    double below = value_at(image, top + 1, left, c, warp) * (1 - fx) + value_at(image, top + 1, left + 1, c, warp) * fx;
    return above * (1 - fy) + below * fy;
}

FV_TEST(data_warp__mixes_the_four_nearest_pixels) {
    fv_random random = fv_random_at(1, 2, 3, 4);
    fv_workspace work = { 0 };
    FV_IMAGE(before);
    FV_IMAGE(after);
    for (int i = 0; i < 120; i++) {
        fv_pixel pixel = i % 3 ? FV_PIXEL_U8 : FV_PIXEL_F32;
        fv_moves_noise(&before, 1 + fv_random_below(&random, 30), 1 + fv_random_below(&random, 30), 1 + i % 5, pixel);
        fv_moves_copy(&before, &after);
        fv_warp warp = { .border = (fv_border)(i % 4), .fill = { 1, (const double[]){ 77 } } };
        some_view(&random, before.height, before.width, &warp);
        FV_OK(fv_image_warp(&after, &warp, &work));
        for (int64_t n = 0; n < after.height * after.width * after.channels; n++) {
            int64_t place = n / after.channels, c = n % after.channels;
            double slack, want = plain(&before, place / after.width, place % after.width, c, &warp, &slack);
            double got = pixel == FV_PIXEL_U8 ? ((uint8_t *)after.pixels)[n] : (double)((float *)after.pixels)[n];
            assert_true(fabs(got - want) <= slack + (pixel == FV_PIXEL_U8 ? 0.5 : 0));
        }
    }
    fv_workspace_release(&work);
}

/* Row by row, vectors and all, against one pixel at a time. */
FV_TEST(data_warp__rows_equal_their_definition) {
    fv_random random = fv_random_at(5, 6, 7, 8);
    FV_IMAGE(image);
    uint8_t row[40 * 5], pixel[5];
    const uint8_t fill[5] = { 1, 2, 3, 4, 5 };
    for (int i = 0; i < 400; i++) {
        fv_warp warp;
        fv_moves_noise(&image, 1 + fv_random_below(&random, 30), 1 + fv_random_below(&random, 60), 1 + i % 5, FV_PIXEL_U8);
        some_view(&random, image.height, image.width, &warp);
        fv_warp_plane plane = { image.pixels,   fill,
                                image.height,   image.width,
                                image.channels, fv_image_row_bytes(&image),
                                FV_PIXEL_U8,    (fv_border)(i % 4),
                                i % 7 == 0,     warp.back[6] != 0,
                                { 0 } };
        for (int k = 0; k < 9; k++) plane.rows[k] = warp.back[k] * (k < 6 ? FV_WARP_ONE : 1);
        for (int64_t y = 0; y < warp.height; y++) {
            fv_warp_row(&plane, y, warp.width, row);
            for (int64_t x = 0; x < warp.width; x++) {
                int32_t px, py;
                fv_warp_point(&plane, x, y, &px, &py);
                fv_warp_pixel(&plane, px, py, pixel);
                assert_memory_equal(row + x * image.channels, pixel, (size_t)image.channels);
            }
        }
    }
}

FV_TEST(data_warp__keeps_bits_where_points_keep_places_and_where_they_move_by_whole_pixels) {
    fv_workspace work = { 0 };
    FV_IMAGE(before);
    FV_IMAGE(after);
    for (int i = 0; i < 6; i++) {
        fv_moves_noise(&before, 19, 23, 1 + i, i % 2 ? FV_PIXEL_F32 : FV_PIXEL_U8);
        fv_moves_copy(&before, &after);
        fv_warp warp = { .height = 19, .width = 23 };
        fv_warp_of_turn(&(fv_warp_turn){ .zoom = 1 }, 19, 23, 19, 23, warp.back);
        FV_OK(fv_image_warp(&after, &warp, &work));
        assert_true(fv_moves_same(&before, &after));
        const double same[4][2] = { { 0, 0 }, { 22, 0 }, { 22, 18 }, { 0, 18 } };
        assert_true(fv_warp_of_corners(22, 18, same, warp.back));
        FV_OK(fv_image_warp(&after, &warp, &work));
        assert_true(fv_moves_same(&before, &after));
        fv_warp_of_turn(&(fv_warp_turn){ .zoom = 1, .shift_x = 4, .shift_y = -3 }, 19, 23, 19, 23, warp.back);
        FV_OK(fv_image_warp(&after, &warp, &work));
        for (int64_t y = 0; y < 16; y++)
            assert_memory_equal(fv_moves_at(&after, y, 4), fv_moves_at(&before, y + 3, 0),
                                (size_t)(19 * fv_image_pixel_bytes(&before)));
    }
    fv_workspace_release(&work);
}

FV_TEST(data_warp__takes_corners_to_corners) {
    const double corners[4][2] = { { 3, 4 }, { 90, -5 }, { 80, 60 }, { -7, 44 } };
    const double from[4][2] = { { 0, 0 }, { 99, 0 }, { 99, 49 }, { 0, 49 } };
    double m[9];
    assert_true(fv_warp_of_corners(99, 49, corners, m));
    for (int i = 0; i < 4; i++) {
        const double x = corners[i][0], y = corners[i][1], w = m[6] * x + m[7] * y + m[8];
        assert_true(fabs((m[0] * x + m[1] * y + m[2]) / w - from[i][0]) < 1e-9);
        assert_true(fabs((m[3] * x + m[4] * y + m[5]) / w - from[i][1]) < 1e-9);
    }
    const double line[4][2] = { { 0, 0 }, { 5, 5 }, { 10, 10 }, { 0, 9 } },
                 dent[4][2] = { { 6, 6 }, { 9, 0 }, { 9, 9 }, { 0, 9 } };
    assert_false(fv_warp_of_corners(9, 9, line, m));
    assert_false(fv_warp_of_corners(9, 9, dent, m));
}

/* Every geometric step, over and over with one workspace. */
FV_TEST(data_warp__and_the_other_moves_allocate_nothing_once_warm) {
    FV_OWNED(fv_transforms) list = NULL;
    FV_OK(fv_transforms_parse("hflip; vflip; turn; rotate degrees=-30,30; affine degrees=-9,9 zoom=0.8,1.2 mode=reflect; "
                              "perspective p=1; resize size=24,30; letterbox size=32; random_crop size=32 padding=4; "
                              "random_resized_crop size=20 scale=0.5,1; center_crop size=18; normalize",
                              &list));
    fv_workspace work = { 0 };
    FV_IMAGE(picture);
    FV_IMAGE(image);
    fv_moves_noise(&picture, 40, 40, 3, FV_PIXEL_U8);
    int64_t before = 0;
    for (uint32_t position = 0; position < 60; position++) {
        if (position == 40) {
            fv_allocations_watch();
            before = fv_allocations();
        }
        fv_moves_copy(&picture, &image);
        FV_OK(fv_transforms_run(list, FV_TRAINING, &(fv_draw){ 1, 0, position, position }, &work, &image));
    }
    assert_int_equal(fv_allocations() - before, 0);
    fv_workspace_release(&work);
}
