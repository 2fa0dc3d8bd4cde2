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

#define LINE_BYTES_MAX (INT64_C(1) << 28)
#define JSON_BEGIN "{\"path\":"

typedef struct key {
    uint64_t at[2]; /* both 0: none */
} key;

struct fv_answers {
    const char *path;
    fv_answer_style style;
    fv_arena *arena;
    bool csv;
    bool says_precision, says_fast; /* columns that a CSV file had when it was opened */
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

/* How it was computed, where that is not the usual way. */
static void add_arithmetic(const fv_answer_style *style, fv_text *out) {
    if (style->precision != FV_PRECISION_F32) fv_text_addf(out, ",\"precision\":\"%s\"", fv_precision_name(style->precision));
    if (style->fast_batch) fv_text_add(out, ",\"fast_batch\":true");
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
    add_arithmetic(style, out);
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
    add_columns(style, out);
    if (style->precision != FV_PRECISION_F32) fv_text_add(out, ",precision");
    if (style->fast_batch) fv_text_add(out, ",fast_batch");
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
    if (style->precision != FV_PRECISION_F32) fv_text_addf(out, ",%s", fv_precision_name(style->precision));
    if (style->fast_batch) fv_text_add(out, ",true");
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

/* What a line says at its end of how it was computed; what says nothing was by f32 and not for the batch at hand. Strings have
 * their quotes escaped, and a CSV file's header tells which cells there are: no text is taken for it. */
static void read_arithmetic(const fv_answers *a, fv_precision *precision, bool *fast_batch) {
    static const fv_precision said[] = { FV_PRECISION_BF16, FV_PRECISION_BF16_FORCED };
    int64_t length = a->line.length;
    cut_end(a->line.at, &length, a->csv ? "\n" : "}\n");
    *precision = FV_PRECISION_F32;
    *fast_batch = (!a->csv || a->says_fast) && cut_end(a->line.at, &length, a->csv ? ",true" : ",\"fast_batch\":true");
    for (int i = 0; i < 2 && (!a->csv || a->says_precision); i++) {
        char end[64];
        snprintf(end, sizeof end, a->csv ? ",%s" : ",\"precision\":\"%s\"", fv_precision_name(said[i]));
        if (cut_end(a->line.at, &length, end)) *precision = said[i];
    }
}

/* Answers of one file are of one arithmetic. */
static fv_error *check_arithmetic(const fv_answers *a, int64_t number) {
    fv_precision precision;
    bool fast;
    const fv_answer_style *now = &a->style;
    read_arithmetic(a, &precision, &fast);
    if (precision == now->precision && fast == now->fast_batch) return NULL;
    bool usual = precision == FV_PRECISION_F32 && !fast;
    fv_error *error =
        fv_fail(FV_CONFLICT, "%s, line %lld: answered with --precision %s%s, and now it would be with --precision %s%s",
                a->path, (long long)number, fv_precision_name(precision), fast ? " --fast-batch" : "",
                fv_precision_name(now->precision), now->fast_batch ? " --fast-batch" : "");
    return fv_error_hint(error, "go on with --precision %s%s, or name another file%s", fv_precision_name(precision),
                         fast    ? " --fast-batch"
                         : usual ? " and without --fast-batch"
                                 : "",
                         usual ? "; an answer that says nothing of them counts as made so" : "");
}

/* Of a file whose columns for that are others the first answer tells more. */
static fv_error *check_header(fv_answers *a) {
    FV_TEXT(wanted, LINE_BYTES_MAX);
    int64_t length = a->line.length;
    add_columns(&a->style, &wanted);
    FV_TRY(fv_text_error(&wanted));
    cut_end(a->line.at, &length, "\n");
    a->says_fast = cut_end(a->line.at, &length, ",fast_batch");
    a->says_precision = cut_end(a->line.at, &length, ",precision");
    if (length == wanted.length && !strncmp(wanted.at, a->line.at, (size_t)length)) {
        bool same = a->says_precision == (a->style.precision != FV_PRECISION_F32) && a->says_fast == a->style.fast_batch;
        if (same) return NULL;
        FV_TRY(next_line(a));
        if (a->line.length) FV_TRY(check_arithmetic(a, 2));
    }
    return fv_error_hint(fv_fail(FV_CONFLICT, "%s has other columns than would be written now", a->path),
                         "use the options that it was begun with, or name another file");
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
            continue;
        }
        int64_t length = path_in(a, a->line.at, a->line.length, &begin);
        if (!length) return fv_fail(FV_FORMAT, "%s, line %lld: this is no answer of a prediction", a->path, (long long)number);
        FV_TRY(check_arithmetic(a, number));
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
