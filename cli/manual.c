/* manual.c - fovea.1 in the man macros of roff. */
#include "cli/manual.h"

#include <ctype.h>
#include <string.h>

#include "cli/command.h"
#include "cli/topics.h"
#include "train/recipe.h"

/* Text as it is: what roff would take for a request, an escape or a soft hyphen is none. */
static void add_plain(const char *text, fv_text *out) {
    bool begins = true;
    for (; *text; text++) {
        if (begins && (*text == '.' || *text == '\'')) fv_text_add(out, "\\&");
        if (*text == '\\')
            fv_text_add(out, "\\e");
        else if (*text == '-')
            fv_text_add(out, "\\-");
        else
            fv_text_add_bytes(out, text, 1);
        begins = *text == '\n';
    }
}

static void add_line(const char *request, const char *text, fv_text *out) {
    fv_text_addf(out, "%s%s", request, *request ? " " : "");
    add_plain(text, out);
    fv_text_add(out, "\n");
}

/* An argument of a request: one, whatever blanks it has. */
static void add_heading(const char *request, const char *text, fv_text *out) {
    fv_text_addf(out, "%s \"", request);
    for (; *text; text++) {
        char piece[2] = { *text, 0 };
        if (*text == '"')
            fv_text_add(out, "\\(dq");
        else
            add_plain(piece, out);
    }
    fv_text_add(out, "\"\n");
}

static void add_fields(const fv_field *fields, fv_text *out) {
    for (const fv_field *field = fields; field && field->name; field++) {
        FV_TEXT(left, 1 << 10);
        FV_TEXT(rule, 1 << 16);
        if (field->hidden) continue;
        fv_field_print_left(field, true, &left);
        fv_field_print_rule(field, &rule);
        fv_text_add(out, ".TP\n");
        add_heading(".B", left.at + strspn(left.at, " "), out);
        if (field->help) add_line("", field->help, out);
        fv_text_add(out, "(");
        add_plain(rule.at, out);
        fv_text_add(out, ")\n");
    }
}

static void add_command(const fv_command *command, fv_text *out) {
    FV_TEXT(usage, 1 << 12);
    fv_text_addf(&usage, "fovea %s %s", command->name, command->arguments);
    add_heading(".SS", usage.at, out);
    fv_text_addf(out, "%c", toupper((unsigned char)command->summary[0]));
    add_plain(command->summary + 1, out);
    fv_text_add(out, ".\n");
    if (command->description) {
        fv_text_add(out, ".PP\n");
        add_line("", command->description, out);
    }
    add_fields(command->fields, out);
    if (command->more) fv_text_add(out, ".PP\nand each key of the recipe as a flag, listed below.\n");
}

static void add_topics(fv_text *out) {
    fv_text_add(out, ".SH TOPICS\n.B fovea help\n.I TOPIC\nlists,\n.B fovea help\n.I TOPIC NAME\ndescribes:\n");
    for (int i = 0; i < fv_topic_kind_count; i++) {
        fv_text_add(out, ".TP\n");
        add_heading(".B", fv_topic_kinds[i].name, out);
        add_line("", fv_topic_kinds[i].summary, out);
    }
}

void fv_manual_page(fv_text *out) {
    fv_text_add(out, ".\\\" Printed by `fovea help --man`.\n");
    fv_text_addf(out, ".TH FOVEA 1 \"\" \"fovea %s\" \"User commands\"\n", FOVEA_VERSION);
    fv_text_add(out, ".SH NAME\nfovea \\- trains image\\-recognition models and uses them\n"
                     ".SH SYNOPSIS\n.B fovea\n.I COMMAND\n.RI [ options ]\n"
                     ".SH DESCRIPTION\nPoint it at labelled pictures, in a folder a class; it trains a network on them, "
                     "measures it, and labels other pictures.\nResults go to standard output, what is said meanwhile to "
                     "standard error.\n.SH COMMANDS\n");
    for (int i = 0; i < fv_command_table_count; i++) add_command(fv_command_table[i], out);
    fv_text_add(out, ".SH OPTIONS OF EVERY COMMAND\n");
    add_fields(fv_everywhere_fields, out);
    fv_text_add(out, ".SH KEYS OF THE RECIPE\nA recipe is a YAML file with these keys; each is a flag of\n"
                     ".B fovea train\ntoo, and flags overrule the file.\n");
    add_fields(fv_recipe_fields, out);
    add_topics(out);
    fv_text_add(
        out,
        ".SH EXIT STATUS\n.TP\n.B 0\ndone\n.TP\n.B 1\nfailed, or answered but not for every file\n"
        ".TP\n.B 2\nwrong usage\n.TP\n.B 75\nstopped: run it again with \\-\\-resume\n"
        ".SH ENVIRONMENT\n.TP\n.B FOVEA_ISA\nthe newest instruction set that may be used: portable, avx2, avx512; AVX\\-512's\n"
        "bf16 is used where it is not set\n"
        ".TP\n.B OPENBLAS_CORETYPE\nthe core that OpenBLAS uses; fovea sets it where OpenBLAS does not know the CPU\n"
        ".TP\n.B FOVEA_TRACE, FOVEA_TRACE_FILE\nwhat is traced (plan, dispatch, exec, data), and where to\n"
        ".TP\n.B FOVEA_KERNEL\nkernels for an op, as conv2d:gemm; conv2d:winograd2/gemm is the first that can,\n"
        "conv2d:winograd2/ that one where it can\n"
        ".TP\n.B FOVEA_READER\nthe program that goes through model files without rights; by default fovea\\-reader beside the "
        "program or in libexec/fovea of its tree\n"
        ".TP\n.B FOVEA_CHECK\n1: the graph is checked after each pass, each result for numbers that are none\n");
}
