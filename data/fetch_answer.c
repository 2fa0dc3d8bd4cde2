/* fetch_answer.c - one request for a file, or for the rest of it, and what the server's answer means.
 *
 *     200   the whole file: FILE.part is begun anew, and its validator written beside it before the first byte
 *     206   the rest, from the byte asked for: appended
 *     416   there is no rest: it is whole if the server's length is ours, else begun anew
 *
 * If-Range makes the server answer 200 when the file has changed. Only a strong ETag, or else the date, is good for it (RFC
 * 9110, 13.1.5). */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/size.h"
#include "core/base/text.h"
#include "data/fetch.h"

#define CONNECT_SECONDS 30L
#define STALLED_SECONDS 60L /* without a byte */
#define REDIRECTS_MAX 10L

double fv_fetch_seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* ---- headers ---- */

/* The value of the header `name` without blanks around it, cut to `size`; nothing when the line is another. */
static void take_header(const char *line, size_t length, const char *name, char *out, size_t size) {
    size_t n = strlen(name);
    if (length <= n || strncasecmp(line, name, n) != 0 || line[n] != ':') return;
    const char *at = line + n + 1, *end = line + length;
    while (at < end && (*at == ' ' || *at == '\t')) at++;
    while (end > at && (end[-1] == '\r' || end[-1] == '\n' || end[-1] == ' ')) end--;
    snprintf(out, size, "%.*s", (int)fv_min(end - at, (int64_t)size), at);
}

/* "bytes FIRST-LAST/TOTAL", where a star may stand for the first two or for the total. */
static void read_range(fv_fetch_state *s, const char *value) {
    char *end;
    if (strncasecmp(value, "bytes ", 6) != 0) return;
    if (value[6] >= '0' && value[6] <= '9') s->range_start = strtoll(value + 6, &end, 10);
    const char *slash = strchr(value, '/');
    if (slash && slash[1] >= '0' && slash[1] <= '9') s->range_total = strtoll(slash + 1, &end, 10);
}

/* Each answer of a chain of redirects begins with its status line. */
static size_t on_header(char *line, size_t size, size_t count, void *context) {
    fv_fetch_state *s = context;
    size_t length = size * count;
    char range[128] = "";
    if (length > 5 && !strncasecmp(line, "HTTP/", 5)) {
        const char *space = memchr(line, ' ', length);
        s->etag[0] = s->modified[0] = 0;
        s->range_start = s->range_total = -1;
        int n = space ? (int)(line + length - space - 1) : 0;
        snprintf(s->status, sizeof s->status, "%.*s", n, space ? space + 1 : "");
        s->status[strcspn(s->status, "\r\n")] = 0;
    }
    take_header(line, length, "ETag", s->etag, sizeof s->etag);
    take_header(line, length, "Last-Modified", s->modified, sizeof s->modified);
    take_header(line, length, "Content-Range", range, sizeof range);
    if (range[0]) read_range(s, range);
    return length;
}

/* ---- the body ---- */

static fv_error *cannot_write(const fv_fetch_state *s) {
    return fv_fail(errno == EACCES || errno == EROFS ? FV_DENIED : FV_IO, "cannot write %s: %s", s->part, strerror(errno));
}

/* FILE.part is empty again, and FILE.part.from says what it will hold. */
static fv_error *begin_anew(fv_fetch_state *s) {
    FV_TEXT(text, 1 << 16);
    const char *validator = s->etag[0] && strncmp(s->etag, "W/", 2) != 0 ? s->etag : s->modified;
    if (ftruncate(s->file, 0) < 0 || lseek(s->file, 0, SEEK_SET) < 0) return cannot_write(s);
    s->have = s->before = 0;
    snprintf(s->validator, sizeof s->validator, "%s", validator);
    fv_text_addf(&text, "%s\n%s\n", s->url, s->validator);
    FV_TRY(fv_text_error(&text));
    return fv_file_write(s->from, text.at, text.length, NULL);
}

static long code_of(const fv_fetch_state *s) {
    long code = 0;
    s->library->easy_getinfo(s->curl, CURLINFO_RESPONSE_CODE, &code);
    return code;
}

static fv_error *begin_body(fv_fetch_state *s) {
    s->begun = true;
    if (code_of(s) == 200) return begin_anew(s);
    if (code_of(s) != 206 || s->range_start == s->have) return NULL;
    s->validator[0] = 0; /* not what was asked for: the next attempt asks for all */
    return fv_fail(FV_IO, "%s: the server sends bytes from %lld on, not from %lld", s->url, (long long)s->range_start,
                   (long long)s->have);
}

/* Less than `length` makes curl give up. */
static size_t on_body(char *bytes, size_t size, size_t count, void *context) {
    fv_fetch_state *s = context;
    size_t length = size * count, done = 0;
    if (!s->begun) s->error = begin_body(s);
    if (s->error) return 0;
    if (code_of(s) != 200 && code_of(s) != 206) return length; /* the page that explains an error */
    while (done < length) {
        ssize_t put = write(s->file, bytes + done, length - done);
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) {
            s->error = cannot_write(s);
            return 0;
        }
        done += (size_t)put;
        s->have += put;
    }
    return length;
}

static int on_progress(void *context, curl_off_t count, curl_off_t done, curl_off_t up_count, curl_off_t up_done) {
    fv_fetch_state *s = context;
    (void)done, (void)up_count, (void)up_done;
    double seconds = fv_fetch_seconds() - s->started;
    fv_fetch_progress progress = { .done = s->have, .count = count > 0 ? s->before + count : 0 };
    if (seconds > 0) progress.bytes_per_second = (double)(s->have - s->before) / seconds;
    if (progress.count && progress.bytes_per_second > 0)
        progress.seconds_left = (double)(progress.count - s->have) / progress.bytes_per_second;
    if (s->options->progress && s->begun) s->options->progress(s->options->context, &progress);
    return s->options->cancel && __atomic_load_n(s->options->cancel, __ATOMIC_RELAXED);
}

/* ---- the request ---- */

/* The options that are copied, each of which may find no memory: without those of the protocols any would do. */
static CURLcode set_texts(const fv_fetch_state *s, const char *range) {
    const struct {
        CURLoption option;
        const char *text; /* NULL, "": as it is */
    } texts[] = { { CURLOPT_URL, s->url },
                  { CURLOPT_PROTOCOLS_STR, "http,https" },
                  { CURLOPT_REDIR_PROTOCOLS_STR, "http,https" },
                  { CURLOPT_USERAGENT, "fovea/" FOVEA_VERSION },
                  { CURLOPT_PROXY, s->options->proxy },
                  { CURLOPT_CAINFO, s->options->ca_file },
                  { CURLOPT_RANGE, range } };
    CURLcode code = CURLE_OK;
    for (size_t i = 0; code == CURLE_OK && i < sizeof texts / sizeof *texts; i++)
        if (texts[i].text && *texts[i].text) code = s->library->easy_setopt(s->curl, texts[i].option, texts[i].text);
    return code;
}

static CURLcode set_options(fv_fetch_state *s, struct curl_slist *headers, const char *range, char *message) {
    CURL *c = s->curl;
    __typeof__(curl_easy_setopt) *set = s->library->easy_setopt;
    set(c, CURLOPT_FOLLOWLOCATION, 1L);
    set(c, CURLOPT_MAXREDIRS, REDIRECTS_MAX);
    set(c, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    set(c, CURLOPT_NOSIGNAL, 1L);
    set(c, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS);
    set(c, CURLOPT_LOW_SPEED_LIMIT, 1L);
    set(c, CURLOPT_LOW_SPEED_TIME, STALLED_SECONDS);
    set(c, CURLOPT_ERRORBUFFER, message);
    if (headers) set(c, CURLOPT_HTTPHEADER, headers);
    set(c, CURLOPT_HEADERFUNCTION, on_header);
    set(c, CURLOPT_HEADERDATA, s);
    set(c, CURLOPT_WRITEFUNCTION, on_body);
    set(c, CURLOPT_WRITEDATA, s);
    set(c, CURLOPT_XFERINFOFUNCTION, on_progress);
    set(c, CURLOPT_XFERINFODATA, s);
    set(c, CURLOPT_NOPROGRESS, 0L);
    return set_texts(s, range);
}

/* Network trouble as an error; `*passing` where curl's own retries would go on too, or a connection broke. */
static fv_error *explain(const fv_fetch_state *s, CURLcode code, const char *message, bool *passing) {
    const char *why = *message ? message : s->library->easy_strerror(code);
    switch (code) {
    case CURLE_ABORTED_BY_CALLBACK:
        return fv_error_hint(fv_fail(FV_CANCELLED, "stopped while %s was fetched", s->url), "the same command goes on with it");
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_PARTIAL_FILE:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM: *passing = true; return fv_fail(FV_IO, "%s: %s", s->url, why);
    case CURLE_PEER_FAILED_VERIFICATION:
        return fv_error_hint(fv_fail(FV_DENIED, "%s: %s", s->url, why), "name the certificates to trust by --ca-file");
    case CURLE_SSL_CACERT_BADFILE: return fv_fail(FV_NOT_FOUND, "%s: %s", s->options->ca_file, why);
    case CURLE_URL_MALFORMAT: return fv_fail(FV_USAGE, "%s: %s", s->url, why);
    case CURLE_OUT_OF_MEMORY: return fv_error_memory();
    default: return fv_fail(FV_IO, "%s: %s", s->url, why);
    }
}

/* No rest: whole, or another file by now. */
static fv_error *no_rest(fv_fetch_state *s, bool *passing) {
    if (s->range_total == s->have) return NULL;
    s->validator[0] = 0;
    *passing = true;
    return fv_fail(FV_IO, "%s: the server has no byte %lld", s->url, (long long)s->have);
}

static fv_error *judge(fv_fetch_state *s, bool *passing) {
    long code = code_of(s);
    if (code == 200 || code == 206) {
        if (!s->begun) FV_TRY(begin_body(s)); /* an empty file */
        if (s->range_total < 0 || code == 200 || s->have == s->range_total) return NULL;
        *passing = true;
        return fv_fail(FV_IO, "%s: %lld bytes of %lld came", s->url, (long long)s->have, (long long)s->range_total);
    }
    if (code == 416 && s->have) return no_rest(s, passing);
    *passing = code == 408 || code == 429 || code == 500 || code == 502 || code == 503 || code == 504;
    fv_code kind = code == 404 || code == 410 ? FV_NOT_FOUND : code == 401 || code == 403 || code == 407 ? FV_DENIED : FV_IO;
    return fv_fail(kind, "%s: the server answers %s", s->url, s->status[0] ? s->status : "nothing");
}

/* A connection that the other side closed must not end the program: TLS libraries write without MSG_NOSIGNAL. */
static CURLcode perform(const fv_fetch_state *s) {
    sigset_t pipe, before, pending;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    sigpending(&pending);
    pthread_sigmask(SIG_BLOCK, &pipe, &before);
    CURLcode code = s->library->easy_perform(s->curl);
    if (!sigismember(&pending, SIGPIPE)) sigtimedwait(&pipe, NULL, &(struct timespec){ 0 });
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return code;
}

fv_error *fv_fetch_attempt(fv_fetch_state *s, bool *passing) {
    char message[CURL_ERROR_SIZE] = "", range[32] = "", condition[600];
    struct curl_slist *headers = NULL;
    if (!s->validator[0]) s->have = 0;
    if (s->have) {
        snprintf(range, sizeof range, "%lld-", (long long)s->have);
        snprintf(condition, sizeof condition, "If-Range: %s", s->validator);
        headers = s->library->slist_append(NULL, condition);
        if (!headers) return fv_error_memory();
    }
    s->begun = *passing = false;
    s->before = s->have;
    s->started = fv_fetch_seconds();
    s->status[0] = s->etag[0] = s->modified[0] = 0;
    s->range_start = s->range_total = -1;
    s->library->easy_reset(s->curl);
    CURLcode code = set_options(s, headers, range, message);
    if (code == CURLE_OK) code = perform(s);
    s->library->slist_free_all(headers);
    fv_error *error = fv_take(&s->error);
    if (error) {
        *passing = code_of(s) == 206 && s->range_start != s->before;
        return error;
    }
    return code == CURLE_OK ? judge(s, passing) : explain(s, code, message, passing);
}
