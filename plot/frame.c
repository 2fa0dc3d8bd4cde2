/* frame.c - layout that all charts share. Widths of text are those of fv_canvas_text_width, so that they do not depend on the
 * machine. */
#include "plot/frame.h"

#include <math.h>

#include "core/base/size.h"

#define TITLE 14.0
#define LINE 16.0
#define SWATCH 16.0

/* Okabe and Ito's colours, without the yellow that white swallows. */
fv_colour fv_plot_colour(int64_t series) {
    static const fv_colour colours[FV_PLOT_COLOURS] = { 0x0072B2, 0xD55E00, 0x009E73, 0xCC79A7, 0xE69F00, 0x56B4E9, 0x222222 };
    return colours[series % FV_PLOT_COLOURS];
}

fv_error *fv_plot_canvas(fv_plot_format format, int64_t width, int64_t height, const char *title, fv_text *out,
                         fv_canvas **canvas) {
    if (format == FV_PLOT_PNG) return fv_canvas_png(width, height, out, canvas);
    return fv_canvas_svg(width, height, title ? title : "", out, canvas);
}

static void draw_entry(fv_canvas *canvas, const fv_legend_entry *entry, const char *name, double x, double y) {
    if (entry->box)
        fv_canvas_box(canvas, x + 2, y - 9, 10, 10, entry->colour);
    else
        fv_canvas_line(canvas, (const fv_point[]){ { x, y - 4 }, { x + SWATCH - 4, y - 4 } }, 2, entry->colour, 2,
                       entry->dashed);
    fv_canvas_text(canvas, x + SWATCH, y, &(fv_letters){ .size = FV_PLOT_LETTERS, .colour = FV_INK }, name);
}

double fv_plot_heading(fv_canvas *canvas, const char *title, const fv_legend_entry *entries, int64_t count, double width) {
    double y = FV_PLOT_MARGIN, x = FV_PLOT_MARGIN;
    if (title && !canvas) y += TITLE + 6;
    if (title && canvas) {
        FV_TEXT(cut, 1 << 12);
        fv_canvas_cut_text(title, TITLE, true, width - 2 * FV_PLOT_MARGIN, &cut);
        fv_canvas_text(canvas, x, y + TITLE - 2, &(fv_letters){ .size = TITLE, .colour = FV_INK, .bold = true }, cut.at);
        fv_canvas_fail(canvas, fv_text_error(&cut));
        y += TITLE + 6;
    }
    for (int64_t i = 0; i < count; i++) {
        FV_TEXT(cut, 1 << 12);
        fv_canvas_cut_text(entries[i].name, FV_PLOT_LETTERS, false, 150, &cut);
        double wide = SWATCH + fv_canvas_text_width(cut.at, FV_PLOT_LETTERS, false) + 14;
        if (!i || x + wide > width) x = FV_PLOT_MARGIN, y += LINE;
        if (canvas) draw_entry(canvas, &entries[i], cut.at, x, y - 3);
        if (canvas) fv_canvas_fail(canvas, fv_text_error(&cut));
        x += wide;
    }
    return y + 6;
}

static double tick_width(double value) {
    FV_TEXT(text, 64);
    fv_axis_print(value, &text);
    return fv_canvas_text_width(text.at, FV_PLOT_LETTERS, false);
}

static double widest_tick(const fv_axis *axis) {
    double widest = 0;
    for (int i = 0; i < axis->count; i++) widest = fmax(widest, tick_width(axis->ticks[i]));
    return widest;
}

/* Whether neighbours keep a distance when they stand along `length` pixels. */
static bool ticks_fit(const fv_axis *axis, double length) {
    for (int i = 1; i < axis->count; i++) {
        double apart = (fv_axis_place(axis, axis->ticks[i]) - fv_axis_place(axis, axis->ticks[i - 1])) * length;
        if (apart < (tick_width(axis->ticks[i]) + tick_width(axis->ticks[i - 1])) / 2 + 8) return false;
    }
    return true;
}

void fv_plot_frame(const fv_axis_options *x, const fv_axis_options *y, const char *x_label, const char *y_label,
                   fv_frame *frame) {
    double below = LINE + 4 + (x_label ? LINE : 0), right = frame->left + frame->width;
    frame->height -= below;
    frame->top += 4;
    frame->height -= 4;
    fv_axis_options down = *y, across = *x;
    down.at_most = (int)fv_max(2, fv_min(FV_TICKS_MAX, (int64_t)(frame->height / 32)));
    fv_axis_make(&down, &frame->y);
    frame->left += widest_tick(&frame->y) + 8 + (y_label ? LINE : 0);
    frame->width = right - frame->left;
    across.at_most = 10;
    do fv_axis_make(&across, &frame->x);
    while (!ticks_fit(&frame->x, frame->width) && --across.at_most >= 2);
}

fv_point fv_plot_at(const fv_frame *frame, double x, double y) {
    return (fv_point){ frame->left + fv_axis_place(&frame->x, x) * frame->width,
                       frame->top + (1 - fv_axis_place(&frame->y, y)) * frame->height };
}

static void draw_grid_line(fv_canvas *canvas, fv_point from, fv_point to, fv_colour colour) {
    fv_canvas_line(canvas, (const fv_point[]){ from, to }, 2, colour, 1, false);
}

static void draw_ticks(fv_canvas *canvas, const fv_frame *f) {
    fv_letters across = { .size = FV_PLOT_LETTERS, .colour = FV_FAINT, .anchor = FV_ANCHOR_MIDDLE };
    fv_letters down = { .size = FV_PLOT_LETTERS, .colour = FV_FAINT, .anchor = FV_ANCHOR_END };
    double bottom = f->top + f->height, right = f->left + f->width;
    for (int i = 0; i < f->y.count; i++) {
        double y = fv_plot_at(f, f->x.low, f->y.ticks[i]).y;
        FV_TEXT(text, 64);
        fv_axis_print(f->y.ticks[i], &text);
        draw_grid_line(canvas, (fv_point){ f->left, y }, (fv_point){ right, y }, FV_GRID);
        fv_canvas_text(canvas, f->left - 6, y + 4, &down, text.at);
        fv_canvas_fail(canvas, fv_text_error(&text));
    }
    for (int i = 0; i < f->x.count; i++) {
        double x = fv_plot_at(f, f->x.ticks[i], f->y.low).x;
        FV_TEXT(text, 64);
        fv_axis_print(f->x.ticks[i], &text);
        draw_grid_line(canvas, (fv_point){ x, f->top }, (fv_point){ x, bottom }, FV_GRID);
        fv_canvas_text(canvas, x, bottom + 15, &across, text.at);
        fv_canvas_fail(canvas, fv_text_error(&text));
    }
}

void fv_plot_axes(fv_canvas *canvas, const fv_frame *f, const char *x_label, const char *y_label) {
    fv_letters letters = { .size = FV_PLOT_LETTERS, .colour = FV_INK, .anchor = FV_ANCHOR_MIDDLE };
    double bottom = f->top + f->height;
    draw_ticks(canvas, f);
    fv_canvas_line(canvas, (const fv_point[]){ { f->left, f->top }, { f->left, bottom }, { f->left + f->width, bottom } }, 3,
                   FV_FAINT, 1, false);
    if (x_label) fv_canvas_text(canvas, f->left + f->width / 2, bottom + 15 + LINE, &letters, x_label);
    letters.upwards = true;
    if (y_label) fv_canvas_text(canvas, FV_PLOT_MARGIN + 9, f->top + f->height / 2, &letters, y_label);
}
