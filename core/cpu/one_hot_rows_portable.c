/* one_hot_rows_portable.c - one_hot of every dtype: rows of zero bytes, which are zeros in all of them, and a 1 in each. */
#include <string.h>

#include "core/base/parallel.h"
#include "core/base/size.h"
#include "core/cpu/cost.h"
#include "core/plan/kernel.h"

#define UNIT_BYTES ((int64_t)1 << 16)

static int64_t classes_of(const fv_call *call) { return call->outputs[0].type.dims[call->outputs[0].type.rank - 1]; }
static int64_t row_bytes(const fv_call *call) { return classes_of(call) * fv_dtype_size(call->outputs[0].type.dtype); }
static int64_t unit_rows(const fv_call *call) { return fv_max(UNIT_BYTES / row_bytes(call), 1); }

static void run_unit(void *context, int64_t unit, int thread) {
    (void)thread;
    const fv_call *call = context;
    int64_t classes = classes_of(call), begin = unit * unit_rows(call);
    int64_t end = fv_min(begin + unit_rows(call), fv_type_count(&call->inputs[0].type));
    memset((char *)call->outputs[0].data + begin * row_bytes(call), 0, (size_t)((end - begin) * row_bytes(call)));
    for (int64_t row = begin; row < end; row++) {
        double class = fv_tensor_load(&call->inputs[0], row);
        if (class >= 0 && class < (double)classes) fv_tensor_store(&call->outputs[0], row * classes + (int64_t) class, 1);
    }
}

static void run(const fv_call *call) {
    int64_t rows = fv_type_count(&call->inputs[0].type);
    fv_parallel_for(fv_ceil_div(rows, unit_rows(call)), run_unit, (void *)call);
}

static double cost(const fv_call *call) { return fv_cost_loop(call); }

const fv_kernel fv_kernel_one_hot_rows_any_portable = {
    .name = "one_hot_rows_any_portable",
    .op = "one_hot",
    .isa = FV_ISA_PORTABLE,
    .cost = cost,
    .run = run,
};
