/* json_scan.c - see json_scan.h. */
#include "core/formats/json_scan.h"

#include <string.h>

#include "core/base/text.h"

#define DEPTH_MAX 64

static fv_error *bad(const fv_json_scan *s, const char *what) {
    return fv_fail(FV_FORMAT, "its JSON is damaged at byte %lld: %s", (long long)(s->at - s->begin), what);
}

static void skip_blanks(fv_json_scan *s) {
    while (s->at < s->end && (*s->at == ' ' || *s->at == '\n' || *s->at == '\r' || *s->at == '\t')) s->at++;
}

bool fv_json_take(fv_json_scan *s, char c) {
    skip_blanks(s);
    if (s->at == s->end || *s->at != c) return false;
    s->at++;
    return true;
}

fv_error *fv_json_expect(fv_json_scan *s, char c) {
    char what[] = "a '_' is missing";
    what[3] = c;
    return fv_json_take(s, c) ? NULL : bad(s, what);
}

fv_error *fv_json_end(fv_json_scan *s) {
    skip_blanks(s);
    return s->at == s->end ? NULL : bad(s, "there is more behind its end");
}

/* ---- texts ---- */

/* The length of a text up to its closing quote; escapes are still in it. */
static fv_error *find_quote(fv_json_scan *s, int64_t *length) {
    const char *at = s->at;
    for (; at < s->end && *at != '"'; at++) {
        if ((unsigned char)*at < 0x20) return bad(s, "a control character in a text");
        if (*at == '\\' && ++at == s->end) break;
    }
    if (at >= s->end) return bad(s, "a text has no end");
    *length = at - s->at;
    return NULL;
}

static bool hex4(const char *at, const char *end, unsigned *out) {
    *out = 0;
    if (end - at < 4) return false;
    for (int i = 0; i < 4; i++) {
        static const char digits[] = "0123456789abcdef0123456789ABCDEF";
        const char *digit = at[i] ? strchr(digits, at[i]) : NULL;
        if (!digit) return false;
        *out = *out * 16 + (unsigned)((digit - digits) % 16);
    }
    return true;
}

/* A character in at most 4 bytes, fewer than its escape has. */
static char *put(char *to, unsigned c) {
    if (c < 0x80) return *to++ = (char)c, to;
    if (c < 0x800) return *to++ = (char)(0xC0 | c >> 6), *to++ = (char)(0x80 | (c & 63)), to;
    if (c < 0x10000) {
        *to++ = (char)(0xE0 | c >> 12);
    } else {
        *to++ = (char)(0xF0 | c >> 18);
        *to++ = (char)(0x80 | (c >> 12 & 63));
    }
    *to++ = (char)(0x80 | (c >> 6 & 63));
    *to++ = (char)(0x80 | (c & 63));
    return to;
}

/* \uXXXX, or two of them that are one character; `at` is behind the u. */
static const char *unicode(const char *at, const char *end, char **to) {
    unsigned c, low;
    if (!hex4(at, end, &c) || c == 0 || (c >= 0xDC00 && c < 0xE000)) return NULL;
    at += 4;
    if (c >= 0xD800 && c < 0xDC00) {
        if (end - at < 6 || at[0] != '\\' || at[1] != 'u' || !hex4(at + 2, end, &low) || low < 0xDC00 || low >= 0xE000)
            return NULL;
        c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
        at += 6;
    }
    *to = put(*to, c);
    return at;
}

static const char *escape(const char *at, const char *end, char **to) {
    static const char from[] = "\"\\/bfnrt", into[] = "\"\\/\b\f\n\r\t";
    if (*at == 'u') return unicode(at + 1, end, to);
    const char *found = *at ? strchr(from, *at) : NULL;
    if (!found) return NULL;
    *(*to)++ = into[found - from];
    return at + 1;
}

/* Well-formed UTF-8: no overlong forms, no halves of pairs. */
static bool is_utf8(const char *at) {
    while (*at) {
        bool printable;
        unsigned char first = (unsigned char)*at;
        int length = fv_text_character(at, &printable);
        if (first >= 0x80 && length == 1) return false;
        at += length;
    }
    return true;
}

fv_error *fv_json_text(fv_json_scan *s, fv_arena *arena, const char **out) {
    int64_t length;
    char *to;
    FV_TRY(fv_json_expect(s, '"'));
    FV_TRY(find_quote(s, &length));
    FV_TRY(fv_arena_take(arena, length + 1, &to));
    *out = to;
    const char *end = s->at + length;
    while (s->at < end) {
        if (*s->at != '\\') {
            *to++ = *s->at++;
            continue;
        }
        const char *next = escape(s->at + 1, end, &to);
        if (!next) return bad(s, "an escape that is none");
        s->at = next;
    }
    s->at = end + 1;
    return is_utf8(*out) ? NULL : bad(s, "a text is not UTF-8");
}

/* ---- values ---- */

fv_error *fv_json_size(fv_json_scan *s, int64_t *out) {
    skip_blanks(s);
    *out = 0;
    if (s->at == s->end || *s->at < '0' || *s->at > '9') return bad(s, "a whole number is missing");
    if (*s->at == '0' && s->end - s->at > 1 && s->at[1] >= '0' && s->at[1] <= '9') return bad(s, "a number begins with 0");
    for (; s->at < s->end && *s->at >= '0' && *s->at <= '9'; s->at++)
        if (__builtin_mul_overflow(*out, 10, out) || __builtin_add_overflow(*out, *s->at - '0', out))
            return bad(s, "a number is too large");
    if (s->at < s->end && (*s->at == '.' || *s->at == 'e' || *s->at == 'E')) return bad(s, "a number is not whole");
    return NULL;
}

static fv_error *skip_text(fv_json_scan *s) {
    int64_t length;
    FV_TRY(find_quote(s, &length));
    s->at += length + 1;
    return NULL;
}

/* A number, true, false or null: letters enough to know its end. */
static fv_error *skip_word(fv_json_scan *s) {
    const char *begin = s->at;
    while (s->at < s->end && strchr("+-.0123456789abcdefghijklmnopqrstuvwxyzE", *s->at) && *s->at) s->at++;
    return s->at > begin ? NULL : bad(s, "a value is missing");
}

/* Brackets are matched by kind; that commas and colons stand where they should is asked of what is used alone. */
fv_error *fv_json_skip(fv_json_scan *s) {
    char open[DEPTH_MAX];
    int depth = 0;
    do {
        skip_blanks(s);
        if (s->at == s->end) return bad(s, "it ends in the middle");
        char c = *s->at;
        if (c == '{' || c == '[') {
            if (depth == DEPTH_MAX) return bad(s, "it is nested too deeply");
            open[depth++] = c == '{' ? '}' : ']';
            s->at++;
        } else if (c == '}' || c == ']') {
            if (!depth || open[--depth] != c) return bad(s, "brackets that do not fit");
            s->at++;
        } else if (c == '"') {
            s->at++;
            FV_TRY(skip_text(s));
        } else if (depth && (c == ',' || c == ':')) {
            s->at++;
        } else {
            FV_TRY(skip_word(s));
        }
    } while (depth);
    return NULL;
}

fv_error *fv_json_object(fv_json_scan *s, fv_arena *arena, fv_json_member member, void *context) {
    FV_TRY(fv_json_expect(s, '{'));
    if (fv_json_take(s, '}')) return NULL;
    do {
        const char *key;
        FV_TRY(fv_json_text(s, arena, &key));
        FV_TRY(fv_json_expect(s, ':'));
        FV_TRY(member(context, s, key));
    } while (fv_json_take(s, ','));
    return fv_json_expect(s, '}');
}
