/* import.h - a model made of an architecture and somebody's file of weights: every tensor is accounted for. */
#ifndef FV_EXCHANGE_IMPORT_H
#define FV_EXCHANGE_IMPORT_H

#include "core/base/fields.h"
#include "exchange/origin.h"

typedef struct fv_import_options {
    const char *path;       /* the file */
    const char *name;       /* what it is called in the model; NULL: the path's last part */
    const char *arch;       /* text; without classes= the file's last layer says how many */
    const char *style;      /* of names; NULL: the one that finds most */
    const char *preprocess; /* a preprocessing's name, or steps; NULL: the style's */
    const char *classes;    /* a file of names, one a line; NULL: 0, 1, 2, … */
    const char *licence;    /* NULL: what the file says */
    bool partial;           /* what is missing is drawn anew, what is unexpected left out */
    fv_foreign_options reading;
} fv_import_options;

/* What became of each tensor; lists are sorted as the network's states, or the file's tensors. In the arena given. */
typedef struct fv_import_report {
    const fv_foreign_file *file; /* borrowed from the import */
    const fv_key_style *style;
    const char *arch;       /* with its classes */
    fv_strings matched;     /* our names */
    fv_strings reshaped;    /* of those: "conv1.weight [64,3,7,7] -> [64,7,7,3]" */
    fv_strings missing;     /* our names that the file has no tensor for */
    fv_strings unexpected;  /* the file's names that the network has no place for */
    fv_strings mismatched;  /* "fc.weight: [10,512] in the file, [1000,512] in the network": neither matched nor missing */
    const char *preprocess; /* its name */
    const char *steps;
    const char *licence;
    int64_t classes;
} fv_import_report;
/* All of the file is in the network, and all of the network from the file. */
bool fv_import_is_whole(const fv_import_report *report);

typedef struct fv_import {
    fv_foreign_file *file;
    fv_model *model; /* NULL unless the import is whole, or partial was asked for */
    fv_import_report report;
} fv_import;

/* Reads and reports; that something does not fit is no error here. Release `out` afterwards either way. */
FV_MUST_USE fv_error *fv_import_read(const fv_import_options *options, fv_arena *arena, fv_import *out);
void fv_import_release(fv_import *import);

/* Section selftest: a picture made by formula, of the signature's size, and what the network gives for it by these steps. */
FV_MUST_USE fv_error *fv_import_add_selftest(fv_model *model, const fv_signature_section *signature, const char *steps,
                                             fv_arena *arena);

/* The tensors of `file` as the style names them into `weights`, which hold every state already. FV_FORMAT: one that is missing
 * or has another shape. For what was exported and is read back. */
FV_MUST_USE fv_error *fv_import_tensors(const fv_keys *keys, const fv_foreign_file *file, fv_weights *weights);

typedef struct fv_verification {
    int64_t pictures, outputs;
    double max_abs_diff, largest; /* |ours − theirs|, |theirs| */
} fv_verification;
/* Runs the network on the arrays `input` (N×C×H×W, or N×H×W×C; f32) of an .npz and compares with its `output` (N×classes). */
FV_MUST_USE fv_error *fv_import_verify(const fv_model *model, const char *path, fv_verification *out);

#endif
