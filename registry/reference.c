/* reference.c - see reference.h. */
#include "registry/reference.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "core/base/text.h"

#define ALIAS_LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"

/* No control, no '/', ':' or '@', no space at the ends, UTF-8. */
static bool is_model_name(const char *name) {
    size_t length = strlen(name);
    if (!length || length > FV_MODEL_NAME_MAX || name[0] == ' ' || name[length - 1] == ' ') return false;
    for (const char *at = name; *at;) {
        bool printable;
        int bytes = fv_text_character(at, &printable);
        if (!printable || strchr("/:@", *at)) return false;
        at += bytes;
    }
    return true;
}

fv_error *fv_model_name_check(const char *name) {
    if (is_model_name(name)) return NULL;
    return fv_error_hint(fv_fail(FV_USAGE, "a model cannot be called \"%s\"", name),
                         "a name has 1 to %d bytes, none of them '/', ':', '@' or a control, and no space at its ends",
                         FV_MODEL_NAME_MAX);
}

/* "v12", as which MLflow reads a number. */
static bool is_numbered(const char *name) { return name[0] == 'v' && name[1] && !name[1 + strspn(name + 1, "0123456789")]; }

fv_error *fv_alias_name_check(const char *name) {
    size_t length = strlen(name);
    if (!strcmp(name, "latest") || is_numbered(name))
        return fv_fail(FV_USAGE, "the alias \"%s\" is reserved: NAME@latest is the newest version, NAME@v3 the third", name);
    if (length && length <= FV_MODEL_NAME_MAX && strspn(name, ALIAS_LETTERS) == length) return NULL;
    return fv_error_hint(fv_fail(FV_USAGE, "an alias cannot be called \"%s\"", name),
                         "it has 1 to %d letters, digits, '_' and '-'", FV_MODEL_NAME_MAX);
}

static bool read_number(const char *digits, int64_t *out) {
    return digits[0] >= '0' && digits[0] <= '9' && fv_text_to_int(digits, out) && *out > 0;
}

/* What stands behind the name. */
static fv_error *read_rest(const char *text, const char *rest, fv_reference *out) {
    if (!*rest || !strcmp(rest, "@latest")) return NULL;
    if (*rest == '@' && !is_numbered(rest + 1)) {
        FV_TRY(fv_alias_name_check(rest + 1));
        snprintf(out->alias, sizeof out->alias, "%s", rest + 1);
        return NULL;
    }
    if (read_number(rest + (*rest == '@' ? 2 : 1), &out->number)) return NULL;
    return fv_error_hint(fv_fail(FV_USAGE, "\"%s\" is no version of a model", text),
                         "write NAME (its newest), NAME@ALIAS or NAME/3");
}

fv_error *fv_reference_parse(const char *text, fv_reference *out) {
    size_t length = strcspn(text, "/@");
    *out = (fv_reference){ 0 };
    if (length > FV_MODEL_NAME_MAX) return fv_model_name_check(text);
    memcpy(out->model, text, length);
    FV_TRY(fv_model_name_check(out->model));
    return read_rest(text, text + length, out);
}

fv_error *fv_reference_of(const char *model, int64_t number, fv_reference *out) {
    *out = (fv_reference){ .number = number };
    FV_TRY(fv_model_name_check(model));
    if (number < 1) return fv_fail(FV_USAGE, "versions are numbered from 1: there is no %lld", (long long)number);
    snprintf(out->model, sizeof out->model, "%s", model);
    return NULL;
}
