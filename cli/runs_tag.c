/* runs_tag.c - fovea runs tag: says something of a run, or takes it back. */
#include <string.h>

#include "cli/command.h"
#include "cli/run_text.h"

typedef struct tag_options {
    const char *run, *workspace;
    fv_strings tags, remove;
} tag_options;

static const fv_field fields[] = { FV_FIELD(tag_options, run, .positional = true, .required = true, .value = "RUN",
                                            .help = "its id, the first letters of that, or its name"),
                                   FV_FIELD(tag_options, tags, .positional = true, .value = "KEY=VALUE…",
                                            .help = "an older value of a key is replaced"),
                                   FV_FIELD(tag_options, remove, .value = "KEY,…", .help = "tags to be taken away"),
                                   FV_FIELD(tag_options, workspace, .value = "DIR", .help = FV_WORKSPACE_HELP), FV_FIELDS_END };

static fv_error *split(const fv_strings *given, fv_arena *arena, fv_key_value *out) {
    for (int64_t i = 0; i < given->count; i++) {
        const char *sign = strchr(given->at[i], '=');
        if (!sign) return fv_fail(FV_USAGE, "\"%s\" is not KEY=VALUE", given->at[i]);
        FV_TRY(fv_arena_format(arena, &out[i].key, "%.*s", (int)(sign - given->at[i]), given->at[i]));
        out[i].value = sign + 1;
    }
    return NULL;
}

static fv_error *change(fv_registry *registry, const char *id, const tag_options *o, fv_arena *arena) {
    fv_key_value *tags;
    FV_TRY(fv_arena_take(arena, o->tags.count, &tags));
    FV_TRY(split(&o->tags, arena, tags));
    for (int64_t i = 0; i < o->remove.count; i++) FV_TRY(fv_run_remove_tag(registry, id, o->remove.at[i]));
    if (!o->tags.count) return NULL;
    return fv_run_annotate(registry, id, &(fv_run_batch){ .tags = tags, .tag_count = o->tags.count });
}

static fv_error *print(const fv_run_row *run, fv_printer *p) {
    FV_TEXT(text, 1 << 26);
    if (!p->json) {
        fv_print_record(p);
        for (int64_t i = 0; i < run->tag_count; i++) fv_print_text(p, run->tags[i].key, run->tags[i].value);
        fv_print_record_end(p);
        return NULL;
    }
    fv_text_addf(&text, "{\"id\":\"%s\",\"tags\":", run->id);
    fv_pairs_json(run->tags, run->tag_count, &text);
    fv_text_add(&text, "}");
    FV_TRY(fv_text_error(&text));
    fv_print_object(p, text.at);
    return NULL;
}

static fv_error *run(fv_command_call *call, void *raw) {
    const tag_options *o = raw;
    FV_OWNED(fv_registry) registry = NULL;
    fv_run_list before, after;
    FV_TRY(fv_registry_open(o->workspace, &(fv_registry_options){ .must_exist = true }, &registry));
    FV_TRY(fv_run_find(registry, o->run, &before));
    fv_error *error = change(registry, before.rows[0].id, o, call->arena);
    if (!error) error = fv_run_find(registry, before.rows[0].id, &after);
    fv_run_list_release(&before);
    FV_TRY(error);
    error = print(&after.rows[0], call->printer);
    fv_run_list_release(&after);
    return error;
}

const fv_command fv_command_runs_tag = {
    .name = "runs tag",
    .summary = "set tags of a run, or take them away",
    .arguments = "RUN [KEY=VALUE…] [options]",
    .description = "What it has then is printed. JSON: {id, tags}.",
    .fields = fields,
    .size = sizeof(tag_options),
    .run = run,
};
