/* shared: list_columns.c - which column of a list is what. What is not said is guessed from the columns' names, and what was
 * taken for what is always said. A guess never overrules an option, and "none" is no column. */
#include "data/sources/list_columns.h"

#include <ctype.h>
#include <string.h>

#include "core/base/assert.h"
#include "core/base/text.h"
#include "data/walk.h"

/* Names in lower case with '_' for blanks and dashes, the likeliest first. */
static const char *const path_names[] = { "path", "filepath",   "file_path", "filename", "file_name",
                                          "file", "image_path", "img_path",  "image",    "image_index",
                                          "img",  "picture",    "image_id",  "id",       NULL };
static const char *const label_names[] = { "label",      "class",  "labels",         "classes",   "class_name", "class_id",
                                           "label_name", "target", "category",       "tags",      "species",    "breed",
                                           "diagnosis",  "dx",     "finding_labels", "attribute", NULL };
static const char *const number_names[] = { "target", "value", "score", "label", "y", "age", NULL };
static const char *const part_names[] = { "split", "part", "partition", "subset", "set", "fold", NULL };
static const char *const group_names[] = { "group",      "group_id", "patient",   "patient_id", "subject",
                                           "subject_id", "lesion",   "lesion_id", NULL };
static const char *const weight_names[] = { "weight", "sample_weight", NULL };

typedef struct search {
    const char *list;
    const fv_rows *rows;
    fv_arena *arena;
} search;

static const char *name_at(const search *s, int column) { return ((const char *const *)s->rows->columns.at)[column]; }

static fv_error *with_columns(const search *s, fv_error *error) {
    FV_TEXT(names, 4096);
    for (int i = 0; i < (int)s->rows->columns.count && names.length < 1000; i++)
        fv_text_addf(&names, "%s\"%s\"", i ? ", " : "", name_at(s, i));
    return fv_error_hint(error, "its columns are %s", names.at);
}

static bool is_like(const char *name, const char *wanted) {
    for (; *name && *wanted; name++, wanted++) {
        char c = *name == ' ' || *name == '-' ? '_' : (char)tolower((unsigned char)*name);
        if (c != *wanted) return false;
    }
    return *name == *wanted;
}

static int guess(const search *s, const char *const *names) {
    for (; *names; names++)
        for (int i = 0; i < (int)s->rows->columns.count; i++)
            if (is_like(name_at(s, i), *names)) return i;
    return -1;
}

static fv_error *named(const search *s, const char *name, int *out) {
    *out = strcmp(name, "none") ? fv_rows_column(s->rows, name) : -1;
    if (*out >= 0 || !strcmp(name, "none")) return NULL;
    return with_columns(s, fv_fail(FV_FORMAT, "%s has no column \"%s\"", s->list, name));
}

static fv_error *find(const search *s, const char *given, const char *const *names, int *out) {
    if (given) return named(s, given, out);
    *out = guess(s, names);
    return NULL;
}

/* A column is taken for that of the parts by its name only where its first value names one. */
static bool holds_parts(const search *s, int column) {
    const fv_row *rows = s->rows->rows.at;
    for (int64_t i = 0; i < s->rows->rows.count; i++) {
        const fv_cell *cell = fv_row_cell(&rows[i], column);
        if (cell && cell->kind == FV_CELL_TEXT) return fv_part_kind(cell->texts[0]) >= 0;
    }
    return false;
}

static bool is_taken(const fv_list_columns *c, int column) {
    return column == c->path || column == c->part || column == c->group || column == c->weight;
}

static bool holds_zeros_and_ones(const search *s, int column) {
    const fv_row *rows = s->rows->rows.at;
    double value;
    for (int64_t i = 0; i < s->rows->rows.count; i++) {
        const fv_cell *cell = fv_row_cell(&rows[i], column);
        if (rows[i].wrong) continue;
        if (!cell || cell->kind != FV_CELL_TEXT) return false;
        if (!fv_text_to_number(cell->texts[0], &value) || (value != 0 && value != 1)) return false;
    }
    return true;
}

static fv_error *named_indicators(const search *s, const fv_strings *names, fv_list_columns *out) {
    int *columns = NULL;
    FV_TRY(fv_arena_take(s->arena, names->count, &columns));
    for (int64_t i = 0; i < names->count; i++) FV_TRY(named(s, names->at[i], &columns[i]));
    out->indicators = columns;
    out->indicator_count = (int)names->count;
    return NULL;
}

/* The columns left over, where there are two or more of nothing but 0 and 1; or else the one that is left over. */
static fv_error *guess_label(const search *s, fv_list_columns *out) {
    int *columns = NULL, left = 0, last = -1;
    FV_TRY(fv_arena_take(s->arena, s->rows->columns.count, &columns));
    for (int i = 0; i < (int)s->rows->columns.count; i++) {
        if (is_taken(out, i)) continue;
        left++, last = i;
        if (holds_zeros_and_ones(s, i)) columns[out->indicator_count++] = i;
    }
    out->indicators = columns;
    if (out->indicator_count > 1) return NULL;
    out->indicator_count = 0;
    out->label = left == 1 ? last : -1;
    return NULL;
}

static fv_error *find_label(const search *s, const fv_list_options *o, fv_list_columns *out) {
    out->label = -1;
    if (o->target == FV_LIST_NONE) return NULL;
    if (o->class_columns.count) return named_indicators(s, &o->class_columns, out);
    FV_TRY(find(s, o->label, o->target == FV_LIST_NUMBER ? number_names : label_names, &out->label));
    if (out->label < 0 && !s->rows->headed && s->rows->columns.count > 1) out->label = out->path == 0;
    if (out->label < 0 && !o->label) FV_TRY(guess_label(s, out));
    if (out->label >= 0 || out->indicator_count) return NULL;
    return with_columns(s, fv_fail(FV_FORMAT,
                                   "%s: none of its columns is known for labels; say label=COLUMN, class_columns=A,B,… "
                                   "or, for pictures to predict, target=none",
                                   s->list));
}

/* Without a header: the first column whose first row names a picture. */
static int guess_path(const search *s) {
    const fv_row *rows = s->rows->rows.at;
    for (int i = 0; !s->rows->headed && i < (int)s->rows->columns.count; i++) {
        const fv_cell *cell = fv_row_cell(&rows[0], i);
        if (cell && fv_is_picture_name(cell->texts[0])) return i;
    }
    return s->rows->headed ? -1 : 0;
}

static fv_error *say(const search *s, const fv_list_columns *c, fv_listing *listing) {
    FV_TEXT(text, 4096);
    const struct {
        const char *what;
        int column;
    } all[] = { { "labels", c->label }, { "parts", c->part }, { "groups", c->group }, { "weights", c->weight } };
    fv_text_addf(&text, "pictures from column \"%s\"", name_at(s, c->path));
    for (int i = 0; i < FV_COUNT(all); i++)
        if (all[i].column >= 0) fv_text_addf(&text, ", %s from \"%s\"", all[i].what, name_at(s, all[i].column));
    if (c->indicator_count)
        fv_text_addf(&text, ", a class from each of %d columns of 0 and 1, the first \"%s\"", c->indicator_count,
                     name_at(s, c->indicators[0]));
    FV_TRY(fv_text_error(&text));
    return fv_listing_note(listing, "%s: %s%s", s->list, s->rows->headed ? "" : "no header; ", text.at);
}

fv_error *fv_list_find_columns(const char *list, const fv_list_options *o, const fv_rows *rows, fv_arena *arena,
                               fv_listing *listing, fv_list_columns *out) {
    const search s = { list, rows, arena };
    *out = (fv_list_columns){ .label = -1 };
    FV_TRY(find(&s, o->path, path_names, &out->path));
    if (out->path < 0 && !o->path) out->path = guess_path(&s);
    if (out->path < 0)
        return with_columns(
            &s, fv_fail(FV_FORMAT, "%s: none of its columns is known for paths of pictures; say path=COLUMN", list));
    FV_TRY(find(&s, o->part, part_names, &out->part));
    if (!o->part && !holds_parts(&s, out->part)) out->part = -1;
    FV_TRY(find(&s, o->group, group_names, &out->group));
    FV_TRY(find(&s, o->weight, weight_names, &out->weight));
    FV_TRY(find_label(&s, o, out));
    return say(&s, out, listing);
}
