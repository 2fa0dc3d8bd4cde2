/* The run's folder without a training around it: what a checkpoint must hold to be gone on with, and what comes of want of
 * memory, of other bits, and of files that are damaged, gone or in the way. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/memory.h"
#include "core/base/size.h"
#include "core/comm/comm.h"
#include "tests/data/pictures.h"
#include "tests/refusals.h"
#include "train/trainer.h"

#define EPOCHS 5

/* A training in which nothing is trained: a weight, its slot, and a history. */
typedef struct scene {
    fv_trainer t;
    fv_train_options options;
    fv_text said;
} scene;

static void hear(void *context, const char *line) { fv_text_addf(&((scene *)context)->said, "%s\n", line); }

static void add_weight(fv_model *model, const char *name, fv_role role, float value) {
    fv_tensor *tensor = NULL;
    FV_OK(fv_weights_add(fv_model_weights(model), name, &(fv_type){ FV_F32, 1, { 2 } }, role, &tensor));
    ((float *)tensor->data)[0] = ((float *)tensor->data)[1] = value;
}

static float weight(const scene *s, const char *name) {
    const fv_tensor *tensor = fv_weights_find(fv_model_weights(s->t.model), name);
    assert_non_null(tensor);
    return ((const float *)tensor->data)[1];
}

static void build(scene *s) {
    FV_OWNED(fv_graph) network = NULL;
    FV_OK(fv_graph_new(&network));
    fv_graph_output(network, "y", fv_graph_state(network, "w", fv_type_of(FV_F32, 2), FV_PARAMETER, "zeros"));
    FV_OK(fv_graph_error(network));
    FV_OK(fv_graph_clone(network, &s->t.step));
    fv_graph_output(s->t.step, "m", fv_graph_state(s->t.step, "w.momentum", fv_type_of(FV_F32, 2), FV_SLOT, "zeros"));
    FV_OK(fv_graph_error(s->t.step));
    FV_OK(fv_model_new(network, &s->t.model));
    FV_OK(fv_recipe_write_section(s->t.recipe, s->t.model));
}

/* In the folder `out`; without weights where it is to be resumed. */
static void begin(scene *s, const char *out, bool resume) {
    *s = (scene){ .options = { .out = out, .resume = resume, .context = s, .message = hear } };
    fv_text_init(&s->said, 1 << 16);
    fv_trainer *t = &s->t;
    t->lock = -1;
    t->options = &s->options;
    t->data_hash = "pictures";
    t->val_from = "part val";
    t->selection = (fv_selection){ .text = "top1", .metric = "top1", .is_score = true };
    FV_OK(fv_recipe_new(&t->recipe));
    FV_OK(fv_recipe_set(t->recipe, "data", "pictures"));
    FV_OK(fv_recipe_set(t->recipe, "epochs", "5"));
    t->keys = &t->recipe->keys;
    FV_OK(fv_arena_new("a training", INT64_C(1) << 32, &t->arena));
    build(s);
    if (!resume) add_weight(t->model, "w", FV_PARAMETER, 1), add_weight(t->model, "w.momentum", FV_SLOT, 2);
}

static void end(scene *s) {
    fv_recipe *recipe = s->t.recipe;
    fv_trainer_release(&s->t);
    fv_recipe_free(recipe);
    fv_text_release(&s->said);
}

/* As after so many epochs. */
static void run_to(scene *s, int64_t epoch) {
    fv_trainer *t = &s->t;
    FV_OK(fv_trainer_make_history(t, fv_max(epoch, EPOCHS)));
    fv_floats *const lists[] = { &t->state.learning_rate, &t->state.train_loss, &t->state.train_score,
                                 &t->state.val_loss,      &t->state.val_score,  &t->state.val_select };
    double *const rooms[] = { t->history.learning_rate, t->history.train_loss, t->history.train_score,
                              t->history.val_loss,      t->history.val_score,  t->history.val_select };
    for (int l = 0; l < 6; l++) {
        for (int64_t e = 0; e < epoch; e++) rooms[l][e] = (double)(l + 1) + 0.25 * (double)e;
        *lists[l] = (fv_floats){ epoch, rooms[l] };
    }
    if (epoch) t->history.seconds[0] = 1.5;
    t->state.epoch = t->state.best_epoch = epoch;
    t->state.step = 10 * epoch;
}

/* A folder with the checkpoint of a training that has done so many epochs. */
static const char *new_run_to(int64_t epoch) {
    static char out[400];
    scene s;
    snprintf(out, sizeof out, "%s/run", fv_test_folder());
    begin(&s, out, false);
    FV_OK(fv_trainer_open_folder(&s.t));
    run_to(&s, epoch);
    FV_OK(fv_trainer_make_folder(&s.t));
    FV_OK(fv_trainer_save(&s.t));
    FV_OK(fv_trainer_write_results(&s.t));
    end(&s);
    return out;
}

static const char *new_run(void) { return new_run_to(2); }

static void check_resumed(const scene *s) {
    assert_int_equal(s->t.state.epoch, 2);
    assert_int_equal(s->t.state.step, 20);
    assert_true(s->t.history.val_loss[1] == 4.25 && s->t.history.train_score[0] == 3);
    assert_true(weight(s, "w") == 1 && weight(s, "w.momentum") == 2);
}

static fv_error *go_on(scene *s, const char *out) {
    begin(s, out, true);
    FV_TRY(fv_trainer_open_folder(&s->t));
    return fv_trainer_restore(&s->t);
}

static void refused(const char *out, fv_code code, const char *says) {
    scene s;
    FV_FAILS(go_on(&s, out), code, says);
    end(&s);
}

FV_TEST(train_checkpoint__goes_on_with_history_weights_and_slots) {
    scene s;
    const char *out = new_run();
    FV_OK(go_on(&s, out));
    check_resumed(&s);
    assert_string_equal(s.said.at, "");
    end(&s);
    begin(&s, out, true);
    s.options.seconds = 60;
    FV_FAILS(fv_trainer_open_folder(&s.t), FV_USAGE, "--time chooses the epochs of a training that begins");
    end(&s);
    FV_OK(fv_file_write(fv_test_path(out, "results.csv"), "epoch\n", 6, NULL));
    FV_OK(go_on(&s, out)); /* its table is made up for */
    check_resumed(&s);
    end(&s);
    uint8_t *bytes;
    int64_t length;
    FV_OK(fv_file_read(fv_test_path(out, "results.csv"), 1 << 20, &bytes, &length));
    assert_string_equal((char *)bytes, "epoch,learning_rate,train_loss,train_top1,val_loss,val_top1,seconds\n"
                                       "1,1,2,3,4,5,\n2,1.25,2.25,3.25,4.25,5.25,\n");
    fv_memory_free(bytes);
}

FV_TEST(train_checkpoint__a_figure_that_chooses_the_best_epoch_has_a_column_and_empty_cells) {
    scene s;
    const char *out = fv_test_folder();
    begin(&s, out, false);
    s.t.selection = (fv_selection){ .text = "f1 average=macro", .metric = "f1 average=macro" };
    FV_OK(fv_trainer_name_files(&s.t));
    run_to(&s, 2);
    s.t.history.val_score[1] = NAN;
    FV_OK(fv_trainer_save(&s.t));
    FV_OK(fv_trainer_write_results(&s.t));
    end(&s);
    uint8_t *bytes;
    int64_t length;
    FV_OK(fv_file_read(fv_test_path(out, "results.csv"), 1 << 20, &bytes, &length));
    assert_string_equal((char *)bytes, "epoch,learning_rate,train_loss,train_top1,val_loss,val_top1,select_f1,seconds\n"
                                       "1,1,2,3,4,5,6,1.500\n2,1.25,2.25,3.25,4.25,,6.25,\n");
    fv_memory_free(bytes);
    begin(&s, out, true);
    s.t.selection = (fv_selection){ .text = "f1 average=macro", .metric = "f1 average=macro" };
    FV_OK(fv_trainer_open_folder(&s.t));
    FV_OK(fv_trainer_restore(&s.t));
    assert_true(s.t.history.val_select[1] == 6.25);
    end(&s);
}

/* What a checkpoint says, changed, and what is said of it. */
static void change(const char *out, const char *from, const char *to) {
    fv_model *model = NULL;
    int version;
    FV_OK(fv_model_load(fv_test_path(out, "last.fovea"), &model));
    const char *text = fv_model_section(model, "training", &version), *at = strstr(text, from);
    assert_non_null(at);
    FV_TEXT(changed, 1 << 16);
    fv_text_addf(&changed, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
    FV_OK(fv_model_set_section(model, "training", version, changed.at));
    FV_OK(fv_model_save_checkpoint(model, fv_test_path(out, "last.fovea"), NULL));
    fv_model_free(model);
}

FV_TEST(train_checkpoint__refuses_a_history_that_does_not_add_up) {
    static const char *const lists[] = { "learning_rate", "train_loss", "train_top1", "train_score", "val_loss", "val_score" };
    int tried = 0;
    for (int i = 0; i < 6; i++) {
        const char *out = new_run();
        fv_model *model = NULL;
        char key[64];
        snprintf(key, sizeof key, "\"%s\": [", lists[i]);
        FV_OK(fv_model_load(fv_test_path(out, "last.fovea"), &model));
        bool there = strstr(fv_model_section(model, "training", NULL), key) != NULL;
        fv_model_free(model);
        if (!there) continue; /* another name of the same */
        char longer[80];
        snprintf(longer, sizeof longer, "%s7, ", key);
        change(out, key, longer);
        refused(out, FV_FORMAT, "one row for each epoch");
        tried++;
    }
    assert_int_equal(tried, 5);
    refused(new_run_to(EPOCHS + 1), FV_FORMAT, "more epochs than its recipe");
    const char *out = new_run();
    change(out, "\"best_epoch\": 2", "\"best_epoch\": 3");
    refused(out, FV_FORMAT, "its best epoch is not done yet");
    out = new_run();
    change(out, "\"epoch\": 2", "\"epoch\": -1");
    refused(out, FV_USAGE, "epoch");
}

FV_TEST(train_checkpoint__goes_on_to_other_bits_only_where_it_is_told_to) {
    scene s;
    const char *out = new_run();
    fv_model *model = NULL;
    FV_OK(fv_model_load(fv_test_path(out, "last.fovea"), &model));
    char isa[64], core[64];
    const char *text = fv_model_section(model, "training", NULL);
    assert_int_equal(sscanf(strstr(text, "\"isa\":"), "\"isa\": %63[^,}]", isa), 1);
    assert_int_equal(sscanf(strstr(text, "\"blas_core\":"), "\"blas_core\": %63[^,}]", core), 1);
    fv_model_free(model);
    change(out, core, "\"abacus\"");
    refused(out, FV_CONFLICT, "BLAS for abacus, but this machine has ");
    change(out, isa, "\"sse0\"");
    refused(out, FV_CONFLICT, "begun with kernels for sse0 and BLAS for abacus");
    begin(&s, out, true);
    s.options.allow_other_isa = true;
    FV_OK(fv_trainer_open_folder(&s.t));
    FV_OK(fv_trainer_restore(&s.t));
    check_resumed(&s);
    end(&s);
    change(out, ", \"isa\": \"sse0\"", "");
    change(out, ", \"blas_core\": \"abacus\"", "");
    refused(out, FV_CONFLICT, "begun with kernels for ? and BLAS for ?");
}

FV_TEST(train_checkpoint__refuses_other_pictures_other_classes_and_another_recipe) {
    const char *out = new_run();
    scene s;
    begin(&s, out, true);
    s.t.data_hash = "others";
    FV_OK(fv_trainer_open_folder(&s.t));
    FV_FAILS(fv_trainer_restore(&s.t), FV_CONFLICT, "pictures were added, removed or renamed");
    end(&s);
    begin(&s, out, true);
    FV_OK(fv_model_set_section(s.t.model, "classes", 1, "{\"names\":[\"a\"]}"));
    FV_OK(fv_trainer_open_folder(&s.t));
    FV_FAILS(fv_trainer_restore(&s.t), FV_CONFLICT, "other classes");
    end(&s);
    fv_model *kept = NULL;
    FV_OK(fv_model_load(fv_test_path(out, "last.fovea"), &kept));
    FV_OK(fv_model_set_section(kept, "classes", 1, "{\"names\":[\"a\"]}"));
    FV_OK(fv_model_save_checkpoint(kept, fv_test_path(out, "last.fovea"), NULL));
    fv_model_free(kept);
    refused(out, FV_CONFLICT, "other classes");
    out = new_run();
    begin(&s, out, true);
    FV_OK(fv_recipe_set(s.t.recipe, "seed", "77"));
    FV_OK(fv_trainer_open_folder(&s.t));
    FV_FAILS(fv_trainer_restore(&s.t), FV_CONFLICT, "seed is now");
    end(&s);
}

FV_TEST(train_checkpoint__refuses_one_without_a_slot_of_the_step) {
    const char *out = new_run();
    scene s;
    fv_model *model = NULL;
    FV_OK(fv_model_load(fv_test_path(out, "last.fovea"), &model));
    FV_OWNED(fv_model) lean = NULL;
    FV_OK(fv_model_new(fv_model_graph(model), &lean));
    add_weight(lean, "w", FV_PARAMETER, 1);
    for (int i = 0; i < fv_model_section_count(model); i++) {
        int version;
        const char *name = fv_model_section_name(model, i), *text = fv_model_section(model, name, &version);
        FV_OK(fv_model_set_section(lean, name, version, text));
    }
    FV_OK(fv_model_save_checkpoint(lean, fv_test_path(out, "last.fovea"), NULL));
    fv_model_free(model);
    refused(out, FV_FORMAT, "it has no w.momentum");
    begin(&s, out, false);
    FV_OK(fv_trainer_name_files(&s.t));
    FV_OK(fv_trainer_make_history(&s.t, EPOCHS));
    FV_FAILS(fv_trainer_go_back(&s.t), FV_FORMAT, "last.fovea has no w.momentum");
    end(&s);
}

static void damage(const char *path) { FV_OK(fv_file_write(path, "damage", 6, NULL)); }

FV_TEST(train_checkpoint__goes_back_to_the_one_before_only_where_the_last_is_damaged_or_gone) {
    scene s;
    for (int way = 0; way < 3; way++) {
        const char *out = new_run(); /* whose previous.fovea is what make_folder kept */
        remove(fv_test_path(out, "last.fovea"));
        if (way == 1) damage(fv_test_path(out, "last.fovea"));
        if (way == 2) FV_OK(fv_file_make_folder(fv_test_path(out, "last.fovea")));
        FV_OK(go_on(&s, out));
        check_resumed(&s);
        assert_non_null(strstr(s.said.at, "going back to"));
        if (way < 2) { /* what was gone back to must not be replaced by what is damaged */
            uint8_t *before, *after;
            int64_t length, length_after;
            FV_OK(fv_file_read(fv_test_path(out, "previous.fovea"), 1 << 20, &before, &length));
            FV_OK(fv_trainer_save(&s.t));
            FV_OK(fv_file_read(fv_test_path(out, "previous.fovea"), 1 << 20, &after, &length_after));
            assert_int_equal(length, length_after);
            assert_memory_equal(before, after, (size_t)length);
            fv_memory_free(before), fv_memory_free(after);
        }
        end(&s);
    }
    const char *out = new_run();
    damage(fv_test_path(out, "last.fovea"));
    damage(fv_test_path(out, "previous.fovea"));
    refused(out, FV_FORMAT, "neither last.fovea nor previous.fovea can be read");
    out = new_run();
    damage(fv_test_path(out, "last.fovea"));
    remove(fv_test_path(out, "previous.fovea"));
    refused(out, FV_FORMAT, "last.fovea");
    out = new_run();
    remove(fv_test_path(out, "last.fovea"));
    remove(fv_test_path(out, "previous.fovea"));
    refused(out, FV_NOT_FOUND, "there is no training to resume");
    FV_OK(fv_file_write(fv_test_path(out, "best.fovea"), "x", 1, NULL));
    refused(out, FV_NOT_FOUND, "last.fovea"); /* the best model is no checkpoint */
}

static fv_error *open_new(const char *out) {
    scene s;
    begin(&s, out, false);
    fv_error *error = fv_trainer_open_folder(&s.t);
    end(&s);
    return error;
}

FV_TEST(train_checkpoint__knows_before_it_begins_whether_there_is_a_place_for_the_run) {
    assert_int_equal(chdir(fv_test_folder()), 0);
    FV_FAILS(open_new(NULL), FV_USAGE, "out is missing");
    static const char *const good[] = { "run", "run/", "a/b//c", "./run", "//tmp//fovea-nowhere//run", "/fovea-nowhere" };
    for (int i = 0; i < 6; i++) FV_OK(open_new(good[i]));
    FV_OK(fv_file_write("file", "x", 1, NULL));
    FV_FAILS(open_new("file"), FV_CONFLICT, "no place for the run: file: file is no folder");
    FV_FAILS(open_new("file/run"), FV_CONFLICT, "no place for the run: file/run: file is no folder");
    FV_OK(fv_file_make_folder("run"));
    FV_OK(fv_file_write("run/last.fovea", "x", 1, NULL));
    FV_FAILS(open_new("run"), FV_CONFLICT, "run holds a training already");
#ifndef FV_TEST_SANITIZED
    fv_calls_fail_all(FV_CALLS_SEEK, EACCES);
    fv_error *error = open_new("other");
    fv_calls_fail(FV_CALLS_SEEK, 0, 0);
    FV_FAILS(error, FV_DENIED, "no place for the run: other: . cannot be written to");
#endif
}

FV_TEST(train_checkpoint__makes_nothing_where_somebody_has_begun_meanwhile) {
    scene s;
    char out[400];
    snprintf(out, sizeof out, "%s/run", fv_test_folder());
    begin(&s, out, false);
    FV_OK(fv_trainer_open_folder(&s.t));
    FV_OK(fv_file_make_folder(out));
    damage(fv_test_path(out, "last.fovea"));
    run_to(&s, 0);
    FV_FAILS(fv_trainer_make_folder(&s.t), FV_CONFLICT, "holds a training already");
    end(&s);
    snprintf(out, sizeof out, "%s/file", fv_test_folder());
    begin(&s, out, false);
    FV_OK(fv_trainer_open_folder(&s.t));
    damage(out);
    run_to(&s, 0);
    FV_FAILS(fv_trainer_make_folder(&s.t), FV_CONFLICT, "file");
    end(&s);
    int lock;
    snprintf(out, sizeof out, "%s/taken", fv_test_folder());
    begin(&s, out, false);
    FV_OK(fv_trainer_open_folder(&s.t));
    FV_OK(fv_file_make_folder(out));
    FV_OK(fv_file_lock(fv_test_path(out, "lock"), &lock));
    run_to(&s, 0);
    FV_FAILS(fv_trainer_make_folder(&s.t), FV_BUSY, "another command is at work in");
    fv_file_unlock(lock);
    end(&s);
    snprintf(out, sizeof out, "%s/held", fv_test_folder());
    begin(&s, out, false);
    FV_OK(fv_trainer_open_folder(&s.t));
    FV_OK(fv_file_make_folder(fv_test_path(out, "recipe.yaml")));
    run_to(&s, 0);
    FV_FAILS(fv_trainer_make_folder(&s.t), FV_IO, "recipe.yaml");
    end(&s);
}

FV_TEST(train_checkpoint__a_folder_that_is_locked_is_for_one_and_where_nothing_can_be_locked_it_says_so) {
    const char *out = new_run();
    int lock;
    FV_OK(fv_file_lock(fv_test_path(out, "lock"), &lock));
    refused(out, FV_BUSY, "another command is at work in");
    fv_file_unlock(lock);
    remove(fv_test_path(out, "lock"));
    FV_OK(fv_file_make_folder(fv_test_path(out, "lock")));
    refused(out, FV_IO, "lock");
    assert_int_equal(rmdir(fv_test_path(out, "lock")), 0);
#ifndef FV_TEST_SANITIZED
    scene s;
    fv_calls_fail_all(FV_CALLS_LOCK, ENOLCK);
    fv_error *error = go_on(&s, out);
    fv_calls_fail(FV_CALLS_LOCK, 0, 0);
    FV_OK(error);
    assert_non_null(strstr(s.said.at, "see to it that nothing else trains or reports there"));
    end(&s);
#endif
}

/* Rank 1 looks at nothing and writes nothing. */
FV_TEST(train_checkpoint__the_folder_is_for_the_first_rank) {
    scene s;
    fv_comm *comms[2];
    char out[400];
    snprintf(out, sizeof out, "%s/run", fv_test_folder());
    FV_OK(fv_comm_threads(2, 1, comms));
    begin(&s, out, false);
    s.options.comm = comms[1];
    FV_OK(fv_trainer_open_folder(&s.t));
    FV_OK(fv_trainer_make_folder(&s.t));
    FV_OK(fv_trainer_lock(&s.t));
    assert_int_equal(fv_file_kind_of(out), FV_FILE_NONE);
    s.options.comm = NULL;
    end(&s);
    for (int i = 0; i < 2; i++) fv_comm_free(comms[i]);
}

FV_TEST(train_checkpoint__a_checkpoint_that_cannot_be_written_is_an_error) {
    scene s;
    const char *out = new_run();
    FV_OK(go_on(&s, out));
    remove(fv_test_path(out, "last.fovea"));
    FV_OK(fv_file_make_folder(fv_test_path(out, "last.fovea")));
    FV_FAILS(fv_trainer_save(&s.t), FV_DENIED, "last.fovea");
    s.t.save_is_due = true;
    FV_FAILS(fv_trainer_save_in_time(&s.t), FV_DENIED, "last.fovea");
    FV_FAILS(fv_trainer_stop(&s.t), FV_DENIED, "last.fovea");
    s.t.save_is_due = false;
    FV_OK(fv_trainer_save_in_time(&s.t));
    end(&s);
}

FV_TEST(train_checkpoint__is_old_after_the_seconds_that_are_asked_for) {
    scene s;
    FV_OK(go_on(&s, new_run()));
    FV_OK(fv_trainer_save(&s.t));
    assert_false(fv_trainer_checkpoint_is_old(&s.t));
    s.options.checkpoint_every = 1e6;
    assert_false(fv_trainer_checkpoint_is_old(&s.t));
    s.options.checkpoint_every = 1e-9;
    assert_true(fv_trainer_checkpoint_is_old(&s.t));
    end(&s);
}

/* ---- want of memory ---- */

static fv_error *begin_anew(scene *s, const char *out) {
    static const char *const files[] = { "last.fovea", "previous.fovea", "best.fovea", "lock", "recipe.yaml", "results.csv" };
    for (int i = 0; i < 6; i++) remove(fv_test_path(out, files[i]));
    rmdir(out);
    fv_file_unlock(s->t.lock);
    s->t.lock = -1;
    FV_TRY(fv_trainer_open_folder(&s->t));
    FV_TRY(fv_trainer_make_history(&s->t, EPOCHS));
    FV_TRY(fv_trainer_make_folder(&s->t));
    s->t.state.best_epoch = 1;
    s->t.state.epoch = 1;
    FV_TRY(fv_trainer_write_results(&s->t));
    fv_error *error = fv_trainer_save_best(&s->t);
    s->t.state.epoch = 0;
    return error;
}

static const char *lists_of_pictures(void) {
    const char *dir = fv_test_folder();
    fv_test_copy("rgb.png", dir, "a/0.png");
    fv_test_copy("rgb.png", dir, "b/0.png");
    return dir;
}

FV_TEST(train_checkpoint__want_of_memory_to_begin_is_an_error) {
    scene s;
    char out[400];
    snprintf(out, sizeof out, "%s/run", fv_test_folder());
    begin(&s, out, false);
    FV_OK(fv_dataset_open(lists_of_pictures(), NULL, &s.t.set));
    FV_OK(fv_subset_part(s.t.set, NULL, &s.t.val));
    FV_TEST_EACH_OWN_ALLOCATION_FAILS(begin_anew(&s, out), assert_int_equal(fv_file_kind_of(s.t.last_path), FV_FILE_PLAIN));
    end(&s);
}

/* Restores into a model whose tensors are not there yet. */
static fv_error *restore_anew(scene *s, bool *done) {
    *done = false;
    fv_file_unlock(s->t.lock);
    s->t.lock = -1;
    FV_TRY(fv_trainer_open_folder(&s->t));
    FV_TRY(fv_trainer_restore(&s->t));
    *done = true;
    return NULL;
}

FV_TEST(train_checkpoint__want_of_memory_to_go_on_is_no_damage) {
    const char *out = new_run();
    for (int64_t n = 1, reached = 1; reached; n++) {
        scene s;
        bool done;
        begin(&s, out, true);
        remove(fv_test_path(out, "results.csv"));
        fv_own_allocations_fail(n);
        fv_error *error = restore_anew(&s, &done);
        reached = fv_allocations_failed();
        fv_own_allocations_fail(0);
        assert_null(strstr(s.said.at, "going back")); /* last.fovea is whole */
        if (error)
            FV_FAILS(error, FV_MEMORY, NULL);
        else
            check_resumed(&s);
        end(&s);
    }
}

FV_TEST(train_checkpoint__want_of_memory_to_keep_or_to_go_back_is_an_error) {
    scene s;
    FV_OK(go_on(&s, new_run()));
    FV_TEST_EACH_OWN_ALLOCATION_FAILS(fv_trainer_save(&s.t), (void)0);
    FV_TEST_EACH_OWN_ALLOCATION_FAILS(fv_trainer_go_back(&s.t), check_resumed(&s));
    FV_TEST_EACH_OWN_ALLOCATION_FAILS(fv_trainer_write_results(&s.t), (void)0);
    end(&s);
}
