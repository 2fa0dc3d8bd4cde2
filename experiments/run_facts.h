/* run_facts.h - what is known of a run that is put beside others, wherever it was kept: a folder (facts_folder.c) or a
 * registry. Comparing them (compare.h) reads nothing else. Arrays and texts are in the arena that the facts were filled from.
 */
#ifndef FV_EXPERIMENTS_RUN_FACTS_H
#define FV_EXPERIMENTS_RUN_FACTS_H

#include "core/base/arena.h"
#include "fovea/metrics.h"
#include "fovea/runs.h"

typedef struct fv_run_param {
    const char *key, *value; /* value NULL: not set */
} fv_run_param;

/* A figure that was followed over the training, and where it stood. Steps are epochs from 1. NaN: it was never a number. */
typedef struct fv_run_metric {
    const char *key;
    bool lower_is_better; /* of `best` */
    double last, best, min, max;
    int64_t last_step, best_step, min_step, max_step;
} fv_run_metric;

typedef struct fv_run_curve {
    const char *key;
    int64_t count;
    const double *steps, *values; /* a value may be NaN */
} fv_run_curve;

/* What the run's model said of pictures that it was not trained on, and what is true. Sorted by id (byte values), no two alike,
 * so that equal sets have equal arrays. `kind` decides which arrays there are. */
typedef struct fv_run_outcomes {
    const char *on;          /* which pictures, in words: "test (folder)"; NULL: not known */
    bool selected_on;        /* the epoch was chosen by them: figures flatter */
    const char *fingerprint; /* of ids and truths: two sets are the same just when theirs are */
    fv_outcome_kind kind;
    int64_t count;
    const char *const *ids;
    int64_t class_count;
    const char *const *classes;        /* all that are named, sorted; numbers below are places here */
    const int64_t *labels;             /* FV_ONE_CLASS */
    const int64_t *answers;            /* FV_ONE_CLASS */
    const double *scores;              /* FV_ONE_CLASS: probability of the answer */
    const double *probabilities;       /* count × class_count; NULL: not all are known, for only a few are written down */
    const uint8_t *truths, *said;      /* FV_MULTI_LABEL: count × class_count, 0 or 1 */
    const double *targets, *predicted; /* FV_NUMBERS */
} fv_run_outcomes;

typedef struct fv_run_facts {
    const char *id;   /* where it is: a path, a registry's id */
    const char *name; /* for people; no two of those compared are alike */
    int64_t param_count, metric_count, curve_count;
    const fv_run_param *params; /* in one order for all runs of one recipe format; "seed" is one of them */
    const fv_run_metric *metrics;
    const fv_run_curve *curves;
    const fv_run_outcomes *outcomes; /* NULL: none were kept */
} fv_run_facts;

const char *fv_run_param_get(const fv_run_facts *run, const char *key); /* NULL: it has none, or it is not set */
const fv_run_metric *fv_run_metric_get(const fv_run_facts *run, const char *key);
const fv_run_curve *fv_run_curve_get(const fv_run_facts *run, const char *key);

/* outcomes.c: those that a predictions.jsonl holds. FV_FORMAT: a line that is wrong, a picture that is there twice. */
FV_MUST_USE fv_error *fv_run_outcomes_read(const char *path, fv_arena *arena, fv_run_outcomes **out);

/* Why two sets of outcomes are not about the same pictures, in words ("3 pictures are only in the first: cat/7.jpg, …"); NULL:
 * they are. */
FV_MUST_USE fv_error *fv_run_outcomes_differ(const fv_run_outcomes *first, const fv_run_outcomes *second, fv_arena *arena,
                                             const char **reason);

/* Two sets that are about the same pictures, as the functions of metrics take them: with the classes that either names, sorted.
 * Where not every probability is known, or not wanted (`scored`), classes are answers alone and labels 0 or 1. */
typedef struct fv_run_pair {
    fv_outcomes of[2];
    bool scored; /* every probability is known */
    int64_t class_count;
    const char *const *classes;
} fv_run_pair;
FV_MUST_USE fv_error *fv_run_outcomes_pair(const fv_run_outcomes *first, const fv_run_outcomes *second, bool scored,
                                           fv_arena *arena, fv_run_pair *out);

/* facts_folder.c: of a folder that `fovea train --out` made: recipe.yaml and results.csv; predictions.jsonl and the section
 * "metrics" of best.fovea where they are there. FV_NOT_FOUND: it is no such folder. FV_FORMAT: a file of it is wrong. */
FV_MUST_USE fv_error *fv_run_facts_from_folder(const char *path, fv_arena *arena, fv_run_facts *out);
/* facts_folder.c: what a predictions.jsonl says, where it is there, and of which pictures, as far as the model file `best`
 * (NULL: there is none) tells. */
FV_MUST_USE fv_error *fv_run_facts_outcomes(const char *predictions, const char *best, fv_arena *arena, fv_run_facts *run);
/* facts_registry.c: of a run in the registry, by its id, the first letters of it, or its name. FV_NOT_FOUND; FV_FORMAT: a file
 * of it is damaged. */
FV_MUST_USE fv_error *fv_run_facts_from_registry(fv_registry *registry, const char *id, fv_arena *arena, fv_run_facts *out);
/* facts_folder.c: the metrics that curves give: all but the learning rate's. */
FV_MUST_USE fv_error *fv_run_facts_metrics(fv_run_facts *run, fv_arena *arena);

#endif
