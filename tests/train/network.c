/* The batch of a recipe that leaves it open, by the memory that is free; and what is said where a training needs more. */
#include <stdio.h>

#include "core/base/text.h"
#include "tests/test.h"
#include "train/trainer.h"

#define SHAPES FOVEA_SOURCE "/examples/shapes/test"
#define MIB (INT64_C(1) << 20)
#define PLENTY (INT64_C(1) << 40)

/* A training whose data are read, and no more. */
typedef struct scene {
    fv_trainer t;
    fv_train_options options;
    fv_text said;
} scene;

static void hear(void *context, const char *line) { fv_text_addf(&((scene *)context)->said, "%s\n", line); }

static void begin(scene *s, const char *memory) {
    const char *const keys[][2] = { { "data", SHAPES }, { "arch", "lenet" }, { "channels", "1" }, { "memory", memory } };
    fv_trainer *t = &s->t;
    *s = (scene){ .options = { .context = s, .message = hear } };
    fv_text_init(&s->said, 1 << 16);
    t->lock = -1;
    t->options = &s->options;
    FV_OK(fv_recipe_new(&t->recipe));
    for (int i = 0; i < 4; i++) FV_OK(fv_recipe_set(t->recipe, keys[i][0], keys[i][1]));
    t->keys = &t->recipe->keys;
    FV_OK(fv_arena_new("a training", INT64_C(1) << 32, &t->arena));
    FV_OK(fv_trainer_open_data(t));
}

static void end(scene *s) {
    fv_recipe *recipe = s->t.recipe;
    fv_trainer_release(&s->t);
    fv_recipe_free(recipe);
    fv_text_release(&s->said);
}

FV_TEST(train_network__a_batch_that_is_open_is_chosen_by_pictures_and_by_memory) {
    scene s;
    long long free_mib, step_mib, batch;
    begin(&s, "normal");
    FV_OK(fv_trainer_choose_batch(&s.t, PLENTY));
    const char *line = strstr(s.said.at, "batch: ");
    assert_non_null(line);
    assert_int_equal(
        sscanf(line, "batch: %lld, by the memory that is free (%lld MiB, %lld for a step)", &batch, &free_mib, &step_mib), 3);
    int64_t count = fv_subset_count(s.t.train);
    assert_int_equal(s.t.keys->batch, batch);
    assert_true(batch * 8 <= count && batch * 16 > count); /* the largest power of two of which an epoch has eight */
    assert_int_equal(free_mib, PLENTY / MIB);
    FV_OK(fv_trainer_choose_batch(&s.t, 2 * step_mib * MIB - 2));
    assert_true(s.t.keys->batch >= 1 && s.t.keys->batch < batch);
    end(&s);
}

FV_TEST(train_network__of_a_batch_for_which_no_memory_does_it_is_said_what_takes_less) {
    static const char *const memory[] = { "normal", "low" }, *const hints[] = { "memory: low takes less", "a smaller network" };
    for (int i = 0; i < 2; i++) {
        scene s;
        begin(&s, memory[i]);
        fv_error *error = fv_trainer_choose_batch(&s.t, MIB / 2);
        assert_non_null(error);
        assert_non_null(strstr(fv_error_hint_get(error), hints[i]));
        FV_FAILS(error, FV_MEMORY, "a step on one picture takes");
        FV_FAILS(fv_trainer_choose_batch(&s.t, 0), FV_UNSUPPORTED, "how much memory is free is not known");
        end(&s);
    }
}

FV_TEST(train_network__a_training_that_needs_more_than_is_free_says_so_and_what_takes_less) {
    static const char *const memory[] = { "normal", "low" }, *const hints[] = { "memory=low takes less", "a smaller batch" };
    for (int i = 0; i < 2; i++) {
        scene s;
        begin(&s, memory[i]);
        fv_text_clear(&s.said);
        fv_trainer_advise_memory(&s.t, 7 * MIB, 7 * MIB);
        fv_trainer_advise_memory(&s.t, 7 * MIB, 0); /* not known */
        assert_int_equal(s.said.length, 0);
        fv_trainer_advise_memory(&s.t, 7 * MIB, 5 * MIB);
        assert_non_null(strstr(s.said.at, "that is more than the 5 MiB which are free: "));
        assert_non_null(strstr(s.said.at, hints[i]));
        end(&s);
    }
}
