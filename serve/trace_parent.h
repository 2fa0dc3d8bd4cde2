/* trace_parent.h - W3C Trace Context: the header "traceparent: 00-TRACE-PARENT-FLAGS". Pure. */
#ifndef FV_SERVE_TRACE_PARENT_H
#define FV_SERVE_TRACE_PARENT_H

#include <stdbool.h>
#include <stdint.h>

#define FV_TRACE_LETTERS 33 /* 32 hexadecimal letters and a NUL */
#define FV_SPAN_LETTERS 17

typedef struct fv_trace_parent {
    char trace[FV_TRACE_LETTERS], parent[FV_SPAN_LETTERS]; /* parent "": the trace begins here */
    char span[FV_SPAN_LETTERS];                            /* ours */
    bool sampled;
} fv_trace_parent;

/* False, and all empty: `header` (may be NULL) is none of version 00, or of a later one that begins so. */
bool fv_trace_parent_parse(const char *header, fv_trace_parent *out);

#endif
