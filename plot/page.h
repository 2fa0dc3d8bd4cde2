/* page.h - one HTML page with all that it shows inside it: no script, no other file, nothing that is fetched. It is read on
 * wide and narrow screens, light and dark ones, and on paper. Every text is escaped: class names and paths are other people's.
 *
 *   fv_page_begin(&html, "Training report: run");
 *   fv_page_section(&html, "What was trained");
 *   fv_page_text(&html, "%lld pictures of %lld classes.", …);
 *   fv_page_end(&html);
 *
 * Calls append to `out`; its sticky error tells of what did not fit. */
#ifndef FV_PLOT_PAGE_H
#define FV_PLOT_PAGE_H

#include "plot/picture.h"
#include "plot/sheet.h"

void fv_page_begin(fv_text *out, const char *title);
void fv_page_end(fv_text *out);

/* A heading, and a smaller one. */
void fv_page_section(fv_text *out, const char *heading);
void fv_page_part(fv_text *out, const char *heading);

void fv_page_text(fv_text *out, const char *format, ...) FV_PRINTF(2, 3); /* a paragraph */
void fv_page_note(fv_text *out, const char *format, ...) FV_PRINTF(2, 3); /* a paragraph that must not be overlooked */
void fv_page_code(fv_text *out, const char *text);                        /* lines as they are */

/* Folded away until it is asked for: what is long and seldom read. */
void fv_page_fold(fv_text *out, const char *summary);
void fv_page_fold_end(fv_text *out);

/* ---- tables ---- */

typedef struct fv_column {
    const char *heading;
    bool number; /* aligned to the right */
} fv_column;
/* `cells`: rows × columns, row by row; NULL is an empty cell. */
void fv_page_table(fv_text *out, const fv_column *columns, int64_t column_count, const char *const *cells, int64_t rows);

/* ---- figures that matter, large, side by side ---- */

void fv_page_figures(fv_text *out);
/* `note`: a smaller line below, as the interval. */
void fv_page_figure(fv_text *out, const char *value, const char *name, const char *note, fv_tone tone);
void fv_page_figures_end(fv_text *out);

/* ---- charts and pictures, in rows that break ---- */

void fv_page_row(fv_text *out);
/* What fv_plot_… gave. On a narrow screen it shrinks; a `wide` one keeps its size and is scrolled. */
void fv_page_chart(fv_text *out, const fv_text *svg, bool wide);
/* Shown as fv_picture_fit says for `box`; lines of the caption with '\n' between. */
FV_MUST_USE fv_error *fv_page_picture(fv_text *out, const fv_picture *picture, int64_t box, const char *caption, fv_tone tone);
void fv_page_row_end(fv_text *out);

#endif
