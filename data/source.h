/* source.h - what a source is: one file data/sources/NAME.c with its descriptor, found by the line that defines it. A source
 * knows one format of data sets: it lists what there is, once, and gives one sample at a time.
 *
 * `open` calls the fv_listing_ functions: parts and classes first, then samples in the set's order. What it meets and cannot
 * use it rejects by name; what is nobody's sample (hidden files, a CSV beside pictures) it ignores, which is counted. */
#ifndef FV_DATA_SOURCE_H
#define FV_DATA_SOURCE_H

#include "core/base/part.h"
#include "data/image.h"

/* The data set that is being listed. */
typedef struct fv_dataset fv_listing;

typedef struct fv_sample {
    const char *id;    /* unique; for a source without `read` the path of its picture, relative to the set's */
    int64_t key;       /* the source's own number for it */
    int part;          /* index; −1: the set has no parts */
    fv_target target;  /* its arrays live in fv_listing_arena */
    const char *group; /* what a split keeps on one side (a patient); NULL: none */
    double weight;     /* for weighted sampling; read only after fv_listing_weighted */
    bool unusable;     /* rejected after it was listed */
} fv_sample;

/* Pixels that the source holds itself. */
typedef struct fv_held {
    fv_size size;
    fv_pixel pixel;
    const void *pixels;
} fv_held;

typedef struct fv_source {
    FV_PART;
    int64_t channels; /* that its pictures are decoded to when the user does not say */
    /* `*sure`, 0 at first: 0 not mine … 100 certainly. Reads no more than a folder's names; one that cannot be read is
     * nobody's. FV_MEMORY. */
    fv_error *(*sniff)(const char *path, int *sure);
    /* `*state` is the source's own, handed to `held` and `close`; on an error nothing is left of it. */
    fv_error *(*open)(const char *path, const void *options, fv_listing *listing, void **state);
    /* The pixels of a sample, in memory until `close`. Many threads at once. NULL: samples are files. */
    fv_held (*held)(const void *state, const fv_sample *sample);
    void (*close)(void *state); /* NULL: there is nothing to */
} fv_source;

extern const fv_source *const fv_source_table[]; /* generated, sorted by name */
extern const int fv_source_table_count;

fv_arena *fv_listing_arena(fv_listing *listing); /* lives as long as the data set */
FV_MUST_USE fv_error *fv_listing_part(fv_listing *listing, const char *name, int *index);
/* Which of fv_part_kinds a name means, in any case: train, training; val, valid, validation; test, testing. −1: none. */
#define FV_PART_KINDS 3
extern const char *const fv_part_kinds[FV_PART_KINDS]; /* train, val, test */
int fv_part_kind(const char *name);
/* The class of that name, new or there already. */
FV_MUST_USE fv_error *fv_listing_class(fv_listing *listing, const char *name, int64_t *index);
int64_t fv_listing_find_class(const fv_listing *listing, const char *name); /* −1: there is none */
/* The classes into the order of their names' bytes; samples added so far keep theirs. */
FV_MUST_USE fv_error *fv_listing_sort_classes(fv_listing *listing);
FV_MUST_USE fv_error *fv_listing_add(fv_listing *listing, const fv_sample *sample); /* copies id and group */
FV_MUST_USE fv_error *fv_listing_root(fv_listing *listing,
                                      const char *folder); /* that ids are relative to, not the set's path */
void fv_listing_weighted(fv_listing *listing);             /* its samples have weights */
FV_MUST_USE fv_error *fv_listing_reject(fv_listing *listing, const char *path, const char *reason, ...) FV_PRINTF(3, 4);
FV_MUST_USE fv_error *fv_listing_note(fv_listing *listing, const char *format, ...) FV_PRINTF(2, 3);
void fv_listing_ignore(fv_listing *listing); /* one file or folder */

#endif
