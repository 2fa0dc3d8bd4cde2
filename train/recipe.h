/* recipe.h - the recipe's keys. The table in recipe.c is what YAML, flags, help and the reference page are made from. */
#ifndef FV_TRAIN_RECIPE_H
#define FV_TRAIN_RECIPE_H

#include "core/base/fields.h"
#include "core/formats/model_file.h"
#include "fovea/train.h"

/* decoding */
enum { FV_DECODING_EXACT, FV_DECODING_REDUCED };

typedef struct fv_recipe_keys {
    const char *data, *val, *test, *weights;
    double val_fraction;
    const char *group_by;
    int64_t folds, fold;
    int sampling; /* fv_sampling */
    const char *source, *source_options;
    int64_t channels;
    bool strict, allow_dropped;
    const char *arch;
    int64_t size[2];
    const char *transforms;
    int decoding;
    int64_t epochs, batch;
    int memory; /* fv_memory_use */
    const char *loss, *class_weights, *optimizer, *groups;
    double learning_rate;
    const char *schedule;
    double warmup_epochs;
    bool rate_per_epoch, decay_matrices_only;
    double clip_norm, clip_value, ema_decay;
    int64_t accumulate;
    const char *lookahead;
    const char *select;
    int64_t patience;
    int64_t seed, shards;
    int precision; /* fv_precision, of the steps */
    double reject_below, log_pictures;
    int64_t selftest_pictures;
    const char *targets, *licence;
    /* With `weights` alone. */
    int head; /* fv_head */
    bool keep_classes;
    fv_strings old_classes;
    int64_t head_epochs, freeze, unfreeze_every;
    double layer_decay, l2_sp;
    int norms; /* fv_norms */
    int64_t norm_pictures;
} fv_recipe_keys;

/* What a step keeps of its forward pass. */
typedef enum fv_memory_use {
    FV_MEMORY_NORMAL, /* what the backward pass reads */
    FV_MEMORY_LOW     /* some of it; the rest is computed again (fv_plan_options.low_memory) */
} fv_memory_use;

/* What the last layer begins with. */
typedef enum fv_head {
    FV_HEAD_RANDOM, /* the network's own first values */
    FV_HEAD_PROBE,  /* a linear probe: fitted on features that are computed once */
    FV_HEAD_KEPT    /* the weights' rows of classes they know by name; the other rows random */
} fv_head;

/* By what the batch norms of blocks that learn normalise. */
typedef enum fv_norms {
    FV_NORMS_BATCH, /* the batch's statistics */
    FV_NORMS_FROZEN /* those that came with the weights, which stay */
} fv_norms;

extern const fv_field fv_recipe_fields[];

struct fv_recipe {
    fv_arena *arena;           /* texts of the keys */
    bool given[FV_FIELDS_MAX]; /* a bool a row: set by a file or by name; what is not may be chosen by the data */
    fv_recipe_keys keys;
};

/* fv_recipe_read of a file's bytes; `path` is for errors. */
FV_MUST_USE fv_error *fv_recipe_parse(fv_recipe *recipe, const uint8_t *bytes, int64_t length, const char *path);

/* Takes the keys of `from` that `given` (a bool for each row) marks: flags over a file. */
FV_MUST_USE fv_error *fv_recipe_override(fv_recipe *recipe, const fv_recipe_keys *from, const bool *given);
bool fv_recipe_gives(const fv_recipe *recipe, const char *key);
/* What a training cannot do without, and keys that do not go together. */
FV_MUST_USE fv_error *fv_recipe_check(const fv_recipe *recipe);

/* The recipe in a model file: without the keys that say where the data lie and what is asked of the result. */
extern const fv_section fv_section_recipe;
FV_MUST_USE fv_error *fv_recipe_write_section(const fv_recipe *recipe, fv_model *model);

#endif
