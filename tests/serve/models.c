/* The table follows aliases and files: each name answers with one version at any time, and a bad one changes nothing. */
#include "serve/models.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/base/file.h"
#include "fovea/versions.h"
#include "tests/serve/model.h"
#include "tests/test.h"

typedef struct place {
    const char *folder; /* of model files */
    fv_registry *registry;
    fv_engine *engine;
    fv_models_table *table;
} place;

static void set_up(place *p, const fv_models_options *options, bool registry) {
    fv_models_options o = options ? *options : (fv_models_options){ 0 };
    p->folder = fv_test_folder();
    p->registry = NULL;
    char path[4096];
    snprintf(path, sizeof path, "%s/workspace", p->folder);
    if (registry) FV_OK(fv_registry_open(path, NULL, &p->registry));
    FV_OK(fv_engine_new(NULL, &p->engine));
    o.engine = p->engine, o.registry = p->registry, o.max_batch = 2;
    if (!o.poll_seconds) o.poll_seconds = 0.02;
    FV_OK(fv_models_table_new(&o, &p->table));
}

static void tear_down(place *p) {
    fv_models_table_free(p->table);
    fv_engine_free(p->engine);
    fv_registry_free(p->registry);
}

static void pause_a_little(void) { nanosleep(&(struct timespec){ .tv_nsec = 2000000 }, NULL); }

static void wait_ready(const place *p) {
    while (!fv_models_table_ready(p->table, NULL)) pause_a_little();
}

/* A version of `model` with weights from `seed`. */
static int64_t add_version(const place *p, const char *model, uint64_t seed) {
    char digest[FV_DIGEST_LETTERS];
    fv_version_added added;
    FV_OK(fv_object_put_file(p->registry, fv_test_model_file(p->folder, "new", seed), digest));
    FV_OK(fv_version_add(p->registry, &(fv_version_options){ .model = model, .digest = digest }, &added));
    return added.number;
}

static void set_alias(const place *p, const char *model, const char *alias, int64_t version) {
    int64_t incumbent;
    FV_OK(fv_alias_get(p->registry, model, alias, &incumbent));
    FV_OK(fv_alias_decide(p->registry, &(fv_alias_decision){ model, alias, version, incumbent, FV_ALIAS_SET, true, "[]" }));
}

/* The version that answers for a name; 0: none does now. */
static int64_t answering(const place *p, const char *model, const char *alias) {
    fv_served *served;
    fv_error *error = fv_models_table_get(p->table, model, alias, 0, &served);
    int64_t version = error ? 0 : fv_served_facts_get(served)->version;
    fv_error_free(error);
    fv_served_unref(served);
    return version;
}

static void wait_answering(const place *p, const char *model, const char *alias, int64_t version) {
    while (answering(p, model, alias) != version) pause_a_little();
}

FV_TEST(serve_models__a_file_answers_under_its_name) {
    place p;
    fv_served *served;
    set_up(&p, NULL, false);
    FV_OK(fv_models_table_add_file(p.table, "cells", fv_test_model_file(p.folder, "a", 1)));
    FV_OK(fv_models_table_get(p.table, "cells", NULL, 0, &served));
    const fv_served_facts *facts = fv_served_facts_get(served);
    assert_string_equal(facts->name, "cells");
    assert_int_equal(facts->version, 1);
    assert_int_equal(strlen(facts->digest), 64);
    assert_true(facts->selftested && facts->bytes > 0 && facts->load_seconds > 0);
    fv_served_unref(served);
    FV_OK(fv_models_table_get(p.table, "cells", NULL, 1, &served));
    fv_served_unref(served);
    FV_FAILS(fv_models_table_get(p.table, "cells", NULL, 2, &served), FV_NOT_FOUND, "no version 2");
    FV_FAILS(fv_models_table_get(p.table, "cells", "champion", 0, &served), FV_NOT_FOUND, "no alias champion");
    FV_FAILS(fv_models_table_get(p.table, "birds", NULL, 0, &served), FV_NOT_FOUND, "no model birds");
    FV_FAILS(fv_models_table_add_file(p.table, "cells", "b.fovea"), FV_CONFLICT, "already");
    FV_FAILS(fv_models_table_add_file(p.table, "birds", "/nowhere.fovea"), FV_CONFLICT, "nowhere.fovea");
    tear_down(&p);
}

FV_TEST(serve_models__a_file_that_changes_is_the_next_version_at_a_poke) {
    place p;
    set_up(&p, NULL, false);
    FV_OK(fv_models_table_add_file(p.table, "cells", fv_test_model_file(p.folder, "a", 1)));
    fv_test_model_file(p.folder, "a", 2);
    fv_models_table_poke(p.table);
    wait_answering(&p, "cells", NULL, 2);
    char path[4096];
    snprintf(path, sizeof path, "%s/a.fovea", p.folder);
    FV_OK(fv_file_write(path, "no model", 8, NULL));
    fv_models_table_poke(p.table);
    const fv_models_view *view;
    for (;; fv_models_view_unref(view), pause_a_little()) {
        view = fv_models_table_view(p.table);
        if (view->count == 2) break;
    }
    while (view->rows[1].state == FV_MODEL_LOADING) {
        fv_models_view_unref(view);
        view = fv_models_table_view(p.table);
    }
    assert_int_equal(view->rows[1].version, 3);
    assert_int_equal(view->rows[1].state, FV_MODEL_REFUSED);
    fv_models_view_unref(view);
    assert_int_equal(answering(&p, "cells", NULL), 2);
    tear_down(&p);
}

FV_TEST(serve_models__aliases_are_followed) {
    place p;
    set_up(&p, &(fv_models_options){ .deployment = "bench:8080" }, true);
    wait_ready(&p);
    int64_t first = add_version(&p, "cells", 1), second = add_version(&p, "cells", 2);
    wait_answering(&p, "cells", NULL, second); /* no champion yet: the newest */
    set_alias(&p, "cells", "champion", first);
    wait_answering(&p, "cells", "champion", first);
    wait_answering(&p, "cells", NULL, first);
    set_alias(&p, "cells", "challenger", second);
    wait_answering(&p, "cells", "challenger", second);
    assert_int_equal(answering(&p, "cells", NULL), first);
    set_alias(&p, "cells", "champion", second);
    wait_answering(&p, "cells", NULL, second);
    FV_OK(fv_models_delete(p.registry, "cells"));
    wait_answering(&p, "cells", NULL, 0);
    fv_served *served;
    FV_FAILS(fv_models_table_get(p.table, "cells", NULL, 0, &served), FV_NOT_FOUND, "no model cells");
    FV_OK(fv_models_restore(p.registry, "cells"));
    wait_answering(&p, "cells", "champion", second);
    fv_lineage lineage;
    FV_OK(fv_lineage_walk(p.registry, "version", "cells/1", true, &lineage));
    bool told = false;
    for (int64_t i = 0; i < lineage.count; i++)
        told |= !strcmp(lineage.at[i].relation, "deployed") && !strcmp(lineage.at[i].to, "bench:8080");
    assert_true(told);
    fv_lineage_release(&lineage);
    tear_down(&p);
}

/* A model whose self-test does not come out. */
static int64_t add_bad_version(const place *p, const char *model) {
    char digest[FV_DIGEST_LETTERS];
    fv_version_added added;
    FV_OWNED(fv_model) m = NULL;
    const char *path = fv_test_model_file(p->folder, "bad", 9);
    FV_OK(fv_model_load(path, &m));
    fv_tensor *bias = fv_weights_find(fv_model_weights(m), "fc2.bias");
    fv_tensor_store(bias, 0, fv_tensor_load(bias, 0) + 1);
    FV_OK(fv_model_save(m, path));
    FV_OK(fv_object_put_file(p->registry, path, digest));
    FV_OK(fv_version_add(p->registry, &(fv_version_options){ .model = model, .digest = digest }, &added));
    return added.number;
}

static const fv_models_view *wait_state(const place *p, int64_t version, fv_model_state state, const fv_model_status **row) {
    for (;; pause_a_little()) {
        const fv_models_view *view = fv_models_table_view(p->table);
        for (int64_t i = 0; i < view->count; i++)
            if (view->rows[i].version == version && view->rows[i].state == state) return *row = &view->rows[i], view;
        fv_models_view_unref(view);
    }
}

FV_TEST(serve_models__a_bad_version_is_refused_and_the_old_one_stays) {
    place p;
    const fv_model_status *row;
    set_up(&p, NULL, true);
    int64_t good = add_version(&p, "cells", 1);
    set_alias(&p, "cells", "champion", good);
    wait_answering(&p, "cells", NULL, good);
    int64_t bad = add_bad_version(&p, "cells");
    set_alias(&p, "cells", "champion", bad);
    const fv_models_view *view = wait_state(&p, bad, FV_MODEL_REFUSED, &row);
    assert_non_null(strstr(row->reason, "self-test picture"));
    assert_non_null(strstr(row->reason, "; the weights, the transforms or this build are not what they were"));
    assert_int_equal(row->alias_count, 0);
    assert_int_equal(row->awaited_count, 2); /* its alias and the bare name */
    assert_int_equal(view->refusals, 1);
    fv_models_view_unref(view);
    assert_int_equal(answering(&p, "cells", NULL), good);
    assert_true(fv_models_table_ready(p.table, NULL)); /* it is known what became of it */
    fv_served *served;
    FV_FAILS(fv_models_table_get(p.table, "cells", NULL, bad, &served), FV_NOT_FOUND, "could not be loaded");
    set_alias(&p, "cells", "champion", good);
    tear_down(&p);
}

FV_TEST(serve_models__a_version_is_loaded_when_it_is_asked_for_by_number) {
    place p;
    fv_served *served;
    set_up(&p, NULL, true);
    int64_t first = add_version(&p, "cells", 1), second = add_version(&p, "cells", 2);
    wait_answering(&p, "cells", NULL, second);
    FV_FAILS(fv_models_table_get(p.table, "cells", NULL, first, &served), FV_BUSY, "is being loaded");
    fv_error *error;
    while ((error = fv_models_table_get(p.table, "cells", NULL, first, &served))) {
        assert_int_equal(fv_error_code(error), FV_BUSY);
        fv_error_free(error);
        pause_a_little();
    }
    assert_int_equal(fv_served_facts_get(served)->version, first);
    fv_served_unref(served);
    FV_FAILS(fv_models_table_get(p.table, "cells", NULL, 77, &served), FV_NOT_FOUND, "77");
    tear_down(&p);
}

FV_TEST(serve_models__within_a_bound_the_idlest_makes_room) {
    place p;
    fv_served *served;
    set_up(&p, NULL, false); /* how much one takes */
    FV_OK(fv_models_table_add_file(p.table, "cells", fv_test_model_file(p.folder, "a", 1)));
    FV_OK(fv_models_table_get(p.table, "cells", NULL, 0, &served));
    int64_t bytes = fv_served_facts_get(served)->bytes;
    fv_served_unref(served);
    tear_down(&p);

    set_up(&p, &(fv_models_options){ .memory = 2 * bytes + bytes / 2 }, true);
    add_version(&p, "a", 1), add_version(&p, "b", 2), add_version(&p, "c", 3);
    const char *const names[] = { "a", "b", "c" };
    for (int round = 0; round < 6; round++) {
        const char *name = names[round % 3];
        wait_answering(&p, name, NULL, 1);
        const fv_models_view *view = fv_models_table_view(p.table);
        int64_t ready = 0;
        for (int64_t i = 0; i < view->count; i++) ready += view->rows[i].state == FV_MODEL_READY;
        assert_true(ready <= 2);
        fv_models_view_unref(view);
    }
    const fv_models_view *view = fv_models_table_view(p.table);
    assert_true(view->evictions >= 3);
    fv_models_view_unref(view);
    tear_down(&p);

    set_up(&p, &(fv_models_options){ .memory = bytes / 2 }, false);
    FV_FAILS(fv_models_table_add_file(p.table, "cells", fv_test_model_file(p.folder, "a", 1)), FV_CONFLICT,
             "all models may have");
    tear_down(&p);
}

typedef struct order {
    fv_models_order order;
    _Atomic int done;
} order;

static void ordered(fv_models_order *o) { ((order *)o->context)->done = 1; }

static fv_error *give_order(const place *p, fv_models_verb verb, const char *name) {
    order o = { .order = { .verb = verb, .name = name, .done = ordered } };
    o.order.context = &o;
    fv_models_table_order(p->table, &o.order);
    while (!o.done) pause_a_little();
    return o.order.error;
}

FV_TEST(serve_models__orders_load_and_unload_by_name) {
    place p;
    fv_served *served;
    set_up(&p, NULL, true);
    int64_t first = add_version(&p, "cells", 1);
    wait_answering(&p, "cells", NULL, first);
    FV_OK(give_order(&p, FV_MODELS_UNLOAD, "cells"));
    FV_FAILS(fv_models_table_get(p.table, "cells", NULL, 0, &served), FV_NOT_FOUND, "was unloaded");
    int64_t second = add_version(&p, "cells", 2); /* stays unloaded */
    FV_OK(give_order(&p, FV_MODELS_LOAD, "cells"));
    assert_int_equal(answering(&p, "cells", NULL), second);
    FV_FAILS(give_order(&p, FV_MODELS_LOAD, "birds"), FV_NOT_FOUND, "no model birds");
    int64_t bad = add_bad_version(&p, "cells");
    FV_FAILS(give_order(&p, FV_MODELS_LOAD, "cells"), FV_CONFLICT, "self-test picture");
    assert_int_equal(answering(&p, "cells", NULL), second);
    assert_true(bad > second);
    tear_down(&p);
}

#define SWAPS 40
#define ASKERS 4

/* Askers at work while the alias goes to and fro: each answer is that of the version that it says it is from. */
typedef struct load {
    place *place;
    fv_test_answer answers[2][FV_PICTURES]; /* by version */
    _Atomic int stop;
    _Atomic int64_t answered, mixed, lost;
} load;

static void *ask_on(void *context) {
    load *l = context;
    fv_waited w = { 0 };
    for (int i = 0; !l->stop; i++) {
        fv_served *served;
        fv_error *error = fv_models_table_get(l->place->table, "cells", "champion", 0, &served);
        if (error) {
            l->lost++;
            fv_error_free(error);
            continue;
        }
        fv_waited_init(&w, served, i % FV_PICTURES);
        error = fv_engine_ask(l->place->engine, &w.ask);
        if (!error) fv_waited_wait(&w);
        if (error || w.ask.error)
            l->lost++;
        else {
            const fv_test_answer *a = &l->answers[fv_served_facts_get(served)->version - 1][i % FV_PICTURES];
            l->mixed += memcmp(w.ask.prediction.logits, a->logits, sizeof a->logits) != 0;
            l->answered++;
        }
        fv_error_free(error);
        fv_waited_release(&w);
        fv_served_unref(served);
    }
    return NULL;
}

FV_TEST(serve_models__swaps_under_load_lose_and_mix_nothing) {
    place p;
    static load l;
    pthread_t askers[ASKERS];
    set_up(&p, NULL, true);
    l.place = &p;
    for (int v = 0; v < 2; v++) {
        add_version(&p, "cells", (uint64_t)v + 1);
        const char *path = fv_test_model_file(p.folder, "same", (uint64_t)v + 1);
        for (int i = 0; i < FV_PICTURES; i++) l.answers[v][i] = fv_test_predict(path, i);
    }
    set_alias(&p, "cells", "champion", 1);
    wait_answering(&p, "cells", "champion", 1);
    for (int i = 0; i < ASKERS; i++) pthread_create(&askers[i], NULL, ask_on, &l);
    for (int64_t swap = 0; swap < SWAPS; swap++) {
        set_alias(&p, "cells", "champion", 2 - swap % 2);
        wait_answering(&p, "cells", "champion", 2 - swap % 2);
    }
    l.stop = 1;
    for (int i = 0; i < ASKERS; i++) pthread_join(askers[i], NULL);
    assert_int_equal(l.lost, 0);
    assert_int_equal(l.mixed, 0);
    assert_true(l.answered > 0);
    tear_down(&p);
}
