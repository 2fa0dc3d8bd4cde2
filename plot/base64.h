/* base64.h - bytes inside a page (RFC 4648, section 4). */
#ifndef FV_PLOT_BASE64_H
#define FV_PLOT_BASE64_H

#include "core/base/text.h"

void fv_add_base64(fv_text *out, const void *bytes, int64_t count);

#endif
