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
    fv_image spare;   /* a transform that cannot work in place fills it and swaps */
    fv_image fill;    /* one pixel: what a constant border shows */
    fv_image numbers; /* f32 of a transform's own: rows, weights; of any shape */
    fv_image bytes;   /* u8 of a transform's own */
    fv_image normal;  /* quantiles of the normal distribution: see transforms/gaussian_noise.c */
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
    /* For steps with `region` alone: what `image` holds of the step's picture, and what it shall hold of its result; NULL: all.
     */
    const fv_view *held;
    const fv_box_of_pixels *wanted;
} fv_transform_call;
static inline fv_view fv_transform_held(const fv_transform_call *call) {
    return call->held ? *call->held : fv_view_whole(call->image->height, call->image->width);
}
static inline fv_box_of_pixels fv_transform_wanted(const fv_transform_call *call, fv_size result) {
    return call->wanted ? *call->wanted : (fv_box_of_pixels){ 0, 0, result.height, result.width };
}

/* A transform of two pictures is called with the partner's too: of the same size and pixel type, prepared by the same steps.
 * Partners come from a permutation of the epoch's positions, so they depend neither on batches nor on threads. */
typedef struct fv_pair_call {
    const void *options;
    fv_random *random;
    fv_image *image;         /* in and out */
    const fv_image *partner; /* f32 like image, on the same scale */
    double share;            /* out: the share of the picture's own target; 1 − share is the partner's */
} fv_pair_call;

typedef struct fv_transform {
    FV_PART;
    const char *example;                     /* options for the picture in docs/images/transforms; NULL: there is none */
    bool rescales;                           /* makes of a smaller picture what it makes of a larger, but for sharpness */
    bool normalizes;                         /* leaves f32 on a scale of its own: nothing is divided by 255 at the end */
    fv_error *(*check)(const void *options); /* what the field table cannot say; NULL: nothing */
    /* Height, width, channels before → after; zeros are unknown. FV_SHAPE: cannot be. NULL: they stay. */
    fv_error *(*size)(const void *options, fv_size *size);
    fv_error *(*apply)(const fv_transform_call *call);
    /* The same as `apply` does to u8, into memory of as many f32, when it is a list's last step; NULL: it has none. */
    void (*write)(const void *options, const fv_image *image, float *to);
    /* What `apply` will read of a picture of size `before` to make the part `wanted` of its result. Then `apply` heeds held and
     * wanted: a list that begins with such steps has no more decoded and made than it needs. NULL: the whole. */
    fv_box_of_pixels (*region)(const void *options, fv_random *random, fv_size before, fv_box_of_pixels wanted);
    /* A transform of two pictures has these in place of `apply`: whether this one is mixed, which asks for a partner, and the
     * mixing. Of several such steps in a list at most one mixes a picture, the first that draws so. */
    bool (*pairs)(const void *options, fv_random *random);
    bool parts; /* what is mixed are parts of pictures, not whole ones: it says nothing of a number */
    fv_error *(*mix)(fv_pair_call *call);
} fv_transform;

extern const fv_transform *const fv_transform_table[]; /* generated, sorted by name */
extern const int fv_transform_table_count;

/* A list of steps from YAML: "- hflip" or "- resize: {size: 32}". Errors name `where` and the line. */
FV_MUST_USE fv_error *fv_transforms_from_yaml(const fv_yaml *list, const char *where, fv_transforms **out);

/* Where a picture's partner comes from, and how much of it there is afterwards. */
typedef struct fv_pairing {
    /* The partner as it was decoded, what is held of it, and the numbers that its own transforms are drawn by. */
    fv_error *(*partner)(void *context, fv_image *image, fv_view *held, fv_draw *draw);
    void *context;
    fv_image *image; /* memory for it */
    double share;    /* out: of the picture's own target; 1: it was not mixed */
} fv_pairing;

/* Where a picture's numbers shall lie in the end, which spares a copy if the last step can write there. */
typedef struct fv_destination {
    fv_size size;
    float *to;
    bool written; /* out: the result is there, and the image is what came before; false: it is the image */
} fv_destination;

/* Whether a step of that mode mixes pictures. */
bool fv_transforms_mix(const fv_transforms *transforms, fv_mode mode);
/* FV_USAGE, by its name: a step of that mode mixes parts of pictures, of which no number follows from theirs. */
FV_MUST_USE fv_error *fv_transforms_mix_numbers(const fv_transforms *transforms, fv_mode mode);

/* NULL: pictures may be reduced before the steps of that mode, which begin with one that rescales. Else FV_USAGE, by its name.
 */
FV_MUST_USE fv_error *fv_transforms_reduce(const fv_transforms *transforms, fv_mode mode);

/* What the steps of that mode will read of a decoded picture of that height and width. */
fv_box_of_pixels fv_transforms_region(const fv_transforms *transforms, fv_mode mode, const fv_draw *draw, fv_size before);

/* fv_transforms_apply with memory that is used again. Steps that mix are left out. */
FV_MUST_USE fv_error *fv_transforms_run(const fv_transforms *transforms, fv_mode mode, const fv_draw *draw, fv_workspace *work,
                                        fv_image *image);
/* The same with them. `held`: what `image` holds of the picture, no less than fv_transforms_region; NULL: the whole. The result
 * is the same. `to`: NULL, or where it shall lie. */
FV_MUST_USE fv_error *fv_transforms_run_paired(const fv_transforms *transforms, fv_mode mode, const fv_draw *draw,
                                               fv_workspace *work, fv_image *image, const fv_view *held, fv_pairing *pairing,
                                               fv_destination *to);

#endif
