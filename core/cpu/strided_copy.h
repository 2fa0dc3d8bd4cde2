/* strided_copy.h - a tensor copied from one layout of memory to another, any dtype, by the team. */
#ifndef FV_CPU_STRIDED_COPY_H
#define FV_CPU_STRIDED_COPY_H

#include "fovea/tensor.h"

/* to ← from: the same dims and dtype, any strides; those of `to` show no element twice. */
void fv_strided_copy(const fv_tensor *to, const fv_tensor *from);

#endif
