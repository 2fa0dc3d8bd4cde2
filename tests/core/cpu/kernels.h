/* kernels.h - a kernel of vectors by its name. */
#ifndef FV_TEST_KERNELS_H
#define FV_TEST_KERNELS_H

#include <string.h>

#include "core/plan/kernel.h"
#include "tests/test.h"

/* Skips the test where the CPU has no AVX2; where it has, there is such a kernel. */
static inline const fv_kernel *fv_test_vector_kernel(const char *name) {
    if (fv_isa_best() < FV_ISA_AVX2) skip();
    for (int i = 0; i < fv_kernel_table_count; i++)
        if (!strcmp(fv_kernel_table[i]->name, name)) return fv_kernel_table[i];
    fail_msg("there is no kernel %s", name);
    return NULL;
}

#endif
