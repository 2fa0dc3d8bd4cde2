/* shadow.c - a shadow with a soft edge falls on a part of the picture, which becomes darker there.
 *
 * The shadow is where no straight line has it on its outer side: one line makes a half-plane, two a strip, more a convex
 * polygon. A point is drawn uniformly in the picture; one line goes through it; of more, each lies `reach` (a part of the short
 * side, drawn) from it, with normals at even angles, each turned by up to a quarter of their distance. With d the distance
 * from the edge, outside counted positive, in short sides, the factor is 1 − strength · (1 − smoothstep(d / softness + 1/2)),
 * where smoothstep(t) = t² (3 − 2t), t cut to 0…1. Coded values are multiplied, not light. */
#include <math.h>

#include "data/light.h"

#define SIDES_MAX 8
#define TURN (2 * 3.14159265358979323846)

typedef struct fv_shadow_options {
    int when;
    double probability, strength[2];
    int64_t sides[2];
    double reach[2], softness[2];
} fv_shadow_options;

static const fv_field fields[] = {
    FV_WHEN(fv_shadow_options, "training"),
    FV_PROBABILITY(fv_shadow_options, "0.5"),
    FV_FIELD(fv_shadow_options, strength, .by_default = "0.3,0.7", .max = 1,
             .help = "drawn between the two; 0 changes nothing, 1 is black"),
    FV_FIELD(fv_shadow_options, sides, .by_default = "1,5", .min = 1, .max = SIDES_MAX,
             .help = "drawn between the two: 1 a half-plane, 2 a strip, more a polygon"),
    FV_FIELD(fv_shadow_options, reach, .by_default = "0.1,0.5", .max = 10,
             .help = "from a strip's or polygon's middle to a side, in short sides of the picture"),
    FV_FIELD(fv_shadow_options, softness, .by_default = "0.01,0.2", .max = 10,
             .help = "width of the edge, in short sides of the picture"),
    FV_FIELDS_END,
};

static fv_error *check(const void *options) {
    const fv_shadow_options *o = options;
    FV_TRY(fv_range_check("strength", o->strength));
    FV_TRY(fv_range_check("sides", (double[]){ (double)o->sides[0], (double)o->sides[1] }));
    FV_TRY(fv_range_check("reach", o->reach));
    return fv_range_check("softness", o->softness);
}

typedef struct shadow {
    int64_t sides;
    fv_light_line lines[SIDES_MAX];
    double strength, softness;
} shadow;

static shadow draw(const fv_shadow_options *o, fv_random *random, const fv_image *image) {
    double height = (double)image->height, width = (double)image->width, side = fmin(height, width);
    double x = (fv_random_unit(random) - 0.5) * width / side, y = (fv_random_unit(random) - 0.5) * height / side;
    shadow s = { .strength = fv_random_between(random, o->strength[0], o->strength[1]),
                 .softness = fmax(fv_random_between(random, o->softness[0], o->softness[1]), 1e-6),
                 .sides = o->sides[0] + fv_random_below(random, o->sides[1] - o->sides[0] + 1) };
    double first = fv_random_between(random, 0, TURN), apart = TURN / (double)s.sides;
    for (int64_t i = 0; i < s.sides; i++) {
        double angle = first + apart * ((double)i + fv_random_between(random, -0.25, 0.25));
        double reach = fv_random_between(random, o->reach[0], o->reach[1]);
        fv_light_line line = fv_light_line_at(angle, 0);
        line.distance = line.across * x + line.down * y + (s.sides > 1 ? reach : 0);
        s.lines[i] = line;
    }
    return s;
}

static void factors_of_row(const void *context, const fv_image *image, int64_t y, float *factors) {
    const shadow *s = context;
    for (int64_t i = 0; i < s->sides; i++) {
        float from = (float)fv_light_line_row(&s->lines[i], image, y), step = (float)fv_light_line_step(&s->lines[i], image);
        for (int64_t x = 0; x < image->width; x++) {
            float distance = from + step * (float)x;
            factors[x] = i == 0 || distance > factors[x] ? distance : factors[x];
        }
    }
    float strength = (float)s->strength, scale = (float)(1 / s->softness);
    for (int64_t x = 0; x < image->width; x++) {
        float t = factors[x] * scale + 0.5f;
        t = t > 0 ? t : 0;
        t = t < 1 ? t : 1;
        factors[x] = 1 - strength * (1 - t * t * (3 - 2 * t));
    }
}

static fv_error *apply(const fv_transform_call *call) {
    const fv_shadow_options *o = call->options;
    if (fv_random_unit(call->random) >= o->probability) return NULL;
    shadow s = draw(o, call->random, call->image);
    if (s.strength == 0) return NULL;
    return fv_light_apply(call->image, factors_of_row, &s, call->work);
}

const fv_transform fv_transform_shadow = {
    .name = "shadow",
    .summary = "lets a shadow with a soft edge fall on a part of the picture",
    .fields = fields,
    .example = "p=1",
    .check = check,
    .apply = apply,
};
