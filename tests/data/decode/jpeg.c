/* JPEG of kinds that few programs write, made here with libjpeg: they come back
 * as the picture that went in, but for what the compression takes. What Pillow
 * sees in more usual ones: tests/data/decode.c. */
#include "tests/data/pictures.h"

#include <stdlib.h>

#include <jerror.h>
#include <jpeglib.h>

#include "core/base/size.h"
#include "data/decode/decoder.h"
#include "data/jpeg_trap.h"

#define WIDTH 45
#define HEIGHT 35
#define NOISY_WIDTH 211
#define NOISY_HEIGHT 157
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

/* Every pixel another, so that one taken for its neighbour shows. */
static void fill_row_noisily(const kind *k, int y, uint8_t *row) {
    uint32_t state = (uint32_t)y;
    int64_t bytes = (int64_t)NOISY_WIDTH * (k->given == JCS_GRAYSCALE ? 1 : k->given == JCS_RGB ? 3 : 4);
    for (int64_t i = 0; i < bytes; i++) row[i] = (uint8_t)((state = state * 1664525u + 1013904223u) >> 24);
}

/* `optimized`: codes of its own, of up to 16 bits. */
static void write_jpeg_of(const kind *k, int quality, bool optimized, bool noisy, uint8_t **bytes, unsigned long *length) {
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_compress(&jpeg);
    jpeg_mem_dest(&jpeg, bytes, length);
    jpeg.image_width = noisy ? NOISY_WIDTH : WIDTH, jpeg.image_height = noisy ? NOISY_HEIGHT : HEIGHT;
    jpeg.in_color_space = k->given;
    jpeg.input_components = k->given == JCS_GRAYSCALE ? 1 : k->given == JCS_RGB ? 3 : 4;
    jpeg_set_defaults(&jpeg);
    jpeg_set_colorspace(&jpeg, k->stored);
    jpeg_set_quality(&jpeg, quality, TRUE);
    jpeg.optimize_coding = optimized;
    jpeg.comp_info[0].h_samp_factor = k->across, jpeg.comp_info[0].v_samp_factor = k->down;
    jpeg.restart_interval = (unsigned)k->restart;
    jpeg.arith_code = k->arithmetic;
    if (k->no_adobe) jpeg.write_Adobe_marker = FALSE;
    if (k->progressive) jpeg_simple_progression(&jpeg);
    jpeg_start_compress(&jpeg, TRUE);
    uint8_t row[4 * NOISY_WIDTH], *rows[] = { row };
    while (jpeg.next_scanline < jpeg.image_height) {
        (noisy ? fill_row_noisily : fill_row)(k, (int)jpeg.next_scanline, row);
        jpeg_write_scanlines(&jpeg, rows, 1);
    }
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
}

static void write_jpeg(const kind *k, bool noisy, uint8_t **bytes, unsigned long *length) {
    write_jpeg_of(k, 98, false, noisy, bytes, length);
}

static void check_kind(const kind *k) {
    print_message("%s\n", k->name);
    uint8_t *bytes = NULL;
    unsigned long length = 0;
    write_jpeg(k, false, &bytes, &length);
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

static const kind kinds[] = {
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

FV_TEST(data_decode_jpeg__reads_every_kind_whole_and_none_in_part) {
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) check_kind(&kinds[i]);
}

/* ---- as libjpeg alone ---- */

static void on_warning(j_common_ptr jpeg, int level) {
    if (level < 0 && jpeg->err->msg_code != JWRN_EXTRANEOUS_DATA) fv_jpeg_leave(jpeg);
}

/* False: it finds damage. */
static bool decode_by_libjpeg(const uint8_t *bytes, unsigned long length, unsigned reduced, fv_image *out) {
    struct jpeg_decompress_struct jpeg;
    fv_jpeg_trap trap;
    jpeg.err = fv_jpeg_trap_errors(&trap, on_warning);
    jpeg_create_decompress(&jpeg);
    if (setjmp(trap.out)) {
        jpeg_destroy_decompress(&jpeg);
        return false;
    }
    jpeg_mem_src(&jpeg, bytes, length);
    jpeg_read_header(&jpeg, TRUE);
    jpeg.scale_denom = reduced;
    jpeg_start_decompress(&jpeg);
    FV_OK(fv_image_resize(out, jpeg.output_height, jpeg.output_width, jpeg.output_components, FV_PIXEL_U8));
    while (jpeg.output_scanline < jpeg.output_height) {
        JSAMPROW row = (JSAMPROW)out->pixels + jpeg.output_scanline * fv_image_row_bytes(out);
        jpeg_read_scanlines(&jpeg, &row, 1);
    }
    jpeg_finish_decompress(&jpeg);
    jpeg_destroy_decompress(&jpeg);
    return true;
}

/* What comes as a picture is libjpeg's; `sound`: it must. */
static void check_as_libjpeg(const uint8_t *bytes, unsigned long length, bool sound, fv_image *ours, fv_image *theirs) {
    fv_error *error = fv_decode(bytes, (int64_t)length, NULL, ours);
    if (sound) assert_null(error);
    if (!error) {
        assert_true(decode_by_libjpeg(bytes, length, 1, theirs));
        assert_int_equal(fv_image_bytes(ours), fv_image_bytes(theirs));
        assert_memory_equal(ours->pixels, theirs->pixels, (size_t)fv_image_bytes(ours));
    } else {
        assert_false(decode_by_libjpeg(bytes, length, 1, theirs));
    }
    fv_error_free(error);
}

FV_TEST(data_decode_jpeg__has_the_bits_of_libjpeg_alone_also_where_it_is_damaged) {
    static const int qualities[] = { 10, 100 };
    FV_IMAGE(ours);
    FV_IMAGE(theirs);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        for (int n = 0; n < 4 && kinds[i].given != JCS_CMYK; n++) { /* whose inks are converted here */
            uint8_t *bytes = NULL;
            unsigned long length = 0;
            print_message("%s, quality %d, %d\n", kinds[i].name, qualities[n / 2], n % 2);
            write_jpeg_of(&kinds[i], qualities[n / 2], n % 2, true, &bytes, &length);
            check_as_libjpeg(bytes, length, true, &ours, &theirs);
            for (unsigned long at = 700; at + 2 < length; at += length / 4) {
                uint8_t kept = bytes[at];
                bytes[at] ^= (uint8_t)(1 << at % 8);
                check_as_libjpeg(bytes, length, false, &ours, &theirs);
                bytes[at] = kept;
            }
            free(bytes);
        }
}

/* ---- less than the whole ---- */

static fv_box_of_pixels as_wanted(const void *context, int64_t height, int64_t width) {
    const fv_box_of_pixels *box = context;
    assert_true(fv_box_is_inside(*box, (fv_box_of_pixels){ 0, 0, height, width }));
    return *box;
}

static fv_jpeg_rows *kept; /* of the file decoded last */

static void keep(const void *context, const fv_jpeg_rows *rows) {
    (void)context;
    free(kept);
    kept = malloc((size_t)fv_jpeg_rows_bytes(rows));
    memcpy(kept, rows, (size_t)fv_jpeg_rows_bytes(rows));
}

static fv_error *decode_by(const fv_interest *interest, const uint8_t *bytes, unsigned long length, fv_view *view,
                           fv_image *out) {
    fv_stored stored;
    FV_TRY(fv_decode_stored(bytes, (int64_t)length, NULL, interest, &stored, out));
    *view = stored.view;
    return NULL;
}

static fv_error *decode_part_of(const uint8_t *bytes, unsigned long length, bool known_whole, const fv_box_of_pixels *wanted,
                                fv_view *view, fv_image *out) {
    fv_interest interest = { .region = as_wanted, .context = wanted, .known_whole = known_whole };
    return decode_by(&interest, bytes, length, view, out);
}

static fv_error *decode_part(const uint8_t *bytes, unsigned long length, const fv_box_of_pixels *wanted, fv_view *view,
                             fv_image *out) {
    return decode_part_of(bytes, length, false, wanted, view, out);
}

static void check_part(const fv_image *whole, const fv_image *part, const fv_view *view, fv_box_of_pixels wanted) {
    assert_true(view->height == whole->height && view->width == whole->width && part->channels == whole->channels);
    assert_true(view->box.height == part->height && view->box.width == part->width);
    assert_true(fv_box_is_inside(wanted, view->box));
    for (int64_t y = wanted.top; y < wanted.top + wanted.height; y++)
        assert_memory_equal(fv_image_at(part, y - view->box.top, wanted.left - view->box.left),
                            fv_image_at(whole, y, wanted.left), (size_t)(wanted.width * whole->channels));
}

/* A box that the number stands for: of all sizes, at all places, edges not left out. */
static fv_box_of_pixels box_number(int number) {
    uint32_t state = (uint32_t)number * 2654435761u;
    int64_t values[4];
    for (int i = 0; i < 4; i++) values[i] = (state = state * 1664525u + 1013904223u) >> 8;
    fv_box_of_pixels box = { .height = values[0] % NOISY_HEIGHT + 1, .width = values[1] % NOISY_WIDTH + 1 };
    box.top = values[2] % (NOISY_HEIGHT - box.height + 1);
    box.left = values[3] % (NOISY_WIDTH - box.width + 1);
    if (number % 5 == 1) box.top = 0;
    if (number % 5 == 2) box.left = 0;
    if (number % 5 == 3) box.top = NOISY_HEIGHT - box.height;
    if (number % 5 == 4) box.left = NOISY_WIDTH - box.width;
    return box;
}

/* Not under ThreadSanitizer: a picture is decoded on one thread. */
FV_TEST(data_decode_jpeg__a_part_has_the_bits_that_it_has_in_the_whole) {
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        uint8_t *bytes = NULL;
        unsigned long length = 0;
        FV_IMAGE(whole);
        FV_IMAGE(part);
        bool less = false;
        print_message("%s\n", kinds[i].name);
        write_jpeg(&kinds[i], true, &bytes, &length);
        FV_OK(fv_image_decode(bytes, (int64_t)length, "whole", NULL, &whole));
        for (int n = 0; n < 200; n++) {
            fv_box_of_pixels wanted = box_number(n);
            fv_view view = { 0 };
            FV_OK(decode_part(bytes, length, &wanted, &view, &part));
            check_part(&whole, &part, &view, wanted);
            FV_OK(decode_part_of(bytes, length, true, &wanted, &view, &part));
            check_part(&whole, &part, &view, wanted);
            less |= part.height < whole.height && part.width < whole.width;
        }
        assert_int_equal(less, !kinds[i].progressive);
        free(bytes);
    }
}

/* By what was noted of its rows; and what is noted of another file is not looked at. */
FV_TEST(data_decode_jpeg__a_part_has_the_same_bits_without_what_lies_before_it) {
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        uint8_t *bytes = NULL;
        unsigned long length = 0;
        FV_IMAGE(whole);
        FV_IMAGE(part);
        fv_view view = { 0 };
        fv_box_of_pixels wanted = box_number(0);
        const kind *k = &kinds[i];
        print_message("%s\n", k->name);
        write_jpeg(k, true, &bytes, &length);
        FV_OK(fv_image_decode(bytes, (int64_t)length, "whole", NULL, &whole));
        fv_interest interest = { .region = as_wanted, .context = &wanted, .keep = keep };
        FV_OK(decode_by(&interest, bytes, length, &view, &part));
        assert_int_equal(kept != NULL, !k->progressive && !k->restart && k->given != JCS_CMYK);
        interest = (fv_interest){ .region = as_wanted, .context = &wanted, .known_whole = true, .rows = kept };
        for (int n = 0; kept && n < 100; n++) {
            wanted = box_number(n);
            if (n == 90) kept->length++, memset(kept->at, 0xA5, sizeof *kept->at * (size_t)kept->count);
            FV_OK(decode_by(&interest, bytes, length, &view, &part));
            check_part(&whole, &part, &view, wanted);
        }
        free(kept);
        kept = NULL;
        free(bytes);
    }
}

/* ---- at less than its size ---- */

static int64_t reduced; /* by how much */

static int64_t by_reduced(const void *context, int64_t height, int64_t width) {
    (void)context;
    assert_true(height == NOISY_HEIGHT && width == NOISY_WIDTH);
    return reduced;
}

/* A box in the reduced picture, whole or any part of it. */
static fv_box_of_pixels small_box(int number) {
    fv_box_of_pixels box = box_number(number);
    box.top /= reduced, box.left /= reduced;
    box.height = fv_max(box.height / reduced, 1), box.width = fv_max(box.width / reduced, 1);
    return box;
}

/* Not under ThreadSanitizer: a picture is decoded on one thread. */
FV_TEST(data_decode_jpeg__a_reduced_part_has_the_bits_of_libjpegs_reduced_whole) {
    const kind *k = kinds;
    for (; !k->progressive && !k->restart; k++) {
        uint8_t *bytes = NULL;
        unsigned long length = 0;
        FV_IMAGE(whole);
        FV_IMAGE(part);
        print_message("%s\n", k->name);
        write_jpeg(k, true, &bytes, &length);
        for (reduced = 1; reduced <= 8; reduced *= 2) {
            fv_box_of_pixels wanted = small_box(0);
            fv_view view = { 0 };
            assert_true(decode_by_libjpeg(bytes, length, (unsigned)reduced, &whole));
            fv_interest interest = { .region = as_wanted, .context = &wanted, .reduce = by_reduced, .keep = keep };
            FV_OK(decode_by(&interest, bytes, length, &view, &part));
            interest.keep = NULL;
            for (int n = 0; n < 100; n++) {
                wanted = small_box(n);
                if (n == 50) interest.rows = kept, interest.known_whole = true;
                FV_OK(decode_by(&interest, bytes, length, &view, &part));
                check_part(&whole, &part, &view, wanted);
            }
            free(kept);
            kept = NULL;
        }
        free(bytes);
    }
    assert_true(k > kinds + 4);
}

/* Cut off, or a byte of the blocks changed: what the whole fails with a part fails with, wherever it lies. */
/* Not under ThreadSanitizer: a picture is decoded on one thread. */
FV_TEST(data_decode_jpeg__damage_anywhere_is_found_from_any_part) {
    const fv_box_of_pixels corner = { 0, 0, 9, 11 }, middle = { 70, 60, 20, 31 };
    int refused = 0;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        uint8_t *bytes = NULL;
        unsigned long length = 0;
        FV_IMAGE(image);
        fv_view view = { 0 };
        write_jpeg(&kinds[i], true, &bytes, &length);
        for (unsigned long at = 2; at < length; at += length / 60) {
            FV_FAILS(decode_part(bytes, at, &corner, &view, &image), FV_FORMAT, "cut short");
            FV_FAILS(decode_part(bytes, at, &middle, &view, &image), FV_FORMAT, "cut short");
            uint8_t kept = bytes[at];
            bytes[at] ^= 0xFF;
            fv_error *whole = fv_decode(bytes, (int64_t)length, NULL, &image);
            for (int n = 0; n < 2; n++) {
                fv_error *part = decode_part(bytes, length, n ? &middle : &corner, &view, &image);
                assert_int_equal(!part, !whole);
                if (whole) assert_string_equal(fv_error_message(part), fv_error_message(whole));
                fv_error_free(part);
            }
            refused += whole != NULL;
            fv_error_free(whole);
            bytes[at] = kept;
        }
        free(bytes);
    }
    print_message("%d refused\n", refused);
    assert_true(refused > 10);
}

/* ---- what is left alone ---- */

FV_TEST(data_decode_jpeg__decodes_arithmetic_coding_as_a_whole) {
    const kind arithmetic = { "arithmetic", JCS_RGB, JCS_YCbCr, 1, 1, false, 0, false, true };
    const fv_box_of_pixels corner = { 0, 0, 9, 11 };
    uint8_t *bytes = NULL;
    unsigned long length = 0;
    FV_IMAGE(whole);
    FV_IMAGE(part);
    fv_view view = { 0 };
    write_jpeg(&arithmetic, true, &bytes, &length);
    FV_OK(fv_image_decode(bytes, (int64_t)length, "whole", NULL, &whole));
    FV_OK(decode_part(bytes, length, &corner, &view, &part));
    assert_int_equal(part.height, NOISY_HEIGHT);
    assert_memory_equal(part.pixels, whole.pixels, (size_t)fv_image_bytes(&whole));
    free(bytes);
}

/* One row is below what is decoded: rows 0 to 15 are the blocks of the part. */
FV_TEST(data_decode_jpeg__damage_in_a_single_row_below_a_part_is_found) {
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    uint8_t *bytes = NULL, row[8] = { 0 }, *rows[] = { row };
    unsigned long length = 0;
    const fv_box_of_pixels top = { 0, 0, 9, 8 };
    FV_IMAGE(part);
    fv_view view = { 0 };
    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_compress(&jpeg);
    jpeg_mem_dest(&jpeg, &bytes, &length);
    jpeg.image_width = 8, jpeg.image_height = 17, jpeg.in_color_space = JCS_GRAYSCALE, jpeg.input_components = 1;
    jpeg_set_defaults(&jpeg);
    jpeg_start_compress(&jpeg, TRUE);
    for (int y = 0; y < 17; y++) row[y % 8] = (uint8_t)(255 * (y % 2)), jpeg_write_scanlines(&jpeg, rows, 1);
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    FV_OK(decode_part(bytes, length, &top, &view, &part));
    assert_int_equal(part.height, 16);
    FV_FAILS(decode_part(bytes, length - 3, &top, &view, &part), FV_FORMAT, "cut short");
    free(bytes);
}

FV_TEST(data_decode_jpeg__refuses_colours_that_nobody_names) {
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    uint8_t *bytes = NULL, row[16] = { 0 }, *rows[] = { row };
    unsigned long length = 0;
    FV_IMAGE(image);
    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_compress(&jpeg);
    jpeg_mem_dest(&jpeg, &bytes, &length);
    jpeg.image_width = jpeg.image_height = 8, jpeg.in_color_space = JCS_UNKNOWN, jpeg.input_components = 2;
    jpeg_set_defaults(&jpeg);
    jpeg_start_compress(&jpeg, TRUE);
    for (int y = 0; y < 8; y++) jpeg_write_scanlines(&jpeg, rows, 1);
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    FV_FAILS(fv_image_decode(bytes, (int64_t)length, "two", NULL, &image), FV_UNSUPPORTED, "2 components");
    free(bytes);
}

static unsigned long find_last(const uint8_t *bytes, unsigned long length, uint8_t marker) {
    while (--length)
        if (bytes[length - 1] == 0xFF && bytes[length] == marker) return length - 1;
    fail_msg("no marker %d", marker);
    return 0;
}

/* A component a scan; then the last scan again, as often as it takes. */
FV_TEST(data_decode_jpeg__refuses_more_scans_than_a_picture_needs) {
    static const jpeg_scan_info scans[] = { { 1, { 0 }, 0, 63, 0, 0 }, { 1, { 1 }, 0, 63, 0, 0 }, { 1, { 2 }, 0, 63, 0, 0 } };
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    uint8_t *bytes = NULL, row[24] = { 0 }, *rows[] = { row };
    unsigned long length = 0;
    FV_IMAGE(image);
    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_compress(&jpeg);
    jpeg_mem_dest(&jpeg, &bytes, &length);
    jpeg.image_width = jpeg.image_height = 8, jpeg.in_color_space = JCS_RGB, jpeg.input_components = 3;
    jpeg_set_defaults(&jpeg);
    jpeg.scan_info = scans, jpeg.num_scans = 3;
    jpeg_start_compress(&jpeg, TRUE);
    for (int y = 0; y < 8; y++) jpeg_write_scanlines(&jpeg, rows, 1);
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    FV_OK(fv_image_decode(bytes, (int64_t)length, "three scans", NULL, &image));
    unsigned long scan = find_last(bytes, length, 0xDA), end = find_last(bytes, length, 0xD9);
    uint8_t *many = malloc(length + 600 * (end - scan)), *at = mempcpy(many, bytes, end);
    for (int i = 0; i < 600; i++) at = mempcpy(at, bytes + scan, end - scan);
    at = mempcpy(at, bytes + end, length - end);
    FV_FAILS(fv_image_decode(many, at - many, "many scans", NULL, &image), FV_FORMAT, "more than 500 scans");
    free(many);
    free(bytes);
}

/* A picture whose EXIF block is too short to be one, and bytes that begin as a JPEG's do. */
FV_TEST(data_decode_jpeg__is_known_by_its_first_two_bytes) {
    const kind plain = { "plain", JCS_RGB, JCS_YCbCr, 1, 1, false, 0, false, false };
    uint8_t *bytes = NULL, marked[1 << 16] = { 0xFF, 0xD8, 0xFF, 0xE1, 0, 5, 'E', 'x', 'i' };
    unsigned long length = 0;
    FV_IMAGE(image);
    write_jpeg(&plain, false, &bytes, &length);
    memcpy(marked + 9, bytes + 2, length - 2);
    FV_OK(fv_image_decode(marked, (int64_t)length + 7, "short EXIF", NULL, &image));
    assert_int_equal(image.height, HEIGHT);
    marked[1] = 0xD9;
    FV_FAILS(fv_image_decode(marked, (int64_t)length, "another", NULL, &image), FV_FORMAT, "not a picture");
    free(bytes);
}
