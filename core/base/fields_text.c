/* fields_text.c - the text form of options, "name=value name=value": read and written.
 *
 *     options = [ name "=" value { space name "=" value } ]
 *     value   = [ piece { "," piece } ]
 *     piece   = letters without space and comma | a string in double quotes with JSON's escapes
 *
 * A text takes its value as it is, commas included, when it does not begin with a quote: names of files need no care. */
#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "core/base/assert.h"
#include "core/base/fields.h"

static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/* ---- reading ---- */

static bool read_hex4(const char **at, unsigned *out) {
    *out = 0;
    for (int i = 0; i < 4; i++, (*at)++) {
        static const char digits[] = "0123456789abcdef0123456789ABCDEF";
        const char *digit = **at ? strchr(digits, **at) : NULL;
        if (!digit) return false;
        *out = *out * 16 + (unsigned)(digit - digits) % 16;
    }
    return true;
}

static void add_utf8(fv_text *out, unsigned c) {
    unsigned char bytes[4] = { (unsigned char)(0xF0 | c >> 18), 0x80 | (c >> 12 & 0x3F), 0x80 | (c >> 6 & 0x3F),
                               0x80 | (c & 0x3F) };
    int length = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    if (length == 1) bytes[3] = (unsigned char)c;
    if (length == 2) bytes[2] = (unsigned char)(0xC0 | c >> 6);
    if (length == 3) bytes[1] = (unsigned char)(0xE0 | c >> 12);
    fv_text_add_bytes(out, bytes + 4 - length, length);
}

/* The escape behind a backslash at `*at`: a letter, or uXXXX, twice for what is beyond 16 bits. */
static bool read_escape(const char **at, fv_text *out) {
    unsigned c, low;
    if (**at != 'u') {
        static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
        const char *letter = **at ? strchr(from, **at) : NULL;
        if (!letter) return false;
        fv_text_add_bytes(out, &to[letter - from], 1);
        (*at)++;
        return true;
    }
    (*at)++;
    if (!read_hex4(at, &c) || c == 0 || (c >= 0xDC00 && c < 0xE000)) return false;
    if (c >= 0xD800 && c < 0xDC00) {
        if ((*at)[0] != '\\' || (*at)[1] != 'u') return false;
        *at += 2;
        if (!read_hex4(at, &low) || low < 0xDC00 || low >= 0xE000) return false;
        c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
    }
    add_utf8(out, c);
    return true;
}

/* The string in double quotes at `*at`, moved behind it. False: it does not end, or has an escape that is none. */
static bool read_quoted(const char **at, fv_text *out) {
    for ((*at)++; **at != '"';) {
        size_t plain = strcspn(*at, "\"\\");
        fv_text_add_bytes(out, *at, (int64_t)plain);
        *at += plain;
        if (!**at) return false;
        if (**at == '\\' && ((*at)++, !read_escape(at, out))) return false;
    }
    (*at)++;
    return true;
}

/* Cuts a value at its commas: the pieces, each with its NUL, one behind the other in `out`. */
static fv_error *split(const fv_field *field, const char *value, fv_text *out, int64_t *count) {
    *count = 0;
    if (!*value) return NULL;
    for (const char *at = value;; at++) {
        while (*at == ' ') at++;
        size_t length = *at == '"' ? 0 : strcspn(at, ",");
        if (*at == '"' && !read_quoted(&at, out))
            return fv_fail(FV_USAGE, "%s: a string in quotes is not whole: %s", field->name, at);
        const char *end = at + length;
        while (length && at[length - 1] == ' ') length--;
        fv_text_add_bytes(out, at, (int64_t)length);
        fv_text_add_bytes(out, "", 1);
        ++*count;
        at = end;
        while (*at == ' ') at++;
        if (!*at) return fv_text_error(out);
        if (*at != ',') return fv_fail(FV_USAGE, "%s: a comma is missing before %s", field->name, at);
    }
}

static fv_error *set_list(const fv_field *field, void *options, const char *value, fv_arena *arena) {
    FV_TEXT(pieces, 2 * (int64_t)strlen(value) + 2);
    int64_t count;
    const char **list;
    FV_TRY(split(field, value, &pieces, &count));
    FV_TRY(fv_memory_new(count, &list));
    const char *at = pieces.at;
    for (int64_t i = 0; i < count; i++, at += strlen(at) + 1) list[i] = at;
    fv_error *error = fv_field_set_pieces(field, options, list, count, arena);
    fv_memory_free(list);
    return error;
}

fv_error *fv_field_set(const fv_field *field, void *options, const char *value, fv_arena *arena) {
    bool one = field->type == FV_FIELD_BOOL || field->type == FV_FIELD_CHOICE;
    if (field->type == FV_FIELD_TEXT && *value != '"') {
        if (!*value) value = NULL;
        one = true;
    }
    return one ? fv_field_set_pieces(field, options, &value, 1, arena) : set_list(field, options, value, arena);
}

/* The next "name=value" at `*at`, which moves behind it; the value in its text form. */
static fv_error *next_setting(const char **at, fv_text *name, fv_text *value) {
    size_t length = strcspn(*at, "= \t\r\n");
    fv_text_clear(name);
    fv_text_clear(value);
    fv_text_add_bytes(name, *at, (int64_t)length);
    *at += length;
    if (**at != '=') return fv_fail(FV_USAGE, "\"%s\" has no value: it should be %s=VALUE", name->at, name->at);
    const char *start = ++*at;
    for (bool begins = true; **at && !is_space(**at);) {
        if (begins && **at == '"') {
            FV_TEXT(decoded, (int64_t)strlen(*at));
            bool whole = read_quoted(at, &decoded);
            FV_TRY(fv_text_error(&decoded));
            if (!whole) return fv_fail(FV_USAGE, "%s: a string in quotes is not whole: %s", name->at, start);
            begins = false;
        } else {
            begins = **at == ',';
            ++*at;
        }
    }
    fv_text_add_bytes(value, start, *at - start);
    FV_TRY(fv_text_error(name));
    return fv_text_error(value);
}

fv_error *fv_fields_parse(const fv_field *fields, void *options, const char *text, fv_arena *arena) {
    bool given[FV_FIELDS_MAX] = { 0 };
    FV_TRY(fv_fields_defaults(fields, options, arena));
    FV_TEXT(name, text ? (int64_t)strlen(text) : 0);
    FV_TEXT(value, name.cap);
    for (const char *at = text; at;) {
        while (is_space(*at)) at++;
        if (!*at) break;
        FV_TRY(next_setting(&at, &name, &value));
        const fv_field *field = fv_fields_find(fields, name.at);
        if (!field) return fv_fields_unknown(fields, name.at, false);
        if (given[field - fields]) return fv_fail(FV_USAGE, "%s is given twice", field->name);
        FV_TRY(fv_field_set(field, options, value.at, arena));
        given[field - fields] = true;
    }
    return fv_fields_check(fields, options, given);
}

/* ---- writing ---- */

typedef enum style { TEXT, JSON, YAML } style;

static bool needs_quotes(const char *text, style style) {
    static const char *const yaml_words[] = { "true", "false", "yes", "no", "on", "off", "null", "y", "n" };
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", others[] = "0123456789_-+./";
    if (style == JSON || !*text) return true;
    if (style == TEXT) {
        for (const char *at = text; *at; at++)
            if ((unsigned char)*at <= ' ' || *at == 0x7F || strchr(",\"=", *at)) return true;
        return false;
    }
    for (int i = 0; i < FV_COUNT(yaml_words); i++)
        if (strcasecmp(text, yaml_words[i]) == 0) return true;
    for (const char *at = text; *at; at++)
        if (!strchr(letters, *at) && (at == text ? *at != '/' : !strchr(others, *at))) return true;
    return false;
}

static void print_text(const char *text, style style, fv_text *out) {
    if (!text) return fv_text_add(out, style == TEXT ? "" : "null");
    if (needs_quotes(text, style))
        fv_text_add_json(out, text);
    else
        fv_text_add(out, text);
}

static void print_choice(const fv_field *field, int index, style style, fv_text *out) {
    const char *name = field->names;
    for (; index > 0 && *name; index--) name += strcspn(name, ",") + (name[strcspn(name, ",")] == ',');
    FV_TEXT(one, 1 << 10);
    fv_text_add_bytes(&one, name, (int64_t)strcspn(name, ","));
    print_text(one.at, style, out);
    fv_text_fail(out, fv_text_error(&one));
}

static void print_number(double value, style style, fv_text *out) {
    if (style == JSON && value == 0 && signbit(value)) return fv_text_add(out, "-0.0"); /* "-0" is the integer 0 to many */
    if (isfinite(value) || style == TEXT) return fv_text_add_number(out, value);
    FV_TEXT(word, 16);
    if (style == YAML)
        fv_text_add(&word, isnan(value) ? ".nan" : value < 0 ? "-.inf" : ".inf");
    else
        fv_text_add_number(&word, value);
    fv_text_addf(out, style == JSON ? "\"%s\"" : "%s", word.at);
    fv_text_fail(out, fv_text_error(&word));
}

/* Value i of the field. */
static void print_element(const fv_field *field, const void *at, int64_t i, style style, fv_text *out) {
    switch (field->type) {
    case FV_FIELD_BOOL: fv_text_add(out, *(const bool *)at ? "true" : "false"); break;
    case FV_FIELD_INT: fv_text_addf(out, "%" PRId64, ((const int64_t *)at)[i]); break;
    case FV_FIELD_INTS: fv_text_addf(out, "%" PRId64, ((const fv_ints *)at)->at[i]); break;
    case FV_FIELD_FLOAT: print_number(((const double *)at)[i], style, out); break;
    case FV_FIELD_FLOATS: print_number(((const fv_floats *)at)->at[i], style, out); break;
    case FV_FIELD_CHOICE: print_choice(field, *(const int *)at, style, out); break;
    case FV_FIELD_TEXT: print_text(*(const char *const *)at, style, out); break;
    case FV_FIELD_STRINGS: print_text(((const fv_strings *)at)->at[i], style, out); break;
    case FV_FIELD_NOTHING: break;
    }
}

static int64_t count_elements(const fv_field *field, const void *at) {
    switch (field->type) {
    case FV_FIELD_INTS: return ((const fv_ints *)at)->count;
    case FV_FIELD_FLOATS: return ((const fv_floats *)at)->count;
    case FV_FIELD_STRINGS: return ((const fv_strings *)at)->count;
    default: return field->count;
    }
}

static void print_value(const fv_field *field, const void *options, style style, fv_text *out) {
    const void *at = (const char *)options + field->offset;
    bool brackets = style != TEXT && (field->count > 1 || field->type >= FV_FIELD_INTS);
    if (brackets) fv_text_add(out, "[");
    for (int64_t i = 0, count = count_elements(field, at); i < count; i++) {
        if (i) fv_text_add(out, style == TEXT ? "," : ", ");
        print_element(field, at, i, style, out);
    }
    if (brackets) fv_text_add(out, "]");
}

void fv_field_print_value(const fv_field *field, const void *options, fv_text *out) { print_value(field, options, TEXT, out); }
void fv_field_print_json(const fv_field *field, const void *options, fv_text *out) { print_value(field, options, JSON, out); }
void fv_field_print_yaml(const fv_field *field, const void *options, fv_text *out) { print_value(field, options, YAML, out); }

static fv_error *print_differing(const fv_field *fields, const void *options, fv_text *out) {
    FV_OWNED(fv_arena) arena = NULL;
    void *defaults;
    FV_TRY(fv_arena_new("defaults of options", 16 << 20, &arena));
    FV_TRY(fv_arena_alloc(arena, 1, fv_fields_size(fields), &defaults));
    FV_TRY(fv_fields_defaults(fields, defaults, arena));
    const char *between = "";
    for (const fv_field *field = fields; field->name; field++) {
        if (!field->required && fv_field_equal(field, options, defaults)) continue;
        fv_text_addf(out, "%s%s=", between, field->name);
        fv_field_print_value(field, options, out);
        between = " ";
    }
    return NULL;
}

void fv_fields_print(const fv_field *fields, const void *options, fv_text *out) {
    fv_text_fail(out, print_differing(fields, options, out));
}
