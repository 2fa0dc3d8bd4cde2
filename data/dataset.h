/* dataset.h - a data set from inside: what its source listed, and what became of it. */
#ifndef FV_DATA_DATASET_H
#define FV_DATA_DATASET_H

#include "data/bytes.h"
#include "data/decode/decoder.h"
#include "data/source.h"

typedef struct fv_rejected {
    const char *path, *reason;
} fv_rejected;

/* An array that grows in steps; its items are copied in. */
typedef struct fv_list {
    void *at;
    int64_t count, capacity;
} fv_list;
FV_MUST_USE fv_error *fv_list_add(fv_list *list, const void *item, int64_t size);

struct fv_dataset {
    fv_arena *arena;
    const fv_source *source;
    void *state;             /* of the source, once it is open */
    const char *path, *root; /* root: what ids are relative to; the path, unless the source says otherwise */
    fv_decode_options decode;
    bool strict, allow_dropped;
    bool weighted;          /* samples have weights */
    fv_list parts, classes; /* const char * */
    fv_list samples;        /* fv_sample */
    fv_list rejected;       /* fv_rejected */
    fv_list notes;          /* const char * */
    int64_t ignored, unusable;
};

extern const fv_field fv_dataset_fields[]; /* of fv_dataset_options */

static inline fv_sample *fv_dataset_sample(const fv_dataset *set, int64_t index) {
    return (fv_sample *)set->samples.at + index;
}

/* The decoded picture of a sample; `bytes` is memory for its file. Many threads at once. Errors do not name the sample. */
FV_MUST_USE fv_error *fv_dataset_fetch(const fv_dataset *set, int64_t sample, fv_bytes *bytes, fv_image *out);
/* The same, decoded by other options than the set's; how it is stored goes into `*stored` (may be NULL). */
FV_MUST_USE fv_error *fv_dataset_fetch_as(const fv_dataset *set, int64_t sample, const fv_decode_options *options,
                                          fv_stored *stored, fv_bytes *bytes, fv_image *out);
/* The same by the set's options, and perhaps no more of the picture than the interest asks for: `view` says. */
FV_MUST_USE fv_error *fv_dataset_fetch_part(const fv_dataset *set, int64_t sample, const fv_interest *interest, fv_bytes *bytes,
                                            fv_view *view, fv_image *out);
/* The sample as a picture file: its own, or what the source holds as Netpbm bytes (u8, one or three channels; else
 * FV_UNSUPPORTED). FV_UNSUPPORTED too when it has more than `cap` bytes. */
FV_MUST_USE fv_error *fv_dataset_encoded(const fv_dataset *set, int64_t sample, int64_t cap, fv_bytes *bytes);
/* An error of fetching that means the sample is at fault, not the machine (FV_MEMORY) nor we. */
bool fv_is_about_sample(const fv_error *error);
/* Takes `why` as the reason that the sample cannot be used; nothing when it was rejected before. */
FV_MUST_USE fv_error *fv_dataset_reject(fv_dataset *set, int64_t sample, fv_error *why);
/* An error when more is rejected than the set's options allow. */
FV_MUST_USE fv_error *fv_dataset_check_bound(const fv_dataset *set);

#endif
