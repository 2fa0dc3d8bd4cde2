/* scatter.c - points in a field. Those that would lie on one another become one that is darker, so that ten thousand stay a
 * small file and still show where most of them are. */
#include <math.h>

#include "core/base/memory.h"
#include "core/base/size.h"
#include "plot/frame.h"

#define FEW 500    /* up to so many are larger */
#define CELL 2.0   /* pixels within which points are one */
#define HEIGHT 440 /* with the default width a field that is nearly square */
#define SHADES 3   /* 1 point, 2 to 4, more */
#define SAME_MARGIN 0.03

static const fv_colour shades[SHADES] = { 0x56B4E9, 0x0072B2, 0x00406B };

static int shade_of(int64_t points) { return points < 2 ? 0 : points < 5 ? 1 : 2; }

static bool is_point(const fv_scatter_chart *chart, int64_t i) { return isfinite(chart->x[i]) && isfinite(chart->y[i]); }

static void widen(double range[2], double value) {
    range[0] = fmin(range[0], value);
    range[1] = fmax(range[1], value);
}

/* What the data take of each axis; of one scale, both what either takes, and a little more so that no point is cut. */
static void find_ranges(const fv_scatter_chart *chart, double x[2], double y[2]) {
    x[0] = y[0] = INFINITY, x[1] = y[1] = -INFINITY;
    for (int64_t i = 0; i < chart->count; i++) {
        if (!is_point(chart, i)) continue;
        widen(x, chart->x[i]);
        widen(y, chart->y[i]);
    }
    if (!chart->same_scale) return;
    double low = fmin(x[0], y[0]), high = fmax(x[1], y[1]), margin = SAME_MARGIN * (high - low);
    x[0] = y[0] = low - margin;
    x[1] = y[1] = high + margin;
}

/* How many points are in each cell of the field. */
typedef struct cells {
    int64_t rows, columns;
    int64_t *counts;
} cells;

static fv_error *count_points(const fv_scatter_chart *chart, const fv_frame *f, cells *c) {
    c->columns = (int64_t)(f->width / CELL) + 1;
    c->rows = (int64_t)(f->height / CELL) + 1;
    FV_TRY(fv_memory_alloc(c->rows * c->columns, sizeof *c->counts, (void **)&c->counts));
    for (int64_t i = 0; i < chart->count; i++) {
        if (!is_point(chart, i)) continue;
        fv_point at = fv_plot_at(f, chart->x[i], chart->y[i]);
        int64_t row = fv_min(fv_max((int64_t)((at.y - f->top) / CELL), 0), c->rows - 1);
        int64_t column = fv_min(fv_max((int64_t)((at.x - f->left) / CELL), 0), c->columns - 1);
        c->counts[row * c->columns + column]++;
    }
    return NULL;
}

/* Lighter ones first: where dots overlap the darker is seen. */
static void draw_cells(fv_canvas *canvas, const fv_frame *f, const cells *c, double radius) {
    for (int shade = 0; shade < SHADES; shade++)
        for (int64_t i = 0; i < c->rows * c->columns; i++)
            if (c->counts[i] && shade_of(c->counts[i]) == shade)
                fv_canvas_dot(canvas, f->left + ((double)(i % c->columns) + 0.5) * CELL,
                              f->top + ((double)(i / c->columns) + 0.5) * CELL, radius, shades[shade]);
}

static fv_error *draw(fv_canvas *canvas, const fv_scatter_chart *chart, double width, double height) {
    double x[2], y[2], top = fv_plot_heading(canvas, chart->title, NULL, 0, width);
    fv_frame frame = { .left = FV_PLOT_MARGIN, .top = top };
    frame.width = width - 2 * FV_PLOT_MARGIN - 4;
    frame.height = height - top - FV_PLOT_MARGIN + 6;
    find_ranges(chart, x, y);
    bool outwards = !chart->same_scale; /* ticks of two axes of unlike length would end in unlike ranges */
    fv_plot_frame(&(fv_axis_options){ .low = x[0], .high = x[1], .outwards = outwards },
                  &(fv_axis_options){ .low = y[0], .high = y[1], .outwards = outwards }, chart->x_label, chart->y_label,
                  &frame);
    fv_plot_axes(canvas, &frame, chart->x_label, chart->y_label);
    if (chart->same_scale)
        fv_canvas_line(canvas,
                       (const fv_point[]){ { frame.left, frame.top + frame.height }, { frame.left + frame.width, frame.top } },
                       2, FV_FAINT, 1, true);
    cells c;
    FV_TRY(count_points(chart, &frame, &c));
    draw_cells(canvas, &frame, &c, chart->count <= FEW ? 2.4 : 1.6);
    fv_memory_free(c.counts);
    return fv_canvas_finish(canvas);
}

fv_error *fv_plot_scatter(const fv_scatter_chart *chart, fv_plot_format format, fv_text *out) {
    int64_t width = chart->width ? chart->width : FV_PLOT_WIDTH, height = chart->height ? chart->height : HEIGHT;
    FV_OWNED(fv_canvas) canvas = NULL;
    FV_TRY(fv_plot_canvas(format, width, height, chart->title, out, &canvas));
    return draw(canvas, chart, (double)width, (double)height);
}
