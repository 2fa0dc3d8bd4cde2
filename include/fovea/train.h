/* fovea/train.h - the main job: labelled pictures in, a model out; and how good a model is on pictures it has not seen.
 *
 *   FV_OWNED(fv_recipe) recipe = NULL;
 *   FV_TRY(fv_recipe_new(&recipe));
 *   FV_TRY(fv_recipe_set(recipe, "data", "photos"));
 *   FV_TRY(fv_recipe_set(recipe, "arch", "resnet18"));
 *   fv_train_result result;
 *   FV_TRY(fv_train(recipe, &(fv_train_options){ .out = "run" }, &result));
 *
 * A recipe says what is learnt from what, and how; with the data it decides every bit of the result. Options say where and how
 * fast (folder, threads, workers): they change no bit, and nothing of them is in a model file. One training at a time in a
 * process. */
#ifndef FOVEA_TRAIN_H
#define FOVEA_TRAIN_H

#include "fovea/comm.h"
#include "fovea/metrics.h"
#include "fovea/predict.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- recipes ---- */

typedef struct fv_recipe fv_recipe;

/* Every key at its default; `fovea help recipe` lists them. */
FV_API FV_MUST_USE fv_error *fv_recipe_new(fv_recipe **out);
FV_API void fv_recipe_free(fv_recipe *recipe);
FV_CLEANUP(fv_recipe);
/* Takes the keys of a YAML file. An unknown one is FV_USAGE with its line and the nearest key. */
FV_API FV_MUST_USE fv_error *fv_recipe_read(fv_recipe *recipe, const char *path);
FV_API FV_MUST_USE fv_error *fv_recipe_set(fv_recipe *recipe, const char *key, const char *value);
/* Every key with its value and a comment that explains it; fv_recipe_read takes it back. A new string (fv_string_free). */
FV_API FV_MUST_USE fv_error *fv_recipe_to_yaml(const fv_recipe *recipe, char **out);

/* ---- evaluation ---- */

/* How far something has come; given to a callback on the caller's thread. */
typedef struct fv_progress {
    const char *what;           /* "scan", "train", "evaluate", "predict" */
    int64_t epoch, epochs;      /* under way, from 1; of evaluation alone: 0 */
    int64_t done, count;        /* batches; of a scan or prediction pictures; count 0: not known */
    double loss;                /* mean so far; NaN: none */
    double pictures_per_second; /* 0: not known yet */
    double seconds_left;        /* of this pass; 0: not known yet */
    double waiting;             /* the share of its time that training waited for pictures, 0 to 1; else 0 */
} fv_progress;
typedef void (*fv_progress_sink)(void *context, const fv_progress *progress);

/* Zero (NULL) in every member is the default. */
typedef struct fv_evaluate_options {
    int64_t batch;   /* 0: 64 */
    int64_t workers; /* threads that decode; 0: the caller's */
    fv_views views;
    fv_progress_sink progress;
    void *context;
    const int *cancel; /* non-zero ends it with FV_CANCELLED; may be set by a signal handler */
    fv_comm *comm;     /* ranks that share the pictures and all get the same figures; NULL: one */
} fv_evaluate_options;

/* The one figure that a model of that kind is judged by, as fv_metric_measure takes it: top1; of several labels the mean over
 * labels of their average precision (mAP), without labels that none or all of the pictures have; of numbers r2. Static. */
FV_API const char *fv_score_metric(fv_outcome_kind kind);

/* An open value. Its arrays are as long as `outcomes.count`. */
typedef struct fv_evaluation {
    fv_outcomes outcomes;   /* of every picture that could be read, in the subset's order */
    const int64_t *samples; /* their numbers in the data set */
    int64_t unreadable;     /* pictures left out; the data set has the reasons */
    const char *metric;     /* that the score is: fv_score_metric of the model's kind */
    double score;           /* higher is better; NaN: undefined for these pictures */
    double loss;            /* metric log_loss; of numbers the mean squared error in units of the model's scale */
    void *memory;
} fv_evaluation;

/* Predicts every picture of a subset whose data set has the model's classes (fv_dataset_impose_classes) and targets of its
 * kind. FV_FORMAT: the network gives a non-finite logit, with the picture's id. */
FV_API FV_MUST_USE fv_error *fv_evaluate(fv_predictor *predictor, const fv_subset *subset, const fv_evaluate_options *options,
                                         fv_evaluation *out);
FV_API void fv_evaluation_release(fv_evaluation *evaluation);

/* The score on damaged pictures, by strength. */
#define FV_STRENGTHS 5
typedef struct fv_robustness {
    const char *corruption; /* "noise", "blur", …; static */
    double score[FV_STRENGTHS];
} fv_robustness;
/* Fills fv_corruption_count() rows: fv_evaluate for each kind of damage and strength. */
FV_API int fv_corruption_count(void);
FV_API FV_MUST_USE fv_error *fv_evaluate_corruptions(fv_predictor *predictor, const fv_subset *subset,
                                                     const fv_evaluate_options *options, fv_robustness *rows);

/* ---- training ---- */

/* One finished epoch. Figures of validation are of the averaged weights where the recipe asks for an average. */
typedef struct fv_epoch {
    int64_t epoch;              /* from 1 */
    double learning_rate;       /* of its first step */
    double train_loss;          /* mean over the epoch, of the network as it was at each step */
    double train_score;         /* likewise; NaN where the score is no mean over pictures: of all kinds but one class */
    double val_loss, val_score; /* as fv_evaluation has them */
    const char *metric;         /* what a score is */
    const char *select;         /* what decides which epoch is best: the recipe's text, or `metric` */
    double val_select;          /* that figure; where it is the metric, val_score */
    double seconds;
    bool best; /* the best so far by val_select, of equal ones that with the lowest val_loss */
} fv_epoch;

/* What is done. All but a training keep nothing and need no folder. */
typedef enum fv_train_task {
    FV_TRAIN,         /* the training */
    FV_TRY_ALL,       /* everything up to the first step, and a few steps to see how long they take */
    FV_OVERFIT_BATCH, /* steps on one batch: FV_FORMAT when the network does not learn it by heart */
    FV_FIND_RATE,     /* the learning-rate range test; its table and plot go to `out` where that is named */
    FV_PROBE /* a linear probe and nearest neighbours on features of the network as it begins; they are kept in `out` */
} fv_train_task;

/* What a training is about to do, as it was decided. Valid while the callback runs. */
typedef struct fv_train_start {
    const fv_recipe *recipe;        /* with batch and epochs as chosen */
    const char *data_hash;          /* of every sample's id, target, group and weight: 64 hexadecimal letters */
    int64_t train, val, test;       /* pictures; test 0: none were kept for the report */
    int64_t outputs, parameters;    /* of the network: classes, labels or 1; numbers that are learnt */
    int64_t epoch, steps_per_epoch; /* finished epochs, of a training that is gone on with */
} fv_train_start;

typedef struct fv_train_options {
    fv_train_task task;
    const char *out;         /* the run's folder: best.fovea, last.fovea, previous.fovea, recipe.yaml, results.csv, report.html,
                                predictions.jsonl; made if need be */
    bool resume;             /* goes on where `out` was left; without it a used folder is FV_CONFLICT. Keys of the recipe that
                                would have changed no step that is done may be others than at the beginning: that is said,
                                and recorded in changes.jsonl */
    double seconds;          /* the recipe's epochs become as many as this time holds, by the speed of 20 steps; 0: they stay.
                                Not with `resume` */
    double checkpoint_every; /* seconds between two checkpoints within an epoch; 0: one after each epoch alone */
    double grace;            /* seconds there are to stop in: a warning when a step and a save take longer; 0: any */
    bool allow_other_isa;    /* goes on though kernels or BLAS core are others than before: to other bits */
    int64_t threads;         /* of the team; 0: as it is */
    int64_t workers;         /* threads that decode; 0: the caller's */
    int64_t cache;           /* bytes of decoded training pictures kept for later epochs; 0: none */
    const char *cache_folder;                         /* on this folder's disk; NULL: in memory */
    const char *device;                               /* as in fv_plan_options */
    void *context;                                    /* of the callbacks; each may be NULL */
    void (*message)(void *context, const char *line); /* what is found, what it takes, what to expect */
    /* Once, before the first step of a training; what it fails of ends it. */
    fv_error *(*start)(void *context, const fv_train_start *start);
    fv_progress_sink progress;
    void (*epoch)(void *context, const fv_epoch *epoch);
    const int *cancel; /* non-zero: stop with a checkpoint; may be set by a signal handler */
    /* Ranks that share every batch and all train with the same recipe, data and folder; NULL: one. The bits are those of one.
     * Rank 0 alone writes files and uses the callbacks; told to stop, any of them stops all, at the same step. What one fails
     * of is everybody's error, or the others miss it by the comm's deadline. */
    fv_comm *comm;
} fv_train_options;

/* What the epochs of a call went to, in seconds. The parts of the loop's own thread, from `wait` to `save`, make `seconds`
 * together but for what is counted and said between them. */
typedef struct fv_train_profile {
    double seconds;
    double wait;             /* for pictures */
    double compute;          /* forward, loss, backward, update */
    double reduce;           /* exchanges with other ranks in steps, the waits for them included */
    double validate;         /* the validation part, its pictures and their answers */
    double save;             /* checkpoints, the best model, results.csv */
    double decode, augment;  /* of all threads that make training pictures together, while the above goes on */
    int64_t steps, pictures; /* trained on */
} fv_train_profile;

typedef struct fv_train_result {
    int64_t epochs; /* done in all */
    fv_epoch best;  /* `seconds` is 0 when it was done before this call */
    double seconds; /* of this call */
    fv_train_profile profile;
} fv_train_result;

/* Trains by the recipe, or goes on. FV_CANCELLED: stopped on request, and last.fovea goes on where it stopped, to the same bits
 * as a run that was never stopped. FV_CONFLICT: what is resumed was begun with a recipe that differs in a key that decided
 * steps, other data, another instruction set or BLAS core. FV_FORMAT: the loss is not finite, naming epoch, step and samples.
 * `result` may be NULL. */
FV_API FV_MUST_USE fv_error *fv_train(const fv_recipe *recipe, const fv_train_options *options, fv_train_result *result);

/* ---- the report ---- */

/* Zero (NULL) in every member is the default. */
typedef struct fv_report_options {
    const char *data, *val, *test; /* where the pictures are now; NULL: as the run's recipe says */
    const char *targets;           /* instead of the recipe's */
    int64_t threads, workers;      /* as in fv_train_options, like those below */
    const char *device;
    void *context;
    void (*message)(void *context, const char *line);
    fv_progress_sink progress;
    const int *cancel;
} fv_report_options;

/* Makes report.html and predictions.jsonl in a run's folder anew, from best.fovea, recipe.yaml, results.csv and the pictures.
 * fv_train does so at its end. The report is about the recipe's `test` pictures or the data's part test; where there are none,
 * about the validation pictures, and says that the model was selected on them. FV_NOT_FOUND: no trained model there; no such
 * data. */
FV_API FV_MUST_USE fv_error *fv_report_write(const char *run, const fv_report_options *options);

#ifdef __cplusplus
}
#endif
#endif
