/* golden.h - an op's reference against PyTorch's numbers in tests/golden/network_ops.txt (made by network_ops.py beside it),
 * and its refusals. */
#ifndef FV_TESTS_OPS_GOLDEN_H
#define FV_TESTS_OPS_GOLDEN_H

#include "core/plan/selftest.h"

/* Runs every case of the file for `op`, in f64, and fails the test when an output's size, sum, hashed dot product or one of up
 * to 16 entries is not PyTorch's, to 1e-9 of its size. */
void fv_test_golden(const char *op);

/* Element `i` of input `number`, uniform from `low` to `high`: the integer hash that the scripts of tests/golden make inputs
 * by. */
double fv_test_golden_number(uint32_t number, uint32_t i, double low, double high);

/* The inputs of a case as the script has them: number k's by the integer hash, in its range. */
void fv_test_golden_fill(fv_case *c);

/* The op refuses the case (core/plan/selftest.h) with FV_SHAPE and a message that holds `part`. */
void fv_test_misfit(const char *op, const char *line, const char *part);

#endif
