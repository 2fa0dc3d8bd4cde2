/* figures.h - what fovea eval says of a classifier's answers: figures with their intervals, each class, who is taken for whom.
 */
#ifndef FV_CLI_FIGURES_H
#define FV_CLI_FIGURES_H

#include "cli/printer.h"
#include "core/base/arena.h"
#include "fovea/metrics.h"

/* Measured once, printed twice: keys and JSON inside the record, tables for people behind it. Arrays are in an arena. */
typedef struct fv_figures {
    int64_t classes;
    const char *const *names;
    double balanced_accuracy, macro_f1;
    fv_interval top1_interval, balanced_accuracy_interval, macro_f1_interval;
    const int64_t *counts; /* classes × classes, rows: truth */
    const fv_class_figures *per_class;
} fv_figures;

/* `names`: of the classes; kept. */
FV_MUST_USE fv_error *fv_figures_measure(const fv_outcomes *outcomes, const char *const *names, fv_arena *arena,
                                         fv_figures *out);
/* Into an open record: in JSON the value, in text with its interval behind it. */
void fv_figures_print_one(fv_printer *printer, const char *key, double value, fv_interval interval);
/* Into an open record: balanced_accuracy, macro_f1 and the intervals; in JSON also per_class and confusion. */
void fv_figures_print(fv_printer *printer, const fv_figures *figures);
/* Of text only, behind the record: a line a class, at most 20, else the 10 with the lowest F1; the pairs most often confused.
 */
FV_MUST_USE fv_error *fv_figures_tables(fv_printer *printer, const fv_figures *figures);

#endif
