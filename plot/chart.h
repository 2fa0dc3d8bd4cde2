/* chart.h - the charts of a report: lines, bars, points, a histogram, heat maps, a reliability diagram, parallel coordinates.
 * Numbers and names in,
 * SVG or PNG out; plot computes no figure. Dark on white, colours that can be told apart by everyone (Okabe and Ito's), the
 * same bytes every time. Zero in a member is its default. Texts may hold anything. */
#ifndef FV_PLOT_CHART_H
#define FV_PLOT_CHART_H

#include <stdbool.h>

#include "core/base/text.h"

typedef enum fv_plot_format { FV_PLOT_SVG, FV_PLOT_PNG } fv_plot_format;

/* ---- lines ---- */

typedef struct fv_series {
    const char
        *name; /* in the legend, if there is more than one; NULL: not in it, drawn thin and grey unless it has a colour */
    int64_t count;
    const double *x, *y; /* a point that is not finite leaves a gap */
    bool dashed;
    int64_t colour; /* from 1: colours are 7, the next 7 are dashed, and round again; 0: its own place among the series */
} fv_series;

/* A range whose ends are equal is that of the data. */
typedef struct fv_line_chart {
    const char *title, *x_label, *y_label;
    int64_t count;
    const fv_series *series;
    double x_range[2], y_range[2];
    bool log_x, log_y;
    bool whole_x;     /* ticks at whole numbers: epochs */
    bool diagonal;    /* a dashed line from corner to corner: what guessing gives */
    const char *mark; /* what is said at the point `mark_x`, `mark_y`; NULL: none */
    double mark_x, mark_y;
    int64_t width, height; /* 0: 460, 300 */
} fv_line_chart;
FV_MUST_USE fv_error *fv_plot_lines(const fv_line_chart *chart, fv_plot_format format, fv_text *out);

/* ---- bars ---- */

#define FV_BAR_SERIES_MAX 3

/* Horizontal, one row a name, a bar a series in it with its value behind it. The chart grows with the names. */
typedef struct fv_bar_chart {
    const char *title, *x_label;
    int64_t count; /* names */
    const char *const *names;
    int series;
    const char *series_names[FV_BAR_SERIES_MAX]; /* the legend, of more than one */
    const double *values[FV_BAR_SERIES_MAX];     /* ≥ 0; NaN: no bar, "–" */
    const char *const *texts[FV_BAR_SERIES_MAX]; /* what stands behind each bar; NULL: the value */
    double highest;                              /* where the axis ends; 0: at the largest value */
    int64_t width;                               /* 0: 460 */
} fv_bar_chart;
FV_MUST_USE fv_error *fv_plot_bars(const fv_bar_chart *chart, fv_plot_format format, fv_text *out);

/* ---- points ---- */

/* A point a sample. Of many that lie on one another one is drawn, the darker the more they are. */
typedef struct fv_scatter_chart {
    const char *title, *x_label, *y_label;
    int64_t count;
    const double *x, *y;   /* one that is not finite is left out */
    bool same_scale;       /* both axes have one range, and a dashed diagonal is where x and y are equal */
    int64_t width, height; /* 0: 460, 440 */
} fv_scatter_chart;
FV_MUST_USE fv_error *fv_plot_scatter(const fv_scatter_chart *chart, fv_plot_format format, fv_text *out);

/* ---- a histogram ---- */

/* Bins of equal width from low to high; a dashed line at 0 where that lies between. FV_USAGE: no bin, no range. */
typedef struct fv_histogram_chart {
    const char *title, *x_label, *y_label;
    double low, high;
    int64_t bins;
    const int64_t *counts; /* one a bin */
    int64_t width, height; /* 0: 460, 300 */
} fv_histogram_chart;
FV_MUST_USE fv_error *fv_plot_histogram(const fv_histogram_chart *chart, fv_plot_format format, fv_text *out);

/* ---- a confusion matrix ---- */

#define FV_MATRIX_CLASSES_MAX 200

/* Row: what is true, column: what was said. The diagonal is blue, mistakes vermilion; the darker the more. Up to 20 classes
 * have their numbers in the cells. FV_USAGE: more than FV_MATRIX_CLASSES_MAX classes. */
typedef struct fv_matrix_chart {
    const char *title;
    int64_t classes;
    const char *const *names;
    const double *cells; /* classes × classes, ≥ 0 */
    bool shares;         /* cells are shares of their row, said in per cent; else counts */
    bool difference;     /* cells are counts less other counts, of either sign: more is blue, fewer vermilion */
} fv_matrix_chart;
FV_MUST_USE fv_error *fv_plot_matrix(const fv_matrix_chart *chart, fv_plot_format format, fv_text *out);

/* ---- parallel coordinates ---- */

#define FV_PARALLEL_AXES_MAX 40

/* A value a line; NaN: not known, and the line has a gap. */
typedef struct fv_parallel_axis {
    const char *name;
    const double *values;          /* of categories their numbers */
    const char *const *categories; /* from below to above; NULL: an axis of numbers */
    int64_t category_count;
    bool logarithmic;
} fv_parallel_axis;

/* Axes side by side, and a line through its values on all of them. The chart grows with the axes. FV_USAGE: no axis, or more
 * than FV_PARALLEL_AXES_MAX. */
typedef struct fv_parallel_chart {
    const char *title;
    int64_t count, axis_count; /* lines; axes */
    const fv_parallel_axis *axes;
    const double *colours; /* a number a line, from dark to light; NULL: all are of one colour */
    const char *colours_name;
    int64_t height; /* 0: 320 */
} fv_parallel_chart;
FV_MUST_USE fv_error *fv_plot_parallel(const fv_parallel_chart *chart, fv_plot_format format, fv_text *out);

/* ---- calibration ---- */

/* How often an answer of such a confidence is right, over how many answers there are of it; or, `of_labels`, how often a label
 * of such a probability is true. */
typedef struct fv_reliability_chart {
    const char *title;
    int64_t bins;                       /* of equal width, from 0 to 1 */
    const double *confidence, *correct; /* means of a bin: what was said, and the share that was right */
    const int64_t *counts;              /* 0: the bin is empty */
    const char *note;                   /* a line above the diagram: "ECE 0.034" */
    bool of_labels;
} fv_reliability_chart;
FV_MUST_USE fv_error *fv_plot_reliability(const fv_reliability_chart *chart, fv_plot_format format, fv_text *out);

#endif
