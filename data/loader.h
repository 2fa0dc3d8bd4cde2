/* loader.h - a loader from inside: a ring of slots, one batch each, that workers fill and the caller empties.
 *
 * Batch k of the epoch lives in slot k mod queue. `claimed` (batch, row) is the next row that nobody works on; a worker takes
 * up to `grain` rows at a time while its batch is less than `released` + queue. The caller takes batches in order: `released`
 * counts those it is done with. What a row holds depends on its position in the epoch alone. */
#ifndef FV_DATA_LOADER_H
#define FV_DATA_LOADER_H

#include <pthread.h>

#include "data/cache.h"
#include "data/decode/jpeg_rows.h"
#include "data/sampler.h"
#include "data/subset.h"
#include "data/threads.h"
#include "data/transform.h"

extern const fv_field fv_loader_fields[]; /* of fv_loader_options: those that a recipe may say */

/* One batch being made. Only rows that a thread claimed are written by it; the rest is guarded by the loader's mutex. */
typedef struct fv_slot {
    int64_t index, first, rows, pending; /* first: position in the epoch of row 0; pending: rows that are not made yet */
    float *images, *targets;             /* targets: NULL where labels say it all */
    int64_t *labels, *samples;
    fv_error **failed; /* a row: why its own picture could not be read */
    fv_error **broken; /* a row: what ends the epoch */
} fv_slot;

/* What a thread uses again from picture to picture. */
typedef struct fv_reader {
    fv_bytes bytes;
    fv_image image, partner;
    fv_workspace work;
    fv_loader_times times; /* not yet added to the loader's */
} fv_reader;

/* What decoders noted of files, to decode parts of them sooner. */
typedef struct fv_noted {
    _Atomic int64_t bytes;
    int64_t most;               /* bytes; what comes later is not kept */
    fv_jpeg_rows *_Atomic at[]; /* a sample of the set: NULL, or its rows; set once */
} fv_noted;

struct fv_loader {
    const fv_subset *subset;
    const fv_transforms *transforms;
    fv_loader_options options; /* resolved */
    fv_size size;
    int64_t target_width; /* floats of a target; 0: class numbers say it all */
    int64_t batches, grain;
    fv_cache *cache;         /* NULL: none */
    _Atomic uint8_t *intact; /* a sample of the set: its file was decoded without an error */
    fv_noted *noted;
    fv_slot *slots;
    fv_threads threads;
    fv_reader reader; /* of the caller */
    fv_batch batch;   /* handed out */

    /* Of the epoch under way; changed while no worker is busy. */
    int64_t epoch, *order; /* order: position → sample */
    fv_sampler *sampler;   /* makes it; NULL: the subset's own */
    int64_t *partners;     /* position → position of the picture to mix with; NULL: nothing is mixed */
    bool running;          /* the caller's view: not at the end, no error */
    int64_t taken;         /* the next batch that the caller gets */

    pthread_mutex_t mutex; /* guards what follows, and the slots' numbers */
    pthread_cond_t work, made;
    int64_t claimed_batch, claimed_row, released;
    int busy;
    bool stop;
    fv_loader_times times;
};

/* Makes one row: reads, transforms and stores it, or its errors. */
void fv_loader_make_row(const fv_loader *loader, fv_slot *slot, int64_t row, fv_reader *reader);
void fv_reader_release(fv_reader *reader);

#endif
