/* shared: elements.c - see elements.h. */
#include "core/ops/elements.h"

#include <string.h>

void fv_elements_copy(const fv_tensor *to, const fv_tensor *from) {
    int64_t size = fv_dtype_size(to->type.dtype);
    for (int64_t i = 0, count = fv_type_count(&to->type); i < count; i++)
        memcpy((char *)to->data + fv_tensor_offset(to, i) * size, (const char *)from->data + fv_tensor_offset(from, i) * size,
               (size_t)size);
}

fv_tensor fv_elements_part(const fv_tensor *x, int axis, int64_t start, int64_t count) {
    fv_tensor part = *x;
    part.type.dims[axis] = count;
    part.data = (char *)x->data + start * x->strides[axis] * fv_dtype_size(x->type.dtype);
    return part;
}
