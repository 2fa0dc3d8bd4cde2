/* serve.c - a client of servers: how long a picture takes over HTTP, alone and with others beside it. Its connections are kept,
 * one a thread; a request is written at once and its answer read to the end.
 *
 *   bench_serve load PORT PATH PICTURE CONCURRENCY SECONDS       requests one behind another on each connection
 *   bench_serve over MODEL.fovea PORT PATH PICTURE COUNT         in turns with decode + plan in this process
 *
 * Prints one JSON object, times in ms. */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/file.h"
#include "core/base/memory.h"
#include "predict/picture.h"

#define ANSWER_BYTES_MAX (1 << 20)
#define SAMPLES_MAX (1 << 20) /* a connection */

typedef struct client {
    int socket;
    const char *request;
    size_t length;
    double until;
    float *ms;
    int64_t count, failed;
    pthread_t thread;
    char answer[ANSWER_BYTES_MAX];
} client;

static int connect_to(int port) {
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    int on = 1, s = socket(AF_INET, SOCK_STREAM, 0);
    inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
    setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (s < 0 || connect(s, (struct sockaddr *)&address, sizeof address)) perror("connect"), exit(1);
    return s;
}

/* The whole answer is in `answer`; its status, 0: the connection broke. */
static int ask(client *c) {
    size_t have = 0, want = 0;
    for (size_t sent = 0; sent < c->length;) {
        ssize_t wrote = send(c->socket, c->request + sent, c->length - sent, MSG_NOSIGNAL);
        if (wrote <= 0) return 0;
        sent += (size_t)wrote;
    }
    while (!want || have < want) {
        ssize_t got = recv(c->socket, c->answer + have, sizeof c->answer - 1 - have, 0);
        if (got <= 0) return 0;
        have += (size_t)got;
        c->answer[have] = 0;
        char *end = want ? NULL : strstr(c->answer, "\r\n\r\n");
        if (!end) continue;
        char *length = strcasestr(c->answer, "\r\ncontent-length:");
        if (!length || length > end) return 0;
        want = (size_t)(end + 4 - c->answer) + strtoull(length + 17, NULL, 10);
        if (want >= sizeof c->answer) return 0;
    }
    return (int)strtol(c->answer + 9, NULL, 10);
}

static void *work(void *context) {
    client *c = context;
    for (double began = fv_clock_seconds(); began < c->until && c->count < SAMPLES_MAX;) {
        int status = ask(c);
        double ended = fv_clock_seconds();
        if (status == 200)
            c->ms[c->count++] = (float)(1e3 * (ended - began));
        else
            c->failed++;
        if (!status) break;
        began = ended;
    }
    return NULL;
}

static int by_size(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static float quantile(const float *sorted, int64_t count, double q) { return sorted[(int64_t)(q * (double)(count - 1))]; }

static fv_error *make_request(const char *path, const char *picture, char **request, size_t *length) {
    uint8_t *bytes;
    int64_t count;
    FV_TRY(fv_file_read(picture, 1 << 28, &bytes, &count));
    FV_TRY(fv_memory_new(count + 1024, request));
    int head = snprintf(*request, 1024,
                        "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: image/jpeg\r\nContent-Length: %lld\r\n\r\n", path,
                        (long long)count);
    memcpy(*request + head, bytes, (size_t)count);
    *length = (size_t)head + (size_t)count;
    fv_memory_free(bytes);
    return NULL;
}

static fv_error *load(char **arguments) {
    int port = (int)strtol(arguments[0], NULL, 10), count = (int)strtol(arguments[3], NULL, 10);
    double seconds = strtod(arguments[4], NULL);
    client **clients;
    char *request;
    float *all;
    size_t length;
    int64_t total = 0, failed = 0;
    FV_TRY(make_request(arguments[1], arguments[2], &request, &length));
    FV_TRY(fv_memory_new(count, &clients));
    double began = fv_clock_seconds();
    for (int i = 0; i < count; i++) {
        FV_TRY(fv_memory_new(1, &clients[i]));
        FV_TRY(fv_memory_new(SAMPLES_MAX, &clients[i]->ms));
        client *c = clients[i];
        c->socket = connect_to(port), c->request = request, c->length = length, c->until = began + seconds;
    }
    for (int i = 0; i < count; i++) pthread_create(&clients[i]->thread, NULL, work, clients[i]);
    for (int i = 0; i < count; i++) pthread_join(clients[i]->thread, NULL);
    double took = fv_clock_seconds() - began;
    for (int i = 0; i < count; i++) total += clients[i]->count, failed += clients[i]->failed;
    FV_TRY(fv_memory_new(total + 1, &all));
    for (int64_t i = 0, at = 0; i < count; at += clients[i++]->count)
        memcpy(all + at, clients[i]->ms, (size_t)clients[i]->count * sizeof *all);
    qsort(all, (size_t)total, sizeof *all, by_size);
    printf("{\"concurrency\":%d,\"requests\":%lld,\"failed\":%lld,\"images_per_s\":%.2f,\"median_ms\":%.3f,\"p99_ms\":%.3f}\n",
           count, (long long)total, (long long)failed, (double)total / took, (double)quantile(all, total, 0.5),
           (double)quantile(all, total, 0.99));
    return total ? NULL : fv_fail(FV_IO, "nothing was answered");
}

/* Decodes and runs in this process. */
static fv_error *run_own(fv_predictor *p, const fv_predict_input *picture, fv_picture_work *scratch, float *row, float *ms) {
    const float *logits;
    double began = fv_clock_seconds();
    FV_TRY(fv_predictor_read(p, picture, NULL, scratch, NULL, row));
    FV_TRY(fv_predictor_run(p, row, 1, &logits));
    *ms = (float)(1e3 * (fv_clock_seconds() - began));
    return NULL;
}

static fv_error *over(char **arguments) {
    int64_t count = strtoll(arguments[4], NULL, 10);
    FV_OWNED(fv_predictor) predictor = NULL;
    fv_picture_work scratch = { 0 };
    fv_predict_input picture = { .path = arguments[3] };
    uint8_t *bytes;
    float *row, *own, *more;
    char *request;
    client *c;
    FV_TRY(fv_memory_new(1, &c));
    FV_TRY(make_request(arguments[2], arguments[3], &request, &c->length));
    FV_TRY(fv_file_read(arguments[3], 1 << 28, &bytes, &picture.length));
    picture.bytes = bytes;
    FV_TRY(fv_predictor_open(arguments[0], NULL, &predictor));
    fv_size size = fv_predictor_input(predictor);
    FV_TRY(fv_memory_new(size.height * size.width * size.channels, &row));
    FV_TRY(fv_memory_new(3 * count, &own));
    more = own + count, c->ms = more + count;
    c->request = request, c->socket = connect_to((int)strtol(arguments[1], NULL, 10));
    for (int64_t i = -20; i < count; i++) {
        int64_t at = i < 0 ? 0 : i;
        FV_TRY(run_own(predictor, &picture, &scratch, row, &own[at]));
        double began = fv_clock_seconds();
        if (ask(c) != 200) return fv_fail(FV_IO, "it was answered %.100s", c->answer);
        c->ms[at] = (float)(1e3 * (fv_clock_seconds() - began));
        more[at] = c->ms[at] - own[at];
    }
    for (int k = 0; k < 3; k++) qsort(own + k * count, (size_t)count, sizeof *own, by_size);
    printf(
        "{\"requests\":%lld,\"in_process_ms\":%.3f,\"request_ms\":%.3f,\"more_ms\":%.3f,\"more_quartiles_ms\":[%.3f,%.3f]}\n",
        (long long)count, (double)quantile(own, count, 0.5), (double)quantile(c->ms, count, 0.5),
        (double)quantile(more, count, 0.5), (double)quantile(more, count, 0.25), (double)quantile(more, count, 0.75));
    fv_picture_work_release(&scratch);
    return NULL;
}

int main(int count, char **arguments) {
    char text[1000];
    bool loads = count == 7 && !strcmp(arguments[1], "load"), overs = count == 7 && !strcmp(arguments[1], "over");
    if (!loads && !overs)
        return fprintf(stderr, "bench_serve load PORT PATH PICTURE CONCURRENCY SECONDS | over MODEL PORT PATH PICTURE COUNT\n"),
               2;
    fv_error *error = loads ? load(arguments + 2) : over(arguments + 2);
    if (error) fprintf(stderr, "%s\n", fv_error_format(error, text, sizeof text));
    return error != NULL;
}
