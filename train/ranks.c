/* ranks.c - a training by several ranks (fovea/comm.h). All do the same from the same recipe, data and weights, and each has
 * its rows of every batch; so what they compute is the same on all, but for three things that are asked for after every step:
 * whether one was told to stop, whether rank 0 finds by its clock that it is time for a checkpoint, and how many of a rank's
 * pictures were right. Rank 0 alone writes and speaks. */
#include <sodium.h>
#include <string.h>

#include "core/base/assert.h"
#include "core/base/parallel.h"
#include "core/comm/comm.h"
#include "core/cpu/blas.h"
#include "core/plan/kernel.h"
#include "train/trainer.h"

bool fv_trainer_leads(const fv_trainer *t) { return fv_comm_rank(t->options->comm) == 0; }
bool fv_trainer_is_alone(const fv_trainer *t) { return fv_comm_size(t->options->comm) == 1; }

fv_error *fv_trainer_agree(fv_trainer *t, fv_error *own) {
    fv_error *error = fv_comm_agree(t->options->comm, own);
    t->agreed = error != NULL;
    return error;
}

/* ---- the same on all ---- */

static fv_error *hash_text(const fv_trainer *t, crypto_generichash_state *hash, const char **out) {
    unsigned char bytes[16];
    char *text;
    FV_TRY(fv_arena_take(t->arena, 2 * (int64_t)sizeof bytes + 1, &text));
    crypto_generichash_final(hash, bytes, sizeof bytes);
    *out = sodium_bin2hex(text, 2 * sizeof bytes + 1, bytes, sizeof bytes);
    return NULL;
}

static fv_error *hash_recipe(const fv_trainer *t, const char **out) {
    crypto_generichash_state hash;
    char *yaml;
    FV_TRY(fv_recipe_to_yaml(t->recipe, &yaml));
    crypto_generichash_init(&hash, NULL, 0, 16);
    crypto_generichash_update(&hash, (const unsigned char *)yaml, strlen(yaml));
    fv_string_free(yaml);
    return hash_text(t, &hash, out);
}

/* Of a training that is resumed; a new one's weights follow from the recipe. */
static fv_error *hash_weights(const fv_trainer *t, const char **out) {
    crypto_generichash_state hash;
    const fv_weights *weights = fv_model_weights(t->model);
    crypto_generichash_init(&hash, NULL, 0, 16);
    for (int64_t i = 0; i < fv_weights_count(weights); i++) {
        const fv_tensor *tensor = fv_weights_at(weights, i, NULL, NULL);
        crypto_generichash_update(&hash, tensor->data, (unsigned long long)fv_type_bytes(&tensor->type));
    }
    return hash_text(t, &hash, out);
}

static fv_error *compare(const fv_trainer *t) {
    fv_comm *comm = t->options->comm;
    const char *build, *recipe, *state, *weights;
    FV_TRY(fv_arena_format(t->arena, &build, "fovea %s with kernels for %s and BLAS for %s", FOVEA_VERSION,
                           fv_isa_names[fv_isa_best()], fv_blas_core()));
    FV_TRY(hash_recipe(t, &recipe));
    FV_TRY(hash_weights(t, &weights));
    FV_TRY(fv_arena_format(t->arena, &state, "step %lld, %s", (long long)t->state.step, weights));
    FV_TRY(fv_error_hint(fv_comm_same(comm, "the program and its bits", build),
                         "FOVEA_ISA and OPENBLAS_CORETYPE set to what all have make them alike"));
    FV_TRY(fv_comm_same(comm, "the recipe, by a hash", recipe));
    FV_TRY(fv_error_hint(fv_comm_same(comm, "the pictures, by a hash of their names and classes", t->data_hash),
                         "every rank reads the same data set"));
    return fv_error_hint(fv_comm_same(comm, "the checkpoint, by a hash", state), "every rank reads the same folder");
}

fv_error *fv_trainer_compare_ranks(fv_trainer *t) {
    if (fv_trainer_is_alone(t)) return NULL;
    fv_error *error = compare(t);
    t->agreed = error != NULL;
    return error;
}

/* ---- every step ---- */

fv_error *fv_trainer_meet(fv_trainer *t, const fv_batch *batch, int64_t *correct) {
    t->save_is_due = batch && fv_trainer_leads(t) && fv_trainer_checkpoint_is_old(t);
    if (fv_trainer_is_alone(t)) return NULL;
    bool counted = batch && (batch->count < batch->all || fv_trainer_leads(t)); /* what all have as a whole counts once */
    int64_t numbers[] = { fv_trainer_cancelled(t), t->save_is_due, counted ? *correct : 0 };
    FV_TRY(fv_comm_sum(t->options->comm, numbers, FV_COUNT(numbers)));
    t->stopped = numbers[0] > 0;
    t->save_is_due = numbers[1] > 0;
    if (batch) *correct = numbers[2];
    return NULL;
}

bool fv_trainer_stops(const fv_trainer *t) { return fv_trainer_is_alone(t) ? fv_trainer_cancelled(t) : t->stopped; }

/* ---- what a rank has ---- */

int64_t fv_trainer_evaluated(const fv_trainer *t, int64_t pictures) {
    int ranks = fv_comm_size(t->options->comm);
    return fv_share_of(pictures, ranks, ranks, fv_comm_rank(t->options->comm)).rows;
}

void fv_trainer_say_rank(const fv_trainer *t) {
    int rank = fv_comm_rank(t->options->comm), ranks = fv_comm_size(t->options->comm), shards = (int)t->keys->shards;
    if (ranks == 1) return;
    fv_trainer_say(t, "rank %d of %d (%s): %d of the %d shards of a batch", rank, ranks, fv_comm_source(t->options->comm),
                   fv_rank_shard(shards, ranks, rank + 1) - fv_rank_shard(shards, ranks, rank), shards);
}

fv_error *fv_trainer_check_ranks(const fv_trainer *t) {
    int ranks = fv_comm_size(t->options->comm);
    if (ranks == 1) return NULL;
    if (t->options->task == FV_OVERFIT_BATCH || t->options->task == FV_FIND_RATE || t->options->task == FV_PROBE)
        return fv_fail(FV_USAGE, "what is tried before a training is tried by one rank, not by %d", ranks);
    if (!t->keys->batch)
        return fv_error_hint(
            fv_fail(FV_USAGE, "a batch of 0 is chosen by the memory of one machine, and there are %d ranks", ranks),
            "say batch: N");
    if (ranks <= t->keys->shards) return NULL;
    return fv_fail(FV_USAGE, "%d ranks, but %lld shards: a rank has one at least", ranks, (long long)t->keys->shards);
}
