/* fovea/mode.h - training or evaluation: one graph, one list of transforms, two ways to run it. Plans use batch or running
 * statistics, drop or keep; transforms draw random numbers or do not; the loader shuffles or goes in order. */
#ifndef FOVEA_MODE_H
#define FOVEA_MODE_H

typedef enum fv_mode { FV_TRAINING, FV_EVALUATION } fv_mode;

#endif
