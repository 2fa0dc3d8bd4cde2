/* JPEG of kinds that few programs write, made here with libjpeg: they come back
 * as the picture that went in, but for what the compression takes. What Pillow
 * sees in more usual ones: tests/data/decode.c. */
#include "tests/data/pictures.h"

#include <stdlib.h>

#include <jpeglib.h>

#define WIDTH 45
#define HEIGHT 35
#define TOLERANCE 10 /* where four pixels share a colour */

/* How a picture is written. */
typedef struct kind {
    const char *name;
    J_COLOR_SPACE given, stored; /* of the pixels handed over, and in the file */
    int across, down;            /* the first component's sampling; the others' is 1 */
    bool progressive;
    int restart; /* blocks between marks; 0: none */
    bool no_adobe, arithmetic;
} kind;

/* Smooth, so that compression and few colours take little of it; between 30 and
 * 225. */
static int colour_at(int y, int x, int c) { return 30 + (c == 0 ? 4 * x : c == 1 ? 5 * y : 2 * (x + y)); }

static void fill_row(const kind *k, int y, uint8_t *row) {
    for (int x = 0; x < WIDTH; x++) {
        if (k->given == JCS_GRAYSCALE) row[x] = (uint8_t)colour_at(y, x, 2);
        for (int c = 0; c < 3 && k->given == JCS_RGB; c++) row[3 * x + c] = (uint8_t)colour_at(y, x, c);
        for (int c = 0; c < 3 && k->given == JCS_CMYK; c++) row[4 * x + c] = (uint8_t)colour_at(y, x, c); /* inverted inks */
        if (k->given == JCS_CMYK) row[4 * x + 3] = 255;
    }
}

static void write_jpeg(const kind *k, uint8_t **bytes, unsigned long *length) {
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_compress(&jpeg);
    jpeg_mem_dest(&jpeg, bytes, length);
    jpeg.image_width = WIDTH, jpeg.image_height = HEIGHT;
    jpeg.in_color_space = k->given;
    jpeg.input_components = k->given == JCS_GRAYSCALE ? 1 : k->given == JCS_RGB ? 3 : 4;
    jpeg_set_defaults(&jpeg);
    jpeg_set_colorspace(&jpeg, k->stored);
    jpeg_set_quality(&jpeg, 98, TRUE);
    jpeg.comp_info[0].h_samp_factor = k->across, jpeg.comp_info[0].v_samp_factor = k->down;
    jpeg.restart_interval = (unsigned)k->restart;
    jpeg.arith_code = k->arithmetic;
    if (k->no_adobe) jpeg.write_Adobe_marker = FALSE;
    if (k->progressive) jpeg_simple_progression(&jpeg);
    jpeg_start_compress(&jpeg, TRUE);
    uint8_t row[4 * WIDTH], *rows[] = { row };
    for (int y = 0; y < HEIGHT; y++) {
        fill_row(k, y, row);
        jpeg_write_scanlines(&jpeg, rows, 1);
    }
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
}

static void check_kind(const kind *k) {
    print_message("%s\n", k->name);
    uint8_t *bytes = NULL;
    unsigned long length = 0;
    write_jpeg(k, &bytes, &length);
    FV_IMAGE(image);
    FV_OK(fv_image_decode(bytes, (int64_t)length, k->name, NULL, &image));
    assert_int_equal(image.height, HEIGHT);
    assert_int_equal(image.width, WIDTH);
    assert_int_equal(image.channels, k->given == JCS_GRAYSCALE ? 1 : 3);
    const uint8_t *at = image.pixels;
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++)
            for (int c = 0; c < image.channels; c++, at++)
                assert_in_range(*at + TOLERANCE, colour_at(y, x, image.channels == 1 ? 2 : c),
                                colour_at(y, x, image.channels == 1 ? 2 : c) + 2 * TOLERANCE);
    for (unsigned long cut = 2; cut < length; cut += 13)
        FV_FAILS(fv_image_decode(bytes, (int64_t)cut, "cut", NULL, &image), FV_FORMAT, "cut short");
    free(bytes); /* which libjpeg took from malloc */
}

FV_TEST(data_decode_jpeg__reads_every_kind_whole_and_none_in_part) {
    const kind kinds[] = {
        { "4:4:4", JCS_RGB, JCS_YCbCr, 1, 1, false, 0, false, false },
        { "4:2:2", JCS_RGB, JCS_YCbCr, 2, 1, false, 0, false, false },
        { "4:2:0", JCS_RGB, JCS_YCbCr, 2, 2, false, 0, false, false },
        { "4:4:0", JCS_RGB, JCS_YCbCr, 1, 2, false, 0, false, false },
        { "4:1:1", JCS_RGB, JCS_YCbCr, 4, 1, false, 0, false, false },
        { "4:1:0", JCS_RGB, JCS_YCbCr, 4, 2, false, 0, false, false },
        { "progressive 4:2:0 with restart marks", JCS_RGB, JCS_YCbCr, 2, 2, true, 3, false, false },
        { "restart marks", JCS_RGB, JCS_YCbCr, 2, 2, false, 1, false, false },
        { "RGB by its Adobe mark", JCS_RGB, JCS_RGB, 1, 1, false, 0, false, false },
        { "RGB by its components' names", JCS_RGB, JCS_RGB, 1, 1, true, 0, true, false },
        { "CMYK", JCS_CMYK, JCS_CMYK, 1, 1, false, 0, false, false },
        { "CMYK without a mark", JCS_CMYK, JCS_CMYK, 1, 1, false, 0, true, false },
        { "YCCK", JCS_CMYK, JCS_YCCK, 1, 1, false, 0, false, false },
        { "progressive YCCK", JCS_CMYK, JCS_YCCK, 2, 2, true, 2, false, false },
        { "grey", JCS_GRAYSCALE, JCS_GRAYSCALE, 1, 1, false, 0, false, false },
        { "grey, sampled twice", JCS_GRAYSCALE, JCS_GRAYSCALE, 2, 2, true, 0, false, false },
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) check_kind(&kinds[i]);
}
