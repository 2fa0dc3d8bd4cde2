/* shared: winograd.c - how a Winograd convolution's tiles are numbered (winograd.h). */
#include "core/cpu/winograd.h"

#include "core/base/size.h"

/* Results along an axis that tiles are cut from: numbers of y, or pairs of them. */
static int64_t results_along(const fv_winograd *w, int axis) {
    return w->spread ? fv_ceil_div(w->y_size[axis], 2) : w->y_size[axis];
}

/* Tiles of a picture that are whole, and that are short, along one axis. */
static int64_t whole_along(const fv_winograd *w, int axis) { return results_along(w, axis) / w->tile; }
static int64_t short_along(const fv_winograd *w, int axis) { return results_along(w, axis) % w->tile != 0; }

/* The four kinds in the order of their numbers: tiles of all pictures. */
typedef enum kind { SHORT_DOWN, WHOLE, SHORT_ACROSS, SHORT_BOTH, KINDS } kind;

static int64_t down_of(const fv_winograd *w, int kind) {
    return kind == SHORT_DOWN || kind == SHORT_BOTH ? short_along(w, 0) : whole_along(w, 0);
}
static int64_t across_of(const fv_winograd *w, int kind) {
    return kind == SHORT_ACROSS || kind == SHORT_BOTH ? short_along(w, 1) : whole_along(w, 1);
}

/* Tiles of the kinds before this one. */
static int64_t before(const fv_winograd *w, int kind) {
    int64_t tiles = 0;
    for (int k = 0; k < kind; k++) tiles += w->pictures * down_of(w, k) * across_of(w, k);
    return tiles;
}

int64_t fv_winograd_tiles(const fv_winograd *w) { return before(w, KINDS); }

fv_winograd_place fv_winograd_place_of(const fv_winograd *w, int64_t tile) {
    int kind = 0;
    for (int64_t count; tile >= (count = w->pictures * down_of(w, kind) * across_of(w, kind)); kind++) tile -= count;
    int64_t down = down_of(w, kind), across = across_of(w, kind);
    bool is_short[2] = { kind == SHORT_DOWN || kind == SHORT_BOTH, kind == SHORT_ACROSS || kind == SHORT_BOTH };
    int64_t row = is_short[0] ? whole_along(w, 0) : tile / across % down;
    int64_t column = is_short[1] ? whole_along(w, 1) : tile % across;
    return (fv_winograd_place){ .picture = tile / across / down,
                                .row = row * w->tile,
                                .column = column * w->tile,
                                .rows = is_short[0] ? (int)(results_along(w, 0) % w->tile) : w->tile,
                                .columns = is_short[1] ? (int)(results_along(w, 1) % w->tile) : w->tile };
}

/* Whether a short tile along an axis has this point: the first ones and the last. */
static bool has(const fv_winograd *w, int axis, int64_t point) {
    return point == fv_winograd_side(w) - 1 || point < results_along(w, axis) % w->tile + fv_winograd_side(w) - w->tile - 1;
}

fv_winograd_range fv_winograd_tiles_in(const fv_winograd *w, int64_t plane) {
    bool down = has(w, 0, plane / fv_winograd_side(w)), across = has(w, 1, plane % fv_winograd_side(w));
    return (fv_winograd_range){ .begin = before(w, down ? SHORT_DOWN : WHOLE),
                                .end = before(w, !across ? SHORT_ACROSS
                                                 : down  ? KINDS
                                                         : SHORT_BOTH) };
}
