/* frame.h - what charts have in common: canvas, title, legend, axes with ticks that do not touch. */
#ifndef FV_PLOT_FRAME_H
#define FV_PLOT_FRAME_H

#include "plot/axis.h"
#include "plot/canvas.h"
#include "plot/chart.h"

#define FV_PLOT_WIDTH 460
#define FV_PLOT_HEIGHT 300
#define FV_PLOT_LETTERS 11.0
#define FV_PLOT_MARGIN 12.0

#define FV_PLOT_COLOURS 7
fv_colour fv_plot_colour(int64_t series); /* of the series' number, going round */

FV_MUST_USE fv_error *fv_plot_canvas(fv_plot_format format, int64_t width, int64_t height, const char *title, fv_text *out,
                                     fv_canvas **canvas);

/* A word of a legend. */
typedef struct fv_legend_entry {
    const char *name;
    fv_colour colour;
    bool dashed, box; /* box: a filled square, else a piece of line */
} fv_legend_entry;

/* The title, and below it the legend in as many lines as it takes: the y where the chart may begin. Without a canvas it is only
 * measured. */
double fv_plot_heading(fv_canvas *canvas, const char *title, const fv_legend_entry *entries, int64_t count, double width);

/* The field that axes enclose. */
typedef struct fv_frame {
    double left, top, width, height;
    fv_axis x, y;
} fv_frame;

/* Makes the axes for a field whose outer edges are given: room for ticks and labels is taken from it. Labels may be NULL. */
void fv_plot_frame(const fv_axis_options *x, const fv_axis_options *y, const char *x_label, const char *y_label,
                   fv_frame *frame);
/* Grid, ticks, labels. */
void fv_plot_axes(fv_canvas *canvas, const fv_frame *frame, const char *x_label, const char *y_label);
fv_point fv_plot_at(const fv_frame *frame, double x, double y); /* NaN where it has no place */

#endif
