/* runs.h - runs that are made up: settings, a curve, and what they said of pictures that a letter each stands for. */
#ifndef FV_TESTS_EXPERIMENTS_RUNS_H
#define FV_TESTS_EXPERIMENTS_RUNS_H

#include "experiments/run_facts.h"

/* A folder's predictions.jsonl of picture "0.png", "1.png" …: `truths` and `answers` are a letter a picture, the class's name.
 * The score of each answer is 0.75, of the other one 0.25. */
fv_run_outcomes *made_up_outcomes(const char *truths, const char *answers, fv_arena *arena);

/* A run with settings arch, learning_rate (NULL: not set) and seed, val_loss and val_top1 over three epochs that end in `loss`
 * and `score`, and outcomes that may be NULL. */
fv_run_facts made_up_run(const char *name, const char *arch, const char *rate, const char *seed, double loss, double score,
                         const fv_run_outcomes *outcomes, fv_arena *arena);

#endif
