/* Models, versions, licences, lineage and notes in a registry. The bytes of model files do not matter here. */
#include "fovea/versions.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/base/assert.h"
#include "fovea/care.h"
#include "registry/database.h"
#include "registry/reference.h"
#include "tests/test.h"

static fv_registry *open_new(void) {
    fv_registry *registry;
    FV_OK(fv_registry_open(fv_test_folder(), &(fv_registry_options){ .actor = "ada" }, &registry));
    return registry;
}

static fv_error *run_sql(fv_connection *c, void *sql) { return fv_connection_execute(c, sql); }

/* Registers the bytes of `content` as a model file. */
static fv_version_added add(fv_registry *registry, const char *model, const char *content, fv_version_options with) {
    char digest[FV_DIGEST_LETTERS];
    fv_version_added added;
    FV_OK(fv_object_put(registry, content, (int64_t)strlen(content), digest));
    with.model = model;
    with.digest = digest;
    FV_OK(fv_version_add(registry, &with, &added));
    return added;
}

static int64_t number_of(fv_registry *registry, const char *reference) {
    fv_version_list list;
    FV_OK(fv_version_find(registry, reference, &list));
    assert_int_equal(list.count, 1);
    int64_t number = list.rows[0].number;
    fv_version_list_release(&list);
    return number;
}

/* ---- names and references ---- */

FV_TEST(registry_reference__has_a_name_and_an_alias_a_number_or_nothing) {
    static const struct {
        const char *text, *model, *alias;
        int64_t number;
    } good[] = {
        { "cells", "cells", "", 0 },        { "cells/3", "cells", "", 3 },    { "cells@champion", "cells", "champion", 0 },
        { "cells@latest", "cells", "", 0 }, { "cells@v12", "cells", "", 12 }, { "red cells", "red cells", "", 0 },
        { "zellen-ä", "zellen-ä", "", 0 },  { "a@vx", "a", "vx", 0 }
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        fv_reference r;
        FV_OK(fv_reference_parse(good[i].text, &r));
        assert_string_equal(r.model, good[i].model);
        assert_string_equal(r.alias, good[i].alias);
        assert_int_equal(r.number, good[i].number);
    }
}

FV_TEST(registry_reference__that_cannot_be_one_is_refused) {
    static const char *const bad[] = { "",
                                       "/3",
                                       "cells/",
                                       "cells/0",
                                       "cells/-1",
                                       "cells/+1",
                                       "cells/ 1",
                                       "cells/3x",
                                       "cells@",
                                       "cells@a b",
                                       "cells/3@a",
                                       "cells@a/3",
                                       "a:b",
                                       " cells",
                                       "cells ",
                                       "ce\nlls",
                                       "cells@v0",
                                       "\xff",
                                       "cells/99999999999999999999" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        fv_reference r;
        FV_FAILS(fv_reference_parse(bad[i], &r), FV_USAGE, NULL);
    }
    char longest[300];
    fv_reference r;
    memset(longest, 'x', sizeof longest);
    longest[250] = 0;
    FV_OK(fv_reference_parse(longest, &r));
    longest[250] = 'x', longest[251] = 0;
    FV_FAILS(fv_reference_parse(longest, &r), FV_USAGE, "cannot be called");
}

FV_TEST(registry_aliases__latest_and_v_with_digits_are_reserved) {
    FV_FAILS(fv_alias_name_check("latest"), FV_USAGE, "reserved");
    FV_FAILS(fv_alias_name_check("v7"), FV_USAGE, "reserved");
    FV_FAILS(fv_alias_name_check("the best"), FV_USAGE, "cannot be called");
    FV_OK(fv_alias_name_check("v7-of-many"));
    FV_OK(fv_alias_name_check("latest_2"));
}

/* ---- versions ---- */

FV_TEST(registry_versions__are_numbered_from_1_and_never_again) {
    fv_registry *registry = open_new();
    assert_int_equal(add(registry, "cells", "one", (fv_version_options){ 0 }).number, 1);
    assert_int_equal(add(registry, "cells", "two", (fv_version_options){ 0 }).number, 2);
    assert_int_equal(add(registry, "other", "two", (fv_version_options){ 0 }).number, 1);
    FV_OK(fv_version_delete(registry, "cells", 2));
    assert_int_equal(number_of(registry, "cells"), 1);
    assert_int_equal(add(registry, "cells", "three", (fv_version_options){ 0 }).number, 3);
    FV_OK(fv_registry_write(registry, run_sql, "DELETE FROM version WHERE number = 3")); /* as gc does */
    assert_int_equal(add(registry, "cells", "four", (fv_version_options){ 0 }).number, 4);
    fv_registry_free(registry);
}

FV_TEST(registry_versions__the_same_file_twice_is_one_version) {
    fv_registry *registry = open_new();
    fv_version_added first = add(registry, "cells", "one", (fv_version_options){ 0 });
    fv_version_added again = add(registry, "cells", "one", (fv_version_options){ 0 });
    assert_false(first.existed);
    assert_true(again.existed);
    assert_int_equal(again.number, 1);
    FV_OK(fv_version_delete(registry, "cells", 1));
    fv_version_added anew = add(registry, "cells", "one", (fv_version_options){ 0 });
    assert_false(anew.existed);
    assert_int_equal(anew.number, 2);
    fv_registry_free(registry);
}

static fv_version_file file_of(fv_registry *registry, const char *path, const char *content, char digest[FV_DIGEST_LETTERS]) {
    FV_OK(fv_object_put(registry, content, (int64_t)strlen(content), digest));
    return (fv_version_file){ .path = path, .digest = digest };
}

static void expect_newest_in_log(fv_registry *registry, const char *action, const char *details) {
    fv_audit_rows rows;
    FV_OK(fv_registry_read_log(registry, 0, 1, &rows));
    assert_string_equal(rows.at[0].action, action);
    if (!strstr(rows.at[0].details, details)) assert_string_equal(rows.at[0].details, details);
    fv_audit_rows_release(&rows);
}

FV_TEST(registry_versions__get_the_files_that_they_lack_and_keep_those_they_have) {
    fv_registry *registry = open_new();
    char digests[3][FV_DIGEST_LETTERS];
    fv_version_file first[] = { file_of(registry, "recipe.yaml", "epochs: 1", digests[0]) };
    fv_version_file more[] = { file_of(registry, "recipe.yaml", "epochs: 2", digests[1]),
                               file_of(registry, "card.md", "a card", digests[2]) };
    fv_version_added made = add(registry, "cells", "one", (fv_version_options){ .files = first, .file_count = 1 });
    assert_int_equal(made.files_added, 1);
    expect_newest_in_log(registry, "version.add", "\"files\":{\"recipe.yaml\":\"");
    made = add(registry, "cells", "one", (fv_version_options){ .files = more, .file_count = 2 });
    assert_true(made.existed);
    assert_int_equal(made.files_added, 1);
    assert_int_equal(made.files_kept, 1);
    expect_newest_in_log(registry, "version.add-files", "{\"files\":{\"card.md\":\"");
    fv_version_list list;
    FV_OK(fv_version_find(registry, "cells/1", &list));
    assert_int_equal(list.rows[0].file_count, 2);
    assert_string_equal(list.rows[0].files[1].digest, digests[0]);
    fv_version_list_release(&list);
    made = add(registry, "cells", "one", (fv_version_options){ .files = more, .file_count = 2 });
    assert_int_equal(made.files_added, 0);
    expect_newest_in_log(registry, "version.add-files", "card.md"); /* and no second such row */
    more[1].path = "recipe.yaml";
    fv_version_options twice = { .model = "other", .digest = digests[0], .files = more, .file_count = 2 };
    FV_FAILS(fv_version_add(registry, &twice, &made), FV_USAGE, "two files of a version are called recipe.yaml");
    fv_registry_free(registry);
}

FV_TEST(registry_versions__are_added_with_their_tags_and_edges_or_not_at_all) {
    fv_registry *registry = open_new();
    fv_models_list models;
    fv_version_added made;
    fv_lineage l;
    char digest[FV_DIGEST_LETTERS];
    const fv_key_value tags[] = { { "site", "ward 4" } };
    fv_lineage_edge edges[] = { { "version", "w:cells/7", "imported", "version", NULL, .depth = 0 },
                                { "version", NULL, "deployed", "deployment", "", .depth = 0 } };
    fv_version_options options = { .model = "cells", .digest = digest, .tags = tags, .tag_count = 1, .edges = edges };
    options.edge_count = 2;
    FV_OK(fv_object_put(registry, "one", 3, digest));
    FV_FAILS(fv_version_add(registry, &options, &made), FV_USAGE, "both ends have a name");
    FV_OK(fv_models_find(registry, NULL, true, &models));
    assert_int_equal(models.count, 0);
    fv_models_list_release(&models);
    edges[1].to = "ward 4";
    FV_OK(fv_version_add(registry, &options, &made));
    FV_OK(fv_lineage_walk(registry, "version", "w:cells/7", true, &l));
    assert_int_equal(l.count, 2);
    assert_string_equal(l.at[0].to, "cells/1");
    assert_string_equal(l.at[1].to, "ward 4");
    fv_lineage_release(&l);
    fv_version_list list;
    FV_OK(fv_version_find(registry, "cells", &list));
    assert_string_equal(list.rows[0].tags[0].value, "ward 4");
    fv_version_list_release(&list);
    fv_registry_free(registry);
}

FV_TEST(registry_models__have_no_tag_whose_key_would_steer_a_terminal) {
    fv_registry *registry = open_new();
    FV_OK(fv_models_make(registry, "cells", NULL));
    FV_FAILS(fv_models_tag(registry, "cells", 0, "a\033[31m", "x"), FV_USAGE, "a control character");
    FV_FAILS(fv_models_tag(registry, "cells", 0, "a\xff", "x"), FV_USAGE, "no UTF-8");
    FV_FAILS(fv_models_tag(registry, "ce\tlls", 0, "a", "x"), FV_USAGE, "a model cannot be called");
    FV_OK(fv_models_tag(registry, "cells", 0, "größe", "x"));
    fv_registry_free(registry);
}

FV_TEST(registry_versions__have_no_file_whose_path_leads_elsewhere) {
    static const char *const paths[] = { "../x", "a/../../x", "/etc/x", "", "a//b", ".", "a/" };
    fv_registry *registry = open_new();
    char digest[FV_DIGEST_LETTERS];
    fv_version_added added;
    FV_OK(fv_object_put(registry, "one", 3, digest));
    for (int i = 0; i < FV_COUNT(paths); i++) {
        fv_version_file file = { .path = paths[i], .digest = digest };
        fv_version_options options = { .model = "cells", .digest = digest, .files = &file, .file_count = 1 };
        FV_FAILS(fv_version_add(registry, &options, &added), FV_USAGE, "the path of a version's file");
    }
    fv_registry_free(registry);
}

FV_TEST(registry_versions__say_all_that_is_known_of_them) {
    fv_registry *registry = open_new();
    char predictions[FV_DIGEST_LETTERS];
    FV_OK(fv_object_put(registry, "{}", 2, predictions));
    fv_version_options options = { .source = "/runs/a/best.fovea",
                                   .description = "the first",
                                   .facts = "{\"arch\":\"lenet\"}" };
    options.files = &(fv_version_file){ .path = "predictions.jsonl", .digest = predictions };
    options.file_count = 1;
    add(registry, "cells", "one", options);
    FV_OK(fv_models_tag(registry, "cells", 1, "stain", "giemsa"));
    FV_OK(fv_models_tag(registry, "cells", 1, "stain", "wright"));
    FV_OK(fv_alias_decide(registry, &(fv_alias_decision){ "cells", "champion", 1, 0, FV_ALIAS_SET, true, "[]" }));
    fv_version_list list;
    FV_OK(fv_version_find(registry, "cells@champion", &list));
    const fv_version_row *v = &list.rows[0];
    assert_string_equal(v->model, "cells");
    assert_int_equal(v->size, 3);
    assert_string_equal(v->source, "/runs/a/best.fovea");
    assert_string_equal(v->description, "the first");
    assert_string_equal(v->facts, "{\"arch\":\"lenet\"}");
    assert_string_equal(v->created_by, "ada");
    assert_null(v->run);
    assert_null(v->parent);
    assert_int_equal(v->alias_count, 1);
    assert_string_equal(v->aliases[0], "champion");
    assert_int_equal(v->tag_count, 1);
    assert_string_equal(v->tags[0].value, "wright");
    assert_int_equal(v->file_count, 1);
    assert_string_equal(v->files[0].digest, predictions);
    fv_version_list_release(&list);
    fv_registry_free(registry);
}

FV_TEST(registry_versions__of_what_is_not_there_are_refused_and_leave_nothing) {
    fv_registry *registry = open_new();
    fv_version_options options = { .model = "cells",
                                   .digest = "0000000000000000000000000000000000000000000000000000000000000000" };
    fv_version_added added;
    fv_models_list models;
    FV_FAILS(fv_version_add(registry, &options, &added), FV_NOT_FOUND, "there is no object 0000");
    char digest[FV_DIGEST_LETTERS];
    FV_OK(fv_object_put(registry, "one", 3, digest));
    options.digest = digest, options.run = "no-such-run";
    FV_FAILS(fv_version_add(registry, &options, &added), FV_NOT_FOUND, "there is no run no-such-run");
    options.run = NULL, options.parent = "cells/7";
    FV_FAILS(fv_version_add(registry, &options, &added), FV_NOT_FOUND, "the parent cells/7: model cells has no version 7");
    options.parent = NULL, options.model = "a/b";
    FV_FAILS(fv_version_add(registry, &options, &added), FV_USAGE, "a model cannot be called \"a/b\"");
    FV_OK(fv_models_find(registry, NULL, true, &models));
    assert_int_equal(models.count, 0);
    fv_models_list_release(&models);
    fv_registry_free(registry);
}

FV_TEST(registry_versions__are_listed_page_by_page_from_the_newest) {
    fv_registry *registry = open_new();
    char content[8];
    for (int i = 1; i <= 7; i++) {
        snprintf(content, sizeof content, "v%d", i);
        add(registry, "cells", content, (fv_version_options){ 0 });
    }
    FV_OK(fv_version_delete(registry, "cells", 5));
    static const int64_t wanted[] = { 7, 6, 4, 3, 2, 1 };
    fv_versions_query query = { .model = "cells", .limit = 4 };
    int64_t seen = 0;
    do {
        fv_version_list list;
        FV_OK(fv_versions_list(registry, &query, &list));
        for (int64_t i = 0; i < list.count; i++) assert_int_equal(list.rows[i].number, wanted[seen++]);
        query.before = list.next;
        fv_version_list_release(&list);
    } while (query.before);
    assert_int_equal(seen, 6);
    fv_registry_free(registry);
}

/* ---- models ---- */

FV_TEST(registry_models__that_are_deleted_are_not_found_until_they_are_restored) {
    fv_registry *registry = open_new();
    fv_version_list list;
    fv_models_list models;
    add(registry, "cells", "one", (fv_version_options){ 0 });
    FV_OK(fv_alias_decide(registry, &(fv_alias_decision){ "cells", "champion", 1, 0, FV_ALIAS_SET, true, "[]" }));
    FV_OK(fv_models_delete(registry, "cells"));
    FV_OK(fv_models_delete(registry, "cells"));
    FV_FAILS(fv_version_find(registry, "cells@champion", &list), FV_NOT_FOUND, "model cells is deleted");
    fv_version_options options = { .model = "cells", .digest = "x" };
    FV_FAILS(fv_version_add(registry, &options, &(fv_version_added){ 0 }), FV_CONFLICT, "model cells is deleted");
    FV_OK(fv_models_find(registry, NULL, false, &models));
    assert_int_equal(models.count, 0);
    fv_models_list_release(&models);
    FV_OK(fv_models_find(registry, "cells", false, &models));
    assert_true(models.rows[0].deleted);
    fv_models_list_release(&models);
    FV_OK(fv_models_restore(registry, "cells"));
    assert_int_equal(number_of(registry, "cells@champion"), 1);
    FV_FAILS(fv_models_delete(registry, "none"), FV_NOT_FOUND, "there is no model none");
    fv_registry_free(registry);
}

FV_TEST(registry_models__are_listed_with_their_aliases_tags_and_counts) {
    fv_registry *registry = open_new();
    fv_models_list models;
    FV_OK(fv_models_make(registry, "zebra", "stripes"));
    FV_FAILS(fv_models_make(registry, "zebra", NULL), FV_CONFLICT, "there is a model zebra already");
    add(registry, "cells", "one", (fv_version_options){ 0 });
    add(registry, "cells", "two", (fv_version_options){ 0 });
    add(registry, "cells", "three", (fv_version_options){ 0 });
    FV_OK(fv_version_delete(registry, "cells", 3));
    FV_OK(fv_alias_decide(registry, &(fv_alias_decision){ "cells", "champion", 1, 0, FV_ALIAS_SET, true, "[]" }));
    FV_OK(fv_models_tag(registry, "cells", 0, "team", "blood"));
    FV_OK(fv_models_describe(registry, "cells", 0, "what swims in blood"));
    FV_OK(fv_models_find(registry, NULL, false, &models));
    assert_int_equal(models.count, 2);
    const fv_models_row *cells = &models.rows[0];
    assert_string_equal(cells->name, "cells");
    assert_string_equal(cells->description, "what swims in blood");
    assert_int_equal(cells->versions, 2);
    assert_int_equal(cells->newest, 2);
    assert_int_equal(cells->alias_count, 1);
    assert_int_equal(cells->aliases[0].number, 1);
    assert_string_equal(cells->tags[0].key, "team");
    assert_string_equal(models.rows[1].description, "stripes");
    fv_models_list_release(&models);
    FV_OK(fv_models_tag(registry, "cells", 0, "team", NULL));
    FV_FAILS(fv_models_tag(registry, "cells", 0, "team", NULL), FV_NOT_FOUND, "has no tag team");
    fv_registry_free(registry);
}

FV_TEST(registry_versions__that_an_alias_points_to_are_not_deleted) {
    fv_registry *registry = open_new();
    add(registry, "cells", "one", (fv_version_options){ 0 });
    FV_OK(fv_alias_decide(registry, &(fv_alias_decision){ "cells", "champion", 1, 0, FV_ALIAS_SET, true, "[]" }));
    FV_FAILS(fv_version_delete(registry, "cells", 1), FV_CONFLICT, "version 1 of cells is what cells@champion points to");
    FV_OK(fv_alias_decide(registry, &(fv_alias_decision){ "cells", "champion", 0, 1, FV_ALIAS_REMOVE, true, "[]" }));
    FV_OK(fv_version_delete(registry, "cells", 1));
    fv_version_list list;
    FV_FAILS(fv_version_find(registry, "cells/1", &list), FV_NOT_FOUND, "version 1 of cells is deleted");
    FV_FAILS(fv_version_find(registry, "cells", &list), FV_NOT_FOUND, "model cells has no versions");
    FV_OK(fv_version_restore(registry, "cells", 1));
    assert_int_equal(number_of(registry, "cells/1"), 1);
    FV_FAILS(fv_version_delete(registry, "cells", 9), FV_NOT_FOUND, "model cells has no version 9");
    fv_registry_free(registry);
}

/* ---- licences, lineage ---- */

static const char run_and_data[] =
    "INSERT INTO run (id, uuid, experiment_id, name, kind, status, started_ms) VALUES"
    " (1, 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 0, 'first', 'train', 'finished', 10),"
    " (2, 'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb', 0, 'second', 'train', 'finished', 20);"
    "INSERT INTO dataset (id, digest, name, licence, created_ms) VALUES (1, 'd1', 'smears', 'CC-BY-4.0', 1),"
    " (2, 'd2', 'more smears', '', 2);"
    "INSERT INTO run_dataset (run_id, dataset_id, role) VALUES (1, 1, 'train'), (1, 1, 'val'), (2, 2, 'train')";

static void expect_edge(const fv_lineage *l, int64_t i, const char *from, const char *relation, const char *to, int64_t depth) {
    assert_true(i < l->count);
    assert_string_equal(l->at[i].from, from);
    assert_string_equal(l->at[i].relation, relation);
    assert_string_equal(l->at[i].to, to);
    assert_int_equal(l->at[i].depth, depth);
}

FV_TEST(registry_lineage__goes_from_data_to_deployment_and_back) {
    static const char first[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", second[] = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
    fv_registry *registry = open_new();
    fv_lineage l;
    FV_OK(fv_registry_write(registry, run_sql, (void *)run_and_data));
    add(registry, "cells", "one", (fv_version_options){ .run = first });
    add(registry, "cells", "two", (fv_version_options){ .run = second, .parent = "cells/1" });
    fv_lineage_edge deployed = { "version", "cells/2", "deployed", "deployment", "ward 4", .created_ms = 99 };
    FV_OK(fv_lineage_add(registry, &deployed));
    FV_OK(fv_lineage_add(registry, &deployed));

    FV_OK(fv_lineage_walk(registry, "deployment", "ward 4", false, &l));
    assert_int_equal(l.count, 7);
    expect_edge(&l, 0, "cells/2", "deployed", "ward 4", 1);
    expect_edge(&l, 1, second, "made", "cells/2", 2);
    expect_edge(&l, 2, "cells/1", "retrained", "cells/2", 2);
    expect_edge(&l, 3, "d2", "trained", second, 3);
    expect_edge(&l, 4, first, "made", "cells/1", 3);
    assert_string_equal(l.at[4].name, "first");
    expect_edge(&l, 5, "d1", "trained", first, 4);
    expect_edge(&l, 6, "d1", "evaluated", first, 4);
    assert_string_equal(l.at[6].name, "smears");
    fv_lineage_release(&l);

    FV_OK(fv_lineage_walk(registry, "dataset", "d1", true, &l));
    assert_int_equal(l.count, 5);
    expect_edge(&l, 2, first, "made", "cells/1", 2);
    expect_edge(&l, 3, "cells/1", "retrained", "cells/2", 3);
    expect_edge(&l, 4, "cells/2", "deployed", "ward 4", 4);
    fv_lineage_release(&l);
    fv_registry_free(registry);
}

/* 30,000 versions, each made from the one before, and 30,000 deployments of the last: where each edge was looked for among all
 * those before it, and each version among all of the table, this took minutes. */
FV_TEST(registry_lineage__of_many_is_walked_to_its_ends) {
    static const char many[] =
        "INSERT INTO model (id, name, created_ms, updated_ms) VALUES (1, 'cells', 0, 0);"
        "INSERT INTO object (digest, size, created_ms) VALUES"
        " ('0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef', 1, 0);"
        "WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 30000)"
        " INSERT INTO version (id, model_id, number, digest, parent_id, created_ms)"
        " SELECT i, 1, i, '0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef', nullif(i - 1, 0), i FROM n;"
        "WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 30000)"
        " INSERT INTO lineage (from_kind, from_ref, relation, to_kind, to_ref, created_ms)"
        " SELECT 'version', 'cells/30000', 'deployed', 'deployment', 'ward ' || i, i FROM n";
    fv_registry *registry = open_new();
    fv_lineage l;
    FV_OK(fv_registry_write(registry, run_sql, (void *)many));
    FV_OK(fv_lineage_walk(registry, "version", "cells/1", true, &l));
    assert_int_equal(l.count, 29999 + 30000);
    expect_edge(&l, 29998, "cells/29999", "retrained", "cells/30000", 29999);
    expect_edge(&l, 59998, "cells/30000", "deployed", "ward 30000", 30000);
    fv_lineage_release(&l);
    FV_OK(fv_lineage_walk(registry, "deployment", "ward 7", false, &l));
    assert_int_equal(l.count, 30000);
    expect_edge(&l, 29999, "cells/1", "retrained", "cells/2", 30000);
    fv_lineage_release(&l);
    fv_registry_free(registry);
}

FV_TEST(registry_lineage__that_runs_in_a_circle_ends) {
    fv_registry *registry = open_new();
    fv_lineage l;
    FV_OK(fv_lineage_add(registry, &(fv_lineage_edge){ "version", "a/1", "retrained", "version", "a/2", .depth = 0 }));
    FV_OK(fv_lineage_add(registry, &(fv_lineage_edge){ "version", "a/2", "retrained", "version", "a/1", .depth = 0 }));
    FV_OK(fv_lineage_walk(registry, "version", "a/1", false, &l));
    assert_int_equal(l.count, 2);
    fv_lineage_release(&l);
    FV_FAILS(fv_lineage_add(registry, &(fv_lineage_edge){ "version", "a/1", "ate", "version", "a/2", .depth = 0 }), FV_USAGE,
             "relation \"ate\" is none of trained");
    FV_FAILS(fv_lineage_walk(registry, "cat", "a/1", false, &l), FV_USAGE, "kind \"cat\"");
    fv_registry_free(registry);
}

FV_TEST(registry_versions__a_second_run_to_the_same_bytes_is_in_the_lineage) {
    static const char second[] = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
    fv_registry *registry = open_new();
    fv_lineage l;
    FV_OK(fv_registry_write(registry, run_sql, (void *)run_and_data));
    add(registry, "cells", "one", (fv_version_options){ .run = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" });
    add(registry, "cells", "one", (fv_version_options){ .run = second });
    add(registry, "cells", "one", (fv_version_options){ .run = second });
    FV_OK(fv_lineage_walk(registry, "run", second, true, &l));
    assert_int_equal(l.count, 1);
    expect_edge(&l, 0, second, "made", "cells/1", 1);
    fv_lineage_release(&l);
    fv_registry_free(registry);
}

static void expect_licence(const fv_version_row *v, int64_t i, const char *of, const char *licence, const char *from) {
    assert_true(i < v->licence_count);
    assert_string_equal(v->licences[i].of, of);
    assert_string_equal(v->licences[i].licence, licence);
    assert_string_equal(v->licences[i].from, from);
}

FV_TEST(registry_licences__of_files_data_and_parents_are_carried_to_children) {
    fv_registry *registry = open_new();
    fv_version_list list;
    FV_OK(fv_registry_write(registry, run_sql, (void *)run_and_data));
    fv_version_options first = { .run = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" };
    first.licences = &(fv_licence_of){ .of = "training data", .licence = "CC0-1.0" };
    first.licence_count = 1;
    add(registry, "cells", "one", first);
    fv_version_options second = { .parent = "cells/1", .licence_count = 1 };
    second.licences = &(fv_licence_of){ .of = "training data", .licence = "internal" };
    add(registry, "cells", "two", second);
    add(registry, "sorts", "three", (fv_version_options){ .parent = "cells/2" });

    FV_OK(fv_version_find(registry, "cells/1", &list));
    assert_int_equal(list.rows[0].licence_count, 2);
    expect_licence(&list.rows[0], 0, "data set smears", "CC-BY-4.0", "");
    expect_licence(&list.rows[0], 1, "training data", "CC0-1.0", "");
    fv_version_list_release(&list);

    FV_OK(fv_version_find(registry, "sorts", &list));
    assert_string_equal(list.rows[0].parent, "cells/2");
    assert_int_equal(list.rows[0].licence_count, 3);
    expect_licence(&list.rows[0], 0, "data set smears", "CC-BY-4.0", "cells/1");
    expect_licence(&list.rows[0], 1, "training data", "CC0-1.0", "cells/1");
    expect_licence(&list.rows[0], 2, "training data", "internal", "cells/2");
    fv_version_list_release(&list);
    fv_registry_free(registry);
}

/* ---- notes ---- */

FV_TEST(registry_notes__are_kept_with_author_and_order) {
    fv_registry *registry = open_new();
    fv_note_list notes;
    add(registry, "cells", "one", (fv_version_options){ 0 });
    FV_OK(fv_note_add(registry, "version", "cells/1", "fails on thick smears"));
    FV_OK(fv_note_add(registry, "version", "cells/1", "see ticket 12"));
    FV_OK(fv_notes_list(registry, "version", "cells/1", &notes));
    assert_int_equal(notes.count, 2);
    assert_string_equal(notes.at[0].text, "fails on thick smears");
    assert_string_equal(notes.at[1].author, "ada");
    fv_note_list_release(&notes);
    FV_FAILS(fv_note_add(registry, "version", "cells/2", "x"), FV_NOT_FOUND, "there is no version cells/2");
    FV_FAILS(fv_note_add(registry, "cat", "cells", "x"), FV_USAGE, "no notes about a \"cat\"");
    FV_FAILS(fv_note_add(registry, "model", "cells", ""), FV_USAGE, "a note has 1 to");
    fv_registry_free(registry);
}
