/* selftest.h - one driver over the cases that ops carry: `fovea selftest`, the op tests and the kernel benchmark.
 *
 * A case is one text line, "x=f32[2,7,5,3] w=f32[4,3,3,3]:-1..1 stride=2,2": the inputs in the op's order, each a type and,
 * after a colon, the range of its values (default −1..1; integers 0..3), then options. Values are a pure function of the line.
 */
#ifndef FV_PLAN_SELFTEST_H
#define FV_PLAN_SELFTEST_H

#include "core/plan/kernel.h"

typedef enum fv_selftest_mode {
    FV_SELFTEST_KERNELS, /* every kernel that does not refuse against the op's reference; the same bits with one thread and with
                            all */
    FV_SELFTEST_GRADIENT, /* the gradient against central differences, in f64 */
    FV_SELFTEST_SPEED     /* time of the reference and of each kernel */
} fv_selftest_mode;

typedef struct fv_selftest_result {
    const char *op, *line;
    const char *kernel; /* NULL: the op's reference (gradient) */
    double error;       /* largest difference, relative to the largest value of the tensor; seconds in the speed mode */
    const char *note;   /* why it was left out, or NULL: "refuses: dtype", "has no gradient" */
    bool failed;
    const char *failure; /* what failed, with the command that repeats it */
} fv_selftest_result;

typedef void (*fv_selftest_report)(void *context, const fv_selftest_result *result);

/* Runs all cases of one op in one mode; failures are reported, not returned; an error is a case that cannot be read. */
fv_error *fv_selftest_op(const fv_op *op, fv_selftest_mode mode, fv_selftest_report report, void *context);
/* One line of one op (as a failure prints it). */
fv_error *fv_selftest_line(const fv_op *op, const char *line, fv_selftest_mode mode, fv_selftest_report report, void *context);

/* A case read: its node's types and options, and filled tensors. */
typedef struct fv_case {
    fv_arena *arena;
    fv_call call; /* inputs filled, outputs zeroed; no scratch */
    char *options_text;
    double low[FV_INPUTS_MAX], high[FV_INPUTS_MAX];
} fv_case;
/* `as_f64`: every f32 becomes f64. */
fv_error *fv_case_new(const fv_op *op, const char *line, bool as_f64, fv_case **out);
void fv_case_free(fv_case *c);
static inline void fv_case_cleanup_(fv_case **owned) { fv_case_free(*owned); }

/* Runs `kernel` (NULL: the reference) on the call, with memory of its own for scratch, packed input and tables, guarded: a
 * write beyond any of them is FV_BUG. */
fv_error *fv_kernel_run_alone(const fv_kernel *kernel, fv_call *call);

#endif
