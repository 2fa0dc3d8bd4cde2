/* stop.h - SIGINT, SIGTERM and SIGUSR1 as a flag. One thread takes them, so that no other is interrupted. However many come,
 * what was begun to be saved is saved: a batch system sends one after the other. Only who presses Ctrl-C a third time ends the
 * program at once (what is on disk is whole at every instant). */
#ifndef FV_CLI_STOP_H
#define FV_CLI_STOP_H

#include "fovea/error.h"

/* From now on: `**flag` is 0, and 1 after the first signal. Call it before any other thread is made. */
FV_MUST_USE fv_error *fv_stop_listen(const int **flag);

#endif
