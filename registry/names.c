/* names.c - keys and names. */
#include "registry/names.h"

#include <string.h>

#include "core/base/text.h"

fv_error *fv_name_check(const char *what, const char *name) {
    size_t length = name ? strlen(name) : 0;
    bool printable = true;
    if (!length) return fv_fail(FV_USAGE, "%s is empty", what);
    if (length > FV_NAME_BYTES_MAX)
        return fv_fail(FV_USAGE, "%s has %zu bytes, and may have %d", what, length, FV_NAME_BYTES_MAX);
    for (const char *at = name; *at && printable;) at += fv_text_character(at, &printable);
    return printable ? NULL : fv_fail(FV_USAGE, "%s has a control character in it, or is no UTF-8", what);
}
