/* cost.h - the nominal core that kernels' cost models speak of, in nanoseconds. Round figures of a 3 GHz core with two threads
 * to a memory bus; they rank kernels of one op, and nothing is chosen by what the machine really is. */
#ifndef FV_CPU_COST_H
#define FV_CPU_COST_H

#include <math.h>
#include <stdint.h>

#include "core/graph/op.h"

#define FV_COST_AVX2_FLOPS 20.0    /* FLOPs a ns: what a well-fed FMA loop reaches, half the peak */
#define FV_COST_BF16_FLOPS 36.0    /* the same of vdpbf16ps, less what rounding takes */
#define FV_COST_ROUNDED_FLOPS 16.0 /* of floats that are rounded to bf16 where there is none */
#define FV_COST_ROUNDING 1.5       /* ns to round a number that f32 would multiply where it lies */
#define FV_COST_PORTABLE_FLOPS 4.0 /* four lanes, no FMA */
#define FV_COST_BLAS_FLOPS 8.0     /* OpenBLAS without knowing which of its cores it picks */
#define FV_COST_SCALAR_FLOPS 1.0
#define FV_COST_BYTES 10.0  /* bytes a ns to and from memory */
#define FV_COST_CALL 1000.0 /* handing out units and waiting for the last */

/* A result of this many bytes is in no cache any more when it is read: it is written past them. */
#define FV_COST_CACHES ((int64_t)16 << 20)

/* `groups` products of rows × columns × depth. A panel of 16 columns costs the same when it is not full. */
static inline double fv_cost_gemm(double rows, double columns, double depth, double groups, double flops) {
    double panels = (double)(((int64_t)columns + 15) / 16);
    double packing = rows * depth + panels * 16 * depth; /* an element copied costs about what 16 FLOPs do */
    return FV_COST_CALL + groups * (2 * rows * panels * 16 * depth + 16 * packing) / flops;
}

/* A loop over memory, whose arithmetic (an eighth of what an FMA loop does) mostly hides behind it. */
static inline double fv_cost_loop(const fv_call *call) {
    fv_work work = fv_call_work(call);
    return FV_COST_CALL + fmax(work.bytes / FV_COST_BYTES, work.flops / (FV_COST_AVX2_FLOPS / 8));
}

#endif
