/* goals.h - what a recipe wants of a model, key `targets`: "top1>=0.95; latency_ms<=20; size_mb<=50". */
#ifndef FV_TRAIN_GOALS_H
#define FV_TRAIN_GOALS_H

#include <stdbool.h>

#include "core/base/arena.h"
#include "fovea/metrics.h"

typedef struct fv_goal {
    const char *what; /* a metric as fv_metric_measure takes it, "latency_ms" or "size_mb" */
    bool at_most;     /* else at least */
    double bound, reached;
} fv_goal;

typedef struct fv_goals {
    int64_t count;
    fv_goal *at; /* in the arena */
} fv_goals;

/* `text` may be NULL. FV_USAGE naming the part that cannot be read, or a metric that does not exist, or not for this kind of
 * targets or so many classes (0 for numbers). */
FV_MUST_USE fv_error *fv_goals_parse(const char *text, fv_outcome_kind kind, int64_t classes, fv_arena *arena, fv_goals *out);

bool fv_goal_met(const fv_goal *goal); /* no number meets none */
bool fv_goal_is_latency(const fv_goal *goal);
bool fv_goal_is_size(const fv_goal *goal);

#endif
