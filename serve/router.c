/* router.c - which route a path belongs to. There are some dozen: they are looked through one by one. */
#include <stdio.h>
#include <string.h>

#include "serve/route.h"

static int hex_of(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool fv_percent_decode(char *text, bool plus) {
    char *to = text;
    for (const char *at = text; *at; at++) {
        if (*at == '+' && plus) {
            *to++ = ' ';
        } else if (*at == '%') {
            int high = hex_of(at[1]), low = high < 0 ? -1 : hex_of(at[2]);
            if (low < 0 || !(high | low)) return false;
            *to++ = (char)(high << 4 | low);
            at += 2;
        } else {
            *to++ = *at;
        }
    }
    *to = 0;
    return true;
}

/* A pattern against a path: both begin with '/'. A value begins where the path has it, with its length. */
typedef struct fit {
    const char *names[FV_ROUTE_VALUES], *values[FV_ROUTE_VALUES];
    size_t name_lengths[FV_ROUTE_VALUES], lengths[FV_ROUTE_VALUES];
    int count;
} fit;

static bool fits(const char *pattern, const char *path, fit *f);

/* `pattern` begins with a name in braces: {model} tries one part, then two, …; the shortest that lets the rest fit. */
static bool value_fits(const char *pattern, const char *path, fit *f) {
    const char *close = strchr(pattern, '}');
    bool many = !strncmp(pattern, "{model}", strlen("{model}"));
    int at = f->count++;
    f->names[at] = pattern + 1, f->name_lengths[at] = (size_t)(close - pattern - 1);
    f->values[at] = path;
    for (size_t length = strcspn(path, "/"); length; length += 1 + strcspn(path + length + 1, "/")) {
        f->lengths[at] = length;
        if (fits(close + 1, path + length, f)) return true;
        if (!many || !path[length]) break;
    }
    f->count = at;
    return false;
}

static bool fits(const char *pattern, const char *path, fit *f) {
    for (; *pattern && *pattern != '{'; pattern++, path++)
        if (*pattern != *path) return false;
    return *pattern ? value_fits(pattern, path, f) : !*path;
}

static fv_error *keep_values(const fit *f, fv_arena *arena, fv_route_match *out) {
    out->count = f->count;
    for (int i = 0; i < f->count; i++) {
        char *value;
        FV_TRY(fv_arena_format(arena, &out->names[i], "%.*s", (int)f->name_lengths[i], f->names[i]));
        FV_TRY(fv_arena_format(arena, (const char **)&value, "%.*s", (int)f->lengths[i], f->values[i]));
        if (!fv_percent_decode(value, false)) return fv_fail(FV_USAGE, "the path has a percent sign that stands for nothing");
        out->values[i] = value;
    }
    return NULL;
}

/* What is written out is meant more than a name in braces: /v2/models/stats before a model "stats"; and of two patterns that
 * begin alike the longer one: …/versions/{version}/ready before {model}/ready. */
static bool is_closer(const fv_route *a, const fv_route *b) {
    size_t plain_a = strcspn(a->path, "{"), plain_b = b ? strcspn(b->path, "{") : 0;
    return !b || plain_a > plain_b || (plain_a == plain_b && strlen(a->path) > strlen(b->path));
}

static void allow(fv_route_match *out, const char *method) {
    size_t length = strlen(out->allowed);
    bool get = !strcmp(method, "GET");
    if (strstr(out->allowed, method)) return;
    snprintf(out->allowed + length, sizeof out->allowed - length, "%s%s%s", length ? ", " : "", method, get ? ", HEAD" : "");
}

/* The pattern that is meant, whatever the method; NULL: none fits. */
static const fv_route *closest(const char *path, fit *best) {
    const fv_route *found = NULL;
    for (int i = 0; i < fv_route_table_count; i++) {
        fit f = { 0 };
        if (!fits(fv_route_table[i]->path, path, &f) || !is_closer(fv_route_table[i], found)) continue;
        found = fv_route_table[i];
        *best = f;
    }
    return found;
}

fv_error *fv_route_find(const char *method, const char *path, fv_arena *arena, fv_route_match *out) {
    fit best = { 0 };
    const char *wanted = strcmp(method, "HEAD") ? method : "GET";
    const fv_route *found = closest(path, &best);
    *out = (fv_route_match){ .path_known = found != NULL };
    for (int i = 0; found && i < fv_route_table_count; i++) {
        const fv_route *route = fv_route_table[i];
        if (strcmp(route->path, found->path) != 0) continue;
        allow(out, route->method);
        if (!strcmp(route->method, wanted)) out->route = route;
    }
    if (found) allow(out, "OPTIONS");
    return out->route ? keep_values(&best, arena, out) : NULL;
}
