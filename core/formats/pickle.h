/* pickle.h - a Python pickle read as data: a tree of inert nodes. Nothing is imported, called or created: where a pickle asks
 * for a call, the node says of what and with which arguments, and only calls that are known to make data are let through.
 *
 * Protocols 2 to 5, the binary opcodes. Nodes may be shared and may contain themselves: who walks them bounds its depth. */
#ifndef FV_FORMATS_PICKLE_H
#define FV_FORMATS_PICKLE_H

#include <stdbool.h>

#include "core/base/arena.h"

typedef enum fv_pickle_kind {
    FV_PICKLE_NONE,
    FV_PICKLE_BOOL,
    FV_PICKLE_INT,
    FV_PICKLE_BIG, /* an integer beyond 64 bits: its bytes are in text */
    FV_PICKLE_FLOAT,
    FV_PICKLE_TEXT, /* ends in a NUL too */
    FV_PICKLE_BYTES,
    FV_PICKLE_TUPLE,   /* items */
    FV_PICKLE_LIST,    /* items; a set too */
    FV_PICKLE_DICT,    /* items: key, value, key, value, … */
    FV_PICKLE_GLOBAL,  /* text: "module.name" */
    FV_PICKLE_STORAGE, /* items[0]: the persistent id */
    FV_PICKLE_OBJECT   /* items: what makes it (a global), its arguments, and its state where it has one */
} fv_pickle_kind;

typedef struct fv_pickle fv_pickle;
struct fv_pickle {
    fv_pickle_kind kind;
    bool called; /* of an object: by a call, not as an instance of a class */
    union {
        int64_t integer; /* a bool's too */
        double number;
        const char *text;
    };
    int64_t length;          /* of the text */
    const fv_pickle **items; /* NULL for none */
    int64_t count, capacity;
    const fv_pickle *next; /* of a storage: the one before it */
};

/* One pickle at `*at`, which is moved behind its end. Nodes are in `arena`. FV_FORMAT: damaged, or deeper or larger than there
 * is use for; FV_DENIED: it calls something that makes no data, by name; FV_UNSUPPORTED: an opcode of other uses. `storages`
 * (may be NULL): the last storage that it names, from which `next` leads to all. */
FV_MUST_USE fv_error *fv_pickle_read(const uint8_t **at, const uint8_t *end, fv_arena *arena, const fv_pickle **out,
                                     const fv_pickle **storages);

bool fv_pickle_is(const fv_pickle *node, const char *global); /* the global of that name */
/* The value of a text key, of the last one where there are several; NULL: none, or no dict. */
const fv_pickle *fv_pickle_find(const fv_pickle *dict, const char *key);

#endif
