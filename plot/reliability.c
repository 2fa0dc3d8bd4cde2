/* reliability.c - calibration: above, how often answers of each confidence are right, against the diagonal where they should
 * be; below, how many answers there are of it. Between a bar and the diagonal is what confidence claims too much (vermilion) or
 * too little (sky blue). */
#include <math.h>

#include "core/base/size.h"
#include "plot/frame.h"

#define WIDTH 340
#define HEIGHT 420
#define HISTOGRAM 80.0
#define TOO_LITTLE 0x56B4E9

/* What a chart says of answers, and of labels. */
static const struct {
    const char *legend[3], *share, *confidence, *count;
} words[] = { { { "right", "claimed, but wrong", "right beyond the claim" }, "share right", "confidence", "pictures" },
              { { "true", "claimed, but not true", "true beyond the claim" }, "share true", "probability", "labels" } };

/* A bar over bin `i`, between two heights. */
static void draw_bar(fv_canvas *canvas, const fv_frame *f, const fv_reliability_chart *chart, int64_t i, double from, double to,
                     fv_colour colour) {
    fv_point low = fv_plot_at(f, (double)i / (double)chart->bins, from);
    fv_point high = fv_plot_at(f, (double)(i + 1) / (double)chart->bins, to);
    if (to > from) fv_canvas_box(canvas, low.x + 0.75, high.y, high.x - low.x - 1.5, low.y - high.y, colour);
}

static void draw_bins(fv_canvas *canvas, const fv_frame *f, const fv_reliability_chart *chart) {
    for (int64_t i = 0; i < chart->bins; i++) {
        if (!chart->counts[i]) continue;
        double said = chart->confidence[i], right = chart->correct[i];
        draw_bar(canvas, f, chart, i, 0, fmin(said, right), FV_RIGHT);
        draw_bar(canvas, f, chart, i, right, said, FV_WRONG);
        draw_bar(canvas, f, chart, i, said, right, TOO_LITTLE);
    }
    fv_canvas_line(canvas, (const fv_point[]){ fv_plot_at(f, 0, 0), fv_plot_at(f, 1, 1) }, 2, FV_INK, 1, true);
}

static void draw_histogram(fv_canvas *canvas, const fv_frame *f, const fv_reliability_chart *chart) {
    for (int64_t i = 0; i < chart->bins; i++) draw_bar(canvas, f, chart, i, 0, (double)chart->counts[i], 0x888888);
}

/* Title, legend, and the note on a line of its own. */
static double heading(fv_canvas *canvas, const fv_reliability_chart *chart) {
    const char *const *names = words[chart->of_labels].legend;
    const fv_legend_entry legend[] = { { .name = names[0], .colour = FV_RIGHT, .box = true },
                                       { .name = names[1], .colour = FV_WRONG, .box = true },
                                       { .name = names[2], .colour = TOO_LITTLE, .box = true } };
    double top = fv_plot_heading(canvas, chart->title, legend, 3, WIDTH);
    if (!chart->note) return top;
    fv_canvas_text(canvas, FV_PLOT_MARGIN, top + 10, &(fv_letters){ .size = FV_PLOT_LETTERS, .colour = FV_INK, .bold = true },
                   chart->note);
    return top + 18;
}

fv_error *fv_plot_reliability(const fv_reliability_chart *chart, fv_plot_format format, fv_text *out) {
    FV_OWNED(fv_canvas) canvas = NULL;
    FV_TRY(fv_plot_canvas(format, WIDTH, HEIGHT, chart->title, out, &canvas));
    double top = heading(canvas, chart), width = WIDTH - 2 * FV_PLOT_MARGIN - 4;
    double upper = HEIGHT - top - HISTOGRAM - FV_PLOT_MARGIN;
    fv_frame share = { .left = FV_PLOT_MARGIN, .top = top, .width = width, .height = upper };
    fv_frame number = { .left = FV_PLOT_MARGIN, .top = top + upper, .width = width, .height = HISTOGRAM + 8 };
    const char *share_is = words[chart->of_labels].share, *confidence = words[chart->of_labels].confidence,
               *count = words[chart->of_labels].count;
    int64_t most = 1;
    for (int64_t i = 0; i < chart->bins; i++) most = fv_max(most, chart->counts[i]);
    fv_axis_options unit = { .low = 0, .high = 1 },
                    counts = { .low = 0, .high = (double)most, .outwards = true, .whole = true };
    fv_plot_frame(&unit, &unit, NULL, share_is, &share);
    fv_plot_frame(&unit, &counts, confidence, count, &number);
    double left = fmax(share.left, number.left), right = FV_PLOT_MARGIN + width; /* one above the other */
    share.left = number.left = left;
    share.width = number.width = right - left;
    fv_plot_axes(canvas, &share, NULL, share_is);
    draw_bins(canvas, &share, chart);
    fv_plot_axes(canvas, &number, confidence, count);
    draw_histogram(canvas, &number, chart);
    return fv_canvas_finish(canvas);
}
