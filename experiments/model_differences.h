/* model_differences.h - in what two model files differ, counted and listed: nodes, ops, weights, sections. Everything is in an
 * arena. */
#ifndef FV_EXPERIMENTS_MODEL_DIFFERENCES_H
#define FV_EXPERIMENTS_MODEL_DIFFERENCES_H

#include "core/base/arena.h"
#include "core/base/fields.h"
#include "fovea/model.h"

/* Weights of one name whose types differ; of what only one file has the other is NULL. */
typedef struct fv_weight_difference {
    const char *name;
    const char *type[2]; /* "f32[16,3,3,3]" */
} fv_weight_difference;

/* An op that is there more often in one of the graphs. */
typedef struct fv_op_difference {
    const char *op;
    int64_t nodes[2];
} fv_op_difference;

typedef struct fv_model_differences {
    int64_t nodes[2];      /* of the graphs, at a batch of 1 */
    int64_t nodes_only[2]; /* whose names the other one does not have */
    int64_t nodes_changed; /* whose op, inputs, options or shapes differ */
    const fv_op_difference *ops;
    int64_t op_count;
    int64_t weights[2];
    const fv_weight_difference *shapes; /* in the order of the first file, then those that only the second has */
    int64_t shape_count;
    int64_t values;       /* weights of equal name and type with other numbers */
    fv_strings sections;  /* names of those whose texts differ, or that one file lacks */
    const char *texts[2]; /* the graphs at a batch of 1, so that its size makes no difference */
} fv_model_differences;

FV_MUST_USE fv_error *fv_models_differ(const fv_model *first, const fv_model *second, fv_arena *arena,
                                       fv_model_differences *out);

#endif
