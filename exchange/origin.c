/* origin.c - see origin.h. */
#include "exchange/origin.h"

#include <string.h>

#include "core/base/json.h"

/* The architecture's name in the text of a recipe, which belongs to training: its key `arch`. */
static fv_error *arch_of_recipe(const fv_model *model, fv_arena *arena, const char **out) {
    const char *text = fv_model_section(model, "recipe", NULL);
    json_error_t problem;
    json_t *json = NULL;
    *out = NULL;
    if (!text) return NULL;
    FV_TRY(fv_json_load(text, (int64_t)strlen(text), 0, &problem, &json));
    const char *arch = json_string_value(json_object_get(json, "arch"));
    fv_error *error = arch ? fv_arena_format(arena, out, "%.*s", (int)strcspn(arch, " "), arch) : NULL;
    json_decref(json);
    return error;
}

fv_error *fv_origin_style(const fv_model *model, const char *wanted, fv_arena *arena, const fv_key_style **out) {
    fv_origin_section origin = { 0 };
    const char *arch;
    if (fv_model_section(model, fv_section_origin.name, NULL))
        FV_TRY(fv_section_read(model, &fv_section_origin, &origin, arena));
    if (!wanted) wanted = origin.style;
    if (wanted) return fv_key_style_named(wanted, arena, out);
    FV_TRY(arch_of_recipe(model, arena, &arch));
    *out = arch ? fv_key_style_for(arch) : NULL;
    if (*out) return NULL;
    return fv_error_hint(
        fv_fail(FV_NOT_FOUND, "it is not known what the weights of %s are called elsewhere", arch ? arch : "this network"),
        "`fovea help key_style` lists the styles; --style takes one");
}
