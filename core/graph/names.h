/* names.h - an index from name to node: open addressing over borrowed strings. */
#ifndef FV_GRAPH_NAMES_H
#define FV_GRAPH_NAMES_H

#include "core/base/memory.h"

typedef struct fv_names fv_names;
struct fv_node;

FV_MUST_USE fv_error *fv_names_new(fv_names **out);
void fv_names_free(fv_names *names);
/* `name` must outlive the index and must not be in it. */
FV_MUST_USE fv_error *fv_names_add(fv_names *names, const char *name, struct fv_node *node);
struct fv_node *fv_names_find(const fv_names *names, const char *name); /* NULL when there is none */
void fv_names_clear(fv_names *names);

#endif
