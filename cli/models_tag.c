/* models_tag.c - fovea models tag, describe and note: what people say of a model or a version. */
#include <string.h>

#include "cli/command.h"
#include "core/base/text.h"
#include "fovea/versions.h"

typedef struct tag_options {
    const char *what, *first, *second, *workspace;
} tag_options;

#define WHAT                                                                                                                   \
    FV_FIELD(tag_options, what, .positional = true, .required = true, .value = "NAME[@ALIAS|/N]",                              \
             .help = "a model, or one version of it")
#define WORKSPACE FV_FIELD(tag_options, workspace, .value = "DIR", .help = FV_WORKSPACE_HELP)

static const fv_field tag_fields[] = { WHAT,
                                       FV_FIELD(tag_options, first, .positional = true, .required = true,
                                                .value = "KEY[=VALUE]", .help = "of the tag, and its value"),
                                       FV_FIELD(tag_options, second, .positional = true, .value = "VALUE",
                                                .help = "or the value here; without any the tag is taken away"),
                                       WORKSPACE, FV_FIELDS_END };
static const fv_field text_fields[] = {
    WHAT, FV_FIELD(tag_options, first, .positional = true, .required = true, .value = "TEXT", .help = "what is said"),
    WORKSPACE, FV_FIELDS_END
};

/* The model and the version's number; 0: the model itself. */
static fv_error *resolve(fv_registry *registry, const char *what, fv_arena *arena, const char **model, int64_t *number) {
    fv_version_list list;
    *number = 0;
    if (!strpbrk(what, "/@")) return fv_arena_text(arena, what, model);
    FV_TRY(fv_version_find(registry, what, &list));
    *number = list.rows[0].number;
    fv_error *error = fv_arena_text(arena, list.rows[0].model, model);
    fv_version_list_release(&list);
    return error;
}

static void print(fv_printer *p, const char *model, int64_t number, const char *key, const char *value) {
    fv_print_record(p);
    fv_print_text(p, "name", model);
    if (number) fv_print_int(p, "version", number);
    fv_print_text(p, key, value);
    fv_print_record_end(p);
}

/* "key=value" in one word, as `fovea runs tag` takes it, or in two. */
static fv_error *split(const tag_options *o, fv_arena *arena, const char **key, const char **value) {
    const char *equals = o->second ? NULL : strchr(o->first, '=');
    *value = equals ? equals + 1 : o->second;
    return fv_arena_format(arena, key, "%.*s", equals ? (int)(equals - o->first) : (int)strlen(o->first), o->first);
}

static fv_error *run_tag(fv_command_call *call, void *raw) {
    const tag_options *o = raw;
    FV_OWNED(fv_registry) registry = NULL;
    const char *model;
    int64_t number;
    FV_TRY(fv_registry_open(o->workspace, &(fv_registry_options){ .must_exist = true }, &registry));
    FV_TRY(resolve(registry, o->what, call->arena, &model, &number));
    const char *key, *value;
    FV_TRY(split(o, call->arena, &key, &value));
    FV_TRY(fv_models_tag(registry, model, number, key, value));
    print(call->printer, model, number, key, value);
    return NULL;
}

static fv_error *run_describe(fv_command_call *call, void *raw) {
    const tag_options *o = raw;
    FV_OWNED(fv_registry) registry = NULL;
    const char *model;
    int64_t number;
    FV_TRY(fv_registry_open(o->workspace, &(fv_registry_options){ .must_exist = true }, &registry));
    FV_TRY(resolve(registry, o->what, call->arena, &model, &number));
    FV_TRY(fv_models_describe(registry, model, number, o->first));
    print(call->printer, model, number, "description", o->first);
    return NULL;
}

static fv_error *run_note(fv_command_call *call, void *raw) {
    const tag_options *o = raw;
    FV_OWNED(fv_registry) registry = NULL;
    const char *model, *reference;
    int64_t number;
    FV_TRY(fv_registry_open(o->workspace, &(fv_registry_options){ .must_exist = true }, &registry));
    FV_TRY(resolve(registry, o->what, call->arena, &model, &number));
    FV_TRY(fv_arena_format(call->arena, &reference, "%s/%lld", model, (long long)number));
    FV_TRY(fv_note_add(registry, number ? "version" : "model", number ? reference : model, o->first));
    print(call->printer, model, number, "note", o->first);
    return NULL;
}

const fv_command fv_command_models_tag = {
    .name = "models tag",
    .summary = "tag a model or a version",
    .arguments = "NAME[@ALIAS|/N] KEY [VALUE]",
    .description = "A tag that is there gets the new value; without a value it is taken away.",
    .fields = tag_fields,
    .size = sizeof(tag_options),
    .run = run_tag,
};

const fv_command fv_command_models_describe = {
    .name = "models describe",
    .summary = "say what a model or a version is",
    .arguments = "NAME[@ALIAS|/N] TEXT",
    .description = "In place of the description that there was.",
    .fields = text_fields,
    .size = sizeof(tag_options),
    .run = run_describe,
};

const fv_command fv_command_models_note = {
    .name = "models note",
    .summary = "add a note to a model or a version",
    .arguments = "NAME[@ALIAS|/N] TEXT",
    .description = "Notes stay, with who wrote them; `fovea models show` and the card have them.",
    .fields = text_fields,
    .size = sizeof(tag_options),
    .run = run_note,
};
