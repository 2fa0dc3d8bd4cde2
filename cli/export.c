/* export.c - fovea export: a model written for others. The writers are exchange/exporters, one a file; a row here for each. */
#include <string.h>

#include "cli/command.h"
#include "exchange/exporter.h"

typedef struct export_options {
    const char *model, *safetensors, *npz, *onnx, *style;
    bool preprocessing;
} export_options;

/* A row named as an exporter is the file that it writes. */
static const fv_field fields[] = {
    FV_FIELD(export_options, model, .positional = true, .required = true, .value = "MODEL", .help = "a .fovea file"),
    FV_FIELD(export_options, safetensors, .value = "OUT", .help = "weights as safetensors, by their source's names"),
    FV_FIELD(export_options, npz, .value = "OUT", .help = "weights as NumPy's archive, by their source's names"),
    FV_FIELD(export_options, onnx, .value = "OUT",
             .help = "the network as ONNX, its batch open; input \"input\", output \"logits\""),
    FV_FIELD(export_options, preprocessing, .by_default = "false",
             .help = "of ONNX: input \"image\", bytes in rows of pixels at the network's size; what normalises them is inside"),
    FV_FIELD(export_options, style, .value = "NAME",
             .help = "whose names the weights get; by default those that they came with, or the architecture's"),
    FV_FIELDS_END
};

static const char *path_for(const export_options *o, const fv_exporter *exporter) {
    const fv_field *row = fv_fields_find(fields, exporter->name);
    return row ? *(const char *const *)((const char *)o + row->offset) : NULL;
}

static fv_error *write_one(const fv_exporter *exporter, const export_options *o, fv_model *model, fv_arena *arena,
                           fv_printer *p) {
    fv_export_call call = {
        .model = model, .path = path_for(o, exporter), .style = o->style, .preprocessing = o->preprocessing, .arena = arena
    };
    FV_TRY(fv_export_licence(model, arena, &call.licence));
    FV_TRY(exporter->write(&call));
    fv_print_record(p);
    fv_print_text(p, "format", exporter->name);
    fv_print_text(p, "out", call.path);
    fv_print_text(p, "licence", call.licence);
    fv_print_text(p, "compared", call.compared);
    fv_print_number(p, "max_abs_diff", call.max_abs_diff);
    fv_print_record_end(p);
    return NULL;
}

static fv_error *run(fv_command_call *call, void *raw) {
    const export_options *o = raw;
    FV_OWNED(fv_model) model = NULL;
    FV_OWNED(fv_arena) arena = NULL;
    const fv_exporter *chosen = NULL;
    for (int i = 0; i < fv_exporter_table_count; i++) {
        if (!path_for(o, fv_exporter_table[i])) continue;
        if (chosen) return fv_fail(FV_USAGE, "--%s and --%s: one at a time", chosen->name, fv_exporter_table[i]->name);
        chosen = fv_exporter_table[i];
    }
    if (!chosen) return fv_error_hint(fv_fail(FV_USAGE, "into what is not said"), "--onnx OUT, --safetensors OUT, --npz OUT");
    if (o->preprocessing && !o->onnx) return fv_fail(FV_USAGE, "--preprocessing is for --onnx alone");
    FV_TRY(fv_arena_new("a model to export", INT64_C(1) << 40, &arena));
    FV_TRY(fv_model_load(o->model, &model));
    return write_one(chosen, o, model, arena, call->printer);
}

const fv_command fv_command_export = {
    .name = "export",
    .summary = "write a model for others",
    .arguments = "MODEL --FORMAT OUT [options]",
    .description =
        "What was written is read back and compared with the model, and is refused when it differs: `max_abs_diff`.\n"
        "Licences that the model carries go into the file where its format has a place for them.",
    .fields = fields,
    .size = sizeof(export_options),
    .run = run,
};
