/* answers.c - answers as text, and the file of them. A file is only ever appended to, in whole lines; a process that is killed
 * leaves at worst a torn last line, which is cut off when it is gone on with. What the file has is known by a hash of each path
 * as it is written, 16 bytes each. */
#include "predict/answers.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/size.h"
#include "predict/views.h"

#define LINE_BYTES_MAX (INT64_C(1) << 28)
#define JSON_BEGIN "{\"path\":"
#define HASH_LETTERS 12 /* of 64: enough to tell a user's models apart */

typedef struct key {
    uint64_t at[2]; /* both 0: none */
} key;

/* What all answers of a file are made by, as each says it at its end, in this order: the first of them in each. */
enum { MODEL_HASH, TTA, THRESHOLD, PRECISION, FAST_BATCH, MEANS };
static const struct {
    const char *name;
    bool quoted; /* in JSON */
} means[MEANS] = {
    { "model_hash", true }, { "tta", true }, { "threshold", false }, { "precision", true }, { "fast_batch", false }
};

typedef struct made_by {
    char said[MEANS][32]; /* "": it is as usual, and nothing is said; of the model: it is not known */
} made_by;

struct fv_answers {
    const char *path;
    fv_answer_style style;
    fv_arena *arena;
    bool csv;
    made_by now;
    bool columns[MEANS]; /* that a CSV file had when it was opened */
    FILE *file;
    fv_text line;
    key *keys; /* a table with open addressing, at most half full */
    int64_t count, room;
};

/* ---- as text ---- */

static void add_labels(const fv_prediction *p, fv_text *out) {
    fv_text_add(out, ",\"top\":[");
    for (int64_t k = 0; k < p->count; k++) {
        fv_text_addf(out, "%s{\"label\":", k ? "," : "");
        fv_text_add_json(out, p->labels[k]);
        fv_text_add(out, ",\"score\":");
        fv_text_add_number(out, p->scores[k]);
        fv_text_add(out, "}");
    }
    fv_text_add(out, "]");
}

static void add_class(const fv_prediction *p, fv_text *out) {
    fv_text_add(out, ",\"label\":");
    if (p->abstained)
        fv_text_add(out, "null,\"abstained\":true");
    else
        fv_text_add_json(out, p->labels[0]);
    fv_text_add(out, ",\"score\":");
    fv_text_add_number(out, p->scores[0]);
    add_labels(p, out);
}

static void add_answers(const fv_prediction *p, fv_text *out) {
    fv_text_add(out, ",\"labels\":[");
    for (int64_t k = 0; k < p->answers; k++) {
        if (k) fv_text_add(out, ",");
        fv_text_add_json(out, p->labels[k]);
    }
    fv_text_add(out, "]");
    add_labels(p, out);
}

static int64_t outputs(const fv_answer_style *style) { return style->kind == FV_NUMBERS ? 1 : style->classes; }

void fv_answer_json_outlier(double score, double threshold, fv_text *out) {
    if (!(threshold > 0)) return;
    fv_text_add(out, ",\"outlier\":{\"score\":");
    fv_text_add_number(out, score);
    fv_text_add(out, ",\"threshold\":");
    fv_text_add_number(out, threshold);
    fv_text_addf(out, ",\"outlier\":%s}", score > threshold ? "true" : "false");
}

void fv_answer_json_fields(const fv_answer_style *style, const fv_prediction *p, fv_text *out) {
    if (style->kind == FV_ONE_CLASS) add_class(p, out);
    if (style->kind == FV_MULTI_LABEL) add_answers(p, out);
    if (style->kind == FV_NUMBERS) fv_text_add(out, ",\"number\":");
    if (style->kind == FV_NUMBERS) fv_text_add_number(out, p->number);
    fv_answer_json_outlier(p->outlier_score, p->outlier_threshold, out);
    for (int64_t c = 0; style->logits && c < outputs(style); c++) {
        fv_text_add(out, c ? "," : ",\"logits\":[");
        fv_text_add_number(out, (double)p->logits[c]);
    }
    if (style->logits) fv_text_add(out, "]");
}

static made_by made_by_of(const fv_answer_style *style) {
    made_by m = { 0 };
    size_t room = sizeof m.said[0];
    if (style->model_hash) snprintf(m.said[MODEL_HASH], room, "%.*s", HASH_LETTERS, style->model_hash);
    if (style->views != FV_VIEWS_NONE) snprintf(m.said[TTA], room, "%s", fv_views_name(style->views));
    if (style->threshold != 0) snprintf(m.said[THRESHOLD], room, "%.9g", style->threshold);
    if (style->precision != FV_PRECISION_F32) snprintf(m.said[PRECISION], room, "%s", fv_precision_name(style->precision));
    if (style->fast_batch) snprintf(m.said[FAST_BATCH], room, "true");
    return m;
}

static void add_means(const fv_answer_style *style, fv_text *out) {
    made_by m = made_by_of(style);
    for (int i = 0; i < MEANS; i++)
        if (*m.said[i]) fv_text_addf(out, means[i].quoted ? ",\"%s\":\"%s\"" : ",\"%s\":%s", means[i].name, m.said[i]);
}

void fv_answer_json(const fv_answer_style *style, const fv_prediction *p, fv_text *out) {
    fv_text_add(out, JSON_BEGIN);
    fv_text_add_json(out, p->path);
    if (p->error) {
        char message[4096];
        fv_text_add(out, ",\"error\":");
        fv_text_add_json(out, fv_error_format(p->error, message, sizeof message));
    } else
        fv_answer_json_fields(style, p, out);
    add_means(style, out);
    fv_text_add(out, "}");
}

/* Quoted where it must be, quotes doubled. */
static void add_cell(const char *text, fv_text *out) {
    if (!text[strcspn(text, ",\"\r\n")] && *text != ' ') return fv_text_add(out, text);
    fv_text_add(out, "\"");
    for (; *text; text++) {
        if (*text == '"') fv_text_add(out, "\"");
        fv_text_add_bytes(out, text, 1);
    }
    fv_text_add(out, "\"");
}

/* A column a class. */
static void add_class_columns(const fv_answer_style *style, const char *what, fv_text *out) {
    for (int64_t c = 0; c < style->classes; c++) {
        FV_TEXT(name, 1 << 16);
        fv_text_addf(&name, "%s_%s", what, style->names[c]);
        fv_text_add(out, ",");
        add_cell(name.at, out);
        fv_text_fail(out, fv_text_error(&name));
    }
}

static void add_columns(const fv_answer_style *style, fv_text *out) {
    switch (style->kind) {
    case FV_ONE_CLASS:
        fv_text_add(out, style->may_abstain ? "path,label,score,guess" : "path,label,score");
        for (int64_t k = 2; k <= style->top; k++) fv_text_addf(out, ",label_%lld,score_%lld", (long long)k, (long long)k);
        break;
    case FV_MULTI_LABEL:
        fv_text_add(out, "path,labels");
        add_class_columns(style, "score", out);
        break;
    case FV_NUMBERS: fv_text_add(out, style->logits ? "path,number,logit" : "path,number"); break;
    }
    if (style->logits) add_class_columns(style, "logit", out);
    fv_text_add(out, style->outliers ? ",outlier_score,outlier,error" : ",error");
}

static void add_header(const fv_answer_style *style, fv_text *out) {
    made_by m = made_by_of(style);
    add_columns(style, out);
    for (int i = 0; i < MEANS; i++)
        if (*m.said[i]) fv_text_addf(out, ",%s", means[i].name);
}

static void add_class_cells(const fv_answer_style *style, const fv_prediction *p, fv_text *out) {
    bool answered = !p->error;
    if (answered && !p->abstained) add_cell(p->labels[0], out);
    fv_text_add(out, ",");
    if (answered) fv_text_add_number(out, p->scores[0]);
    if (style->may_abstain) fv_text_add(out, ",");
    if (style->may_abstain && answered) add_cell(p->labels[0], out);
    for (int64_t k = 1; k < style->top; k++) {
        fv_text_add(out, ",");
        if (answered) add_cell(p->labels[k], out);
        fv_text_add(out, ",");
        if (answered) fv_text_add_number(out, p->scores[k]);
    }
}

/* Scores in the model's order, which is not that of the prediction. */
static void add_label_cells(const fv_answer_style *style, const fv_prediction *p, fv_text *out) {
    FV_TEXT(joined, LINE_BYTES_MAX);
    for (int64_t k = 0; k < p->answers; k++) fv_text_addf(&joined, "%s%s", k ? "|" : "", p->labels[k]);
    add_cell(joined.length ? joined.at : "", out);
    for (int64_t c = 0; c < style->classes; c++) {
        fv_text_add(out, ",");
        for (int64_t k = 0; k < p->count; k++)
            if (p->classes[k] == c) fv_text_add_number(out, p->scores[k]);
    }
}

static void add_row(const fv_answer_style *style, const fv_prediction *p, fv_text *out) {
    char message[4096] = "";
    add_cell(p->path, out);
    fv_text_add(out, ",");
    if (style->kind == FV_ONE_CLASS) add_class_cells(style, p, out);
    if (style->kind == FV_MULTI_LABEL) add_label_cells(style, p, out);
    if (style->kind == FV_NUMBERS && !p->error) fv_text_add_number(out, p->number);
    for (int64_t c = 0; style->logits && c < outputs(style); c++) {
        fv_text_add(out, ",");
        if (!p->error) fv_text_add_number(out, (double)p->logits[c]);
    }
    bool scored = !p->error && p->outlier_threshold > 0;
    if (style->outliers) fv_text_add(out, ",");
    if (scored) fv_text_add_number(out, p->outlier_score);
    if (style->outliers) fv_text_addf(out, ",%s", !scored ? "" : p->outlier_score > p->outlier_threshold ? "true" : "false");
    fv_text_add(out, ",");
    if (p->error) add_cell(fv_error_format(p->error, message, sizeof message), out);
    made_by m = made_by_of(style);
    for (int i = 0; i < MEANS; i++)
        if (*m.said[i]) fv_text_addf(out, ",%s", m.said[i]);
}

/* ---- what the file has ---- */

static key key_of(const char *written, int64_t length) {
    key k;
    crypto_generichash((unsigned char *)&k, sizeof k, (const unsigned char *)written, (unsigned long long)length, NULL, 0);
    if (!k.at[0] && !k.at[1]) k.at[0] = 1;
    return k;
}

static int64_t place_of(const key *keys, int64_t room, key k) {
    int64_t at = (int64_t)(k.at[0] & (uint64_t)(room - 1));
    while ((keys[at].at[0] || keys[at].at[1]) && (keys[at].at[0] != k.at[0] || keys[at].at[1] != k.at[1]))
        at = (at + 1) & (room - 1);
    return at;
}

static fv_error *widen(fv_answers *a) {
    int64_t room = a->room ? 2 * a->room : 1024;
    key *keys;
    FV_TRY(fv_memory_new(room, &keys));
    for (int64_t i = 0; i < a->room; i++)
        if (a->keys[i].at[0] || a->keys[i].at[1]) keys[place_of(keys, room, a->keys[i])] = a->keys[i];
    fv_memory_free(a->keys);
    a->keys = keys, a->room = room;
    return NULL;
}

static fv_error *remember(fv_answers *a, key k) {
    if (2 * (a->count + 1) > a->room) FV_TRY(widen(a));
    key *place = &a->keys[place_of(a->keys, a->room, k)];
    if (!place->at[0] && !place->at[1]) a->count++;
    *place = k;
    return NULL;
}

/* The path of a line as it is written, with its quotes: its length, or 0 for a line that is none of ours. */
static int64_t path_in(const fv_answers *a, const char *line, int64_t length, const char **begin) {
    int64_t skip = a->csv ? 0 : (int64_t)strlen(JSON_BEGIN);
    *begin = line + skip;
    if (!a->csv && (length <= skip || strncmp(line, JSON_BEGIN, (size_t)skip) != 0 || line[skip] != '"')) return 0;
    if (a->csv && *line != '"') return (int64_t)strcspn(line, ",\n");
    for (int64_t at = skip + 1; at < length; at++) {
        if (line[at] == '\\' && !a->csv)
            at++;
        else if (line[at] == '"' && a->csv && line[at + 1] == '"')
            at++;
        else if (line[at] == '"')
            return at + 1 - skip;
    }
    return 0;
}

/* ---- opening ---- */

static fv_error *refused(const fv_answers *a, const char *act) {
    return fv_fail(FV_IO, "cannot %s %s: %s", act, a->path, strerror(errno));
}

/* A quoted cell may hold line breaks: a line goes on while its quotes are not even. */
static bool is_whole(const fv_answers *a, const char *line, int64_t length) {
    int64_t quotes = 0;
    for (int64_t i = 0; a->csv && i < length; i++) quotes += line[i] == '"';
    return length && line[length - 1] == '\n' && quotes % 2 == 0;
}

/* The next line with its end; empty: no whole one is left. */
static fv_error *next_line(fv_answers *a) {
    fv_text_clear(&a->line);
    while (!is_whole(a, a->line.at, a->line.length)) {
        int c;
        while ((c = getc(a->file)) != EOF) {
            char byte = (char)c;
            fv_text_add_bytes(&a->line, &byte, 1);
            if (byte == '\n') break;
        }
        if (c == EOF && ferror(a->file)) return refused(a, "read");
        if (c == EOF) fv_text_clear(&a->line);
        FV_TRY(fv_text_error(&a->line));
        if (c == EOF) return NULL;
    }
    return NULL;
}

/* Takes `end` off a line that ends in it. */
static bool cut_end(const char *line, int64_t *length, const char *end) {
    int64_t rest = *length - (int64_t)strlen(end);
    if (rest < 0 || strncmp(line + rest, end, strlen(end)) != 0) return false;
    *length = rest;
    return true;
}

/* Takes off the value that a line ends in: of CSV a cell, of JSON a string without escapes or a plain word. What we have not
 * written is none to be printed: "?". */
static void cut_value(const fv_answers *a, const char *line, int64_t *length, bool quoted, char *value, int64_t room) {
    int64_t end = *length - quoted, at = end;
    if (at < 0 || (quoted && line[at] != '"')) return;
    while (at > 0 && (a->csv ? line[at - 1] != ',' : line[at - 1] != '"' && line[at - 1] != ':')) at--;
    snprintf(value, (size_t)room, "%.*s", (int)fv_min(end - at, room - 1), line + at);
    if (value[strspn(value, "abcdefghijklmnopqrstuvwxyz0123456789_.+-")]) snprintf(value, (size_t)room, "?");
    *length = at - quoted;
}

/* What a line says at its end of how it was made. Strings have their quotes escaped, and a CSV file's header tells which cells
 * there are: no text is taken for it. */
static made_by read_means(const fv_answers *a) {
    made_by m = { 0 };
    const char *line = a->line.at;
    int64_t length = a->line.length;
    cut_end(line, &length, a->csv ? "\n" : "}\n");
    for (int i = MEANS - 1; i >= 0; i--) {
        char value[sizeof m.said[i]] = "", before[64];
        int64_t rest = length;
        if (a->csv && !a->columns[i]) continue;
        snprintf(before, sizeof before, a->csv ? "," : ",\"%s\":", means[i].name);
        cut_value(a, line, &rest, !a->csv && means[i].quoted, value, sizeof value);
        if (!cut_end(line, &rest, before)) continue;
        memcpy(m.said[i], value, sizeof value);
        length = rest;
    }
    return m;
}

/* " --fast-batch", " --tta mirror" */
static void add_option(int i, const char *value, fv_text *out) {
    fv_text_add(out, " --");
    for (const char *at = means[i].name; *at; at++) fv_text_addf(out, "%c", *at == '_' ? '-' : *at);
    if (value && i != FAST_BATCH) fv_text_addf(out, " %s", value);
}

/* "model 0123456789ab with --tta mirror" */
static void add_made_by(const made_by *m, fv_text *out) {
    bool more = false;
    fv_text_add(out, *m->said[MODEL_HASH] ? "model " : "a model that it does not name");
    fv_text_add(out, m->said[MODEL_HASH]);
    for (int i = TTA; i < MEANS; i++) {
        if (!*m->said[i]) continue;
        if (!more) fv_text_add(out, " with");
        add_option(i, m->said[i], out);
        more = true;
    }
}

/* How to go on as it was begun. */
static void add_way_out(const made_by *had, const made_by *now, fv_text *out) {
    FV_TEXT(without, 1 << 16);
    int64_t begin = out->length;
    for (int i = TTA; i < MEANS; i++) {
        if (!strcmp(had->said[i], now->said[i])) continue;
        if (*had->said[i] && out->length == begin) fv_text_add(out, " with");
        if (*had->said[i]) add_option(i, had->said[i], out);
        if (!*had->said[i]) add_option(i, NULL, &without);
    }
    if (without.length) fv_text_addf(out, "%s without%s", out->length > begin ? " and" : "", without.at);
    fv_text_fail(out, fv_text_error(&without));
}

/* Answers of one file are made alike. */
static fv_error *check_means(const fv_answers *a, int64_t number) {
    made_by had = read_means(a);
    bool same = true, by_it = !strcmp(had.said[MODEL_HASH], a->now.said[MODEL_HASH]);
    for (int i = 0; i < MEANS; i++) same = same && !strcmp(had.said[i], a->now.said[i]);
    if (same) return NULL;
    FV_TEXT(before, 1 << 16);
    FV_TEXT(after, 1 << 16);
    FV_TEXT(way_out, 1 << 16);
    add_made_by(&had, &before);
    add_made_by(&a->now, &after);
    if (by_it) add_way_out(&had, &a->now, &way_out);
    if (!by_it && *had.said[MODEL_HASH]) fv_text_add(&way_out, " by that model, whose hash `fovea model show` says");
    FV_TRY(fv_text_error(&before));
    FV_TRY(fv_text_error(&after));
    FV_TRY(fv_text_error(&way_out));
    fv_error *error = fv_fail(FV_CONFLICT, "%s, line %lld: answered by %s, and now it would be by %s", a->path,
                              (long long)number, before.at, after.at);
    if (!way_out.length) return fv_error_hint(error, "name another file");
    return fv_error_hint(error, "go on%s, or name another file", way_out.at);
}

static fv_error *other_columns(const fv_answers *a) {
    return fv_error_hint(fv_fail(FV_CONFLICT, "%s has other %s than would be written now", a->path,
                                 a->csv ? "columns" : "labels or logits in a line"),
                         "use the options that it was begun with, or name another file");
}

/* Of a file whose columns for how it was made are others the first answer tells more. Without one nothing is lost: the line is
 * left empty then, and the header is written anew. */
static fv_error *check_header(fv_answers *a) {
    FV_TEXT(wanted, LINE_BYTES_MAX);
    int64_t length = a->line.length;
    bool same = true;
    add_columns(&a->style, &wanted);
    FV_TRY(fv_text_error(&wanted));
    cut_end(a->line.at, &length, "\n");
    for (int i = MEANS - 1; i >= 0; i--) {
        char column[64];
        snprintf(column, sizeof column, ",%s", means[i].name);
        a->columns[i] = cut_end(a->line.at, &length, column);
        same = same && a->columns[i] == (*a->now.said[i] != 0);
    }
    if (length != wanted.length || strncmp(wanted.at, a->line.at, (size_t)length) != 0) return other_columns(a);
    if (same) return NULL;
    FV_TRY(next_line(a));
    if (!a->line.length) return NULL;
    FV_TRY(check_means(a, 2));
    return other_columns(a);
}

/* What columns are to CSV: as many labels, and logits or none. A failure has neither. */
static fv_error *check_shape(const fv_answers *a, int64_t path_length) {
    static const char one[] = "{\"label\":", error[] = ",\"error\":";
    const char *line = a->line.at, *behind = line + strlen(JSON_BEGIN) + path_length;
    int64_t labels = 0;
    if (a->csv || !strncmp(behind, error, strlen(error))) return NULL;
    for (const char *at = line; (at = strstr(at, one)) != NULL; at += strlen(one)) labels++;
    bool other = a->style.kind == FV_ONE_CLASS && labels != a->style.top;
    return other || (strstr(line, ",\"logits\":[") != NULL) != a->style.logits ? other_columns(a) : NULL;
}

/* Remembers what is there, and leaves the file at the end of its last whole line. */
static fv_error *take_up(fv_answers *a) {
    off_t end = 0;
    for (int64_t number = 1;; number++) {
        const char *begin;
        FV_TRY(next_line(a));
        if (!a->line.length) break;
        end += a->line.length;
        if (a->csv && number == 1) {
            FV_TRY(check_header(a));
            if (a->line.length) continue;
            end = 0;
            break;
        }
        int64_t length = path_in(a, a->line.at, a->line.length, &begin);
        if (!length) return fv_fail(FV_FORMAT, "%s, line %lld: this is no answer of a prediction", a->path, (long long)number);
        FV_TRY(check_means(a, number));
        FV_TRY(check_shape(a, length));
        FV_TRY(remember(a, key_of(begin, length)));
    }
    if (fseeko(a->file, end, SEEK_SET) || ftruncate(fileno(a->file), end)) return refused(a, "write");
    return NULL;
}

static fv_error *open_file(fv_answers *a, bool resume) {
    fv_file_kind kind = fv_file_kind_of(a->path);
    bool there = kind != FV_FILE_NONE;
    if (there && kind != FV_FILE_PLAIN) return fv_fail(FV_CONFLICT, "%s is not a plain file", a->path);
    if (there && !resume)
        return fv_error_hint(fv_fail(FV_CONFLICT, "%s is there already", a->path),
                             "--resume goes on with it; or name another file");
    a->file = fopen(a->path, there ? "r+e" : "wxe");
    if (!a->file) return refused(a, "write");
    if (there) FV_TRY(take_up(a));
    if (!a->csv || ftello(a->file) > 0) return NULL;
    fv_text_clear(&a->line);
    add_header(&a->style, &a->line);
    fv_text_add(&a->line, "\n");
    FV_TRY(fv_text_error(&a->line));
    return fputs(a->line.at, a->file) < 0 ? refused(a, "write") : NULL;
}

static bool ends_in(const char *path, const char *suffix) {
    size_t length = strlen(path), tail = strlen(suffix);
    return length > tail && !strcasecmp(path + length - tail, suffix);
}

fv_error *fv_answers_open(const char *path, const fv_answer_style *style, bool resume, fv_answers **out) {
    bool csv = ends_in(path, ".csv"), json = ends_in(path, ".jsonl") || ends_in(path, ".ndjson");
    if (!csv && !json) return fv_fail(FV_USAGE, "%s: answers are written to a file named .csv or .jsonl", path);
    FV_OWNED(fv_answers) a = NULL;
    FV_TRY(fv_memory_new(1, &a));
    fv_text_init(&a->line, LINE_BYTES_MAX);
    FV_TRY(fv_arena_new("a file of answers", 1 << 20, &a->arena));
    FV_TRY(fv_arena_text(a->arena, path, &a->path));
    a->style = *style;
    a->now = made_by_of(style);
    a->csv = csv;
    FV_TRY(open_file(a, resume));
    *out = fv_take(&a);
    return NULL;
}

void fv_answers_free(fv_answers *a) {
    if (!a) return;
    if (a->file) fclose(a->file);
    fv_text_release(&a->line);
    fv_memory_free(a->keys);
    fv_arena_free(a->arena);
    fv_memory_free(a);
}

/* ---- use ---- */

int64_t fv_answers_held(const fv_answers *a) { return a->count; }

bool fv_answers_has(const fv_answers *a, const char *path) {
    if (!a->count) return false;
    FV_TEXT(written, LINE_BYTES_MAX);
    if (a->csv)
        add_cell(path, &written);
    else
        fv_text_add_json(&written, path);
    key k = key_of(written.at, written.length);
    const key *place = &a->keys[place_of(a->keys, a->room, k)];
    return place->at[0] || place->at[1];
}

fv_error *fv_answers_add(fv_answers *a, const fv_prediction *prediction) {
    fv_text_clear(&a->line);
    if (a->csv)
        add_row(&a->style, prediction, &a->line);
    else
        fv_answer_json(&a->style, prediction, &a->line);
    fv_text_add(&a->line, "\n");
    FV_TRY(fv_text_error(&a->line));
    return fwrite(a->line.at, 1, (size_t)a->line.length, a->file) == (size_t)a->line.length ? NULL : refused(a, "write");
}

fv_error *fv_answers_close(fv_answers *a) {
    FILE *file = fv_take(&a->file);
    bool failed = fflush(file) != 0 || fsync(fileno(file)) != 0;
    fv_error *error = failed ? refused(a, "write") : NULL;
    if (fclose(file) && !error) error = refused(a, "write");
    return error;
}
