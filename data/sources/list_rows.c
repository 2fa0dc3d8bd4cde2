/* shared: list_rows.c - CSV, TSV and JSON-lines into rows of cells: what the source list and its fuzz target read.
 *
 * A field is unquoted where it stands: what a quoted field is shorter for its quotes is never read again. A quote inside a
 * field that does not begin with one is a character as any other, as spreadsheets and Python's csv module have it. */
#include "data/sources/list_rows.h"

#include <stdio.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/memory.h"
#include "core/base/size.h"
#include "data/walk.h"

void fv_rows_release(fv_rows *rows) {
    fv_memory_free(rows->columns.at);
    fv_memory_free(rows->rows.at);
    *rows = (fv_rows){ 0 };
}

int fv_rows_column(const fv_rows *rows, const char *name) {
    const char *const *columns = rows->columns.at;
    for (int i = 0; i < (int)rows->columns.count; i++)
        if (!strcmp(columns[i], name)) return i;
    return -1;
}

const fv_cell *fv_row_cell(const fv_row *row, int column) {
    if (column < 0) return NULL;
    if (column < row->count && row->cells[column].column == column) return &row->cells[column];
    for (int64_t i = 0; i < row->count; i++)
        if (row->cells[i].column == column) return &row->cells[i];
    return NULL;
}

static bool is_blank(char c) { return c == ' ' || c == '\t'; }

fv_error *fv_trimmed(const char *text, fv_arena *arena, const char **out) {
    size_t begin = 0, end = strlen(text);
    while (begin < end && is_blank(text[begin])) begin++;
    while (end > begin && is_blank(text[end - 1])) end--;
    *out = text + begin;
    return text[end] ? fv_arena_format(arena, out, "%.*s", (int)(end - begin), text + begin) : NULL;
}

/* ---- text ---- */

/* Bytes of the UTF-8 character at `s`, 0 when there is none: overlong, a surrogate, cut short. */
static int character(const uint8_t *s, int64_t left) {
    if (s[0] < 0x80) return 1;
    int length = s[0] >= 0xF0 ? 4 : s[0] >= 0xE0 ? 3 : 2;
    if (s[0] < 0xC2 || s[0] > 0xF4 || left < length) return 0;
    for (int i = 1; i < length; i++)
        if ((s[i] & 0xC0) != 0x80) return 0;
    bool overlong = (s[0] == 0xE0 && s[1] < 0xA0) || (s[0] == 0xF0 && s[1] < 0x90);
    bool beyond = (s[0] == 0xED && s[1] > 0x9F) || (s[0] == 0xF4 && s[1] > 0x8F);
    return overlong || beyond ? 0 : length;
}

static fv_error *check_text(const uint8_t *bytes, int64_t length) {
    int64_t line = 1;
    if (length >= 2 && ((bytes[0] == 0xFF && bytes[1] == 0xFE) || (bytes[0] == 0xFE && bytes[1] == 0xFF)))
        return fv_error_hint(fv_fail(FV_FORMAT, "a list in UTF-16"), "save it as UTF-8");
    for (int64_t at = 0, n; at < length; at += n) {
        n = character(bytes + at, length - at);
        if (!n || !bytes[at])
            return fv_error_hint(fv_fail(FV_FORMAT, "line %lld is no UTF-8 text", (long long)line), "save the list as UTF-8");
        line += bytes[at] == '\n';
    }
    return NULL;
}

/* ---- CSV ---- */

typedef struct reader {
    char *at, *end;
    int64_t line; /* of `at` */
    char delimiter;
} reader;

static bool at_row_end(const reader *r) { return r->at == r->end || *r->at == '\n' || *r->at == '\r'; }

/* Over CRLF, LF or CR. */
static void skip_row_end(reader *r) {
    if (r->at == r->end) return;
    bool both = *r->at == '\r' && r->at[1] == '\n';
    r->at += both ? 2 : 1;
    r->line++;
}

/* A field that begins with a quote, unquoted where it stands; *to is behind its last character. */
static void read_quoted(reader *r, char **to, const char **wrong) {
    bool closed = false;
    for (*to = r->at++; r->at < r->end; r->at++) {
        if (*r->at == '"') {
            closed = r->at[1] != '"';
            if (closed) break;
            r->at++;
        }
        r->line += *r->at == '\n' || (*r->at == '\r' && r->at[1] != '\n');
        *(*to)++ = *r->at;
    }
    if (!closed)
        *wrong = "a quote that is never closed";
    else if (r->at++, !at_row_end(r) && *r->at != r->delimiter)
        *wrong = "text behind a closing quote";
}

/* One field; its text ends in a NUL. False: it was the row's last. */
static bool read_field(reader *r, const char **field, const char **wrong) {
    char *to;
    *field = r->at;
    if (*r->at == '"') {
        read_quoted(r, &to, wrong);
        while (!at_row_end(r) && *r->at != r->delimiter) r->at++; /* what is wrong behind the quote */
    } else {
        while (!at_row_end(r) && *r->at != r->delimiter) r->at++;
        to = r->at;
    }
    bool more = r->at < r->end && *r->at == r->delimiter;
    if (more)
        r->at++;
    else
        skip_row_end(r);
    *to = 0; /* last: it may stand where the delimiter stood */
    return more;
}

/* The fields of one row as cells; `empty` when none holds anything. */
static fv_error *read_row(reader *r, fv_list *cells, fv_row *row, bool *empty, fv_arena *arena) {
    bool more = true;
    *row = (fv_row){ .line = r->line };
    *empty = true;
    for (cells->count = 0; more;) {
        const char **texts = NULL;
        FV_TRY(fv_arena_take(arena, 1, &texts));
        more = read_field(r, texts, &row->wrong);
        *empty &= !**texts && !row->wrong;
        fv_cell cell = { .column = (int)fv_min(cells->count, FV_COLUMNS_MAX), .count = 1, .texts = texts };
        FV_TRY(fv_list_add(cells, &cell, sizeof cell));
    }
    row->count = cells->count;
    return *empty ? NULL : fv_arena_copy(arena, cells->at, cells->count * (int64_t)sizeof(fv_cell), (void **)&row->cells);
}

/* The commonest of the three outside quotes in the first line that is not empty; a comma where there is none. */
static char guess_delimiter(const reader *r) {
    static const char candidates[] = ",;\t";
    int64_t counts[3] = { 0 };
    bool quoted = false, any = false;
    for (const char *at = r->at; at < r->end; at++) {
        if (*at == '"') quoted = !quoted;
        if (quoted) continue;
        if (*at == '\n' || *at == '\r') {
            if (any) break;
            continue;
        }
        any = true;
        for (int i = 0; i < 3; i++) counts[i] += *at == candidates[i];
    }
    int best = 0;
    for (int i = 1; i < 3; i++)
        if (counts[i] > counts[best]) best = i;
    return candidates[best];
}

static fv_error *add_column(fv_rows *rows, const char *name) {
    if (*name && fv_rows_column(rows, name) >= 0) return fv_fail(FV_FORMAT, "two columns are called \"%s\"", name);
    if (rows->columns.count == FV_COLUMNS_MAX) return fv_fail(FV_FORMAT, "more than %d columns", FV_COLUMNS_MAX);
    return fv_list_add(&rows->columns, &name, sizeof name);
}

static bool names_a_picture(const fv_row *row) {
    for (int64_t i = 0; i < row->count; i++)
        if (fv_is_picture_name(row->cells[i].texts[0])) return true;
    return false;
}

/* The columns' names from the first row, or numbers where it is none; `*is_row`: it is a row itself. */
static fv_error *read_header(const fv_row *first, int header, fv_arena *arena, fv_rows *out, bool *is_row) {
    if (first->wrong) return fv_fail(FV_FORMAT, "line %lld: %s", (long long)first->line, first->wrong);
    out->headed = header == FV_HEADER_YES || (header == FV_HEADER_AUTO && !names_a_picture(first));
    for (int64_t i = 0; i < first->count; i++) {
        const char *name = NULL;
        FV_TRY(out->headed ? fv_trimmed(first->cells[i].texts[0], arena, &name)
                           : fv_arena_format(arena, &name, "%lld", (long long)i + 1));
        FV_TRY(add_column(out, name));
    }
    *is_row = !out->headed;
    return NULL;
}

static fv_error *check_width(fv_row *row, int64_t columns, fv_arena *arena) {
    if (row->wrong || row->count == columns) return NULL;
    return fv_arena_format(arena, &row->wrong, "%lld field%s where there are %lld columns", (long long)row->count,
                           row->count == 1 ? "" : "s", (long long)columns);
}

static fv_error *parse_csv(reader *r, int header, fv_arena *arena, fv_list *cells, fv_rows *out) {
    bool first = true, is_row = true, empty;
    while (r->at < r->end) {
        fv_row row;
        FV_TRY(read_row(r, cells, &row, &empty, arena));
        if (empty) continue;
        if (first) FV_TRY(read_header(&row, header, arena, out, &is_row));
        if (!first || is_row) {
            FV_TRY(check_width(&row, out->columns.count, arena));
            FV_TRY(fv_list_add(&out->rows, &row, sizeof row));
        }
        first = false;
    }
    return first ? fv_fail(FV_FORMAT, "an empty list") : NULL;
}

/* ---- JSON-lines ---- */

/* A scalar as text; false when it is none (or null). */
static fv_error *scalar_text(const json_t *value, fv_arena *arena, const char **out, bool *is_one) {
    *is_one = true;
    switch (json_typeof(value)) {
    case JSON_STRING: return fv_arena_text(arena, json_string_value(value), out);
    case JSON_INTEGER: return fv_arena_format(arena, out, "%lld", (long long)json_integer_value(value));
    case JSON_TRUE: *out = "1"; return NULL;
    case JSON_FALSE: *out = "0"; return NULL;
    case JSON_REAL: {
        FV_TEXT(text, 64);
        fv_text_add_number(&text, json_real_value(value));
        FV_TRY(fv_text_error(&text));
        return fv_arena_text(arena, text.at, out);
    }
    default: *is_one = false; return NULL;
    }
}

static fv_error *cell_of(const json_t *value, int column, fv_arena *arena, fv_cell *out) {
    const char **texts = NULL;
    bool is_array = json_is_array(value), all = true, is_one;
    int64_t count = is_array ? (int64_t)json_array_size(value) : 1;
    FV_TRY(fv_arena_take(arena, count, &texts));
    for (int64_t i = 0; i < count; i++) {
        FV_TRY(scalar_text(is_array ? json_array_get(value, (size_t)i) : value, arena, &texts[i], &is_one));
        all &= is_one;
    }
    *out = (fv_cell){ column, !all ? FV_CELL_OTHER : is_array ? FV_CELL_TEXTS : FV_CELL_TEXT, all ? count : 0, texts };
    return NULL;
}

static fv_error *object_row(const json_t *object, fv_list *cells, fv_row *row, fv_arena *arena, fv_rows *out) {
    const char *key;
    json_t *value;
    cells->count = 0;
    json_object_foreach((json_t *)object, key, value) {
        const char *name = NULL;
        fv_cell cell;
        int column = fv_rows_column(out, key);
        if (column < 0) {
            column = (int)out->columns.count;
            FV_TRY(fv_arena_text(arena, key, &name));
            FV_TRY(add_column(out, name));
        }
        if (json_is_null(value)) continue;
        FV_TRY(cell_of(value, column, arena, &cell));
        FV_TRY(fv_list_add(cells, &cell, sizeof cell));
    }
    row->count = cells->count;
    return fv_arena_copy(arena, cells->at, cells->count * (int64_t)sizeof(fv_cell), (void **)&row->cells);
}

static fv_error *line_row(const char *line, int64_t length, fv_list *cells, fv_row *row, fv_arena *arena, fv_rows *out) {
    json_error_t why;
    json_t *object;
    FV_TRY(fv_json_load(line, length, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &why, &object));
    fv_error *error = NULL;
    if (json_is_object(object))
        error = object_row(object, cells, row, arena, out);
    else if (object)
        row->wrong = "no JSON object";
    else
        error = fv_arena_format(arena, &row->wrong, "no JSON: %s", why.text);
    json_decref(object);
    return error;
}

static bool is_empty(const char *line, int64_t length) {
    for (int64_t i = 0; i < length; i++)
        if (!is_blank(line[i]) && line[i] != '\r') return false;
    return true;
}

static fv_error *parse_json(char *at, const char *end, fv_arena *arena, fv_list *cells, fv_rows *out) {
    out->headed = true;
    for (int64_t line = 1; at < end; line++) {
        char *stop = memchr(at, '\n', (size_t)(end - at));
        int64_t length = (stop ? stop : end) - at;
        fv_row row = { .line = line };
        if (!is_empty(at, length)) {
            FV_TRY(line_row(at, length, cells, &row, arena, out));
            FV_TRY(fv_list_add(&out->rows, &row, sizeof row));
        }
        at += length + 1;
    }
    return out->rows.count ? NULL : fv_fail(FV_FORMAT, "an empty list");
}

/* ---- both ---- */

fv_error *fv_rows_parse(char *bytes, int64_t length, const fv_rows_form *form, fv_arena *arena, fv_rows *out) {
    *out = (fv_rows){ 0 };
    FV_TRY(check_text((const uint8_t *)bytes, length));
    int64_t mark = length >= 3 && !memcmp(bytes, "\xEF\xBB\xBF", 3) ? 3 : 0;
    reader r = { .at = bytes + mark, .end = bytes + length, .line = 1, .delimiter = form->delimiter };
    if (!r.delimiter) r.delimiter = guess_delimiter(&r);
    out->delimiter = r.delimiter;
    fv_list cells = { 0 };
    fv_error *error =
        form->json ? parse_json(r.at, r.end, arena, &cells, out) : parse_csv(&r, form->header, arena, &cells, out);
    fv_memory_free(cells.at);
    if (error) fv_rows_release(out);
    return error;
}
