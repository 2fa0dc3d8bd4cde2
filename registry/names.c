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

static bool leads_elsewhere(const char *part, size_t length) {
    return !length || (length <= 2 && !strncmp(part, "..", length));
}

fv_error *fv_inner_path_check(const char *what, const char *path) {
    FV_TRY(fv_name_check(what, path));
    for (const char *part = path;;) {
        size_t length = strcspn(part, "/");
        if (leads_elsewhere(part, length))
            return fv_error_hint(fv_fail(FV_USAGE, "\"%s\" is not %s", path, what),
                                 "folders and a name with / between: no / at its ends, no empty part, no \".\" and \"..\"");
        if (!part[length]) return NULL;
        part += length + 1;
    }
}
