/* outcomes.c - what runs said of their test pictures, and whether two of them are about the same ones. A predictions.jsonl is
 * read twice: first for its ids and class names, which are sorted, then for what it says of each. */
#include <math.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/size.h"
#include "core/base/text.h"
#include "experiments/run_facts.h"
#include "train/predictions.h"

#define CLASSES_MAX 65536
#define PICTURES_MAX (INT64_C(1) << 27)
#define FINGERPRINT_BYTES 16
#define NAMED 3 /* pictures that a reason names */

/* ---- sorted names ---- */

typedef struct names {
    const char **at;
    int64_t count, room;
} names;

static void release_names(names *n) { fv_memory_free((void *)n->at); }

static int by_bytes(const void *left, const void *right) {
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static fv_error *append(names *n, const char *name, fv_arena *arena) {
    if (n->count == n->room) {
        int64_t room = fv_max(64, 2 * n->room);
        FV_TRY(fv_memory_grow((void **)&n->at, n->room, room, sizeof *n->at));
        n->room = room;
    }
    return fv_arena_text(arena, name, &n->at[n->count++]);
}

static int64_t place_of(const char *const *sorted, int64_t count, const char *name) {
    const char *const *found = bsearch(&name, sorted, (size_t)count, sizeof *sorted, by_bytes);
    return found ? found - sorted : -1;
}

/* Into its place, once. */
static fv_error *insert(names *n, const char *name, fv_arena *arena, const char *path) {
    int64_t low = 0, high = n->count;
    while (low < high) {
        int64_t middle = (low + high) / 2;
        if (strcmp(n->at[middle], name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < n->count && !strcmp(n->at[low], name)) return NULL;
    if (n->count == CLASSES_MAX) return fv_fail(FV_FORMAT, "%s names more than %d classes", path, CLASSES_MAX);
    FV_TRY(append(n, name, arena));
    const char *added = n->at[n->count - 1];
    memmove(&n->at[low + 1], &n->at[low], (size_t)(n->count - 1 - low) * sizeof *n->at);
    n->at[low] = added;
    return NULL;
}

/* ---- reading ---- */

typedef struct reading {
    const char *path;
    fv_arena *arena;
    names ids, classes;
    bool whole;  /* every line so far has every class of it in `top` */
    int64_t top; /* entries of every line */
    fv_outcome_kind kind;
} reading;

static fv_error *note_classes(reading *r, const fv_predicted *p) {
    if (p->kind == FV_ONE_CLASS) {
        FV_TRY(insert(&r->classes, p->label, r->arena, r->path));
        FV_TRY(insert(&r->classes, p->predicted, r->arena, r->path));
    }
    for (int64_t i = 0; i < p->label_count; i++) FV_TRY(insert(&r->classes, p->labels[i], r->arena, r->path));
    for (int64_t i = 0; i < p->predicted_count; i++) FV_TRY(insert(&r->classes, p->predicted_labels[i], r->arena, r->path));
    for (int64_t i = 0; i < p->top_count; i++) FV_TRY(insert(&r->classes, p->top[i].label, r->arena, r->path));
    return NULL;
}

static fv_error *note(reading *r, const fv_predicted *p) {
    if (r->ids.count == PICTURES_MAX) return fv_fail(FV_FORMAT, "%s has too many lines", r->path);
    if (!r->ids.count) r->top = p->top_count;
    r->whole &= r->top == p->top_count;
    r->kind = p->kind;
    FV_TRY(append(&r->ids, p->id, r->arena));
    return note_classes(r, p);
}

static fv_error *sort_ids(reading *r) {
    if (r->ids.count) qsort((void *)r->ids.at, (size_t)r->ids.count, sizeof *r->ids.at, by_bytes);
    for (int64_t i = 1; i < r->ids.count; i++)
        if (!strcmp(r->ids.at[i], r->ids.at[i - 1]))
            return fv_fail(FV_FORMAT, "%s has two lines about %s", r->path, r->ids.at[i]);
    return NULL;
}

/* `each` for every line. */
static fv_error *read_lines(const char *path, fv_error *(*each)(void *, const fv_predicted *), void *context) {
    FV_OWNED(fv_predictions) lines = NULL;
    const fv_predicted *line;
    FV_TRY(fv_predictions_open(path, &lines));
    for (;;) {
        FV_TRY(fv_predictions_next(lines, &line));
        if (!line) return NULL;
        FV_TRY(each(context, line));
    }
}

static fv_error *note_line(void *context, const fv_predicted *line) { return note(context, line); }

static fv_error *make_arrays(reading *r, fv_run_outcomes *o) {
    int64_t n = o->count, cells;
    if (!fv_size_mul(n, o->class_count, &cells)) return fv_fail(FV_MEMORY, "%s is about too much", r->path);
    if (o->kind == FV_ONE_CLASS) {
        FV_TRY(fv_arena_take(r->arena, n, (int64_t **)&o->labels));
        FV_TRY(fv_arena_take(r->arena, n, (int64_t **)&o->answers));
        FV_TRY(fv_arena_take(r->arena, n, (double **)&o->scores));
        if (r->whole) FV_TRY(fv_arena_take(r->arena, cells, (double **)&o->probabilities));
    }
    if (o->kind == FV_MULTI_LABEL) {
        FV_TRY(fv_arena_take(r->arena, cells, (uint8_t **)&o->truths));
        FV_TRY(fv_arena_take(r->arena, cells, (uint8_t **)&o->said));
        if (r->whole) FV_TRY(fv_arena_take(r->arena, cells, (double **)&o->probabilities));
    }
    if (o->kind != FV_NUMBERS) return NULL;
    FV_TRY(fv_arena_take(r->arena, n, (double **)&o->targets));
    return fv_arena_take(r->arena, n, (double **)&o->predicted);
}

typedef struct filling {
    const reading *r;
    fv_run_outcomes *o;
    int64_t filled;
} filling;

static int64_t class_of(const fv_run_outcomes *o, const char *name) { return place_of(o->classes, o->class_count, name); }

/* Every class that a line names was named when the file was read first. */
static bool has_classes_of(const fv_run_outcomes *o, const fv_predicted *p) {
    bool known = p->kind != FV_ONE_CLASS || (class_of(o, p->label) >= 0 && class_of(o, p->predicted) >= 0);
    for (int64_t k = 0; k < p->label_count; k++) known &= class_of(o, p->labels[k]) >= 0;
    for (int64_t k = 0; k < p->predicted_count; k++) known &= class_of(o, p->predicted_labels[k]) >= 0;
    for (int64_t k = 0; k < p->top_count; k++) known &= class_of(o, p->top[k].label) >= 0;
    return known;
}

static void fill_classes(fv_run_outcomes *o, int64_t i, const fv_predicted *p) {
    uint8_t *truths = (uint8_t *)o->truths + i * o->class_count, *said = (uint8_t *)o->said + i * o->class_count;
    for (int64_t k = 0; k < p->label_count; k++) truths[class_of(o, p->labels[k])] = 1;
    for (int64_t k = 0; k < p->predicted_count; k++) said[class_of(o, p->predicted_labels[k])] = 1;
}

static fv_error *fill_line(void *context, const fv_predicted *p) {
    filling *f = context;
    fv_run_outcomes *o = f->o;
    int64_t i = place_of(o->ids, o->count, p->id);
    bool known = i >= 0 && p->kind == o->kind && has_classes_of(o, p);
    if (!known || f->filled++ == o->count) return fv_fail(FV_CONFLICT, "%s was changed while it was read", f->r->path);
    if (p->kind == FV_ONE_CLASS) {
        ((int64_t *)o->labels)[i] = class_of(o, p->label);
        ((int64_t *)o->answers)[i] = class_of(o, p->predicted);
        ((double *)o->scores)[i] = p->score;
    }
    if (p->kind == FV_MULTI_LABEL) fill_classes(o, i, p);
    for (int64_t k = 0; o->probabilities && k < p->top_count; k++)
        ((double *)o->probabilities)[i * o->class_count + class_of(o, p->top[k].label)] = p->top[k].score;
    if (p->kind != FV_NUMBERS) return NULL;
    ((double *)o->targets)[i] = p->number;
    ((double *)o->predicted)[i] = p->predicted_number;
    return NULL;
}

/* ---- the fingerprint ---- */

static void hash_text(crypto_generichash_state *hash, const char *text) {
    crypto_generichash_update(hash, (const unsigned char *)text, strlen(text) + 1);
}

static void hash_truth(crypto_generichash_state *hash, const fv_run_outcomes *o, int64_t i) {
    if (o->kind == FV_ONE_CLASS) hash_text(hash, o->classes[o->labels[i]]);
    for (int64_t c = 0; o->kind == FV_MULTI_LABEL && c < o->class_count; c++)
        if (o->truths[i * o->class_count + c]) hash_text(hash, o->classes[c]);
    if (o->kind == FV_NUMBERS) crypto_generichash_update(hash, (const unsigned char *)&o->targets[i], sizeof *o->targets);
    hash_text(hash, "");
}

static fv_error *take_fingerprint(fv_run_outcomes *o, fv_arena *arena) {
    crypto_generichash_state hash;
    unsigned char bytes[FINGERPRINT_BYTES];
    char letters[2 * FINGERPRINT_BYTES + 1];
    const unsigned char kind = (unsigned char)o->kind;
    crypto_generichash_init(&hash, NULL, 0, sizeof bytes);
    crypto_generichash_update(&hash, &kind, 1);
    for (int64_t i = 0; i < o->count; i++) {
        hash_text(&hash, o->ids[i]);
        hash_truth(&hash, o, i);
    }
    crypto_generichash_final(&hash, bytes, sizeof bytes);
    sodium_bin2hex(letters, sizeof letters, bytes, sizeof bytes);
    return fv_arena_text(arena, letters, &o->fingerprint);
}

static fv_error *read_outcomes(reading *r, fv_run_outcomes *o) {
    FV_TRY(read_lines(r->path, note_line, r));
    FV_TRY(sort_ids(r));
    r->whole &= r->top == r->classes.count;
    o->kind = r->kind;
    o->count = r->ids.count;
    o->class_count = r->classes.count;
    FV_TRY(fv_arena_copy(r->arena, r->ids.at, o->count * (int64_t)sizeof *r->ids.at, (void **)&o->ids));
    FV_TRY(fv_arena_copy(r->arena, r->classes.at, o->class_count * (int64_t)sizeof *r->classes.at, (void **)&o->classes));
    FV_TRY(make_arrays(r, o));
    filling f = { .r = r, .o = o };
    FV_TRY(read_lines(r->path, fill_line, &f));
    if (f.filled != o->count) return fv_fail(FV_CONFLICT, "%s was changed while it was read", r->path);
    return take_fingerprint(o, r->arena);
}

fv_error *fv_run_outcomes_read(const char *path, fv_arena *arena, fv_run_outcomes **out) {
    reading r = { .path = path, .arena = arena, .whole = true };
    FV_TRY(fv_arena_take(arena, 1, out));
    fv_error *error = read_outcomes(&r, *out);
    release_names(&r.ids);
    release_names(&r.classes);
    return error;
}

/* ---- the same pictures? ---- */

static void name_picture(fv_text *out, int64_t number, const char *id) {
    if (number <= NAMED) fv_text_addf(out, "%s%s", number > 1 ? ", " : ": ", id);
    if (number == NAMED + 1) fv_text_add(out, " …");
}

/* Pictures of `a` that `b` has not. */
static int64_t missing(const fv_run_outcomes *a, const fv_run_outcomes *b, fv_text *out) {
    int64_t count = 0;
    for (int64_t i = 0, j = 0; i < a->count; i++) {
        while (j < b->count && strcmp(b->ids[j], a->ids[i]) < 0) j++;
        if (j == b->count || strcmp(b->ids[j], a->ids[i]) != 0) name_picture(out, ++count, a->ids[i]);
    }
    return count;
}

static bool same_labels(const fv_run_outcomes *a, const fv_run_outcomes *b, int64_t i) {
    const uint8_t *of_a = a->truths + i * a->class_count, *of_b = b->truths + i * b->class_count;
    int64_t j = 0;
    for (int64_t c = 0; c < a->class_count; c++) {
        if (!of_a[c]) continue;
        while (j < b->class_count && !of_b[j]) j++;
        if (j == b->class_count || strcmp(a->classes[c], b->classes[j++]) != 0) return false;
    }
    while (j < b->class_count && !of_b[j]) j++;
    return j == b->class_count;
}

static bool same_truth(const fv_run_outcomes *a, const fv_run_outcomes *b, int64_t i) {
    if (a->kind == FV_ONE_CLASS) return !strcmp(a->classes[a->labels[i]], b->classes[b->labels[i]]);
    return a->kind == FV_MULTI_LABEL ? same_labels(a, b, i) : a->targets[i] == b->targets[i];
}

static void say_missing(const fv_run_outcomes *a, const fv_run_outcomes *b, const char *which, fv_text *out) {
    FV_TEXT(pictures, 1 << 20);
    int64_t count = missing(a, b, &pictures);
    if (count)
        fv_text_addf(out, "%s%lld picture%s only in the %s%s", out->length ? "; " : "other test pictures: ", (long long)count,
                     count > 1 ? "s are" : " is", which, pictures.at);
    fv_text_fail(out, fv_text_error(&pictures));
}

static void say_truths(const fv_run_outcomes *a, const fv_run_outcomes *b, fv_text *out) {
    FV_TEXT(pictures, 1 << 20);
    int64_t count = 0;
    for (int64_t i = 0; i < a->count; i++)
        if (!same_truth(a, b, i)) name_picture(&pictures, ++count, a->ids[i]);
    if (count)
        fv_text_addf(out, "%lld picture%s another truth%s", (long long)count, count > 1 ? "s have" : " has", pictures.at);
    fv_text_fail(out, fv_text_error(&pictures));
}

fv_error *fv_run_outcomes_differ(const fv_run_outcomes *a, const fv_run_outcomes *b, fv_arena *arena, const char **reason) {
    FV_TEXT(text, 1 << 21);
    *reason = NULL;
    if (!a || !b) return fv_arena_text(arena, "no predictions were kept of one of them", reason);
    if (a->kind != b->kind) return fv_arena_text(arena, "their targets are of different kinds", reason);
    if (!strcmp(a->fingerprint, b->fingerprint)) return NULL;
    say_missing(a, b, "first", &text);
    say_missing(b, a, "second", &text);
    if (!text.length) say_truths(a, b, &text);
    FV_TRY(fv_text_error(&text));
    return fv_arena_text(arena, text.at, reason);
}

/* ---- two sets as one ---- */

/* Both lists of sorted names as one. */
static fv_error *merge(const fv_run_outcomes *a, const fv_run_outcomes *b, fv_arena *arena, fv_run_pair *out) {
    const char **all;
    int64_t i = 0, j = 0;
    FV_TRY(fv_arena_take(arena, a->class_count + b->class_count, &all));
    while (i < a->class_count || j < b->class_count) {
        int order = i == a->class_count ? 1 : j == b->class_count ? -1 : strcmp(a->classes[i], b->classes[j]);
        all[out->class_count++] = order <= 0 ? a->classes[i] : b->classes[j];
        i += order <= 0;
        j += order >= 0;
    }
    out->classes = all;
    return NULL;
}

static fv_error *place_classes(const fv_run_outcomes *o, const fv_run_pair *pair, fv_arena *arena, int64_t **places) {
    FV_TRY(fv_arena_take(arena, o->class_count, places));
    for (int64_t c = 0; c < o->class_count; c++) (*places)[c] = place_of(pair->classes, pair->class_count, o->classes[c]);
    return NULL;
}

static fv_error *view_one_class(const fv_run_outcomes *o, const int64_t *places, bool scored, fv_arena *arena,
                                fv_outcomes *out) {
    int64_t *labels, *answers;
    double *probabilities;
    FV_TRY(fv_arena_take(arena, o->count, &labels));
    for (int64_t i = 0; i < o->count; i++) labels[i] = places[o->labels[i]];
    out->labels = labels;
    if (!scored) {
        FV_TRY(fv_arena_take(arena, o->count, &answers));
        for (int64_t i = 0; i < o->count; i++) answers[i] = places[o->answers[i]];
        out->answers = answers;
        return NULL;
    }
    FV_TRY(fv_arena_take(arena, o->count * out->classes, &probabilities));
    for (int64_t i = 0; i < o->count; i++)
        for (int64_t c = 0; c < o->class_count; c++)
            probabilities[i * out->classes + places[c]] = o->probabilities[i * o->class_count + c];
    out->probabilities = probabilities;
    return NULL;
}

static fv_error *view_labels(const fv_run_outcomes *o, const int64_t *places, bool scored, fv_arena *arena, fv_outcomes *out) {
    uint8_t *truths;
    double *probabilities;
    FV_TRY(fv_arena_take(arena, o->count * out->classes, &truths));
    FV_TRY(fv_arena_take(arena, o->count * out->classes, &probabilities));
    for (int64_t i = 0; i < o->count; i++)
        for (int64_t c = 0; c < o->class_count; c++) {
            int64_t from = i * o->class_count + c, to = i * out->classes + places[c];
            truths[to] = o->truths[from];
            probabilities[to] = scored ? o->probabilities[from] : o->said[from];
        }
    out->truths = truths;
    out->probabilities = probabilities;
    return NULL;
}

static fv_error *view(const fv_run_outcomes *o, const fv_run_pair *pair, bool scored, fv_arena *arena, fv_outcomes *out) {
    int64_t *places;
    *out = (fv_outcomes){ .kind = o->kind, .count = o->count, .classes = pair->class_count };
    FV_TRY(place_classes(o, pair, arena, &places));
    if (o->kind == FV_ONE_CLASS) return view_one_class(o, places, scored, arena, out);
    if (o->kind == FV_MULTI_LABEL) return view_labels(o, places, scored, arena, out);
    out->predicted = o->predicted;
    out->targets = o->targets;
    return NULL;
}

fv_error *fv_run_outcomes_pair(const fv_run_outcomes *a, const fv_run_outcomes *b, bool scored, fv_arena *arena,
                               fv_run_pair *out) {
    *out = (fv_run_pair){ .class_count = 0 };
    FV_TRY(merge(a, b, arena, out));
    bool whole = a->probabilities && b->probabilities;
    out->scored = scored && whole && a->class_count == out->class_count && b->class_count == out->class_count;
    FV_TRY(view(a, out, out->scored, arena, &out->of[0]));
    return view(b, out, out->scored, arena, &out->of[1]);
}
