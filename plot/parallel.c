/* parallel.c - parallel coordinates: an axis a setting or figure, side by side, and a line a run through its values on all of
 * them. Lines of a kind lie together, so which settings go with which result is seen at once. (A. Inselberg, "The plane with
 * parallel coordinates", The Visual Computer 1985.) */
#include <math.h>

#include "core/base/memory.h"
#include "core/base/size.h"
#include "plot/frame.h"

#define STEP_MIN 84.0    /* from one axis to the next */
#define TEXT_WIDTH 150.0 /* of what stands beside an axis, and of its name: at most */
#define GAP 26.0         /* from there to the next axis */
#define HEIGHT 320
#define TICKS 6
#define MARGIN 0.06 /* of an axis, above and below the numbers on it */
#define SCALE_WIDTH 120.0
#define SCALE_STEPS 40

typedef struct layout {
    double top, height;
    fv_axis *axes;    /* of numbers */
    double *across;   /* where each axis stands, and where one more would */
    double low, high; /* of what colours the lines */
} layout;

/* ---- colours ---- */

/* From dark violet over blue-green to a green that is still seen on white: viridis (S. van der Walt and N. Smith) without its
 * light end. Its lightness rises steadily, so it is read without telling colours apart. */
static fv_colour colour_at(double share) {
    static const uint8_t stops[][3] = { { 68, 1, 84 }, { 59, 82, 139 }, { 33, 145, 140 }, { 94, 201, 98 } };
    double place = fmin(fmax(share, 0), 1) * 3;
    int i = place >= 3 ? 2 : (int)place;
    fv_colour colour = 0;
    for (int c = 0; c < 3; c++)
        colour = colour << 8 | (fv_colour)lround(stops[i][c] + (place - i) * (stops[i + 1][c] - stops[i][c]));
    return colour;
}

static fv_colour colour_of(const fv_parallel_chart *chart, const layout *l, int64_t line) {
    if (!chart->colours) return fv_plot_colour(0);
    double value = chart->colours[line];
    if (!isfinite(value)) return 0xAAAAAA;
    return colour_at(l->high > l->low ? (value - l->low) / (l->high - l->low) : 1);
}

/* ---- axes ---- */

static void range_of(const double *values, int64_t count, bool positive, double range[2]) {
    range[0] = INFINITY, range[1] = -INFINITY;
    for (int64_t i = 0; i < count; i++) {
        if (!isfinite(values[i]) || (positive && values[i] <= 0)) continue;
        range[0] = fmin(range[0], values[i]);
        range[1] = fmax(range[1], values[i]);
    }
}

static void make_axis(const fv_parallel_axis *axis, int64_t count, fv_axis *out) {
    double range[2];
    range_of(axis->values, count, axis->logarithmic, range);
    double margin = MARGIN * (range[1] - range[0]), factor = axis->logarithmic ? pow(range[1] / range[0], MARGIN) : 1;
    if (!(range[1] > range[0])) margin = 0, factor = 1;
    fv_axis_make(&(fv_axis_options){ .low = axis->logarithmic ? range[0] / factor : range[0] - margin,
                                     .high = axis->logarithmic ? range[1] * factor : range[1] + margin,
                                     .at_most = TICKS,
                                     .logarithmic = axis->logarithmic },
                 out);
}

static double tick_width(double value) {
    FV_TEXT(text, 64);
    fv_axis_print(value, &text);
    return fv_canvas_text_width(text.at, FV_PLOT_LETTERS, false);
}

/* Of its name and of what stands beside it. */
static double width_of(const fv_parallel_axis *axis, const fv_axis *ticks) {
    double widest = fv_canvas_text_width(axis->name, FV_PLOT_LETTERS, true);
    for (int64_t c = 0; axis->categories && c < axis->category_count; c++)
        widest = fmax(widest, fv_canvas_text_width(axis->categories[c], FV_PLOT_LETTERS, false));
    for (int i = 0; !axis->categories && i < ticks->count; i++) widest = fmax(widest, tick_width(ticks->ticks[i]));
    return fmin(widest, TEXT_WIDTH);
}

static fv_error *lay_out(const fv_parallel_chart *chart, layout *l) {
    FV_TRY(fv_memory_alloc(chart->axis_count, sizeof(fv_axis), (void **)&l->axes));
    FV_TRY(fv_memory_alloc(chart->axis_count + 1, sizeof(double), (void **)&l->across));
    l->across[0] = FV_PLOT_MARGIN + 6;
    for (int64_t a = 0; a < chart->axis_count; a++) {
        if (!chart->axes[a].categories) make_axis(&chart->axes[a], chart->count, &l->axes[a]);
        l->across[a + 1] = l->across[a] + fmax(STEP_MIN, width_of(&chart->axes[a], &l->axes[a]) + GAP);
    }
    return NULL;
}

/* The height at which a value stands; NaN: nowhere. */
static double place(const fv_parallel_chart *chart, const layout *l, int64_t a, double value) {
    const fv_parallel_axis *axis = &chart->axes[a];
    double share = fv_axis_place(&l->axes[a], value);
    if (axis->categories) share = isfinite(value) ? (value + 0.5) / (double)axis->category_count : NAN;
    return l->top + (1 - share) * l->height;
}

/* On a strip of paper, so that lines behind it do not cross it out. */
static void draw_label(fv_canvas *canvas, double x, double y, const char *text) {
    FV_TEXT(cut, 1 << 12);
    fv_canvas_cut_text(text, FV_PLOT_LETTERS, false, TEXT_WIDTH, &cut);
    double width = fv_canvas_text_width(cut.at, FV_PLOT_LETTERS, false);
    fv_canvas_box(canvas, x + 6, y - 6, width * 0.94, 12, FV_PAPER);
    fv_canvas_text(canvas, x + 7, y + 4, &(fv_letters){ .size = FV_PLOT_LETTERS, .colour = FV_FAINT }, cut.at);
    fv_canvas_fail(canvas, fv_text_error(&cut));
}

static void draw_ticks(fv_canvas *canvas, const fv_parallel_chart *chart, const layout *l, int64_t a) {
    const fv_parallel_axis *axis = &chart->axes[a];
    for (int64_t c = 0; axis->categories && c < axis->category_count; c++)
        draw_label(canvas, l->across[a], place(chart, l, a, (double)c), axis->categories[c]);
    for (int i = 0; !axis->categories && i < l->axes[a].count; i++) {
        FV_TEXT(text, 64);
        double y = place(chart, l, a, l->axes[a].ticks[i]);
        fv_axis_print(l->axes[a].ticks[i], &text);
        fv_canvas_line(canvas, (const fv_point[]){ { l->across[a] - 3, y }, { l->across[a] + 3, y } }, 2, FV_FAINT, 1, false);
        draw_label(canvas, l->across[a], y, text.at);
        fv_canvas_fail(canvas, fv_text_error(&text));
    }
}

static void draw_axis(fv_canvas *canvas, const fv_parallel_chart *chart, const layout *l, int64_t a) {
    FV_TEXT(cut, 1 << 12);
    fv_letters letters = { .size = FV_PLOT_LETTERS, .colour = FV_INK, .bold = true };
    fv_canvas_cut_text(chart->axes[a].name, FV_PLOT_LETTERS, true, TEXT_WIDTH, &cut);
    fv_canvas_text(canvas, l->across[a] - 4, l->top - 8, &letters, cut.at);
    fv_canvas_line(canvas, (const fv_point[]){ { l->across[a], l->top }, { l->across[a], l->top + l->height } }, 2, FV_FAINT, 1,
                   false);
    fv_canvas_fail(canvas, fv_text_error(&cut));
}

/* ---- lines ---- */

/* From axis to axis; a value that is not known leaves a gap. */
static void draw_line(fv_canvas *canvas, const fv_parallel_chart *chart, const layout *l, int64_t line) {
    fv_colour colour = colour_of(chart, l, line);
    fv_point before = { NAN, NAN };
    for (int64_t a = 0; a < chart->axis_count; a++) {
        fv_point at = { l->across[a], place(chart, l, a, chart->axes[a].values[line]) };
        if (!isnan(before.y) && !isnan(at.y)) fv_canvas_line(canvas, (const fv_point[]){ before, at }, 2, colour, 1.6, false);
        if (!isnan(at.y)) fv_canvas_dot(canvas, at.x, at.y, 2.6, colour);
        before = at;
    }
}

/* With four digits. */
static void print_end(double value, fv_text *out) {
    double scale = value == 0 ? 1 : pow(10, 3 - floor(log10(fabs(value))));
    fv_axis_print(isfinite(scale) && scale > 0 ? round(value * scale) / scale : value, out);
}

/* What the colours mean: lowest and highest value with what lies between. */
static void draw_scale(fv_canvas *canvas, const fv_parallel_chart *chart, const layout *l, double y) {
    fv_letters letters = { .size = FV_PLOT_LETTERS, .colour = FV_INK };
    FV_TEXT(low, 1 << 12);
    FV_TEXT(high, 64);
    fv_text_addf(&low, "%s  ", chart->colours_name ? chart->colours_name : "");
    print_end(l->low, &low);
    print_end(l->high, &high);
    double x = FV_PLOT_MARGIN + fv_canvas_text_width(low.at, FV_PLOT_LETTERS, false) + 6, step = SCALE_WIDTH / SCALE_STEPS;
    fv_canvas_text(canvas, FV_PLOT_MARGIN, y, &letters, low.at);
    for (int i = 0; i < SCALE_STEPS; i++)
        fv_canvas_box(canvas, x + i * step, y - 9, step + 0.5, 10, colour_at((double)i / (SCALE_STEPS - 1)));
    fv_canvas_text(canvas, x + SCALE_WIDTH + 6, y, &letters, high.at);
    fv_canvas_fail(canvas, fv_text_error(&low));
    fv_canvas_fail(canvas, fv_text_error(&high));
}

static fv_error *draw(fv_canvas *canvas, const fv_parallel_chart *chart, layout *l, double width, double height) {
    double range[2] = { INFINITY, -INFINITY }, top = fv_plot_heading(canvas, chart->title, NULL, 0, width);
    if (chart->colours) range_of(chart->colours, chart->count, false, range);
    bool scale = isfinite(range[0]);
    if (scale) l->low = range[0], l->high = range[1];
    if (scale) draw_scale(canvas, chart, l, top + 8);
    l->top = top + (scale ? 40 : 20);
    l->height = height - l->top - FV_PLOT_MARGIN;
    for (int64_t a = 0; a < chart->axis_count; a++) draw_axis(canvas, chart, l, a);
    for (int64_t line = chart->count; line-- > 0;) draw_line(canvas, chart, l, line); /* the first on top */
    for (int64_t a = 0; a < chart->axis_count; a++) draw_ticks(canvas, chart, l, a);
    return fv_canvas_finish(canvas);
}

static fv_error *lay_out_and_draw(const fv_parallel_chart *chart, fv_plot_format format, layout *l, fv_text *out) {
    FV_OWNED(fv_canvas) canvas = NULL;
    FV_TRY(lay_out(chart, l));
    int64_t width = fv_max(FV_PLOT_WIDTH, (int64_t)ceil(l->across[chart->axis_count])), height = chart->height;
    if (!height) height = HEIGHT;
    FV_TRY(fv_plot_canvas(format, width, height, chart->title, out, &canvas));
    return draw(canvas, chart, l, (double)width, (double)height);
}

fv_error *fv_plot_parallel(const fv_parallel_chart *chart, fv_plot_format format, fv_text *out) {
    if (chart->axis_count < 1 || chart->axis_count > FV_PARALLEL_AXES_MAX)
        return fv_fail(FV_USAGE, "%lld axes side by side; 1 to %d can be drawn", (long long)chart->axis_count,
                       FV_PARALLEL_AXES_MAX);
    layout l = { .axes = NULL };
    fv_error *error = lay_out_and_draw(chart, format, &l, out);
    fv_memory_free(l.axes);
    fv_memory_free(l.across);
    return error;
}
