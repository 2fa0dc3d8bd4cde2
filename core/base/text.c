/* text.c - a growing buffer that doubles up to its cap; numbers and JSON strings are written here so that every text form in
 * the project has the same ones. Numbers do not depend on the locale: "0.5" is "0.5" in a program that speaks French. */
#include <errno.h>
#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/size.h"
#include "core/base/text.h"

static char nothing[1]; /* what `at` is before the first allocation; never written to */

void fv_text_init(fv_text *text, int64_t cap) { *text = (fv_text){ .at = nothing, .cap = cap }; }

void fv_text_release(fv_text *text) {
    if (text->capacity) fv_memory_free(text->at);
    fv_error_free(text->error);
    fv_text_init(text, text->cap);
}

/* Room for `count` more bytes and the NUL. False with the sticky error set when there is none. */
static bool make_room(fv_text *text, int64_t count) {
    int64_t length;
    if (text->error) return false;
    if (!fv_size_add(text->length, count, &length) || length > text->cap) {
        text->error = fv_fail(FV_MEMORY, "a text would grow beyond its cap of %" PRId64 " bytes", text->cap);
        return false;
    }
    if (length < text->capacity) return true;
    int64_t capacity = fv_max(length + 1, fv_min(fv_max(2 * text->capacity, 64), text->cap));
    void *memory = text->capacity ? text->at : NULL;
    text->error = fv_memory_grow(&memory, text->capacity, capacity, 1);
    if (text->error) return false;
    text->at = memory;
    text->capacity = capacity;
    return true;
}

void fv_text_add_bytes(fv_text *text, const void *bytes, int64_t count) {
    if (count <= 0 || !make_room(text, count)) return;
    memcpy(text->at + text->length, bytes, (size_t)count);
    text->length += count;
    text->at[text->length] = 0;
}

void fv_text_add(fv_text *text, const char *string) { fv_text_add_bytes(text, string, (int64_t)strlen(string)); }

void fv_text_addf(fv_text *text, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fv_text_addv(text, format, arguments);
    va_end(arguments);
}

void fv_text_addv(fv_text *text, const char *format, va_list arguments) {
    va_list measure;
    va_copy(measure, arguments);
    int length = vsnprintf(NULL, 0, format, measure);
    va_end(measure);
    if (length < 0 && !text->error) text->error = fv_fail(FV_BUG, "a text cannot be formatted: %s", format);
    if (length <= 0 || !make_room(text, length)) return;
    vsnprintf(text->at + text->length, (size_t)length + 1, format, arguments);
    text->length += length;
}

/* The bytes of the UTF-8 character at `at`, or 0 when it is none (overlong, a surrogate, above U+10FFFF, cut off). */
static int utf8_length(const unsigned char *at) {
    if (at[0] < 0x80) return 1;
    int length = at[0] >= 0xC2 && at[0] <= 0xDF ? 2 : (at[0] & 0xF0) == 0xE0 ? 3 : at[0] >= 0xF0 && at[0] <= 0xF4 ? 4 : 0;
    for (int i = 1; i < length; i++)
        if ((at[i] & 0xC0) != 0x80) return 0;
    bool overlong = (at[0] == 0xE0 && at[1] < 0xA0) || (at[0] == 0xF0 && at[1] < 0x90);
    bool surrogate = at[0] == 0xED && at[1] >= 0xA0;
    bool beyond = at[0] == 0xF4 && at[1] >= 0x90;
    return overlong || surrogate || beyond ? 0 : length;
}

/* The character of `length` bytes at `at` is one that readers drop, fold or refuse when it stands there as it is: controls, the
 * line breaks of Unicode and YAML (U+0085, U+2028, U+2029), the byte order mark, U+FFFE and U+FFFF. Its code, or 0. */
static unsigned unprintable(const unsigned char *at, int length) {
    unsigned c = at[0];
    if (length == 2) c = (c & 0x1Fu) << 6 | (at[1] & 0x3Fu);
    if (length == 3) c = (c & 0x0Fu) << 12 | (at[1] & 0x3Fu) << 6 | (at[2] & 0x3Fu);
    bool control = length < 3 && (c < 0x20 || (c >= 0x7F && c < 0xA0));
    bool mark = length == 3 && (c == 0x2028 || c == 0x2029 || c == 0xFEFF || c >= 0xFFFE);
    return control || mark ? c : 0;
}

void fv_text_add_json(fv_text *text, const char *string) {
    static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
    fv_text_add_bytes(text, "\"", 1);
    for (const unsigned char *at = (const unsigned char *)string; *at;) {
        int length = utf8_length(at);
        const char *escaped = strchr(from, *at);
        if (escaped)
            fv_text_addf(text, "\\%c", to[escaped - from]);
        else if (!length)
            fv_text_add(text, "\xEF\xBF\xBD");
        else if (unprintable(at, length))
            fv_text_addf(text, "\\u%04x", unprintable(at, length));
        else
            fv_text_add_bytes(text, at, length);
        at += length ? length : 1;
    }
    fv_text_add_bytes(text, "\"", 1);
}

static const char *xml_entity(unsigned char c) {
    return c == '&' ? "&amp;" : c == '<' ? "&lt;" : c == '>' ? "&gt;" : c == '"' ? "&quot;" : c == '\'' ? "&#39;" : NULL;
}

int fv_text_character(const char *at, bool *printable) {
    int length = utf8_length((const unsigned char *)at);
    *printable = length && !unprintable((const unsigned char *)at, length);
    return length ? length : 1;
}

static void add_shown(fv_text *text, const char *string, bool xml) {
    bool printable;
    for (const char *at = string; *at;) {
        int length = fv_text_character(at, &printable);
        const char *entity = xml ? xml_entity((unsigned char)*at) : NULL;
        if (entity)
            fv_text_add(text, entity);
        else if (!printable)
            fv_text_add(text, "\xEF\xBF\xBD");
        else
            fv_text_add_bytes(text, at, length);
        at += length;
    }
}

void fv_text_add_printable(fv_text *text, const char *string) { add_shown(text, string, false); }
void fv_text_add_xml(fv_text *text, const char *string) { add_shown(text, string, true); }

static locale_t plain;
static void make_plain(void) { plain = newlocale(LC_ALL_MASK, "C", (locale_t)0); }
static locale_t plain_locale(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_plain);
    return plain;
}

void fv_text_add_number(fv_text *text, double value) {
    if (isnan(value)) return fv_text_add(text, "nan");
    if (isinf(value)) return fv_text_add(text, value < 0 ? "-inf" : "inf");
    char digits[32];
    locale_t before = uselocale(plain_locale());
    for (int precision = 15; precision <= 17; precision++) {
        snprintf(digits, sizeof digits, "%.*g", precision, value);
        if (strtod(digits, NULL) == value) break;
    }
    uselocale(before);
    fv_text_add(text, digits);
}

bool fv_text_to_number(const char *string, double *out) {
    const char *digits = string + (*string == '-' || *string == '+');
    bool word =
        !strcasecmp(digits, "inf") || !strcasecmp(digits, ".inf") || !strcasecmp(digits, "nan") || !strcasecmp(digits, ".nan");
    if (word) {
        double value = strchr("iI", digits[digits[0] == '.']) ? (double)INFINITY : (double)NAN;
        *out = *string == '-' ? -value : value;
        return true;
    }
    if (!*digits || strspn(digits, "0123456789.eE+-") != strlen(digits) || !strchr("0123456789.", *digits)) return false;
    char *end;
    double value = strtod_l(string, &end, plain_locale());
    if (*end || isinf(value)) return false; /* too large is no number; too small is nearly zero */
    *out = value;
    return true;
}

bool fv_text_to_int(const char *string, int64_t *out) {
    const char *digits = string + (*string == '-' || *string == '+');
    if (!*digits || strspn(digits, "0123456789") != strlen(digits)) return false;
    errno = 0;
    long long value = strtoll(string, NULL, 10);
    if (errno == ERANGE) return false;
    *out = value;
    return true;
}

void fv_text_clear(fv_text *text) {
    text->length = 0;
    if (text->capacity) text->at[0] = 0;
}

fv_error *fv_text_error(fv_text *text) { return fv_take(&text->error); }

void fv_text_fail(fv_text *text, fv_error *error) {
    if (text->error)
        fv_error_free(error);
    else
        text->error = error;
}

fv_error *fv_text_string(fv_text *text, char **out) {
    FV_TRY(fv_text_error(text));
    char *copy = NULL;
    FV_TRY(fv_memory_new(text->length + 1, &copy));
    memcpy(copy, text->at, (size_t)text->length);
    *out = copy;
    return NULL;
}
