/* overlays.h - pictures with a map over them, a PNG each: what fovea predict --explain leaves beside its answers. */
#ifndef FV_CLI_OVERLAYS_H
#define FV_CLI_OVERLAYS_H

#include "core/base/arena.h"
#include "fovea/predict.h"

typedef struct fv_overlays fv_overlays;

/* Into `folder`, which is made; by a method's text, as fv_explain takes it. `predictor` is borrowed. */
FV_MUST_USE fv_error *fv_overlays_new(fv_predictor *predictor, const char *folder, const char *method, fv_overlays **out);
void fv_overlays_free(fv_overlays *overlays);

/* Notes a picture and the output that is asked about. In the sink of a stream, whose predictor cannot run meanwhile. */
FV_MUST_USE fv_error *fv_overlays_note(fv_overlays *overlays, const char *path, int64_t output);
/* Explains what was noted: folder/00001_NAME.png and so on, in that order, as the network sees the picture. `cancel` (may be
 * NULL) is polled between pictures. */
FV_MUST_USE fv_error *fv_overlays_write(fv_overlays *overlays, const int *cancel);

#endif
