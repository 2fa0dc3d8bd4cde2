/* window.h - windows that slide along one axis of a picture, as convolution and pooling place them. Window number p reads the
 * positions p·stride − before + r·dilation for r = 0…size−1; those outside 0…length−1 are padding. */
#ifndef FV_OPS_WINDOW_H
#define FV_OPS_WINDOW_H

#include "core/graph/op.h"

typedef struct fv_window {
    int64_t size, stride, dilation;
    int64_t before, after; /* padding */
} fv_window;

/* How many windows there are along an axis of `length` elements; FV_SHAPE, with the numbers, when there is none. `axis` is what
 * the message calls it. With `ceil`, a last window that sticks out at the end counts too if it begins before the end of the
 * picture (PyTorch's ceil_mode). */
fv_error *fv_window_count(const char *axis, int64_t length, fv_window window, bool ceil, int64_t *out);

#endif
