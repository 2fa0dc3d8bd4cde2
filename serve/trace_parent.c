/* trace_parent.c - see trace_parent.h; the grammar is that of W3C Trace Context, section 3.2. */
#include "serve/trace_parent.h"

#include <string.h>

#define LENGTH 55 /* of version 00 */

/* `count` lower-case hexadecimal letters, not all of them 0 unless `zeros` are allowed. */
static bool take_hex(const char *from, int count, bool zeros, char *to) {
    bool any = zeros;
    for (int i = 0; i < count; i++) {
        char c = from[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) return false;
        any |= c != '0';
        if (to) to[i] = c;
    }
    if (to) to[count] = 0;
    return any;
}

bool fv_trace_parent_parse(const char *header, fv_trace_parent *out) {
    fv_trace_parent found = { 0 };
    char flags[3];
    *out = found;
    if (!header || strnlen(header, LENGTH) < LENGTH) return false;
    if (!take_hex(header, 2, true, NULL) || !strncmp(header, "ff", 2)) return false;
    if (header[LENGTH] && (!strncmp(header, "00", 2) || header[LENGTH] != '-')) return false;
    if (header[2] != '-' || header[35] != '-' || header[52] != '-') return false;
    if (!take_hex(header + 3, 32, false, found.trace) || !take_hex(header + 36, 16, false, found.parent)) return false;
    if (!take_hex(header + 53, 2, true, flags)) return false;
    found.sampled = (flags[1] <= '9' ? flags[1] - '0' : flags[1] - 'a' + 10) & 1;
    *out = found;
    return true;
}
