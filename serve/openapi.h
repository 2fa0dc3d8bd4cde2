/* openapi.h - the API as an OpenAPI 3.1 document, made from the routes. */
#ifndef FV_SERVE_OPENAPI_H
#define FV_SERVE_OPENAPI_H

#include "core/base/text.h"

void fv_openapi(fv_text *out);

#endif
