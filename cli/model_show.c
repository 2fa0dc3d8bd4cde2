/* model_show.c - fovea model show: what a model file holds, from its sections and its graph. The file is read whole and its
 * hash checked; nothing is run. A section that is not there leaves its keys out (JSON: null). */
#include "cli/command.h"
#include "cli/model_says.h"
#include "core/base/file.h"
#include "core/formats/model_trailer.h"
#include "experiments/model_file.h"

typedef struct show_options {
    const char *model, *workspace;
} show_options;

static const fv_field fields[] = {
    FV_FIELD(show_options, model, .positional = true, .required = true, .value = "MODEL", .help = FV_MODEL_HELP),
    FV_FIELD(show_options, workspace, .value = "DIR", .help = FV_WORKSPACE_HELP), FV_FIELDS_END
};

/* The file, and what it says. */
typedef struct holdings {
    fv_model_facts facts;
    fv_arena *arena;
    int64_t bytes;
    char hash[FV_TRAILER_HASH_LETTERS];
} holdings;

static fv_error *open_file(const char *path, holdings *h) {
    FV_OWNED(fv_model) model = NULL;
    uint8_t *bytes;
    FV_TRY(fv_file_read(path, FV_MODEL_BYTES_MAX, &bytes, &h->bytes));
    fv_error *error = fv_model_decode(bytes, h->bytes, path, &model);
    if (!error) fv_trailer_hash(bytes, h->bytes, h->hash);
    fv_memory_free(bytes);
    FV_TRY(error);
    return fv_error_wrap(fv_model_facts_read(model, h->arena, &h->facts), "%s", path);
}

static fv_error *print_file(const holdings *h, const fv_model_file *file, fv_printer *p) {
    const char *hash;
    if (file->version) fv_print_text(p, "version", file->version);
    fv_print_text(p, "file", file->path);
    fv_print_int(p, "bytes", h->bytes);
    fv_print_int(p, "format", FV_MODEL_VERSION);
    FV_TRY(fv_arena_format(h->arena, &hash, "%s%s", h->hash, p->json ? "" : " (BLAKE2b, holds)"));
    fv_print_text(p, "hash", hash);
    return NULL;
}

static fv_error *print(const holdings *h, const fv_model_file *file, fv_printer *p) {
    fv_print_record(p);
    FV_TRY(print_file(h, file, p));
    FV_TRY(fv_model_facts_print(&h->facts, true, h->arena, p));
    fv_print_record_end(p);
    return NULL;
}

static fv_error *run(fv_command_call *call, void *raw) {
    const show_options *o = raw;
    FV_OWNED(fv_arena) arena = NULL;
    FV_TRY(fv_arena_new("what a model file holds", INT64_C(1) << 28, &arena));
    holdings h = { .arena = arena };
    fv_model_file file;
    FV_TRY(fv_model_file_find(o->model, o->workspace, arena, &file));
    fv_error *error = open_file(file.path, &h);
    FV_TRY(file.version ? fv_error_wrap(error, "%s", file.version) : error);
    return print(&h, &file, call->printer);
}

const fv_command fv_command_model_show = {
    .name = "model show",
    .summary = "print what a model file holds",
    .arguments = "MODEL",
    .description = "Network, classes, transforms, temperature, the figures that it reached and on what, licences, self-test\n"
                   "pictures. The file's hash is checked, and a file that was changed or cut short is refused; nothing is run.",
    .fields = fields,
    .size = sizeof(show_options),
    .run = run,
};
