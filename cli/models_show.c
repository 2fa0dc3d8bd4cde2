/* models_show.c - fovea models show: a model with its versions and decisions, or one version with all that is known of it. */
#include <string.h>

#include "cli/command.h"
#include "cli/model_says.h"
#include "cli/table.h"
#include "cli/when.h"
#include "core/base/json.h"
#include "experiments/lineage_words.h"

#define DECISIONS 20 /* shown */
#define VERSIONS 100

typedef struct show_options {
    const char *what, *workspace;
} show_options;

static const fv_field fields[] = { FV_FIELD(show_options, what, .positional = true, .required = true,
                                            .value = "NAME[@ALIAS|/N]", .help = "a model, or one version of it"),
                                   FV_FIELD(show_options, workspace, .value = "DIR", .help = FV_WORKSPACE_HELP),
                                   FV_FIELDS_END };

/* ---- pieces of both ---- */

static void print_tags(fv_printer *p, const fv_key_value *tags, int64_t count) {
    if (p->json) fv_print_list(p, "tags");
    for (int64_t i = 0; i < count; i++) {
        if (p->json) fv_print_item(p);
        if (p->json) fv_print_text(p, "key", tags[i].key);
        fv_print_text(p, p->json ? "value" : tags[i].key, tags[i].value);
    }
    if (p->json) fv_print_list_end(p);
}

static void print_when(fv_printer *p, const char *key, int64_t ms) {
    char when[FV_WHEN_LETTERS], name[40];
    snprintf(name, sizeof name, "%s%s", key, p->json ? "_ms" : "");
    if (p->json)
        fv_print_int(p, name, ms);
    else
        fv_print_text(p, name, fv_when(ms, when));
}

static fv_error *print_notes(fv_registry *registry, const char *kind, const char *ref, fv_printer *p) {
    fv_note_list notes;
    FV_TRY(fv_notes_list(registry, kind, ref, &notes));
    if (p->json) fv_print_list(p, "notes");
    for (int64_t i = 0; i < notes.count; i++) {
        if (p->json) fv_print_item(p);
        fv_print_text(p, p->json ? "text" : i ? "" : "notes", notes.at[i].text);
        if (p->json) fv_print_text(p, "author", notes.at[i].author);
        if (p->json) fv_print_int(p, "created_ms", notes.at[i].created_ms);
    }
    if (p->json) fv_print_list_end(p);
    fv_note_list_release(&notes);
    return NULL;
}

/* ---- a model ---- */

static void print_version_items(const fv_version_list *versions, fv_printer *p) {
    fv_print_list(p, "versions");
    for (int64_t i = 0; i < versions->count; i++) {
        const fv_version_row *v = &versions->rows[i];
        fv_print_item(p);
        fv_print_int(p, "version", v->number);
        fv_print_text(p, "digest", v->digest);
        fv_print_int(p, "size", v->size);
        fv_print_text(p, "run", v->run);
        fv_print_text(p, "description", v->description);
        fv_print_texts(p, "aliases", v->aliases, v->alias_count);
        fv_print_bool(p, "deleted", v->deleted);
        fv_print_int(p, "created_ms", v->created_ms);
    }
    fv_print_list_end(p);
}

static void print_decision_items(const fv_promotion_list *decisions, fv_printer *p) {
    fv_print_list(p, "decisions");
    for (int64_t i = 0; i < decisions->count; i++) {
        const struct fv_promotion *d = &decisions->at[i];
        fv_print_item(p);
        fv_print_text(p, "alias", d->alias);
        fv_print_text(p, "verb", fv_alias_verb_name(d->verb));
        fv_print_int(p, "version", d->version);
        fv_print_int(p, "previous", d->previous);
        fv_print_bool(p, "taken", d->taken);
        fv_print_text(p, "actor", d->actor);
        fv_print_int(p, "decided_ms", d->decided_ms);
        fv_print_json(p, "reasons", d->reasons);
    }
    fv_print_list_end(p);
}

static fv_error *add_version_row(const fv_version_row *v, fv_table *t) {
    char when[FV_WHEN_LETTERS];
    FV_TEXT(rest, 1 << 20);
    for (int64_t a = 0; a < v->alias_count; a++) fv_text_addf(&rest, "%s%s", a ? ", " : "", v->aliases[a]);
    if (v->deleted) fv_text_addf(&rest, "%sdeleted", rest.length ? ", " : "");
    if (*v->description) fv_text_addf(&rest, "%s%s", rest.length ? ": " : "", v->description);
    FV_TRY(fv_text_error(&rest));
    FV_TRY(fv_table_addf(t, "%lld", (long long)v->number));
    FV_TRY(fv_table_add(t, fv_when(v->created_ms, when)));
    FV_TRY(fv_table_addf(t, "%.2f", (double)v->size / 1e6));
    return fv_table_add(t, rest.at);
}

static fv_error *print_version_table(const fv_version_list *versions, fv_arena *arena, fv_printer *p) {
    static const bool right[] = { true, false, true, false };
    static const char *const heads[] = { "version", "registered", "MB", "" };
    fv_table t;
    fv_print_line(p, "%s", "");
    fv_table_init(&t, arena, 4, right);
    for (int i = 0; i < 4; i++) FV_TRY(fv_table_add(&t, heads[i]));
    for (int64_t i = 0; i < versions->count; i++) FV_TRY(add_version_row(&versions->rows[i], &t));
    FV_TRY(fv_table_print(&t, p));
    if (versions->next) fv_print_line(p, "and older ones");
    return NULL;
}

static void name_number(int64_t version, char out[24]) {
    if (version)
        snprintf(out, 24, "%lld", (long long)version);
    else
        snprintf(out, 24, "none");
}

/* Of a promotion what did not pass, and why it was forced; of what people did by hand all that was said. */
static bool tells(const struct fv_promotion *d, const char *name, bool passed) {
    return !passed || d->verb != FV_ALIAS_PROMOTE || !strcmp(name, "forced");
}

static fv_error *add_reasons(const struct fv_promotion *d, fv_table *t) {
    json_t *reasons, *reason;
    size_t i;
    fv_error *error = NULL;
    FV_TRY(fv_json_load(d->reasons, (int64_t)strlen(d->reasons), 0, NULL, &reasons));
    json_array_foreach(reasons, i, reason) {
        const char *name = json_string_value(json_object_get(reason, "name"));
        const char *text = json_string_value(json_object_get(reason, "text"));
        bool passed = json_is_true(json_object_get(reason, "passed"));
        if (!error && name && text && tells(d, name, passed))
            error = fv_table_notef(t, "%s %s: %s", passed ? "✓" : "✗", name, text);
    }
    json_decref(reasons);
    return error;
}

static fv_error *add_decision(const struct fv_promotion *d, fv_table *t) {
    char when[FV_WHEN_LETTERS], previous[24], version[24];
    name_number(d->previous, previous), name_number(d->version, version);
    FV_TRY(fv_table_add(t, fv_when(d->decided_ms, when)));
    FV_TRY(fv_table_add(t, d->alias));
    FV_TRY(fv_table_add(t, fv_alias_verb_name(d->verb)));
    FV_TRY(fv_table_addf(t, "%s → %s", previous, version));
    FV_TRY(fv_table_add(t, d->actor));
    FV_TRY(fv_table_add(t, d->taken ? "" : "held back"));
    return add_reasons(d, t);
}

static fv_error *print_decision_table(const fv_promotion_list *decisions, fv_arena *arena, fv_printer *p) {
    static const bool right[] = { false, false, false, true, false, false };
    static const char *const heads[] = { "decided", "alias", "verb", "from → to", "by", "" };
    fv_table t;
    if (!decisions->count) return NULL;
    fv_print_line(p, "%s", "");
    fv_table_init(&t, arena, 6, right);
    for (int i = 0; i < 6; i++) FV_TRY(fv_table_add(&t, heads[i]));
    for (int64_t i = 0; i < decisions->count; i++) FV_TRY(add_decision(&decisions->at[i], &t));
    return fv_table_print(&t, p);
}

static void print_model_aliases(const fv_models_row *m, fv_printer *p) {
    if (p->json) fv_print_list(p, "aliases");
    for (int64_t i = 0; i < m->alias_count; i++) {
        if (p->json) fv_print_item(p);
        if (p->json) fv_print_text(p, "name", m->aliases[i].name);
        fv_print_int(p, p->json ? "version" : m->aliases[i].name, m->aliases[i].number);
    }
    if (p->json) fv_print_list_end(p);
}

static fv_error *print_model(fv_registry *registry, const fv_models_row *m, const fv_version_list *versions,
                             const fv_promotion_list *decisions, fv_arena *arena, fv_printer *p) {
    fv_print_record(p);
    fv_print_text(p, "name", m->name);
    if (p->json || *m->description) fv_print_text(p, "description", m->description);
    if (p->json || m->deleted) fv_print_bool(p, "deleted", m->deleted);
    print_when(p, "created", m->created_ms);
    print_model_aliases(m, p);
    print_tags(p, m->tags, m->tag_count);
    FV_TRY(print_notes(registry, "model", m->name, p));
    if (p->json) print_version_items(versions, p);
    if (p->json) print_decision_items(decisions, p);
    fv_print_record_end(p);
    if (p->json) return NULL;
    FV_TRY(print_version_table(versions, arena, p));
    return print_decision_table(decisions, arena, p);
}

static fv_error *show_model(fv_registry *registry, const char *name, fv_arena *arena, fv_printer *p) {
    fv_models_list models;
    fv_version_list versions = { 0 };
    fv_promotion_list decisions = { 0 };
    FV_TRY(fv_models_find(registry, name, false, &models));
    fv_error *error = NULL;
    if (!models.rows[0].deleted) {
        fv_versions_query query = { .model = name, .limit = VERSIONS, .deleted_too = true };
        error = fv_versions_list(registry, &query, &versions);
        if (!error) error = fv_promotions_list(registry, name, NULL, p->json ? 0 : DECISIONS, &decisions);
    }
    if (!error) error = print_model(registry, &models.rows[0], &versions, &decisions, arena, p);
    fv_promotion_list_release(&decisions);
    fv_version_list_release(&versions);
    fv_models_list_release(&models);
    return error;
}

/* ---- a version ---- */

static fv_error *print_licences(const fv_version_row *v, fv_arena *arena, fv_printer *p) {
    if (!p->json && !v->licence_count) fv_print_text(p, "licences", "nothing is said");
    if (p->json) fv_print_list(p, "licences");
    for (int64_t i = 0; i < v->licence_count; i++) {
        const fv_licence_of *l = &v->licences[i];
        const char *line;
        if (p->json) {
            fv_print_item(p);
            fv_print_text(p, "of", l->of);
            fv_print_text(p, "licence", l->licence);
            fv_print_text(p, "from", *l->from ? l->from : NULL);
            continue;
        }
        FV_TRY(fv_arena_format(arena, &line, "%s: %s%s%s", l->of, l->licence, *l->from ? ", by way of " : "", l->from));
        fv_print_text(p, i ? "" : "licences", line);
    }
    if (p->json) fv_print_list_end(p);
    return NULL;
}

static void print_files(const fv_version_row *v, fv_printer *p) {
    if (p->json) fv_print_list(p, "files");
    for (int64_t i = 0; i < v->file_count; i++) {
        if (p->json) fv_print_item(p);
        fv_print_text(p, p->json ? "path" : i ? "" : "files", v->files[i].path);
        if (p->json) fv_print_text(p, "digest", v->files[i].digest);
        if (p->json) fv_print_int(p, "size", v->files[i].size);
    }
    if (p->json) fv_print_list_end(p);
}

static fv_error *print_edges(const fv_lineage *l, bool forward, fv_arena *arena, fv_printer *p) {
    const char *key = forward ? "became" : "came_from";
    if (p->json) fv_print_list(p, key);
    for (int64_t i = 0; i < l->count; i++) {
        const fv_lineage_edge *e = &l->at[i];
        const char *line;
        if (p->json) {
            fv_print_item(p);
            fv_print_text(p, "from_kind", e->from_kind);
            fv_print_text(p, "from", e->from);
            fv_print_text(p, "relation", e->relation);
            fv_print_text(p, "to_kind", e->to_kind);
            fv_print_text(p, "to", e->to);
            fv_print_text(p, "name", *e->name ? e->name : NULL);
            continue;
        }
        FV_TRY(fv_lineage_say(e, forward, arena, &line));
        fv_print_text(p, i ? "" : key, line);
    }
    if (p->json) fv_print_list_end(p);
    return NULL;
}

static fv_error *print_lineage(fv_registry *registry, const char *reference, bool forward, fv_arena *arena, fv_printer *p) {
    fv_lineage lineage;
    FV_TRY(fv_lineage_walk(registry, "version", reference, forward, &lineage));
    fv_error *error = print_edges(&lineage, forward, arena, p);
    fv_lineage_release(&lineage);
    return error;
}

static void print_head(const fv_version_row *v, fv_printer *p) {
    fv_print_text(p, "name", v->model);
    fv_print_int(p, "version", v->number);
    fv_print_text(p, "digest", v->digest);
    fv_print_int(p, p->json ? "size" : "bytes", v->size);
    if (p->json || v->alias_count) fv_print_texts(p, "aliases", v->aliases, v->alias_count);
    if (p->json || *v->description) fv_print_text(p, "description", v->description);
    fv_print_text(p, "run", v->run);
    if (p->json) fv_print_text(p, "run_name", v->run_name);
    fv_print_text(p, "parent", v->parent);
    fv_print_text(p, "source", v->source);
    print_when(p, "created", v->created_ms);
    fv_print_text(p, "created_by", v->created_by);
    print_tags(p, v->tags, v->tag_count);
}

static fv_error *print_version(fv_registry *registry, const fv_version_row *v, fv_arena *arena, fv_printer *p) {
    fv_model_facts facts;
    const char *reference;
    FV_TRY(fv_fields_from_json(fv_model_facts_fields, &facts, v->facts, "the version's facts", arena));
    FV_TRY(fv_arena_format(arena, &reference, "%s/%lld", v->model, (long long)v->number));
    fv_print_record(p);
    print_head(v, p);
    FV_TRY(print_licences(v, arena, p));
    print_files(v, p);
    FV_TRY(print_lineage(registry, reference, false, arena, p));
    FV_TRY(print_lineage(registry, reference, true, arena, p));
    FV_TRY(print_notes(registry, "version", reference, p));
    if (p->json) fv_print_json(p, "facts", v->facts);
    if (!p->json) FV_TRY(fv_model_facts_print(&facts, false, arena, p));
    fv_print_record_end(p);
    return NULL;
}

static fv_error *run(fv_command_call *call, void *raw) {
    const show_options *o = raw;
    FV_OWNED(fv_registry) registry = NULL;
    fv_version_list versions;
    FV_TRY(fv_registry_open(o->workspace, &(fv_registry_options){ .read_only = true }, &registry));
    if (!strpbrk(o->what, "@/")) return show_model(registry, o->what, call->arena, call->printer);
    FV_TRY(fv_version_find(registry, o->what, &versions));
    fv_error *error = print_version(registry, &versions.rows[0], call->arena, call->printer);
    fv_version_list_release(&versions);
    return error;
}

const fv_command fv_command_models_show = {
    .name = "models show",
    .summary = "print what is known of a model or a version",
    .arguments = "NAME[@ALIAS|/N]",
    .description =
        "Of a model: its aliases, versions and every decision about an alias. Of a version: what the model file says\n"
        "of itself, its run and parent, licences with the version that they were carried from, what it came from and\n"
        "what became of it. NAME@latest is the newest version.",
    .fields = fields,
    .size = sizeof(show_options),
    .run = run,
};
