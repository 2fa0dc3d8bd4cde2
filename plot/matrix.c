/* matrix.c - a confusion matrix as a heat map, or the difference of two. Right answers and mistakes have a scale of their own
 * each, because one mistake in a hundred is what the picture is looked at for; differences have one scale. Few classes are
 * boxes with numbers; many are pixels of one picture. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/memory.h"
#include "core/base/size.h"
#include "plot/frame.h"

#define NUMBERS_MAX 20 /* classes whose cells have numbers in them */
#define NAME_MAX_WIDTH 120.0
#define SIDE 640 /* that many cells aim to fill */

typedef struct layout {
    double cell, letters, left, top, names;
    double most_right, most_wrong; /* largest cell on the diagonal, and off it; of differences both the largest of all */
} layout;

static layout lay_out(const fv_matrix_chart *chart) {
    int64_t n = chart->classes;
    layout l = { .cell = (double)fv_max(n > 100 ? 5 : 8, fv_min(46, SIDE / n)) };
    l.letters = fmin(FV_PLOT_LETTERS, fmax(8, l.cell - 1));
    for (int64_t c = 0; c < n; c++) l.names = fmax(l.names, fv_canvas_text_width(chart->names[c], l.letters, false));
    l.names = fmin(l.names, NAME_MAX_WIDTH);
    l.left = FV_PLOT_MARGIN + 18 + l.names + 6;
    for (int64_t i = 0; i < n * n; i++) {
        double *most = i / n == i % n ? &l.most_right : &l.most_wrong;
        *most = fmax(*most, fabs(chart->cells[i]));
    }
    if (chart->difference) l.most_right = l.most_wrong = fmax(l.most_right, l.most_wrong);
    if (chart->shares) l.most_right = 1, l.most_wrong = fmax(l.most_wrong, 0.1);
    return l;
}

static uint8_t mix(int light, double share) { return (uint8_t)lround(255 + share * (light - 255)); }

/* From white to blue on the diagonal; beside it to vermilion, by the square root, so that few mistakes are seen too. Of
 * differences by the square root to blue above 0, to vermilion below. */
static void colour_of(const fv_matrix_chart *chart, const layout *l, int64_t i, uint8_t rgb[3]) {
    double value = chart->cells[i];
    bool diagonal = i / chart->classes == i % chart->classes, right = chart->difference ? value > 0 : diagonal;
    double most = right ? l->most_right : l->most_wrong, size = chart->difference ? fabs(value) : value;
    double share = most > 0 && size > 0 ? fmin(size / most, 1) : 0;
    if (!right || chart->difference) share = sqrt(share);
    fv_colour deepest = right ? FV_RIGHT : FV_WRONG;
    for (int c = 0; c < 3; c++) rgb[c] = mix((int)(deepest >> (16 - 8 * c) & 255), share);
}

static void print_cell(const fv_matrix_chart *chart, double value, fv_text *out) {
    if (value == 0) return fv_text_add(out, chart->shares ? "" : "0");
    if (chart->difference) {
        fv_text_add(out, value > 0 ? "+" : "\u2212");
        return fv_axis_print(fabs(value), out);
    }
    if (!chart->shares) return fv_axis_print(value, out);
    double percent = round(value * 1000) / 10;
    fv_axis_print(percent >= 10 || percent == round(percent) ? round(percent) : percent, out);
}

static void draw_number(fv_canvas *canvas, const fv_matrix_chart *chart, const layout *l, double value, const uint8_t rgb[3],
                        double x, double y) {
    FV_TEXT(text, 64);
    print_cell(chart, value, &text);
    double width = fv_canvas_text_width(text.at, FV_PLOT_LETTERS, false);
    double size = fmin(FV_PLOT_LETTERS, FV_PLOT_LETTERS * (l->cell - 3) / fmax(width, 1));
    double light = 0.3 * rgb[0] + 0.59 * rgb[1] + 0.11 * rgb[2];
    fv_letters letters = { .size = size, .colour = light < 140 ? FV_PAPER : FV_INK, .anchor = FV_ANCHOR_MIDDLE };
    if (value == 0) letters.colour = 0xBBBBBB;
    fv_canvas_fail(canvas, fv_text_error(&text));
    if (size >= 6 && text.length) fv_canvas_text(canvas, x + l->cell / 2, y + l->cell / 2 + size * 0.36, &letters, text.at);
}

static void draw_cells(fv_canvas *canvas, const fv_matrix_chart *chart, const layout *l) {
    int64_t n = chart->classes;
    for (int64_t i = 0; i < n * n; i++) {
        uint8_t rgb[3];
        colour_of(chart, l, i, rgb);
        double x = l->left + (double)(i % n) * l->cell, y = l->top + (double)(i / n) * l->cell;
        fv_canvas_box(canvas, x + 0.5, y + 0.5, l->cell - 1, l->cell - 1,
                      (fv_colour)rgb[0] << 16 | (fv_colour)rgb[1] << 8 | rgb[2]);
        draw_number(canvas, chart, l, chart->cells[i], rgb, x, y);
    }
}

static fv_error *draw_pixels(fv_canvas *canvas, const fv_matrix_chart *chart, const layout *l) {
    int64_t n = chart->classes, side = n * (int64_t)l->cell;
    uint8_t *pixels;
    FV_TRY(fv_memory_alloc(n * n, 3, (void **)&pixels));
    for (int64_t i = 0; i < n * n; i++) colour_of(chart, l, i, pixels + 3 * i);
    fv_canvas_picture(canvas, &(fv_picture){ pixels, n, n, 3 }, l->left, l->top, side, side);
    fv_memory_free(pixels);
    return NULL;
}

/* Every name, or every few where they would touch. */
static void draw_names(fv_canvas *canvas, const fv_matrix_chart *chart, const layout *l) {
    int64_t n = chart->classes, step = (int64_t)ceil(l->letters / l->cell);
    double side = (double)n * l->cell;
    fv_letters row = { .size = l->letters, .colour = FV_INK, .anchor = FV_ANCHOR_END };
    fv_letters column = { .size = l->letters, .colour = FV_INK, .anchor = FV_ANCHOR_END, .upwards = true };
    for (int64_t c = 0; c < n; c += step) {
        FV_TEXT(cut, 1 << 12);
        fv_canvas_cut_text(chart->names[c], l->letters, false, NAME_MAX_WIDTH, &cut);
        double middle = ((double)c + 0.5) * l->cell + l->letters * 0.36;
        fv_canvas_text(canvas, l->left - 5, l->top + middle, &row, cut.at);
        fv_canvas_text(canvas, l->left + middle, l->top + side + 5, &column, cut.at);
        fv_canvas_fail(canvas, fv_text_error(&cut));
    }
    fv_letters label = { .size = FV_PLOT_LETTERS, .colour = FV_FAINT, .anchor = FV_ANCHOR_MIDDLE };
    fv_canvas_text(canvas, l->left + side / 2, l->top + side + l->names + 24, &label, "predicted");
    label.upwards = true;
    fv_canvas_text(canvas, FV_PLOT_MARGIN + 9, l->top + side / 2, &label, "true");
}

fv_error *fv_plot_matrix(const fv_matrix_chart *chart, fv_plot_format format, fv_text *out) {
    if (chart->classes < 1 || chart->classes > FV_MATRIX_CLASSES_MAX)
        return fv_fail(FV_USAGE, "a matrix of %lld classes cannot be drawn so that it can be read; at most %d can",
                       (long long)chart->classes, FV_MATRIX_CLASSES_MAX);
    layout l = lay_out(chart);
    double side = (double)chart->classes * l.cell;
    double title = fv_canvas_text_width(chart->title, 14, true) + 2 * FV_PLOT_MARGIN;
    int64_t width = (int64_t)ceil(fmax(l.left + side + FV_PLOT_MARGIN, fmin(title, FV_PLOT_WIDTH)));
    FV_OWNED(fv_canvas) canvas = NULL;
    FV_TRY(fv_plot_canvas(format, width, (int64_t)ceil(38 + side + l.names + 34), chart->title, out, &canvas));
    l.top = fv_plot_heading(canvas, chart->title, NULL, 0, (double)width);
    if (chart->classes <= NUMBERS_MAX)
        draw_cells(canvas, chart, &l);
    else
        FV_TRY(draw_pixels(canvas, chart, &l));
    fv_canvas_frame(canvas, l.left, l.top, side, side, FV_GRID, 1);
    draw_names(canvas, chart, &l);
    return fv_canvas_finish(canvas);
}
