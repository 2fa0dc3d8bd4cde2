/* shared: window.c - how many windows fit along an axis (window.h). */
#include "core/ops/window.h"

#include "core/base/size.h"

fv_error *fv_window_count(const char *axis, int64_t length, fv_window window, bool ceil, int64_t *out) {
    int64_t padded = 0, span = 0;
    if (length < 1 || window.size < 1)
        return fv_fail(FV_SHAPE, "a window of %lld over a picture with a %s of %lld", (long long)window.size, axis,
                       (long long)length);
    if (!fv_size_add(length, window.before, &padded) || !fv_size_add(padded, window.after, &padded) ||
        !fv_size_mul(window.size - 1, window.dilation, &span) || !fv_size_add(span, 1, &span) || padded > INT64_MAX / 2)
        return fv_fail(FV_SHAPE, "the %s with its padding, or the window with its dilation, does not fit 62 bits", axis);
    int64_t room = padded - span + (ceil ? window.stride - 1 : 0);
    if (room < 0)
        return fv_fail(FV_SHAPE,
                       "a window that spans %lld does not fit into the %s of %lld with padding %lld and %lld: no output",
                       (long long)span, axis, (long long)length, (long long)window.before, (long long)window.after);
    int64_t count = room / window.stride + 1;
    if (ceil && (count - 1) * window.stride >= length + window.before) count--;
    *out = count;
    return NULL;
}
