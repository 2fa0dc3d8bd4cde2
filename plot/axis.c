/* axis.c - ticks at nice numbers: of all steps 1, 2, 5 × 10^k the smallest that gives few enough. On a logarithmic axis: powers
 * of ten, every n-th of them when there are many, with 2 and 5 times each when there are few. */
#include "plot/axis.h"

#include <math.h>

#include "core/base/size.h"

#define DECADES_FEW 3 /* of which a part is much of an axis */

/* 10^k, exact as decimals are: 10⁻³ is the double that 0.001 is. */
static double power_of_ten(int k) { return k < 0 ? 1 / pow(10, -k) : pow(10, k); }

/* The next step after `step` = factor × 10^k in 1, 2, 5, 10, … */
static void next_step(int *factor, int *k) {
    *factor = *factor == 1 ? 2 : *factor == 2 ? 5 : 1;
    if (*factor == 1) ++*k;
}

/* n × factor × 10^k, with one rounding. */
static double multiple(double n, int factor, int k) {
    return k < 0 ? n * factor / power_of_ten(-k) : n * factor * power_of_ten(k);
}

static void linear(const fv_axis_options *o, fv_axis *axis) {
    int factor = 1, k = (int)floor(log10((axis->high - axis->low) / o->at_most)) - 1;
    if (o->whole && k < 0) k = 0;
    for (;; next_step(&factor, &k)) {
        double step = multiple(1, factor, k), slack = step * 1e-9;
        double first = o->outwards ? floor((axis->low + slack) / step) : ceil((axis->low - slack) / step);
        double last = o->outwards ? ceil((axis->high - slack) / step) : floor((axis->high + slack) / step);
        if (last - first + 1 > o->at_most) continue;
        axis->count = (int)(last - first + 1);
        for (int i = 0; i < axis->count; i++) axis->ticks[i] = multiple(first + i, factor, k);
        break;
    }
    if (!o->outwards) return;
    axis->low = axis->ticks[0];
    axis->high = axis->ticks[axis->count - 1];
}

static void add_tick(fv_axis *axis, double value, int at_most) {
    if (value >= axis->low * (1 - 1e-9) && value <= axis->high * (1 + 1e-9) && axis->count < at_most)
        axis->ticks[axis->count++] = value;
}

/* The nearest of 1, 2, 5 and 10 times 10^k that is not above `value`, or not below it. */
static double next_tick(double value, int k, bool above) {
    static const int factors[] = { 1, 2, 5, 10 };
    int i = above ? 0 : 3;
    while (above && i < 3 && multiple(1, factors[i], k) < value * (1 - 1e-9)) i++;
    while (!above && i > 0 && multiple(1, factors[i], k) > value * (1 + 1e-9)) i--;
    return multiple(1, factors[i], k);
}

static void logarithmic(const fv_axis_options *o, fv_axis *axis) {
    int first = (int)floor(log10(axis->low) + 1e-9), last = (int)ceil(log10(axis->high) - 1e-9), decades = last - first;
    bool between = 3 * decades + 1 <= o->at_most;
    if (o->outwards) {
        axis->low = decades <= DECADES_FEW ? next_tick(axis->low, first, false) : power_of_ten(first);
        axis->high = decades <= DECADES_FEW ? next_tick(axis->high, last - 1, true) : power_of_ten(last);
    }
    int step = (int)fv_ceil_div(decades + 1, o->at_most);
    for (int k = first; k <= last; k += step) {
        add_tick(axis, multiple(1, 1, k), o->at_most);
        if (!between) continue;
        add_tick(axis, multiple(1, 2, k), o->at_most);
        add_tick(axis, multiple(1, 5, k), o->at_most);
    }
}

void fv_axis_make(const fv_axis_options *options, fv_axis *axis) {
    double low = options->low, high = options->high;
    bool log = options->logarithmic;
    bool usable = fabs(low) < 1e300 && fabs(high) < 1e300 && (!log || low > 0);
    if (!usable) low = log ? 0.1 : 0, high = 1;
    if (!(high - low > 1e-12 * fmax(fabs(low), fabs(high)))) {
        double margin = low == 0 ? 1 : fabs(low) / 2;
        high = low + margin;
        low = log ? low / 2 : low - margin;
    }
    *axis = (fv_axis){ .low = low, .high = high, .logarithmic = log };
    if (log)
        logarithmic(options, axis);
    else
        linear(options, axis);
}

double fv_axis_place(const fv_axis *axis, double value) {
    if (!isfinite(value) || (axis->logarithmic && value <= 0)) return NAN;
    if (axis->logarithmic) return log(value / axis->low) / log(axis->high / axis->low);
    return (value - axis->low) / (axis->high - axis->low);
}

void fv_axis_print(double value, fv_text *out) {
    double size = fabs(value);
    if (size == 0 || (size >= 1e-4 && size < 1e6)) {
        double scale = size == 0 ? 1 : pow(10, 11 - ceil(log10(size)));
        return fv_text_add_number(out, round(value * scale) / scale + 0.0);
    }
    int k = (int)floor(log10(size) + 1e-9);
    fv_text_add_number(out, round(multiple(value, 1, -k) * 1e6) / 1e6);
    fv_text_addf(out, "e%d", k);
}
