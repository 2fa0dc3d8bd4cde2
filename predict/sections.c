/* sections.c - field tables of a model file's sections. */
#include "predict/sections.h"

static const fv_field classes[] = {
    FV_FIELD(fv_classes_section, names, .required = true, .help = "labels in the order of the logits"), FV_FIELDS_END
};
const fv_section fv_section_classes = {
    .name = "classes", .version = 1, .summary = "what the logits stand for", .fields = classes
};

static const fv_field transforms[] = { FV_FIELD(fv_transforms_section, steps, .required = true,
                                                .help = "from a decoded picture to the network's input"),
                                       FV_FIELDS_END };
const fv_section fv_section_transforms = {
    .name = "transforms", .version = 1, .summary = "how pictures are prepared", .fields = transforms
};

static const fv_field signature[] = {
    FV_FIELD(fv_signature_section, input, .by_default = "x", .help = "name of the input"),
    FV_FIELD(fv_signature_section, output, .by_default = "logits", .help = "name of the result"),
    FV_FIELD(fv_signature_section, height, .required = true, .min = 1, .max = INFINITY,
             .help = "pixels of a picture at the input"),
    FV_FIELD(fv_signature_section, width, .required = true, .min = 1, .max = INFINITY,
             .help = "pixels of a picture at the input"),
    FV_FIELD(fv_signature_section, channels, .required = true, .min = 1, .max = INFINITY,
             .help = "channels of a picture at the input"),
    FV_FIELD(fv_signature_section, classes, .required = true, .min = 1, .max = INFINITY, .help = "logits a picture"),
    FV_FIELDS_END
};
const fv_section fv_section_signature = {
    .name = "signature", .version = 1, .summary = "what goes in and what comes out", .fields = signature
};

static const fv_field target[] = {
    FV_FIELD(fv_target_section, kind, .by_default = "one_class", .names = "one_class,multi_label,number",
             .help = "what is said of a picture: one class, any number of classes, or a number"),
    FV_FIELD(fv_target_section, mean, .by_default = "0", .help = "of numbers: what is added to the network's output"),
    FV_FIELD(fv_target_section, scale, .by_default = "1", .min = 5e-324, .max = INFINITY,
             .help = "of numbers: by what the output is multiplied before"),
    FV_FIELDS_END
};
const fv_section fv_section_target = {
    .name = "target", .version = 1, .summary = "what the logits say, where it is not one class", .fields = target
};

static const fv_field calibration[] = {
    FV_FIELD(fv_calibration_section, temperature, .by_default = "1", .min = 1e-6, .max = 1e6,
             .help = "logits are divided by it before they become probabilities"),
    FV_FIELD(fv_calibration_section, error_before, .help = "expected calibration error without it"),
    FV_FIELD(fv_calibration_section, error_after, .help = "and with it"),
    FV_FIELD(fv_calibration_section, n, .help = "pictures that it was fitted on"),
    FV_FIELD(fv_calibration_section, reject_below, .by_default = "0", .min = 0, .max = 1,
             .help = "a prediction whose best score is lower abstains"),
    FV_FIELDS_END
};
const fv_section fv_section_calibration = {
    .name = "calibration", .version = 1, .summary = "how sure the network may be taken to be", .fields = calibration
};

static const fv_field log_fields[] = { FV_FIELD(fv_log_section, pictures, .by_default = "0", .min = 0, .max = 1,
                                                .help = "share of the pictures that a server keeps with its prediction log"),
                                       FV_FIELDS_END };
const fv_section fv_section_log = {
    .name = "log", .version = 1, .summary = "what is kept of the pictures that it is asked about", .fields = log_fields
};

static const fv_field selftest[] = { FV_FIELD(fv_selftest_section, names, .required = true, .help = "of the pictures"),
                                     FV_FIELD(fv_selftest_section, pictures, .required = true, .help = "files in base64"),
                                     FV_FIELD(fv_selftest_section, logits, .required = true,
                                              .help = "what the network gave for them, a row a picture"),
                                     FV_FIELDS_END };
const fv_section fv_section_selftest = {
    .name = "selftest", .version = 1, .summary = "pictures with their outputs, checked at every load", .fields = selftest
};

static const fv_field objective[] = { FV_FIELD(fv_objective_section, loss, .help = "what was lowered, class weights and all"),
                                      FV_FIELDS_END };
const fv_section fv_section_objective = {
    .name = "objective", .version = 1, .summary = "what the training lowered", .fields = objective
};

static const fv_field metrics[] = { FV_FIELD(fv_metrics_section, epoch, .help = "that gave this model"),
                                    FV_FIELD(fv_metrics_section, on, .help = "which pictures"),
                                    FV_FIELD(fv_metrics_section, selected_on, .by_default = "false",
                                             .help = "the epoch was chosen by them"),
                                    FV_FIELD(fv_metrics_section, n, .help = "pictures"),
                                    FV_FIELD(fv_metrics_section, metrics, .help = "names with options"),
                                    FV_FIELD(fv_metrics_section, values, .help = "what was reached, one a metric"),
                                    FV_FIELD(fv_metrics_section, low, .help = "lower ends of 95 % intervals; nan: none"),
                                    FV_FIELD(fv_metrics_section, high, .help = "upper ends"),
                                    FV_FIELDS_END };
const fv_section fv_section_metrics = {
    .name = "metrics", .version = 1, .summary = "what the model reached, and on what", .fields = metrics
};

static const fv_field licence[] = { FV_FIELD(fv_licence_section, of, .help = "what the model is made from"),
                                    FV_FIELD(fv_licence_section, licences, .help = "the licence of each"), FV_FIELDS_END };
const fv_section fv_section_licence = {
    .name = "licence", .version = 1, .summary = "under which licences what it is made from is", .fields = licence
};

static const fv_field lineage[] = { FV_FIELD(fv_lineage_section, parent, .help = "digest of the file that it was made from"),
                                    FV_FIELD(fv_lineage_section, arch, .help = "its network"),
                                    FV_FIELD(fv_lineage_section, classes, .help = "that it told apart"), FV_FIELDS_END };
const fv_section fv_section_lineage = {
    .name = "lineage", .version = 1, .summary = "which model it was made from", .fields = lineage
};

static const fv_field origin[] = { FV_FIELD(fv_origin_section, arch, .help = "the architecture"),
                                   FV_FIELD(fv_origin_section, style,
                                            .help = "what its weights are called where they come from"),
                                   FV_FIELD(fv_origin_section, format, .help = "of the file that they were read from"),
                                   FV_FIELD(fv_origin_section, name, .help = "of that file"), FV_FIELDS_END };
const fv_section fv_section_origin = {
    .name = "origin", .version = 1, .summary = "whose weights it began with", .fields = origin
};
