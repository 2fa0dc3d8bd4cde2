/* shared: conv_unit.c - see conv_unit.h. */
#include "layers/conv_unit.h"

#include <stddef.h>

#include "core/base/size.h"

#define INIT "init=\"kaiming_normal mode=fan_out nonlinearity=relu\""

static int64_t same_padding(int64_t size, int64_t kernel, int64_t stride) {
    return fv_max((fv_ceil_div(size, stride) - 1) * stride + kernel - size, 0);
}

fv_value fv_conv_unit_add(fv_graph *graph, fv_value x, const fv_conv_unit *u) {
    int64_t pad[4]; /* top, left, bottom, right */
    for (int d = 0; d < 2; d++) {
        int64_t size = fv_value_type(graph, x)->dims[1 + d], both = same_padding(size, u->kernel, u->stride);
        pad[d] = u->same ? both / 2 : (u->kernel - 1) / 2;
        pad[2 + d] = u->same ? both - both / 2 : (u->kernel - 1) / 2;
    }
    x = fv_layer_apply(
        graph, u->conv, x, "conv2d filters=%lld kernel=%lld stride=%lld padding=%lld,%lld,%lld,%lld groups=%lld bias=%s " INIT,
        (long long)u->filters, (long long)u->kernel, (long long)u->stride, (long long)pad[0], (long long)pad[1],
        (long long)pad[2], (long long)pad[3], (long long)(u->groups ? u->groups : 1), u->bias ? "true" : "false");
    if (u->norm)
        x = fv_layer_apply(graph, u->norm, x, "batch_norm epsilon=%.17g momentum=%.17g", u->epsilon ? u->epsilon : 1e-5,
                           u->momentum ? u->momentum : 0.1);
    return u->activation ? fv_apply(graph, u->activation, FV_VALUES(x), NULL) : x;
}

int64_t fv_multiple_of_8(double filters) {
    int64_t rounded = fv_max((int64_t)(filters + 4) / 8 * 8, 8);
    return (double)rounded < 0.9 * filters ? rounded + 8 : rounded;
}

fv_value fv_squeeze_excite_add(fv_graph *graph, fv_value x, const fv_squeeze_excite *b) {
    int64_t channels = fv_value_type(graph, x)->dims[3];
    fv_value s = fv_apply(graph, "global_avg_pool2d", FV_VALUES(x), NULL);
    s = fv_layer_apply(graph, b->reduce, s, "conv2d filters=%lld kernel=1 " INIT " ", (long long)b->squeezed);
    s = fv_apply(graph, b->activation, FV_VALUES(s), NULL);
    s = fv_layer_apply(graph, b->expand, s, "conv2d filters=%lld kernel=1 " INIT, (long long)channels);
    return fv_apply(graph, "mul", FV_VALUES(x, fv_apply(graph, b->gate, FV_VALUES(s), NULL)), NULL);
}
