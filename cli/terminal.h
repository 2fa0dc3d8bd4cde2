/* terminal.h - standard error: lines, and below them one progress bar when it is a terminal. When it is not, a pass that takes
 * long gets a plain line every half minute. One thread at a time, but for lines, which any may write. */
#ifndef FV_CLI_TERMINAL_H
#define FV_CLI_TERMINAL_H

#include "fovea/train.h"

void fv_terminal_line(const char *format, ...) FV_PRINTF(1, 2);   /* the bar, if there is one, makes room */
void fv_terminal_bar(void *context, const fv_progress *progress); /* an fv_progress_sink */
void fv_terminal_finish(void);                                    /* takes the bar away */

#endif
