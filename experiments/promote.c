/* promote.c - see promote.h. */
#include "experiments/promote.h"

#include <math.h>
#include <string.h>

#include "experiments/compare.h"
#include "experiments/register.h"
#include "predict/predictor.h"
#include "train/recipe.h"

#define RECIPE_BYTES_MAX (1 << 20)
#define REASONS_BYTES_MAX (1 << 24)
#define MORE_MAX 256 /* further pictures and slices */

/* One of the two versions. */
typedef struct contender {
    fv_version_list list;
    const fv_version_row *row; /* NULL: there is none */
    fv_model_facts facts;
    fv_predictor *predictor;   /* NULL: */
    const char *problem;       /* why it cannot be used */
    fv_run_outcomes *outcomes; /* NULL: */
    const char *missing;       /* why there are none */
} contender;

typedef struct promotion {
    fv_registry *registry;
    const fv_promote_options *options;
    fv_arena *arena;
    contender candidate, incumbent;
    fv_gate_facts facts;
    fv_gate_more *more; /* MORE_MAX */
} promotion;

static void release(contender *c) {
    fv_predictor_free(c->predictor);
    fv_version_list_release(&c->list);
}

/* ---- the versions ---- */

static fv_error *find(promotion *p, const char *reference, contender *c) {
    FV_TRY(fv_version_find(p->registry, reference, &c->list));
    c->row = &c->list.rows[0];
    return fv_fields_from_json(fv_model_facts_fields, &c->facts, c->row->facts, "the version's facts", p->arena);
}

static fv_error *find_incumbent(promotion *p) {
    int64_t number;
    const char *reference;
    FV_TRY(fv_alias_get(p->registry, p->candidate.row->model, p->options->alias, &number));
    if (!number) return NULL;
    FV_TRY(fv_arena_format(p->arena, &reference, "%s/%lld", p->candidate.row->model, (long long)number));
    return find(p, reference, &p->incumbent);
}

static fv_error *say_name(promotion *p, const contender *c, const char **out) {
    return fv_arena_format(p->arena, out, "%s/%lld", c->row->model, (long long)c->row->number);
}

/* A file that is damaged, gone or other than it was is a finding; want of memory is not. */
static bool is_finding(const fv_error *error) {
    fv_code code = fv_error_code(error);
    return code == FV_FORMAT || code == FV_NOT_FOUND || code == FV_UNSUPPORTED || code == FV_SHAPE;
}

static fv_error *open_model(promotion *p, contender *c) {
    char text[2048];
    fv_error *error =
        fv_version_open(p->registry, c->row, &(fv_predictor_options){ .device = p->options->device }, &c->predictor);
    if (!error || !is_finding(error)) return error;
    error = fv_arena_text(p->arena, fv_error_format(error, text, sizeof text), &c->problem);
    return error;
}

/* ---- the same pictures ---- */

static fv_error *read_kept(promotion *p, contender *c) {
    const fv_version_file *file = fv_version_file_find(c->row, FV_PREDICTIONS_FILE);
    if (!file) {
        return fv_arena_format(p->arena, &c->missing, "no predictions were kept with %s/%lld; --data DIR measures both",
                               c->row->model, (long long)c->row->number);
    }
    FV_TRY(fv_held_out_read(p->registry, file->digest, p->arena, &c->outcomes));
    c->outcomes->on = c->facts.on;
    c->outcomes->selected_on = c->facts.selected_on;
    return NULL;
}

static fv_error *find_outcomes(promotion *p, contender *c) {
    if (!c->row) return NULL;
    if (!p->options->pictures.data) return read_kept(p, c);
    if (c->problem) return c->missing = c->problem, NULL;
    return fv_held_out_measure(c->predictor, &p->options->pictures, p->arena, &c->outcomes);
}

static fv_mcnemar count_right(const fv_run_pair *pair) {
    const fv_outcomes *a = &pair->of[0], *b = &pair->of[1];
    int64_t only_a = 0, only_b = 0;
    for (int64_t i = 0; i < a->count; i++) {
        bool right_a = a->answers[i] == a->labels[i], right_b = b->answers[i] == b->labels[i];
        only_a += right_a && !right_b;
        only_b += right_b && !right_a;
    }
    return fv_mcnemar_of(only_a, only_b);
}

/* Two measurements of the same pictures; `*pair` is for slices. */
static fv_error *pair_up(promotion *p, const fv_run_outcomes *old, const fv_run_outcomes *new, fv_run_pair *out,
                         fv_gate_pairs *pairs) {
    fv_run_pair pair;
    FV_TRY(fv_run_outcomes_differ(old, new, p->arena, &pairs->refused));
    if (pairs->refused && !p->options->pictures.data)
        return fv_arena_format(p->arena, &pairs->refused, "%s; --data DIR measures both", pairs->refused);
    if (pairs->refused) return NULL;
    pairs->metric = fv_picture_metric(new->kind);
    pairs->on = new->on ? new->on : "not known which";
    pairs->pictures = new->count;
    pairs->selected_on = new->selected_on || old->selected_on;
    FV_TRY(fv_run_outcomes_pair(old, new, !fv_metric_of_answers(pairs->metric), p->arena, &pair));
    FV_TRY(fv_paired_interval_of(pairs->metric, &pair.of[0], &pair.of[1], NULL, &pairs->gain));
    pairs->counted = new->kind == FV_ONE_CLASS &&pair.of[0].answers &&pair.of[1].answers;
    if (pairs->counted) pairs->mcnemar = count_right(&pair);
    *out = pair;
    return NULL;
}

/* ---- slices ---- */

static fv_gate_more *next_more(promotion *p) { return &p->more[p->facts.more_count++]; }

static void count_class(const fv_run_pair *pair, int64_t class, int64_t count[4]) {
    const fv_outcomes *a = &pair->of[0], *b = &pair->of[1];
    memset(count, 0, 4 * sizeof *count);
    for (int64_t i = 0; i < a->count; i++) {
        if (a->labels[i] != class) continue;
        count[0]++;
        count[1] += a->answers[i] == class && b->answers[i] != class;
        count[2] += a->answers[i] != class && b->answers[i] == class;
        count[3] += a->answers[i] == class;
    }
}

/* A check for each class that has pictures enough. */
static fv_error *add_classes(promotion *p, const fv_run_pair *pair, const fv_gate_pairs *of, const char *name) {
    for (int64_t class = 0; of->counted && p->options->slice_pictures && class < pair->class_count; class ++) {
        int64_t n[4]; /* pictures, right before only, right now only, right before */
        count_class(pair, class, n);
        if (n[0] < p->options->slice_pictures || p->facts.more_count == MORE_MAX) continue;
        fv_gate_more *more = next_more(p);
        *more = (fv_gate_more){ .shown_worse = true, .margin = p->options->slice_margin, .pairs = *of };
        FV_TRY(fv_arena_format(p->arena, &more->name, "%s, class %s", name, pair->classes[class]));
        double first = (double)n[3] / (double)n[0], second = (double)(n[3] - n[1] + n[2]) / (double)n[0];
        more->pairs.metric = "recall";
        more->pairs.pictures = n[0];
        more->pairs.mcnemar = fv_mcnemar_of(n[1], n[2]);
        more->pairs.gain.of = (fv_paired){ first, second, second - first };
        more->pairs.gain.interval = fv_paired_shares_interval(n[1], n[2], n[0], 0.95);
    }
    return NULL;
}

static fv_error *compare(promotion *p) {
    fv_gate_pairs *pairs = &p->facts.pairs;
    fv_run_pair pair;
    pairs->refused = p->incumbent.missing ? p->incumbent.missing : p->candidate.missing;
    if (pairs->refused) return NULL;
    FV_TRY(pair_up(p, p->incumbent.outcomes, p->candidate.outcomes, &pair, pairs));
    return pairs->refused ? NULL : add_classes(p, &pair, pairs, "held_out");
}

static fv_error *compare_also(promotion *p, const fv_promote_also *also) {
    fv_gate_more *more = next_more(p);
    fv_run_outcomes *old, *new;
    fv_run_pair pair;
    *more = (fv_gate_more){ .name = also->name, .shown_worse = also->shown_worse, .margin = also->margin };
    more->pairs.refused = p->incumbent.problem;
    if (more->pairs.refused) return NULL;
    FV_TRY(fv_held_out_measure(p->incumbent.predictor, &also->pictures, p->arena, &old));
    FV_TRY(fv_held_out_measure(p->candidate.predictor, &also->pictures, p->arena, &new));
    FV_TRY(pair_up(p, old, new, &pair, &more->pairs));
    if (more->pairs.refused || also->shown_worse) return NULL;
    return add_classes(p, &pair, &more->pairs, also->name);
}

/* Of a figure that has a unit the margin is a share of the incumbent's. */
static double margin_of(const promotion *p) {
    const fv_gate_pairs *pairs = &p->facts.pairs;
    double margin = p->options->margin;
    return !pairs->metric || fv_metric_is_share(pairs->metric) ? margin : margin * fabs(pairs->gain.of.first);
}

/* ---- the recipe's targets ---- */

static fv_error *read_targets(promotion *p, const char **targets) {
    const fv_version_file *file = fv_version_file_find(p->candidate.row, FV_RECIPE_FILE);
    FV_OWNED(fv_recipe) recipe = NULL;
    char *bytes;
    int64_t length;
    *targets = NULL;
    if (!file) return NULL;
    FV_TRY(fv_recipe_new(&recipe));
    FV_TRY(fv_object_get(p->registry, file->digest, RECIPE_BYTES_MAX, &bytes, &length));
    fv_error *error = fv_recipe_parse(recipe, (const uint8_t *)bytes, length, FV_RECIPE_FILE);
    fv_string_free(bytes);
    FV_TRY(error);
    return fv_arena_text(p->arena, recipe->keys.targets, targets);
}

/* By the pictures at hand; where these do not tell, as the model file says. */
static fv_error *measure(promotion *p, const char *metric, double *out) {
    const fv_run_outcomes *outcomes = p->candidate.outcomes;
    const fv_model_facts *facts = &p->candidate.facts;
    int64_t place = fv_model_facts_figure(facts, metric);
    bool measured = p->options->pictures.data || place < 0;
    *out = place < 0 ? NAN : facts->values.at[place];
    if (!measured || !outcomes) return NULL;
    fv_run_pair alone;
    FV_TRY(fv_run_outcomes_pair(outcomes, outcomes, !fv_metric_of_answers(metric), p->arena, &alone));
    bool known = alone.scored || outcomes->kind == FV_NUMBERS || fv_metric_of_answers(metric);
    *out = NAN;
    if (!known) return NULL;
    return fv_metric_measure(metric, &alone.of[1], out);
}

static fv_error *reach_goals(promotion *p) {
    const char *targets;
    fv_goals *goals = &p->facts.goals;
    FV_TRY(read_targets(p, &targets));
    FV_TRY(
        fv_goals_parse(targets, (fv_outcome_kind)p->candidate.facts.task, p->candidate.facts.classes.count, p->arena, goals));
    for (int64_t i = 0; i < goals->count; i++) {
        fv_goal *goal = &goals->at[i];
        if (fv_goal_is_size(goal))
            goal->reached = (double)p->facts.bytes / 1e6;
        else if (fv_goal_is_latency(goal))
            goal->reached = p->facts.latency_ms;
        else
            FV_TRY(measure(p, goal->what, &goal->reached));
    }
    return NULL;
}

/* ---- facts ---- */

static fv_error *measure_time(promotion *p) {
    fv_predictor *both[] = { p->candidate.predictor, p->incumbent.predictor };
    double ms[2] = { NAN, NAN };
    int64_t pictures;
    FV_TRY(fv_predictors_time(both, p->incumbent.predictor ? 2 : 1, ms, &pictures));
    p->facts.latency_ms = ms[0];
    p->facts.incumbent_latency_ms = ms[1];
    return NULL;
}

static fv_error *name_versions(promotion *p) {
    fv_gate_facts *f = &p->facts;
    const contender *old = &p->incumbent, *new = &p->candidate;
    *f = (fv_gate_facts){ .larger = p->options->larger, .slower = p->options->slower, .force = p->options->force };
    FV_TRY(say_name(p, new, &f->candidate));
    f->bytes = new->row->size;
    f->selftest_pictures = new->facts.selftest.count;
    if (!old->row) return NULL;
    FV_TRY(say_name(p, old, &f->incumbent));
    f->same_file = !strcmp(old->row->digest, new->row->digest);
    f->incumbent_bytes = old->row->size;
    return NULL;
}

static bool has_class(const fv_strings *classes, const char *name) {
    for (int64_t i = 0; i < classes->count; i++)
        if (!strcmp(classes->at[i], name)) return true;
    return false;
}

/* More classes than before are an answer to the same question; fewer, or others, are not. */
static fv_error *compare_tasks(promotion *p) {
    static const char *const kinds[] = { "one class", "any number of labels", "a number" };
    const fv_model_facts *old = &p->incumbent.facts, *new = &p->candidate.facts;
    const char **problem = &p->facts.task_problem;
    if (new->task != old->task)
        return fv_arena_format(p->arena, problem, "it says %s of a picture, and %s says %s", kinds[new->task],
                               p->facts.incumbent, kinds[old->task]);
    for (int64_t i = 0; i < old->classes.count; i++)
        if (!has_class(&new->classes, old->classes.at[i]))
            return fv_arena_format(p->arena, problem, "it does not know the class %s, which %s does", old->classes.at[i],
                                   p->facts.incumbent);
    return NULL;
}

static fv_error *gather(promotion *p) {
    FV_TRY(name_versions(p));
    FV_TRY(open_model(p, &p->candidate));
    p->facts.selftest_problem = p->candidate.problem;
    if (p->candidate.problem) return NULL;
    if (p->incumbent.row) FV_TRY(compare_tasks(p));
    if (p->facts.task_problem) return NULL;
    if (p->incumbent.row) FV_TRY(open_model(p, &p->incumbent));
    p->facts.incumbent_problem = p->incumbent.problem;
    FV_TRY(measure_time(p));
    FV_TRY(find_outcomes(p, &p->candidate));
    FV_TRY(find_outcomes(p, &p->incumbent));
    if (p->incumbent.row) FV_TRY(compare(p));
    for (int64_t i = 0; p->incumbent.row && i < p->options->also_count; i++) FV_TRY(compare_also(p, &p->options->also[i]));
    p->facts.margin = margin_of(p);
    return reach_goals(p);
}

/* ---- the decision ---- */

static fv_error *carry_out(promotion *p, const fv_promoted *promoted) {
    FV_TEXT(reasons, REASONS_BYTES_MAX);
    fv_gate_reasons(&promoted->decision, &reasons);
    FV_TRY(fv_text_error(&reasons));
    fv_alias_decision decision = { .model = p->candidate.row->model,
                                   .alias = p->options->alias,
                                   .version = promoted->version,
                                   .incumbent = promoted->incumbent,
                                   .verb = FV_ALIAS_PROMOTE,
                                   .taken = promoted->decision.promoted,
                                   .reasons = reasons.at };
    return fv_alias_decide(p->registry, &decision);
}

/* What was known before the version was measured stands in front of what it showed. */
static fv_error *add_before(promotion *p, fv_gate_decision *d) {
    const fv_promote_options *o = p->options;
    fv_gate_check *checks;
    FV_TRY(fv_arena_take(p->arena, o->before_count + d->count + 1, &checks));
    for (int64_t i = 0; i < o->before_count; i++) {
        checks[i] = o->before[i];
        d->passed &= o->before[i].passed;
        d->harmful |= o->before[i].harmful;
    }
    for (int64_t i = 0; i < d->count; i++) checks[o->before_count + i] = d->checks[i];
    d->checks = checks;
    d->count += o->before_count;
    d->promoted = (d->passed && !o->by_hand) || (o->force && d->promoted);
    if (!o->by_hand || !d->passed || d->promoted) return NULL;
    checks[d->count++] = (fv_gate_check){ .name = "by_hand", .text = "it passes, and waits for a person" };
    return NULL;
}

static fv_error *promote(promotion *p, fv_promoted *out) {
    FV_TRY(fv_arena_take(p->arena, MORE_MAX, &p->more));
    FV_TRY(find(p, p->options->version, &p->candidate));
    FV_TRY(find_incumbent(p));
    FV_TRY(gather(p));
    out->version = p->candidate.row->number;
    out->incumbent = p->incumbent.row ? p->incumbent.row->number : 0;
    p->facts.more = p->more;
    FV_TRY(fv_gate_decide(&p->facts, p->arena, &out->decision));
    FV_TRY(add_before(p, &out->decision));
    return p->options->try_only ? NULL : carry_out(p, out);
}

fv_error *fv_promote_version(fv_registry *registry, const fv_promote_options *options, fv_arena *arena, fv_promoted *out) {
    promotion p = { .registry = registry, .options = options, .arena = arena };
    *out = (fv_promoted){ 0 };
    fv_error *error = promote(&p, out);
    release(&p.candidate);
    release(&p.incumbent);
    return error;
}
