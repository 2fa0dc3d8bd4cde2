/* models_card.c - fovea models card: what a version is, how good, and where not to be trusted, for people. */
#include <string.h>

#include "cli/command.h"
#include "cli/terminal.h"
#include "core/base/file.h"
#include "experiments/card.h"

#define CARD_BYTES_MAX (INT64_C(1) << 30)

typedef struct card_options {
    const char *version, *out, *data, *part, *source, *source_options, *workspace;
    bool corruptions;
    int64_t batch, workers;
} card_options;

static const fv_field fields[] = {
    FV_FIELD(card_options, version, .positional = true, .required = true, .value = "NAME[@ALIAS|/N]",
             .help = "the version; NAME alone is its newest"),
    FV_FIELD(card_options, out, .required = true, .value = "FILE", .help = "whose name ends in .md or .html"),
    FV_FIELD(card_options, data, .value = "DIR",
             .help = "labelled pictures to measure it on; without it by the predictions kept with it"),
    FV_FIELD(card_options, part, .help = "of those: train, val, test or all; without it test, val or all, the first there is"),
    FV_FIELD(card_options, source, .help = "format of the data (`fovea help source`); without it the data tell"),
    FV_FIELD(card_options, source_options, .help = "options of that source, name=value …"),
    FV_FIELD(card_options, corruptions, .by_default = "false", .help = "measure it on damaged pictures too; needs --data"),
    FV_FIELD(card_options, batch, .by_default = "64", .min = 1, .max = 65536, .help = "pictures at once; changes no bit"),
    FV_FIELD(card_options, workers, .by_default = "2", .min = 0, .max = 256, .help = "threads that decode pictures"),
    FV_FIELD(card_options, workspace, .value = "DIR", .help = FV_WORKSPACE_HELP),
    FV_FIELDS_END
};

static bool ends_in(const char *path, const char *ending) {
    size_t length = strlen(path), tail = strlen(ending);
    return length > tail && !strcmp(path + length - tail, ending);
}

static fv_error *write_card(const fv_card_facts *facts, const char *path, fv_arena *arena) {
    fv_card card;
    FV_TEXT(text, CARD_BYTES_MAX);
    FV_TRY(fv_card_make(facts, arena, &card));
    if (ends_in(path, ".html"))
        fv_card_to_html(&card, &text);
    else
        fv_card_to_markdown(&card, &text);
    FV_TRY(fv_text_error(&text));
    return fv_file_write(path, text.at, text.length, NULL);
}

static fv_error *run(fv_command_call *call, void *raw) {
    const card_options *o = raw;
    FV_OWNED(fv_registry) registry = NULL;
    FV_OWNED(fv_arena) arena = NULL;
    fv_card_options options = { .version = o->version, .corruptions = o->corruptions };
    options.pictures = (fv_held_out_options){ .data = o->data,
                                              .part = o->part,
                                              .source = o->source,
                                              .source_options = o->source_options,
                                              .batch = o->batch,
                                              .workers = o->workers,
                                              .progress = fv_terminal_bar };
    fv_card_facts facts;
    if (!ends_in(o->out, ".md") && !ends_in(o->out, ".html"))
        return fv_fail(FV_USAGE, "%s: a card is a .md or a .html file", o->out);
    if (o->corruptions && !o->data) return fv_fail(FV_USAGE, "--corruptions damages the pictures of --data DIR");
    FV_TRY(fv_arena_new("a model card", INT64_C(1) << 34, &arena));
    FV_TRY(fv_registry_open(o->workspace, &(fv_registry_options){ .read_only = true }, &registry));
    fv_error *error = fv_card_gather(registry, &options, arena, &facts);
    fv_terminal_finish();
    FV_TRY(error);
    error = write_card(&facts, o->out, arena);
    if (!error) {
        fv_print_record(call->printer);
        fv_print_text(call->printer, "name", facts.version->model);
        fv_print_int(call->printer, "version", facts.version->number);
        fv_print_text(call->printer, "card", o->out);
        fv_print_record_end(call->printer);
    }
    fv_card_release(&facts);
    return error;
}

const fv_command fv_command_models_card = {
    .name = "models card",
    .summary = "write a model card, as Markdown or one HTML page",
    .arguments = "NAME[@ALIAS|/N] --out FILE.md|.html [options]",
    .description =
        "What the version is, its limits, data, figures with intervals, each class, calibration, damaged pictures, licences,\n"
        "lineage, decisions and recipe, from the model file, what is kept with it and the registry. What is not known is\n"
        "said to be not known.",
    .fields = fields,
    .size = sizeof(card_options),
    .run = run,
};
