/* safetensors.c - a model's weights as safetensors, by the names of where they come from. */
#include "exchange/exporter.h"

extern const fv_format fv_format_safetensors;

static fv_error *write_(fv_export_call *call) { return fv_export_weights(call, &fv_format_safetensors); }

const fv_exporter fv_exporter_safetensors = {
    .name = "safetensors",
    .summary = "weights as safetensors, by their source's names",
    .fields = fv_no_fields,
    .write = write_,
};
