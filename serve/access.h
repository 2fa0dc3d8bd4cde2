/* access.h - the tokens of the registry, kept in memory and looked at again by fv_access_read. Any thread. */
#ifndef FV_SERVE_ACCESS_H
#define FV_SERVE_ACCESS_H

#include <stdbool.h>

#include "fovea/tokens.h"

typedef struct fv_access_book fv_access_book;

/* `registry` NULL: there are none, and whoever is on this machine may do anything. `open_to_all`: the same for everyone, as
 * long as there are no tokens. */
FV_MUST_USE fv_error *fv_access_book_new(fv_registry *registry, bool open_to_all, fv_access_book **out);
void fv_access_book_free(fv_access_book *book);
FV_CLEANUP(fv_access_book);

FV_MUST_USE fv_error *fv_access_read(fv_access_book *book);
bool fv_access_has_tokens(fv_access_book *book);

/* What the Authorization header `shown` (may be NULL) opens: "Bearer SECRET", or Basic with the secret as the password. `name`:
 * the token's, "" of none. */
#define FV_ACCESS_NAME 128
fv_access fv_access_ask(fv_access_book *book, const char *shown, const char *subject, fv_token_role role, bool local,
                        char name[FV_ACCESS_NAME]);

#endif
