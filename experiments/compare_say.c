/* compare_say.c - a comparison in words. */
#include <math.h>
#include <string.h>

#include "core/base/size.h"
#include "experiments/compare.h"
#include "plot/say.h"

const char *fv_verdict_name(fv_verdict_kind kind) {
    static const char *const names[] = { "refused", "unknown", "alike", "better", "worse" };
    return names[kind];
}

/* Of the runs the fewest pictures that a share is of; runs without any do not count. */
static int64_t pictures_of(const fv_comparison *c) {
    int64_t fewest = INT64_MAX;
    for (int64_t r = 0; r < c->run_count; r++)
        if (c->runs[r].outcomes) fewest = fv_min(fewest, c->runs[r].outcomes->count);
    return fewest;
}

fv_error *fv_comparison_say(const fv_comparison *c, double value, bool share, fv_arena *arena, const char **out) {
    if (isnan(value)) return fv_arena_text(arena, "–", out);
    return share ? fv_say_percent(arena, value, pictures_of(c), out) : fv_say_number(arena, value, out);
}

fv_error *fv_comparison_say_interval(const fv_comparison *c, fv_interval interval, bool share, fv_arena *arena,
                                     const char **out) {
    const char *low, *high;
    *out = NULL;
    if (isnan(interval.low)) return NULL;
    FV_TRY(fv_comparison_say(c, interval.low, share, arena, &low));
    FV_TRY(fv_comparison_say(c, interval.high, share, arena, &high));
    return fv_arena_format(arena, out, "%s to %s", low, high);
}

/* Differences of shares are points, so that they are not taken for shares of shares. */
static fv_error *say_difference(const fv_comparison *c, double value, bool share, bool sign, fv_arena *arena,
                                const char **out) {
    const char *digits;
    if (share)
        FV_TRY(fv_arena_format(arena, &digits, "%.*f", pictures_of(c) < 1000 ? 1 : 2, 100 * fabs(value)));
    else
        FV_TRY(fv_say_number(arena, fabs(value), &digits));
    bool zero = !strpbrk(digits, "123456789");
    return fv_arena_format(arena, out, "%s%s", zero ? "" : value < 0 ? "\u2212" : sign ? "+" : "", digits);
}

static const char *found_of(const fv_verdict *v, bool of_seeds) {
    switch (v->kind) {
    case FV_VERDICT_BETTER: return "better by";
    case FV_VERDICT_WORSE: return "worse by";
    default: return of_seeds ? "inside seed noise:" : "not told apart by these pictures:";
    }
}

/* "better by 15.8 points (95 %: 6.0 to 25.6), p = 0.013, Welch's t over 3 and 3 seeds" */
static fv_error *say_test(const fv_comparison *c, int64_t tests, bool of_seeds, fv_arena *arena, fv_verdict *v) {
    const char *gain, *low, *high, *p, *interval = "", *adjusted = "";
    bool alike = v->kind == FV_VERDICT_ALIKE;
    double turn = v->kind == FV_VERDICT_WORSE ? -1 : 1, ends[] = { v->interval.low, v->interval.high };
    FV_TRY(say_difference(c, turn * v->gain, v->share, alike, arena, &gain));
    if (!isnan(v->interval.low)) {
        FV_TRY(say_difference(c, turn > 0 ? ends[0] : -ends[1], v->share, false, arena, &low));
        FV_TRY(say_difference(c, turn > 0 ? ends[1] : -ends[0], v->share, false, arena, &high));
        FV_TRY(fv_arena_format(arena, &interval, " (%g %%: %s to %s)", 100 * c->confidence, low, high));
    }
    FV_TRY(fv_say_p(arena, v->p, &p));
    if (tests > 1) FV_TRY(fv_arena_format(arena, &adjusted, " (Holm's, of %lld tests)", (long long)tests));
    return fv_arena_format(arena, &v->text, "%s %s%s%s, %s%s, %s", found_of(v, of_seeds), gain, v->share ? " points" : "",
                           interval, p, adjusted, v->test);
}

fv_error *fv_verdict_say(const fv_comparison *c, int64_t tests, bool of_seeds, fv_arena *arena, fv_verdict *v) {
    const char *gain;
    if (v->kind == FV_VERDICT_REFUSED) return fv_arena_format(arena, &v->text, "not comparable: %s", v->reason);
    if (v->kind != FV_VERDICT_UNKNOWN) return say_test(c, tests, of_seeds, arena, v);
    if (isnan(v->gain)) return fv_arena_format(arena, &v->text, "not known: %s", v->reason);
    FV_TRY(say_difference(c, v->gain, v->share, true, arena, &gain));
    return fv_arena_format(arena, &v->text, "not known: %s%s, but %s", gain, v->share ? " points" : "", v->reason);
}
