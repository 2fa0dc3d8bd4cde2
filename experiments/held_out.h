/* held_out.h - a model on labelled pictures that it was not trained on, as predictions.jsonl has it. */
#ifndef FV_EXPERIMENTS_HELD_OUT_H
#define FV_EXPERIMENTS_HELD_OUT_H

#include "experiments/run_facts.h"
#include "fovea/objects.h"
#include "fovea/train.h"

/* Zero (NULL) in every member is the default. */
typedef struct fv_held_out_options {
    const char *data, *part; /* part NULL: test, val or all, the first that there is */
    const char *source, *source_options;
    int64_t batch, workers;
    fv_progress_sink progress;
} fv_held_out_options;

/* The pictures' classes are matched with the model's by name. FV_FORMAT: more than 1 % of them are of none. `outcomes` are in
 * the arena. */
FV_MUST_USE fv_error *fv_held_out_measure(fv_predictor *predictor, const fv_held_out_options *options, fv_arena *arena,
                                          fv_run_outcomes **outcomes);

/* Its score on the same pictures, damaged: fv_corruption_count() rows. */
FV_MUST_USE fv_error *fv_held_out_corrupt(fv_predictor *predictor, const fv_held_out_options *options, fv_robustness *rows);

/* Those of a predictions.jsonl in the store. */
FV_MUST_USE fv_error *fv_held_out_read(fv_registry *registry, const char *digest, fv_arena *arena, fv_run_outcomes **outcomes);

#endif
