/* exporter.h - what an exporter is: one file exchange/exporters/FORMAT.c that writes a model for others, reads what it wrote,
 * and says how far the two are apart. `fovea export MODEL --NAME OUT` calls the one called NAME; its row in cli/export.c is the
 * only other line. */
#ifndef FV_EXCHANGE_EXPORTER_H
#define FV_EXCHANGE_EXPORTER_H

#include "core/base/part.h"
#include "exchange/origin.h"

typedef struct fv_export_call {
    fv_model *model;
    const char *path;
    const char *style;    /* of names; NULL: the model's origin's */
    const char *licence;  /* of the model, to be put into the file where it has a place; NULL: none is known */
    bool preprocessing;   /* the transforms go into the graph, where that is possible */
    fv_arena *arena;      /* lives as long as the call */
    double max_abs_diff;  /* out: between what was written and the model */
    const char *compared; /* out: what was compared, in words */
} fv_export_call;

typedef struct fv_exporter {
    FV_PART;
    /* Writes call->path. An error, and no file, when what was written is not the model. */
    fv_error *(*write)(fv_export_call *call);
} fv_exporter;

extern const fv_exporter *const fv_exporter_table[]; /* generated, sorted by name */
extern const int fv_exporter_table_count;

/* The licences that the model says it is under, as one text: "weights of x.pth: Apache-2.0; training data: CC0"; NULL: none. In
 * `arena`. */
FV_MUST_USE fv_error *fv_export_licence(const fv_model *model, fv_arena *arena, const char **out);

/* The model's parameters and buffers by the names of its style into a file of weights, which is read back: every bit is the
 * model's. */
FV_MUST_USE fv_error *fv_export_weights(fv_export_call *call, const fv_format *format);

#endif
