/* explainer.h - what a method of explanation is: one file predict/explain/NAME.c with its descriptor. It gives every pixel of a
 * picture a number: how much the network's answer for one class hangs on it. */
#ifndef FV_PREDICT_EXPLAIN_EXPLAINER_H
#define FV_PREDICT_EXPLAIN_EXPLAINER_H

#include "core/base/part.h"
#include "predict/predictor.h"

/* One picture explained. */
typedef struct fv_explain_call {
    fv_predictor *predictor;
    const void *options; /* of the method's fields */
    const float *image;  /* height × width × channels, as the transforms give it */
    int64_t output;      /* number of the logit that is asked about */
    fv_arena *arena;     /* for what the method needs; lives as long as the explanation */
    float *map;          /* out: height × width, higher is more; zeroed before */
} fv_explain_call;

typedef struct fv_explainer {
    FV_PART;
    const char *paper;
    fv_error *(*explain)(const fv_explain_call *call);
} fv_explainer;

extern const fv_explainer *const fv_explainer_table[]; /* generated, sorted by name */
extern const int fv_explainer_table_count;

/* A method chosen by text, "occlusion window=24": a map of one picture in `map`. */
FV_MUST_USE fv_error *fv_explain(fv_predictor *predictor, const char *method, const float *image, int64_t output, float *map);

/* How much a map says, by the score of the class as pixels change, those with the highest numbers first, in 32 steps: the area
 * under it as they are taken away (deletion: lower is better) and as they are put into an empty picture (insertion: higher is
 * better), Petsiuk et al., arXiv 1806.07421. What is taken away becomes 0, the mean picture where transforms normalise. */
typedef struct fv_faithfulness {
    double deletion, insertion;
} fv_faithfulness;
FV_MUST_USE fv_error *fv_explain_score(fv_predictor *predictor, const float *image, int64_t output, const float *map,
                                       fv_faithfulness *out);

/* The picture as the network sees it, without what normalises it, and the map over it in colours from dark to bright: `shown`
 * and `overlaid`, height × width × 3 bytes each. `decoded` is read and changed. */
FV_MUST_USE fv_error *fv_explain_show(const fv_predictor *predictor, fv_image *decoded, const float *map, uint8_t *shown,
                                      uint8_t *overlaid);

#endif
