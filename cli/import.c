/* import.c - fovea import: a model made of an architecture and somebody's weights. */
#include <math.h>
#include <string.h>

#include "cli/command.h"
#include "cli/terminal.h"
#include "exchange/import.h"
#include "fovea/fetch.h"

typedef struct import_options {
    const char *file, *arch, *out, *style, *preprocess, *classes, *licence, *verify, *entry, *sha256;
    bool partial, averaged;
    int64_t max_expand;
    double tolerance;
} import_options;

static const fv_field fields[] = {
    FV_FIELD(import_options, file, .positional = true, .required = true, .value = "FILE|URL",
             .help = ".pth, .pt, .safetensors, an index of such, .npz, Keras .h5; an http or https URL of one"),
    FV_FIELD(import_options, arch, .required = true, .value = "NAME",
             .help = "the network, with options: \"resnet18 size=160,160\"; as many classes as the file has"),
    FV_FIELD(import_options, out, .flag = "o", .value = "MODEL", .required = true, .help = "the .fovea file to write"),
    FV_FIELD(import_options, classes, .value = "FILE", .help = "names of the classes, one a line; without it 0, 1, 2, …"),
    FV_FIELD(import_options, preprocess, .value = "NAME",
             .help = "how pictures are prepared, by name or as transforms; by default as the origin of the names does"),
    FV_FIELD(import_options, style, .value = "NAME", .help = "whose names the file uses; by default whichever finds most"),
    FV_FIELD(import_options, licence, .value = "NAME",
             .help = "of the weights, as an SPDX name or in words, kept in the model; by default what the file says"),
    FV_FIELD(import_options, verify, .value = "FILE.npz",
             .help = "compare with stored arrays `input` and `output`, and write nothing when they differ"),
    FV_FIELD(import_options, tolerance, .by_default = "1e-4", .max = INFINITY,
             .help = "of --verify: difference allowed, as a share of the largest output"),
    FV_FIELD(import_options, partial, .by_default = "false",
             .help = "all the same when something does not fit: missing tensors are drawn anew, others left out"),
    FV_FIELD(import_options, averaged, .by_default = "false",
             .help = "of a checkpoint with both: the averaged weights (EMA), not the plain ones"),
    FV_FIELD(import_options, entry, .value = "NAME", .help = "of a checkpoint: the entry that holds the weights"),
    FV_FIELD(import_options, max_expand, .by_default = "64", .min = 1, .max = 100000,
             .help = "how many times its size a compressed file may become"),
    FV_FIELD(import_options, sha256, .value = "DIGITS", .help = "of a URL: the checksum that the file must have"),
    FV_FIELDS_END
};

#define SHOWN 10 /* lines of each list, in text */

/* ---- fetching ---- */

static bool is_url(const char *text) { return !strncmp(text, "http://", 7) || !strncmp(text, "https://", 8); }

static void show_progress(void *context, const fv_fetch_progress *p) {
    (void)context;
    fv_progress progress = { .what = "fetch", .done = p->done, .count = p->count, .loss = NAN };
    fv_terminal_bar(NULL, &progress);
}

/* Into the folder of the model, under the URL's last name; a file that is there already with the checksum is taken. */
static fv_error *fetch(fv_command_call *call, const import_options *o, const char **path) {
    const char *folder, *slash = strrchr(o->out, '/');
    fv_fetch_result result;
    fv_fetch_options options = { .sha256 = o->sha256, .progress = show_progress, .cancel = call->cancel };
    FV_TRY(fv_arena_format(call->arena, &folder, "%.*s", slash ? (int)(slash - o->out) + 1 : 1, slash ? o->out : "."));
    fv_error *error = fv_fetch(o->file, folder, &options, &result);
    fv_terminal_finish();
    FV_TRY(error);
    return fv_arena_text(call->arena, result.path, path);
}

/* ---- what became of each tensor ---- */

static void print_list(fv_printer *p, const char *title, const fv_strings *list) {
    if (!list->count) return;
    fv_print_line(p, "%s (%lld):", title, (long long)list->count);
    for (int64_t i = 0; i < list->count && i < SHOWN; i++) fv_print_line(p, "  %s", list->at[i]);
    if (list->count > SHOWN) fv_print_line(p, "  … and %lld more; --json lists all", (long long)(list->count - SHOWN));
}

static void print_source(const fv_import_report *r, fv_printer *p) {
    fv_print_text(p, "format", r->file->format->name);
    fv_print_text(p, "taken", r->file->taken);
    fv_print_text(p, "stripped", r->file->stripped);
    fv_print_text(p, "notes", r->file->notes.length ? r->file->notes.at : NULL);
    fv_print_text(p, "arch", r->arch);
    fv_print_text(p, "style", r->style->name);
    fv_print_int(p, "classes", r->classes);
    fv_print_text(p, "licence", r->licence);
    fv_print_text(p, "preprocess", r->preprocess);
    fv_print_text(p, "transforms", r->steps);
}

static void print_report(const fv_import_report *r, const fv_verification *v, const char *out, fv_printer *p) {
    fv_print_record(p);
    print_source(r, p);
    if (p->json) {
        fv_print_texts(p, "matched", r->matched.at, r->matched.count);
        fv_print_texts(p, "missing", r->missing.at, r->missing.count);
        fv_print_texts(p, "unexpected", r->unexpected.at, r->unexpected.count);
        fv_print_texts(p, "mismatched", r->mismatched.at, r->mismatched.count);
        fv_print_texts(p, "reshaped", r->reshaped.at, r->reshaped.count);
    } else {
        fv_print_int(p, "matched", r->matched.count);
        fv_print_int(p, "missing", r->missing.count);
        fv_print_int(p, "unexpected", r->unexpected.count);
        fv_print_int(p, "reshaped", r->reshaped.count);
    }
    if (v->pictures) {
        fv_print_int(p, "verified_pictures", v->pictures);
        fv_print_number(p, "max_abs_diff", v->max_abs_diff);
        fv_print_number(p, "largest_output", v->largest);
    }
    fv_print_text(p, "out", out);
    fv_print_record_end(p);
    if (p->json) return;
    print_list(p, "missing", &r->missing);
    print_list(p, "unexpected", &r->unexpected);
    print_list(p, "of another shape", &r->mismatched);
    print_list(p, "in another order", &r->reshaped);
}

/* ---- the command ---- */

static fv_error *not_whole(const import_options *o, const fv_import_report *r) {
    fv_error *error =
        fv_fail(FV_FORMAT, "%s does not fit %s: %lld missing, %lld unexpected, %lld of another shape; nothing was written",
                o->file, r->arch, (long long)r->missing.count, (long long)r->unexpected.count, (long long)r->mismatched.count);
    if (!r->matched.count) return fv_error_hint(error, "is it of another architecture? `fovea weights show` lists its tensors");
    return fv_error_hint(error, "--partial draws what is missing anew and leaves out what is unexpected");
}

static fv_error *verify(const import_options *o, const fv_model *model, fv_verification *v) {
    if (!o->verify) return NULL;
    FV_TRY(fv_import_verify(model, o->verify, v));
    if (v->max_abs_diff <= o->tolerance * v->largest) return NULL;
    return fv_error_hint(
        fv_fail(FV_FORMAT, "the network's outputs are %g apart from those of %s, whose largest is %g; nothing was written",
                v->max_abs_diff, o->verify, v->largest),
        "were they made in evaluation mode, from the same weights?");
}

static fv_error *import(fv_command_call *call, const import_options *o, const char *path, fv_import *made) {
    fv_verification v = { 0 };
    fv_import_options options = { .path = path,
                                  .arch = o->arch,
                                  .style = o->style,
                                  .preprocess = o->preprocess,
                                  .classes = o->classes,
                                  .licence = o->licence,
                                  .partial = o->partial,
                                  .reading = { .max_expand = o->max_expand, .averaged = o->averaged, .entry = o->entry } };
    FV_TRY(fv_import_read(&options, call->arena, made));
    fv_error *error = made->model ? verify(o, made->model, &v) : not_whole(o, &made->report);
    if (!error) error = fv_model_save(made->model, o->out);
    print_report(&made->report, &v, error ? NULL : o->out, call->printer);
    return error;
}

static fv_error *run(fv_command_call *call, void *raw) {
    const import_options *o = raw;
    const char *path = o->file;
    fv_import made = { 0 };
    if (is_url(o->file))
        FV_TRY(fetch(call, o, &path));
    else if (o->sha256)
        return fv_fail(FV_USAGE, "--sha256 is of a URL, but %s is a file", o->file);
    fv_error *error = import(call, o, path, &made);
    fv_import_release(&made);
    return error;
}

const fv_command fv_command_import = {
    .name = "import",
    .summary = "make a model of somebody's weights",
    .arguments = "FILE|URL --arch NAME --out MODEL [options]",
    .description =
        "Reads weights of PyTorch, safetensors, NumPy or Keras as data, without running anything in them, finds whose names\n"
        "they have, and says of every tensor what became of it. Nothing is loaded in part without --partial. The model gets\n"
        "the preprocessing that such weights were trained with, so that `fovea predict` needs no more. A URL is fetched into\n"
        "the folder of the model, and checked against --sha256.",
    .fields = fields,
    .size = sizeof(import_options),
    .stoppable = true,
    .run = run,
};
