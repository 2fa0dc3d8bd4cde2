/* weights.c - fovea weights: what files of weights hold, whoever made them, and into another format without running anything.
 */
#include <string.h>

#include "cli/command.h"
#include "cli/table.h"
#include "core/formats/format.h"

/* ---- reading, which both share ---- */

typedef struct weights_options {
    const char *file, *out, *entry;
    bool averaged;
    int64_t max_expand;
} weights_options;

#define READING_FIELDS                                                                                                         \
    FV_FIELD(weights_options, averaged, .by_default = "false",                                                                 \
             .help = "of a checkpoint with both: the averaged weights (EMA), not the plain ones"),                             \
        FV_FIELD(weights_options, entry, .value = "NAME", .help = "of a checkpoint: the entry that holds the weights"),        \
        FV_FIELD(weights_options, max_expand, .by_default = "64", .min = 1, .max = 100000,                                     \
                 .help = "how many times its size a compressed file may become")

static const fv_field show_fields[] = { FV_FIELD(weights_options, file, .positional = true, .required = true, .value = "FILE",
                                                 .help = ".pth, .pt, .safetensors, an index of such, .npz, Keras .h5"),
                                        READING_FIELDS, FV_FIELDS_END };
static const fv_field convert_fields[] = { FV_FIELD(weights_options, file, .positional = true, .required = true,
                                                    .value = "FILE", .help = "a file of weights"),
                                           FV_FIELD(weights_options, out, .positional = true, .required = true, .value = "OUT",
                                                    .help = "the file to write: NAME.safetensors or NAME.npz"),
                                           READING_FIELDS, FV_FIELDS_END };

static fv_error *read_file(const weights_options *o, fv_foreign_file **out) {
    return fv_foreign_read(
        o->file, &(fv_foreign_options){ .max_expand = o->max_expand, .averaged = o->averaged, .entry = o->entry }, out);
}

static void print_origin(const fv_foreign_file *file, fv_printer *p) {
    fv_print_text(p, "format", file->format->name);
    fv_print_text(p, "taken", file->taken);
    fv_print_text(p, "stripped", file->stripped);
    fv_print_text(p, "licence", file->licence);
    fv_print_int(p, "tensors", file->count);
}

/* ---- show ---- */

static void print_shape(const fv_foreign_tensor *t, fv_text *out) {
    fv_text_addf(out, "%s[", fv_element_name(t->element));
    for (int d = 0; d < t->rank; d++) fv_text_addf(out, "%s%lld", d ? "," : "", (long long)t->dims[d]);
    fv_text_add(out, "]");
}

static fv_error *list(const fv_foreign_file *file, fv_printer *p) {
    fv_print_list(p, "list");
    for (int64_t i = 0; i < file->count; i++) {
        const fv_foreign_tensor *t = &file->tensors[i];
        FV_TEXT(shape, 1024);
        print_shape(t, &shape);
        FV_TRY(fv_text_error(&shape));
        if (!p->json) {
            fv_print_line(p, "  %-24s %s", shape.at, t->name);
            continue;
        }
        fv_print_item(p);
        fv_print_text(p, "name", t->name);
        fv_print_text(p, "type", shape.at);
    }
    fv_print_list_end(p);
    return NULL;
}

static fv_error *show(fv_command_call *call, void *raw) {
    FV_OWNED(fv_foreign_file) file = NULL;
    fv_printer *p = call->printer;
    FV_TRY(read_file(raw, &file));
    fv_print_record(p);
    print_origin(file, p);
    fv_print_text(p, "notes", file->notes.length ? file->notes.at : NULL);
    if (p->json) FV_TRY(list(file, p));
    fv_print_record_end(p);
    return p->json ? NULL : list(file, p);
}

/* ---- convert ---- */

static const fv_format *format_for(const char *path) {
    const char *dot = strrchr(path, '.');
    for (int i = 0; dot && i < fv_format_table_count; i++)
        if (fv_format_table[i]->write && !strcmp(fv_format_table[i]->name, dot + 1)) return fv_format_table[i];
    return NULL;
}

/* Row order, in the dtype that holds every value. */
static fv_error *straighten(const fv_foreign_file *file, const fv_format *format, fv_arena *arena, fv_foreign_tensor **out) {
    FV_TRY(fv_arena_take(arena, file->count + 1, out));
    for (int64_t i = 0; i < file->count; i++) {
        const fv_foreign_tensor *from = &file->tensors[i];
        fv_dtype dtype = fv_element_dtype(from->element);
        if (format->no_bf16 && dtype == FV_BF16) dtype = FV_F32;
        fv_type type = fv_type_make(dtype, from->dims, from->rank);
        void *data;
        FV_TRY(fv_error_wrap(fv_arena_alloc(arena, fv_foreign_count(from), fv_dtype_size(dtype), &data), "%s", from->name));
        fv_tensor to = fv_tensor_of(&type, data);
        fv_foreign_copy(from, NULL, &to);
        (*out)[i] =
            (fv_foreign_tensor){ .name = from->name, .element = fv_element_of(dtype), .rank = from->rank, .data = data };
        memcpy((*out)[i].dims, from->dims, sizeof from->dims);
        fv_foreign_row_order(&(*out)[i]);
    }
    return NULL;
}

static fv_error *convert(fv_command_call *call, void *raw) {
    const weights_options *o = raw;
    FV_OWNED(fv_foreign_file) file = NULL;
    FV_OWNED(fv_arena) arena = NULL;
    fv_foreign_tensor *tensors;
    const fv_format *format = format_for(o->out);
    if (!format)
        return fv_error_hint(fv_fail(FV_USAGE, "%s: no such format is written", o->out), "NAME.safetensors or NAME.npz");
    FV_TRY(read_file(o, &file));
    FV_TRY(fv_arena_new("tensors to write", o->max_expand * file->parts[0].length + FV_FOREIGN_SLACK, &arena));
    FV_TRY(straighten(file, format, arena, &tensors));
    FV_TRY(format->write(tensors, file->count, file->licence, o->out));
    fv_print_record(call->printer);
    print_origin(file, call->printer);
    fv_print_text(call->printer, "out", o->out);
    fv_print_text(call->printer, "notes", file->notes.length ? file->notes.at : NULL);
    fv_print_record_end(call->printer);
    return NULL;
}

const fv_command fv_command_weights_show = {
    .name = "weights show",
    .summary = "print what a file of weights holds, whoever made it",
    .arguments = "FILE",
    .description =
        "Names, dtypes and shapes of the tensors in a file of PyTorch, safetensors, NumPy or Keras. The file is read as\n"
        "data: nothing in it is run, and one that would run something in Python is refused by the name of that.",
    .fields = show_fields,
    .size = sizeof(weights_options),
    .run = show,
};
const fv_command fv_command_weights_convert = {
    .name = "weights convert",
    .summary = "write the tensors of a file as safetensors or NumPy's archive",
    .arguments = "FILE OUT",
    .description =
        "The tensors as they are, under their names: a checkpoint that Python would have to run becomes a file that\n"
        "holds numbers alone. 8-bit floats (bf16 too, in .npz) become f32, 16-bit integers i32, unsigned integers the next\n"
        "wider.",
    .fields = convert_fields,
    .size = sizeof(weights_options),
    .run = convert,
};
