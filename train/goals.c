/* goals.c - a metric, a comparison, a number; several with ';' between. */
#include "train/goals.h"

#include <math.h>
#include <string.h>

#include "core/base/text.h"

#define HINT "write for example \"top1>=0.95; latency_ms<=20; size_mb<=50\" (`fovea help metric` lists the metrics)"

static const char *trim(char *text) {
    text += strspn(text, " \t\n");
    for (char *end = text + strlen(text); end > text && strchr(" \t\n", end[-1]); end--) end[-1] = 0;
    return text;
}

bool fv_goal_is_latency(const fv_goal *goal) { return !strcmp(goal->what, "latency_ms"); }
bool fv_goal_is_size(const fv_goal *goal) { return !strcmp(goal->what, "size_mb"); }

static fv_error *parse_one(char *text, fv_outcome_kind kind, int64_t classes, fv_goal *goal) {
    char *sign = strpbrk(text, "<>");
    if (!sign || sign[1] != '=')
        return fv_error_hint(fv_fail(FV_USAGE, "targets: \"%s\" compares nothing by >= or <=", trim(text)), HINT);
    const char *number = trim(sign + 2);
    if (!fv_text_to_number(number, &goal->bound) || !isfinite(goal->bound))
        return fv_error_hint(fv_fail(FV_USAGE, "targets: \"%s\" is no number", number), HINT);
    goal->at_most = *sign == '<';
    *sign = 0;
    goal->what = trim(text);
    goal->reached = NAN;
    if (fv_goal_is_latency(goal) || fv_goal_is_size(goal)) return NULL;
    return fv_error_wrap(fv_metric_check(goal->what, kind, classes), "targets: \"%s\"", goal->what);
}

fv_error *fv_goals_parse(const char *text, fv_outcome_kind kind, int64_t classes, fv_arena *arena, fv_goals *out) {
    *out = (fv_goals){ 0 };
    if (!text) return NULL;
    char *copy;
    FV_TRY(fv_arena_copy(arena, text, (int64_t)strlen(text) + 1, (void **)&copy));
    FV_TRY(fv_arena_take(arena, (int64_t)strlen(text) / 4 + 1, &out->at)); /* a goal has four letters at least: "a<=1" */
    for (char *piece, *rest = copy; (piece = strsep(&rest, ";"));)
        if (*trim(piece)) FV_TRY(parse_one(piece, kind, classes, &out->at[out->count++]));
    return NULL;
}

bool fv_goal_met(const fv_goal *goal) { return goal->at_most ? goal->reached <= goal->bound : goal->reached >= goal->bound; }
