/* softmax.h - options of softmax and log_softmax (core/ops/softmax.c). */
#ifndef FV_OPS_SOFTMAX_H
#define FV_OPS_SOFTMAX_H

#include <stdint.h>

typedef struct fv_softmax_options {
    int64_t axis; /* counts from the end when negative; in range for the input, its shape function has checked */
} fv_softmax_options;

#endif
