/* png.c - PNG through libpng: every colour type and depth, interlaced or not. Palettes become RGB, grey of less than 8 bits is
 * spread over 0…255, transparency is dropped unless 4 channels (or 2) are wanted. Gamma and colour profiles are not applied. */
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <png.h>

#include "core/base/memory.h"
#include "data/decode/decoder.h"
#include "data/image.h"

#define DEFLATE_RATIO 1032        /* at most: 258 bytes in two bits */
#define CHUNK_BYTES_MAX (8 << 20) /* what one compressed text or profile may grow to */
#define CHUNKS_MAX 1000

/* The bytes that libpng has not read yet, and why it gave up. */
typedef struct png_input {
    const uint8_t *at;
    int64_t left;
    bool out_of_memory;
    char message[160];
} png_input;

/* libpng's errors do not tell want of memory from damage, so what it allocates comes from here. */
static png_voidp on_alloc(png_structp png, png_alloc_size_t bytes) {
    png_input *input = png_get_mem_ptr(png);
    void *memory = fv_memory_try(1, (int64_t)bytes); /* what does not fit there is negative, and too much */
    if (!memory) input->out_of_memory = true;
    return memory;
}

static void on_free(png_structp png, png_voidp memory) {
    (void)png;
    fv_memory_free(memory);
}

/* Every chunk up to IEND lies within the file. Otherwise it is cut short, and libpng would allocate what a chunk claims to be.
 */
static bool is_whole(const uint8_t *bytes, int64_t length) {
    for (int64_t at = 8; length - at >= 12;) {
        const uint8_t *b = bytes + at;
        int64_t size = (int64_t)b[0] << 24 | b[1] << 16 | b[2] << 8 | b[3];
        if (size > length - at - 12) return false;
        if (!memcmp(b + 4, "IEND", 4)) return true;
        at += size + 12;
    }
    return false;
}

static void on_read(png_structp png, png_bytep to, size_t count) {
    png_input *input = png_get_io_ptr(png);
    if ((int64_t)count > input->left) png_error(png, "it ends too early");
    memcpy(to, input->at, count);
    input->at += count;
    input->left -= (int64_t)count;
}

static void on_error(png_structp png, png_const_charp message) {
    png_input *input = png_get_error_ptr(png);
    snprintf(input->message, sizeof input->message, "%s", message);
    png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp message) { (void)png, (void)message; }

/* Asks libpng for u8 or u16 in 1 to 4 channels. */
static void choose_form(png_structp png, png_infop info, const fv_decode_options *options) {
    png_byte type = png_get_color_type(png, info);
    bool transparent = png_get_valid(png, info, PNG_INFO_tRNS);
    if (type == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(png);
    if (type == PNG_COLOR_TYPE_GRAY && png_get_bit_depth(png, info) < 8) png_set_expand_gray_1_2_4_to_8(png);
    bool alpha = options->channels == 4 || options->channels == 2;
    if (alpha && transparent) png_set_tRNS_to_alpha(png);
    if (!alpha && (type & PNG_COLOR_MASK_ALPHA || transparent)) png_set_strip_alpha(png);
    if (!options->keep_u16) png_set_strip_16(png);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    else if (png_get_bit_depth(png, info) == 16)
        png_set_swap(png);
#endif
}

static void read_rows(png_structp png, int passes, fv_image *out) {
    int64_t stride = fv_image_row_bytes(out);
    for (int pass = 0; pass < passes; pass++)
        for (int64_t y = 0; y < out->height; y++) png_read_row(png, (png_bytep)out->pixels + y * stride, NULL);
}

static int orientation_of(png_structp png, png_infop info) {
    png_bytep exif = NULL;
    png_uint_32 length = 0;
    return png_get_eXIf_1(png, info, &length, &exif) ? fv_exif_orientation(exif, length) : 1;
}

/* Between creating and destroying `png`, which longjmp comes back to. */
static fv_error *decode_trapped(const fv_encoded *encoded, png_structp png, png_infop info, fv_image *out, fv_decoded *about) {
    png_set_user_limits(png, 0x7FFFFFFF, 0x7FFFFFFF); /* fv_decode_check_size decides, in pixels */
    png_set_chunk_malloc_max(png, CHUNK_BYTES_MAX);
    png_set_chunk_cache_max(png, CHUNKS_MAX);
    png_read_info(png, info);
    FV_TRY(fv_decode_check_size(encoded, png_get_image_height(png, info), png_get_image_width(png, info), 4));
    FV_TRY(fv_decode_check_room(encoded, png_get_image_height(png, info), (int64_t)png_get_rowbytes(png, info), DEFLATE_RATIO));
    choose_form(png, info, &encoded->options);
    int passes = png_set_interlace_handling(png);
    png_read_update_info(png, info);
    fv_pixel pixel = png_get_bit_depth(png, info) == 16 ? FV_PIXEL_U16 : FV_PIXEL_U8;
    FV_TRY(fv_image_resize(out, png_get_image_height(png, info), png_get_image_width(png, info), png_get_channels(png, info),
                           pixel));
    read_rows(png, passes, out);
    png_read_end(png, info); /* EXIF may come after the pixels */
    about->orientation = orientation_of(png, info);
    return NULL;
}

static fv_error *decode(const fv_encoded *encoded, fv_image *out, fv_decoded *about) {
    if (!is_whole(encoded->bytes, encoded->length)) return fv_fail(FV_FORMAT, "cut short: the PNG ends too early");
    png_input input = { .at = encoded->bytes, .left = encoded->length };
    png_structp png = png_create_read_struct_2(PNG_LIBPNG_VER_STRING, &input, on_error, on_warning, &input, on_alloc, on_free);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    if (!info) {
        png_destroy_read_struct(&png, NULL, NULL);
        return fv_error_memory();
    }
    if (setjmp(png_jmpbuf(png))) {
        png_destroy_read_struct(&png, &info, NULL);
        if (input.out_of_memory) return fv_fail(FV_MEMORY, "out of memory in libpng");
        return fv_fail(FV_FORMAT, "damaged PNG: %s", input.message);
    }
    png_set_read_fn(png, &input, on_read);
    fv_error *error = decode_trapped(encoded, png, info, out, about);
    png_destroy_read_struct(&png, &info, NULL);
    return error;
}

static bool matches(const uint8_t *bytes, int64_t length) { return length >= 8 && !memcmp(bytes, "\x89PNG\r\n\x1a\n", 8); }

const fv_decoder fv_decoder_png = {
    .name = "png",
    .summary = "PNG: grey, RGB, palette, alpha, 1 to 16 bits, interlaced",
    .matches = matches,
    .decode = decode,
};
