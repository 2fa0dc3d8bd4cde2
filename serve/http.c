/* http.c - see http.h. libmicrohttpd's threads wait for all connections; one that waits for the engine is suspended, and the
 * engine's thread that answers it wakes it up.
 *
 * The life of a request: on_line (its first line is there: it gets its request), on_request for its headers (admission.c), for
 * each piece of its body, and at its end (the handler); suspended while asks are pending; on_request again (finish, send.c);
 * on_done. */
#include "serve/http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <sodium.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/size.h"
#include "serve/body_coding.h"
#include "serve/http_state.h"
#include "serve/route.h"
#include "serve/server.h"

#define HTTP_THREADS 2
#define HEADER_BYTES (64 << 10) /* of a connection's room, in which its headers and pieces of bodies lie */
#define REQUEST_BYTES_MAX (INT64_C(1) << 30)
#define BACKLOG 1024
#define ENDING_MS 1

const char *fv_request_header(const fv_request *r, const char *name) {
    return fv_microhttpd.lookup_connection_value(r->inner.connection, MHD_HEADER_KIND, name);
}

/* ---- a request begins and ends ---- */

static void hex_of(const unsigned char *bytes, int count, char *out) {
    sodium_bin2hex(out, (size_t)(2 * count + 1), bytes, count);
}

static fv_error *set_path(fv_request *r, const char *line) {
    size_t length = strcspn(line, "?#");
    const char *slashes = strstr(line, "://");
    if (*line != '/' && slashes && slashes < line + length) { /* "GET http://host/path": as a proxy is asked */
        const char *path = strchr(slashes + 3, '/');
        length = path && path < line + length ? (size_t)(line + length - path) : 0;
        line = length ? path : "/";
        length = length ? length : 1;
    }
    return fv_arena_format(r->arena, &r->path, "%.*s", (int)length, line);
}

static void release_request(fv_request *r) {
    if (r->clean) r->clean(r);
    for (int64_t i = 0; i < r->ask_count; i++) {
        fv_error_free(r->asks[i].error);
        fv_prediction_room_release(&r->asks[i].room);
    }
    fv_served_unref(r->served);
    fv_packer_free(r->inner.packer);
    fv_error_free(r->inner.refused);
    fv_error_free(fv_text_error(&r->reply.text));
    fv_text_release(&r->reply.text);
    fv_body_release(&r->body);
    fv_arena_free(r->arena);
    fv_memory_free(r);
}

static fv_error *begin(fv_http *h, const char *line, struct MHD_Connection *connection, fv_request **out) {
    fv_request *r = NULL;
    unsigned char random[8];
    FV_TRY(fv_memory_new(1, &r));
    fv_text_init(&r->reply.text, FV_ANSWER_BYTES_MAX);
    fv_error *error = fv_arena_new("a request", REQUEST_BYTES_MAX, &r->arena);
    if (!error) error = set_path(r, line);
    if (error) return release_request(r), error;
    r->server = h->server;
    r->inner.http = h;
    r->inner.connection = connection;
    r->began = fv_clock_seconds();
    r->deadline = r->began + h->options.timeout;
    fv_prediction_id(r->id);
    randombytes_buf(random, sizeof random);
    hex_of(random, 8, r->trace.span);
    *out = r;
    return NULL;
}

/* The first line of a request is there. What it gives is `*state` from then on; NULL: no memory. */
static void *on_line(void *context, const char *line, struct MHD_Connection *connection) {
    fv_http *h = context;
    const union MHD_ConnectionInfo *info = fv_microhttpd.get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    fv_link *link = info ? info->socket_context : NULL;
    fv_request *r = NULL;
    fv_watch_phase(&h->watch, link, FV_PHASE_READING);
    fv_error *error = begin(h, line, connection, &r);
    fv_error_free(error);
    if (!r) return NULL;
    r->inner.link = link;
    r->local = link && link->local;
    atomic_fetch_add(&h->under_way, 1);
    return r;
}

static int place_of(const fv_route *route) {
    for (int i = 0; i < fv_route_table_count; i++)
        if (fv_route_table[i] == route) return i;
    return -1;
}

static void on_done(void *context, struct MHD_Connection *connection, void **state, enum MHD_RequestTerminationCode how) {
    fv_http *h = context;
    fv_request *r = *state;
    (void)connection;
    if (!r) return;
    double seconds = fv_clock_seconds() - r->began;
    int status = how == MHD_REQUEST_TERMINATED_COMPLETED_OK ? r->reply.status : 499; /* the client went away, or was cut off */
    fv_counters_add(h->server->counters, place_of(r->route), status, seconds, r->inner.read, r->inner.written);
    fv_access_log(r, status, seconds);
    fv_watch_phase(&h->watch, r->inner.link, FV_PHASE_IDLE);
    for (int64_t i = 0; i < r->ask_count; i++) fv_record_sent(h->server->records, &r->records[i]);
    release_request(r);
    *state = NULL;
    atomic_fetch_sub(&h->under_way, 1);
}

/* ---- its headers ---- */

/* An id of the caller's: letters that need no quoting anywhere. */
static void take_id(fv_request *r) {
    static const char letters[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_.";
    const char *id = fv_request_header(r, "X-Request-Id");
    if (id && *id && strlen(id) < sizeof r->id && !id[strspn(id, letters)]) memcpy(r->id, id, strlen(id) + 1);
}

/* The server's own trace, where the caller has none. */
static void take_trace(fv_request *r) {
    char span[FV_SPAN_LETTERS];
    memcpy(span, r->trace.span, sizeof span);
    if (!fv_trace_parent_parse(fv_request_header(r, "traceparent"), &r->trace)) {
        unsigned char random[16];
        randombytes_buf(random, sizeof random);
        hex_of(random, 16, r->trace.trace);
    }
    memcpy(r->trace.span, span, sizeof span);
}

static enum MHD_Result on_headers(fv_request *r, const char *method, const char *version) {
    bool now;
    r->method = method;
    r->inner.head = !strcmp(method, "HEAD");
    r->inner.first_version = !strcmp(version, "HTTP/1.0");
    r->inner.stage = FV_REQUEST_BODY;
    take_id(r);
    take_trace(r);
    r->inner.refused = fv_request_admit(r, &now);
    r->inner.discard = r->inner.refused || r->reply.status;
    if (!r->inner.discard || !now) return MHD_YES;
    if (r->inner.refused) fv_reply_error(r, fv_take(&r->inner.refused));
    return fv_request_send(r);
}

/* ---- its body ---- */

/* Once it is too long it is let pass, up to some times the limit, so that the client comes to read why. */
#define LET_PASS 4

static enum MHD_Result on_piece(fv_request *r, const char *bytes, size_t *count) {
    int64_t most = r->inner.http->options.max_body;
    r->inner.read += (int64_t)*count;
    if (r->inner.read > LET_PASS * most) return MHD_NO;
    if (!r->inner.discard && r->inner.read > most) {
        r->inner.discard = true;
        fv_reply_refusal(r, 413, "memory", "the body is longer than is taken",
                         "send less at once, or start the server with a larger --max-body", 0);
    }
    if (!r->inner.discard) {
        r->inner.refused = fv_body_add(&r->body, bytes, (int64_t)*count);
        r->inner.discard = r->inner.refused != NULL;
    }
    *count = 0;
    return MHD_YES;
}

static fv_error *unpack(fv_request *r) {
    fv_coding coding = fv_coding_of(r->inner.coding);
    fv_body unpacked = { 0 };
    if (coding == FV_CODING_NONE || !r->body.length) return NULL;
    fv_error *error = fv_unpack(coding, r->body.at, r->body.length, r->inner.http->options.max_body, &unpacked);
    if (!error) fv_body_release(&r->body), r->body = unpacked;
    if (!error) return NULL;
    fv_body_release(&unpacked);
    if (fv_error_code(error) != FV_MEMORY) return error;
    fv_reply_refusal(r, 413, "memory", fv_error_message(error), fv_error_hint_get(error), 0);
    fv_error_free(error);
    return NULL;
}

/* ---- its answer ---- */

bool fv_http_enter(fv_http *http) {
    atomic_fetch_add(&http->at_work, 1);
    if (!atomic_load(&http->ending)) return true;
    fv_http_leave(http);
    return false;
}

void fv_http_leave(fv_http *http) { atomic_fetch_sub(&http->at_work, 1); }

bool fv_request_pause(fv_request *r) {
    if (!fv_http_enter(r->inner.http)) return false;
    fv_microhttpd.suspend_connection(r->inner.connection);
    return true;
}

/* Once it is awake the request may be gone at any time: it is not looked at again. */
void fv_request_wake(fv_request *r) {
    fv_http *http = r->inner.http;
    fv_microhttpd.resume_connection(r->inner.connection);
    fv_http_leave(http);
}

void fv_request_answered(fv_request *r) {
    if (atomic_fetch_sub(&r->inner.pending, 1) == 1) fv_request_wake(r);
}

static enum MHD_Result finish(fv_request *r) {
    fv_error *error = r->route->finish ? r->route->finish(r) : NULL;
    if (error) fv_reply_error(r, error);
    return fv_request_send(r);
}

/* The handler's turn. While it runs it counts as one that is pending, so that the connection is suspended before the last
 * answer wakes it. */
static enum MHD_Result work_on(fv_request *r) {
    fv_http *http = r->inner.http;
    if (!fv_http_enter(http)) {
        fv_reply_refusal(r, 503, "busy", "the server is stopping", NULL, 1);
        return fv_request_send(r);
    }
    atomic_store(&r->inner.pending, 1);
    fv_error *error = r->route->handle(r);
    if (error) fv_reply_error(r, error);
    bool waits = !r->reply.status && atomic_load(&r->inner.pending) > 1;
    if (!waits) {
        fv_http_leave(http);
        return r->reply.status ? fv_request_send(r) : finish(r);
    }
    r->inner.stage = FV_REQUEST_WAITING;
    fv_microhttpd.suspend_connection(r->inner.connection);
    fv_request_answered(r);
    return MHD_YES;
}

/* The body is there. */
static enum MHD_Result on_whole(fv_request *r) {
    fv_http *http = r->inner.http;
    const fv_link *before = atomic_exchange(&http->last, r->inner.link);
    fv_error *error = fv_take(&r->inner.refused);
    r->inner.alone = before && before == r->inner.link && atomic_load(&http->under_way) == 1;
    fv_watch_phase(&http->watch, r->inner.link, FV_PHASE_WORKING);
    if (!error && !r->reply.status) error = unpack(r);
    if (error) fv_reply_error(r, error);
    return r->reply.status ? fv_request_send(r) : work_on(r);
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url, const char *method,
                                  const char *version, const char *bytes, size_t *count, void **state) {
    fv_request *r = *state;
    (void)context, (void)connection, (void)url;
    if (!r) return MHD_NO;
    switch (r->inner.stage) {
    case FV_REQUEST_NEW: return on_headers(r, method, version);
    case FV_REQUEST_BODY: return *count ? on_piece(r, bytes, count) : on_whole(r);
    case FV_REQUEST_WAITING: return finish(r);
    default: return MHD_YES;
    }
}

/* ---- connections ---- */

static bool is_local(const struct sockaddr *address) {
    char text[INET6_ADDRSTRLEN] = "";
    const void *at = address->sa_family == AF_INET6 ? (const void *)&((const struct sockaddr_in6 *)address)->sin6_addr
                                                    : (const void *)&((const struct sockaddr_in *)address)->sin_addr;
    if (!inet_ntop(address->sa_family, at, text, sizeof text)) return false;
    return fv_host_is_loopback(strncmp(text, "::ffff:", 7) ? text : text + 7);
}

static void on_connection(void *context, struct MHD_Connection *connection, void **socket,
                          enum MHD_ConnectionNotificationCode what) {
    fv_http *h = context;
    if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
        fv_watch_leave(&h->watch, *socket);
        *socket = NULL;
        return;
    }
    int number = fv_microhttpd.get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    const struct sockaddr *address =
        fv_microhttpd.get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr;
    fv_error *error = fv_watch_enter(&h->watch, number, is_local(address), (fv_link **)socket);
    fv_error_free(error); /* without memory nobody watches it: libmicrohttpd's own time limit is left */
}

static void on_complaint(void *context, const char *format, va_list arguments) {
    char line[512];
    (void)context;
    vsnprintf(line, sizeof line, format, arguments);
    line[strcspn(line, "\n")] = 0;
    fv_trace(FV_TRACE_HTTP, "%s", line);
}

/* ---- listening ---- */

static fv_error *refused(const char *host, int port, int reason) {
    if (reason == EADDRINUSE)
        return fv_error_hint(fv_fail(FV_BUSY, "somebody listens at %s port %d already", host, port),
                             "choose another with --port; 0 takes any that is free");
    return fv_fail(reason == EACCES ? FV_DENIED : FV_IO, "cannot listen at %s port %d: %s", host, port, strerror(reason));
}

static fv_error *listen_at(fv_http *h) {
    const char *host = h->options.host;
    struct addrinfo wish = { .ai_flags = AI_PASSIVE | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM }, *found = NULL;
    char port[16];
    int on = 1;
    snprintf(port, sizeof port, "%d", h->options.port);
    int code = getaddrinfo(host, port, &wish, &found);
    if (code) return fv_fail(FV_USAGE, "\"%s\" is no address to listen at: %s", host, gai_strerror(code));
    h->listener = socket(found->ai_family, found->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool done = h->listener >= 0 && !setsockopt(h->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) &&
                !bind(h->listener, found->ai_addr, found->ai_addrlen) && !listen(h->listener, BACKLOG);
    int reason = errno;
    freeaddrinfo(found);
    return done ? NULL : refused(host, h->options.port, reason);
}

static int port_of(int socket) {
    struct sockaddr_storage address = { 0 };
    socklen_t length = sizeof address;
    if (getsockname(socket, (struct sockaddr *)&address, &length)) return 0;
    return ntohs(address.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&address)->sin6_port
                                               : ((struct sockaddr_in *)&address)->sin_port);
}

static fv_error *start(fv_http *h) {
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_INTERNAL_POLLING_THREAD | MHD_ALLOW_SUSPEND_RESUME |
                     MHD_USE_ERROR_LOG | MHD_USE_TURBO;
    h->daemon = fv_microhttpd.start_daemon(
        flags, 0, NULL, NULL, on_request, h, MHD_OPTION_EXTERNAL_LOGGER, on_complaint, h, MHD_OPTION_LISTEN_SOCKET, h->listener,
        MHD_OPTION_THREAD_POOL_SIZE, (unsigned)HTTP_THREADS, MHD_OPTION_CONNECTION_LIMIT, (unsigned)h->options.connections,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEADER_BYTES, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)fv_max(1, (int64_t)(h->options.idle + h->options.timeout)), MHD_OPTION_NOTIFY_COMPLETED, on_done, h,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, h, MHD_OPTION_URI_LOG_CALLBACK, on_line, h, MHD_OPTION_STRICT_FOR_CLIENT,
        1, MHD_OPTION_END);
    return h->daemon ? NULL : fv_fail(FV_IO, "cannot start to serve: %s", strerror(errno));
}

fv_error *fv_http_new(const fv_http_options *options, struct fv_server *server, fv_http **out) {
    fv_http *h = NULL;
    FV_TRY(fv_microhttpd_load());
    FV_TRY(fv_memory_new(1, &h));
    h->options = *options;
    h->server = server;
    h->listener = -1;
    fv_watch_init(&h->watch, options->timeout, options->idle);
    fv_error *error = listen_at(h);
    if (!error) h->port = port_of(h->listener);
    if (!error) error = start(h);
    if (error) return fv_http_free(h), error;
    *out = h;
    return NULL;
}

int fv_http_port(const fv_http *http) { return http->port; }

void fv_http_quiet(fv_http *http) {
    if (http->listener < 0) return;
    fv_microhttpd.quiesce_daemon(http->daemon);
    close(http->listener);
    http->listener = -1;
}

int64_t fv_http_under_way(fv_http *http) { return atomic_load(&http->under_way); }
void fv_http_look(fv_http *http) { fv_watch_look(&http->watch, fv_clock_seconds()); }
int64_t fv_http_open(fv_http *http, int64_t *cut) { return fv_watch_open(&http->watch, cut); }

void fv_http_free(fv_http *http) {
    if (!http) return;
    if (http->daemon) {
        fv_http_quiet(http);
        atomic_store(&http->ending, 1);
        while (atomic_load(&http->at_work)) nanosleep(&(struct timespec){ .tv_nsec = ENDING_MS * 1000000L }, NULL);
        fv_microhttpd.stop_daemon(http->daemon);
    }
    if (http->listener >= 0) close(http->listener);
    fv_watch_release(&http->watch);
    fv_memory_free(http);
}
