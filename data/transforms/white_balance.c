/* white_balance.c - the scene in the light of another lamp, RGB only: what a camera set to 6500 K makes of a light of that
 * colour temperature, bluish above, reddish below, and of a tint between green and magenta.
 *
 * The light's chromaticity is the Planckian locus in the cubic form of Kang et al., "Design of advanced color temperature
 * control system for HDTV applications", 2002 (1667 to 25000 K); xyY → linear sRGB by IEC 61966-2-1's matrix. A channel's light
 * is multiplied by the lamp's over that at 6500 K, green by 2^tint besides, and all three by the number that keeps the
 * luminance of white. Temperatures are drawn so that 10^6 / T (mired), in which equal steps look alike, is uniform. */
#include <math.h>

#include "data/colour.h"
#include "data/tone.h"
#include "data/transform.h"

#define NEUTRAL 6500.0 /* kelvin */

typedef struct fv_white_balance_options {
    int when;
    double probability, temperature[2], tint[2];
} fv_white_balance_options;

static const fv_field fields[] = {
    FV_WHEN(fv_white_balance_options, "training"),
    FV_PROBABILITY(fv_white_balance_options, "1"),
    FV_FIELD(fv_white_balance_options, temperature, .by_default = "4500,9500", .min = 2000, .max = 25000,
             .help = "of the light in kelvin, drawn between the two; 6500 changes nothing"),
    FV_FIELD(fv_white_balance_options, tint, .by_default = "-0.1,0.1", .min = -2, .max = 2,
             .help = "stops of green, drawn between the two; below 0 is magenta"),
    FV_FIELDS_END,
};

static fv_error *check(const void *options) {
    const fv_white_balance_options *o = options;
    FV_TRY(fv_range_check("temperature", o->temperature));
    return fv_range_check("tint", o->tint);
}

/* a t³ + b t² + c t + d */
static double cubic(double t, const double k[4]) { return ((k[0] * t + k[1]) * t + k[2]) * t + k[3]; }

/* Linear sRGB of a black body at `kelvin`, luminance 1. */
static void light_of(double kelvin, double rgb[3]) {
    static const double x_warm[] = { -0.2661239, -0.2343589, 0.8776956, 0.179910 };
    static const double x_cold[] = { -3.0258469, 2.1070379, 0.2226347, 0.240390 };
    static const double y_warmest[] = { -1.1063814, -1.34811020, 2.18555832, -0.20219683 };
    static const double y_warm[] = { -0.9549476, -1.37418593, 2.09137015, -0.16748867 };
    static const double y_cold[] = { 3.0817580, -5.87338670, 3.75112997, -0.37001483 };
    double x = cubic(1000 / kelvin, kelvin <= 4000 ? x_warm : x_cold);
    double y = cubic(x, kelvin <= 2222 ? y_warmest : kelvin <= 4000 ? y_warm : y_cold);
    double X = x / y, Z = (1 - x - y) / y;
    rgb[0] = 3.2406 * X - 1.5372 - 0.4986 * Z;
    rgb[1] = -0.9689 * X + 1.8758 + 0.0415 * Z;
    rgb[2] = 0.0557 * X - 0.2040 + 1.0570 * Z;
}

static void gains_of(double kelvin, double tint, double gains[3]) {
    static const double luminance[] = { 0.2126, 0.7152, 0.0722 };
    double neutral[3], sum = 0;
    light_of(kelvin, gains);
    light_of(NEUTRAL, neutral);
    for (int c = 0; c < 3; c++) {
        gains[c] = fmax(gains[c] / neutral[c], 0) * (c == 1 ? exp2(tint) : 1);
        sum += luminance[c] * gains[c];
    }
    for (int c = 0; c < 3; c++) gains[c] /= sum;
}

static fv_error *apply(const fv_transform_call *call) {
    const fv_white_balance_options *o = call->options;
    FV_TRY(fv_colour_needed(call->image));
    if (fv_random_unit(call->random) >= o->probability) return NULL;
    double low = o->temperature[0], high = o->temperature[1], gains[3];
    double kelvin = low / (1 + fv_random_unit(call->random) * (low / high - 1));
    double tint = fv_random_between(call->random, o->tint[0], o->tint[1]);
    if (kelvin == NEUTRAL && tint == 0) return NULL;
    gains_of(kelvin, tint, gains);
    for (int c = 0; c < 3; c++) fv_tone_gain_channel(call->image, c, gains[c]);
    return NULL;
}

const fv_transform fv_transform_white_balance = {
    .name = "white_balance",
    .summary = "shows the scene in warmer or colder light (RGB only)",
    .fields = fields,
    .example = "temperature=3500,25000 tint=-0.3,0.3",
    .check = check,
    .size = fv_colour_size,
    .apply = apply,
};
