/* expect.h - what the shape function of an op asks of its inputs, with messages that name the input and show both sides. */
#ifndef FV_OPS_EXPECT_H
#define FV_OPS_EXPECT_H

#include "core/graph/op.h"

/* Bound of options that count elements (strides, padding, sizes): sums and products with a dimension are checked, sums of a few
 * such options need not be. */
#define FV_EXTENT_MAX 2147483647.0

/* Input `index`, called `name`, is floating point, has the dtype of input 0, and one dimension for each letter of `dims`
 * ("NHWC"; NULL: any rank). */
fv_error *fv_expect(const fv_shape_call *call, int index, const char *name, const char *dims);
/* The same of an input that may lie in memory as bf16 where input 0 is f32, and the other way round (stored.h). */
fv_error *fv_expect_alike(const fv_shape_call *call, int index, const char *name, const char *dims);
/* `have`, called `name`, is exactly `want`. */
fv_error *fv_expect_type(const char *name, const fv_type *have, const fv_type *want);
/* `axis` counts from the end when negative; sets *out to 0…rank−1. */
fv_error *fv_expect_axis(const fv_type *type, int64_t axis, int *out);

#endif
