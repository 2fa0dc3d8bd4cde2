/* recorder.h - a run's points on their way into the registry, so that a step never waits for a disk: whoever measures puts
 * them into a queue, a thread of the recorder's own writes what has come together once a second, and renews the run's lease as
 * long as somebody says that the run is alive. Any thread. */
#ifndef FV_EXPERIMENTS_RECORDER_H
#define FV_EXPERIMENTS_RECORDER_H

#include "fovea/runs.h"

typedef struct fv_recorder fv_recorder;

/* `run` was started in `registry`; both outlive the recorder. `stop` becomes 1, and `*asked_for` is copied to it all the
 * while: when somebody asks the run to stop, or `asked_for` (may be NULL) becomes non-zero. */
FV_MUST_USE fv_error *fv_recorder_new(fv_registry *registry, const fv_run *run, const int *asked_for, int *stop,
                                      fv_recorder **out);
/* What was not written is lost: close it first. */
void fv_recorder_free(fv_recorder *recorder);
FV_CLEANUP(fv_recorder);

/* Copies the points; their keys must outlive the recorder, `time_ms` 0 becomes now. Never waits for the registry. When that
 * could not be written for so long that FV_RECORDER_POINTS_MAX wait, new ones are left out, and fv_recorder_close tells. */
#define FV_RECORDER_POINTS_MAX 65536
void fv_recorder_add(fv_recorder *recorder, const fv_metric_point *points, int64_t count);
void fv_recorder_alive(fv_recorder *recorder); /* the run does something */

/* Writes what is left. The error is why points could not be written, and how many: the run itself has gone on. */
FV_MUST_USE fv_error *fv_recorder_close(fv_recorder *recorder);

#endif
