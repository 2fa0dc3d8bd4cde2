/* compare_page.c - a comparison as one page: the verdicts first, then what differs, curves, settings beside figures, and for a
 * few pairs of models what the one takes for what and the other does not, with pictures. */
#include <math.h>
#include <string.h>

#include "core/base/size.h"
#include "experiments/compare_show.h"
#include "plot/page.h"
#include "plot/say.h"

#define ARENA_CAP (INT64_C(1) << 34)
#define SVG_BYTES_MAX (INT64_C(1) << 28)
#define VALUE_LETTERS 200 /* of a setting */
#define COLUMNS_MAX 24    /* recipes whose settings stand side by side */
#define PAIRS_MAX 4       /* that are shown with confusion and pictures */
#define OF_A_KIND 12
#define BOX 128

typedef struct page {
    const fv_comparison *c;
    const fv_comparison_page_options *options;
    fv_arena *arena;
    fv_text *html;
} page;

/* ---- the head ---- */

static fv_error *show_group(const page *p, int64_t g, const char **row) {
    const fv_comparison *c = p->c;
    const fv_run_group *group = &c->groups[g];
    const char *mean, *sd;
    row[0] = group->name;
    FV_TRY(fv_arena_format(p->arena, &row[1], "%lld", (long long)group->count));
    FV_TRY(fv_comparison_say(c, group->mean.mean, c->share, p->arena, &mean));
    row[2] = mean;
    if (!isnan(group->mean.sd)) {
        FV_TRY(fv_comparison_say(c, group->mean.sd, c->share, p->arena, &sd));
        FV_TRY(fv_arena_format(p->arena, &row[2], "%s ± %s", mean, sd));
    }
    row[3] = g ? c->group_verdicts[g - 1].verdict.text : "what the others are put beside";
    return NULL;
}

static fv_error *show_groups(const page *p) {
    const fv_comparison *c = p->c;
    fv_column columns[] = { { "recipe", false }, { "runs", true }, { c->metric, true }, { "beside the first", false } };
    const char **cells;
    if (!c->metric) return fv_page_note(p->html, "There is no figure that all runs have."), NULL;
    FV_TRY(fv_arena_take(p->arena, 4 * c->group_count, &cells));
    for (int64_t g = 0; g < c->group_count; g++) FV_TRY(show_group(p, g, cells + 4 * g));
    fv_page_section(p->html, "Which recipe is better");
    fv_page_table(p->html, columns, 4, cells, c->group_count);
    fv_page_text(
        p->html,
        "A recipe is all settings but the seed. Mean ± standard deviation over its runs (n − 1); a difference that seeds "
        "alone may make is called seed noise. %s%s",
        c->of_pictures ? "" : "The figure is the best of each run's curve, which flatters. ",
        c->lower_is_better ? "Lower is better." : "Higher is better.");
    return NULL;
}

static fv_error *show_run(const page *p, int64_t r, const char **row) {
    const fv_comparison *c = p->c;
    const fv_run_outcomes *o = c->runs[r].outcomes;
    row[0] = c->runs[r].name;
    const char *seed = fv_run_param_get(&c->runs[r], "seed");
    FV_TRY(
        fv_arena_format(p->arena, &row[1], "%s%s%s", c->groups[c->group_of[r]].name, seed ? ", seed " : "", seed ? seed : ""));
    FV_TRY(fv_comparison_say(c, c->values[r], c->share, p->arena, &row[2]));
    FV_TRY(fv_comparison_say_interval(c, c->intervals[r], c->share, p->arena, &row[3]));
    if (o) FV_TRY(fv_arena_format(p->arena, &row[4], "%lld, %s", (long long)o->count, o->on ? o->on : "not said which"));
    row[5] = r ? c->pairs[r - 1].verdict.text : "what the others are put beside";
    return NULL;
}

static fv_error *show_runs(const page *p) {
    const fv_comparison *c = p->c;
    fv_column columns[] = { { "run", false }, { "recipe", false },        { c->metric ? c->metric : "", true },
                            { "", true },     { "test pictures", false }, { "this model beside the first", false } };
    const char **cells;
    bool selected = false;
    FV_TRY(fv_arena_format(p->arena, &columns[3].heading, "%g %% interval", 100 * c->confidence));
    FV_TRY(fv_arena_take(p->arena, 6 * c->run_count, &cells));
    for (int64_t r = 0; r < c->run_count; r++) FV_TRY(show_run(p, r, cells + 6 * r));
    for (int64_t r = 0; r < c->run_count; r++) selected |= c->runs[r].outcomes && c->runs[r].outcomes->selected_on;
    fv_page_section(p->html, "Which model is better on the test pictures");
    fv_page_table(p->html, columns, 6, cells, c->run_count);
    fv_page_text(p->html,
                 "Two models on the same pictures are told apart by those that only one has right. What one model of a "
                 "recipe does, another with a new seed may not: see above.");
    if (selected)
        fv_page_note(p->html, "Some were tested on pictures by which their best epoch was chosen: such figures flatter.");
    return NULL;
}

/* ---- settings ---- */

static fv_error *cut_value(const page *p, const char *value, const char **out) {
    if (!value) return fv_arena_text(p->arena, "–", out);
    size_t length = strlen(value), kept = VALUE_LETTERS;
    if (length <= VALUE_LETTERS) return fv_arena_text(p->arena, value, out);
    while (kept && ((unsigned char)value[kept] & 0xC0) == 0x80) kept--; /* a whole letter */
    return fv_arena_format(p->arena, out, "%.*s…", (int)kept, value);
}

/* Of each recipe: its runs differ by their seed alone, which the table of runs says. */
static fv_error *show_settings(const page *p) {
    const fv_comparison *c = p->c;
    int64_t shown = fv_min(c->group_count, COLUMNS_MAX), width = shown + 1, rows = 0;
    fv_column columns[COLUMNS_MAX + 1] = { { "setting", false } };
    const char **cells;
    fv_page_section(p->html, "What differs between recipes");
    for (int64_t g = 0; g < shown; g++) columns[g + 1] = (fv_column){ c->groups[g].name, false };
    FV_TRY(fv_arena_take(p->arena, c->difference_count * width, &cells));
    for (int64_t i = 0; i < c->difference_count; i++) {
        if (!strcmp(c->differences[i].key, "seed")) continue;
        cells[rows * width] = c->differences[i].key;
        for (int64_t g = 0; g < shown; g++)
            FV_TRY(cut_value(p, c->differences[i].values[c->groups[g].runs[0]], &cells[rows * width + 1 + g]));
        rows++;
    }
    if (!rows) return fv_page_text(p->html, "All settings are the same, but for the seed."), NULL;
    fv_page_table(p->html, columns, width, cells, rows);
    if (shown < c->group_count) fv_page_text(p->html, "And %lld more recipes.", (long long)(c->group_count - shown));
    return NULL;
}

/* ---- charts ---- */

static fv_error *show_curve(const page *p, const char *key, bool log_y) {
    FV_TEXT(svg, SVG_BYTES_MAX);
    FV_TRY(fv_comparison_curves(p->c, key, log_y, FV_PLOT_SVG, &svg));
    fv_page_chart(p->html, &svg, false);
    return NULL;
}

static bool is_loss(const char *key) {
    size_t length = strlen(key);
    return length >= 4 && !strcmp(key + length - 4, "loss");
}

static bool ends_positive(const fv_comparison *c, const char *key) {
    for (int64_t r = 0; r < c->run_count; r++) {
        const fv_run_metric *m = fv_run_metric_get(&c->runs[r], key);
        if (m && !(m->min > 0)) return false;
    }
    return true;
}

/* Validation first. */
static fv_error *show_curves(const page *p) {
    const fv_run_facts *run = &p->c->runs[0];
    if (!run->curve_count) return NULL;
    fv_page_section(p->html, "Over the epochs");
    fv_page_row(p->html);
    for (int training = 0; training < 2; training++)
        for (int64_t i = 0; i < run->curve_count; i++) {
            const char *key = run->curves[i].key;
            if (strncmp(key, training ? "train_" : "val_", training ? 6 : 4) != 0) continue;
            FV_TRY(show_curve(p, key, is_loss(key) && ends_positive(p->c, key)));
        }
    fv_page_row_end(p->html);
    return NULL;
}

static fv_error *show_parallel(const page *p) {
    FV_TEXT(svg, SVG_BYTES_MAX);
    if (!p->c->metric && !p->c->difference_count) return NULL; /* no axis */
    FV_TRY(fv_comparison_parallel(p->c, FV_PLOT_SVG, &svg));
    fv_page_section(p->html, "Settings beside figures");
    fv_page_row(p->html);
    fv_page_chart(p->html, &svg, true);
    fv_page_row_end(p->html);
    fv_page_text(p->html,
                 "A line a run, through its settings and the figures that came of them; figures of a curve are its best.");
    return NULL;
}

/* ---- pairs ---- */

static fv_error *show_picture(const page *p, int64_t pair, int64_t place, fv_image *image) {
    const char *caption, *id = p->c->runs[p->c->pairs[pair].first].outcomes->ids[place];
    FV_TRY(fv_comparison_caption(p->c, pair, place, p->arena, &caption));
    FV_TRY(fv_run_pictures_read(p->options->pictures, id, image));
    FV_TRY(fv_arena_format(p->arena, &caption, "%s\n%s", caption, id));
    return fv_page_picture(p->html, &(fv_picture){ image->pixels, image->height, image->width, image->channels }, BOX, caption,
                           FV_TONE_PLAIN);
}

static fv_error *show_disputed(const page *p, int64_t pair, bool second) {
    const fv_pair_verdict *v = &p->c->pairs[pair];
    const char *right = p->c->runs[second ? v->second : v->first].name, *wrong = p->c->runs[second ? v->first : v->second].name;
    int64_t *places, count, all;
    const char *heading;
    fv_image image = { 0 };
    fv_error *error = NULL;
    FV_TRY(fv_comparison_disputed(p->c, pair, second, OF_A_KIND, p->arena, &places, &count, &all));
    if (!count) return NULL;
    FV_TRY(fv_arena_format(p->arena, &heading, "%s has it right, %s has not: %lld%s", right, wrong, (long long)all,
                           all > count ? ", the surest mistakes" : ""));
    fv_page_part(p->html, heading);
    fv_page_row(p->html);
    for (int64_t i = 0; i < count && !error; i++) error = show_picture(p, pair, places[i], &image);
    fv_page_row_end(p->html);
    fv_image_release(&image);
    return error;
}

static fv_error *show_confusion(const page *p, int64_t pair) {
    const fv_pair_verdict *v = &p->c->pairs[pair];
    if (v->pair.of[0].kind != FV_ONE_CLASS) return NULL;
    if (v->pair.class_count > FV_MATRIX_CLASSES_MAX)
        return fv_page_text(p->html, "%lld classes are too many to draw what is taken for what.",
                            (long long)v->pair.class_count),
               NULL;
    FV_TEXT(svg, SVG_BYTES_MAX);
    FV_TRY(fv_comparison_confusion(p->c, pair, FV_PLOT_SVG, &svg));
    fv_page_row(p->html);
    fv_page_chart(p->html, &svg, v->pair.class_count > 20);
    fv_page_row_end(p->html);
    fv_page_text(p->html,
                 "Pictures of each class (row) that %s takes for each class (column), less those of %s: blue where it has "
                 "more, vermilion where it has fewer. On the diagonal more is better, elsewhere fewer.",
                 p->c->runs[v->second].name, p->c->runs[v->first].name);
    return NULL;
}

static fv_error *show_pair(const page *p, int64_t pair) {
    const fv_pair_verdict *v = &p->c->pairs[pair];
    const char *heading;
    FV_TRY(fv_arena_format(p->arena, &heading, "%s beside %s", p->c->runs[v->second].name, p->c->runs[v->first].name));
    fv_page_section(p->html, heading);
    fv_page_text(p->html, "%s.", v->verdict.text);
    FV_TRY(show_confusion(p, pair));
    if (v->pair.of[0].kind == FV_NUMBERS) return NULL;
    if (!p->options->pictures) return fv_page_note(p->html, "Its pictures are not shown: %s.", p->options->no_pictures), NULL;
    FV_TRY(show_disputed(p, pair, true));
    return show_disputed(p, pair, false);
}

/* The first run of each other group; where there is but one group, each other run. */
static bool is_shown(const fv_comparison *c, int64_t pair) {
    int64_t run = c->pairs[pair].second;
    if (!c->pairs[pair].pair.of[0].count) return false;
    return c->group_count == 1 || (c->group_of[run] != 0 && c->groups[c->group_of[run]].runs[0] == run);
}

static fv_error *show_pairs(const page *p) {
    int64_t shown = 0;
    for (int64_t i = 0; i < p->c->pair_count && shown < PAIRS_MAX; i++) {
        if (!is_shown(p->c, i)) continue;
        FV_TRY(show_pair(p, i));
        shown++;
    }
    return NULL;
}

static fv_error *show(const page *p) {
    FV_TEXT(title, 1 << 16);
    fv_text_addf(&title, "%s and %lld more", p->c->runs[0].name, (long long)(p->c->run_count - 1));
    if (p->c->run_count == 2) fv_text_clear(&title), fv_text_addf(&title, "%s and %s", p->c->runs[0].name, p->c->runs[1].name);
    FV_TRY(fv_text_error(&title));
    fv_page_begin(p->html, title.at);
    FV_TRY(show_groups(p));
    FV_TRY(show_runs(p));
    FV_TRY(show_settings(p));
    FV_TRY(show_curves(p));
    FV_TRY(show_parallel(p));
    FV_TRY(show_pairs(p));
    fv_page_end(p->html);
    return NULL;
}

fv_error *fv_comparison_page(const fv_comparison *comparison, const fv_comparison_page_options *options, fv_text *html) {
    static const fv_comparison_page_options none = { .no_pictures = "nobody said where they are" };
    FV_OWNED(fv_arena) arena = NULL;
    FV_TRY(fv_arena_new("a page", ARENA_CAP, &arena));
    return show(&(page){ comparison, options ? options : &none, arena, html });
}
