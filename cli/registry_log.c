/* registry_log.c - fovea registry log: the audit log read. For people each entry is a line: the details' numbers and words by
 * their keys, digests cut short, and of a decision's reasons those that held it back. */
#include <string.h>

#include "cli/care.h"
#include "cli/table.h"
#include "cli/when.h"
#include "core/base/json.h"

#define DIGEST_SHOWN 12 /* letters of 64 */

typedef struct log_options {
    const char *workspace;
    int64_t limit, before;
} log_options;

static const fv_field fields[] = {
    FV_FIELD(log_options, limit, .flag = "n", .by_default = "20", .min = 1, .max = 100000, .help = "rows, the newest"),
    FV_FIELD(log_options, before, .by_default = "0", .min = 0, .help = "only rows before this one; 0: to the end"),
    FV_FIELD(log_options, workspace, .value = "DIR", .help = FV_WORKSPACE_HELP), FV_FIELDS_END
};

/* ---- for people ---- */

/* Names of the checks that did not pass; and why a decision was taken against them. */
static void add_reasons(const json_t *reasons, fv_text *out) {
    size_t i;
    const json_t *reason;
    int64_t failed = 0;
    json_array_foreach(reasons, i, reason) {
        const char *name = json_string_value(json_object_get(reason, "name"));
        const char *text = json_string_value(json_object_get(reason, "text"));
        if (!name || !text) continue;
        if (!json_is_true(json_object_get(reason, "passed")))
            fv_text_addf(out, "%s%s", failed++ ? ", " : "; not passed: ", name);
        if (!strcmp(name, "forced")) fv_text_addf(out, "; forced: %s", text);
    }
}

static void add_value(const char *key, const json_t *value, fv_text *out) {
    const char *text = json_string_value(value);
    bool digest = text && !strcmp(key, "digest");
    if (digest) return fv_text_addf(out, "%.*s", DIGEST_SHOWN, text);
    for (; text && *text; text++) fv_text_add_bytes(out, *text == '\n' ? " " : text, 1); /* scopes: a line each */
    if (json_is_integer(value)) fv_text_addf(out, "%lld", (long long)json_integer_value(value));
    if (json_is_real(value)) fv_text_addf(out, "%.6g", json_real_value(value));
    if (json_is_boolean(value)) fv_text_add(out, json_is_true(value) ? "yes" : "no");
}

/* No text, no number and no version before say nothing. */
static bool is_empty(const json_t *value) {
    const char *text = json_string_value(value);
    return (text && !*text) || (json_is_number(value) && json_number_value(value) == 0) || json_is_null(value);
}

/* A row that was tampered with may have anything for its details: it is shown as it is. */
static fv_error *say_facts(const fv_audit_row *row, fv_text *out) {
    json_t *details, *value;
    const char *key;
    FV_TRY(fv_json_load(row->details, (int64_t)strlen(row->details), 0, NULL, &details));
    if (!details) fv_text_addf(out, "damaged: %s", row->details);
    json_object_foreach(details, key, value) {
        bool taken = !strcmp(key, "taken");
        if (!strcmp(key, "reasons") || is_empty(value) || (taken && json_is_true(value))) continue;
        fv_text_addf(out, "%s%s", out->length ? ", " : "", taken ? "held back" : key);
        if (taken) continue;
        fv_text_add(out, " ");
        add_value(key, value, out);
    }
    add_reasons(json_object_get(details, "reasons"), out);
    json_decref(details);
    return NULL;
}

static fv_error *add_row(const fv_audit_row *row, fv_table *t) {
    char when[FV_WHEN_LETTERS];
    FV_TEXT(facts, 1 << 26);
    FV_TRY(say_facts(row, &facts));
    FV_TRY(fv_text_error(&facts));
    FV_TRY(fv_table_addf(t, "%lld", (long long)row->id));
    FV_TRY(fv_table_add(t, fv_when(row->time_ms, when)));
    FV_TRY(fv_table_add(t, row->actor));
    FV_TRY(fv_table_add(t, row->action));
    FV_TRY(fv_table_add(t, row->subject));
    return fv_table_add(t, facts.at);
}

static fv_error *say_rows(const fv_audit_rows *rows, fv_arena *arena, fv_printer *p) {
    static const bool right[] = { true, false, false, false, false, false };
    static const char *const heads[] = { "row", "when", "who", "what", "of", "details" };
    fv_table t;
    if (!rows->count) return fv_print_line(p, "no entries"), NULL;
    fv_table_init(&t, arena, 6, right);
    for (int i = 0; i < 6; i++) FV_TRY(fv_table_add(&t, heads[i]));
    for (int64_t i = 0; i < rows->count; i++) FV_TRY(add_row(&rows->at[i], &t));
    return fv_table_print(&t, p);
}

/* ---- for programs ---- */

/* As they are; null where the row was tampered with and they are no JSON any more. */
static fv_error *print_details(const char *details, fv_printer *p) {
    json_t *tree;
    FV_TRY(fv_json_load(details, (int64_t)strlen(details), 0, NULL, &tree));
    fv_print_json(p, "details", tree ? details : "null");
    json_decref(tree);
    return NULL;
}

static fv_error *print_rows(const fv_audit_rows *rows, fv_printer *p) {
    fv_print_record(p);
    fv_print_list(p, "rows");
    for (int64_t i = 0; i < rows->count; i++) {
        fv_print_item(p);
        fv_print_int(p, "id", rows->at[i].id);
        fv_print_int(p, "time_ms", rows->at[i].time_ms);
        fv_print_text(p, "actor", rows->at[i].actor);
        fv_print_text(p, "action", rows->at[i].action);
        fv_print_text(p, "subject", rows->at[i].subject);
        FV_TRY(print_details(rows->at[i].details, p));
    }
    fv_print_list_end(p);
    fv_print_record_end(p);
    return NULL;
}

static fv_error *run(fv_command_call *call, void *raw) {
    const log_options *o = raw;
    FV_OWNED(fv_registry) registry = NULL;
    fv_audit_rows rows;
    FV_TRY(fv_care_open(o->workspace, false, &registry));
    FV_TRY(fv_registry_read_log(registry, o->before, o->limit, &rows));
    fv_error *error = call->printer->json ? print_rows(&rows, call->printer) : say_rows(&rows, call->arena, call->printer);
    fv_audit_rows_release(&rows);
    return error;
}

const fv_command fv_command_registry_log = {
    .name = "registry log",
    .summary = "read the audit log",
    .arguments = "[options]",
    .description =
        "Who changed which model, alias or token, and what was deleted: a line an entry, the newest first. JSON: {rows:\n"
        "[{id, time_ms, actor, action, subject, details}]} with all details as an object, a gate's reasons among them.",
    .fields = fields,
    .size = sizeof(log_options),
    .run = run,
};
