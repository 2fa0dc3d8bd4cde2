/* webhook_sink.c - a server that a webhook is sent to: `webhook_sink PORT_FILE SECRET REFUSED WANTED` writes its port, answers
 * 503 to the first REFUSED requests and 200 to the others, and ends after WANTED of them. Of each it prints a line: the answer,
 * and whether the signature is right; of the last its body too. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "experiments/webhook.h"

#define REQUEST_BYTES_MAX (1 << 22)

static char request[REQUEST_BYTES_MAX];

static const char *header(const char *name) {
    static char value[4][512];
    static int turn;
    char *out = value[turn++ % 4];
    const char *at = strcasestr(request, name);
    *out = 0;
    if (at) sscanf(at + strlen(name), ": %511[^\r\n]", out);
    return out;
}

/* Head and body; the body's beginning, NULL: the connection ended before. */
static const char *read_request(int from) {
    size_t length = 0;
    for (;;) {
        ssize_t got = read(from, request + length, sizeof request - 1 - length);
        if (got <= 0) return NULL;
        request[length += (size_t)got] = 0;
        char *end = strstr(request, "\r\n\r\n");
        if (end && length >= (size_t)(end + 4 - request) + strtoul(header("content-length"), NULL, 10)) return end + 4;
    }
}

static bool is_signed(const char *secret, const char *body) {
    char wanted[FV_WEBHOOK_SIGNATURE_LETTERS];
    const char *id = header("webhook-id"), *time = header("webhook-timestamp");
    fv_webhook_sign((const uint8_t *)secret, (int64_t)strlen(secret), id, strtoll(time, NULL, 10), body, wanted);
    return *id && !strcmp(wanted, header("webhook-signature"));
}

static int listen_somewhere(const char *port_file) {
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof address;
    int at = socket(AF_INET, SOCK_STREAM, 0);
    if (at < 0 || bind(at, (struct sockaddr *)&address, size) || listen(at, 4)) return -1;
    getsockname(at, (struct sockaddr *)&address, &size);
    FILE *file = fopen(port_file, "w");
    if (!file) return -1;
    fprintf(file, "%d\n", ntohs(address.sin_port));
    return fclose(file) ? -1 : at;
}

int main(int count, char **arguments) {
    if (count != 5) return fprintf(stderr, "webhook_sink PORT_FILE SECRET REFUSED WANTED\n"), 2;
    long refused = strtol(arguments[3], NULL, 10), wanted = strtol(arguments[4], NULL, 10);
    int at = listen_somewhere(arguments[1]);
    if (at < 0) return perror("webhook_sink"), 1;
    for (long i = 0; i < wanted; i++) {
        int from = accept(at, NULL, NULL);
        const char *body = from < 0 ? NULL : read_request(from);
        const char *answer = i < refused ? "503 Busy" : "200 Fine";
        if (!body) return perror("webhook_sink"), 1;
        printf("%.3s %s %s\n", answer, is_signed(arguments[2], body) ? "signed" : "not signed", i + 1 < wanted ? "" : body);
        dprintf(from, "HTTP/1.1 %s\r\ncontent-length: 0\r\nconnection: close\r\n\r\n", answer);
        close(from);
    }
    return 0;
}
