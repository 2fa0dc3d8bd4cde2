/* jpeg_artefacts.c - the picture as it comes back from a JPEG file of low quality: coded by libjpeg with its default tables at
 * a random quality, colours at half the resolution both ways (4:2:0), as Pillow and torchvision's jpeg do, and decoded again.
 * One channel or RGB. f32 is rounded to u8 for it.
 *
 * Our own memory is used again from picture to picture; libjpeg takes and gives back its own for each. */
#include <stdlib.h>

#include "data/jpeg_trap.h"
#include "data/tone.h"
#include "data/transform.h"

typedef struct fv_jpeg_artefacts_options {
    int when;
    double probability;
    int64_t quality[2];
} fv_jpeg_artefacts_options;

static const fv_field fields[] = {
    FV_WHEN(fv_jpeg_artefacts_options, "training"),
    FV_PROBABILITY(fv_jpeg_artefacts_options, "0.5"),
    FV_FIELD(fv_jpeg_artefacts_options, quality, .by_default = "20,80", .min = 1, .max = 100,
             .help = "libjpeg's, drawn between the two, both included"),
    FV_FIELDS_END,
};

static fv_error *check(const void *options) {
    const fv_jpeg_artefacts_options *o = options;
    return fv_range_check("quality", (double[]){ (double)o->quality[0], (double)o->quality[1] });
}

static fv_error *size(const void *options, fv_size *size) {
    (void)options;
    if (!size->channels || size->channels == 1 || size->channels == 3) return NULL;
    return fv_error_hint(
        fv_fail(FV_SHAPE, "JPEG takes one channel or three, and the pictures have %lld", (long long)size->channels),
        "leave the step out");
}

static void on_message(j_common_ptr jpeg, int level) {
    if (level < 0) fv_jpeg_leave(jpeg); /* it reads what it wrote: a warning is a bug */
}

/* `*to`, of *length bytes, is filled with the file; where it does not fit, libjpeg puts its own memory there. */
static fv_error *encode(j_compress_ptr jpeg, fv_jpeg_trap *trap, const fv_image *image, int64_t quality, unsigned char **to,
                        unsigned long *length) {
    jpeg->err = fv_jpeg_trap_errors(trap, on_message);
    if (setjmp(trap->out)) return fv_fail(FV_BUG, "libjpeg cannot code the picture: %s", trap->message);
    jpeg_create_compress(jpeg);
    jpeg_mem_dest(jpeg, to, length);
    jpeg->image_height = (JDIMENSION)image->height;
    jpeg->image_width = (JDIMENSION)image->width;
    jpeg->input_components = (int)image->channels;
    jpeg->in_color_space = image->channels == 3 ? JCS_RGB : JCS_GRAYSCALE;
    jpeg_set_defaults(jpeg);
    jpeg_set_quality(jpeg, (int)quality, TRUE);
    jpeg_start_compress(jpeg, TRUE);
    while (jpeg->next_scanline < jpeg->image_height) {
        JSAMPROW row = (JSAMPROW)image->pixels + jpeg->next_scanline * fv_image_row_bytes(image);
        jpeg_write_scanlines(jpeg, &row, 1);
    }
    jpeg_finish_compress(jpeg);
    return NULL;
}

static fv_error *decode(j_decompress_ptr jpeg, fv_jpeg_trap *trap, const uint8_t *bytes, unsigned long length,
                        fv_image *image) {
    jpeg->err = fv_jpeg_trap_errors(trap, on_message);
    if (setjmp(trap->out)) return fv_fail(FV_BUG, "libjpeg cannot read what it coded: %s", trap->message);
    jpeg_create_decompress(jpeg);
    jpeg_mem_src(jpeg, bytes, length);
    jpeg_read_header(jpeg, TRUE);
    jpeg_start_decompress(jpeg);
    while (jpeg->output_scanline < jpeg->output_height) {
        JSAMPROW row = (JSAMPROW)image->pixels + jpeg->output_scanline * fv_image_row_bytes(image);
        jpeg_read_scanlines(jpeg, &row, 1);
    }
    jpeg_finish_decompress(jpeg);
    return NULL;
}

static fv_error *decode_into(const uint8_t *bytes, unsigned long length, fv_image *image) {
    struct jpeg_decompress_struct reader = { 0 };
    fv_jpeg_trap trap;
    fv_error *error = decode(&reader, &trap, bytes, length, image);
    jpeg_destroy_decompress(&reader);
    return error;
}

/* A picture in u8, coded and decoded in place. `room` begins with half a byte a value, and grows to what was needed once. */
static fv_error *there_and_back(fv_image *image, int64_t quality, fv_image *room) {
    struct jpeg_compress_struct writer = { 0 };
    fv_jpeg_trap trap;
    FV_TRY(fv_image_resize(room, 1, fv_image_bytes(image) / 2 + 4096, 1, FV_PIXEL_U8));
    unsigned char *coded = room->pixels;
    unsigned long length = (unsigned long)room->capacity;
    fv_error *error = encode(&writer, &trap, image, quality, &coded, &length);
    jpeg_destroy_compress(&writer);
    bool fits = coded == room->pixels;
    if (!error) error = decode_into(coded, length, image);
    if (!fits) free(coded); /* house: allow malloc - libjpeg's own memory */
    if (!error && !fits) error = fv_image_resize(room, 1, (int64_t)length, 1, FV_PIXEL_U8);
    return error;
}

static fv_error *apply(const fv_transform_call *call) {
    const fv_jpeg_artefacts_options *o = call->options;
    fv_image *image = call->image, *spare = &call->work->spare;
    fv_size same = fv_image_size(image);
    FV_TRY(size(o, &same));
    if (same.height > JPEG_MAX_DIMENSION || same.width > JPEG_MAX_DIMENSION)
        return fv_fail(FV_UNSUPPORTED, "JPEG holds at most %ld pixels a side", JPEG_MAX_DIMENSION);
    if (fv_random_unit(call->random) >= o->probability) return NULL;
    int64_t quality = o->quality[0] + fv_random_below(call->random, o->quality[1] - o->quality[0] + 1);
    if (image->pixel == FV_PIXEL_U8) return there_and_back(image, quality, &call->work->bytes);
    int64_t count = same.height * same.width * same.channels;
    float *values = image->pixels;
    FV_TRY(fv_image_resize(spare, same.height, same.width, same.channels, FV_PIXEL_U8));
    for (int64_t i = 0; i < count; i++) ((uint8_t *)spare->pixels)[i] = fv_tone_u8(values[i]);
    FV_TRY(there_and_back(spare, quality, &call->work->bytes));
    for (int64_t i = 0; i < count; i++) values[i] = ((const uint8_t *)spare->pixels)[i];
    return NULL;
}

const fv_transform fv_transform_jpeg_artefacts = {
    .name = "jpeg_artefacts",
    .summary = "shows the picture as a JPEG file of low quality gives it back",
    .fields = fields,
    .example = "p=1 quality=2,30",
    .check = check,
    .size = size,
    .apply = apply,
};
