/* shared: expect.c - the checks of expect.h. */
#include "core/ops/expect.h"

#include <string.h>

#include "core/ops/stored.h"

static fv_error *expect(const fv_shape_call *call, int index, const char *name, const char *dims, bool fits) {
    char have[256];
    const fv_type *type = &call->inputs[index];
    if (!fv_dtype_is_float(type->dtype))
        return fv_fail(FV_SHAPE, "%s is %s, but has to be floating point", name, fv_type_format(type, have));
    if (!fits)
        return fv_error_hint(fv_fail(FV_SHAPE, "%s is %s, but the first input is %s", name, fv_type_format(type, have),
                                     fv_dtype_name(call->inputs[0].dtype)),
                             "cast one of them");
    if (dims && type->rank != (int)strlen(dims))
        return fv_fail(FV_SHAPE, "%s is %s, but has to have %d dimensions (%s)", name, fv_type_format(type, have),
                       (int)strlen(dims), dims);
    return NULL;
}

fv_error *fv_expect(const fv_shape_call *call, int index, const char *name, const char *dims) {
    return expect(call, index, name, dims, call->inputs[index].dtype == call->inputs[0].dtype);
}

fv_error *fv_expect_alike(const fv_shape_call *call, int index, const char *name, const char *dims) {
    return expect(call, index, name, dims, fv_compute_alike(call->inputs[index].dtype, call->inputs[0].dtype));
}

fv_error *fv_expect_type(const char *name, const fv_type *have, const fv_type *want) {
    char is[256], should[256];
    if (fv_type_equal(have, want)) return NULL;
    return fv_fail(FV_SHAPE, "%s is %s, but has to be %s", name, fv_type_format(have, is), fv_type_format(want, should));
}

fv_error *fv_expect_axis(const fv_type *type, int64_t axis, int *out) {
    char have[256];
    if (axis < -type->rank || axis >= type->rank)
        return fv_fail(FV_SHAPE, "%s has no axis %lld", fv_type_format(type, have), (long long)axis);
    *out = (int)(axis < 0 ? axis + type->rank : axis);
    return NULL;
}
