/* bars.c - horizontal bars: names of any length stand in front of them, and the chart grows downwards. */
#include <math.h>

#include "core/base/size.h"
#include "plot/frame.h"

#define NAME_MAX_WIDTH 150.0
#define GAP 6.0 /* between rows */

/* Bars get thinner when there are many. */
static double bar_of(const fv_bar_chart *chart) {
    int64_t bars = chart->count * chart->series;
    return bars <= 30 ? 14 : bars <= 120 ? 11 : 9;
}

static double letters_of(const fv_bar_chart *chart) {
    return fmin(FV_PLOT_LETTERS, bar_of(chart) + (chart->series > 1 ? 2 : 0));
}

static double row_of(const fv_bar_chart *chart) { return bar_of(chart) * chart->series + (chart->count > 60 ? 2 : GAP); }

static double names_width(const fv_bar_chart *chart) {
    double widest = 0;
    for (int64_t i = 0; i < chart->count; i++)
        widest = fmax(widest, fv_canvas_text_width(chart->names[i], letters_of(chart), false));
    return fmin(widest, NAME_MAX_WIDTH);
}

static double highest(const fv_bar_chart *chart) {
    double most = chart->highest;
    for (int s = 0; s < chart->series && !(chart->highest > 0); s++)
        for (int64_t i = 0; i < chart->count; i++)
            if (isfinite(chart->values[s][i])) most = fmax(most, chart->values[s][i]);
    return most > 0 ? most : 1;
}

static void print_value(const fv_bar_chart *chart, int s, int64_t i, fv_text *out) {
    double value = chart->values[s][i];
    if (chart->texts[s])
        fv_text_add(out, chart->texts[s][i]);
    else if (isfinite(value))
        fv_axis_print(fabs(value) < 100 ? round(value * 1000) / 1000 : round(value), out);
    else
        fv_text_add(out, "–");
}

static double values_width(const fv_bar_chart *chart) {
    double widest = 0;
    for (int s = 0; s < chart->series; s++)
        for (int64_t i = 0; i < chart->count; i++) {
            FV_TEXT(text, 1 << 12);
            print_value(chart, s, i, &text);
            widest = fmax(widest, fv_canvas_text_width(text.at, letters_of(chart), false));
        }
    return widest;
}

static void draw_row(fv_canvas *canvas, const fv_bar_chart *chart, int64_t i, double left, double y, double scale) {
    double bar = bar_of(chart), size = letters_of(chart), middle = y + bar * chart->series / 2;
    fv_letters name = { .size = size, .colour = FV_INK, .anchor = FV_ANCHOR_END };
    fv_letters value = { .size = fmin(size, bar), .colour = FV_FAINT };
    FV_TEXT(cut, 1 << 12);
    fv_canvas_cut_text(chart->names[i], size, false, NAME_MAX_WIDTH, &cut);
    fv_canvas_text(canvas, left - 6, middle + size * 0.36, &name, cut.at);
    fv_canvas_fail(canvas, fv_text_error(&cut));
    for (int s = 0; s < chart->series; s++, y += bar) {
        FV_TEXT(text, 1 << 12);
        print_value(chart, s, i, &text);
        double length = isfinite(chart->values[s][i]) ? fmax(0, chart->values[s][i] * scale) : 0;
        if (length > 0) fv_canvas_box(canvas, left, y + 1, fmax(length, 1), bar - 2, fv_plot_colour(s));
        fv_canvas_text(canvas, left + length + 4, y + bar / 2 + value.size * 0.36, &value, text.at);
        fv_canvas_fail(canvas, fv_text_error(&text));
    }
}

static double heading(fv_canvas *canvas, const fv_bar_chart *chart, double width) {
    fv_legend_entry entries[FV_BAR_SERIES_MAX];
    int64_t count = chart->series > 1 ? chart->series : 0;
    for (int64_t s = 0; s < count; s++)
        entries[s] = (fv_legend_entry){ .name = chart->series_names[s], .colour = fv_plot_colour(s), .box = true };
    return fv_plot_heading(canvas, chart->title, entries, count, width);
}

static fv_error *draw(const fv_bar_chart *chart, fv_plot_format format, int64_t width, fv_text *out) {
    double rows = row_of(chart) * (double)chart->count, left = FV_PLOT_MARGIN + names_width(chart) + 6;
    double top = heading(NULL, chart, (double)width), bottom = top + rows;
    int64_t height = (int64_t)ceil(bottom + (chart->x_label ? 18 : 0) + FV_PLOT_MARGIN);
    FV_OWNED(fv_canvas) canvas = NULL;
    FV_TRY(fv_plot_canvas(format, width, height, chart->title, out, &canvas));
    heading(canvas, chart, (double)width);
    double room = (double)width - left - FV_PLOT_MARGIN - values_width(chart) - 4, scale = fmax(room, 20) / highest(chart);
    for (int64_t i = 0; i < chart->count; i++) draw_row(canvas, chart, i, left, top + row_of(chart) * (double)i, scale);
    fv_canvas_line(canvas, (const fv_point[]){ { left, top - 2 }, { left, bottom } }, 2, FV_FAINT, 1, false);
    fv_letters label = { .size = FV_PLOT_LETTERS, .colour = FV_INK };
    if (chart->x_label) fv_canvas_text(canvas, left, bottom + 14, &label, chart->x_label);
    return fv_canvas_finish(canvas);
}

fv_error *fv_plot_bars(const fv_bar_chart *chart, fv_plot_format format, fv_text *out) {
    if (chart->count < 1 || chart->series < 1 || chart->series > FV_BAR_SERIES_MAX)
        return fv_fail(FV_USAGE, "a bar chart needs a name and 1 to %d series", FV_BAR_SERIES_MAX);
    return draw(chart, format, chart->width ? chart->width : FV_PLOT_WIDTH, out);
}
