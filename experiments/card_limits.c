/* card_limits.c - what to beware of, as the facts give it. */
#include <math.h>
#include <string.h>

#include "experiments/card_sections.h"

#define LIMITS_MAX 16
#define FEW_PICTURES 30 /* of a class: fewer say little */
#define LOW_RECALL 0.8
#define POOR_CALIBRATION 0.05
#define NAMED 8 /* classes that a line names */

typedef struct limits {
    fv_card_draft *d;
    const char **lines;
    int64_t count;
} limits;

static fv_error *add(limits *l, const char *text) {
    return l->count < LIMITS_MAX ? fv_arena_text(l->d->arena, text, &l->lines[l->count++]) : NULL;
}

/* ---- one line each ---- */

static fv_error *of_the_task(limits *l) {
    const fv_model_facts *m = &l->d->facts->model;
    FV_TEXT(text, 1 << 16);
    if (m->task == FV_ONE_CLASS)
        fv_text_addf(&text,
                     "It knows %lld classes and names one of them for every picture%s, of whatever the picture is: what is "
                     "none of them, it cannot tell.",
                     (long long)m->classes.count, m->reject_below > 0 ? " that it does not abstain on" : "");
    if (m->task == FV_MULTI_LABEL)
        fv_text_addf(&text, "It knows %lld labels; of anything else it says nothing.", (long long)m->classes.count);
    if (m->task == FV_NUMBERS)
        fv_text_addf(&text, "It has learnt numbers around %.4g with a spread of %.4g; far from them it is not to be trusted.",
                     m->mean, m->scale);
    FV_TRY(fv_text_error(&text));
    return add(l, text.at);
}

static fv_error *of_selection(limits *l) {
    const fv_model_facts *m = &l->d->facts->model;
    if (!m->metrics.count) return add(l, "The model file has no figures.");
    if (!m->selected_on) return NULL;
    return add(l, "Its figures are of the validation pictures that the best epoch was chosen by, so they flatter.");
}

/* Names of classes of which something holds. */
static fv_error *name_classes(limits *l, bool (*holds)(const fv_card_class *), const char *before, const char *after) {
    const fv_card_facts *f = l->d->facts;
    FV_TEXT(text, 1 << 16);
    int64_t found = 0;
    for (int64_t c = 0; f->classes && c < f->outcomes->class_count; c++) {
        if (!holds(&f->classes[c])) continue;
        if (found < NAMED) fv_text_addf(&text, "%s%s", found ? ", " : before, f->classes[c].name);
        found++;
    }
    if (found > NAMED) fv_text_addf(&text, " and %lld more", (long long)(found - NAMED));
    fv_text_add(&text, after);
    FV_TRY(fv_text_error(&text));
    return found ? add(l, text.at) : NULL;
}

static bool is_rare(const fv_card_class *c) { return c->support < FEW_PICTURES; }
static bool is_missed(const fv_card_class *c) {
    return c->support >= FEW_PICTURES && (double)c->right < LOW_RECALL * (double)c->support;
}

static fv_error *of_calibration(limits *l) {
    const fv_model_facts *m = &l->d->facts->model;
    FV_TEXT(text, 1024);
    if (m->task != FV_ONE_CLASS || !(m->temperature > 0) || !(m->calibration_after > POOR_CALIBRATION)) return NULL;
    fv_text_addf(&text, "Its scores are no probabilities: the calibration error is %.3f.", m->calibration_after);
    FV_TRY(fv_text_error(&text));
    return add(l, text.at);
}

static fv_error *of_what_is_not_known(limits *l) {
    const fv_card_facts *f = l->d->facts;
    if (!f->robustness) FV_TRY(add(l, "How it bears damaged pictures was not measured."));
    if (!f->version->licence_count) FV_TRY(add(l, "Under which licences its data and weights are is not known."));
    if (!f->model.selftest.count) FV_TRY(add(l, "The file has no pictures to test itself by on another machine."));
    return NULL;
}

fv_error *fv_card_limits(fv_card_draft *d) {
    limits l = { .d = d };
    FV_TRY(fv_arena_take(d->arena, LIMITS_MAX, &l.lines));
    FV_TRY(of_the_task(&l));
    FV_TRY(of_selection(&l));
    FV_TRY(name_classes(&l, is_rare, "There are fewer than 30 test pictures of ", ": their figures say little."));
    FV_TRY(name_classes(&l, is_missed, "It misses more than a fifth of ", "."));
    FV_TRY(of_calibration(&l));
    FV_TRY(of_what_is_not_known(&l));
    fv_card_section(d, "Limits");
    fv_card_block *block = fv_card_add(d, FV_CARD_LIST);
    block->cells = l.lines;
    block->rows = l.count;
    return NULL;
}
