/* columns.h - how many columns of a terminal a text takes: two a letter of Chinese, Japanese and Korean and most emoji, none a
 * mark over another letter, one all else, whatever the locale. What is no UTF-8, or a control, is counted as the U+FFFD that is
 * shown for it. Any thread. */
#ifndef FV_CLI_COLUMNS_H
#define FV_CLI_COLUMNS_H

#include "core/base/text.h"

/* Of the letter at `at`, which is not the end. */
int fv_columns_of_letter(const char *at);
int64_t fv_columns(const char *text);

/* Adds a text and blanks up to `width` columns. */
void fv_columns_pad(fv_text *out, const char *text, int64_t width);

/* The letters that do not take one column, by code. */
typedef struct fv_column_range {
    uint32_t first, last;
    int columns;
} fv_column_range;
extern const fv_column_range fv_column_ranges[];
extern const int fv_column_range_count;

#endif
