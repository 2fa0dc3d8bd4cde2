/* canvas.h - what charts and sheets are drawn on: SVG text, or pixels that become a PNG (cairo). The same calls, the same
 * layout.
 *
 * SVG is written here and not by cairo, because a report holds many of them in one page and is read on screens of every kind:
 * cairo's are bound to the fonts of the machine that drew them, letters are outlines that cannot be searched or read aloud, and
 * their ids clash in one page. Ours are the same bytes everywhere. The letters of a PNG are those of the machine's fonts.
 *
 * Units are pixels, from the top left corner. The first error sticks; fv_canvas_finish tells. One thread at a time. */
#ifndef FV_PLOT_CANVAS_H
#define FV_PLOT_CANVAS_H

#include <stdbool.h>
#include <stddef.h>

#include "plot/picture.h"

#define FV_CANVAS_SIDE_MAX 16384

typedef uint32_t fv_colour; /* 0xRRGGBB */
enum {
    FV_INK = 0x222222,   /* text and data without a colour of their own */
    FV_FAINT = 0x666666, /* text that explains */
    FV_GRID = 0xDDDDDD,
    FV_PAPER = 0xFFFFFF,
    FV_RIGHT = 0x0072B2, /* blue and vermilion can be told apart by everyone */
    FV_WRONG = 0xC44900
};

/* Where a text stands by its point: it begins there, is centred on it, ends there. */
typedef enum fv_anchor { FV_ANCHOR_START, FV_ANCHOR_MIDDLE, FV_ANCHOR_END } fv_anchor;
typedef struct fv_letters {
    double size;
    fv_colour colour;
    fv_anchor anchor;
    bool bold;
    bool upwards; /* read from below to above */
} fv_letters;

typedef struct fv_point {
    double x, y;
} fv_point;

typedef struct fv_canvas fv_canvas;
/* A sheet of paper of that size; what is drawn is appended to `out`, at the latest by fv_canvas_finish. `title` is what is read
 * aloud in place of the picture. FV_USAGE: a side above FV_CANVAS_SIDE_MAX. */
FV_MUST_USE fv_error *fv_canvas_svg(int64_t width, int64_t height, const char *title, fv_text *out, fv_canvas **canvas);
FV_MUST_USE fv_error *fv_canvas_png(int64_t width, int64_t height, fv_text *out, fv_canvas **canvas);
FV_MUST_USE fv_error *fv_canvas_finish(fv_canvas *canvas);
void fv_canvas_fail(fv_canvas *canvas, fv_error *error); /* takes `error`, which sticks; NULL changes nothing */
void fv_canvas_free(fv_canvas *canvas);
FV_CLEANUP(fv_canvas);

void fv_canvas_box(fv_canvas *canvas, double x, double y, double width, double height, fv_colour fill);
void fv_canvas_frame(fv_canvas *canvas, double x, double y, double width, double height, fv_colour colour, double thick);
/* A line through `count` points; dashed: 4 on, 3 off. */
void fv_canvas_line(fv_canvas *canvas, const fv_point *points, int64_t count, fv_colour colour, double thick, bool dashed);
void fv_canvas_dot(fv_canvas *canvas, double x, double y, double radius, fv_colour fill);
/* On the base line y. Text from outside is welcome: what cannot be shown becomes U+FFFD, and SVG's own letters are escaped. */
void fv_canvas_text(fv_canvas *canvas, double x, double y, const fv_letters *letters, const char *text);
void fv_canvas_picture(fv_canvas *canvas, const fv_picture *picture, double x, double y, int64_t width, int64_t height);

/* How wide a text is at most in the fonts that it may meet (those wider than most were measured), and `text` cut to that width
 * with "…" at its end, appended to `out`. */
double fv_canvas_text_width(const char *text, double size, bool bold);
void fv_canvas_cut_text(const char *text, double size, bool bold, double width, fv_text *out);

#endif
