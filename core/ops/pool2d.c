/* shared: pool2d.c - the shape of a pooled picture (pool2d.h). */
#include "core/ops/pool2d.h"

#include "core/ops/window.h"

fv_error *fv_pool2d_shape(const fv_type *x, const fv_pool2d_options *o, fv_type *y) {
    static const char *const axes[] = { "height", "width" };
    int64_t places[2] = { 0 };
    for (int axis = 0; axis < 2; axis++) {
        fv_window window = { o->window[axis], o->stride[axis], 1, o->padding[axis], o->padding[axis + 2] };
        if (window.before >= window.size || window.after >= window.size)
            return fv_fail(FV_SHAPE, "padding of %lld and %lld along the %s has to be smaller than the window of %lld",
                           (long long)window.before, (long long)window.after, axes[axis], (long long)window.size);
        FV_TRY(fv_window_count(axes[axis], x->dims[axis + 1], window, o->ceil, &places[axis]));
    }
    *y = fv_type_of(x->dtype, x->dims[0], places[0], places[1], x->dims[3]);
    return NULL;
}
