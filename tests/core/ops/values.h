/* values.h - an op run by a plan against PyTorch's and numpy's numbers in tests/golden/basic_ops.txt (its script beside it says
 * how they are written): outputs, gradients, and gradients of gradients. */
#ifndef FV_TESTS_OPS_VALUES_H
#define FV_TESTS_OPS_VALUES_H

/* Every case of the file for `op`, by the references alone and by a plan with all passes; the test fails where a number is off
 * by more than 1e-12 of its size. */
void fv_test_values(const char *op);

#endif
