/* fsck: what is damaged, missing, miscounted or left over is found, and mended where that is safe. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fovea/care.h"
#include "fovea/runs.h"
#include "registry/store.h"
#include "tests/test.h"

static const char abc[] = "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319";

static const char *in(const char *folder, const char *name) {
    static char paths[4][700];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

/* A workspace with a run that keeps the file "abc". */
static fv_registry *open_with_file(const char *folder) {
    fv_registry *registry;
    fv_run run;
    FV_OK(fv_registry_open(folder, NULL, &registry));
    FV_OK(fv_file_write(in(folder, "abc"), "abc", 3, NULL));
    FV_OK(fv_run_start(registry, &(fv_run_options){ .name = "first" }, &run));
    FV_OK(fv_run_keep_file(registry, &run, "texts/abc", in(folder, "abc"), NULL));
    FV_OK(fv_run_end(registry, &run, FV_RUN_FINISHED, NULL));
    return registry;
}

static const char *object_file(fv_registry *registry) {
    return in(fv_registry_folder(registry), "objects/bd/dd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319");
}

static fv_error *run_sql(fv_connection *c, void *sql) { return fv_connection_execute(c, sql); }

static void expect_one(fv_registry *registry, bool repair, fv_finding_kind kind, const char *subject, const char *text) {
    fv_fsck result;
    FV_OK(fv_registry_fsck(registry, repair, NULL, &result));
    assert_int_equal(result.count, 1);
    assert_int_equal(result.at[0].kind, kind);
    if (!strstr(result.at[0].subject, subject)) assert_string_equal(result.at[0].subject, subject);
    if (!strstr(result.at[0].text, text)) assert_string_equal(result.at[0].text, text);
    assert_int_equal(result.wrong, !result.at[0].harmless && !result.at[0].repaired);
    fv_fsck_release(&result);
}

static void expect_clean(fv_registry *registry) {
    fv_fsck result;
    FV_OK(fv_registry_fsck(registry, false, NULL, &result));
    assert_int_equal(result.count, 0);
    assert_int_equal(result.wrong, 0);
    assert_int_equal(result.objects, 1);
    assert_int_equal(result.bytes, 3);
    fv_fsck_release(&result);
}

FV_TEST(registry_fsck__finds_nothing_where_all_is_well) {
    fv_registry *registry = open_with_file(fv_test_folder());
    expect_clean(registry);
    fv_registry_free(registry);
}

FV_TEST(registry_fsck__finds_a_flipped_bit_and_a_missing_file) {
    fv_registry *registry = open_with_file(fv_test_folder());
    FV_OK(fv_file_write(object_file(registry), "abd", 3, NULL));
    expect_one(registry, true, FV_FINDING_DAMAGED, abc, "is damaged");
    assert_int_equal(unlink(object_file(registry)), 0);
    expect_one(registry, true, FV_FINDING_MISSING, abc, "cannot read");
    char digest[FV_DIGEST_LETTERS];
    FV_OK(fv_object_put(registry, "abc", 3, digest));
    expect_clean(registry);
    fv_registry_free(registry);
}

FV_TEST(registry_fsck__counts_uses_again) {
    fv_registry *registry = open_with_file(fv_test_folder());
    FV_OK(fv_registry_write(registry, run_sql, "UPDATE object SET uses = 7"));
    expect_one(registry, false, FV_FINDING_USES, abc, "named 7 times, is named 1 times");
    expect_one(registry, true, FV_FINDING_USES, abc, "named 7 times, is named 1 times");
    expect_clean(registry);
    fv_registry_free(registry);
}

FV_TEST(registry_fsck__finds_rows_that_name_what_is_not_there) {
    fv_registry *registry = open_with_file(fv_test_folder());
    fv_connection *c;
    FV_OK(fv_connection_open(in(fv_registry_folder(registry), "fovea.db"), &(fv_connection_options){ .wait_seconds = 5 }, &c));
    FV_OK(
        fv_connection_execute(c, "PRAGMA foreign_keys = OFF; INSERT INTO run_tag (run_id, key, value) VALUES (77, 'a', 'b')"));
    fv_connection_free(c);
    expect_one(registry, true, FV_FINDING_REFERENCE, "run_tag", "1 of its rows name what is not in run");
    fv_registry_free(registry);
}

static fv_error *ask_page(fv_connection *c, void *page) {
    return fv_connection_ask(c, "SELECT rootpage FROM sqlite_schema WHERE name = 'run_by_start'", 0, page);
}

FV_TEST(registry_fsck__finds_damaged_pages) {
    const char *folder = fv_test_folder(), *database = in(folder, "fovea.db");
    fv_registry *registry = open_with_file(folder);
    uint8_t *bytes;
    int64_t length, page;
    FV_OK(fv_registry_read(registry, ask_page, &page));
    fv_registry_free(registry);
    FV_OK(fv_file_read(database, 1 << 24, &bytes, &length));
    bytes[page * 4096 - 5] ^= 0x40; /* the end of the only entry of an index */
    FV_OK(fv_file_write(database, bytes, length, NULL));
    fv_memory_free(bytes);
    FV_OK(fv_registry_open(folder, &(fv_registry_options){ .read_only = true }, &registry));
    expect_one(registry, false, FV_FINDING_DATABASE, "fovea.db", "run_by_start");
    fv_registry_free(registry);
}

FV_TEST(registry_fsck__finds_files_that_nothing_names) {
    fv_registry *registry = open_with_file(fv_test_folder());
    const char *folder = fv_registry_folder(registry);
    FV_OK(fv_file_make_folder(in(folder, "objects/ff")));
    FV_OK(fv_file_write(in(folder, "objects/ff/notes.txt"), "?", 1, NULL));
    expect_one(registry, true, FV_FINDING_ORPHAN, "objects/ff/notes.txt", "1 bytes that no row names");
    assert_int_equal(unlink(in(folder, "objects/ff/notes.txt")), 0);
    FV_OK(fv_file_write(in(folder, "objects/new/object.1-1.tmp"), "?", 1, NULL));
    expect_one(registry, false, FV_FINDING_LEFTOVER, "objects/new", "1 files of processes that were killed");
    expect_one(registry, true, FV_FINDING_LEFTOVER, "objects/new", "1 files");
    expect_clean(registry);
    fv_registry_free(registry);
}

static void stop_at_once(void *context, const char *what, int64_t done, int64_t count) {
    (void)what, (void)done, (void)count;
    *(int *)context = 1;
}

FV_TEST(registry_fsck__tells_how_far_it_is_and_stops_when_asked) {
    fv_registry *registry = open_with_file(fv_test_folder());
    char digest[FV_DIGEST_LETTERS];
    int stop = 0;
    fv_fsck result;
    FV_OK(fv_object_put(registry, "another", 7, digest));
    fv_care_watch watch = { .progress = stop_at_once, .context = &stop, .cancel = &stop };
    FV_FAILS(fv_registry_fsck(registry, false, &watch, &result), FV_CANCELLED, "stopped");
    assert_int_equal(stop, 1);
    fv_registry_free(registry);
}

/* As of a database that somebody else made: the schema asks for 64 letters, whichever they are. */
static const char not_digests[] = "INSERT INTO object (digest, size, created_ms) VALUES"
                                  " ('../xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxy', 1, 0)";

FV_TEST(registry_fsck__tells_of_rows_whose_name_is_no_digest_and_goes_on) {
    fv_registry *registry = open_with_file(fv_test_folder());
    FV_OK(fv_registry_write(registry, run_sql, (void *)not_digests));
    expect_one(registry, false, FV_FINDING_MISSING, "../", "it is no digest");
    fv_gc_result result;
    FV_OK(fv_registry_gc(registry, &(fv_gc_options){ .deleted_days = -1, .unused_days = 1 }, &result));
    assert_int_equal(result.objects, 1);
    fv_gc_result_release(&result);
    expect_clean(registry);
    fv_registry_free(registry);
}
