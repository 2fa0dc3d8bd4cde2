/* part.c - finding a part by name and reading its options. */
#include "core/base/part.h"

#include <string.h>

static const char blanks[] = " \t\n";

static fv_error *unknown(const fv_parts *parts, const char *name, fv_arena *arena) {
    const char **names = NULL;
    FV_TRY(fv_arena_take(arena, parts->count, &names));
    for (int i = 0; i < parts->count; i++) names[i] = parts->at(i)->name;
    fv_error *error = fv_fail(FV_USAGE, "there is no %s called \"%s\"", parts->kind, name);
    const char *near = fv_nearest_name(name, names, parts->count);
    if (near) return fv_error_hint(error, "did you mean \"%s\"?", near);
    FV_TEXT(list, 4096);
    for (int i = 0; i < parts->count; i++) fv_text_addf(&list, "%s%s", i ? ", " : "", names[i]);
    return fv_error_hint(error, "there are %s", list.at);
}

fv_error *fv_part_find(const fv_parts *parts, const char *name, fv_arena *arena, int *index) {
    *index = 0;
    while (*index < parts->count && strcmp(parts->at(*index)->name, name) != 0) (*index)++;
    return *index == parts->count ? unknown(parts, name, arena) : NULL;
}

fv_error *fv_part_parse(const fv_parts *parts, const char *text, fv_arena *arena, int *index, void **options) {
    text += strspn(text, blanks);
    size_t length = strcspn(text, blanks);
    const char *name = NULL;
    FV_TRY(fv_arena_format(arena, &name, "%.*s", (int)length, text));
    FV_TRY(fv_part_find(parts, name, arena, index));
    const fv_field *fields = parts->at(*index)->fields ? parts->at(*index)->fields : fv_no_fields;
    FV_TRY(fv_arena_alloc(arena, fv_fields_size(fields), 1, options));
    return fv_error_wrap(fv_fields_parse(fields, *options, text + length, arena), "%s %s", parts->kind, name);
}
