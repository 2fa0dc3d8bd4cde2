/* picture_form.c - pictures in a form, as browsers and curl -F send them; see picture_list.h. RFC 2046, section 5.1, and RFC
 * 7578: parts lie between lines "--BOUNDARY", the last of which ends with "--". */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/base/text.h"
#include "serve/picture_list.h"

#define BOUNDARY_LETTERS_MAX 70
#define DELIMITER_MAX (BOUNDARY_LETTERS_MAX + 5)

typedef struct form {
    const uint8_t *at, *end;
    char delimiter[DELIMITER_MAX]; /* "\r\n--BOUNDARY" */
    size_t delimiter_length;
    fv_arena *arena;
    fv_picture_list *out;
    int64_t room;
} form;

/* The value of `key` among the parameters "; key=value; key="va\"lue"" of a header's line; NULL: it has none. */
static fv_error *parameter(const char *line, size_t length, const char *key, fv_arena *arena, const char **out) {
    size_t letters = strlen(key);
    const char *end = line + length;
    *out = NULL;
    for (const char *at = memchr(line, ';', length); at && at < end;) {
        char *value, *to;
        at++;
        while (at < end && (*at == ' ' || *at == '\t')) at++;
        bool here = (size_t)(end - at) > letters && !strncasecmp(at, key, letters) && at[letters] == '=';
        while (at < end && *at != '=' && *at != ';') at++;
        if (at >= end || *at == ';') continue;
        bool quoted = ++at < end && *at == '"';
        FV_TRY(fv_arena_alloc(arena, end - at + 1, 1, (void **)&value));
        to = value;
        for (at += quoted; at < end && (quoted ? *at != '"' : *at != ';'); at++) {
            if (quoted && *at == '\\' && at + 1 < end) at++;
            *to++ = *at;
        }
        while (!quoted && to > value && (to[-1] == ' ' || to[-1] == '\t')) to--;
        *to = 0;
        if (here) return *out = value, NULL;
        at = memchr(at, ';', (size_t)(end - at));
    }
    return NULL;
}

fv_error *fv_form_boundary(const char *content_type, fv_arena *arena, const char **out) {
    return parameter(content_type, strlen(content_type), "boundary", arena, out);
}

/* The Content-Disposition among a part's headers, which end at `end`; NULL: it has none. */
static const char *disposition(const uint8_t *at, const uint8_t *end, size_t *length) {
    static const char name[] = "content-disposition:";
    while (at < end) {
        const uint8_t *line = memchr(at, '\n', (size_t)(end - at)), *stop = line ? line : end;
        *length = (size_t)(stop - at) - (stop > at && stop[-1] == '\r');
        if (*length >= sizeof name - 1 && !strncasecmp((const char *)at, name, sizeof name - 1)) return (const char *)at;
        at = stop + 1;
    }
    return NULL;
}

static bool is_picture(const char *name, const char *file) {
    static const char *const names[] = { "image", "images", "image[]", "images[]", "file", "data" };
    if (file) return true;
    for (size_t i = 0; name && i < sizeof names / sizeof *names; i++)
        if (!strcmp(names[i], name)) return true;
    return false;
}

/* top, threshold, key. */
static fv_error *take_field(const form *f, const char *name, const uint8_t *bytes, int64_t length) {
    const char *text;
    double value;
    FV_TRY(fv_arena_format(f->arena, &text, "%.*s", (int)length, (const char *)bytes));
    bool top = !strcmp(name, "top");
    if (!strcmp(name, "key")) {
        if (!*text || strlen(text) > FV_SENT_KEY_MAX)
            return fv_fail(FV_USAGE, "\"key\" of the form is no text of 1 to %d bytes", FV_SENT_KEY_MAX);
        f->out->key = text;
        return NULL;
    }
    if (!fv_text_to_number(text, &value) || !(top ? value >= 1 && value <= 100000 : value >= -1 && value <= 1))
        return fv_fail(FV_USAGE, "\"%s\" of the form is out of range", name);
    if (top)
        f->out->top = (int64_t)value;
    else
        f->out->threshold = value;
    return NULL;
}

static fv_error *add_picture(form *f, const char *file, const uint8_t *bytes, int64_t length) {
    fv_picture_list *list = f->out;
    if (list->count == f->room) {
        fv_sent_picture *old = list->at;
        f->room = f->room ? 2 * f->room : 8;
        FV_TRY(fv_arena_take(f->arena, f->room, &list->at));
        if (list->count) memcpy(list->at, old, (size_t)list->count * sizeof *old);
    }
    if (list->count == FV_PICTURES_MAX) return fv_fail(FV_USAGE, "the form has more than %d pictures", FV_PICTURES_MAX);
    list->at[list->count++] = (fv_sent_picture){ .name = file, .bytes = bytes, .length = length };
    return NULL;
}

static fv_error *take_part(form *f, const uint8_t *begin, const uint8_t *end) {
    const uint8_t *body = memmem(begin, (size_t)(end - begin), "\r\n\r\n", 4);
    const char *name, *file;
    size_t length;
    if (!body) return fv_fail(FV_USAGE, "a part of the form has no end of its headers");
    const char *line = disposition(begin, body, &length);
    if (!line) return fv_fail(FV_USAGE, "a part of the form has no Content-Disposition");
    FV_TRY(parameter(line, length, "name", f->arena, &name));
    FV_TRY(parameter(line, length, "filename", f->arena, &file));
    body += 4;
    if (is_picture(name, file)) return add_picture(f, file, body, end - body);
    if (name && (!strcmp(name, "top") || !strcmp(name, "threshold") || !strcmp(name, "key")))
        return take_field(f, name, body, end - body);
    return fv_error_hint(fv_fail(FV_USAGE, "the form has a field that is not known here"),
                         "pictures are sent as files, or as fields called image; top, threshold and key are fields too");
}

/* Where the next delimiter begins; the first may lack the line end before it. */
static const uint8_t *find(const form *f, bool first) {
    const char *what = f->delimiter + 2 * first;
    return memmem(f->at, (size_t)(f->end - f->at), what, f->delimiter_length - 2 * first);
}

fv_error *fv_pictures_of_form(const uint8_t *body, int64_t length, const char *boundary, fv_arena *arena,
                              fv_picture_list *out) {
    form f = { .at = body, .end = body + length, .arena = arena, .out = out };
    *out = (fv_picture_list){ 0 };
    if (!boundary || !*boundary || strlen(boundary) > BOUNDARY_LETTERS_MAX)
        return fv_fail(FV_USAGE, "the form's Content-Type has no boundary of 1 to %d letters", BOUNDARY_LETTERS_MAX);
    f.delimiter_length = (size_t)snprintf(f.delimiter, sizeof f.delimiter, "\r\n--%s", boundary);
    const uint8_t *mark = find(&f, true);
    if (!mark) return fv_fail(FV_USAGE, "the form's boundary is not in its body");
    f.at = mark + f.delimiter_length - 2;
    for (;;) {
        if (f.end - f.at >= 2 && !memcmp(f.at, "--", 2)) break;
        while (f.at < f.end && (*f.at == ' ' || *f.at == '\t')) f.at++;
        if (f.end - f.at < 2 || memcmp(f.at, "\r\n", 2) != 0)
            return fv_fail(FV_USAGE, "the form is cut, or its lines do not end");
        f.at += 2;
        mark = find(&f, false);
        if (!mark) return fv_fail(FV_USAGE, "the form's last part is cut");
        FV_TRY(take_part(&f, f.at, mark));
        f.at = mark + f.delimiter_length;
    }
    out->one = out->count == 1;
    return out->count ? NULL : fv_fail(FV_USAGE, "the form has no picture");
}
