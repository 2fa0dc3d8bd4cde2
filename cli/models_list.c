/* models_list.c - fovea models list: what models there are, a line each. */
#include "cli/command.h"
#include "cli/table.h"
#include "cli/when.h"
#include "fovea/versions.h"

#define TEXT_BYTES_MAX (1 << 28)

typedef struct list_options {
    const char *workspace;
    bool deleted;
} list_options;

static const fv_field fields[] = { FV_FIELD(list_options, deleted, .by_default = "false", .help = "those that are deleted too"),
                                   FV_FIELD(list_options, workspace, .value = "DIR", .help = FV_WORKSPACE_HELP),
                                   FV_FIELDS_END };

/* {"champion":3}, or {"team":"blood"} */
static void add_aliases(const fv_models_row *m, fv_text *out) {
    fv_text_add(out, ",\"aliases\":{");
    for (int64_t i = 0; i < m->alias_count; i++) {
        if (i) fv_text_add(out, ",");
        fv_text_add_json(out, m->aliases[i].name);
        fv_text_addf(out, ":%lld", (long long)m->aliases[i].number);
    }
    fv_text_add(out, "}");
}

static void add_tags(const fv_models_row *m, fv_text *out) {
    fv_text_add(out, ",\"tags\":{");
    for (int64_t i = 0; i < m->tag_count; i++) {
        if (i) fv_text_add(out, ",");
        fv_text_add_json(out, m->tags[i].key);
        fv_text_add(out, ":");
        fv_text_add_json(out, m->tags[i].value);
    }
    fv_text_add(out, "}");
}

static fv_error *print_json(const fv_models_list *list, fv_printer *p) {
    FV_TEXT(text, TEXT_BYTES_MAX);
    fv_text_add(&text, "[");
    for (int64_t i = 0; i < list->count; i++) {
        const fv_models_row *m = &list->rows[i];
        fv_text_add(&text, i ? ",{\"name\":" : "{\"name\":");
        fv_text_add_json(&text, m->name);
        fv_text_add(&text, ",\"description\":");
        fv_text_add_json(&text, m->description);
        fv_text_addf(&text, ",\"versions\":%lld,\"newest\":", (long long)m->versions);
        if (m->newest)
            fv_text_addf(&text, "%lld", (long long)m->newest);
        else
            fv_text_add(&text, "null");
        add_aliases(m, &text);
        add_tags(m, &text);
        fv_text_addf(&text, ",\"deleted\":%s,\"created_ms\":%lld,\"updated_ms\":%lld}", m->deleted ? "true" : "false",
                     (long long)m->created_ms, (long long)m->updated_ms);
    }
    fv_text_add(&text, "]");
    FV_TRY(fv_text_error(&text));
    fv_print_object(p, text.at);
    return NULL;
}

static fv_error *add_row(const fv_models_row *m, fv_table *t) {
    char when[FV_WHEN_LETTERS];
    FV_TEXT(aliases, 1 << 20);
    for (int64_t i = 0; i < m->alias_count; i++)
        fv_text_addf(&aliases, "%s%s %lld", i ? ", " : "", m->aliases[i].name, (long long)m->aliases[i].number);
    if (m->deleted) fv_text_add(&aliases, aliases.length ? ", deleted" : "deleted");
    FV_TRY(fv_text_error(&aliases));
    FV_TRY(fv_table_add(t, m->name));
    FV_TRY(fv_table_addf(t, "%lld", (long long)m->versions));
    FV_TRY(fv_table_add(t, fv_when(m->updated_ms, when)));
    return fv_table_add(t, aliases.at);
}

static fv_error *print_table(const fv_models_list *list, fv_arena *arena, fv_printer *p) {
    static const bool right[] = { false, true, false, false };
    static const char *const heads[] = { "model", "versions", "changed", "aliases" };
    fv_table t;
    if (!list->count) return fv_print_line(p, "no models yet: `fovea models register` makes one"), NULL;
    fv_table_init(&t, arena, 4, right);
    for (int i = 0; i < 4; i++) FV_TRY(fv_table_add(&t, heads[i]));
    for (int64_t i = 0; i < list->count; i++) FV_TRY(add_row(&list->rows[i], &t));
    return fv_table_print(&t, p);
}

static fv_error *run(fv_command_call *call, void *raw) {
    const list_options *o = raw;
    FV_OWNED(fv_registry) registry = NULL;
    fv_models_list list;
    FV_TRY(fv_registry_open(o->workspace, &(fv_registry_options){ .read_only = true }, &registry));
    FV_TRY(fv_models_find(registry, NULL, o->deleted, &list));
    fv_error *error = call->printer->json ? print_json(&list, call->printer) : print_table(&list, call->arena, call->printer);
    fv_models_list_release(&list);
    return error;
}

const fv_command fv_command_models_list = {
    .name = "models list",
    .summary = "list the models of the registry",
    .arguments = "[options]",
    .description = "A line a model: its versions, when it was changed, and the version that each alias points to.\n"
                   "JSON: an array of {name, description, versions, newest, aliases, tags, deleted, created_ms, updated_ms}.",
    .fields = fields,
    .size = sizeof(list_options),
    .run = run,
};
