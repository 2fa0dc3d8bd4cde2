/* retrain_gate.c - the last step of a job: challenger against champion, on what is held out, on the newest labels, by class and
 * by source; the decision is made once, and found again by its version. */
#include <string.h>

#include "core/base/json.h"
#include "experiments/promote.h"
#include "experiments/retrain_job.h"

#define PASSES "it passes every check"
#define CHECK_OPTIONS "path=path label=label target=class"

static fv_error *list_also(fv_retrain *r, fv_promote_also **out, int64_t *count) {
    const fv_retrain_policy *p = &r->policy;
    fv_promote_also *also;
    *count = 0;
    FV_TRY(fv_arena_take(r->arena, 1 + r->plan.keys.count, &also));
    if (r->plan.check) {
        fv_promote_also *a = &also[(*count)++];
        *a = (fv_promote_also){ .name = "newest_labels", .margin = p->new_margin };
        a->shown_worse = r->plan.check < p->check_rows;
        FV_TRY(fv_retrain_path(r, "check.csv", &a->pictures.data));
    }
    for (int64_t k = 0; k < r->plan.keys.count; k++) {
        fv_promote_also *a = &also[(*count)++];
        const char *name;
        *a = (fv_promote_also){ .shown_worse = true, .margin = p->slice_margin };
        FV_TRY(fv_arena_format(r->arena, &a->name, "newest_labels, source %s", r->plan.keys.at[k]));
        FV_TRY(fv_arena_format(r->arena, &name, "check-%lld.csv", (long long)k));
        FV_TRY(fv_retrain_path(r, name, &a->pictures.data));
    }
    for (int64_t i = 0; i < *count; i++) {
        also[i].pictures.part = "all";
        also[i].pictures.source = "list";
        also[i].pictures.source_options = CHECK_OPTIONS;
    }
    *out = also;
    return NULL;
}

/* From the registry what say_reasons says of a decision that is made now. */
static fv_error *read_reasons(fv_retrain *r, const char *json, bool *harmful, const char **reason) {
    json_t *checks, *check;
    size_t i;
    FV_TEXT(text, 1 << 16);
    *harmful = false;
    FV_TRY(fv_json_load(json, (int64_t)strlen(json), 0, NULL, &checks));
    json_array_foreach(checks, i, check) {
        const char *name = json_string_value(json_object_get(check, "name"));
        const char *said = json_string_value(json_object_get(check, "text"));
        *harmful |= json_is_true(json_object_get(check, "harmful"));
        if (!name || !said || json_is_true(json_object_get(check, "passed"))) continue;
        fv_text_addf(&text, "%s%s: %s", text.length ? "; " : "", name, said);
    }
    json_decref(checks);
    if (!text.length) fv_text_add(&text, PASSES);
    FV_TRY(fv_text_error(&text));
    return fv_arena_text(r->arena, text.at, reason);
}

/* One that is written down was made before this process, which was then killed before it could end the job. */
static fv_error *find_decision(fv_retrain *r, int64_t challenger, fv_retrain_result *result, const char **reason) {
    fv_promotion_list list;
    fv_error *error = NULL;
    bool harmful;
    result->verdict = NULL;
    FV_TRY(fv_promotions_list(r->registry, r->policy.model, r->policy.alias, 0, &list));
    for (int64_t i = 0; i < list.count && !result->verdict && !error; i++) {
        if (list.at[i].version != challenger || list.at[i].verb != FV_ALIAS_PROMOTE) continue;
        error = read_reasons(r, list.at[i].reasons, &harmful, reason);
        result->promoted = list.at[i].taken;
        result->verdict = list.at[i].taken ? "promoted" : harmful ? "rejected" : "held";
    }
    fv_promotion_list_release(&list);
    return error;
}

static fv_error *say_reasons(fv_retrain *r, const fv_gate_decision *d, const char **reason) {
    FV_TEXT(text, 1 << 16);
    for (int64_t i = 0; i < d->count; i++) {
        fv_retrain_say(r, "%s %s: %s", d->checks[i].passed ? "✓" : "✗", d->checks[i].name, d->checks[i].text);
        if (!d->checks[i].passed)
            fv_text_addf(&text, "%s%s: %s", text.length ? "; " : "", d->checks[i].name, d->checks[i].text);
    }
    if (!text.length) fv_text_add(&text, PASSES);
    FV_TRY(fv_text_error(&text));
    return fv_arena_text(r->arena, text.at, reason);
}

static fv_error *decide(fv_retrain *r, int64_t challenger, fv_promoted *promoted) {
    const fv_retrain_policy *p = &r->policy;
    fv_promote_options options = { .alias = p->alias,
                                   .margin = p->margin,
                                   .larger = p->larger,
                                   .slower = p->slower,
                                   .slice_pictures = p->slice_pictures,
                                   .slice_margin = p->slice_margin,
                                   .by_hand = p->promotion == FV_RETRAIN_BY_HAND,
                                   .device = r->options.device };
    options.pictures = (fv_held_out_options){ .data = p->held_out ? p->held_out : p->data,
                                              .part = p->held_out ? NULL : "test",
                                              .source = p->source,
                                              .source_options = p->source_options,
                                              .workers = r->options.workers };
    FV_TRY(fv_arena_format(r->arena, &options.version, "%s/%lld", p->model, (long long)challenger));
    FV_TRY(list_also(r, (fv_promote_also **)&options.also, &options.also_count));
    return fv_promote_version(r->registry, &options, r->arena, promoted);
}

fv_error *fv_retrain_gate(fv_retrain *r, int64_t challenger, fv_retrain_result *result, const char **reason) {
    fv_promoted promoted;
    FV_TRY(fv_retrain_note(r, "gate"));
    if (challenger == r->plan.champion) {
        result->verdict = "held";
        return fv_arena_text(r->arena, "the training gave the very file that is in use", reason);
    }
    FV_TRY(find_decision(r, challenger, result, reason));
    if (result->verdict) return NULL;
    fv_error *error = decide(r, challenger, &promoted);
    if (error &&
        fv_error_code(error) == FV_CONFLICT) { /* somebody moved the alias meanwhile: it is judged against that version */
        fv_error_free(error);
        error = decide(r, challenger, &promoted);
    }
    FV_TRY(error);
    result->promoted = promoted.decision.promoted;
    result->verdict = promoted.decision.promoted ? "promoted" : promoted.decision.harmful ? "rejected" : "held";
    return say_reasons(r, &promoted.decision, reason);
}
