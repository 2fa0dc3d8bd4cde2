/* lines.c - line charts. Points closer than half a pixel are left out: a curve over ten thousand pictures stays small. */
#include <math.h>

#include "core/base/memory.h"
#include "core/base/size.h"
#include "plot/frame.h"

#define LEGEND_MAX 14 /* each colour, and each dashed */

static fv_colour colour_of(const fv_line_chart *chart, int64_t s) {
    const fv_series *series = &chart->series[s];
    return series->name || series->colour ? fv_plot_colour(series->colour ? series->colour - 1 : s) : 0xBBBBBB;
}

static bool is_dashed(const fv_line_chart *chart, int64_t s) {
    const fv_series *series = &chart->series[s];
    int64_t number = series->colour ? series->colour - 1 : s;
    return series->dashed || ((series->name || series->colour) && number / FV_PLOT_COLOURS % 2);
}

static void widen(double range[2], double value, bool positive) {
    if (!isfinite(value) || (positive && value <= 0)) return;
    range[0] = fmin(range[0], value);
    range[1] = fmax(range[1], value);
}

/* The range asked for, or that of the data. */
static void find_range(const fv_line_chart *chart, bool of_x, double range[2]) {
    const double *wanted = of_x ? chart->x_range : chart->y_range;
    range[0] = INFINITY, range[1] = -INFINITY;
    if (wanted[0] != wanted[1]) range[0] = wanted[0], range[1] = wanted[1];
    if (wanted[0] != wanted[1]) return;
    for (int64_t s = 0; s < chart->count; s++)
        for (int64_t i = 0; i < chart->series[s].count; i++)
            widen(range, of_x ? chart->series[s].x[i] : chart->series[s].y[i], of_x ? chart->log_x : chart->log_y);
    if (chart->mark) widen(range, of_x ? chart->mark_x : chart->mark_y, of_x ? chart->log_x : chart->log_y);
}

static double heading(fv_canvas *canvas, const fv_line_chart *chart, double width) {
    fv_legend_entry entries[LEGEND_MAX];
    int64_t count = 0;
    for (int64_t s = 0; s < chart->count && count < LEGEND_MAX; s++)
        if (chart->series[s].name)
            entries[count++] = (fv_legend_entry){ .name = chart->series[s].name,
                                                  .colour = colour_of(chart, s),
                                                  .dashed = is_dashed(chart, s) };
    return fv_plot_heading(canvas, chart->title, entries, count > 1 ? count : 0, width); /* one is what the title says */
}

/* The points from `*next` on, up to a gap. */
static int64_t gather(const fv_series *series, const fv_frame *frame, int64_t *next, fv_point *points) {
    int64_t count = 0, i = *next;
    while (i < series->count &&
           isnan(fv_plot_at(frame, series->x[i], series->y[i]).x + fv_plot_at(frame, series->x[i], series->y[i]).y))
        i++;
    for (; i < series->count; i++) {
        fv_point p = fv_plot_at(frame, series->x[i], series->y[i]);
        if (isnan(p.x + p.y)) break;
        bool last = i + 1 == series->count;
        bool near = count && fabs(p.x - points[count - 1].x) < 0.5 && fabs(p.y - points[count - 1].y) < 0.5;
        if (!near || last) points[count++] = p;
    }
    *next = i;
    return count;
}

static void draw_series(fv_canvas *canvas, const fv_line_chart *chart, int64_t number, const fv_frame *frame,
                        fv_point *points) {
    const fv_series *series = &chart->series[number];
    fv_colour colour = colour_of(chart, number);
    bool coloured = series->name || series->colour, dashed = is_dashed(chart, number);
    for (int64_t next = 0; next < series->count;) {
        int64_t count = gather(series, frame, &next, points);
        if (count > 1) fv_canvas_line(canvas, points, count, colour, coloured ? 2 : 1, dashed);
        if (count == 1 || (count > 1 && series->count <= 40 && coloured && !dashed))
            for (int64_t i = 0; i < count; i++) fv_canvas_dot(canvas, points[i].x, points[i].y, 2.2, colour);
    }
}

/* Beside its point where there is room. */
static void draw_mark(fv_canvas *canvas, const fv_line_chart *chart, const fv_frame *f) {
    fv_point at = fv_plot_at(f, chart->mark_x, chart->mark_y);
    if (!chart->mark || isnan(at.x + at.y)) return;
    bool left = at.x + fv_canvas_text_width(chart->mark, FV_PLOT_LETTERS, true) + 8 > f->left + f->width;
    fv_letters letters = { .size = FV_PLOT_LETTERS, .colour = FV_INK, .bold = true };
    letters.anchor = left ? FV_ANCHOR_END : FV_ANCHOR_START;
    fv_canvas_line(canvas, (const fv_point[]){ { at.x, f->top }, { at.x, f->top + f->height } }, 2, FV_INK, 1, true);
    fv_canvas_dot(canvas, at.x, at.y, 4, FV_INK);
    bool low = at.y < f->top + f->height / 2; /* away from the point, and from the curve that leads there */
    fv_canvas_text(canvas, at.x + (left ? -7 : 7), low ? f->top + f->height - 8 : f->top + 12, &letters, chart->mark);
}

static fv_error *draw(fv_canvas *canvas, const fv_line_chart *chart, double width, double height) {
    double x[2], y[2], top = heading(canvas, chart, width);
    fv_frame frame = { .left = FV_PLOT_MARGIN, .top = top };
    frame.width = width - 2 * FV_PLOT_MARGIN - 4;
    frame.height = height - top - FV_PLOT_MARGIN + 6;
    find_range(chart, true, x);
    find_range(chart, false, y);
    fv_plot_frame(&(fv_axis_options){ .low = x[0], .high = x[1], .logarithmic = chart->log_x, .whole = chart->whole_x },
                  &(fv_axis_options){ .low = y[0], .high = y[1], .logarithmic = chart->log_y, .outwards = true },
                  chart->x_label, chart->y_label, &frame);
    fv_plot_axes(canvas, &frame, chart->x_label, chart->y_label);
    if (chart->diagonal)
        fv_canvas_line(canvas,
                       (const fv_point[]){ { frame.left, frame.top + frame.height }, { frame.left + frame.width, frame.top } },
                       2, FV_FAINT, 1, true);
    int64_t longest = 1;
    for (int64_t s = 0; s < chart->count; s++) longest = fv_max(longest, chart->series[s].count);
    FV_OWNED(fv_memory) points = NULL;
    FV_TRY(fv_memory_alloc(longest, sizeof(fv_point), &points));
    for (int64_t s = chart->count; s-- > 0;) draw_series(canvas, chart, s, &frame, points); /* the first on top */
    draw_mark(canvas, chart, &frame);
    return fv_canvas_finish(canvas);
}

fv_error *fv_plot_lines(const fv_line_chart *chart, fv_plot_format format, fv_text *out) {
    int64_t width = chart->width ? chart->width : FV_PLOT_WIDTH, height = chart->height ? chart->height : FV_PLOT_HEIGHT;
    FV_OWNED(fv_canvas) canvas = NULL;
    FV_TRY(fv_plot_canvas(format, width, height, chart->title, out, &canvas));
    return draw(canvas, chart, (double)width, (double)height);
}
