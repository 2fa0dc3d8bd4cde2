/* Sheets of pictures: the pixels are where they belong. */
#include "plot/sheet.h"

#include <stdio.h>

#include "core/base/file.h"
#include "fovea/data.h"
#include "plot/canvas.h"
#include "tests/test.h"

static const uint8_t black_white[] = { 0, 255 }, red[] = { 200, 10, 20 };

static void decode(const fv_text *png, fv_image *image) {
    FV_OK(fv_image_decode(png->at, png->length, "sheet", &(fv_decode_options){ .channels = 3 }, image));
}

static void expect_pixel(const fv_image *image, int64_t x, int64_t y, uint8_t r, uint8_t g, uint8_t b) {
    const uint8_t *at = (const uint8_t *)image->pixels + (y * image->width + x) * 3;
    assert_int_equal(at[0], r);
    assert_int_equal(at[1], g);
    assert_int_equal(at[2], b);
}

FV_TEST(plot_sheet__puts_pictures_in_rows) {
    const fv_sheet_cell cells[] = { { .picture = { black_white, 1, 2, 1 } },
                                    { .picture = { red, 1, 1, 3 }, .tone = FV_TONE_WRONG },
                                    { .picture = { red, 1, 1, 3 } } };
    FV_TEXT(png, 1 << 20);
    fv_image image = { 0 };
    FV_OK(fv_sheet_png(cells, 3, &(fv_sheet_options){ .columns = 2, .cell = 20 }, &png));
    decode(&png, &image);
    assert_int_equal(image.width, 12 + 2 * 32);
    assert_int_equal(image.height, 12 + 2 * 32);
    expect_pixel(&image, 5, 5, 255, 255, 255);
    expect_pixel(&image, 12, 17, 0, 0, 0); /* 10 × 20 in the middle of its cell */
    expect_pixel(&image, 21, 26, 0, 0, 0);
    expect_pixel(&image, 22, 17, 255, 255, 255);
    expect_pixel(&image, 12, 16, 255, 255, 255);
    expect_pixel(&image, 44, 12, 200, 10, 20);
    expect_pixel(&image, 42, 20, 0xC4, 0x49, 0x00); /* the frame of what is wrong */
    expect_pixel(&image, 12, 44, 200, 10, 20);
    fv_image_release(&image);
}

FV_TEST(plot_sheet__is_as_wide_as_its_title) {
    const fv_sheet_cell cell = { .picture = { red, 1, 1, 3 } };
    static const char *const titles[] = { "W", "a title that is wider than a picture of twenty points" };
    for (int i = 0; i < 2; i++) {
        FV_TEXT(png, 1 << 20);
        fv_image image = { 0 };
        FV_OK(fv_sheet_png(&cell, 1, &(fv_sheet_options){ .title = titles[i], .cell = 20 }, &png));
        decode(&png, &image);
        assert_int_equal(image.width > 12 + 32, i);
        assert_true(image.width >= (int64_t)fv_canvas_text_width(titles[i], 15, true));
        fv_image_release(&image);
    }
}

FV_TEST(plot_sheet__captions_are_drawn_whatever_they_say) {
    const fv_sheet_cell cells[] = {
        { .picture = { red, 1, 1, 3 }, .caption = "a caption that is far too long for its cell\nsecond" },
        { .picture = { red, 1, 1, 3 }, .caption = "\xFF\x01<script>\n\n\n\n\n\n\n\n\n" },
    };
    FV_TEXT(png, 1 << 20);
    fv_image image = { 0 };
    FV_OK(fv_sheet_png(cells, 2, &(fv_sheet_options){ .title = "title \xC0", .cell = 40 }, &png));
    decode(&png, &image);
    assert_int_equal(image.height, 12 + 26 + 40 + 4 + 6 * 15 + 12);
    fv_image_release(&image);
}

FV_TEST(plot_sheet__is_written_whole_or_not) {
    const fv_sheet_cell cell = { .picture = { red, 1, 1, 3 } };
    char path[512];
    snprintf(path, sizeof path, "%s/sheet.png", fv_test_folder());
    FV_OK(fv_sheet_write(&cell, 1, &(fv_sheet_options){ 0 }, path));
    assert_int_equal(fv_file_kind_of(path), FV_FILE_PLAIN);
    FV_FAILS(fv_sheet_write(&cell, 1, &(fv_sheet_options){ 0 }, "/nowhere/at/all.png"), FV_NOT_FOUND, "/nowhere/at/all.png");
    FV_FAILS(fv_sheet_write(&cell, 0, &(fv_sheet_options){ 0 }, path), FV_USAGE, "at least one");
}
