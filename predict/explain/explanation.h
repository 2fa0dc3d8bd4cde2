/* explanation.h - a picture explained from its file: decoded, transformed, its map, the map's score, and the map over it. One
 * way for commands and the server, so that the same picture, method and class have the same map. */
#ifndef FV_PREDICT_EXPLAIN_EXPLANATION_H
#define FV_PREDICT_EXPLAIN_EXPLANATION_H

#include "predict/explain/explainer.h"
#include "predict/picture.h"

/* Used again from picture to picture, by one thread: fv_explanation_new, fv_explanation_free. Pixels are as many as the network
 * takes, in row order. */
typedef struct fv_explanation {
    fv_predictor *predictor; /* borrowed */
    fv_size size;            /* of the network's input */
    fv_image decoded;        /* the picture as the file has it, until it is explained */
    fv_picture_work work;    /* whose image is what the transforms make of it: a row of the network's input */
    float *map;              /* height × width */
    uint8_t *shown;          /* height × width × 3: the picture as the network sees it */
    uint8_t *overlaid;       /* and the map over it */
    int64_t output;          /* that was asked about */
    bool scored;             /* `score` is there: of numbers there is none, which no score rises or falls for */
    fv_faithfulness score;
} fv_explanation;

FV_MUST_USE fv_error *fv_explanation_new(fv_predictor *predictor, fv_explanation **out);
void fv_explanation_free(fv_explanation *explanation);
FV_CLEANUP(fv_explanation);

/* Decodes and transforms it: work.image has the bits of fv_predictor_read. `limits` (NULL: the defaults) says max_pixels and
 * max_bytes alone. FV_FORMAT, FV_UNSUPPORTED, FV_SHAPE: as there. */
FV_MUST_USE fv_error *fv_explanation_read(fv_explanation *explanation, const fv_predict_input *picture,
                                          const fv_decode_options *limits);

typedef struct fv_explanation_wish {
    const char *method; /* "gradcam", "occlusion window=24" */
    int64_t output;     /* asked about: a class, or 0 of numbers */
    bool scored;        /* deletion and insertion too, which run the network FV_FAITHFULNESS_RUNS times */
    fv_patience patience;
} fv_explanation_wish;
/* Of the picture that was read last. FV_USAGE, FV_UNSUPPORTED, FV_CANCELLED: as fv_explain. */
FV_MUST_USE fv_error *fv_explanation_make(fv_explanation *explanation, const fv_explanation_wish *wish);

/* The output of the class called `name`. FV_USAGE: there is none, with the nearest one as a hint. */
FV_MUST_USE fv_error *fv_explanation_class(const fv_predictor *predictor, const char *name, int64_t *output);
/* The output that a picture with these logits is asked about where no class is named: the largest, of equal ones the first. */
int64_t fv_explanation_best(const float *logits, int64_t outputs);

#endif
