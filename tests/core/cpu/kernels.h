/* kernels.h - a kernel of vectors by its name, and how far it is off. */
#ifndef FV_TEST_KERNELS_H
#define FV_TEST_KERNELS_H

#include <math.h>
#include <string.h>

#include "core/base/size.h"
#include "core/plan/kernel.h"
#include "core/plan/selftest.h"
#include "tests/test.h"

/* Skips the test where the CPU has no AVX2; where it has, there is such a kernel. */
static inline const fv_kernel *fv_test_vector_kernel(const char *name) {
    if (fv_isa_best() < FV_ISA_AVX2) skip();
    for (int i = 0; i < fv_kernel_table_count; i++)
        if (!strcmp(fv_kernel_table[i]->name, name)) return fv_kernel_table[i];
    fail_msg("there is no kernel %s", name);
    return NULL;
}

/* Fails where the kernel's first output of a case (a line as in an op's file) is off by `most` of its norm or more: the
 * definition sums in f64. */
static inline void fv_test_error(const char *op, const char *name, const char *line, double most) {
    const fv_kernel *kernel = fv_test_vector_kernel(name);
    FV_OWNED(fv_case) c = NULL;
    FV_OWNED(fv_case) truth = NULL;
    FV_OK(fv_case_new(fv_op_find(op), line, false, &c));
    FV_OK(fv_case_new(fv_op_find(op), line, true, &truth));
    FV_OK(fv_kernel_run_alone(kernel, &c->call));
    fv_op_find(op)->reference(&truth->call);
    double square = 0, all = 0;
    for (int64_t i = 0; i < fv_type_count(&c->call.outputs[0].type); i++) {
        double t = fv_tensor_load(&truth->call.outputs[0], i), d = fv_tensor_load(&c->call.outputs[0], i) - t;
        square += d * d, all += t * t;
    }
    if (!(sqrt(square / all) < most)) fail_msg("%s: off by %.3g of the result's norm", name, sqrt(square / all));
}

#endif
