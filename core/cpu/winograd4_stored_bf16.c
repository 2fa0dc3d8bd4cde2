/* shared: winograd4_stored_bf16.c - Winograd's transforms (winograd4.h) of pictures that are bf16, by vectors of 16. */
#define FV_WINOGRAD4_STORED
#include "core/cpu/winograd4_tiles.h"

const fv_winograd4_pictures fv_winograd4_stored_bf16 = { from_x, from_dy, to_y };
