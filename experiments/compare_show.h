/* compare_show.h - a comparison as pictures, and as one page that has everything. */
#ifndef FV_EXPERIMENTS_COMPARE_SHOW_H
#define FV_EXPERIMENTS_COMPARE_SHOW_H

#include "experiments/compare.h"
#include "fovea/data.h"
#include "plot/chart.h"
#include "plot/sheet.h"

/* ---- charts ---- */

/* A curve of every run that has it; runs of a group share a colour. FV_NOT_FOUND: no run has it. */
FV_MUST_USE fv_error *fv_comparison_curves(const fv_comparison *comparison, const char *key, bool log_y, fv_plot_format format,
                                           fv_text *out);
/* Parallel coordinates: the settings that differ, then figures, the metric last; a line a run, coloured by the metric. */
FV_MUST_USE fv_error *fv_comparison_parallel(const fv_comparison *comparison, fv_plot_format format, fv_text *out);
/* The confusion of pair number `pair`: counts of its second run less those of its first. FV_USAGE: it has none, or too many
 * classes. */
FV_MUST_USE fv_error *fv_comparison_confusion(const fv_comparison *comparison, int64_t pair, fv_plot_format format,
                                              fv_text *out);

/* ---- pictures that one gets right and the other wrong ---- */

/* Of a pair: places in the runs' outcomes of pictures that only its second run (`second`), or only its first, has right; the
 * surest mistakes first, at most `most`. `*all`: how many there are. Of numbers there are none: nothing is right or wrong. */
FV_MUST_USE fv_error *fv_comparison_disputed(const fv_comparison *comparison, int64_t pair, bool second, int64_t most,
                                             fv_arena *arena, int64_t **out, int64_t *count, int64_t *all);
/* What is true and what either says, two or three lines. */
FV_MUST_USE fv_error *fv_comparison_caption(const fv_comparison *comparison, int64_t pair, int64_t place, fv_arena *arena,
                                            const char **out);

/* The pictures that a run was tested on, where its settings say they are, or in `data`. */
typedef struct fv_run_pictures fv_run_pictures;
FV_MUST_USE fv_error *fv_run_pictures_open(const fv_run_facts *run, const char *data, fv_run_pictures **out);
void fv_run_pictures_free(fv_run_pictures *pictures);
FV_CLEANUP(fv_run_pictures);
/* As bytes. FV_NOT_FOUND: there is no such picture there. */
FV_MUST_USE fv_error *fv_run_pictures_read(const fv_run_pictures *pictures, const char *id, fv_image *out);

/* A PNG of both kinds, one below the other. FV_NOT_FOUND: there are none to show. */
FV_MUST_USE fv_error *fv_comparison_sheet(const fv_comparison *comparison, int64_t pair, const fv_run_pictures *pictures,
                                          fv_text *out);

/* ---- the page ---- */

typedef struct fv_comparison_page_options {
    const fv_run_pictures *pictures; /* NULL: none are shown, and */
    const char *no_pictures;         /* this is why */
} fv_comparison_page_options;
FV_MUST_USE fv_error *fv_comparison_page(const fv_comparison *comparison, const fv_comparison_page_options *options,
                                         fv_text *html);

#endif
