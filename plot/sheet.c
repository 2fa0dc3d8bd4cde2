/* sheet.c - cells of one size, row by row; captions have as many lines as the longest. */
#include "plot/sheet.h"

#include <math.h>
#include <string.h>

#include "core/base/file.h"
#include "core/base/size.h"
#include "plot/canvas.h"

#define COLUMNS 8
#define CELL 112
#define GAP 12
#define LETTERS 12.0
#define LINE 15 /* from one line of a caption to the next */
#define LINES_MAX 6
#define TITLE 26 /* height */
#define TITLE_LETTERS 15
#define WIDEST 1600 /* for a title's sake */
#define PNG_BYTES_MAX (INT64_C(1) << 30)

typedef struct layout {
    int64_t columns, cell, lines; /* lines of a caption */
    int64_t top, step_x, step_y;  /* where the first cell begins, and from one to the next */
    int64_t width, height;
} layout;

static int64_t lines_of(const char *caption) {
    int64_t lines = caption != NULL;
    for (const char *at = caption; at && (at = strchr(at, '\n')); at++) lines++;
    return fv_min(lines, LINES_MAX);
}

/* With room on both sides. */
static int64_t width_of_title(const char *title) {
    return 2 * GAP + (int64_t)ceil(fv_canvas_text_width(title, TITLE_LETTERS, true));
}

static layout lay_out(const fv_sheet_cell *cells, int64_t count, const fv_sheet_options *options) {
    layout l = { .columns = fv_min(options->columns ? options->columns : COLUMNS, count),
                 .cell = options->cell ? options->cell : CELL,
                 .top = GAP + (options->title ? TITLE : 0) };
    for (int64_t i = 0; i < count; i++) l.lines = fv_max(l.lines, lines_of(cells[i].caption));
    l.step_x = l.cell + GAP;
    l.step_y = l.cell + (l.lines ? 4 + l.lines * LINE : 0) + GAP;
    l.width = GAP + l.columns * l.step_x;
    if (options->title) l.width = fv_max(l.width, fv_min(width_of_title(options->title), WIDEST));
    l.height = l.top + fv_ceil_div(count, l.columns) * l.step_y;
    return l;
}

static void draw_caption(fv_canvas *canvas, const layout *l, const fv_sheet_cell *cell, double x, double y) {
    static const fv_colour colours[] = { FV_INK, FV_RIGHT, FV_WRONG };
    fv_letters letters = { .size = LETTERS, .colour = colours[cell->tone], .anchor = FV_ANCHOR_MIDDLE };
    const char *at = cell->caption;
    for (int64_t line = 0, lines = lines_of(at); line < lines; line++) {
        const char *end = strchrnul(at, '\n');
        FV_TEXT(whole, 1 << 16);
        FV_TEXT(cut, 1 << 16);
        fv_text_add_bytes(&whole, at, end - at);
        fv_canvas_cut_text(whole.at, LETTERS, false, (double)(l->cell + GAP - 4), &cut);
        fv_canvas_text(canvas, x, y + (double)(line * LINE), &letters, cut.at);
        fv_canvas_fail(canvas, fv_text_error(&whole));
        fv_canvas_fail(canvas, fv_text_error(&cut));
        at = end + (*end != 0);
    }
}

static void draw_cell(fv_canvas *canvas, const layout *l, const fv_sheet_cell *cell, double x, double y) {
    int64_t height, width;
    fv_picture_fit(&cell->picture, l->cell, &height, &width);
    double left = x + (double)((l->cell - width) / 2), top = y + (double)((l->cell - height) / 2);
    fv_canvas_picture(canvas, &cell->picture, left, top, width, height);
    if (cell->tone == FV_TONE_WRONG)
        fv_canvas_frame(canvas, left - 1.5, top - 1.5, (double)width + 3, (double)height + 3, FV_WRONG, 3);
    if (cell->caption) draw_caption(canvas, l, cell, x + (double)l->cell / 2, y + (double)l->cell + LINE);
}

fv_error *fv_sheet_png(const fv_sheet_cell *cells, int64_t count, const fv_sheet_options *options, fv_text *out) {
    if (count < 1) return fv_fail(FV_USAGE, "a sheet of pictures needs at least one");
    layout l = lay_out(cells, count, options);
    FV_OWNED(fv_canvas) canvas = NULL;
    fv_error *error = fv_canvas_png(l.width, l.height, out, &canvas);
    bool large = error && fv_error_code(error) == FV_USAGE;
    if (error) return large ? fv_error_hint(error, "show fewer than %lld pictures at once", (long long)count) : error;
    if (options->title)
        fv_canvas_text(canvas, GAP, GAP + 14, &(fv_letters){ .size = TITLE_LETTERS, .colour = FV_INK, .bold = true },
                       options->title);
    for (int64_t i = 0; i < count; i++)
        draw_cell(canvas, &l, &cells[i], (double)(GAP + i % l.columns * l.step_x), (double)(l.top + i / l.columns * l.step_y));
    return fv_canvas_finish(canvas);
}

fv_error *fv_sheet_write(const fv_sheet_cell *cells, int64_t count, const fv_sheet_options *options, const char *path) {
    FV_TEXT(png, PNG_BYTES_MAX);
    FV_TRY(fv_sheet_png(cells, count, options, &png));
    return fv_file_write(path, png.at, png.length, NULL);
}
