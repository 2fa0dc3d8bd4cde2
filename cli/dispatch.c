/* dispatch.c - from the command line to a command's handler and to an exit status:
 *   0 done, 1 failed, 2 wrong usage, 75 stopped with a checkpoint (EX_TEMPFAIL: run again to continue). */
#include <ctype.h>
#include <string.h>

#include "cli/command.h"
#include "cli/stop.h"
#include "cli/terminal.h"
#include "core/base/log.h"
#include "core/base/parallel.h"
#include "core/base/size.h"

const fv_field fv_everywhere_fields[] = {
    FV_FIELD(fv_everywhere, threads, .by_default = "0", .min = 0, .max = FV_MAX_THREADS,
             .help = "threads that compute; 0: one for each core; changes no bit of any result"),
    FV_FIELD(fv_everywhere, json, .by_default = "false", .help = "print results as JSON, for programs"),
    FV_FIELD(fv_everywhere, help, .by_default = "false", .flag = "h", .help = "print this page"), FV_FIELDS_END
};

/* ---- finding ---- */

static const fv_part *command_at(int index) { return &fv_command_table[index]->part; }

/* The command whose name the first words are, the longest such name; `*words` of them. */
static const fv_command *find(int argc, const char *const *argv, int *words) {
    const fv_command *found = NULL;
    *words = 0;
    for (int i = 0; i < fv_command_table_count; i++) {
        const char *name = fv_command_table[i]->name;
        int count = 0;
        while (*name && count < argc) {
            size_t length = strcspn(name, " ");
            if (strlen(argv[count]) != length || strncmp(argv[count], name, length) != 0) break;
            name += length + (name[length] == ' ');
            count++;
        }
        if (!*name && count > *words) found = fv_command_table[i], *words = count;
    }
    return found;
}

const fv_command *fv_command_find(const char *name) {
    for (int i = 0; i < fv_command_table_count; i++)
        if (!strcmp(fv_command_table[i]->name, name)) return fv_command_table[i];
    return NULL;
}

static fv_error *unknown(const char *name) {
    FV_OWNED(fv_arena) arena = NULL;
    FV_TRY(fv_arena_new("the names of the commands", 1 << 20, &arena));
    const fv_parts commands = { .kind = "command", .count = fv_command_table_count, .at = command_at };
    int index;
    void *options;
    return fv_part_parse(&commands, name, arena, &index, &options);
}

/* ---- help ---- */

/* Of a noun's verbs, or of all commands: NULL. */
static bool is_listed(const fv_command *command, const char *noun) {
    size_t length = noun ? strlen(noun) : 0;
    return !noun || (!strncmp(command->name, noun, length) && command->name[length] == ' ');
}

static int list_lines(const char *noun, fv_text *out) {
    int count = 0, width = 10;
    for (int i = 0; i < fv_command_table_count; i++)
        if (is_listed(fv_command_table[i], noun)) width = (int)fv_max(width, (int64_t)strlen(fv_command_table[i]->name));
    for (int i = 0; i < fv_command_table_count; i++) {
        if (!is_listed(fv_command_table[i], noun)) continue;
        fv_text_addf(out, "  %-*s  %s\n", width, fv_command_table[i]->name, fv_command_table[i]->summary);
        count++;
    }
    return count;
}

void fv_command_list(fv_text *out) {
    fv_text_add(out, "usage: fovea COMMAND …\n\n");
    list_lines(NULL, out);
    fv_text_add(out, "\n`fovea COMMAND --help` explains one, `fovea help` lists what else there is help for.\n");
}

bool fv_command_verbs(const char *noun, fv_text *out) {
    FV_TEXT(lines, 1 << 20);
    if (!list_lines(noun, &lines)) return false;
    fv_text_addf(out, "usage: fovea %s VERB …\n\n%s\n`fovea %s VERB --help` explains one.\n", noun, lines.at, noun);
    fv_text_fail(out, fv_text_error(&lines));
    return true;
}

void fv_command_page(const fv_command *command, fv_text *out) {
    fv_text_addf(out, "usage: fovea %s%s%s\n\n%c%s.\n", command->name, *command->arguments ? " " : "", command->arguments,
                 toupper(command->summary[0]), command->summary + 1);
    if (command->description) fv_text_addf(out, "\n%s\n", command->description);
    if (command->fields && command->fields->name) {
        fv_text_add(out, "\n");
        fv_fields_help(command->fields, true, out);
    }
    if (command->more) {
        fv_text_add(out, "\nKeys of the recipe, which flags overrule:\n");
        fv_fields_help(command->more, true, out);
    }
    fv_text_add(out, "\nEverywhere:\n");
    fv_fields_help(fv_everywhere_fields, true, out);
}

/* ---- parsing ---- */

static int64_t rows_of(const fv_field *fields) {
    int64_t count = 0;
    while (fields && fields[count].name) count++;
    return count;
}

/* The tables of the command's options, of .more and of what is everywhere, as one over one block of memory. */
typedef struct parsed {
    fv_field *fields;
    bool *given;
    char *options;
    const fv_everywhere *everywhere;
    int64_t own, more;
} parsed;

static void append(parsed *p, int64_t at, const fv_field *fields, int64_t count, size_t offset) {
    for (int64_t i = 0; i < count; i++) {
        p->fields[at + i] = fields[i];
        p->fields[at + i].offset += offset;
    }
}

static fv_error *parse(const fv_command *command, int argc, const char *const *argv, fv_arena *arena, parsed *p) {
    size_t end = (command->size + 15) & ~(size_t)15;
    p->own = rows_of(command->fields), p->more = rows_of(command->more);
    int64_t all = p->own + p->more + rows_of(fv_everywhere_fields);
    FV_TRY(fv_arena_take(arena, all + 1, &p->fields));
    FV_TRY(fv_arena_take(arena, all + 1, &p->given));
    FV_TRY(fv_arena_alloc(arena, 1, (int64_t)(end + sizeof(fv_everywhere)), (void **)&p->options));
    append(p, 0, command->fields, p->own, 0);
    append(p, p->own, command->more, p->more, command->more_offset);
    append(p, p->own + p->more, fv_everywhere_fields, rows_of(fv_everywhere_fields), end);
    p->everywhere = (const fv_everywhere *)(p->options + end);
    FV_TRY(fv_fields_defaults(p->fields, p->options, arena));
    FV_TRY(fv_fields_from_flags(p->fields, p->options, argc, argv, p->given, arena));
    return p->everywhere->help ? NULL : fv_fields_check(p->fields, p->options, p->given);
}

static fv_error *print_help(const fv_command *command, fv_printer *printer) {
    FV_TEXT(page, 1 << 20);
    fv_command_page(command, &page);
    printer->json = false;
    fv_print_page(printer, page.at);
    return fv_text_error(&page);
}

typedef struct outcome {
    bool failed, quiet;
} outcome;

static fv_error *run(const fv_command *command, int argc, const char *const *argv, fv_printer *printer, outcome *out) {
    FV_OWNED(fv_arena) arena = NULL;
    FV_TRY(fv_arena_new("the command line", 1 << 26, &arena));
    parsed p;
    fv_error *error = parse(command, argc, argv, arena, &p);
    if (error && !fv_error_hint_get(error)) return fv_error_hint(error, "`fovea %s --help` lists its options", command->name);
    FV_TRY(error);
    if (p.everywhere->help) return print_help(command, printer);
    printer->json = p.everywhere->json;
    FV_TRY(fv_trace_init());
    const int *cancel = NULL;
    if (command->stoppable) FV_TRY(fv_stop_listen(&cancel));
    if (p.everywhere->threads) FV_TRY(fv_parallel_set_threads((int)p.everywhere->threads));
    fv_command_call call = { .printer = printer,
                             .everywhere = p.everywhere,
                             .given = p.given,
                             .given_more = p.given + p.own,
                             .arena = arena,
                             .cancel = cancel };
    error = command->run(&call, p.options);
    *out = (outcome){ call.failed && !error, call.quiet };
    return error;
}

/* ---- status ---- */

static int status_of(const fv_error *error) {
    switch (fv_error_code(error)) {
    case FV_USAGE: return 2;
    case FV_CANCELLED: return 75;
    default: return 1;
    }
}

static int status_and_free(fv_error *error) {
    int status = status_of(error);
    fv_error_free(error);
    return status;
}

static int report(const char *command, fv_error *error) {
    char message[8192];
    const char *hint = fv_error_hint_get(error);
    fv_error_format(error, message, sizeof message);
    fv_terminal_line("fovea%s%s: %s", command ? " " : "", command ? command : "", message);
    if (hint) fv_terminal_line("  hint: %s", hint);
    return status_and_free(error);
}

static void print_log(void *context, fv_level level, const char *message) {
    (void)context;
    fv_terminal_line("%s%s", level == FV_LOG_WARNING ? "warning: " : "", message);
}

/* The longest beginning of the words that commands begin with, "registry token"; `*words` of them. Their list is added to
 * `page`; false: not even the first word is one. */
static bool find_noun(int argc, const char *const *argv, fv_text *noun, int *words, fv_text *page) {
    FV_TEXT(longer, 1 << 16);
    for (*words = 0; *words < argc; ++*words) {
        fv_text_addf(&longer, "%s%s", *words ? " " : "", argv[*words]);
        if (!list_lines(longer.at, page)) break;
        fv_text_clear(noun);
        fv_text_add(noun, longer.at);
    }
    fv_text_clear(page);
    fv_text_fail(noun, fv_text_error(&longer));
    return *words && fv_command_verbs(noun->at, page);
}

/* A noun without one of its verbs: what it has, on request or as an error. */
static int print_verbs(const char *noun, const fv_text *page, int argc, const char *const *argv) {
    bool asked = argc > 0 && (!strcmp(argv[0], "--help") || !strcmp(argv[0], "-h"));
    if (argc > 0 && !asked) fv_terminal_line("fovea %s: there is no \"%s\"", noun, argv[0]);
    if (!asked) {
        fv_terminal_line("%s", page->at);
        return 2;
    }
    fv_printer printer;
    fv_printer_init(&printer, stdout, false);
    fv_print_page(&printer, page->at);
    fv_error *error = fv_printer_finish(&printer);
    return error ? report(noun, error) : 0;
}

static int usage(void) {
    FV_TEXT(page, 1 << 20);
    fv_command_list(&page);
    fv_terminal_line("%s", page.at);
    return 2;
}

int fv_command_main(int argc, const char *const *argv) {
    static const char *const help[] = { "help" }, *const version[] = { "version" };
    fv_log_set_sink(print_log, NULL);
    argc--, argv++;
    if (argc < 1) return usage();
    if (!strcmp(argv[0], "--help") || !strcmp(argv[0], "-h"))
        argv = help, argc = 1;
    else if (!strcmp(argv[0], "--version"))
        argv = version, argc = 1;
    int words;
    const fv_command *command = find(argc, argv, &words);
    FV_TEXT(noun, 1 << 16);
    FV_TEXT(verbs, 1 << 20);
    int of_noun;
    if (!command && find_noun(argc, argv, &noun, &of_noun, &verbs))
        return print_verbs(noun.at, &verbs, argc - of_noun, argv + of_noun);
    if (!command) return report(NULL, unknown(argv[0]));
    fv_printer printer;
    outcome outcome = { 0 };
    fv_printer_init(&printer, stdout, false);
    fv_error *error = run(command, argc - words, argv + words, &printer, &outcome);
    fv_error *unwritten = fv_printer_finish(&printer);
    fv_terminal_finish();
    if (error)
        fv_error_free(unwritten);
    else
        error = unwritten;
    if (error && outcome.quiet && fv_error_code(error) == FV_CANCELLED) return status_and_free(error);
    return error ? report(command->name, error) : outcome.failed;
}
