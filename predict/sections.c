/* sections.c - field tables of the sections "classes", "transforms" and "signature". */
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
