/* transform.h - what a transform is: one file data/transforms/NAME.c with its descriptor, found by the line that defines it.
 *
 * A transform changes one picture in place. Pixels are u8, or f32 on the scale 0…255; each transform takes both and any number
 * of channels. Its options begin with `int when` and its fields with FV_WHEN: in which mode it runs. It draws random numbers
 * only from call->random, a stream of its own for (seed, epoch, position). */
#ifndef FV_DATA_TRANSFORM_H
#define FV_DATA_TRANSFORM_H

#include "core/base/part.h"
#include "core/base/random.h"
#include "data/image.h"
#include "data/resample.h"

typedef enum fv_when { FV_WHEN_ALWAYS, FV_WHEN_TRAINING, FV_WHEN_EVALUATION } fv_when;
#define FV_WHEN(S, value)                                                                                                      \
    FV_FIELD(S, when, .by_default = (value), .names = "always,training,evaluation", .help = "in which mode it runs")

#define FV_PROBABILITY(S, value) FV_FIELD(S, probability, .by_default = (value), .max = 1, .alias = "p", .help = "of a change")

/* What is used again from picture to picture: one thread's. { 0 }, then fv_workspace_release. */
typedef struct fv_workspace {
    fv_image spare; /* a transform that cannot work in place fills it and swaps */
    fv_image fill;  /* one pixel: what a constant border shows */
    fv_resample_work resample;
} fv_workspace;
void fv_workspace_release(fv_workspace *work);

/* A range that is drawn from is two numbers, the smallest first; two equal ones are a constant. Else FV_USAGE naming it. */
FV_MUST_USE fv_error *fv_range_check(const char *name, const double range[2]);

typedef struct fv_transform_call {
    const void *options;
    fv_random *random;
    const fv_draw *draw; /* whose `random` it is */
    fv_image *image;
    fv_workspace *work;
} fv_transform_call;

typedef struct fv_transform {
    FV_PART;
    bool normalizes;                         /* leaves f32 on a scale of its own: nothing is divided by 255 at the end */
    fv_error *(*check)(const void *options); /* what the field table cannot say; NULL: nothing */
    /* Height, width, channels before → after; zeros are unknown. FV_SHAPE: cannot be. NULL: they stay. */
    fv_error *(*size)(const void *options, fv_size *size);
    fv_error *(*apply)(const fv_transform_call *call);
} fv_transform;

extern const fv_transform *const fv_transform_table[]; /* generated, sorted by name */
extern const int fv_transform_table_count;

/* A list of steps from YAML: "- hflip" or "- resize: {size: 32}". Errors name `where` and the line. */
FV_MUST_USE fv_error *fv_transforms_from_yaml(const fv_yaml *list, const char *where, fv_transforms **out);

/* fv_transforms_apply with memory that is used again. */
FV_MUST_USE fv_error *fv_transforms_run(const fv_transforms *transforms, fv_mode mode, const fv_draw *draw, fv_workspace *work,
                                        fv_image *image);

#endif
