/* npz.c - a model's weights as NumPy's archive, by the names of where they come from. */
#include "exchange/exporter.h"

extern const fv_format fv_format_npz;

static fv_error *write_(fv_export_call *call) { return fv_export_weights(call, &fv_format_npz); }

const fv_exporter fv_exporter_npz = {
    .name = "npz",
    .summary = "weights as NumPy's archive, by their source's names",
    .fields = fv_no_fields,
    .write = write_,
};
