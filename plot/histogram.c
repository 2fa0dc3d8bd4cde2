/* histogram.c - how many there are of each size: bars without gaps over an axis of numbers. */
#include <math.h>

#include "core/base/size.h"
#include "plot/frame.h"

static double most(const fv_histogram_chart *chart) {
    int64_t count = 1;
    for (int64_t b = 0; b < chart->bins; b++) count = fv_max(count, chart->counts[b]);
    return (double)count;
}

static void draw_bars(fv_canvas *canvas, const fv_histogram_chart *chart, const fv_frame *frame) {
    double wide = (chart->high - chart->low) / (double)chart->bins;
    for (int64_t b = 0; b < chart->bins; b++) {
        fv_point left = fv_plot_at(frame, chart->low + wide * (double)b, (double)chart->counts[b]);
        fv_point right = fv_plot_at(frame, chart->low + wide * (double)(b + 1), 0);
        if (chart->counts[b])
            fv_canvas_box(canvas, left.x + 0.5, left.y, fmax(right.x - left.x - 1, 0.5), right.y - left.y, fv_plot_colour(0));
    }
}

static void draw_zero(fv_canvas *canvas, const fv_frame *f) {
    fv_point at = fv_plot_at(f, 0, f->y.low);
    if (!(f->x.low < 0 && f->x.high > 0)) return;
    fv_canvas_line(canvas, (const fv_point[]){ { at.x, f->top }, at }, 2, FV_INK, 1, true);
}

static fv_error *draw(fv_canvas *canvas, const fv_histogram_chart *chart, double width, double height) {
    double top = fv_plot_heading(canvas, chart->title, NULL, 0, width);
    fv_frame frame = { .left = FV_PLOT_MARGIN, .top = top };
    frame.width = width - 2 * FV_PLOT_MARGIN - 4;
    frame.height = height - top - FV_PLOT_MARGIN + 6;
    fv_plot_frame(&(fv_axis_options){ .low = chart->low, .high = chart->high },
                  &(fv_axis_options){ .high = most(chart), .whole = true, .outwards = true }, chart->x_label, chart->y_label,
                  &frame);
    fv_plot_axes(canvas, &frame, chart->x_label, chart->y_label);
    draw_bars(canvas, chart, &frame);
    draw_zero(canvas, &frame);
    return fv_canvas_finish(canvas);
}

fv_error *fv_plot_histogram(const fv_histogram_chart *chart, fv_plot_format format, fv_text *out) {
    int64_t width = chart->width ? chart->width : FV_PLOT_WIDTH, height = chart->height ? chart->height : FV_PLOT_HEIGHT;
    if (chart->bins < 1 || !(chart->low < chart->high)) return fv_fail(FV_USAGE, "a histogram needs a bin and a range");
    FV_OWNED(fv_canvas) canvas = NULL;
    FV_TRY(fv_plot_canvas(format, width, height, chart->title, out, &canvas));
    return draw(canvas, chart, (double)width, (double)height);
}
