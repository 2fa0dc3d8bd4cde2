/* batch_norm.h - options of batch_norm, batch_norm_grad, batch_norm_inference and their parts. Channels are the last
 * dimension. */
#ifndef FV_OPS_BATCH_NORM_H
#define FV_OPS_BATCH_NORM_H

#include "core/graph/op.h"

/* What is done to y, in the same pass. The slope is 0 at 0, and at 6. */
typedef enum fv_norm_activation { FV_NORM_PLAIN, FV_NORM_RELU, FV_NORM_RELU6 } fv_norm_activation;
#define FV_NORM_ACTIVATIONS "none,relu,relu6"

typedef struct fv_batch_norm_options {
    double epsilon;  /* added to the variance */
    double momentum; /* weight of this batch in the running statistics, as in PyTorch; unused by the other two */
    int activation;  /* fv_norm_activation; unused by batch_norm_inference */
    int stored;      /* fv_stored: of y and of dx, which are like x; of batch_norm, batch_norm_grad and batch_norm_apply */
} fv_batch_norm_options;

/* The work of a call that does so many FLOPs to an element of its first input. */
fv_work fv_norm_work(const fv_call *call, double flops);

#endif
