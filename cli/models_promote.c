/* models_promote.c - fovea models promote: an alias is given to a version, if the gate lets it through. */
#include <string.h>

#include "cli/command.h"
#include "cli/terminal.h"
#include "experiments/promote.h"

#define REASONS_BYTES_MAX (1 << 24)

typedef struct promote_options {
    const char *model, *version, *alias, *reason, *data, *part, *source, *source_options, *device, *workspace;
    double margin, slower, larger;
    bool force, dry_run;
    int64_t batch, workers;
} promote_options;

static const fv_field fields[] = {
    FV_FIELD(promote_options, model, .positional = true, .required = true, .value = "NAME[/N]",
             .help = "the model; with its version in one word too: NAME/3, NAME@ALIAS"),
    FV_FIELD(promote_options, version, .positional = true, .value = "VERSION",
             .help = "or here: its number, or latest, or an alias"),
    FV_FIELD(promote_options, alias, .by_default = "champion", .value = "ALIAS", .help = "that the version is to get"),
    FV_FIELD(promote_options, margin, .by_default = "0.02", .min = 0, .max = 1,
             .help = "the figure may be worse by less than this; of one that is no share: times the incumbent's"),
    FV_FIELD(promote_options, slower, .by_default = "1.5", .min = 0, .max = 1e6,
             .help = "at most so many times the incumbent's time a picture; 0: any"),
    FV_FIELD(promote_options, larger, .by_default = "1.5", .min = 0, .max = 1e6,
             .help = "at most so many times the incumbent's file; 0: any"),
    FV_FIELD(promote_options, data, .value = "DIR",
             .help = "labelled pictures that both are measured on; without it by the predictions kept with them"),
    FV_FIELD(promote_options, part,
             .help = "of those: train, val, test or all; without it test, val or all, the first there is"),
    FV_FIELD(promote_options, source, .help = "format of the data (`fovea help source`); without it the data tell"),
    FV_FIELD(promote_options, source_options, .help = "options of that source, name=value …"),
    FV_FIELD(promote_options, force, .by_default = "false", .help = "promote whatever the checks say; needs --reason"),
    FV_FIELD(promote_options, reason, .value = "TEXT", .help = "why it is forced; kept with the decision"),
    FV_FIELD(promote_options, dry_run, .by_default = "false",
             .help = "only say what the gate would do; the registry is not written to"),
    FV_FIELD(promote_options, batch, .by_default = "64", .min = 1, .max = 65536, .help = "pictures at once; changes no bit"),
    FV_FIELD(promote_options, workers, .by_default = "2", .min = 0, .max = 256, .help = "threads that decode pictures"),
    FV_FIELD(promote_options, device, .by_default = "cpu", .help = "where to compute"),
    FV_FIELD(promote_options, workspace, .value = "DIR", .help = FV_WORKSPACE_HELP),
    FV_FIELDS_END
};

/* NAME/3 in one word, or NAME and what "3" and "v3" (numbers), "latest" (the newest) or any other word (an alias) say. */
static fv_error *say_reference(const promote_options *o, fv_arena *arena, const char **out) {
    const char *word = o->version;
    bool whole = strpbrk(o->model, "/@");
    if (whole && word) return fv_fail(FV_USAGE, "%s names a version, and so does %s: which?", o->model, word);
    if (whole) return fv_arena_text(arena, o->model, out);
    if (!word)
        return fv_error_hint(fv_fail(FV_USAGE, "the version is missing"), "`fovea models promote %s/3`, or %s latest", o->model,
                             o->model);
    if (strpbrk(word, "/@")) return fv_arena_text(arena, word, out);
    bool number = *word && !word[strspn(word, "0123456789")];
    return fv_arena_format(arena, out, "%s%c%s", o->model, number ? '/' : '@', word);
}

static fv_error *check_options(const promote_options *o, const char *reference) {
    size_t length = strcspn(o->model, "/@");
    if (strncmp(reference, o->model, length) != 0 || !strchr("/@", reference[length]))
        return fv_fail(FV_USAGE, "%s is no version of %s", o->version, o->model);
    if (o->force && (!o->reason || !*o->reason))
        return fv_error_hint(fv_fail(FV_USAGE, "a promotion is forced for a reason"), "say why: --reason TEXT");
    if (o->reason && !o->force) return fv_fail(FV_USAGE, "--reason is for --force: the gate gives its own reasons");
    return NULL;
}

static fv_error *print(const promote_options *o, const fv_promoted *promoted, fv_arena *arena, fv_printer *p) {
    const fv_gate_decision *d = &promoted->decision;
    const char *name;
    FV_TRY(fv_arena_format(arena, &name, "%.*s", (int)strcspn(o->model, "/@"), o->model));
    FV_TEXT(reasons, REASONS_BYTES_MAX);
    fv_gate_reasons(d, &reasons);
    FV_TRY(fv_text_error(&reasons));
    fv_print_record(p);
    fv_print_bool(p, "promoted", d->promoted);
    fv_print_json(p, "reasons", reasons.at);
    if (p->json) fv_print_text(p, "name", name);
    fv_print_text(p, "alias", o->alias);
    fv_print_int(p, "version", promoted->version);
    if (promoted->incumbent)
        fv_print_int(p, "previous", promoted->incumbent);
    else
        fv_print_text(p, "previous", NULL);
    fv_print_record_end(p);
    for (int64_t i = 0; i < d->count; i++)
        fv_print_line(p, "%s %s: %s", d->checks[i].passed ? "✓" : "✗", d->checks[i].name, d->checks[i].text);
    return NULL;
}

static fv_error *run(fv_command_call *call, void *raw) {
    const promote_options *o = raw;
    FV_OWNED(fv_registry) registry = NULL;
    fv_promote_options options = { .alias = o->alias,
                                   .margin = o->margin,
                                   .larger = o->larger,
                                   .slower = o->slower,
                                   .force = o->force ? o->reason : NULL,
                                   .try_only = o->dry_run,
                                   .device = o->device };
    options.pictures = (fv_held_out_options){ .data = o->data,
                                              .part = o->part,
                                              .source = o->source,
                                              .source_options = o->source_options,
                                              .batch = o->batch,
                                              .workers = o->workers,
                                              .progress = fv_terminal_bar };
    fv_promoted promoted;
    FV_TRY(say_reference(o, call->arena, &options.version));
    FV_TRY(check_options(o, options.version));
    FV_TRY(fv_registry_open(o->workspace, &(fv_registry_options){ .read_only = o->dry_run, .must_exist = true }, &registry));
    fv_error *error = fv_promote_version(registry, &options, call->arena, &promoted);
    fv_terminal_finish();
    FV_TRY(error);
    call->failed = !promoted.decision.promoted;
    return print(o, &promoted, call->arena, call->printer);
}

const fv_command fv_command_models_promote = {
    .name = "models promote",
    .summary = "give an alias to a version, through the gate",
    .arguments = "NAME/N | NAME VERSION [--alias ALIAS] [options]",
    .description =
        "The version gets the alias when its file passes its self-test, it is not worse than the version that has the alias\n"
        "(by a paired test on the same pictures, with the margin), not much slower or larger, and the recipe's targets are\n"
        "met. The first version has none to be worse than. Exit status 1: it is held back, and the alias stays. Every\n"
        "decision is kept with its reasons: `fovea models show NAME`. JSON: {promoted, reasons: [{name, passed, text,\n"
        "numbers}], name, alias, version, previous}.",
    .fields = fields,
    .size = sizeof(promote_options),
    .run = run,
};
