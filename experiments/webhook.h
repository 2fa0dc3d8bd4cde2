/* webhook.h - a message to somebody's server, signed so that it can tell who sent it. Headers and signature are those of
 * Standard Webhooks (standardwebhooks.com):
 *
 *   webhook-id: ID     webhook-timestamp: seconds since 1970
 *   webhook-signature: v1,BASE64(HMAC-SHA256(secret, "ID.TIMESTAMP.BODY")) */
#ifndef FV_EXPERIMENTS_WEBHOOK_H
#define FV_EXPERIMENTS_WEBHOOK_H

#include <stdint.h>

#include "fovea/error.h"

typedef struct fv_webhook {
    const char *url;    /* http or https; redirects are not followed */
    const char *secret; /* a file: its bytes without blanks at the ends, after "whsec_" base64 of them; NULL: not signed */
    int64_t attempts;   /* at most, while errors are such as pass; 0: 5 */
    double wait;        /* seconds before the second attempt, doubled each time up to 60; 0: 1 */
} fv_webhook;

/* POSTs `body`, a JSON text; `id` stays the same when it is sent again, so that its receiver knows it. Broken connections and
 * the answers 408, 425, 429 and from 500 on are tried again, each attempt with the time of its own. FV_IO, FV_DENIED,
 * FV_NOT_FOUND: the last answer, or the system's. */
FV_MUST_USE fv_error *fv_webhook_send(const fv_webhook *hook, const char *id, const char *body);

/* The value of webhook-signature, in `out`. */
#define FV_WEBHOOK_SIGNATURE_LETTERS 64
void fv_webhook_sign(const uint8_t *key, int64_t key_length, const char *id, int64_t timestamp, const char *body,
                     char out[FV_WEBHOOK_SIGNATURE_LETTERS]);

#endif
