/* data_split.c - fovea data split: who is trained on, written down as a list. */
#include "cli/columns.h"
#include "cli/command.h"
#include "cli/terminal.h"
#include "data/split_list.h"

typedef struct split_options {
    const char *data, *out, *source, *source_options;
    bool strict, allow_dropped;
    double val_fraction, test_fraction;
    int64_t folds, fold, seed;
    bool unstratified, force;
    const char *group_by, *part;
} split_options;

static const fv_field fields[] = {
    FV_FIELD(split_options, data, .positional = true, .required = true, .value = "DIR",
             .help = "a folder of class folders, or a list"),
    FV_FIELD(split_options, out, .flag = "o", .required = true, .value = "FILE.csv", .help = "the list to write"),
    FV_FIELD(split_options, source, .help = "format of the data (`fovea help source`); without it the data tell"),
    FV_FIELD(split_options, source_options, .help = "options of that source, name=value …"),
    FV_FIELD(split_options, strict, .by_default = "false", .help = "fail on the first sample that cannot be used"),
    FV_FIELD(split_options, allow_dropped, .by_default = "false", .help = "go on when more than 1 % cannot be used"),
    FV_FIELD(split_options, val_fraction, .by_default = "0.2", .max = 1, .help = "of the pictures for validation"),
    FV_FIELD(split_options, test_fraction, .by_default = "0", .max = 1, .help = "of the pictures for the test"),
    FV_FIELD(split_options, folds, .by_default = "0", .max = 1000,
             .help = "2 or more: instead, every picture is held out in one of so many folds, which a column says"),
    FV_FIELD(split_options, fold, .by_default = "1", .min = 1, .help = "the fold whose pictures are val"),
    FV_FIELD(split_options, seed, .by_default = "0", .help = "chooses the pictures"),
    FV_FIELD(split_options, unstratified, .by_default = "false", .help = "over all pictures at once, not class by class"),
    FV_FIELD(split_options, group_by, .value = "PATTERN",
             .help =
                 "pictures stay together whose paths give the same first (…) of this pattern; by default the list's groups; "
                 "none"),
    FV_FIELD(split_options, part,
             .help = "what is split: all, or a part, by default train where there are parts; other parts stay"),
    FV_FIELD(split_options, force, .by_default = "false", .help = "replace an earlier list of that name"),
    FV_FIELDS_END
};

static void print_classes(fv_printer *p, const fv_dataset *set, const fv_split_list_result *result) {
    const int64_t *counts = result->class_counts;
    fv_print_list(p, "classes");
    for (int64_t c = 0; c < fv_dataset_class_count(set); c++, counts += FV_PART_KINDS) {
        fv_print_item(p);
        fv_print_text(p, "name", fv_dataset_class_name(set, c));
        for (int k = 0; k < FV_PART_KINDS; k++) fv_print_int(p, fv_part_kinds[k], counts[k]);
    }
    fv_print_list_end(p);
}

/* For people: a line a class, below the record. */
static fv_error *print_class_lines(fv_printer *p, const fv_dataset *set, const fv_split_list_result *result) {
    const int64_t *counts = result->class_counts;
    for (int64_t c = 0; c < fv_dataset_class_count(set); c++, counts += FV_PART_KINDS) {
        FV_TEXT(name, 1 << 16);
        fv_columns_pad(&name, fv_dataset_class_name(set, c), 24);
        FV_TRY(fv_text_error(&name));
        fv_print_line(p, "  %s train %lld, val %lld, test %lld", name.at, (long long)counts[0], (long long)counts[1],
                      (long long)counts[2]);
    }
    return NULL;
}

static fv_error *run(fv_command_call *call, void *options) {
    const split_options *o = options;
    FV_OWNED(fv_dataset) set = NULL;
    fv_dataset_options how = {
        .source = o->source, .source_options = o->source_options, .strict = o->strict, .allow_dropped = o->allow_dropped
    };
    fv_split_list_options split = { .val_fraction = o->val_fraction,
                                    .test_fraction = o->test_fraction,
                                    .folds = o->folds,
                                    .fold = o->fold,
                                    .seed = o->seed,
                                    .unstratified = o->unstratified,
                                    .group_by = o->group_by,
                                    .part = o->part,
                                    .force = o->force };
    fv_split_list_result result;
    FV_TRY(fv_dataset_open(o->data, &how, &set));
    FV_TRY(fv_split_list(set, o->out, &split, call->arena, &result));
    fv_printer *p = call->printer;
    fv_print_record(p);
    fv_print_text(p, "list", o->out);
    for (int k = 0; k < FV_PART_KINDS; k++) fv_print_int(p, fv_part_kinds[k], result.counts[k]);
    fv_print_text(p, "separator", result.separator);
    print_classes(p, set, &result);
    fv_print_record_end(p);
    FV_TRY(print_class_lines(p, set, &result));
    if (result.separator)
        fv_terminal_line("read it with --source-options 'separator=\"%s\"': pictures have several classes", result.separator);
    return NULL;
}

const fv_command fv_command_data_split = {
    .name = "data split",
    .summary = "divide a data set, by a list",
    .arguments = "DIR --out FILE.csv [options]",
    .description =
        "Writes a list of the pictures with a column that says train, val or test; DIR is only read. `fovea train --data\n"
        "FILE.csv` takes it. The same seed and pictures give the same list everywhere.",
    .fields = fields,
    .size = sizeof(split_options),
    .run = run,
};
