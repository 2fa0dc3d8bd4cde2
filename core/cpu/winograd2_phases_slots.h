/* winograd2_phases_slots.h - where a number of a tile by phases has its slot (winograd.h), for winograd2_*_axes.h. Along an
 * axis a tile of `results` has results + 1 numbers of the phase that meets two taps, then `results` of the one that meets one.
 */
#ifndef FV_CPU_WINOGRAD2_PHASES_SLOTS_H
#define FV_CPU_WINOGRAD2_PHASES_SLOTS_H

#include "core/cpu/lanes.h"
#include "core/cpu/winograd.h"

#define INLINE static inline __attribute__((always_inline))
#define SIDE 3 /* of a transformed tile */
#define TILE 2

INLINE int is_second(int results, int number) { return number > results; }
INLINE int point_of(int results, int number) {
    if (is_second(results, number)) return number - results - 1;
    return number == results ? SIDE - 1 : number;
}
INLINE int phase_slot(int rows, int i, int columns, int j) {
    int p = point_of(rows, i), q = point_of(columns, j);
    return fv_winograd_slot(p, q) + is_second(rows, i) * fv_winograd_phases_of(q) + is_second(columns, j);
}

#endif
