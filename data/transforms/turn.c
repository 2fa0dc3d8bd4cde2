/* turn.c - a quarter turn, a half, three quarters or none, each with its own weight. Pixels are moved, never mixed. */
#include "data/transform.h"

typedef struct fv_turn_options {
    int when;
    double probability, quarters[4];
} fv_turn_options;

static const fv_field fields[] = {
    FV_WHEN(fv_turn_options, "training"),
    FV_PROBABILITY(fv_turn_options, "1"),
    FV_FIELD(fv_turn_options, quarters, .by_default = "1,1,1,1", .max = 1e6,
             .help = "weights of 0°, 90°, 180° and 270°, counter-clockwise"),
    FV_FIELDS_END,
};

static double total(const fv_turn_options *o) { return o->quarters[0] + o->quarters[1] + o->quarters[2] + o->quarters[3]; }

static fv_error *check(const void *options) {
    const fv_turn_options *o = options;
    if (total(o) > 0) return NULL;
    return fv_fail(FV_USAGE, "quarters are the weights of four turns, and all of them are zero");
}

/* Height and width stay, are exchanged, or depend on the draw. */
static fv_error *size(const void *options, fv_size *size) {
    const fv_turn_options *o = options;
    bool may_lie = o->probability > 0 && o->quarters[1] + o->quarters[3] > 0;
    bool may_stand = o->probability < 1 || o->quarters[0] + o->quarters[2] > 0;
    if (!may_lie || size->height == size->width) return NULL;
    fv_size before = *size;
    size->height = may_stand ? 0 : before.width;
    size->width = may_stand ? 0 : before.height;
    return NULL;
}

/* How many quarters, counter-clockwise. */
static int draw(const fv_turn_options *o, fv_random *random) {
    if (fv_random_unit(random) >= o->probability) return 0;
    double left = fv_random_unit(random) * total(o);
    for (int quarter = 0, last = 0;; quarter++) {
        if (quarter == 4) return last; /* the sum was rounded */
        if (left < o->quarters[quarter]) return quarter;
        left -= o->quarters[quarter];
        if (o->quarters[quarter] > 0) last = quarter;
    }
}

static fv_error *apply(const fv_transform_call *call) {
    static const int orientations[] = { 1, 8, 3, 6 }; /* EXIF's words for them */
    int quarter = draw(call->options, call->random);
    if (!quarter) return NULL;
    FV_TRY(fv_image_turn_to(call->image, orientations[quarter], &call->work->spare));
    fv_image_swap(call->image, &call->work->spare);
    return NULL;
}

const fv_transform fv_transform_turn = {
    .name = "turn",
    .summary = "turns the picture by 0°, 90°, 180° or 270° at random",
    .fields = fields,
    .example = "",
    .check = check,
    .size = size,
    .apply = apply,
};
