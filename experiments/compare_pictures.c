/* compare_pictures.c - the pictures over which two models disagree: one has them right, the other wrong. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/size.h"
#include "data/image.h"
#include "experiments/compare_show.h"

#define ARENA_CAP (INT64_C(1) << 34)
#define OF_A_KIND 10 /* on a sheet */
#define CELL 150
#define COLUMNS 5
#define LABELS_NAMED 3

/* ---- which ---- */

/* How bad an answer is: 0 when it is right, else how sure the wrong class was, or how many labels are wrong. */
static double badness(const fv_run_outcomes *o, int64_t i) {
    if (o->kind == FV_ONE_CLASS) return o->answers[i] == o->labels[i] ? 0 : fmax(o->scores[i], 1e-300);
    double wrong = 0;
    for (int64_t c = 0; o->kind == FV_MULTI_LABEL && c < o->class_count; c++)
        wrong += o->truths[i * o->class_count + c] != o->said[i * o->class_count + c];
    return wrong;
}

/* The worst first, of equal ones in the order of their ids; insertion into a short sorted list. */
fv_error *fv_comparison_disputed(const fv_comparison *c, int64_t pair, bool second, int64_t most, fv_arena *arena,
                                 int64_t **out, int64_t *count, int64_t *all) {
    const fv_pair_verdict *p = &c->pairs[pair];
    const fv_run_outcomes *right = c->runs[second ? p->second : p->first].outcomes;
    const fv_run_outcomes *wrong = c->runs[second ? p->first : p->second].outcomes;
    *count = *all = 0;
    FV_TRY(fv_arena_take(arena, most, out));
    if (!p->pair.of[0].count) return NULL;
    for (int64_t i = 0; i < right->count; i++) {
        double bad = badness(wrong, i);
        if (badness(right, i) > 0 || !(bad > 0)) continue;
        int64_t at = (*all)++ < most ? (*count)++ : most - 1;
        if (at == most - 1 && *all > most && bad <= badness(wrong, (*out)[at])) continue;
        for (; at > 0 && bad > badness(wrong, (*out)[at - 1]); at--) (*out)[at] = (*out)[at - 1];
        (*out)[at] = i;
    }
    return NULL;
}

/* ---- captions ---- */

static void add_labels(const fv_run_outcomes *o, const uint8_t *row, fv_text *out) {
    int64_t count = 0;
    for (int64_t c = 0; c < o->class_count; c++)
        if (row[c] && ++count <= LABELS_NAMED) fv_text_addf(out, "%s%s", count > 1 ? ", " : "", o->classes[c]);
    if (count > LABELS_NAMED) fv_text_addf(out, " and %lld more", (long long)(count - LABELS_NAMED));
    if (!count) fv_text_add(out, "none");
}

static void add_answer(const fv_run_facts *run, int64_t i, fv_text *out) {
    const fv_run_outcomes *o = run->outcomes;
    fv_text_addf(out, "\n%s: ", run->name);
    if (o->kind == FV_ONE_CLASS) fv_text_addf(out, "%s %.0f\u00a0%%", o->classes[o->answers[i]], 100 * o->scores[i]);
    if (o->kind == FV_MULTI_LABEL) add_labels(o, o->said + i * o->class_count, out);
}

fv_error *fv_comparison_caption(const fv_comparison *c, int64_t pair, int64_t place, fv_arena *arena, const char **out) {
    const fv_pair_verdict *p = &c->pairs[pair];
    const fv_run_outcomes *o = c->runs[p->first].outcomes;
    FV_TEXT(text, 1 << 20);
    fv_text_add(&text, "true: ");
    if (o->kind == FV_ONE_CLASS) fv_text_add(&text, o->classes[o->labels[place]]);
    if (o->kind == FV_MULTI_LABEL) add_labels(o, o->truths + place * o->class_count, &text);
    add_answer(&c->runs[p->first], place, &text);
    add_answer(&c->runs[p->second], place, &text);
    FV_TRY(fv_text_error(&text));
    return fv_arena_text(arena, text.at, out);
}

/* ---- where they are ---- */

struct fv_run_pictures {
    fv_dataset *set;
};

/* As a report chooses: the validation pictures where there are no others, a folder to test on, the data's own part. */
static const char *folder_of(const fv_run_facts *run) {
    const char *test = fv_run_param_get(run, "test"), *val = fv_run_param_get(run, "val");
    if (run->outcomes && run->outcomes->selected_on && val) return val;
    return test ? test : fv_run_param_get(run, "data");
}

fv_error *fv_run_pictures_open(const fv_run_facts *run, const char *data, fv_run_pictures **out) {
    FV_OWNED(fv_run_pictures) p = NULL;
    const char *folder = data ? data : folder_of(run), *channels = fv_run_param_get(run, "channels");
    fv_dataset_options options = { .source = fv_run_param_get(run, "source"),
                                   .source_options = fv_run_param_get(run, "source_options"),
                                   .allow_dropped = true };
    if (channels && !fv_text_to_int(channels, &options.channels))
        return fv_fail(FV_FORMAT, "run %s: \"%s\" is no number of channels", run->name, channels);
    if (!folder) return fv_fail(FV_NOT_FOUND, "run %s does not say where its pictures are", run->name);
    FV_TRY(fv_memory_new(1, &p));
    FV_TRY(fv_error_hint(fv_dataset_open(folder, &options, &p->set), "--data says where the pictures are now"));
    *out = fv_take(&p);
    return NULL;
}

void fv_run_pictures_free(fv_run_pictures *p) {
    if (!p) return;
    fv_dataset_free(p->set);
    fv_memory_free(p);
}

fv_error *fv_run_pictures_read(const fv_run_pictures *p, const char *id, fv_image *out) {
    int64_t count = fv_dataset_count(p->set), i = 0;
    while (i < count && strcmp(fv_dataset_id(p->set, i), id) != 0) i++;
    if (i == count) return fv_fail(FV_NOT_FOUND, "%s has no picture %s", fv_dataset_path(p->set), id);
    FV_TRY(fv_dataset_read(p->set, i, out));
    fv_image_to_bytes(out);
    return NULL;
}

/* ---- a sheet ---- */

typedef struct sheet {
    fv_sheet_cell cells[2 * OF_A_KIND];
    fv_image images[2 * OF_A_KIND];
    int64_t count;
} sheet;

static fv_error *add_cell(const fv_comparison *c, int64_t pair, int64_t place, const fv_run_pictures *pictures, bool second,
                          fv_arena *arena, sheet *s) {
    fv_image *image = &s->images[s->count];
    fv_sheet_cell *cell = &s->cells[s->count++];
    FV_TRY(fv_run_pictures_read(pictures, c->runs[c->pairs[pair].first].outcomes->ids[place], image));
    cell->picture = (fv_picture){ image->pixels, image->height, image->width, image->channels };
    cell->tone = second ? FV_TONE_RIGHT : FV_TONE_WRONG;
    return fv_comparison_caption(c, pair, place, arena, &cell->caption);
}

static fv_error *fill_sheet(const fv_comparison *c, int64_t pair, const fv_run_pictures *pictures, fv_arena *arena, sheet *s) {
    for (int kind = 0; kind < 2; kind++) {
        int64_t *places, count, all;
        FV_TRY(fv_comparison_disputed(c, pair, kind == 0, OF_A_KIND, arena, &places, &count, &all));
        for (int64_t i = 0; i < count; i++) FV_TRY(add_cell(c, pair, places[i], pictures, kind == 0, arena, s));
    }
    return NULL;
}

static fv_error *draw_sheet(const fv_comparison *c, int64_t pair, const fv_run_pictures *pictures, fv_arena *arena, sheet *s,
                            fv_text *out) {
    const fv_pair_verdict *p = &c->pairs[pair];
    const char *first = c->runs[p->first].name, *second = c->runs[p->second].name, *title;
    FV_TRY(fill_sheet(c, pair, pictures, arena, s));
    if (!s->count) return fv_fail(FV_NOT_FOUND, "there is no picture that only one of %s and %s has right", first, second);
    FV_TRY(fv_arena_format(arena, &title, "Right in %s alone (blue), in %s alone (framed)", second, first));
    return fv_sheet_png(s->cells, s->count, &(fv_sheet_options){ .title = title, .columns = COLUMNS, .cell = CELL }, out);
}

fv_error *fv_comparison_sheet(const fv_comparison *c, int64_t pair, const fv_run_pictures *pictures, fv_text *out) {
    FV_OWNED(fv_arena) arena = NULL;
    sheet s = { .count = 0 };
    FV_TRY(fv_arena_new("disputed pictures", ARENA_CAP, &arena));
    fv_error *error = draw_sheet(c, pair, pictures, arena, &s, out);
    for (int64_t i = 0; i < s.count; i++) fv_image_release(&s.images[i]);
    return error;
}
