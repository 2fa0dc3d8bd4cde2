/* command.h - what a command is: one file cli/NOUN.c, a struct of options with its table, a handler, the descriptor last. A
 * handler parses nothing (the table does) and prints through the printer (text or JSON). */
#ifndef FV_CLI_COMMAND_H
#define FV_CLI_COMMAND_H

#include "cli/printer.h"
#include "core/base/part.h"

/* Options that every command has. */
typedef struct fv_everywhere {
    bool help, json;
    int64_t threads;
} fv_everywhere;
extern const fv_field fv_everywhere_fields[];

/* Help of flags that several commands have. */
#define FV_BATCH_HELP "pictures at once; changes no bit, but with --fast-batch"
#define FV_FAST_BATCH_HELP                                                                                                     \
    "of evaluation: kernels are chosen for as many pictures as there are at once, not for any number: faster where they are "  \
    "few; the last digits of a picture's numbers may then depend on how many come with it"
#define FV_PRECISION_HELP                                                                                                      \
    "what convolutions and linear layers multiply; bf16: numbers rounded to bf16, sums in f32, in training also what lies in " \
    "memory between, where the CPU is faster so; bf16_forced: also where it is slower"
#define FV_WORKSPACE_HELP "folder of the registry; without it what FOVEA_HOME says, or .fovea"

/* One call of a command. */
typedef struct fv_command_call {
    fv_printer *printer;
    const fv_everywhere *everywhere;
    const bool *given;      /* a bool for each row of the command's fields */
    const bool *given_more; /* and of .more */
    fv_arena *arena;        /* lives as long as the call */
    const int *cancel;      /* set by SIGINT and SIGTERM where the command is .stoppable */
    bool failed;            /* set by a handler that answered all but could not do all: exit status 1 */
    bool quiet;             /* set by one of several ranks: being stopped is told by another */
} fv_command_call;

typedef struct fv_command {
    FV_PART;
    const char *arguments;   /* behind its name in the usage line: "MODEL FILE…" */
    const char *description; /* paragraphs below it, wrapped by hand at 100 columns; NULL: none */
    const fv_field *more;    /* a second table, of a struct that lies at .more_offset in the options */
    size_t more_offset;
    size_t size; /* of the options */
    bool stoppable;
    fv_error *(*run)(fv_command_call *call, void *options);
} fv_command;

extern const fv_command *const fv_command_table[]; /* generated, sorted by name */
extern const int fv_command_table_count;

/* Runs the command that argv[1] names; the program's exit status. */
int fv_command_main(int argc, const char *const *argv);
/* The page of --help. */
void fv_command_page(const fv_command *command, fv_text *out);
void fv_command_list(fv_text *out); /* all commands, one line each */
/* The commands that begin with `noun`, one line each; false: there are none. */
bool fv_command_verbs(const char *noun, fv_text *out);
const fv_command *fv_command_find(const char *name);

#endif
