/* printer.c - records as text or JSON. */
#include "cli/printer.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "cli/columns.h"
#include "core/base/size.h"

#define RECORD_BYTES_MAX (1 << 28)
#define KEY_COLUMNS 17     /* balanced_accuracy */
#define KEY_COLUMNS_MAX 40 /* a longer key does not move the values of the others */
#define KEY_END '\x1F'     /* between key and value of a line that is not laid out yet; no shown text has it */

void fv_printer_init(fv_printer *p, FILE *out, bool json) {
    *p = (fv_printer){ .json = json, .out = out };
    fv_text_init(&p->record, RECORD_BYTES_MAX);
}

static void write_out(fv_printer *p, const char *bytes, size_t count) {
    if (p->error) return;
    if (fwrite(bytes, 1, count, p->out) != count || fflush(p->out))
        p->error = fv_fail(FV_IO, "cannot write the output: %s", strerror(errno));
}

fv_error *fv_printer_finish(fv_printer *p) {
    fv_text_release(&p->record);
    return fv_take(&p->error);
}

void fv_print_record(fv_printer *p) {
    fv_text_clear(&p->record);
    p->depth = 0;
    p->first = true;
    p->widest = KEY_COLUMNS;
    if (p->json) fv_text_add(&p->record, "{");
}

/* The record, or its error, which is kept. */
static void write_text(fv_printer *p, fv_text *text) {
    fv_error *error = fv_text_error(text);
    if (error && !p->error) p->error = fv_take(&error);
    fv_error_free(error);
    write_out(p, text->at, (size_t)text->length);
}

/* Keys are padded to KEY_COLUMNS_MAX: the blanks that none of them needs go, so that values stand below one another. */
static void lay_out(const fv_printer *p, fv_text *out) {
    for (const char *at = p->record.at, *end; *at; at = end + (*end != 0)) {
        end = strchrnul(at, KEY_END);
        int64_t length = end - at, surplus = *end ? KEY_COLUMNS_MAX - p->widest : 0;
        while (surplus-- > 0 && length && at[length - 1] == ' ') length--;
        fv_text_add_bytes(out, at, length);
        if (*end) fv_text_add(out, " ");
    }
}

void fv_print_record_end(fv_printer *p) {
    if (p->json) fv_text_add(&p->record, "}\n");
    if (p->json) return write_text(p, &p->record);
    FV_TEXT(lines, RECORD_BYTES_MAX);
    lay_out(p, &lines);
    fv_text_fail(&lines, fv_text_error(&p->record));
    write_text(p, &lines);
}

/* Names and descriptions are other people's: what would steer the terminal is not written. Line ends and tabs are; so is what
 * is no UTF-8, since paths may be that. */
void fv_print_shown(fv_text *out, const char *text) {
    for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
        bool control = (*c < ' ' && *c != '\n' && *c != '\t') || *c == 0x7F;
        bool second = *c == 0xC2 && c[1] >= 0x80 && c[1] < 0xA0; /* U+0080 to U+009F */
        if (control || second)
            fv_text_add(out, "\xEF\xBF\xBD");
        else
            fv_text_add_bytes(out, c, 1);
        c += second;
    }
}

static void add_key(fv_printer *p, const char *key) {
    FV_TEXT(shown, RECORD_BYTES_MAX);
    fv_print_shown(&shown, key);
    int64_t columns = fv_columns(shown.at);
    if (columns <= KEY_COLUMNS_MAX) p->widest = fv_max(p->widest, columns);
    fv_columns_pad(&p->record, shown.at, KEY_COLUMNS_MAX);
    fv_text_add_bytes(&p->record, (char[]){ KEY_END }, 1);
    fv_text_fail(&p->record, fv_text_error(&shown));
}

/* A comma where one is due, and the key. False where the value is not to be written: in text, inside a list. */
static bool begin_value(fv_printer *p, const char *key) {
    if (!p->json) {
        if (!p->depth) add_key(p, key);
        return !p->depth;
    }
    if (!p->first) fv_text_add(&p->record, ",");
    p->first = false;
    fv_text_add_json(&p->record, key);
    fv_text_add(&p->record, ":");
    return true;
}

static void end_value(fv_printer *p) {
    if (!p->json) fv_text_add(&p->record, "\n");
}

void fv_print_text(fv_printer *p, const char *key, const char *value) {
    if ((!value && !p->json) || !begin_value(p, key)) return;
    if (!value)
        fv_text_add(&p->record, "null");
    else if (p->json)
        fv_text_add_json(&p->record, value);
    else
        fv_print_shown(&p->record, value);
    end_value(p);
}

void fv_print_int(fv_printer *p, const char *key, int64_t value) {
    if (!begin_value(p, key)) return;
    fv_text_addf(&p->record, "%lld", (long long)value);
    end_value(p);
}

void fv_print_number(fv_printer *p, const char *key, double value) {
    if (!begin_value(p, key)) return;
    if (!p->json && isnan(value))
        fv_text_add(&p->record, "undefined");
    else if (!p->json)
        fv_text_addf(&p->record, "%.6g", value);
    else if (isfinite(value))
        fv_text_add_number(&p->record, value);
    else
        fv_text_add(&p->record, "null");
    end_value(p);
}

void fv_print_bool(fv_printer *p, const char *key, bool value) {
    if (!begin_value(p, key)) return;
    fv_text_add(&p->record, value ? "true" : "false");
    end_value(p);
}

void fv_print_texts(fv_printer *p, const char *key, const char *const *values, int64_t count) {
    if (!begin_value(p, key)) return;
    if (p->json) fv_text_add(&p->record, "[");
    for (int64_t i = 0; i < count; i++) {
        if (i) fv_text_add(&p->record, p->json ? "," : ", ");
        if (p->json)
            fv_text_add_json(&p->record, values[i]);
        else
            fv_print_shown(&p->record, values[i]);
    }
    if (p->json) fv_text_add(&p->record, "]");
    end_value(p);
}

void fv_print_json(fv_printer *p, const char *key, const char *json) {
    if (!p->json || !begin_value(p, key)) return;
    fv_text_add(&p->record, json);
    end_value(p);
}

void fv_print_int_rows(fv_printer *p, const char *key, const int64_t *values, int64_t rows, int64_t columns) {
    if (!p->json || !begin_value(p, key)) return;
    fv_text_add(&p->record, "[");
    for (int64_t r = 0; r < rows; r++) {
        fv_text_add(&p->record, r ? ",[" : "[");
        for (int64_t c = 0; c < columns; c++)
            fv_text_addf(&p->record, "%s%lld", c ? "," : "", (long long)values[r * columns + c]);
        fv_text_add(&p->record, "]");
    }
    fv_text_add(&p->record, "]");
    end_value(p);
}

void fv_print_list(fv_printer *p, const char *key) {
    if (p->json && begin_value(p, key)) fv_text_add(&p->record, "[");
    p->depth++;
    p->first = true;
}

void fv_print_item(fv_printer *p) {
    if (p->json) fv_text_add(&p->record, p->first ? "{" : "},{");
    p->first = true;
}

void fv_print_list_end(fv_printer *p) {
    bool empty = p->record.length && p->record.at[p->record.length - 1] == '[';
    if (p->json) fv_text_add(&p->record, empty ? "]" : "}]");
    p->depth--;
    p->first = false;
}

void fv_print_object(fv_printer *p, const char *object) {
    if (!p->json) return;
    fv_text_clear(&p->record);
    fv_text_addf(&p->record, "%s\n", object);
    write_out(p, p->record.at, (size_t)p->record.length);
}

void fv_print_line(fv_printer *p, const char *format, ...) {
    if (p->json) return;
    FV_TEXT(line, RECORD_BYTES_MAX);
    va_list arguments;
    va_start(arguments, format);
    fv_text_addv(&line, format, arguments);
    va_end(arguments);
    fv_text_clear(&p->record);
    fv_print_shown(&p->record, line.at);
    fv_text_add(&p->record, "\n");
    fv_text_fail(&p->record, fv_text_error(&line));
    fv_print_record_end(p);
}

void fv_print_page(fv_printer *p, const char *text) {
    if (!p->json) write_out(p, text, strlen(text));
}
