/* predictions_read.c - predictions.jsonl, line by line. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/text.h"
#include "train/predictions.h"

#define LINE_BYTES_MAX (INT64_C(1) << 24)
#define ROUNDING 1e-9 /* that a probability may be beyond 1 */

struct fv_predictions {
    FILE *file;
    const char *path;
    fv_arena *names; /* the path */
    fv_arena *arena; /* of one line */
    fv_text text;
    int64_t line; /* the number of the one that was read last, from 1 */
    bool any;     /* one was understood: `at.kind` is what the others must be */
    fv_predicted at;
};

fv_error *fv_predictions_open(const char *path, fv_predictions **out) {
    FV_OWNED(fv_predictions) p = NULL;
    FV_TRY(fv_memory_new(1, &p));
    fv_text_init(&p->text, LINE_BYTES_MAX);
    FV_TRY(fv_arena_new("a run's predictions", INT64_C(1) << 20, &p->names));
    FV_TRY(fv_arena_new("a line of predictions", INT64_C(1) << 28, &p->arena));
    FV_TRY(fv_arena_text(p->names, path, &p->path));
    p->file = fopen(path, "re");
    if (!p->file)
        return fv_fail(errno == ENOENT   ? FV_NOT_FOUND
                       : errno == EACCES ? FV_DENIED
                                         : FV_IO,
                       "cannot open %s: %s", path, strerror(errno));
    *out = fv_take(&p);
    return NULL;
}

void fv_predictions_free(fv_predictions *p) {
    if (!p) return;
    if (p->file) fclose(p->file);
    fv_text_release(&p->text);
    fv_arena_free(p->arena);
    fv_arena_free(p->names);
    fv_memory_free(p);
}

/* ---- lines ---- */

/* The next line without its end; `*more` false: there is none. */
static fv_error *read_line(fv_predictions *p, bool *more) {
    char block[4096];
    int64_t held = 0;
    int letter;
    fv_text_clear(&p->text);
    while ((letter = getc_unlocked(p->file)) != EOF && letter != '\n') {
        block[held++] = (char)letter;
        if (held < (int64_t)sizeof block) continue;
        fv_text_add_bytes(&p->text, block, held);
        held = 0;
    }
    fv_text_add_bytes(&p->text, block, held);
    if (ferror(p->file)) return fv_fail(FV_IO, "cannot read %s: %s", p->path, strerror(errno));
    *more = letter != EOF || p->text.length || held;
    p->line++;
    return fv_error_wrap(fv_text_error(&p->text), "%s, line %lld", p->path, (long long)p->line);
}

static fv_error *wrong(const fv_predictions *p, const char *key, const char *should) {
    return fv_fail(FV_FORMAT, "%s, line %lld: \"%s\" is no %s", p->path, (long long)p->line, key, should);
}

/* ---- values ---- */

static fv_error *read_text(fv_predictions *p, const json_t *line, const char *key, const char **out) {
    const json_t *value = json_object_get(line, key);
    if (!json_is_string(value)) return wrong(p, key, "text");
    return fv_arena_text(p->arena, json_string_value(value), out);
}

static fv_error *read_number(fv_predictions *p, const json_t *line, const char *key, double *out) {
    const json_t *value = json_object_get(line, key);
    if (!json_is_number(value)) return wrong(p, key, "number");
    *out = json_number_value(value);
    return isfinite(*out) ? NULL : wrong(p, key, "finite number");
}

static fv_error *read_score(fv_predictions *p, const json_t *line, double *out) {
    FV_TRY(read_number(p, line, "score", out));
    return *out >= 0 && *out <= 1 + ROUNDING ? NULL : wrong(p, "score", "number in 0…1");
}

static fv_error *read_texts(fv_predictions *p, const json_t *line, const char *key, int64_t *count, const char *const **out) {
    const json_t *list = json_object_get(line, key);
    const char **texts;
    if (!json_is_array(list)) return wrong(p, key, "list of texts");
    *count = (int64_t)json_array_size(list);
    FV_TRY(fv_arena_take(p->arena, *count, &texts));
    for (int64_t i = 0; i < *count; i++) {
        const json_t *value = json_array_get(list, (size_t)i);
        if (!json_is_string(value)) return wrong(p, key, "list of texts");
        FV_TRY(fv_arena_text(p->arena, json_string_value(value), &texts[i]));
    }
    *out = texts;
    return NULL;
}

static fv_error *read_top(fv_predictions *p, const json_t *line) {
    const json_t *list = json_object_get(line, "top");
    fv_scored_label *top;
    if (!json_is_array(list)) return wrong(p, "top", "list");
    p->at.top_count = (int64_t)json_array_size(list);
    FV_TRY(fv_arena_take(p->arena, p->at.top_count, &top));
    for (int64_t i = 0; i < p->at.top_count; i++) {
        const json_t *item = json_array_get(list, (size_t)i);
        FV_TRY(read_text(p, item, "label", &top[i].label));
        FV_TRY(read_score(p, item, &top[i].score));
    }
    p->at.top = top;
    return NULL;
}

/* ---- a line ---- */

static fv_error *find_kind(const fv_predictions *p, const json_t *line, fv_outcome_kind *out) {
    if (json_object_get(line, "label"))
        *out = FV_ONE_CLASS;
    else if (json_object_get(line, "labels"))
        *out = FV_MULTI_LABEL;
    else if (json_object_get(line, "number"))
        *out = FV_NUMBERS;
    else
        return fv_fail(FV_FORMAT, "%s, line %lld: it has neither \"label\" nor \"labels\" nor \"number\"", p->path,
                       (long long)p->line);
    if (!p->any || *out == p->at.kind) return NULL;
    return fv_fail(FV_FORMAT, "%s, line %lld: its target is of another kind than those before", p->path, (long long)p->line);
}

static fv_error *read_kind(fv_predictions *p, const json_t *line) {
    fv_predicted *at = &p->at;
    switch (at->kind) {
    case FV_ONE_CLASS:
        FV_TRY(read_text(p, line, "label", &at->label));
        FV_TRY(read_text(p, line, "predicted", &at->predicted));
        FV_TRY(read_score(p, line, &at->score));
        return read_top(p, line);
    case FV_MULTI_LABEL:
        FV_TRY(read_texts(p, line, "labels", &at->label_count, &at->labels));
        FV_TRY(read_texts(p, line, "predicted", &at->predicted_count, &at->predicted_labels));
        return read_top(p, line);
    default:
        FV_TRY(read_number(p, line, "number", &at->number));
        return read_number(p, line, "predicted", &at->predicted_number);
    }
}

static fv_error *understand(fv_predictions *p, const json_t *line) {
    fv_outcome_kind kind = FV_ONE_CLASS;
    if (!json_is_object(line)) return fv_fail(FV_FORMAT, "%s, line %lld: it is no object", p->path, (long long)p->line);
    FV_TRY(find_kind(p, line, &kind));
    p->at = (fv_predicted){ .kind = kind };
    p->any = true;
    FV_TRY(read_text(p, line, "path", &p->at.id));
    return *p->at.id ? read_kind(p, line) : wrong(p, "path", "name");
}

fv_error *fv_predictions_next(fv_predictions *p, const fv_predicted **out) {
    bool more;
    json_t *line;
    json_error_t problem;
    *out = NULL;
    fv_arena_reset(p->arena);
    FV_TRY(read_line(p, &more));
    if (!more) return NULL;
    FV_TRY(fv_json_load(p->text.at, p->text.length, JSON_REJECT_DUPLICATES, &problem, &line));
    if (!line) return fv_fail(FV_FORMAT, "%s, line %lld is no JSON: %s", p->path, (long long)p->line, problem.text);
    fv_error *error = understand(p, line);
    json_decref(line);
    if (!error) *out = &p->at;
    return error;
}
