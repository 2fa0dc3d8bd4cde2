/* Messages reach the sink as single lines; traces go where the environment says. */
#include "tests/test.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/arena.h"
#include "core/base/file.h"
#include "core/base/log.h"

typedef struct heard {
    int count;
    fv_level level;
    char last[5000];
} heard;

static void listen(void *context, fv_level level, const char *message) {
    heard *all = context;
    all->count++;
    all->level = level;
    snprintf(all->last, sizeof all->last, "%s", message);
}

static void echo(void *context, fv_level level, const char *message) {
    listen(context, level, message);
    fv_log_info("echo of %s", message); /* must neither hang nor come back */
}

FV_TEST(base_log__messages_reach_the_sink_with_their_level) {
    heard all = { 0 };
    fv_log_info("nobody listens");
    fv_log_set_sink(listen, &all);
    fv_log_info("epoch %d", 3);
    assert_string_equal(all.last, "epoch 3");
    assert_int_equal(all.level, FV_LOG_INFO);
    fv_log_warning("%d pictures dropped", 2);
    assert_int_equal(all.level, FV_LOG_WARNING);
    fv_log_set_sink(NULL, NULL);
    fv_log_info("nobody listens");
    assert_int_equal(all.count, 2);
}

FV_TEST(base_log__a_message_is_one_line_and_not_endless) {
    heard all = { 0 };
    fv_log_set_sink(listen, &all);
    fv_log_info("a\nb\tc\x1b[31m");
    assert_string_equal(all.last, "a b c [31m");
    fv_log_info("%0*d", 100000, 1);
    assert_in_range(strlen(all.last), 1000, 4096);
}

FV_TEST(base_log__a_sink_that_logs_is_not_called_again) {
    heard all = { 0 };
    fv_log_set_sink(echo, &all);
    fv_log_info("hello");
    assert_int_equal(all.count, 1);
    fv_log_info("again");
    assert_int_equal(all.count, 2);
}

static void *say_much(void *context) {
    (void)context;
    for (int i = 0; i < 500; i++) fv_log_info("x");
    return NULL;
}

FV_TEST(base_log__the_sink_is_called_by_one_thread_at_a_time) {
    static heard all;
    pthread_t threads[4];
    fv_log_set_sink(listen, &all); /* counts without atomics: a loss or a TSan report if it were not so */
    for (int i = 0; i < 4; i++) assert_int_equal(pthread_create(&threads[i], NULL, say_much, NULL), 0);
    for (int i = 0; i < 4; i++) assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(all.count, 2000);
}

FV_TEST(base_log__traces_go_to_the_sink_for_the_topics_asked_for) {
    heard all = { 0 };
    fv_log_set_sink(listen, &all);
    fv_trace(FV_TRACE_PLAN, "too early");
    setenv("FOVEA_TRACE", "plan,sql", 1);
    unsetenv("FOVEA_TRACE_FILE");
    FV_OK(fv_trace_init());
    assert_true(fv_trace_on(FV_TRACE_PLAN) && fv_trace_on(FV_TRACE_SQL) && !fv_trace_on(FV_TRACE_HTTP));
    fv_trace(FV_TRACE_SQL, "select %d", 1);
    assert_string_equal(all.last, "sql: select 1");
    assert_int_equal(all.level, FV_LOG_TRACE);
    fv_trace(FV_TRACE_HTTP, "not asked for");
    assert_int_equal(all.count, 1);
}

FV_TEST(base_log__traces_go_to_a_file_line_by_line) {
    char path[400];
    snprintf(path, sizeof path, "%s/trace", fv_test_folder());
    setenv("FOVEA_TRACE", "exec", 1);
    setenv("FOVEA_TRACE_FILE", path, 1);
    FV_OK(fv_trace_init());
    fv_trace(FV_TRACE_EXEC, "one\ntwo");
    fv_trace(FV_TRACE_EXEC, "%0*d", 100000, 1);
    FV_OWNED(fv_memory) bytes = NULL;
    int64_t length;
    FV_OK(fv_file_read(path, 1 << 20, (uint8_t **)&bytes, &length));
    assert_memory_equal(bytes, "exec: one two\nexec: 000", 23);
    assert_int_equal(((char *)bytes)[length - 1], '\n');
    assert_int_equal(strchr((char *)bytes + 14, '\n') - (char *)bytes, length - 1);
}

FV_TEST(base_log__an_unknown_topic_is_named_with_the_nearest) {
    setenv("FOVEA_TRACE", "plan,dipsatch", 1);
    fv_error *error = fv_trace_init();
    assert_non_null(error);
    assert_string_equal(fv_error_hint_get(error), "did you mean \"dispatch\"?");
    FV_FAILS(error, FV_USAGE, "dipsatch");
    assert_false(fv_trace_on(FV_TRACE_PLAN));
}

FV_TEST(base_log__a_trace_file_that_cannot_be_opened_is_an_error) {
    setenv("FOVEA_TRACE", "plan", 1);
    setenv("FOVEA_TRACE_FILE", "/nowhere/at/all", 1);
    FV_FAILS(fv_trace_init(), FV_IO, "/nowhere/at/all");
}
