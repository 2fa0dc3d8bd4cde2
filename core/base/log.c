/* log.c - messages to the program's sink, traces to a file or the sink. A message is one line: control characters become
 * spaces, and what is beyond 4 KiB is cut. One lock orders the sink's calls; a sink that logs is not called again for it. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/fields.h"
#include "core/base/log.h"
#include "core/base/size.h"

#define LINE_SIZE 4096

static const char *const topics[FV_TOPICS] = {
    [FV_TRACE_PLAN] = "plan", [FV_TRACE_DISPATCH] = "dispatch", [FV_TRACE_EXEC] = "exec",
    [FV_TRACE_DATA] = "data", [FV_TRACE_SQL] = "sql",           [FV_TRACE_HTTP] = "http",
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards the three below */
static fv_log_sink the_sink;
static void *sink_context;
static int trace_file = -1;

static _Atomic unsigned traced; /* one bit a topic */
static _Thread_local bool inside_sink;

void fv_log_set_sink(fv_log_sink sink, void *context) {
    pthread_mutex_lock(&lock);
    the_sink = sink;
    sink_context = context;
    pthread_mutex_unlock(&lock);
}

/* Makes one line of `prefix` and the message in `line`; its length. */
static size_t format_line(char line[LINE_SIZE], const char *prefix, const char *format, va_list arguments) {
    size_t start = (size_t)snprintf(line, LINE_SIZE, "%s", prefix);
    int length = vsnprintf(line + start, LINE_SIZE - start, format, arguments);
    if (length < 0) line[start] = 0;
    for (char *at = line; *at; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7F) *at = ' ';
    return strlen(line);
}

static void call_sink(fv_level level, const char *line) {
    if (!the_sink) return;
    inside_sink = true;
    the_sink(sink_context, level, line);
    inside_sink = false;
}

static FV_PRINTF(2, 0) void say(fv_level level, const char *format, va_list arguments) {
    char line[LINE_SIZE];
    if (inside_sink) return;
    format_line(line, "", format, arguments);
    pthread_mutex_lock(&lock);
    call_sink(level, line);
    pthread_mutex_unlock(&lock);
}

void fv_log_info(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    say(FV_LOG_INFO, format, arguments);
    va_end(arguments);
}

void fv_log_warning(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    say(FV_LOG_WARNING, format, arguments);
    va_end(arguments);
}

int fv_trace_on(fv_topic topic) { return (atomic_load_explicit(&traced, memory_order_relaxed) >> topic) & 1; }

void fv_trace(fv_topic topic, const char *format, ...) {
    char line[LINE_SIZE], prefix[16];
    if (!fv_trace_on(topic) || inside_sink) return;
    va_list arguments;
    va_start(arguments, format);
    snprintf(prefix, sizeof prefix, "%s: ", topics[topic]);
    size_t length = format_line(line, prefix, format, arguments);
    va_end(arguments);
    pthread_mutex_lock(&lock);
    if (trace_file >= 0) {
        line[length] = '\n';                                   /* in place of the NUL: the line goes out in one write */
        ssize_t ignored = write(trace_file, line, length + 1); /* a full disk must not stop the work that is traced */
        (void)ignored;
    } else {
        call_sink(FV_LOG_TRACE, line);
    }
    pthread_mutex_unlock(&lock);
}

static fv_error *read_topics(const char *list, unsigned *out) {
    *out = 0;
    while (*list) {
        char name[32];
        size_t length = strcspn(list, ",");
        snprintf(name, sizeof name, "%.*s", (int)fv_min((int64_t)length, (int64_t)sizeof name - 1), list);
        int topic = 0;
        while (topic < FV_TOPICS && strcmp(topics[topic], name) != 0) topic++;
        if (topic == FV_TOPICS) {
            const char *near = fv_nearest_name(name, topics, FV_TOPICS);
            fv_error *error = fv_fail(FV_USAGE, "FOVEA_TRACE: there is no topic \"%s\"", name);
            return near ? fv_error_hint(error, "did you mean \"%s\"?", near)
                        : fv_error_hint(error, "topics are plan, dispatch, exec, data, sql, http");
        }
        *out |= 1U << topic;
        list += length + (list[length] == ',');
    }
    return NULL;
}

fv_error *fv_trace_init(void) {
    static atomic_flag done = ATOMIC_FLAG_INIT;
    const char *list = getenv("FOVEA_TRACE"), *path = getenv("FOVEA_TRACE_FILE");
    unsigned wanted;
    if (!list || !*list || atomic_flag_test_and_set(&done)) return NULL;
    FV_TRY(read_topics(list, &wanted));
    if (path && *path) {
        int file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
        if (file < 0) return fv_fail(FV_IO, "FOVEA_TRACE_FILE: %s: %s", path, strerror(errno));
        pthread_mutex_lock(&lock);
        trace_file = file;
        pthread_mutex_unlock(&lock);
    }
    atomic_store_explicit(&traced, wanted, memory_order_relaxed);
    return NULL;
}
