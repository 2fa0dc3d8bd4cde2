/* picture_list.h - the pictures that a body has, whichever of its forms it is in. Pure. */
#ifndef FV_SERVE_PICTURE_LIST_H
#define FV_SERVE_PICTURE_LIST_H

#include <stdbool.h>

#include "core/base/arena.h"

typedef struct fv_sent_picture {
    const char *id;   /* the caller's; NULL: none */
    const char *name; /* of its file, for the answer; NULL: none */
    const void *bytes;
    int64_t length;
} fv_sent_picture;

typedef struct fv_picture_list {
    fv_sent_picture *at;
    int64_t count;
    bool one;    /* it was sent as one, not as a list of one */
    int64_t top; /* what a form asks for beside its pictures; 0: nothing */
    double threshold;
    const char *key; /* the caller's own word for where they come from; NULL: none */
} fv_picture_list;

#define FV_PICTURES_MAX 65536
#define FV_SENT_ID_MAX 64 /* bytes of an id, of a key, which the prediction log has room for */
#define FV_SENT_KEY_MAX 1024

/* {"image": BASE64, "id"?, "top"?, "threshold"?, "key"?} or {"images": [BASE64 or {"image", "id"?}, …], …}. What it gives lies
 * in `arena`. FV_USAGE: it is no such JSON. */
FV_MUST_USE fv_error *fv_pictures_of_json(const char *text, int64_t length, fv_arena *arena, fv_picture_list *out);

/* multipart/form-data (RFC 7578) with `boundary`: every part that has a file's name, or is called image, images, file or data,
 * is a picture; top and threshold are numbers, key is a text. Pictures lie in `body`. FV_USAGE: it is none. */
FV_MUST_USE fv_error *fv_pictures_of_form(const uint8_t *body, int64_t length, const char *boundary, fv_arena *arena,
                                          fv_picture_list *out);
/* The boundary in a Content-Type header; NULL: there is none. */
FV_MUST_USE fv_error *fv_form_boundary(const char *content_type, fv_arena *arena, const char **out);

/* Bytes from base64 or base64url, with padding or without, and from a data: URL. FV_USAGE. */
FV_MUST_USE fv_error *fv_picture_bytes(const char *text, fv_arena *arena, const void **bytes, int64_t *length);

#endif
