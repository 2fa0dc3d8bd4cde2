/* log_label.c - see log_label.h. */
#include "predict/log_label.h"

#include <math.h>
#include <string.h>
#include <strings.h>

#include "core/base/file.h"
#include "core/base/text.h"
#include "data/sources/list_rows.h"
#include "predict/log_truths.h"

#define LIST_BYTES_MAX (INT64_C(1) << 30)

/* What rows are read with. */
typedef struct desk {
    const fv_log_labels *options;
    fv_arena *arena;
    fv_prediction_log *log;
    fv_log_truths *known; /* what there are predictions of */
    fv_log_labelled *out;
    const char **reasons;
} desk;

static fv_error *refuse(desk *d, int64_t line, const char *what, const char *of) {
    return fv_arena_format(d->arena, &d->reasons[d->out->refused++], "line %lld: %s%s", (long long)line, what, of ? of : "");
}

/* Divided by the separator, without the blanks around; nothing at all is no label. */
static fv_error *divide(const desk *d, const char *text, const char **labels, int64_t *count) {
    const char *separator = d->options->separator ? d->options->separator : ";";
    size_t length = strlen(separator);
    for (*count = 0; *text && *count < FV_LOG_TOP_MAX;) {
        const char *end = strstr(text, separator), *piece;
        FV_TRY(fv_arena_format(d->arena, &piece, "%.*s", (int)(end ? end - text : (int64_t)strlen(text)), text));
        FV_TRY(fv_trimmed(piece, d->arena, &piece));
        if (*piece) labels[(*count)++] = piece;
        text = end ? end + length : text + strlen(text);
    }
    return NULL;
}

static fv_error *tell(desk *d, int64_t line, const char *id, const char *text) {
    const fv_logged_truth *known = fv_log_truths_find(d->known, id);
    const char *labels[FV_LOG_TOP_MAX];
    if (!known) return refuse(d, line, "the log has no prediction ", id);
    fv_logged_truth truth = { .id = id, .by = d->options->by, .kind = known->kind, .labels = labels };
    if (truth.kind == FV_NUMBERS && (!fv_text_to_number(text, &truth.number) || !isfinite(truth.number)))
        return refuse(d, line, "no number: ", text);
    if (truth.kind == FV_MULTI_LABEL) FV_TRY(divide(d, text, labels, &truth.count));
    if (truth.kind == FV_ONE_CLASS) {
        if (!*text) return refuse(d, line, "it says no label", NULL);
        labels[0] = text, truth.count = 1;
    }
    FV_TRY(fv_prediction_log_feedback(d->log, &truth, NULL));
    d->out->labelled++;
    return NULL;
}

static fv_error *tell_rows(desk *d, const fv_rows *rows, const char *list) {
    const char *names[2] = { d->options->id ? d->options->id : "id", d->options->label ? d->options->label : "label" };
    int columns[2];
    for (int k = 0; k < 2; k++) {
        columns[k] = fv_rows_column(rows, names[k]);
        if (columns[k] < 0)
            return fv_error_hint(fv_fail(FV_FORMAT, "%s has no column \"%s\"", list, names[k]), "--%s names another",
                                 k ? "label" : "id");
    }
    FV_TRY(fv_arena_take(d->arena, rows->rows.count + 1, &d->reasons));
    d->out->reasons = d->reasons;
    d->out->rows = rows->rows.count;
    for (int64_t i = 0; i < rows->rows.count; i++) {
        const fv_row *row = (const fv_row *)rows->rows.at + i;
        const fv_cell *id = fv_row_cell(row, columns[0]), *label = fv_row_cell(row, columns[1]);
        const char *name;
        if (row->wrong || !id || id->kind != FV_CELL_TEXT || (label && label->kind != FV_CELL_TEXT)) {
            FV_TRY(refuse(d, row->line, row->wrong ? row->wrong : "it says no id, or no label as a text", NULL));
            continue;
        }
        FV_TRY(fv_trimmed(id->texts[0], d->arena, &name));
        FV_TRY(tell(d, row->line, name, label ? label->texts[0] : ""));
    }
    return NULL;
}

static bool is_json(const char *path) {
    size_t length = strlen(path);
    return length > 6 && !strcasecmp(path + length - 6, ".jsonl");
}

static fv_error *read_list(desk *d, const char *list) {
    FV_OWNED(fv_memory) bytes = NULL;
    int64_t length;
    fv_rows rows = { 0 };
    fv_rows_form form = { .json = is_json(list), .header = FV_HEADER_YES };
    FV_TRY(fv_file_read(list, LIST_BYTES_MAX, (uint8_t **)&bytes, &length));
    fv_error *error = fv_error_wrap(fv_rows_parse(bytes, length, &form, d->arena, &rows), "%s", list);
    if (!error) error = tell_rows(d, &rows, list);
    fv_rows_release(&rows);
    return error;
}

fv_error *fv_prediction_log_label(const char *folder, const char *list, const fv_log_labels *options, fv_arena *arena,
                                  fv_log_labelled *out) {
    FV_OWNED(fv_log_truths) known = NULL;
    desk d = { .options = options, .arena = arena, .out = out };
    *out = (fv_log_labelled){ 0 };
    FV_TRY(fv_log_predictions_read(folder, &known)); /* a folder that is no log is not made one */
    d.known = known;
    FV_TRY(fv_prediction_log_open(folder, NULL, &d.log));
    fv_error *error = read_list(&d, list), *unwritten = fv_prediction_log_close(d.log);
    if (!error) return unwritten;
    fv_error_free(unwritten);
    return error;
}
