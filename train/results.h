/* results.h - results.csv read back: a column of numbers by its name. */
#ifndef FV_TRAIN_RESULTS_H
#define FV_TRAIN_RESULTS_H

#include "core/base/arena.h"

typedef struct fv_results {
    int64_t rows, columns;
    const char *const *names;
    const double *cells; /* rows × columns; an empty cell is NaN */
} fv_results;

/* In `arena`. FV_FORMAT with the line: rows of another length, what is no number. */
FV_MUST_USE fv_error *fv_results_read(const char *path, fv_arena *arena, fv_results *out);
/* The column's numbers, `rows` of them, in `arena`; NULL when there is no such column. */
FV_MUST_USE fv_error *fv_results_column(const fv_results *results, const char *name, fv_arena *arena, const double **out);

#endif
