/* route.h - what a route is: one family a file in serve/routes, with its options (of the query), handlers, and the descriptor
 * last. OpenAPI's document is made from the same descriptors. */
#ifndef FV_SERVE_ROUTE_H
#define FV_SERVE_ROUTE_H

#include "core/base/part.h"
#include "fovea/tokens.h"
#include "serve/request.h"

/* What a request's body may be: media types, and the schema of each as JSON; a list that ends with { NULL, NULL }. */
typedef struct fv_route_body {
    const char *type, *schema;
} fv_route_body;

typedef struct fv_route {
    FV_PART;            /* fields: of the query */
    size_t size;        /* of the options */
    const char *method; /* "GET", "POST"; GET answers HEAD too */
    /* "/v1/models/{model}/predict": a name in braces is a value of fv_request_value. {model} takes one part or more, since
     * names of models may have a / in them; the others take one. */
    const char *path;
    fv_token_role scope;
    bool open; /* to everyone, without a token */
    const fv_route_body *takes;
    bool body_optional;
    const char *answers;       /* media type of the answer */
    const char *schema;        /* of the answer, as JSON; NULL: of text */
    const fv_route_body *also; /* other forms of the answer, as `takes`; NULL: none */
    /* The first sets r->reply, or asks the engine (fv_request_ask); if it has, `finish` sets the reply when all is answered. An
     * error is answered as such. */
    fv_error *(*handle)(fv_request *r);
    fv_error *(*finish)(fv_request *r);
} fv_route;

extern const fv_route *const fv_route_table[]; /* generated, sorted by name */
extern const int fv_route_table_count;

/* Values that a path gave, in the order of the braces. */
#define FV_ROUTE_VALUES 3
typedef struct fv_route_match {
    const fv_route *route; /* NULL: none has that path and method */
    const char *names[FV_ROUTE_VALUES], *values[FV_ROUTE_VALUES];
    int count;
    bool path_known;  /* some route has the path */
    char allowed[64]; /* "GET, HEAD, OPTIONS": the methods of those that have it */
} fv_route_match;

/* `path` still has its percent signs: a / that is written %2F does not divide. Values go to `arena`. FV_USAGE: percent signs
 * that stand for nothing, or for a NUL. */
FV_MUST_USE fv_error *fv_route_find(const char *method, const char *path, fv_arena *arena, fv_route_match *out);

/* Undoes percent-encoding in place ('+' too, where `plus`); false: a sequence is none, or stands for a NUL. */
bool fv_percent_decode(char *text, bool plus);

#endif
