/* list.c - a list of pictures and what they show: CSV, TSV or JSON-lines, a row a picture.
 *
 *     filename,label,split,patient                 {"path": "a.png", "labels": ["cat", "dog"]}
 *     a.png,cat,train,7                            {"path": "sub/b.png", "labels": []}
 *
 * Columns are those that the options name, or guessed from their names (list_columns.c), and a note says which were taken. A
 * path is relative to `root`, which is the list's folder; where the first pictures are not there but in just one folder beside
 * the list, it is that one, with a note. What a row says is one class; several, divided by `separator` or in a JSON array, or
 * marked in a column of 0 and 1 a class; or a number. Classes are in the order of their names' bytes, those of train where the
 * list has a part train. Blanks around labels do not count. A row that cannot be used is rejected by file, line and reason: one
 * of another width, without a path or a label, of a file that is not there or stands in an earlier row. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/file.h"
#include "core/base/memory.h"
#include "core/base/size.h"
#include "data/sources/list_columns.h"
#include "data/walk.h"

#define LIST_BYTES_MAX ((int64_t)1 << 32)
#define LISTED_CAP ((int64_t)1 << 38)
#define PROBES_MAX 20 /* rows whose pictures are looked for in the folders beside the list */

static const char delimiters[] = { 0, ',', ';', '\t', '|', ' ' };
static const fv_field fields[] = {
    FV_FIELD(fv_list_options, path, .value = "COLUMN", .help = "of the pictures' paths; by default guessed from its name"),
    FV_FIELD(fv_list_options, label, .value = "COLUMN", .help = "of the class, the classes or the number"),
    FV_FIELD(fv_list_options, class_columns, .value = "COLUMN,…", .help = "instead: the columns of 0 and 1, one a class"),
    FV_FIELD(fv_list_options, separator, .help = "divides the classes of one picture: a|b"),
    FV_FIELD(fv_list_options, target, .by_default = "auto", .names = "auto,class,classes,number,none",
             .help = "one class, any number of classes, a number for regression, or none: pictures to predict"),
    FV_FIELD(fv_list_options, part, .alias = "split", .value = "COLUMN",
             .help = "of the part, train, val or test; none: no part"),
    FV_FIELD(fv_list_options, group, .value = "COLUMN", .help = "of what a split keeps together, a patient; none: nothing"),
    FV_FIELD(fv_list_options, weight, .value = "COLUMN", .help = "of the weight for sampling=weighted; none: no weights"),
    FV_FIELD(fv_list_options, root, .value = "DIR", .help = "that paths are relative to; by default the list's folder"),
    FV_FIELD(fv_list_options, suffix, .help = "that the paths lack: .jpg"),
    FV_FIELD(fv_list_options, delimiter, .by_default = "auto", .names = "auto,comma,semicolon,tab,bar,space",
             .help = "between the fields of a row"),
    FV_FIELD(fv_list_options, header, .by_default = "auto", .names = "auto,yes,no",
             .help = "whether the first row names the columns; auto: unless it names a picture"),
    FV_FIELDS_END,
};

/* One row, on its way to a sample. */
typedef struct entry {
    const fv_row *row;
    const char *id, *group;
    int part; /* fv_part_kind; −1: none */
    double weight, number;
    int64_t label_count;
    const char **labels;
    const char *wrong; /* NULL, or why it cannot be used */
} entry;

/* One opening of a list. */
typedef struct opening {
    const fv_list_options *options;
    fv_listing *listing;
    fv_arena *arena;         /* until it is open */
    const char *list, *name; /* its path, and the end of it, for reasons */
    const char *root;
    fv_rows rows;
    fv_list_columns columns;
    int target;
    entry *entries;
    int64_t count;
    const char **classes; /* sorted */
    int64_t class_count;
    int part_index[3];
} opening;

/* ---- the file ---- */

static bool has_suffix(const char *path, const char *suffix) {
    const char *dot = strrchr(path, '.');
    return dot && !strcasecmp(dot, suffix);
}

static bool is_json(const char *path) {
    return has_suffix(path, ".jsonl") || has_suffix(path, ".ndjson") || has_suffix(path, ".jsonlines");
}

static fv_error *parse(opening *o, char *bytes, int64_t length) {
    fv_rows_form form = { .json = is_json(o->list),
                          .delimiter = delimiters[o->options->delimiter],
                          .header = o->options->header };
    if (!form.delimiter && (has_suffix(o->list, ".tsv") || has_suffix(o->list, ".tab"))) form.delimiter = '\t';
    bool guessed = !form.delimiter && !form.json;
    FV_TRY(fv_error_wrap(fv_rows_parse(bytes, length, &form, o->arena, &o->rows), "%s", o->list));
    if (!guessed || o->rows.delimiter == ',') return NULL;
    return fv_listing_note(o->listing, "%s: its fields are divided by %s", o->list,
                           o->rows.delimiter == ';' ? "semicolons" : "tabs");
}

/* ---- one row ---- */

/* The text of a cell without blanks around it; NULL when there is none, `wrong` when it is no text. */
static fv_error *text_of(opening *o, entry *e, int column, const char *what, const char **out) {
    const fv_cell *cell = fv_row_cell(e->row, column);
    *out = NULL;
    if (!cell) return NULL;
    if (cell->kind != FV_CELL_TEXT) return fv_arena_format(o->arena, &e->wrong, "its %s is no text", what);
    FV_TRY(fv_trimmed(cell->texts[0], o->arena, out));
    if (!**out) *out = NULL;
    return NULL;
}

static void add_label(entry *e, const char *label) {
    for (int64_t i = 0; i < e->label_count; i++)
        if (!strcmp(e->labels[i], label)) return;
    e->labels[e->label_count++] = label;
}

/* "a|b|c" into its pieces, without blanks around them and without empty ones. */
static fv_error *split_labels(opening *o, entry *e, const char *text) {
    const char *separator = o->options->separator, *next;
    int64_t most = 1;
    for (const char *at = text; (at = strstr(at, separator)); at += strlen(separator)) most++;
    FV_TRY(fv_arena_take(o->arena, most, &e->labels));
    for (const char *at = text; at; at = next ? next + strlen(separator) : NULL) {
        const char *piece = NULL, *label = NULL;
        next = strstr(at, separator);
        FV_TRY(fv_arena_format(o->arena, &piece, "%.*s", (int)(next ? next - at : (int64_t)strlen(at)), at));
        FV_TRY(fv_trimmed(piece, o->arena, &label));
        if (*label) add_label(e, label);
    }
    return NULL;
}

static fv_error *array_labels(opening *o, entry *e, const fv_cell *cell) {
    FV_TRY(fv_arena_take(o->arena, cell->count, &e->labels));
    for (int64_t i = 0; i < cell->count; i++) {
        const char *label = NULL;
        FV_TRY(fv_trimmed(cell->texts[i], o->arena, &label));
        if (*label) add_label(e, label);
    }
    return NULL;
}

/* The names of the columns that hold a 1. */
static fv_error *indicated_labels(opening *o, entry *e) {
    const fv_list_columns *c = &o->columns;
    FV_TRY(fv_arena_take(o->arena, c->indicator_count, &e->labels));
    for (int i = 0; i < c->indicator_count; i++) {
        const char *name = ((const char *const *)o->rows.columns.at)[c->indicators[i]], *text = NULL;
        double value;
        FV_TRY(text_of(o, e, c->indicators[i], "mark", &text));
        if (!text || !fv_text_to_number(text, &value) || (value != 0 && value != 1))
            return fv_arena_format(o->arena, &e->wrong, "column \"%s\" is \"%s\", neither 0 nor 1", name, text ? text : "");
        if (value == 1) add_label(e, name);
    }
    return NULL;
}

static fv_error *read_number(opening *o, entry *e) {
    const char *text = NULL;
    FV_TRY(text_of(o, e, o->columns.label, "number", &text));
    if (!text) return fv_arena_text(o->arena, "no number", &e->wrong);
    if (fv_text_to_number(text, &e->number) && isfinite(e->number)) return NULL;
    return fv_arena_format(o->arena, &e->wrong, "its number is \"%s\"", text);
}

static fv_error *read_labels(opening *o, entry *e) {
    const char *text = NULL;
    if (o->target == FV_LIST_NONE) return NULL;
    if (o->columns.indicator_count) return indicated_labels(o, e);
    if (o->target == FV_LIST_NUMBER) return read_number(o, e);
    const fv_cell *cell = fv_row_cell(e->row, o->columns.label);
    if (!cell) return fv_arena_text(o->arena, "no label", &e->wrong); /* JSON without it; an empty list is one */
    if (cell->kind == FV_CELL_TEXTS) return array_labels(o, e, cell);
    FV_TRY(text_of(o, e, o->columns.label, "label", &text));
    if (!text) return NULL;
    if (o->options->separator) return split_labels(o, e, text);
    FV_TRY(fv_arena_take(o->arena, 1, &e->labels));
    add_label(e, text);
    return NULL;
}

static fv_error *read_part(opening *o, entry *e) {
    const char *text = NULL;
    e->part = -1;
    if (o->columns.part < 0) return NULL;
    FV_TRY(text_of(o, e, o->columns.part, "part", &text));
    if (text) e->part = fv_part_kind(text);
    if (e->part >= 0 || e->wrong) return NULL;
    return text ? fv_arena_format(o->arena, &e->wrong, "its part \"%s\" is none of train, val and test", text)
                : fv_arena_text(o->arena, "it says no part", &e->wrong);
}

static fv_error *read_weight(opening *o, entry *e) {
    const char *text = NULL;
    if (o->columns.weight < 0) return NULL;
    FV_TRY(text_of(o, e, o->columns.weight, "weight", &text));
    if (text && fv_text_to_number(text, &e->weight) && isfinite(e->weight) && e->weight >= 0) return NULL;
    return fv_arena_format(o->arena, &e->wrong, "its weight is \"%s\", not a number of 0 or more", text ? text : "");
}

/* The path as it is written but for "./" in front and the suffix that it lacks. */
static fv_error *read_path(opening *o, entry *e) {
    const fv_cell *cell = fv_row_cell(e->row, o->columns.path);
    if (!cell || cell->kind != FV_CELL_TEXT || !*cell->texts[0])
        return fv_arena_text(o->arena, cell && cell->kind != FV_CELL_TEXT ? "its path is no text" : "no path", &e->wrong);
    const char *path = cell->texts[0];
    while (path[0] == '.' && path[1] == '/') path += 2;
    e->id = path;
    return o->options->suffix ? fv_arena_format(o->arena, &e->id, "%s%s", path, o->options->suffix) : NULL;
}

static fv_error *read_entry(opening *o, entry *e) {
    e->wrong = e->row->wrong;
    e->part = -1;
    if (!e->wrong) FV_TRY(read_path(o, e));
    if (!e->wrong) FV_TRY(read_part(o, e));
    if (!e->wrong) FV_TRY(text_of(o, e, o->columns.group, "group", &e->group));
    if (!e->wrong) FV_TRY(read_weight(o, e));
    return e->wrong ? NULL : read_labels(o, e);
}

/* ---- what the labels are ---- */

static bool any_array(const opening *o) {
    const fv_row *rows = o->rows.rows.at;
    for (int64_t i = 0; i < o->rows.rows.count; i++) {
        const fv_cell *cell = fv_row_cell(&rows[i], o->columns.label);
        if (cell && cell->kind == FV_CELL_TEXTS) return true;
    }
    return false;
}

/* What `auto` means here: one class, unless there is a separator, an array, or a row that marks not just one of the columns. */
static fv_error *settle_target(opening *o) {
    if (o->target != FV_LIST_AUTO) return NULL;
    bool several = o->options->separator || (o->columns.label >= 0 && any_array(o));
    for (int64_t i = 0; i < o->count && o->columns.indicator_count; i++)
        several |= !o->entries[i].wrong && o->entries[i].label_count != 1;
    o->target = several ? FV_LIST_CLASSES : FV_LIST_CLASS;
    if (!o->columns.indicator_count) return NULL;
    return fv_listing_note(o->listing, "%s: %s", o->list,
                           several ? "a picture may be of several classes, or of none" : "every picture is of one class");
}

static fv_error *check_labels(opening *o, entry *e) {
    if (e->wrong || o->target != FV_LIST_CLASS || e->label_count == 1) return NULL;
    return e->label_count ? fv_arena_format(o->arena, &e->wrong, "%lld classes, not one", (long long)e->label_count)
                          : fv_arena_text(o->arena, "no label", &e->wrong);
}

/* ---- where the pictures are ---- */

static fv_error *is_below(opening *o, const char *root, const char *id, bool *out) {
    const char *path = id;
    if (id[0] != '/') FV_TRY(fv_file_join(o->arena, root, id, &path));
    *out = fv_file_kind_of(path) == FV_FILE_PLAIN;
    return NULL;
}

/* Whether one of the first pictures is below `root`. */
static fv_error *probe(opening *o, const char *root, bool *found) {
    int probes = 0;
    *found = false;
    for (int64_t i = 0; i < o->count && probes < PROBES_MAX && !*found; i++) {
        if (!o->entries[i].id) continue;
        FV_TRY(is_below(o, root, o->entries[i].id, found));
        probes++;
    }
    return NULL;
}

static fv_error *find_root(opening *o, const char *folder) {
    const char **names = NULL, *below = NULL, *only = NULL;
    int64_t count = 0, hits = 0;
    bool found;
    o->root = folder;
    FV_TRY(probe(o, folder, &found));
    if (found) return NULL;
    FV_TRY(fv_file_list(folder, o->arena, &names, &count));
    for (int64_t i = 0; i < count; i++) {
        FV_TRY(fv_file_join(o->arena, folder, names[i], &below));
        if (fv_is_system_name(names[i]) || fv_file_kind_of(below) != FV_FILE_FOLDER) continue;
        FV_TRY(probe(o, below, &found));
        if (found && !hits++) only = below;
    }
    if (hits != 1) return NULL;
    o->root = only;
    return fv_listing_note(o->listing, "%s: its pictures are in %s", o->list, only);
}

static fv_error *settle_root(opening *o) {
    const char *slash = strrchr(o->list, '/'), *folder = ".";
    if (slash) FV_TRY(fv_arena_format(o->arena, &folder, "%.*s", (int)(slash > o->list ? slash - o->list : 1), o->list));
    if (!o->options->root) {
        FV_TRY(find_root(o, folder));
    } else {
        o->root = o->options->root;
        if (*o->root != '/') FV_TRY(fv_file_join(o->arena, folder, o->options->root, &o->root));
        if (fv_file_kind_of(o->root) != FV_FILE_FOLDER)
            return fv_fail(FV_NOT_FOUND, "%s: there is no folder %s (option root)", o->list, o->root);
    }
    return fv_listing_root(o->listing, o->root);
}

/* As it is, or with '/' for the '\' that another system wrote. */
static fv_error *check_file(opening *o, entry *e, int64_t *missing) {
    bool found;
    if (e->wrong) return NULL;
    FV_TRY(is_below(o, o->root, e->id, &found));
    if (!found && strchr(e->id, '\\')) {
        char *turned = NULL;
        FV_TRY(fv_arena_copy(o->arena, e->id, (int64_t)strlen(e->id) + 1, (void **)&turned));
        for (char *at = turned; (at = strchr(at, '\\'));) *at = '/';
        FV_TRY(is_below(o, o->root, turned, &found));
        if (found) e->id = turned;
    }
    *missing += !found;
    return found ? NULL : fv_arena_format(o->arena, &e->wrong, "there is no such file below %s", o->root);
}

static fv_error *check_files(opening *o) {
    int64_t missing = 0, wrong = 0;
    for (int64_t i = 0; i < o->count; i++) {
        wrong += o->entries[i].wrong != NULL;
        FV_TRY(check_file(o, &o->entries[i], &missing));
    }
    if (!missing || missing + wrong < o->count) return NULL;
    return fv_error_hint(
        fv_fail(FV_NOT_FOUND, "%s: none of its %lld pictures is below %s", o->list, (long long)missing, o->root),
        "say where they are by the source's option root, and what their names lack by suffix");
}

static int by_id(const void *a, const void *b) {
    const entry *x = *(const entry *const *)a, *y = *(const entry *const *)b;
    int order = strcmp(x->id, y->id);
    return order ? order : x->row->line < y->row->line ? -1 : x->row->line > y->row->line;
}

/* A picture that stands in two rows would be on both sides of a split. */
static fv_error *find_doubles(opening *o) {
    entry **sorted = NULL;
    int64_t count = 0;
    FV_TRY(fv_arena_take(o->arena, o->count, &sorted));
    for (int64_t i = 0; i < o->count; i++)
        if (!o->entries[i].wrong) sorted[count++] = &o->entries[i];
    if (count) qsort(sorted, (size_t)count, sizeof *sorted, by_id);
    for (int64_t i = 1, first = 0; i < count; i++) {
        if (strcmp(sorted[i]->id, sorted[first]->id) != 0)
            first = i;
        else
            FV_TRY(fv_arena_format(o->arena, &sorted[i]->wrong, "it is in line %lld already",
                                   (long long)sorted[first]->row->line));
    }
    return NULL;
}

/* ---- classes ---- */

static int by_bytes(const void *a, const void *b) { return strcmp(*(const char *const *)a, *(const char *const *)b); }

static bool makes_classes(const entry *e, bool of_train) { return !e->wrong && (!of_train || e->part == 0); }

static fv_error *make_classes(opening *o) {
    int64_t all = 0;
    bool of_train = false;
    for (int64_t i = 0; i < o->count; i++) of_train |= !o->entries[i].wrong && o->entries[i].part == 0;
    for (int64_t i = 0; i < o->count; i++) all += o->entries[i].label_count;
    all += o->columns.indicator_count;
    FV_TRY(fv_arena_take(o->arena, all, &o->classes));
    int64_t n = 0;
    for (int64_t i = 0; i < o->count; i++)
        for (int64_t l = 0; makes_classes(&o->entries[i], of_train) && l < o->entries[i].label_count; l++)
            o->classes[n++] = o->entries[i].labels[l];
    if (n) qsort(o->classes, (size_t)n, sizeof *o->classes, by_bytes);
    for (int64_t i = 0; i < n; i++) {
        int64_t index;
        if (i && !strcmp(o->classes[i], o->classes[o->class_count - 1])) continue;
        o->classes[o->class_count++] = o->classes[i];
        FV_TRY(fv_listing_class(o->listing, o->classes[i], &index));
    }
    return NULL;
}

/* ---- samples ---- */

static fv_error *make_parts(opening *o) {
    bool present[3] = { false };
    for (int64_t i = 0; i < o->count; i++)
        if (!o->entries[i].wrong && o->entries[i].part >= 0) present[o->entries[i].part] = true;
    for (int k = 0; k < 3; k++)
        if (present[k]) FV_TRY(fv_listing_part(o->listing, fv_part_kinds[k], &o->part_index[k]));
    return NULL;
}

/* The classes' numbers; `wrong` where train has not the class. */
static fv_error *target_of(opening *o, entry *e, fv_target *out) {
    if (o->target == FV_LIST_NONE) return NULL;
    *out = (fv_target){ .kind = FV_TARGET_NUMBER, .number = e->number };
    if (o->target == FV_LIST_NUMBER) return NULL;
    int64_t *numbers = NULL;
    FV_TRY(fv_arena_take(fv_listing_arena(o->listing), e->label_count, &numbers));
    for (int64_t i = 0; i < e->label_count; i++) {
        const char **found =
            o->class_count ? bsearch(&e->labels[i], o->classes, (size_t)o->class_count, sizeof *o->classes, by_bytes) : NULL;
        if (!found) return fv_arena_format(o->arena, &e->wrong, "its class \"%s\" is not one of those in train", e->labels[i]);
        numbers[i] = found - o->classes;
    }
    *out = o->target == FV_LIST_CLASS ? (fv_target){ .kind = FV_TARGET_CLASS, .class_index = numbers[0] }
                                      : (fv_target){ .kind = FV_TARGET_CLASSES, .classes = { e->label_count, numbers } };
    return NULL;
}

static fv_error *add_entry(opening *o, entry *e) {
    fv_sample sample = { .part = -1, .group = e->group, .weight = e->weight };
    if (!e->wrong) FV_TRY(target_of(o, e, &sample.target));
    if (e->wrong)
        return fv_listing_reject(o->listing, e->id ? e->id : o->name, "%s line %lld: %s", o->name, (long long)e->row->line,
                                 e->wrong);
    sample.id = e->id;
    if (e->part >= 0) sample.part = o->part_index[e->part];
    return fv_listing_add(o->listing, &sample);
}

static fv_error *list_rows(opening *o) {
    o->count = o->rows.rows.count;
    FV_TRY(fv_arena_take(o->arena, o->count, &o->entries));
    for (int64_t i = 0; i < o->count; i++) {
        o->entries[i].row = (const fv_row *)o->rows.rows.at + i;
        FV_TRY(read_entry(o, &o->entries[i]));
    }
    FV_TRY(settle_target(o));
    for (int64_t i = 0; i < o->count; i++) FV_TRY(check_labels(o, &o->entries[i]));
    FV_TRY(settle_root(o));
    FV_TRY(check_files(o));
    FV_TRY(find_doubles(o));
    FV_TRY(make_classes(o));
    FV_TRY(make_parts(o));
    if (o->columns.weight >= 0) fv_listing_weighted(o->listing);
    for (int64_t i = 0; i < o->count; i++) FV_TRY(add_entry(o, &o->entries[i]));
    return NULL;
}

static fv_error *open_(const char *path, const void *options, fv_listing *listing, void **state) {
    FV_OWNED(fv_arena) arena = NULL;
    FV_OWNED(fv_memory) bytes = NULL;
    int64_t length = 0;
    *state = NULL;
    FV_TRY(fv_arena_new("the rows of a list", LISTED_CAP, &arena));
    FV_TRY(fv_file_read(path, LIST_BYTES_MAX, (uint8_t **)&bytes, &length));
    const char *slash = strrchr(path, '/');
    opening o = { .options = options, .listing = listing, .arena = arena, .list = path, .name = slash ? slash + 1 : path };
    o.target = o.options->target;
    fv_error *error = parse(&o, (char *)bytes, length);
    if (!error) error = fv_list_find_columns(path, o.options, &o.rows, arena, listing, &o.columns);
    if (!error) error = list_rows(&o);
    fv_rows_release(&o.rows);
    return error;
}

static fv_error *sniff(const char *path, int *sure) {
    bool listed = has_suffix(path, ".csv") || has_suffix(path, ".tsv") || has_suffix(path, ".tab") || is_json(path);
    *sure = listed && fv_file_kind_of(path) == FV_FILE_PLAIN ? 90 : 0;
    return NULL;
}

const fv_source fv_source_list = {
    .name = "list",
    .summary = "a list of pictures with their labels: CSV, TSV or JSON-lines",
    .fields = fields,
    .channels = 3,
    .sniff = sniff,
    .open = open_,
};
