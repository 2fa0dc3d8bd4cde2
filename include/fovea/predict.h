/* fovea/predict.h - a model put to use: pictures in, labels and probabilities out.
 *
 *   FV_OWNED(fv_predictor) predictor = NULL;
 *   FV_TRY(fv_predictor_open("best.fovea", NULL, &predictor));
 *   FV_TRY(fv_predict_files(predictor, paths, count, 5, print_one, NULL));
 *
 * A model file carries all that a prediction needs: graph, weights, classes, and the transforms from a decoded picture to the
 * network's input. There is one evaluation plan a batch size, made when first wanted and kept; they share the weights. The
 * same picture gives the same bits in any batch. A predictor is used by one thread at a time. */
#ifndef FOVEA_PREDICT_H
#define FOVEA_PREDICT_H

#include "fovea/data.h"
#include "fovea/metrics.h"
#include "fovea/model.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct fv_predictor fv_predictor;

/* Zero (NULL, false) in every member is the default. */
typedef struct fv_predictor_options {
    const char *device;     /* as in fv_plan_options */
    fv_precision precision; /* likewise; the self-test is taken in f32 in any case */
    int64_t batch;          /* pictures run at once by fv_predict_files; 0: 32 */
    int64_t workers;        /* threads that read the next pictures meanwhile; 0: the team reads, between runs */
    bool fast_batch;        /* as in fv_plan_options */
    bool alone;             /* likewise */
    int64_t plans;          /* of different batch sizes that are kept, the latest used; 0: 4; at most 16 */
    bool no_selftest;       /* fv_predictor_open does not run the model's own pictures */
    bool late_selftest;     /* nor does it, but fv_predict_files and fv_predict_stream do, once, before the first answer: while
                               workers read the first pictures, or in one run with them where there are no others */
    bool features; /* what the graph calls "features" is a result too (fv_predictor_features), as it is in any case where
                      the model file says from where on pictures are outliers */
} fv_predictor_options;

/* A model file that has self-test pictures is checked by them: FV_FORMAT when they do not give what the file expects. */
FV_API FV_MUST_USE fv_error *fv_predictor_open(const char *path, const fv_predictor_options *options, fv_predictor **out);
/* Over a model that the caller keeps, and whose weights may change between calls (fv_weights_changed). */
FV_API FV_MUST_USE fv_error *fv_predictor_new(fv_model *model, const fv_predictor_options *options, fv_predictor **out);
FV_API void fv_predictor_free(fv_predictor *predictor);
FV_CLEANUP(fv_predictor);

/* A network that was trained on numbers gives (number − mean) / scale. */
typedef struct fv_scaling {
    double mean, scale;
} fv_scaling;

/* Borrowed from the predictor. */
FV_API const fv_model *fv_predictor_model(const fv_predictor *predictor);
FV_API fv_outcome_kind fv_predictor_kind(const fv_predictor *predictor); /* what it says of a picture */
FV_API int64_t fv_predictor_output_count(const fv_predictor *predictor); /* logits a picture: classes, or 1 for numbers */
FV_API fv_scaling fv_predictor_scaling(const fv_predictor *predictor);   /* of classes: 0 and 1 */
FV_API int64_t fv_predictor_class_count(const fv_predictor *predictor);  /* 0 for numbers */
FV_API const char *const *fv_predictor_class_names(const fv_predictor *predictor);
FV_API const fv_transforms *fv_predictor_transforms(const fv_predictor *predictor);
/* What logits are divided by before they become probabilities (1: nothing), and the score below which a prediction abstains
 * (0: none does), as the model file says. */
FV_API double fv_predictor_temperature(const fv_predictor *predictor);
FV_API double fv_predictor_reject_below(const fv_predictor *predictor);
/* The score above which a picture is an outlier; 0: the model file does not say. */
FV_API double fv_predictor_outlier_threshold(const fv_predictor *predictor);
FV_API fv_size fv_predictor_input(const fv_predictor *predictor); /* of a transformed picture */
FV_API int64_t fv_predictor_batch(const fv_predictor *predictor); /* pictures run at once */
FV_API int64_t fv_predictor_workers(const fv_predictor *predictor);

/* Makes the plan for batches of `batch` now, and adds its memory to `*bytes` (may be NULL). */
FV_API FV_MUST_USE fv_error *fv_predictor_prepare(fv_predictor *predictor, int64_t batch, int64_t *bytes);

/* `images`: count × height × width × channels as the transforms give them. `*logits`: count × fv_predictor_output_count,
 * borrowed until the next call. */
FV_API FV_MUST_USE fv_error *fv_predictor_run(fv_predictor *predictor, const float *images, int64_t count,
                                              const float **logits);

/* Of the last run's pictures: count × `*features` numbers, borrowed until the next one, of the graph's node "features": what
 * its last layer decides by. NULL and 0: they were not asked for, or there is no such node. */
FV_API const float *fv_predictor_features(const fv_predictor *predictor, int64_t *features);

/* One picture's answer; what it points to is valid in the callback only. */
typedef struct fv_prediction {
    const char *path;
    const fv_error *error; /* why there is no answer; then `count` is 0 */
    int64_t count;         /* the most probable classes, the best first; of several labels all; of numbers 0 */
    const int64_t *classes;
    const char *const *labels;
    const double *scores;   /* of one class probabilities over all classes; of several labels each for itself */
    int64_t answers;        /* of several labels: the first so many have a score of at least the threshold: the answer */
    double number;          /* of numbers: the answer */
    bool abstained;         /* of one class: the best score is below the threshold asked for: take none for an answer */
    const float *logits;    /* fv_predictor_output_count, in the model's order */
    int64_t feature_count;  /* 0: there are none, or several views were run */
    const float *features;  /* by the predictor's option */
    double entropy, margin; /* as fv_uncertainty; NaN of several labels and of numbers */
    const fv_image_properties *properties; /* NULL: not asked for */
    /* How far the features lie from those of pictures that the model was judged by, and the score above which a picture is an
     * outlier: its answer is not to be trusted. NaN: the model file does not say, or several views were run. */
    double outlier_score, outlier_threshold;
} fv_prediction;
typedef fv_error *(*fv_prediction_sink)(void *context, const fv_prediction *prediction);

/* Every file's `top` (0: 5) best classes, given to `sink` in the order of the paths. A file that cannot be read is an answer of
 * its own, not an error; an error of the sink ends it. */
FV_API FV_MUST_USE fv_error *fv_predict_files(fv_predictor *predictor, const char *const *paths, int64_t count, int64_t top,
                                              fv_prediction_sink sink, void *context);

/* Test-time augmentation: the logits are the weighted mean over views of the picture, as the transforms give it. */
typedef enum fv_views {
    FV_VIEWS_NONE,        /* it alone */
    FV_VIEWS_MIRROR,      /* it and its mirror image */
    FV_VIEWS_MIRROR_SHIFT /* both at a quarter each, and both moved by one pixel, down right and up left, at an eighth each, the
                             border reflected: six runs of the network (arXiv 2404.00498) */
} fv_views;
#define FV_VIEWS_NAMES "none,mirror,mirror_shift"

#define FV_LABEL_THRESHOLD 0.5 /* of several labels, where none is asked for */

/* Zero in every member is the default. */
typedef struct fv_predict_options {
    int64_t top; /* classes in an answer; 0: 5 */
    /* One class: answers whose best score is lower abstain; 0: as the model file says; below 0: none does. Several labels:
     * those with a score of at least this are the answer; 0: 0.5; below 0: all. Numbers: not read. */
    double threshold;
    fv_views views;
    bool properties; /* what the pictures look like is measured */
} fv_predict_options;

/* A picture to predict: a file's path, or (`bytes` not NULL) a file's bytes, which `path` then only names. */
typedef struct fv_predict_input {
    const char *path;
    const void *bytes;
    int64_t length;
} fv_predict_input;
/* Gives the next one, valid until the next call; `path` NULL: there are no more. */
typedef fv_error *(*fv_predict_source)(void *context, fv_predict_input *picture);

/* The same for any number of pictures, of which two batches are held at a time. The source and the sink are called by the
 * caller's thread; an error of either ends it. `options` may be NULL. */
FV_API FV_MUST_USE fv_error *fv_predict_stream(fv_predictor *predictor, const fv_predict_options *options,
                                               fv_predict_source source, void *source_context, fv_prediction_sink sink,
                                               void *sink_context);

#ifdef __cplusplus
}
#endif
#endif
