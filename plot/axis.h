/* axis.h - a range of numbers and where its ticks stand: at 1, 2 or 5 times a power of ten. */
#ifndef FV_PLOT_AXIS_H
#define FV_PLOT_AXIS_H

#include <stdbool.h>

#include "core/base/text.h"

#define FV_TICKS_MAX 32

typedef struct fv_axis {
    double low, high; /* low < high; of a logarithmic axis both above 0 */
    bool logarithmic;
    int count;
    double ticks[FV_TICKS_MAX]; /* from low to high */
} fv_axis;

/* Ticks for low … high, `at_most` of them (2 … FV_TICKS_MAX). `whole`: at whole numbers only. `outwards`: the range grows to
 * the next ticks. A range that is none (equal ends, not finite, a logarithm of nothing) becomes one around it. */
typedef struct fv_axis_options {
    double low, high;
    int at_most;
    bool logarithmic, whole, outwards;
} fv_axis_options;
void fv_axis_make(const fv_axis_options *options, fv_axis *axis);

/* 0 at low, 1 at high; NaN for what has no place. */
double fv_axis_place(const fv_axis *axis, double value);

/* Appends a number as a tick says it: "0.25", "1500", "2e-5". The same in every locale. */
void fv_axis_print(double value, fv_text *out);

#endif
