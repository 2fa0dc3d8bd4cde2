/* diff.h - the lines in which two texts differ. */
#ifndef FV_CLI_DIFF_H
#define FV_CLI_DIFF_H

#include "core/base/text.h"

/* Appends "- LINE" for each that only `a` has and "+ LINE" for each that only `b` has, in order, by a longest common
 * subsequence;
 * "@ N" before each group says the line of `a` it begins at. Nothing when they are equal. FV_MEMORY: too many lines that
 * differ. */
FV_MUST_USE fv_error *fv_diff_lines(const char *a, const char *b, fv_text *out);

#endif
