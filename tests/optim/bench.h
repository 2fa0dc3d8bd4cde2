/* bench.h - training steps of two small parameters with a gradient that is given: the numbers are PyTorch's to the digit (case
 * TRN-06: start (1, -2, 0.5), rate 0.1). */
#ifndef FV_TESTS_OPTIM_BENCH_H
#define FV_TESTS_OPTIM_BENCH_H

#include "fovea/layers.h"
#include "fovea/optim.h"
#include "fovea/plan.h"
#include "tests/test.h"

#define BENCH_N 3
extern const double bench_start[BENCH_N], bench_gradients[3][BENCH_N];

/* The loss is sum (w + b) * g over the parameters "fc.weight" [1,3] and "fc.bias" [3], which both begin at bench_start. */
typedef struct bench {
    fv_graph *graph;
    fv_weights *weights;
    fv_plan *plan;
} bench;
bench bench_open(fv_dtype dtype, const fv_training_options *options);
fv_error *bench_refuse(const fv_training_options *options); /* the error of building it */
void bench_close(bench *b);
/* Step `number` from 0, with scale times its gradient. */
void bench_step(bench *b, int number, double scale);
double bench_state(const bench *b, const char *name, int i);
/* In f32 and f64, fc.weight goes through these points. */
void bench_walks(const char *optimizer, const double want[3][BENCH_N]);

#endif
