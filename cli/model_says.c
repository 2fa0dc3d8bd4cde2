/* model_says.c - see model_says.h. What is not said leaves its line out (JSON: null). */
#include "cli/model_says.h"

#include "cli/figures.h"
#include "core/base/size.h"

#define CLASSES_SHOWN 20 /* for people; JSON has all */

/* For people one line; JSON has three numbers. */
static fv_error *print_input(const fv_model_facts *f, fv_arena *arena, fv_printer *p) {
    const char *line;
    FV_TRY(
        fv_arena_format(arena, &line, "%lld × %lld × %lld", (long long)f->height, (long long)f->width, (long long)f->channels));
    if (!p->json || !f->height) return fv_print_text(p, "input", f->height ? line : NULL), NULL;
    fv_print_int(p, "height", f->height);
    fv_print_int(p, "width", f->width);
    fv_print_int(p, "channels", f->channels);
    return NULL;
}

static fv_error *print_network(const fv_model_facts *f, fv_arena *arena, fv_printer *p) {
    fv_print_text(p, "arch", f->arch);
    fv_print_text(p, "recipe", f->recipe);
    fv_print_text(p, "objective", f->objective);
    FV_TRY(print_input(f, arena, p));
    fv_print_int(p, "parameters", f->parameters);
    if (f->features)
        fv_print_int(p, "features", f->features);
    else
        fv_print_text(p, "features", NULL);
    return NULL;
}

/* JSON has the section's own words, for people they are longer. */
static void print_task(const fv_model_facts *f, fv_printer *p) {
    static const char *const names[] = { "one_class", "multi_label", "number" };
    static const char *const words[] = { "one class a picture", "any number of labels a picture", "a number a picture" };
    fv_print_text(p, "task", p->json ? names[f->task] : words[f->task]);
    if (f->task != FV_NUMBERS) return;
    fv_print_number(p, "mean", f->mean);
    fv_print_number(p, "scale", f->scale);
}

static fv_error *print_classes(const fv_model_facts *f, fv_printer *p) {
    int64_t count = f->classes.count, shown = fv_min(count, CLASSES_SHOWN);
    if (!count) return fv_print_text(p, "classes", NULL), NULL;
    if (p->json) return fv_print_texts(p, "classes", f->classes.at, count), NULL;
    FV_TEXT(line, 1 << 20);
    fv_text_addf(&line, "%lld:", (long long)count);
    for (int64_t c = 0; c < shown; c++) fv_text_addf(&line, "%s %s", c ? "," : "", f->classes.at[c]);
    if (shown < count) fv_text_addf(&line, ", and %lld more", (long long)(count - shown));
    FV_TRY(fv_text_error(&line));
    fv_print_text(p, "classes", line.at);
    return NULL;
}

/* A list in JSON, lines for people. */
static void print_transforms(const fv_model_facts *f, fv_printer *p) {
    if (!f->transforms.count) return fv_print_text(p, "transforms", NULL);
    if (p->json) return fv_print_texts(p, "transforms", f->transforms.at, f->transforms.count);
    for (int64_t i = 0; i < f->transforms.count; i++) fv_print_text(p, i ? "" : "transforms", f->transforms.at[i]);
}

static void print_calibration(const fv_model_facts *f, fv_printer *p) {
    if (!(f->temperature > 0)) return fv_print_text(p, "temperature", NULL), fv_print_text(p, "reject_below", NULL);
    fv_print_number(p, "temperature", f->temperature);
    fv_print_number(p, "reject_below", f->reject_below);
}

static void print_metric(const fv_model_facts *f, int64_t i, fv_printer *p) {
    fv_interval interval = { f->low.at[i], f->high.at[i] };
    if (!p->json) return fv_figures_print_one(p, f->metrics.at[i], f->values.at[i], interval);
    fv_print_item(p);
    fv_print_text(p, "metric", f->metrics.at[i]);
    fv_print_number(p, "value", f->values.at[i]);
    fv_print_number(p, "low", interval.low);
    fv_print_number(p, "high", interval.high);
}

static void print_metrics(const fv_model_facts *f, fv_printer *p) {
    if (!f->on) return fv_print_text(p, "metrics", NULL);
    fv_print_int(p, "epoch", f->epoch);
    fv_print_text(p, "measured_on", f->on);
    if (p->json) fv_print_bool(p, "selected_on", f->selected_on);
    fv_print_int(p, "n", f->n);
    if (p->json) fv_print_list(p, "metrics");
    for (int64_t i = 0; i < f->metrics.count; i++) print_metric(f, i, p);
    if (p->json) fv_print_list_end(p);
}

static fv_error *print_licences(const fv_model_facts *f, fv_arena *arena, fv_printer *p) {
    if (!p->json && !f->licences.count) return fv_print_text(p, "licence", "nothing is said"), NULL;
    fv_print_list(p, "licences");
    for (int64_t i = 0; p->json && i < f->licences.count; i++) {
        fv_print_item(p);
        fv_print_text(p, "of", f->licences_of.at[i]);
        fv_print_text(p, "licence", f->licences.at[i]);
    }
    fv_print_list_end(p);
    for (int64_t i = 0; !p->json && i < f->licences.count; i++) {
        const char *line;
        FV_TRY(fv_arena_format(arena, &line, "%s: %s", f->licences_of.at[i], f->licences.at[i]));
        fv_print_text(p, i ? "" : "licence", line);
    }
    return NULL;
}

fv_error *fv_model_facts_print(const fv_model_facts *f, bool licences, fv_arena *arena, fv_printer *p) {
    FV_TRY(print_network(f, arena, p));
    print_task(f, p);
    FV_TRY(print_classes(f, p));
    print_transforms(f, p);
    print_calibration(f, p);
    print_metrics(f, p);
    if (f->parent || p->json) fv_print_text(p, "parent", f->parent);
    if (licences) FV_TRY(print_licences(f, arena, p));
    if (f->selftest.count || p->json) fv_print_texts(p, "selftest", f->selftest.at, f->selftest.count);
    fv_print_texts(p, "sections", f->sections.at, f->sections.count);
    fv_print_bool(p, "checkpoint", f->checkpoint);
    return NULL;
}
