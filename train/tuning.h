/* tuning.h - a training that starts from weights: what is taken over, which blocks of the network learn when, and what is
 * decided by the number of pictures.
 *
 * Blocks are the network's parameters cut by their names, in the order in which it has them: "conv1" with its norm, "layer1",
 * "features.3"; the last block is the head, all that lies behind the node "features". The training is cut into phases, in each
 * of which the blocks from some number on learn: the step of a phase is a graph of its own, whose backward pass ends where
 * freezing begins. Every phase begins with zeroed slots and with step 1 of the optimizer, at an epoch's first batch; so where a
 * training is, to the batch, says all that a resume needs to know. */
#ifndef FV_TRAIN_TUNING_H
#define FV_TRAIN_TUNING_H

#include "core/base/arena.h"
#include "fovea/data.h"
#include "predict/sections.h"

typedef struct fv_trainer fv_trainer;

typedef struct fv_blocks {
    int64_t count;           /* the head included; 0: not looked at yet */
    const char **names;      /* of the blocks */
    int64_t parameter_count; /* parameters of all blocks, */
    const char **parameters; /* their names, */
    const int64_t *block_of; /* and the number of each one's block */
} fv_blocks;

/* Part of a trainer; all zero where there are no weights. */
typedef struct fv_tuning {
    fv_model *parent;         /* until its weights are taken over; NULL: of a training that is gone on with, too */
    fv_classes_section known; /* the parent's classes */
    const char *digest;       /* of the parent's file: 64 hexadecimal letters */
    fv_blocks blocks;
    int64_t first;          /* block from which on the planned step teaches */
    fv_graph *step, *apply; /* the planned phase's, where that is not the last one; else NULL */
    int64_t more_bytes;     /* that a step of the last phase takes beyond one of the first */
} fv_tuning;

/* tuning_weights.c: opens the recipe's weights, and completes the recipe by what they say: arch, channels, size, transforms,
 * old classes. Before the data are opened; not of a training that is gone on with. */
FV_MUST_USE fv_error *fv_trainer_open_weights(fv_trainer *trainer);
/* Puts old classes before the data's own. */
FV_MUST_USE fv_error *fv_trainer_order_classes(fv_trainer *trainer);
/* Before fv_initialize: every tensor of the parent that is not the head's. FV_FORMAT naming the first that does not fit. */
FV_MUST_USE fv_error *fv_trainer_take_weights(fv_trainer *trainer);
/* After it: head, averages, starting points; closes the parent. */
FV_MUST_USE fv_error *fv_trainer_begin_tuning(fv_trainer *trainer);
/* Sections lineage, origin and licence: of the parent's; of a checkpoint's, for a training that is gone on with. */
FV_MUST_USE fv_error *fv_trainer_write_lineage(fv_trainer *trainer);
FV_MUST_USE fv_error *fv_trainer_keep_lineage(fv_trainer *trainer, const fv_model *checkpoint);

/* tuning_defaults.c: keys that are not given, by the number of pictures, each said with its reason. After the data are open. */
FV_MUST_USE fv_error *fv_trainer_choose_by_size(fv_trainer *trainer);

/* tuning_blocks.c */
FV_MUST_USE fv_error *fv_blocks_find(const fv_graph *network, fv_arena *arena, fv_blocks *out);
int64_t fv_block_of(const fv_blocks *blocks, const char *parameter); /* −1: of none */
/* Batch norms of blocks before `first` (of all but none behind it, with `all_norms`) normalise by running statistics, which
 * stay; dropout of blocks before it does nothing. The graph is pruned and numbered anew. */
FV_MUST_USE fv_error *fv_blocks_freeze(fv_graph *graph, const fv_blocks *blocks, int64_t first, bool all_norms);

/* tuning_phases.c */
int64_t fv_tuning_first(const fv_trainer *trainer, int64_t epoch); /* block from which on an epoch teaches */
int64_t fv_tuning_begin(const fv_trainer *trainer, int64_t epoch); /* epoch with which its phase began */
/* Plans the phase of the epoch under way, where another is planned, and zeroes the slots at its first batch. */
FV_MUST_USE fv_error *fv_trainer_enter_phase(fv_trainer *trainer);

/* features.c: what the head reads of every picture of a subset, in evaluation: an open value. */
typedef struct fv_features {
    int64_t count, width;
    float *rows;
    int64_t *labels;
} fv_features;
FV_MUST_USE fv_error *fv_trainer_features(const fv_trainer *trainer, const fv_subset *subset, const char *what,
                                          fv_features *out);
void fv_features_release(fv_features *features);

/* probe.c */
/* A linear classifier on features, its weight [classes, width] and bias [classes]. */
FV_MUST_USE fv_error *fv_probe_fit(const fv_features *features, int64_t classes, float *weight, float *bias);
/* Shares of `asked` that are told right: by such a classifier; by the nearest of `known`. */
double fv_probe_score(const fv_features *asked, int64_t classes, const float *weight, const float *bias);
FV_MUST_USE fv_error *fv_nearest_score(const fv_features *known, const fv_features *asked, int64_t classes, double *out);
/* In place of a training: both figures; with `out` the features are kept there, and read the next time. */
FV_MUST_USE fv_error *fv_trainer_probe(const fv_trainer *trainer);

/* norms.c: statistics of the batch norms of `model` anew, over the recipe's norm_pictures. */
FV_MUST_USE fv_error *fv_trainer_estimate_norms(const fv_trainer *trainer, fv_model *model);

#endif
