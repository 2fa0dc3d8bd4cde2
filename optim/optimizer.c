/* shared: optimizer.c - arithmetic that optimizers share. */
#include "optim/optimizer.h"

fv_value fv_update_number(fv_update *u, double value) {
    return fv_constant(u->graph, fv_value_type(u->graph, u->parameter)->dtype, value);
}

fv_value fv_update_cast(fv_update *u, fv_value scalar) {
    fv_dtype dtype = fv_value_type(u->graph, u->parameter)->dtype;
    if (fv_value_type(u->graph, scalar)->dtype == dtype) return scalar;
    return fv_apply(u->graph, "cast", FV_VALUES(scalar), "dtype=%s", fv_dtype_name(dtype));
}

fv_value fv_update_axpy(fv_update *u, fv_value x, double a, fv_value y) {
    return fv_update_apply(u, "add", fv_update_apply(u, "mul", x, fv_update_number(u, a)), y);
}

fv_value fv_update_blend(fv_update *u, fv_value old, double kept, fv_value x) {
    fv_value part = fv_update_apply(u, "mul", old, fv_update_number(u, kept));
    return fv_update_apply(u, "add", part, fv_update_apply(u, "mul", x, fv_update_number(u, 1 - kept)));
}

fv_value fv_update_decayed_gradient(fv_update *u) {
    return u->weight_decay == 0 ? u->gradient : fv_update_axpy(u, u->parameter, u->weight_decay, u->gradient);
}
