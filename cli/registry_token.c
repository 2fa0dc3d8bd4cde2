/* registry_token.c - fovea registry token: who may do what over the network. */
#include <string.h>
#include <time.h>

#include "cli/care.h"
#include "cli/table.h"
#include "cli/terminal.h"
#include "cli/when.h"
#include "fovea/tokens.h"

/* ---- create ---- */

typedef struct create_options {
    const char *name, *workspace;
    int role;
    fv_strings scope;
    double days;
} create_options;

static const fv_field create_fields[] = {
    FV_FIELD(create_options, name, .positional = true, .required = true, .value = "NAME",
             .help = "what the token is called; given once"),
    FV_FIELD(create_options, role, .by_default = "read", .names = "predict,annotate,read,write,admin",
             .help = "each may do what those before it may; read may not annotate"),
    FV_FIELD(create_options, scope, .by_default = "*", .value = "SCOPE,…",
             .help = "* for everything, experiments/NAME, models/NAME; with * at the end all names that begin so"),
    FV_FIELD(create_options, days, .by_default = "0", .min = 0, .max = 36500, .value = "DAYS",
             .help = "that it is good for; 0: until it is revoked"),
    FV_FIELD(create_options, workspace, .value = "DIR", .help = FV_WORKSPACE_HELP),
    FV_FIELDS_END
};

static fv_error *warn_of_closing(fv_registry *registry) {
    fv_token_list tokens;
    FV_TRY(fv_tokens_list(registry, &tokens));
    if (!tokens.count) fv_terminal_line("the first token: from now on the server asks everyone for one");
    fv_token_list_release(&tokens);
    return NULL;
}

static fv_error *run_create(fv_command_call *call, void *raw) {
    const create_options *o = raw;
    FV_OWNED(fv_registry) registry = NULL;
    char secret[FV_TOKEN_LETTERS];
    fv_token_options options = { o->name, (fv_token_role)o->role, o->scope.at, o->scope.count, o->days };
    FV_TRY(fv_registry_open(o->workspace, NULL, &registry));
    FV_TRY(warn_of_closing(registry));
    FV_TRY(fv_token_create(registry, &options, secret));
    fv_print_record(call->printer);
    fv_print_text(call->printer, "name", o->name);
    fv_print_text(call->printer, "role", fv_token_role_name(options.role));
    fv_print_texts(call->printer, "scope", o->scope.at, o->scope.count);
    fv_print_text(call->printer, "token", secret);
    fv_print_record_end(call->printer);
    if (!call->printer->json) fv_terminal_line("the token is shown this once and kept nowhere");
    return NULL;
}

const fv_command fv_command_registry_token_create = {
    .name = "registry token create",
    .summary = "make a token, and show it once",
    .arguments = "NAME [options]",
    .description =
        "Without tokens the server is open to programs on its own machine, and to no other. The first one closes\n"
        "it: from then on a token is asked for, also when the last is revoked. Commands on this machine work on the\n"
        "files and need none. Roles: predict; read (experiments, runs, models, files); write (runs, files, new\n"
        "versions); admin (aliases, deletions, tokens). Each may do what those before it may.",
    .fields = create_fields,
    .size = sizeof(create_options),
    .run = run_create,
};

/* ---- list ---- */

typedef struct list_options {
    const char *workspace;
} list_options;

static const fv_field list_fields[] = { FV_FIELD(list_options, workspace, .value = "DIR", .help = FV_WORKSPACE_HELP),
                                        FV_FIELDS_END };

static const char *state_of(const fv_token *token, int64_t now_ms) {
    bool over = token->expires_ms && token->expires_ms <= now_ms;
    return token->revoked_ms ? "revoked" : over ? "expired" : "good";
}

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static fv_error *add_row(const fv_token *t, fv_table *table) {
    char made[FV_WHEN_LETTERS], ends[FV_WHEN_LETTERS];
    FV_TEXT(scope, 1 << 16);
    for (const char *at = t->scope; *at; at++) fv_text_addf(&scope, *at == '\n' ? ", " : "%c", *at);
    FV_TRY(fv_text_error(&scope));
    FV_TRY(fv_table_add(table, t->name));
    FV_TRY(fv_table_add(table, state_of(t, now())));
    FV_TRY(fv_table_add(table, fv_token_role_name(t->role)));
    FV_TRY(fv_table_add(table, scope.at));
    FV_TRY(fv_table_add(table, fv_when(t->created_ms, made)));
    return fv_table_add(table, t->expires_ms ? fv_when(t->expires_ms, ends) : "never");
}

static fv_error *say_tokens(const fv_token_list *list, fv_arena *arena, fv_printer *p) {
    static const bool left[6];
    static const char *const heads[] = { "token", "state", "role", "scope", "made", "ends" };
    fv_table table;
    if (!list->count)
        return fv_print_line(p, "no tokens: the server is open to programs on its own machine, and to no other"), NULL;
    fv_table_init(&table, arena, 6, left);
    for (int i = 0; i < 6; i++) FV_TRY(fv_table_add(&table, heads[i]));
    for (int64_t i = 0; i < list->count; i++) FV_TRY(add_row(&list->at[i], &table));
    return fv_table_print(&table, p);
}

static void print_scope(fv_printer *p, const char *scope) {
    FV_TEXT(lines, 1 << 16);
    const char *at[FV_TOKEN_SCOPES_MAX];
    int64_t count = 0;
    fv_text_add(&lines, scope);
    for (char *line = lines.at, *next; line && count < FV_TOKEN_SCOPES_MAX; line = next) {
        at[count++] = line;
        next = strchr(line, '\n');
        if (next) *next++ = 0;
    }
    fv_print_texts(p, "scope", at, count);
}

static void print_token(fv_printer *p, const fv_token *t) {
    fv_print_item(p);
    fv_print_text(p, "name", t->name);
    fv_print_text(p, "state", state_of(t, now()));
    fv_print_text(p, "role", fv_token_role_name(t->role));
    print_scope(p, t->scope);
    fv_print_int(p, "created_ms", t->created_ms);
    fv_print_int(p, "expires_ms", t->expires_ms);
    fv_print_int(p, "revoked_ms", t->revoked_ms);
}

static void print_tokens(const fv_token_list *list, fv_printer *p) {
    fv_print_record(p);
    fv_print_list(p, "tokens");
    for (int64_t i = 0; i < list->count; i++) print_token(p, &list->at[i]);
    fv_print_list_end(p);
    fv_print_record_end(p);
}

static fv_error *run_list(fv_command_call *call, void *raw) {
    const list_options *o = raw;
    FV_OWNED(fv_registry) registry = NULL;
    fv_token_list list;
    FV_TRY(fv_care_open(o->workspace, false, &registry));
    FV_TRY(fv_tokens_list(registry, &list));
    fv_error *error = NULL;
    if (call->printer->json)
        print_tokens(&list, call->printer);
    else
        error = say_tokens(&list, call->arena, call->printer);
    fv_token_list_release(&list);
    return error;
}

const fv_command fv_command_registry_token_list = {
    .name = "registry token list",
    .summary = "list the tokens, those that are over too",
    .arguments = "[options]",
    .description = "What each may do and until when; what it is, nobody can tell: only its hash is kept.",
    .fields = list_fields,
    .size = sizeof(list_options),
    .run = run_list,
};

/* ---- revoke ---- */

typedef struct revoke_options {
    const char *name, *workspace;
} revoke_options;

static const fv_field revoke_fields[] = {
    FV_FIELD(revoke_options, name, .positional = true, .required = true, .value = "NAME", .help = "the token"),
    FV_FIELD(revoke_options, workspace, .value = "DIR", .help = FV_WORKSPACE_HELP), FV_FIELDS_END
};

static fv_error *run_revoke(fv_command_call *call, void *raw) {
    const revoke_options *o = raw;
    FV_OWNED(fv_registry) registry = NULL;
    FV_TRY(fv_care_open(o->workspace, true, &registry));
    FV_TRY(fv_token_revoke(registry, o->name));
    fv_print_record(call->printer);
    fv_print_text(call->printer, "name", o->name);
    fv_print_text(call->printer, "state", "revoked");
    fv_print_record_end(call->printer);
    return NULL;
}

const fv_command fv_command_registry_token_revoke = {
    .name = "registry token revoke",
    .summary = "end a token at once",
    .arguments = "NAME [options]",
    .description = "Its name is not given again. The server stays closed when the last one is revoked.",
    .fields = revoke_fields,
    .size = sizeof(revoke_options),
    .run = run_revoke,
};
