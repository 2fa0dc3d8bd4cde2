/* activations.h - options that kernels read too. */
#ifndef FV_OPS_ACTIVATIONS_H
#define FV_OPS_ACTIVATIONS_H

typedef struct fv_leaky_relu_options {
    double slope;
} fv_leaky_relu_options;

typedef struct fv_gelu_options {
    int approximate; /* 0 none, 1 tanh */
} fv_gelu_options;

typedef struct fv_clamp_options {
    double min, max;
} fv_clamp_options;

#endif
