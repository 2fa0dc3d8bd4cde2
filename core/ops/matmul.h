/* matmul.h - options of matmul (core/ops/matmul.c). */
#ifndef FV_OPS_MATMUL_H
#define FV_OPS_MATMUL_H

#include <stdbool.h>

typedef struct fv_matmul_options {
    bool transpose_a; /* the last two dimensions of a are read the other way round */
    bool transpose_b;
} fv_matmul_options;

#endif
