/* trainer.h - one training in progress: what loop.c drives and the other files of this folder build and keep. */
#ifndef FV_TRAIN_TRAINER_H
#define FV_TRAIN_TRAINER_H

#include "fovea/layers.h"
#include "fovea/optim.h"
#include "train/overrides.h"
#include "train/recipe.h"
#include "train/select.h"
#include "train/tuning.h"

/* What a checkpoint holds beside tensors: where the training is, to the batch. The section "training". */
typedef struct fv_training_state {
    int64_t epoch;         /* finished epochs; number of the one under way, from 0 */
    int64_t position;      /* its batches that are done */
    int64_t step;          /* all batches done */
    double loss_sum;       /* of the epoch under way: over pictures */
    int64_t seen, correct; /* of the epoch under way: pictures */
    int64_t best_epoch;    /* from 1; 0: none yet */
    fv_floats learning_rate, train_loss, train_score, val_loss, val_score,
        val_select;                      /* one for each finished epoch; train_score, val_select: or none */
    const char *isa, *blas_core, *fovea; /* what decides bits beside recipe and data */
    const char *data;                    /* a hash of the samples' ids and classes */
} fv_training_state;
extern const fv_section fv_section_training;

/* What a run's history is kept in: arrays with room for every epoch, that the state's lists point to. */
typedef struct fv_history {
    double *learning_rate, *train_loss, *train_score, *val_loss, *val_score, *val_select,
        *seconds; /* train_score: NaN where there is none; val_select: the score where that decides */
} fv_history;

/* steps.c: every so many steps the weights become kept·(steps done / all steps)^power of their slow copy. */
typedef struct fv_lookahead_options {
    int64_t every;
    double kept, power;
} fv_lookahead_options;

#define FV_SAVES 15 /* whose time is kept */

struct fv_trainer {
    fv_recipe *recipe; /* a copy, in which batch and epochs may be chosen before the first step; its texts are the caller's */
    const fv_recipe_keys *keys;
    const fv_train_options *options;
    fv_arena *arena;
    const char *best_path, *last_path, *previous_path, *recipe_path, *results_path, *changes_path, *lock_path;
    int lock;             /* fv_file_lock; -1: none */
    bool last_is_damaged; /* previous.fovea was gone back to: it must not be replaced by last.fovea */
    fv_overrides overrides;

    /* data.c */
    fv_dataset *set, *val_set, *test_set; /* the latter are NULL when they are parts of `set` */
    fv_outcome_kind kind;                 /* of every target */
    fv_selection selection;               /* of the best epoch */
    fv_scaling scaling;                   /* of numbers */
    fv_subset *train, *val, *test;        /* test: of the report; NULL: nothing was kept for it */
    const char *val_from, *test_from;     /* "split", "part test", "folder": for the user and the file */
    const char *data_hash;                /* of every sample's id, class, group and weight, as listed */
    const char *steps;                    /* the transforms as text */
    fv_transforms *transforms;
    fv_loader *loader;
    int64_t workers;

    const char *loss;         /* objective.c: the recipe's, with what the data add to it */
    const char *loss_weights; /* of these the weights of classes, "OPTION=NUMBERS"; NULL: none */

    /* network.c */
    fv_size input;
    fv_model *model;                      /* the network as it is saved; its weights hold the slots too */
    fv_model *averaged;                   /* the same with the running average for weights; NULL when there is none */
    fv_graph *step;                       /* network, loss, gradients, updates */
    fv_plan *plan;                        /* of a full batch */
    fv_plan *rest_plan;                   /* of the last batch of an epoch, when that is smaller */
    fv_graph *apply;                      /* of gradients that are added up: the update; NULL: the step has it */
    fv_plan *apply_plan, *lookahead_plan; /* steps.c; NULL: none */
    fv_lookahead_options lookahead;
    const char *arch; /* the recipe's, with what the data add to it */
    fv_tuning tuning; /* of a training that starts from weights */
    fv_learning_rate *rate;
    double base_rate;
    fv_predictor *predictor;

    /* state */
    fv_training_state state;
    fv_history history;
    double started, epoch_started; /* fv_clock_seconds */
    int64_t seen_before;           /* pictures of the epoch under way that an earlier call trained on */
    bool stopped;                  /* ranks.c: one of the ranks was told to stop */
    bool save_is_due;              /* and the first says that it is time for a checkpoint */
    bool agreed;                   /* the error that ends this is known to all ranks */
    double saved;                  /* when the last checkpoint was written */
    double save_seconds[FV_SAVES]; /* of the last ones, going round */
    int64_t saves;
    double step_seconds; /* of the longest step */
    double waited;       /* for pictures, before the epoch under way */
    fv_train_profile profile;
    bool grace_is_short; /* which was said */
    int64_t ground;      /* bytes that are in memory and not ours to count: code, libraries, stacks */
};

/* data.c: opens the data sets, looks through their pictures, splits, chooses transforms. Before network.c, which needs classes
 * and channels. */
FV_MUST_USE fv_error *fv_trainer_open_data(fv_trainer *trainer);
FV_MUST_USE fv_error *fv_trainer_open_loader(fv_trainer *trainer); /* after network.c, which knows the input's size */
fv_loader_options fv_trainer_loader_options(const fv_trainer *trainer);
/* defaults.c: the transforms of a recipe that names none; text in `arena`. */
FV_MUST_USE fv_error *fv_default_transforms(fv_size input, fv_arena *arena, const char **out);

/* objective.c: the recipe's loss and optimizer, or the kind's own where it names none; and the loss as text, once data and
 * transforms are there. */
FV_MUST_USE fv_error *fv_trainer_choose_objective(fv_trainer *trainer);
FV_MUST_USE fv_error *fv_trainer_loss(fv_trainer *trainer);

/* network.c */
FV_MUST_USE fv_error *fv_trainer_find_blocks(fv_trainer *trainer); /* tuning.blocks, by a network that is thrown away */
FV_MUST_USE fv_error *fv_trainer_try_network(fv_trainer *trainer); /* builds it and throws it away: is the recipe sound? */
/* For a recipe that leaves the batch open, by the bytes that are free; 0: not known. */
FV_MUST_USE fv_error *fv_trainer_choose_batch(fv_trainer *trainer, int64_t available);
FV_MUST_USE fv_error *fv_trainer_build_network(fv_trainer *trainer); /* graphs and sections; the weights are not filled */
FV_MUST_USE fv_error *fv_trainer_plan(fv_trainer *trainer);          /* weights, plans, predictor */
FV_MUST_USE fv_error *fv_trainer_plan_phase(fv_trainer *trainer);    /* of the epoch under way, in place of what is planned */
FV_MUST_USE fv_error *fv_trainer_make_rate(const fv_trainer *trainer, int64_t epochs, fv_learning_rate **out);
FV_MUST_USE fv_error *fv_trainer_set_epochs(fv_trainer *trainer, int64_t epochs); /* before the first step */
int64_t fv_trainer_batch(const fv_trainer *trainer); /* pictures of a batch that is not an epoch's last */
fv_plan *fv_trainer_plan_for(const fv_trainer *trainer, const fv_batch *batch);
FV_MUST_USE fv_error *fv_trainer_average(fv_trainer *trainer); /* copies the running average to where it is validated */

/* whitening.c: weights that are made from the training pictures, before the first step. */
FV_MUST_USE fv_error *fv_trainer_whiten(const fv_trainer *trainer);

/* steps.c: steps of several batches, and slow weights. */
FV_MUST_USE fv_error *fv_trainer_plan_steps(fv_trainer *trainer);
FV_MUST_USE fv_error *fv_trainer_plan_apply(fv_trainer *trainer); /* of them what updates the weights by added gradients */
FV_MUST_USE fv_error *fv_trainer_begin_steps(const fv_trainer *trainer);  /* before the first batch */
FV_MUST_USE fv_error *fv_trainer_after_update(const fv_trainer *trainer); /* once a step is counted */
/* Whether the steps that are done would look back as they do in a training of so many epochs. */
FV_MUST_USE fv_error *fv_trainer_looks_back_alike(const fv_trainer *trainer, int64_t epochs, bool *alike);
int64_t fv_trainer_steps_per_epoch(const fv_trainer *trainer, int64_t batches);
int64_t fv_trainer_updates(const fv_trainer *trainer);                /* steps that are done, all epochs together */
double fv_trainer_share(const fv_trainer *trainer, int64_t pictures); /* of the next batch in its step */
bool fv_trainer_step_ends(const fv_trainer *trainer);                 /* with the next batch */

/* checkpoint.c: the run's folder. */
FV_MUST_USE fv_error *fv_trainer_name_files(fv_trainer *trainer);
FV_MUST_USE fv_error *fv_trainer_lock(fv_trainer *trainer);        /* the folder, until the release; FV_BUSY */
FV_MUST_USE fv_error *fv_trainer_open_folder(fv_trainer *trainer); /* looks: new, or to be resumed, or FV_CONFLICT */
FV_MUST_USE fv_error *fv_trainer_make_folder(fv_trainer *trainer); /* of a new one: the folder, recipe.yaml, last.fovea */
FV_MUST_USE fv_error *fv_trainer_write_recipe(const fv_trainer *trainer);
FV_MUST_USE fv_error *fv_trainer_make_history(fv_trainer *trainer, int64_t epochs); /* room for so many */
FV_MUST_USE fv_error *fv_trainer_restore(fv_trainer *trainer);      /* with `resume`: weights, slots and state of last.fovea */
FV_MUST_USE fv_error *fv_trainer_go_back(fv_trainer *trainer);      /* to last.fovea, in the midst of a training */
FV_MUST_USE fv_error *fv_trainer_save(fv_trainer *trainer);         /* last.fovea; the one before becomes previous.fovea */
bool fv_trainer_checkpoint_is_old(const fv_trainer *trainer);       /* so that it is time for one within an epoch */
FV_MUST_USE fv_error *fv_trainer_save_in_time(fv_trainer *trainer); /* saves when the ranks, as they met last, found it due */
FV_MUST_USE fv_error *fv_trainer_save_best(fv_trainer *trainer);    /* best.fovea */
FV_MUST_USE fv_error *fv_trainer_stop(fv_trainer *trainer);         /* saves and returns FV_CANCELLED */
FV_MUST_USE fv_error *fv_trainer_write_results(const fv_trainer *trainer); /* results.csv */

/* overrides.c: what is other than when the training was begun. FV_CONFLICT, naming the key: what may not be. */
FV_MUST_USE fv_error *fv_trainer_find_overrides(fv_trainer *trainer, const fv_model *checkpoint);
FV_MUST_USE fv_error *fv_trainer_check_overrides(const fv_trainer *trainer); /* once state and history are read */
FV_MUST_USE fv_error *fv_trainer_keep_overrides(fv_trainer *trainer); /* says and records them, and keeps the recipe as it is */

/* ranks.c: several ranks. Of one they do nothing, and it leads. */
bool fv_trainer_leads(const fv_trainer *trainer); /* rank 0, which writes files */
bool fv_trainer_is_alone(const fv_trainer *trainer);
FV_MUST_USE fv_error *fv_trainer_check_ranks(const fv_trainer *trainer);    /* first of all: may so many do this? */
FV_MUST_USE fv_error *fv_trainer_agree(fv_trainer *trainer, fv_error *own); /* an error of one rank is one of all */
FV_MUST_USE fv_error *fv_trainer_compare_ranks(fv_trainer *trainer);        /* program, recipe, data, checkpoint */
/* After a step on `batch` (NULL: before the first) sums up `correct` over the ranks, and learns whether any is to stop, and
 * whether it is time for a checkpoint. */
FV_MUST_USE fv_error *fv_trainer_meet(fv_trainer *trainer, const fv_batch *batch, int64_t *correct);
bool fv_trainer_stops(const fv_trainer *trainer);                          /* told so, or a rank was when they met last */
int64_t fv_trainer_evaluated(const fv_trainer *trainer, int64_t pictures); /* of an evaluated batch: those that are here */
void fv_trainer_say_rank(const fv_trainer *trainer);

/* announce.c: lines for the user. */
void fv_trainer_say(const fv_trainer *trainer, const char *format, ...) FV_PRINTF(2, 3);
void fv_trainer_measure_start(fv_trainer *trainer);       /* first of all: what is in memory before it begins */
void fv_trainer_announce(const fv_trainer *trainer);      /* data, classes, network, memory, before the first step */
void fv_trainer_report(const fv_trainer *trainer);        /* progress after a step */
int64_t fv_trainer_parameters(const fv_trainer *trainer); /* numbers that are learnt */

/* advice.c: what is worth a warning. */
void fv_trainer_advise_memory(const fv_trainer *trainer, int64_t bound, int64_t room); /* bytes; room 0: not known */
void fv_trainer_advise_counts(const fv_trainer *trainer, const int64_t *counts);       /* pictures of each class to train on */
void fv_trainer_advise_epoch(const fv_trainer *trainer);                               /* after an epoch */
void fv_trainer_advise_grace(fv_trainer *trainer);                                     /* after a save */
void fv_trainer_advise_end(const fv_trainer *trainer);

/* report.c: report.html and predictions.jsonl, from best.fovea, results.csv and the data. */
FV_MUST_USE fv_error *fv_trainer_write_report(const fv_trainer *trainer);

/* rehearse.c: after announce, the expected time; with a limit on it as many epochs as it holds. */
FV_MUST_USE fv_error *fv_trainer_rehearse(fv_trainer *trainer);

/* What is done in place of a training; nothing is kept of it. */
FV_MUST_USE fv_error *fv_trainer_overfit_batch(const fv_trainer *trainer);
FV_MUST_USE fv_error *fv_trainer_find_rate(const fv_trainer *trainer);

/* culprit.c: the error of a loss that is not finite, with the node, step and samples where it began, which it goes back to
 * last.fovea to find. */
FV_MUST_USE fv_error *fv_trainer_diverged(fv_trainer *trainer, const fv_batch *batch, double loss);

/* loop.c: a batch, and the numbers of the step under way, into a plan's feeds. */
void fv_trainer_feed(const fv_trainer *trainer, fv_plan *plan, const fv_batch *batch);
void fv_trainer_feed_numbers(const fv_trainer *trainer, fv_plan *plan);
/* Pictures of this rank whose largest logit is their class's; of equal logits the lowest class counts. */
int64_t fv_trainer_count_correct(const fv_tensor *logits, const fv_batch *batch);
bool fv_trainer_is_finished(const fv_trainer *trainer);
/* The step itself, without what is counted of it. */
FV_MUST_USE fv_error *fv_trainer_run_step(const fv_trainer *trainer, const fv_batch *batch, double *loss);
/* Counts a step, and does what follows it. */
FV_MUST_USE fv_error *fv_trainer_end_step(fv_trainer *trainer);
void fv_trainer_release(fv_trainer *trainer);

int64_t fv_trainer_outputs(const fv_trainer *trainer); /* target.c: of the network, for a picture */

/* Whether the score is a mean over pictures, so that it can be counted while it trains. */
static inline bool fv_trainer_counts_score(const fv_trainer *t) { return t->kind == FV_ONE_CLASS; }

static inline bool fv_trainer_cancelled(const fv_trainer *t) {
    return t->options->cancel && __atomic_load_n(t->options->cancel, __ATOMIC_RELAXED);
}

#endif
