/* shared: winograd4_stored_bf16.c - Winograd's transforms (winograd.h) of pictures that are bf16, by vectors of 16. */
#define FV_WINOGRAD_STORED
#include "core/cpu/winograd_tiles.h"

const fv_winograd_pictures fv_winograd4_stored_bf16 = { from_x, from_dy, to_y };
