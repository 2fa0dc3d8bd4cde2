/* explainer.h - what a method of explanation is: one file predict/explain/NAME.c with its descriptor. It gives every pixel of a
 * picture a number: how much the network's answer for one class hangs on it. */
#ifndef FV_PREDICT_EXPLAIN_EXPLAINER_H
#define FV_PREDICT_EXPLAIN_EXPLAINER_H

#include "core/base/part.h"
#include "predict/predictor.h"

/* How long an explanation may take. A run of the network is not broken off: between two it is seen whether there is time. */
typedef struct fv_patience {
    double deadline;         /* fv_clock_seconds(); 0: none */
    const _Atomic int *over; /* set to 1 when nobody waits any more; NULL: somebody does */
} fv_patience;
/* FV_CANCELLED: there is no time left. `patience` NULL: there is always some. */
FV_MUST_USE fv_error *fv_patience_check(const fv_patience *patience);

/* One picture explained. */
typedef struct fv_explain_call {
    fv_predictor *predictor;
    const void *options; /* of the method's fields */
    const float *image;  /* height × width × channels, as the transforms give it */
    int64_t output;      /* number of the logit that is asked about */
    fv_arena *arena;     /* for what the method needs; lives as long as the explanation */
    const fv_patience *patience;
    float *map; /* out: height × width, higher is more; zeroed before */
} fv_explain_call;

typedef struct fv_explainer {
    FV_PART;
    const char *paper;
    /* How often it runs the network for a picture of that size; a run with gradients counts as three. */
    int64_t (*runs)(const void *options, fv_size size);
    fv_error *(*explain)(const fv_explain_call *call);
} fv_explainer;

extern const fv_explainer *const fv_explainer_table[]; /* generated, sorted by name */
extern const int fv_explainer_table_count;

/* A method chosen by text, "occlusion window=24": a map of one picture in `map`. FV_USAGE: there is no such method;
 * FV_CANCELLED: it has no time left, and `map` is none. */
FV_MUST_USE fv_error *fv_explain(fv_predictor *predictor, const char *method, const float *image, int64_t output,
                                 const fv_patience *patience, float *map);
/* What that costs, before it is asked: runs of the network. FV_USAGE. */
FV_MUST_USE fv_error *fv_explain_runs(const char *method, fv_size size, int64_t *runs);

/* How much a map says, by the score of the class as pixels change, those with the highest numbers first, in 32 steps: the area
 * under it as they are taken away (deletion: lower is better) and as they are put into an empty picture (insertion: higher is
 * better), Petsiuk et al., arXiv 1806.07421. What is taken away becomes 0, the mean picture where transforms normalise. */
typedef struct fv_faithfulness {
    double deletion, insertion;
} fv_faithfulness;
#define FV_FAITHFULNESS_STEPS 32
#define FV_FAITHFULNESS_RUNS (2 * (FV_FAITHFULNESS_STEPS + 1)) /* of the network */
FV_MUST_USE fv_error *fv_explain_score(fv_predictor *predictor, const float *image, int64_t output, const float *map,
                                       const fv_patience *patience, fv_faithfulness *out);

/* The picture as the network sees it, without what normalises it, and the map over it in colours from dark to bright: `shown`
 * and `overlaid`, height × width × 3 bytes each. `decoded` is read and changed. */
FV_MUST_USE fv_error *fv_explain_show(const fv_predictor *predictor, fv_image *decoded, const float *map, uint8_t *shown,
                                      uint8_t *overlaid);

#endif
