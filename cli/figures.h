/* figures.h - what fovea eval says of a model's answers: figures with their intervals; of classes each class, and of one class
 * a picture who is taken for whom. */
#ifndef FV_CLI_FIGURES_H
#define FV_CLI_FIGURES_H

#include "cli/printer.h"
#include "core/base/arena.h"
#include "fovea/metrics.h"

typedef struct fv_figure {
    const char *key, *metric; /* in the record; as fv_metric_measure takes it */
    double value;
    fv_interval interval; /* NaN: none */
} fv_figure;

/* Measured once, printed twice: keys and JSON inside the record, tables for people behind it. Arrays are in an arena. */
#define FV_FIGURES_MAX 5
typedef struct fv_figures {
    fv_outcome_kind kind;
    int64_t classes, count;
    const char *const *names;
    fv_figure at[FV_FIGURES_MAX];      /* the first is the score */
    const fv_class_figures *per_class; /* NULL: of numbers, as the following */
    const int64_t *confusion;          /* classes × classes, rows: truth; NULL: of several labels */
    const double *average_precision;   /* of each label; NULL: of one class; NaN: no picture has it */
} fv_figures;

/* `names`: of the classes; kept. Labels are answered yes from one half on. */
FV_MUST_USE fv_error *fv_figures_measure(const fv_outcomes *outcomes, const char *const *names, fv_arena *arena,
                                         fv_figures *out);
/* Into an open record: in JSON the value, in text with its interval behind it. */
void fv_figures_print_one(fv_printer *printer, const char *key, double value, fv_interval interval);
/* Into an open record: all but the score's value, the intervals; in JSON also per_class and confusion. */
void fv_figures_print(fv_printer *printer, const fv_figures *figures);
/* Of text only, behind the record: a line a class, at most 20, else the 10 with the lowest F1; the pairs most often confused.
 */
FV_MUST_USE fv_error *fv_figures_tables(fv_printer *printer, const fv_figures *figures);

#endif
