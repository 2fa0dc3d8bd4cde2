/* leaves_avx2.c - leaves of a tree hash (leaves.h), four at once. */
#include "core/formats/leaves.h"

const fv_leaves fv_leaves_by_4 = { LANES, hash_leaves };
