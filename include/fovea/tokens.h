/* fovea/tokens.h - who may do what over the network. Threads, durability and further errors: as in registry.h.
 *
 * A registry without tokens is open to programs on its own machine and to no other. The first token closes it: from then on
 * only who shows one may do anything, and revoking the last does not open it again. Whoever may read the workspace's files is
 * not asked for a token.
 *
 * Roles are in order, and each may do what those before it may: predict with models; annotate: tell what was true of
 * predictions; read experiments, runs, models and files (who reads a model file can predict with it), which is the one that may
 * not annotate; write runs, files and new versions; administer: aliases, deletions, tokens. */
#ifndef FOVEA_TOKENS_H
#define FOVEA_TOKENS_H

#include "fovea/registry.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum fv_token_role { FV_MAY_PREDICT, FV_MAY_ANNOTATE, FV_MAY_READ, FV_MAY_WRITE, FV_MAY_ADMINISTER } fv_token_role;
FV_API const char *fv_token_role_name(fv_token_role role); /* "predict", … */

#define FV_TOKEN_LETTERS 50 /* "fovea_", 43 letters of base64url and a NUL */
#define FV_TOKEN_HASH_BYTES 32
#define FV_TOKEN_SCOPES_MAX 64

typedef struct fv_token {
    const char *name;
    fv_token_role role;
    /* Lines, each "*" (everything), "experiments/NAME" or "models/NAME"; with * at its end all names that begin so. */
    const char *scope;
    int64_t created_ms;
    int64_t expires_ms, revoked_ms;    /* 0: never, not */
    uint8_t hash[FV_TOKEN_HASH_BYTES]; /* BLAKE2b-256 of the secret */
} fv_token;

/* An open value. */
typedef struct fv_token_list {
    const fv_token *at; /* by name */
    int64_t count;
    void *memory;
} fv_token_list;

typedef struct fv_token_options {
    const char *name;
    fv_token_role role;
    const char *const *scopes; /* as the lines of fv_token.scope; none: everything */
    int64_t scope_count;
    double days; /* that it is good for; 0: for ever */
} fv_token_options;

/* `secret` is told here and kept nowhere. FV_CONFLICT: there is, or was, one of that name. FV_USAGE: a scope that is none. */
FV_API FV_MUST_USE fv_error *fv_token_create(fv_registry *registry, const fv_token_options *options,
                                             char secret[FV_TOKEN_LETTERS]);
/* From now on; one that is revoked already stays as it is. FV_NOT_FOUND. */
FV_API FV_MUST_USE fv_error *fv_token_revoke(fv_registry *registry, const char *name);
/* Those that are expired and revoked too. */
FV_API FV_MUST_USE fv_error *fv_tokens_list(fv_registry *registry, fv_token_list *out);
FV_API void fv_token_list_release(fv_token_list *list);

typedef enum fv_access {
    FV_ACCESS_GIVEN,
    FV_ACCESS_UNKNOWN,  /* no secret, or one of no token: who are you? */
    FV_ACCESS_OVER,     /* the token is expired or revoked */
    FV_ACCESS_FORBIDDEN /* its role or scope does not reach so far */
} fv_access;

typedef struct fv_token_request {
    const char *secret;  /* what was shown; NULL: nothing */
    const char *subject; /* "experiments/NAME", "models/NAME"; NULL: the workspace, which only the scope * reaches */
    fv_token_role role;  /* that it needs */
    bool local;          /* it came over the loopback interface */
    int64_t now_ms;
} fv_token_request;

/* Pure. How long it takes says nothing of the secret. `token` (may be NULL): whose it was, NULL of none. */
FV_API fv_access fv_token_check(const fv_token_list *tokens, const fv_token_request *request, const fv_token **token);

#ifdef __cplusplus
}
#endif
#endif
