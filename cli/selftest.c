/* selftest.c - fovea selftest: every kernel of this build against its op's definition, on this machine. */
#include <math.h>
#include <string.h>

#include "cli/command.h"
#include "core/plan/selftest.h"

typedef struct selftest_options {
    fv_strings ops;
    int mode;
    const char *line;
    bool verbose;
} selftest_options;

static const fv_field fields[] = {
    FV_FIELD(selftest_options, ops, .positional = true, .value = "OP…", .help = "ops to test; without any all of them"),
    FV_FIELD(selftest_options, mode, .by_default = "kernels", .names = "kernels,gradient,speed",
             .help = "kernels against the reference, gradients against finite differences, or seconds"),
    FV_FIELD(selftest_options, line, .value = "CASE", .help = "one case of one op, as a failure prints it"),
    FV_FIELD(selftest_options, verbose, .by_default = "false", .flag = "v", .help = "print each check, not only each op"),
    FV_FIELDS_END
};

/* What is known of one op. */
typedef struct tally {
    fv_command_call *call;
    const selftest_options *options;
    int64_t checks, left_out, failures;
    double worst;
} tally;

static void report(void *context, const fv_selftest_result *r) {
    tally *t = context;
    fv_printer *p = t->call->printer;
    bool speed = t->options->mode == FV_SELFTEST_SPEED;
    t->checks += !r->note;
    t->left_out += r->note != NULL;
    t->failures += r->failed;
    if (!r->note) t->worst = fmax(t->worst, r->error);
    const char *kernel = r->kernel ? r->kernel : "reference";
    if (r->failed)
        fv_print_line(p, "FAILED %s %s: %s", r->op, kernel, r->failure);
    else if (r->note && t->options->verbose)
        fv_print_line(p, "  %s %s: %s (%s)", r->op, kernel, r->note, r->line);
    else if (!r->note && (t->options->verbose || speed))
        fv_print_line(p, "  %s %s: %.3g%s (%s)", r->op, kernel, r->error, speed ? " s" : "", r->line);
    if (!p->json) return;
    fv_print_record(p);
    fv_print_text(p, "op", r->op);
    fv_print_text(p, "kernel", kernel);
    fv_print_text(p, "case", r->line);
    fv_print_number(p, speed ? "seconds" : "error", r->note ? NAN : r->error);
    fv_print_text(p, "note", r->note);
    fv_print_bool(p, "failed", r->failed);
    fv_print_text(p, "failure", r->failure);
    fv_print_record_end(p);
}

static fv_error *test_op(fv_command_call *call, const selftest_options *o, const fv_op *op, tally *all) {
    tally t = { .call = call, .options = o };
    if (o->line)
        FV_TRY(fv_selftest_line(op, o->line, o->mode, report, &t));
    else
        FV_TRY(fv_selftest_op(op, o->mode, report, &t));
    if (t.checks && o->mode != FV_SELFTEST_SPEED)
        fv_print_line(call->printer, "%-24s %4lld checks, largest error %.2g%s", op->name, (long long)t.checks, t.worst,
                      t.failures ? ", FAILED" : "");
    all->checks += t.checks;
    all->failures += t.failures;
    return NULL;
}

/* An unknown name gives the error of fv_part_parse, with the nearest op as hint. */
static fv_error *find_op(const char *name, fv_arena *arena, const fv_op **out) {
    *out = fv_op_find(name);
    if (*out) return NULL;
    const char **names;
    FV_TRY(fv_arena_take(arena, fv_op_table_count, &names));
    for (int i = 0; i < fv_op_table_count; i++) names[i] = fv_op_table[i]->name;
    const char *near = fv_nearest_name(name, names, fv_op_table_count);
    fv_error *error = fv_fail(FV_USAGE, "there is no op called \"%s\"", name);
    return near ? fv_error_hint(error, "did you mean \"%s\"?", near) : fv_error_hint(error, "`fovea help op` lists them");
}

static fv_error *run(fv_command_call *call, void *raw) {
    const selftest_options *o = raw;
    tally all = { .call = call, .options = o };
    if (o->line && o->ops.count != 1) return fv_fail(FV_USAGE, "--line is a case of one op: name it");
    for (int64_t i = 0; i < o->ops.count; i++) {
        const fv_op *op;
        FV_TRY(find_op(o->ops.at[i], call->arena, &op));
        FV_TRY(test_op(call, o, op, &all));
    }
    for (int i = 0; !o->ops.count && i < fv_op_table_count; i++)
        if (fv_op_table[i]->cases) FV_TRY(test_op(call, o, fv_op_table[i], &all));
    fv_print_line(call->printer, "%lld checks, %lld failed", (long long)all.checks, (long long)all.failures);
    call->failed = all.failures > 0;
    return NULL;
}

const fv_command fv_command_selftest = {
    .name = "selftest",
    .summary = "check this build's kernels on this machine",
    .arguments = "[OP…] [options]",
    .description =
        "Each op carries cases as text lines; each kernel that takes one must agree with the op's plain definition,\n"
        "and give the same bits with one thread and with all.",
    .fields = fields,
    .size = sizeof(selftest_options),
    .run = run,
};
