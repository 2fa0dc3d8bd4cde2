/* access_log.c - a line of JSON a request, when it is done: who asked what, how it ended, how long each part took. Bodies and
 * tokens are in no log. */
#include <math.h>
#include <stdio.h>
#include <time.h>

#include "serve/route.h"
#include "serve/server.h"

#define LINE_BYTES_MAX (1 << 16)

/* "2026-02-26T23:50:00.123Z" */
static void add_time(fv_text *line) {
    struct timespec now;
    struct tm parts;
    char text[32];
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &parts);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
    fv_text_addf(line, "{\"time\":\"%s.%03ldZ\"", text, now.tv_nsec / 1000000);
}

static void add(fv_text *line, const char *key, const char *value) {
    fv_text_addf(line, ",\"%s\":", key);
    if (value)
        fv_text_add_json(line, value);
    else
        fv_text_add(line, "null");
}

static void add_answers(const fv_request *r, fv_text *line) {
    const fv_ask *ask = &r->asks[0];
    const fv_served_facts *facts = fv_served_facts_get(ask->served);
    add(line, "model", facts->name);
    fv_text_addf(line, ",\"version\":%lld,\"pictures\":%lld", (long long)facts->version, (long long)r->ask_count);
    if (facts->precision != FV_PRECISION_F32) add(line, "precision", fv_precision_name(facts->precision));
    fv_text_addf(line, ",\"width\":%lld,\"height\":%lld,\"batch\":%lld", (long long)ask->facts.stored.width,
                 (long long)ask->facts.stored.height, (long long)ask->batch_rows);
    fv_text_addf(line, ",\"decode_ms\":%.3f,\"queue_ms\":%.3f,\"compute_ms\":%.3f", 1e3 * ask->seconds.decode,
                 1e3 * ask->seconds.queue, 1e3 * ask->seconds.compute);
    if (ask->error) add(line, "error", fv_error_message(ask->error));
}

void fv_access_log(fv_request *r, int status, double seconds) {
    struct fv_server *server = r->server;
    if (!server->options.log) return;
    FV_TEXT(line, LINE_BYTES_MAX);
    add_time(&line);
    add(&line, "id", r->id);
    if (*r->trace.trace) add(&line, "trace_id", r->trace.trace);
    if (*r->trace.parent) add(&line, "parent_id", r->trace.parent);
    add(&line, "method", r->method);
    add(&line, "path", r->path);
    if (r->route) add(&line, "route", r->route->name);
    fv_text_addf(&line, ",\"status\":%d,\"ms\":%.3f,\"bytes_in\":%lld,\"bytes_out\":%lld", status, 1e3 * seconds,
                 (long long)r->inner.read, (long long)r->inner.written);
    if (r->who) add(&line, "token", r->who);
    if (r->ask_count) add_answers(r, &line);
    fv_text_add(&line, "}");
    pthread_mutex_lock(&server->log_lock);
    if (!line.error) server->options.log(server->options.context, line.at);
    pthread_mutex_unlock(&server->log_lock);
    fv_error_free(fv_text_error(&line));
}
