/* names.h - what may be a key or a name in the registry. Any thread. */
#ifndef FV_REGISTRY_NAMES_H
#define FV_REGISTRY_NAMES_H

#include "fovea/error.h"

#define FV_NAME_BYTES_MAX 250

/* FV_USAGE unless it is 1 to FV_NAME_BYTES_MAX bytes of UTF-8 without control characters. `what` for the message: "the key of a
 * metric". */
FV_MUST_USE fv_error *fv_name_check(const char *what, const char *name);
/* FV_USAGE unless it is a name as above, and a path that stays within the folder it is joined to: parts with / between, none of
 * them empty, "." or "..". `what` as above: "the path of a run's file". */
FV_MUST_USE fv_error *fv_inner_path_check(const char *what, const char *path);

#endif
