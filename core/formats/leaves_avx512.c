/* leaves_avx512.c - leaves of a tree hash (leaves.h), eight at once. */
#include "core/formats/leaves.h"

const fv_leaves fv_leaves_by_8 = { LANES, hash_leaves };
