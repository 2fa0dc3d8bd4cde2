/* assert.h - FV_ASSERT: an assertion is our bug, an error is the caller's input. Stays on in release builds, outside
 * kernels. */
#ifndef FV_BASE_ASSERT_H
#define FV_BASE_ASSERT_H

#include "fovea/error.h"

/* Prints the expression and where it stands to standard error and aborts. */
FV_API _Noreturn void fv_assert_failed(const char *expression, const char *file, int line);
#define FV_ASSERT(expression) ((expression) ? (void)0 : fv_assert_failed(#expression, __FILE__, __LINE__))

#define FV_COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

#endif
