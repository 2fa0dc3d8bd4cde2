/* part.h - parts that are chosen by text, "NAME option=value …": a layer, a loss, an optimizer, a schedule, a transform.
 *
 * The descriptor of such a part begins with FV_PART (name, summary, fields); the generated tables of one kind are searched
 * here, so that each kind gives the same errors and hints. */
#ifndef FV_BASE_PART_H
#define FV_BASE_PART_H

#include "core/base/fields.h"

typedef struct fv_part {
    const char *name;
    const char *summary;    /* one phrase, no full stop */
    const fv_field *fields; /* NULL: none */
} fv_part;

/* The first member of a descriptor: .name, .summary and .fields are its own, .part is the three of them. */
#define FV_PART                                                                                                                \
    union {                                                                                                                    \
        fv_part part;                                                                                                          \
        struct {                                                                                                               \
            const char *name;                                                                                                  \
            const char *summary;                                                                                               \
            const fv_field *fields;                                                                                            \
        };                                                                                                                     \
    }

/* A table of descriptors of one kind, sorted by name. */
typedef struct fv_parts {
    const char *kind; /* "loss": for messages */
    int count;
    const fv_part *(*at)(int index);
} fv_parts;

/* The number of the part called `name`; an unknown name is FV_USAGE with the nearest one as hint. `arena`: for the hint. */
FV_MUST_USE fv_error *fv_part_find(const fv_parts *parts, const char *name, fv_arena *arena, int *index);

/* Finds the part that the first word of `text` names and parses the rest into a new options struct in `arena`. Errors
 * about options say which part they are of. */
FV_MUST_USE fv_error *fv_part_parse(const fv_parts *parts, const char *text, fv_arena *arena, int *index, void **options);

#endif
