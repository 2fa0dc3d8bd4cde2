/* gate.c - the checks, one function each. */
#include "experiments/gate.h"

#include <math.h>
#include <stddef.h>

#define TEXT_MAX 65536

typedef struct judging {
    const fv_gate_facts *facts;
    fv_arena *arena;
    fv_gate_check *checks;
    int64_t count;
} judging;

static fv_gate_check *begin_check(judging *j, const char *name) {
    fv_gate_check *check = &j->checks[j->count++];
    check->name = name;
    return check;
}

static void add_number(fv_gate_check *check, const char *name, double value) {
    check->numbers[check->number_count].name = name;
    check->numbers[check->number_count++].value = value;
}

static fv_error *say(judging *j, fv_gate_check *check, bool passed, const char *text) {
    check->passed = passed;
    return fv_arena_text(j->arena, text, &check->text);
}

/* ---- one check each ---- */

static fv_error *check_selftest(judging *j) {
    const fv_gate_facts *f = j->facts;
    fv_gate_check *check = begin_check(j, "self_test");
    add_number(check, "pictures", (double)f->selftest_pictures);
    if (f->selftest_problem) return say(j, check, false, f->selftest_problem);
    if (!f->selftest_pictures) return say(j, check, true, "the model file has no pictures to test itself by");
    check->passed = true;
    return fv_arena_format(j->arena, &check->text, "its %lld pictures give what they gave when it was made",
                           (long long)f->selftest_pictures);
}

static fv_error *check_task(judging *j) {
    const fv_gate_facts *f = j->facts;
    if (!f->incumbent) return NULL;
    return say(j, begin_check(j, "same_task"), !f->task_problem,
               f->task_problem ? f->task_problem : "it answers what the incumbent answers");
}

/* Where no picture is told apart there is no spread to make an interval of, and no loss either. */
static bool is_not_worse(const fv_gate_pairs *p, double margin) {
    return fv_not_worse(&p->gain, margin) || (isnan(p->gain.interval.low) && p->gain.of.gain == 0);
}

static bool is_worse(const fv_gate_pairs *p, double margin) { return p->gain.interval.high < -margin; }

static void add_gain(const fv_gate_facts *f, fv_gate_check *check) {
    const fv_gate_pairs *p = &f->pairs;
    add_number(check, "candidate", p->gain.of.second);
    add_number(check, "incumbent", p->gain.of.first);
    add_number(check, "gain", p->gain.of.gain);
    add_number(check, "low", p->gain.interval.low);
    add_number(check, "high", p->gain.interval.high);
    add_number(check, "margin", f->margin);
    add_number(check, "pictures", (double)p->pictures);
}

static void say_verdict(const fv_gate_facts *f, bool passed, fv_text *text) {
    const fv_gate_pairs *p = &f->pairs;
    if (passed && isnan(p->gain.interval.low))
        fv_text_add(text, ": no picture tells them apart");
    else if (passed && p->gain.interval.low > 0)
        fv_text_add(text, ": better");
    else if (passed && -p->gain.interval.low <= f->margin)
        fv_text_addf(text, ": at worst %.4g worse, less than the margin of %.4g", -p->gain.interval.low, f->margin);
    else if (is_worse(p, f->margin))
        fv_text_addf(text, ": worse by more than the margin of %.4g", f->margin);
    else
        fv_text_addf(text, ": it may be worse by more than the margin of %.4g; more pictures would tell%s", f->margin,
                     passed ? ", and it is not shown" : "");
    if (p->selected_on) fv_text_add(text, " (an epoch was chosen by these pictures, so figures flatter)");
}

static fv_error *say_gain(judging *j, fv_gate_check *check) {
    const fv_gate_facts *f = j->facts;
    const fv_gate_pairs *p = &f->pairs;
    FV_TEXT(text, TEXT_MAX);
    fv_text_addf(&text, "%s %.4g, and %.4g of %s, on %lld pictures, %s: gain %.4g", p->metric, p->gain.of.second,
                 p->gain.of.first, f->incumbent, (long long)p->pictures, p->on, p->gain.of.gain);
    if (!isnan(p->gain.interval.low))
        fv_text_addf(&text, ", 95 %% from %.4g to %.4g", p->gain.interval.low, p->gain.interval.high);
    if (p->counted)
        fv_text_addf(&text, ", %lld right that were wrong and %lld wrong that were right", (long long)p->mcnemar.only_second,
                     (long long)p->mcnemar.only_first);
    say_verdict(f, check->passed, &text);
    FV_TRY(fv_text_error(&text));
    return fv_arena_text(j->arena, text.at, &check->text);
}

static fv_error *check_not_worse(judging *j) {
    const fv_gate_facts *f = j->facts;
    fv_gate_check *check = begin_check(j, "not_worse");
    if (!f->incumbent) return say(j, check, true, "it is the first: there is none to be worse than");
    if (f->same_file) return say(j, check, true, "both versions are the same file");
    if (f->pairs.refused) {
        check->passed = false;
        return fv_arena_format(j->arena, &check->text, "not known, since it and %s were not measured on the same pictures: %s",
                               f->incumbent, f->pairs.refused);
    }
    check->passed = is_not_worse(&f->pairs, f->margin);
    check->harmful = is_worse(&f->pairs, f->margin);
    add_gain(f, check);
    return say_gain(j, check);
}

/* The same of further pictures. */
static fv_error *check_more(judging *j, const fv_gate_more *more) {
    fv_gate_facts facts = *j->facts;
    fv_gate_check *check = begin_check(j, more->name);
    facts.pairs = more->pairs, facts.margin = more->margin;
    if (facts.same_file) return say(j, check, true, "both versions are the same file");
    if (more->pairs.refused) {
        check->passed = more->shown_worse;
        return fv_arena_format(j->arena, &check->text, "not known: %s", more->pairs.refused);
    }
    check->harmful = is_worse(&facts.pairs, facts.margin);
    check->passed = more->shown_worse ? !check->harmful : is_not_worse(&facts.pairs, facts.margin);
    add_gain(&facts, check);
    judging part = { .facts = &facts, .arena = j->arena };
    return say_gain(&part, check);
}

/* `most`: times the incumbent's value; 0: any. */
static fv_error *check_ratio(judging *j, const char *name, const char *unit, double value, double incumbent, double most) {
    const fv_gate_facts *f = j->facts;
    fv_gate_check *check = begin_check(j, name);
    add_number(check, "candidate", value);
    if (!f->incumbent) {
        check->passed = true;
        return fv_arena_format(j->arena, &check->text, "%.3g %s", value, unit);
    }
    add_number(check, "incumbent", incumbent);
    add_number(check, "most", most > 0 ? most * incumbent : NAN);
    if (f->same_file) return say(j, check, true, "both versions are the same file");
    check->passed = !(most > 0) || value <= most * incumbent;
    if (!(most > 0))
        return fv_arena_format(j->arena, &check->text, "%.3g %s, and %.3g of %s; any is allowed", value, unit, incumbent,
                               f->incumbent);
    return fv_arena_format(j->arena, &check->text, "%.3g %s, and %.3g of %s: %s than %.4g times as much", value, unit,
                           incumbent, f->incumbent, check->passed ? "not more" : "more", most);
}

static fv_error *check_goal(judging *j, const fv_goal *goal) {
    const char *name;
    FV_TEXT(text, TEXT_MAX);
    fv_text_addf(&text, "target %s%s", goal->what, goal->at_most ? "<=" : ">=");
    fv_text_add_number(&text, goal->bound);
    FV_TRY(fv_text_error(&text));
    FV_TRY(fv_arena_text(j->arena, text.at, &name));
    fv_gate_check *check = begin_check(j, name);
    add_number(check, "reached", goal->reached);
    add_number(check, "bound", goal->bound);
    check->passed = fv_goal_met(goal);
    if (isnan(goal->reached)) return fv_arena_format(j->arena, &check->text, "%s is not known", goal->what);
    return fv_arena_format(j->arena, &check->text, "%s is %.4g, wanted %s %.4g", goal->what, goal->reached,
                           goal->at_most ? "at most" : "at least", goal->bound);
}

/* ---- all of them ---- */

static fv_error *check_latency(judging *j) {
    const fv_gate_facts *f = j->facts;
    if (f->incumbent_problem) {
        fv_gate_check *check = begin_check(j, "latency");
        add_number(check, "candidate", f->latency_ms);
        check->passed = true;
        return fv_arena_format(j->arena, &check->text, "%.3g ms a picture; %s cannot be used any more: %s", f->latency_ms,
                               f->incumbent, f->incumbent_problem);
    }
    return check_ratio(j, "latency", "ms a picture", f->latency_ms, f->incumbent_latency_ms, f->slower);
}

static fv_error *check_the_rest(judging *j) {
    const fv_gate_facts *f = j->facts;
    FV_TRY(check_not_worse(j));
    for (int64_t i = 0; f->incumbent && i < f->more_count; i++) FV_TRY(check_more(j, &f->more[i]));
    FV_TRY(check_latency(j));
    FV_TRY(check_ratio(j, "size", "MB", (double)f->bytes / 1e6, (double)f->incumbent_bytes / 1e6, f->larger));
    for (int64_t i = 0; i < f->goals.count; i++) FV_TRY(check_goal(j, &f->goals.at[i]));
    return NULL;
}

fv_error *fv_gate_decide(const fv_gate_facts *f, fv_arena *arena, fv_gate_decision *out) {
    judging j = { .facts = f, .arena = arena };
    FV_TRY(fv_arena_take(arena, 6 + f->goals.count + f->more_count, &j.checks));
    FV_TRY(check_selftest(&j));
    if (!f->selftest_problem) FV_TRY(check_task(&j));
    if (!f->selftest_problem && !f->task_problem) FV_TRY(check_the_rest(&j));
    *out = (fv_gate_decision){ .passed = true, .checks = j.checks };
    j.checks[j.count - 1].harmful |= f->selftest_problem || f->task_problem; /* which ended it */
    for (int64_t i = 0; i < j.count; i++) out->passed &= j.checks[i].passed, out->harmful |= j.checks[i].harmful;
    out->promoted = out->passed || (f->force && !f->selftest_problem);
    if (f->force && out->promoted) FV_TRY(say(&j, begin_check(&j, "forced"), true, f->force));
    out->count = j.count;
    return NULL;
}

/* ---- as JSON ---- */

static void add_numbers(const fv_gate_check *check, fv_text *out) {
    fv_text_add(out, ",\"numbers\":{");
    for (int i = 0; i < check->number_count; i++) {
        if (i) fv_text_add(out, ",");
        fv_text_add_json(out, check->numbers[i].name);
        fv_text_add(out, ":");
        if (isfinite(check->numbers[i].value))
            fv_text_add_number(out, check->numbers[i].value);
        else
            fv_text_add(out, "null");
    }
    fv_text_add(out, "}");
}

void fv_gate_reasons(const fv_gate_decision *d, fv_text *out) {
    fv_text_add(out, "[");
    for (int64_t i = 0; i < d->count; i++) {
        fv_text_add(out, i ? ",{\"name\":" : "{\"name\":");
        fv_text_add_json(out, d->checks[i].name);
        fv_text_add(out, d->checks[i].passed ? ",\"passed\":true,\"text\":" : ",\"passed\":false,\"text\":");
        fv_text_add_json(out, d->checks[i].text);
        add_numbers(&d->checks[i], out);
        fv_text_add(out, d->checks[i].harmful ? ",\"harmful\":true}" : "}");
    }
    fv_text_add(out, "]");
}
