/* fields_help.c - what a table says about itself: aligned text for a terminal, a Markdown table for the documentation. */
#include <string.h>

#include "core/base/fields.h"
#include "core/base/size.h"

#define WIDTH 100   /* columns */
#define LEFT_CAP 34 /* a left side that is wider than this gets a line of its own */

/* What the value is called: .value, or by its type. */
static void print_value_name(const fv_field *field, fv_text *out) {
    static const char *const names[] = {
        [FV_FIELD_BOOL] = "BOOL", [FV_FIELD_INT] = "N",      [FV_FIELD_FLOAT] = "X",      [FV_FIELD_CHOICE] = "NAME",
        [FV_FIELD_TEXT] = "TEXT", [FV_FIELD_INTS] = "N,N,…", [FV_FIELD_FLOATS] = "X,X,…", [FV_FIELD_STRINGS] = "TEXT,…",
    };
    if (field->value) return fv_text_add(out, field->value);
    fv_text_add(out, names[field->type]);
    for (int i = 1; i < field->count; i++) fv_text_addf(out, ",%s", names[field->type]);
}

/* "-n, --epochs N", "IMAGE…", or "epochs". */
void fv_field_print_left(const fv_field *field, bool flags, fv_text *out) {
    if (!flags) return fv_text_add(out, field->name);
    if (field->positional) {
        print_value_name(field, out);
        return;
    }
    fv_text_addf(out, field->flag ? "-%s, " : "    ", field->flag ? field->flag : "");
    fv_field_print_flag(field->name, out);
    if (field->type == FV_FIELD_BOOL) return;
    fv_text_add(out, " ");
    print_value_name(field, out);
}

/* "one of a, b; default a" */
void fv_field_print_rule(const fv_field *field, fv_text *out) {
    if (field->type != FV_FIELD_BOOL) fv_field_allowed(field, out);
    if (field->required)
        fv_text_add(out, field->type == FV_FIELD_BOOL ? "required" : "; required");
    else if (field->type == FV_FIELD_BOOL)
        fv_text_addf(out, "default %s", field->by_default ? field->by_default : "false");
    else if (field->by_default && *field->by_default)
        fv_text_addf(out, "; default %s", field->by_default);
}

/* Columns that a text takes: its characters, each counted as one. */
static int64_t columns(const char *text, int64_t bytes) {
    int64_t count = 0;
    for (int64_t i = 0; i < bytes; i++) count += ((unsigned char)text[i] & 0xC0) != 0x80;
    return count;
}

/* Words of `text`, broken before WIDTH, lines after the first indented. */
static void print_wrapped(const char *text, int64_t indent, fv_text *out) {
    int64_t at = indent;
    for (const char *word = text; *word;) {
        int64_t bytes = (int64_t)strcspn(word, " "), wide = columns(word, bytes);
        if (at > indent && at + 1 + wide > WIDTH) {
            fv_text_addf(out, "\n%*s", (int)indent, "");
            at = indent;
        } else if (at > indent) {
            fv_text_add(out, " ");
            at++;
        }
        fv_text_add_bytes(out, word, bytes);
        at += wide;
        word += bytes + (word[bytes] == ' ');
    }
    fv_text_add(out, "\n");
}

void fv_fields_help(const fv_field *fields, bool flags, fv_text *out) {
    int64_t widest = 0;
    for (const fv_field *field = fields; field->name; field++) {
        FV_TEXT(left, 1 << 10);
        fv_field_print_left(field, flags, &left);
        int64_t wide = columns(left.at, left.length);
        if (!field->hidden && wide <= LEFT_CAP) widest = fv_max(widest, wide);
    }
    for (const fv_field *field = fields; field->name; field++) {
        if (field->hidden) continue;
        FV_TEXT(left, 1 << 10);
        FV_TEXT(right, 1 << 16);
        fv_field_print_left(field, flags, &left);
        fv_text_add(&right, field->help ? field->help : "");
        fv_text_add(&right, field->help ? " (" : "(");
        fv_field_print_rule(field, &right);
        fv_text_add(&right, ")");
        int64_t wide = columns(left.at, left.length), indent = widest + 4;
        fv_text_addf(out, "  %s", left.at);
        if (wide > widest)
            fv_text_addf(out, "\n%*s", (int)indent, "");
        else
            fv_text_addf(out, "%*s", (int)(indent - 2 - wide), "");
        print_wrapped(right.at, indent, out);
    }
}

/* A cell of a Markdown table: bars would end it. */
static void print_cell(const char *text, fv_text *out) {
    fv_text_add(out, " ");
    for (const char *at = text; *at; at++) {
        if (*at == '|') fv_text_add(out, "\\");
        fv_text_add_bytes(out, at, 1);
    }
    fv_text_add(out, " |");
}

void fv_fields_markdown(const fv_field *fields, fv_text *out) {
    fv_text_add(out, "| name | value | default | meaning |\n| --- | --- | --- | --- |\n");
    for (const fv_field *field = fields; field->name; field++) {
        if (field->hidden) continue;
        FV_TEXT(name, 1 << 10);
        FV_TEXT(allowed, 1 << 16);
        FV_TEXT(by_default, 1 << 16);
        fv_text_addf(&name, "`%s`", field->name);
        if (field->alias) fv_text_addf(&name, ", `%s`", field->alias);
        fv_field_allowed(field, &allowed);
        if (field->required)
            fv_text_add(&by_default, "required");
        else if (field->by_default && *field->by_default)
            fv_text_addf(&by_default, "`%s`", field->by_default);
        else if (field->type == FV_FIELD_BOOL)
            fv_text_add(&by_default, "`false`");
        fv_text_add(out, "|");
        print_cell(name.at, out);
        print_cell(allowed.at, out);
        print_cell(by_default.at, out);
        print_cell(field->help ? field->help : "", out);
        fv_text_add(out, "\n");
    }
}
