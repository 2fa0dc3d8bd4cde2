/* decoder.h - what a picture format is: one file data/decode/NAME.c with its descriptor, found by the line that defines it. */
#ifndef FV_DATA_DECODER_H
#define FV_DATA_DECODER_H

#include "data/decode/jpeg_rows.h"
#include "data/image.h"

/* Who says, once a picture's size is known, which part of it is wanted: in pixels of the upright picture, inside it. */
typedef struct fv_interest {
    fv_box_of_pixels (*region)(const void *context, int64_t height, int64_t width);
    const void *context;
    /* By how much what can be decoded at less than its size may be: 1, 2, 4 or 8; NULL: not. `region` is then asked for
     * the size that comes of it. */
    int64_t (*reduce)(const void *context, int64_t height, int64_t width);
    bool known_whole; /* the file was decoded without an error before: what lies behind the part need not be looked at */
    /* What an earlier decoding of the file gave to `keep`; NULL: nothing is known. Looked at where it is known to be whole. */
    const fv_jpeg_rows *rows;
    /* Called with what helps to decode parts of it later, once it has been decoded without an error; to be copied. NULL: no. */
    void (*keep)(const void *context, const fv_jpeg_rows *rows);
} fv_interest;

/* An encoded picture and what is wanted of it. */
typedef struct fv_encoded {
    const uint8_t *bytes;
    int64_t length;
    fv_decode_options options;   /* no zeros left in max_pixels and max_bytes */
    const fv_interest *interest; /* NULL: the whole is wanted */
} fv_encoded;

/* What a file says about its pixels. */
typedef struct fv_decoded {
    int orientation; /* EXIF's; it comes in as 1 */
    fv_view view;    /* what was decoded; it comes in as zeros, the whole, and stays so where the picture is turned */
    bool bands;      /* the channels are neither grey nor colours: they are taken as they are stored, or not at all */
} fv_decoded;

typedef struct fv_decoder {
    const char *name;                                      /* "jpeg" */
    const char *summary;                                   /* "JPEG: baseline, progressive, …" */
    bool (*matches)(const uint8_t *bytes, int64_t length); /* by its first bytes */
    /* The whole picture as it is stored: bands in any number, else 1 to 4 channels (grey, grey and alpha, RGB, RGB and alpha;
     * alpha may be left out when options.channels is neither 2 nor 4), u8, f32 or u16 (whatever keep_u16: the caller narrows
     * it). One that can decode less than the whole for less work does so where there is an interest, but finds every damage
     * that it would find in the whole, unless the file is known to be whole. Calls the two checks below before it allocates.
     * Errors do not name the file: the caller does. */
    fv_error *(*decode)(const fv_encoded *encoded, fv_image *out, fv_decoded *about);
    bool blames_damage; /* its library calls want of memory damage */
} fv_decoder;

extern const fv_decoder *const fv_decoder_table[]; /* generated, sorted by name */
extern const int fv_decoder_table_count;

/* FV_FORMAT for a picture without pixels; FV_UNSUPPORTED when it has more than options.max_pixels, or more than four times as
 * many samples. */
FV_MUST_USE fv_error *fv_decode_check_size(const fv_encoded *encoded, int64_t height, int64_t width, int64_t channels);

/* FV_FORMAT when a file of this length cannot hold rows × columns at `most` of them a byte: it is cut short, and memory for
 * what it claims to be need not be taken. */
FV_MUST_USE fv_error *fv_decode_check_room(const fv_encoded *encoded, int64_t rows, int64_t columns, int64_t most);

/* Why bytes that no decoder matches are not taken: what they are instead. */
FV_MUST_USE fv_error *fv_decode_refuse(const uint8_t *bytes, int64_t length);

/* The options with their defaults filled in; NULL: all of them. FV_USAGE: a negative number, or more channels than
 * FV_CHANNELS_MAX. */
FV_MUST_USE fv_error *fv_decode_options_resolve(const fv_decode_options *options, fv_decode_options *out);

/* fv_image_decode, but errors do not name the picture. */
FV_MUST_USE fv_error *fv_decode(const void *bytes, int64_t length, const fv_decode_options *options, fv_image *out);

/* How a picture is stored, which a decoded one does not tell any more. */
typedef struct fv_stored {
    const char *format; /* the decoder's name */
    int64_t channels;   /* before they were converted; alpha may be left out */
    int orientation;    /* EXIF's, 1 to 8 */
    bool bands;         /* as in fv_decoded */
    fv_view view;       /* what of the upright picture was decoded */
} fv_stored;
/* The same; what is stored goes into `*stored` (NULL: it is not asked for). Where there is an interest (or NULL), `out` is the
 * part of the picture that stored->view says: no less than was wanted, with the bits that it has in the whole. What is damaged
 * anywhere is an error all the same, unless the interest knows better. */
FV_MUST_USE fv_error *fv_decode_stored(const void *bytes, int64_t length, const fv_decode_options *options,
                                       const fv_interest *interest, fv_stored *stored, fv_image *out);

#define FV_EMPTY_FILE "an empty file" /* the reason that a file of no bytes is refused with */

#endif
