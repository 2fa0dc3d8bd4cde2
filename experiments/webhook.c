/* webhook.c - see webhook.h. */
#include "experiments/webhook.h"

#include <math.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/base/file.h"
#include "core/base/size.h"
#include "core/base/text.h"
#include "data/fetch_curl.h"

#define SECRET_BYTES_MAX 4096
#define PREFIX "whsec_"
#define CONNECT_SECONDS 10L
#define ANSWER_SECONDS 30L
#define WAIT_MAX 60.0

/* ---- the signature ---- */

void fv_webhook_sign(const uint8_t *key, int64_t key_length, const char *id, int64_t timestamp, const char *body,
                     char out[FV_WEBHOOK_SIGNATURE_LETTERS]) {
    crypto_auth_hmacsha256_state state;
    unsigned char sum[crypto_auth_hmacsha256_BYTES];
    char head[64];
    int length = snprintf(head, sizeof head, ".%lld.", (long long)timestamp);
    crypto_auth_hmacsha256_init(&state, key, (size_t)key_length);
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)id, strlen(id));
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)head, (unsigned long long)length);
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)body, strlen(body));
    crypto_auth_hmacsha256_final(&state, sum);
    memcpy(out, "v1,", 4);
    sodium_bin2base64(out + 3, FV_WEBHOOK_SIGNATURE_LETTERS - 3, sum, sizeof sum, sodium_base64_VARIANT_ORIGINAL);
}

typedef struct key {
    uint8_t at[SECRET_BYTES_MAX];
    int64_t length; /* 0: nothing is signed */
} key;

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

static fv_error *read_key(const char *path, key *out) {
    FV_OWNED(fv_memory) bytes = NULL;
    int64_t length;
    size_t decoded = 0;
    *out = (key){ 0 };
    if (!path) return NULL;
    FV_TRY(fv_error_wrap(fv_file_read(path, SECRET_BYTES_MAX, (uint8_t **)&bytes, &length), "the secret of the webhook"));
    const char *at = bytes;
    while (length && is_blank(*at)) at++, length--;
    while (length && is_blank(at[length - 1])) length--;
    if (length < 16)
        return fv_error_hint(fv_fail(FV_FORMAT, "%s has a secret of %d bytes", path, (int)length),
                             "16 and more are hard to guess: openssl rand -base64 24");
    int64_t prefix = (int64_t)strlen(PREFIX);
    if (length > prefix && !memcmp(at, PREFIX, (size_t)prefix)) {
        if (sodium_base642bin(out->at, sizeof out->at, at + prefix, (size_t)(length - prefix), NULL, &decoded, NULL,
                              sodium_base64_VARIANT_ORIGINAL))
            return fv_fail(FV_FORMAT, "%s: what follows " PREFIX " is no base64", path);
        return out->length = (int64_t)decoded, NULL;
    }
    memcpy(out->at, at, (size_t)length);
    return out->length = length, NULL;
}

/* ---- one attempt ---- */

static size_t ignore(char *bytes, size_t size, size_t count, void *context) {
    (void)bytes, (void)context;
    return size * count;
}

/* libcurl and a connection of it. */
typedef struct client {
    const fv_curl_functions *library;
    CURL *handle;
} client;

static bool append(const client *c, struct curl_slist **list, const char *header) {
    struct curl_slist *longer = c->library->slist_append(*list, header);
    if (longer) *list = longer;
    return longer != NULL;
}

static fv_error *add_headers(const client *c, const key *k, const char *id, const char *body, struct curl_slist **list) {
    char line[512], signature[FV_WEBHOOK_SIGNATURE_LETTERS];
    int64_t now = (int64_t)time(NULL);
    bool fine = append(c, list, "content-type: application/json") && append(c, list, "expect:");
    snprintf(line, sizeof line, "webhook-id: %s", id);
    fine = fine && append(c, list, line);
    snprintf(line, sizeof line, "webhook-timestamp: %lld", (long long)now);
    fine = fine && append(c, list, line);
    if (k->length) {
        fv_webhook_sign(k->at, k->length, id, now, body, signature);
        snprintf(line, sizeof line, "webhook-signature: %s", signature);
        fine = fine && append(c, list, line);
    }
    return fine ? NULL : fv_fail(FV_MEMORY, "no memory for the headers of a webhook");
}

static fv_error *judge_answer(const char *url, long status, bool *passing) {
    if (status >= 200 && status < 300) return NULL;
    *passing = status == 408 || status == 425 || status == 429 || status >= 500;
    return fv_fail(status == 401 || status == 403   ? FV_DENIED
                   : status == 404 || status == 410 ? FV_NOT_FOUND
                                                    : FV_IO,
                   "%s answers %ld", url, status);
}

/* `*passing`: it may go better next time. */
static fv_error *post(const client *c, const fv_webhook *hook, struct curl_slist *headers, const char *body, bool *passing) {
    char message[CURL_ERROR_SIZE] = "";
    long status = 0;
    __typeof__(curl_easy_setopt) *set = c->library->easy_setopt;
    c->library->easy_reset(c->handle);
    if (set(c->handle, CURLOPT_URL, hook->url) != CURLE_OK || set(c->handle, CURLOPT_PROTOCOLS_STR, "http,https") ||
        set(c->handle, CURLOPT_USERAGENT, "fovea/" FOVEA_VERSION))
        return fv_fail(FV_MEMORY, "no memory for a webhook to %s", hook->url);
    set(c->handle, CURLOPT_HTTPHEADER, headers);
    set(c->handle, CURLOPT_POSTFIELDS, body);
    set(c->handle, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(body));
    set(c->handle, CURLOPT_NOSIGNAL, 1L);
    set(c->handle, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS);
    set(c->handle, CURLOPT_TIMEOUT, ANSWER_SECONDS);
    set(c->handle, CURLOPT_WRITEFUNCTION, ignore);
    set(c->handle, CURLOPT_ERRORBUFFER, message);
    CURLcode code = c->library->easy_perform(c->handle);
    if (code == CURLE_OK) {
        c->library->easy_getinfo(c->handle, CURLINFO_RESPONSE_CODE, &status);
        return judge_answer(hook->url, status, passing);
    }
    *passing = code != CURLE_URL_MALFORMAT && code != CURLE_UNSUPPORTED_PROTOCOL && code != CURLE_PEER_FAILED_VERIFICATION;
    return fv_fail(*passing ? FV_IO : FV_USAGE, "%s: %s", hook->url, *message ? message : c->library->easy_strerror(code));
}

static fv_error *attempt(const client *c, const fv_webhook *hook, const key *k, const char *id, const char *body,
                         bool *passing) {
    struct curl_slist *headers = NULL;
    fv_error *error = add_headers(c, k, id, body, &headers);
    if (!error) error = post(c, hook, headers, body, passing);
    c->library->slist_free_all(headers);
    return error;
}

/* ---- until it is there ---- */

static void sleep_for(double seconds) {
    struct timespec left = { (time_t)seconds, (long)((seconds - floor(seconds)) * 1e9) };
    while (nanosleep(&left, &left)) continue;
}

static fv_error *send_with(const client *c, const fv_webhook *hook, const key *k, const char *id, const char *body) {
    int64_t attempts = hook->attempts ? hook->attempts : 5;
    double wait = hook->wait > 0 ? hook->wait : 1;
    for (int64_t i = 1;; i++, wait = fmin(2 * wait, WAIT_MAX)) {
        bool passing = false;
        fv_error *error = attempt(c, hook, k, id, body, &passing);
        if (!error) return NULL;
        if (!passing || i >= attempts) return fv_error_wrap(error, "the webhook, attempt %lld", (long long)i);
        fv_error_free(error);
        sleep_for(wait);
    }
}

fv_error *fv_webhook_send(const fv_webhook *hook, const char *id, const char *body) {
    key k;
    FV_TRY(read_key(hook->secret, &k));
    client c = { 0 };
    fv_error *error = fv_curl_load(&c.library);
    if (!error) c.handle = c.library->easy_init();
    if (!error && !c.handle) error = fv_fail(FV_MEMORY, "no memory for a webhook to %s", hook->url);
    if (!error) error = send_with(&c, hook, &k, id, body);
    if (c.handle) c.library->easy_cleanup(c.handle);
    sodium_memzero(&k, sizeof k);
    return error;
}
