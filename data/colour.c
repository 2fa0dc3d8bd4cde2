/* colour.c - grey, saturation, hue and contrast: steps that are gathered and done in one pass over the pixels (colour_line.c),
 * as far as the next contrast, which has to know the mean of what comes of the steps before it. */
#include "data/colour.h"

#include <math.h>
#include <stddef.h>

#include "data/colour_line.h"
#include "data/tone.h"

fv_error *fv_colour_size(const void *options, fv_size *size) {
    (void)options;
    if (!size->channels || size->channels == 3) return NULL;
    return fv_error_hint(
        fv_fail(FV_SHAPE, "it needs three channels (RGB), and the pictures have %lld", (long long)size->channels),
        "leave the step out, or read the pictures with three channels");
}

fv_error *fv_colour_needed(const fv_image *image) {
    fv_size size = fv_image_size(image);
    return fv_colour_size(NULL, &size);
}

void fv_colour_grey(fv_image *image) {
    int64_t pixels = image->height * image->width;
    if (image->pixel == FV_PIXEL_U8) {
        uint8_t *at = image->pixels;
        for (int64_t i = 0; i < pixels; i++, at += 3) at[0] = at[1] = at[2] = (uint8_t)fv_grey(at[0], at[1], at[2]);
    } else {
        float *at = image->pixels;
        for (int64_t i = 0; i < pixels; i++, at += 3) at[0] = at[1] = at[2] = fv_colour_grey_of(at);
    }
}

/* ---- steps ---- */

/* Sums of a row at a time in one order, in f64: u8 exactly. */
static double mean_of_all(const fv_image *image) {
    int64_t count = image->height * image->width * image->channels;
    double sum = 0;
    for (int64_t i = 0; i < count; i++)
        sum += image->pixel == FV_PIXEL_U8 ? ((const uint8_t *)image->pixels)[i] : (double)((const float *)image->pixels)[i];
    return sum / (double)count;
}

static double mean_of_grey(const float *at, int64_t pixels) {
    double sum = 0;
    for (int64_t i = 0; i < pixels; i++, at += 3) sum += (double)fv_colour_grey_of(at);
    return sum / (double)pixels;
}

/* What one step does to a value: a line; or, of RGB, one of the other rules. */
static fv_colour_change change_of(const fv_colour_step *step, double mean) {
    double amount = step->amount;
    switch (step->kind) {
    case FV_COLOUR_BRIGHTNESS: break;
    case FV_COLOUR_CONTRAST: return (fv_colour_change){ FV_COLOUR_BY_LINE, (float)amount, (float)((1 - amount) * mean) };
    case FV_COLOUR_SATURATION: return (fv_colour_change){ FV_COLOUR_BY_SATURATION, (float)amount, 0 };
    case FV_COLOUR_HUE: return (fv_colour_change){ FV_COLOUR_BY_HUE, (float)(6 * (amount - floor(amount))), 0 };
    }
    return (fv_colour_change){ FV_COLOUR_BY_LINE, (float)amount, 0 };
}

static bool changes_something(const fv_colour_change *change) {
    if (change->rule == FV_COLOUR_BY_HUE) return change->amount > 0 && change->amount < 6;
    return change->amount != 1 || change->offset != 0;
}

/* What waits to be done to RGB in one pass. */
typedef struct pending {
    fv_colour_change changes[FV_COLOUR_STEPS];
    int64_t count;
} pending;

/* Does it, and gives the mean of the grey that comes of it where that is `wanted`. */
static double finish(fv_image *image, pending *p, bool wanted) {
    int64_t pixels = image->height * image->width, count = p->count;
    p->count = 0;
    if (!count && !wanted) return 0;
    if (image->pixel == FV_PIXEL_U8)
        return (double)fv_colour_line_u8(image->pixels, pixels, p->changes, count) / (double)pixels;
    fv_colour_line_f32(image->pixels, pixels, p->changes, count);
    return wanted ? mean_of_grey(image->pixels, pixels) : 0;
}

void fv_colour_steps(fv_image *image, const fv_colour_step *steps, int64_t count) {
    pending waits = { .count = 0 };
    for (int64_t i = 0; i < count; i++) {
        bool contrast = steps[i].kind == FV_COLOUR_CONTRAST && steps[i].amount != 1;
        double mean = !contrast ? 0 : image->channels == 3 ? finish(image, &waits, true) : mean_of_all(image);
        fv_colour_change change = change_of(&steps[i], mean);
        if (!changes_something(&change)) continue;
        if (image->channels != 3) {
            fv_tone_line(image, (double)change.amount, (double)change.offset);
            continue;
        }
        if (waits.count == FV_COLOUR_STEPS) finish(image, &waits, false);
        waits.changes[waits.count++] = change;
    }
    finish(image, &waits, false);
}

void fv_colour_saturation(fv_image *image, double factor) {
    fv_colour_steps(image, &(fv_colour_step){ FV_COLOUR_SATURATION, factor }, 1);
}

void fv_colour_hue(fv_image *image, double turn) { fv_colour_steps(image, &(fv_colour_step){ FV_COLOUR_HUE, turn }, 1); }

void fv_colour_contrast(fv_image *image, double factor) {
    fv_colour_steps(image, &(fv_colour_step){ FV_COLOUR_CONTRAST, factor }, 1);
}
