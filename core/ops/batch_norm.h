/* batch_norm.h - options of batch_norm, batch_norm_grad and batch_norm_inference. Channels are the last dimension. */
#ifndef FV_OPS_BATCH_NORM_H
#define FV_OPS_BATCH_NORM_H

typedef struct fv_batch_norm_options {
    double epsilon;  /* added to the variance */
    double momentum; /* weight of this batch in the running statistics, as in PyTorch; unused by the other two */
} fv_batch_norm_options;

#endif
