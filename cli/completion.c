/* completion.c - completion for bash: commands and verbs, flags, and values where a table lists them (choices, networks,
 * optimizers, …). What is left is completed as a file's name. */
#include <string.h>

#include "cli/command.h"
#include "cli/manual.h"
#include "cli/topics.h"
#include "train/recipe.h"

/* The words that may follow `before`: what comes next in the names of commands, each once. */
static void add_next_words(const char *before, fv_text *out) {
    size_t length = strlen(before);
    const char *last = "";
    size_t last_length = 0;
    for (int i = 0; i < fv_command_table_count; i++) {
        const char *name = fv_command_table[i]->name;
        if (length && (strncmp(name, before, length) != 0 || name[length] != ' ')) continue;
        const char *word = name + length + (length > 0);
        size_t word_length = strcspn(word, " ");
        if (word_length == last_length && !strncmp(word, last, word_length)) continue;
        fv_text_addf(out, "%.*s ", (int)word_length, word);
        last = word, last_length = word_length;
    }
}

static void add_flags(const fv_field *fields, fv_text *out) {
    for (const fv_field *field = fields; field && field->name; field++) {
        if (field->hidden || field->positional) continue;
        fv_field_print_flag(field->name, out);
        fv_text_add(out, " ");
    }
}

/* The values that a flag's table lists: names of a choice, or parts of the kind that has the flag's name. */
static void add_values(const fv_field *fields, fv_text *out) {
    for (const fv_field *field = fields; field && field->name; field++) {
        const fv_topic_kind *kind = field->type == FV_FIELD_TEXT ? fv_topic_find(field->name) : NULL;
        if (field->positional || (!field->names && !kind)) continue;
        fv_text_add(out, "            ");
        fv_field_print_flag(field->name, out);
        fv_text_add(out, ") words='");
        for (int i = 0; kind && i < *kind->count; i++) fv_text_addf(out, "%s ", kind->at(i).name);
        for (const char *name = field->names; name && *name;) {
            size_t length = strcspn(name, ",");
            fv_text_addf(out, "%.*s ", (int)length, name);
            name += length + (name[length] == ',');
        }
        fv_text_add(out, "' ;;\n");
    }
}

static void add_command(const fv_command *command, fv_text *out) {
    fv_text_addf(out, "    '%s')\n        flags='", command->name);
    add_flags(command->fields, out);
    add_flags(command->more, out);
    add_flags(fv_everywhere_fields, out);
    fv_text_add(out, "'\n        case $previous in\n");
    add_values(command->fields, out);
    add_values(command->more, out);
    fv_text_add(out, "        esac ;;\n");
}

/* Nouns: a first word that is not a command of its own. */
static void add_nouns(fv_text *out) {
    const char *last = "";
    for (int i = 0; i < fv_command_table_count; i++) {
        const char *name = fv_command_table[i]->name;
        size_t length = strcspn(name, " ");
        char noun[64];
        if (!name[length] || length >= sizeof noun || (!strncmp(last, name, length) && last[length] == ' ')) continue;
        memcpy(noun, name, length);
        noun[length] = 0;
        fv_text_addf(out, "    %s) [ $COMP_CWORD -eq 2 ] && words='", noun);
        add_next_words(noun, out);
        fv_text_add(out, "' || command=\"$command ${COMP_WORDS[2]}\" ;;\n");
        last = name;
    }
}

void fv_completion_of_bash(fv_text *out) {
    fv_text_add(out, "# Completion of fovea for bash, printed by `fovea help --completion bash`.\n_fovea() {\n"
                     "    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}\n"
                     "    local command=${COMP_WORDS[1]} flags='' words=''\n"
                     "    [ $COMP_CWORD -eq 1 ] && words='");
    add_next_words("", out);
    fv_text_add(out, "'\n    case $command in\n");
    add_nouns(out);
    fv_text_add(out, "    esac\n    case $command in\n");
    for (int i = 0; i < fv_command_table_count; i++) add_command(fv_command_table[i], out);
    fv_text_add(out, "    esac\n    case $current in -*) words=$flags ;; esac\n"
                     "    COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n}\n"
                     "complete -o default -F _fovea fovea\n");
}
