/* help.c - fovea help: everything that can be named, from the tables that define it. */
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/manual.h"
#include "cli/topics.h"
#include "train/recipe.h"

typedef struct help_options {
    const char *topic;
    fv_strings words; /* of the name, which may be of several */
    const char *name; /* joined of them; NULL: none */
    bool markdown, man;
    int completion;
} help_options;

enum { NO_SHELL, BASH };

static const fv_field fields[] = { FV_FIELD(help_options, topic, .positional = true, .value = "TOPIC",
                                            .help = "a command, or a kind of part, as listed without one"),
                                   FV_FIELD(help_options, words, .positional = true, .value = "NAME",
                                            .help = "one of that kind"),
                                   FV_FIELD(help_options, markdown, .by_default = "false",
                                            .help = "print the reference page of that kind, or the list of the pages"),
                                   FV_FIELD(help_options, man, .by_default = "false", .help = "print the man page"),
                                   FV_FIELD(help_options, completion, .by_default = "none", .names = "none,bash",
                                            .help = "print the completion of that shell"),
                                   FV_FIELDS_END };

static void overview(fv_text *out) {
    fv_command_list(out);
    fv_text_add(out, "\n`fovea help TOPIC` lists, `fovea help TOPIC NAME` describes:\n\n");
    for (int i = 0; i < fv_topic_kind_count; i++)
        fv_text_addf(out, "  %-12s %s\n", fv_topic_kinds[i].name, fv_topic_kinds[i].summary);
    fv_text_add(out, "  recipe       keys of a training's recipe, with their defaults\n");
}

static fv_error *recipe_page(bool markdown, fv_text *out) {
    if (markdown) {
        fv_text_add(out, "<!-- Printed by `fovea help --markdown recipe`; a test compares. -->\n# Recipe\n\n"
                         "Keys of a training's recipe, a YAML file. Each is a flag of `fovea train` too, with `-` for `_`; "
                         "flags overrule the file.\n\n");
        fv_fields_markdown(fv_recipe_fields, out);
        return NULL;
    }
    FV_OWNED(fv_recipe) recipe = NULL;
    char *text = NULL;
    FV_TRY(fv_recipe_new(&recipe));
    FV_TRY(fv_recipe_to_yaml(recipe, &text));
    fv_text_add(out, text);
    fv_string_free(text);
    return NULL;
}

/* The kind that has a part so called, for who leaves the kind out. */
static const fv_topic_kind *kind_with(const char *part) {
    for (int i = 0; i < fv_topic_kind_count; i++)
        if (fv_topic_index(&fv_topic_kinds[i], part) >= 0) return &fv_topic_kinds[i];
    return NULL;
}

static fv_error *unknown_topic(const char *name, fv_arena *arena) {
    const fv_topic_kind *kind = kind_with(name);
    const char **names;
    int count = 0;
    FV_TRY(fv_arena_take(arena, fv_topic_kind_count + fv_command_table_count + 1, &names));
    for (int i = 0; i < fv_topic_kind_count; i++) names[count++] = fv_topic_kinds[i].name;
    for (int i = 0; i < fv_command_table_count; i++) names[count++] = fv_command_table[i]->name;
    names[count++] = "recipe";
    const char *near = fv_nearest_name(name, names, count);
    fv_error *error = fv_fail(FV_USAGE, "there is no help for \"%s\"", name);
    if (kind) return fv_error_hint(error, "`fovea help %s %s` describes it", kind->name, name);
    return near ? fv_error_hint(error, "did you mean \"%s\"?", near) : fv_error_hint(error, "`fovea help` lists the topics");
}

static fv_error *unknown_part(const fv_topic_kind *kind, const char *name, fv_arena *arena) {
    const char **names;
    FV_TRY(fv_arena_take(arena, *kind->count + 1, &names));
    for (int i = 0; i < *kind->count; i++) names[i] = kind->at(i).name;
    const char *near = fv_nearest_name(name, names, *kind->count);
    fv_error *error = fv_fail(FV_USAGE, "there is no %s called \"%s\"", kind->name, name);
    return near ? fv_error_hint(error, "did you mean \"%s\"?", near)
                : fv_error_hint(error, "`fovea help %s` lists them", kind->name);
}

/* A command by its name in one word or more, or the verbs of a noun. False: there is none. */
static bool command_page(const help_options *o, fv_text *out) {
    char name[128];
    snprintf(name, sizeof name, "%s%s%s", o->topic, o->name ? " " : "", o->name ? o->name : "");
    const fv_command *command = fv_command_find(name);
    if (!command) command = fv_command_find(o->topic);
    if (command) fv_command_page(command, out);
    return command || fv_command_verbs(name, out) || fv_command_verbs(o->topic, out);
}

static fv_error *write_page(const help_options *o, fv_arena *arena, fv_text *out) {
    if (o->man) return fv_manual_page(out), NULL;
    if (o->completion == BASH) return fv_completion_of_bash(out), NULL;
    if (!o->topic && o->markdown) {
        for (int i = 0; i < fv_topic_kind_count; i++) fv_text_addf(out, "%s\n", fv_topic_kinds[i].name);
        fv_text_add(out, "recipe\n");
        return NULL;
    }
    if (!o->topic) return overview(out), NULL;
    if (!strcmp(o->topic, "recipe")) return recipe_page(o->markdown, out);
    const fv_topic_kind *kind = fv_topic_find(o->topic);
    if (!kind && command_page(o, out)) return NULL;
    if (!kind) return unknown_topic(o->topic, arena);
    if (o->markdown) return fv_topic_markdown(kind, out), NULL;
    if (!o->name) return fv_topic_list(kind, out), NULL;
    int index = fv_topic_index(kind, o->name);
    if (index < 0) return unknown_part(kind, o->name, arena);
    if (kind->count == &fv_command_table_count)
        fv_command_page(fv_command_table[index], out);
    else
        fv_topic_help(kind, index, out);
    return NULL;
}

static fv_error *run(fv_command_call *call, void *raw) {
    help_options *o = raw;
    FV_TEXT(page, 1 << 24);
    FV_TEXT(name, 1 << 12);
    for (int64_t i = 0; i < o->words.count; i++) fv_text_addf(&name, "%s%s", i ? " " : "", o->words.at[i]);
    FV_TRY(fv_text_error(&name));
    if (name.length) o->name = name.at;
    FV_TRY(write_page(raw, call->arena, &page));
    FV_TRY(fv_text_error(&page));
    call->printer->json = false;
    fv_print_page(call->printer, page.at);
    return NULL;
}

const fv_command fv_command_help = {
    .name = "help",
    .summary = "explain commands, networks, transforms, optimizers, …",
    .arguments = "[TOPIC [NAME]]",
    .fields = fields,
    .size = sizeof(help_options),
    .run = run,
};
