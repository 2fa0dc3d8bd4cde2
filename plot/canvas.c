/* canvas.c - each drawing call, once as a line of SVG and once in cairo. */
#include "plot/canvas.h"

#include <math.h>
#include <string.h>

#include "core/base/memory.h"
#include "plot/base64.h"
#include "plot/cairo.h"

#define FONTS "Helvetica, Arial, 'DejaVu Sans', sans-serif"

struct fv_canvas {
    fv_text *out;
    cairo_surface_t *surface; /* NULL: SVG */
    cairo_t *cairo;
    fv_error *error;
};

/* ---- life ---- */

static fv_error *check_side(int64_t width, int64_t height) {
    if (width >= 1 && height >= 1 && width <= FV_CANVAS_SIDE_MAX && height <= FV_CANVAS_SIDE_MAX) return NULL;
    return fv_fail(FV_USAGE, "a drawing of %lld×%lld pixels is not possible: a side has 1 to %d", (long long)width,
                   (long long)height, FV_CANVAS_SIDE_MAX);
}

fv_error *fv_canvas_svg(int64_t width, int64_t height, const char *title, fv_text *out, fv_canvas **canvas) {
    FV_TRY(check_side(width, height));
    FV_TRY(fv_memory_new(1, canvas));
    (*canvas)->out = out;
    fv_text_addf(out,
                 "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%lld\" height=\"%lld\" viewBox=\"0 0 %lld %lld\" "
                 "font-family=\"" FONTS "\" role=\"img\">\n<title>",
                 (long long)width, (long long)height, (long long)width, (long long)height);
    fv_text_add_xml(out, title);
    fv_text_add(out, "</title>\n");
    fv_canvas_box(*canvas, 0, 0, (double)width, (double)height, FV_PAPER);
    return NULL;
}

fv_error *fv_canvas_png(int64_t width, int64_t height, fv_text *out, fv_canvas **canvas) {
    FV_TRY(check_side(width, height));
    FV_TRY(fv_cairo_load());
    FV_OWNED(fv_canvas) c = NULL;
    FV_TRY(fv_memory_new(1, &c));
    c->out = out;
    c->surface = fv_cairo.image_surface_create(CAIRO_FORMAT_RGB24, (int)width, (int)height);
    c->cairo = fv_cairo.create(c->surface);
    if (fv_cairo.status(c->cairo)) return fv_error_memory();
    fv_canvas_box(c, 0, 0, (double)width, (double)height, FV_PAPER);
    *canvas = fv_take(&c);
    return NULL;
}

static cairo_status_t append(void *out, const unsigned char *bytes, unsigned count) {
    fv_text_add_bytes(out, bytes, count);
    return CAIRO_STATUS_SUCCESS;
}

void fv_canvas_fail(fv_canvas *canvas, fv_error *error) {
    if (canvas->error)
        fv_error_free(error);
    else
        canvas->error = error;
}

fv_error *fv_canvas_finish(fv_canvas *canvas) {
    FV_TRY(fv_take(&canvas->error));
    if (!canvas->surface) {
        fv_text_add(canvas->out, "</svg>\n");
        return fv_text_error(canvas->out);
    }
    cairo_status_t status = fv_cairo.status(canvas->cairo);
    if (!status) status = fv_cairo.surface_write_to_png_stream(canvas->surface, append, canvas->out);
    FV_TRY(fv_text_error(canvas->out));
    bool memory = status == CAIRO_STATUS_NO_MEMORY || status == CAIRO_STATUS_PNG_ERROR; /* what else can writing one lack? */
    if (memory) return fv_error_memory();
    return status ? fv_fail(FV_BUG, "a picture cannot be drawn: %s", fv_cairo.status_to_string(status)) : NULL;
}

void fv_canvas_free(fv_canvas *canvas) {
    if (!canvas) return;
    if (canvas->surface) {
        fv_cairo.destroy(canvas->cairo);
        fv_cairo.surface_destroy(canvas->surface);
    }
    fv_error_free(canvas->error);
    fv_memory_free(canvas);
}

/* ---- SVG's words ---- */

/* To a hundredth of a pixel, whatever the locale. */
static void put_number(fv_canvas *c, double value) {
    fv_text_add_number(c->out, round(value * 100) / 100 + 0.0); /* + 0: no "-0" */
}

static void put(fv_canvas *c, const char *name, double value) {
    fv_text_addf(c->out, " %s=\"", name);
    put_number(c, value);
    fv_text_add(c->out, "\"");
}

static void put_colour(fv_canvas *c, const char *name, fv_colour colour) {
    fv_text_addf(c->out, " %s=\"#%06x\"", name, (unsigned)colour);
}

static void put_box(fv_canvas *c, double x, double y, double width, double height) {
    put(c, "x", x);
    put(c, "y", y);
    put(c, "width", width);
    put(c, "height", height);
}

static void set_colour(fv_canvas *c, fv_colour colour) {
    fv_cairo.set_source_rgb(c->cairo, (colour >> 16 & 255) / 255.0, (colour >> 8 & 255) / 255.0, (colour & 255) / 255.0);
}

/* ---- shapes ---- */

void fv_canvas_box(fv_canvas *c, double x, double y, double width, double height, fv_colour fill) {
    if (c->surface) {
        set_colour(c, fill);
        fv_cairo.rectangle(c->cairo, x, y, width, height);
        fv_cairo.fill(c->cairo);
        return;
    }
    fv_text_add(c->out, "<rect");
    put_box(c, x, y, width, height);
    put_colour(c, "fill", fill);
    fv_text_add(c->out, "/>\n");
}

void fv_canvas_frame(fv_canvas *c, double x, double y, double width, double height, fv_colour colour, double thick) {
    if (c->surface) {
        set_colour(c, colour);
        fv_cairo.set_line_width(c->cairo, thick);
        fv_cairo.rectangle(c->cairo, x, y, width, height);
        fv_cairo.stroke(c->cairo);
        return;
    }
    fv_text_add(c->out, "<rect");
    put_box(c, x, y, width, height);
    fv_text_add(c->out, " fill=\"none\"");
    put_colour(c, "stroke", colour);
    put(c, "stroke-width", thick);
    fv_text_add(c->out, "/>\n");
}

static void draw_line(fv_canvas *c, const fv_point *points, int64_t count, fv_colour colour, double thick, bool dashed) {
    set_colour(c, colour);
    fv_cairo.set_line_width(c->cairo, thick);
    fv_cairo.set_line_join(c->cairo, CAIRO_LINE_JOIN_ROUND);
    fv_cairo.set_dash(c->cairo, (const double[]){ 4, 3 }, dashed ? 2 : 0, 0);
    for (int64_t i = 0; i < count; i++) fv_cairo.line_to(c->cairo, points[i].x, points[i].y);
    fv_cairo.stroke(c->cairo);
    fv_cairo.set_dash(c->cairo, NULL, 0, 0);
}

void fv_canvas_line(fv_canvas *c, const fv_point *points, int64_t count, fv_colour colour, double thick, bool dashed) {
    if (c->surface) return draw_line(c, points, count, colour, thick, dashed);
    fv_text_add(c->out, "<polyline points=\"");
    for (int64_t i = 0; i < count; i++) {
        fv_text_add(c->out, i ? " " : "");
        put_number(c, points[i].x);
        fv_text_add(c->out, ",");
        put_number(c, points[i].y);
    }
    fv_text_add(c->out, "\" fill=\"none\"");
    put_colour(c, "stroke", colour);
    put(c, "stroke-width", thick);
    fv_text_add(c->out, dashed ? " stroke-dasharray=\"4 3\"/>\n" : " stroke-linejoin=\"round\"/>\n");
}

void fv_canvas_dot(fv_canvas *c, double x, double y, double radius, fv_colour fill) {
    if (c->surface) {
        set_colour(c, fill);
        fv_cairo.arc(c->cairo, x, y, radius, 0, 2 * M_PI);
        fv_cairo.fill(c->cairo);
        return;
    }
    fv_text_add(c->out, "<circle");
    put(c, "cx", x);
    put(c, "cy", y);
    put(c, "r", radius);
    put_colour(c, "fill", fill);
    fv_text_add(c->out, "/>\n");
}

/* ---- text ---- */

static void draw_text(fv_canvas *c, double x, double y, const fv_letters *letters, const char *text) {
    FV_TEXT(shown, 1 << 16);
    fv_text_add_printable(&shown, text);
    fv_canvas_fail(c, fv_text_error(&shown));
    cairo_text_extents_t extents;
    fv_cairo.select_font_face(c->cairo, "sans-serif", CAIRO_FONT_SLANT_NORMAL,
                              letters->bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
    fv_cairo.set_font_size(c->cairo, letters->size);
    fv_cairo.text_extents(c->cairo, shown.at, &extents);
    double before = extents.x_advance * (letters->anchor == FV_ANCHOR_END ? 1 : letters->anchor == FV_ANCHOR_MIDDLE ? 0.5 : 0);
    fv_cairo.save(c->cairo);
    set_colour(c, letters->colour);
    fv_cairo.translate(c->cairo, x, y);
    if (letters->upwards) fv_cairo.rotate(c->cairo, -M_PI / 2);
    fv_cairo.move_to(c->cairo, -before, 0);
    fv_cairo.show_text(c->cairo, shown.at);
    fv_cairo.new_path(c->cairo); /* a text leaves a point behind, which the next line would begin at */
    fv_cairo.restore(c->cairo);
}

void fv_canvas_text(fv_canvas *c, double x, double y, const fv_letters *letters, const char *text) {
    static const char *const anchors[] = { "", " text-anchor=\"middle\"", " text-anchor=\"end\"" };
    if (c->surface) return draw_text(c, x, y, letters, text);
    fv_text_add(c->out, letters->upwards ? "<text transform=\"rotate(-90)\"" : "<text");
    put(c, "x", letters->upwards ? -y : x);
    put(c, "y", letters->upwards ? x : y);
    put(c, "font-size", letters->size);
    put_colour(c, "fill", letters->colour);
    fv_text_add(c->out, anchors[letters->anchor]);
    if (letters->bold) fv_text_add(c->out, " font-weight=\"bold\"");
    fv_text_add(c->out, ">");
    fv_text_add_xml(c->out, text);
    fv_text_add(c->out, "</text>\n");
}

/* DejaVu Sans, wider than most, in hundredths of its size, from ' ' to '~'. */
static const uint8_t widths[] = { 32, 40, 46, 84, 64, 95, 78, 27, 39, 39, 50, 84, 32, 36,  32, 34, 64, 64, 64,
                                  64, 64, 64, 64, 64, 64, 64, 34, 34, 84, 84, 84, 53, 100, 68, 69, 70, 77, 63,
                                  58, 77, 75, 29, 29, 66, 56, 86, 75, 79, 60, 79, 69, 63,  61, 73, 68, 99, 69,
                                  61, 69, 39, 34, 39, 84, 50, 50, 61, 63, 55, 63, 62, 35,  63, 63, 28, 28, 58,
                                  28, 97, 63, 61, 63, 63, 41, 52, 39, 63, 59, 82, 59, 59,  52, 64, 34, 64, 84 };

/* The bytes of a character and its width; `at` is UTF-8. Beyond the alphabets of Europe and their neighbours letters are
 * square. */
static int64_t measure(const char *at, double size, bool bold, double *width) {
    unsigned char c = (unsigned char)*at;
    int64_t bytes = c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
    double hundredths = c >= ' ' && c <= '~' ? widths[c - ' '] : c < 0xE1 ? 80 : c < 0xF0 ? 100 : 140;
    *width = hundredths / 100 * size * (bold ? 1.15 : 1);
    return bytes;
}

double fv_canvas_text_width(const char *text, double size, bool bold) {
    double sum = 0, width;
    bool printable;
    for (const char *at = text; *at; sum += width) {
        int length = fv_text_character(at, &printable);
        measure(printable ? at : "\uFFFD", size, bold, &width);
        at += length;
    }
    return sum;
}

void fv_canvas_cut_text(const char *text, double size, bool bold, double width, fv_text *out) {
    FV_TEXT(shown, 1 << 16);
    fv_text_add_printable(&shown, text);
    double sum = 0, next, ellipsis = size * (bold ? 1.15 : 1);
    int64_t kept = 0, at = 0;
    for (; shown.at[at]; sum += next) {
        int64_t bytes = measure(shown.at + at, size, bold, &next);
        if (sum + next > width) break;
        at += bytes;
        if (sum + next + ellipsis <= width) kept = at;
    }
    bool cut = shown.at[at];
    while (cut && kept && shown.at[kept - 1] == ' ') kept--;
    fv_text_add_bytes(out, shown.at, cut ? kept : at);
    if (cut) fv_text_add(out, "…");
    fv_text_fail(out, fv_text_error(&shown));
}

/* ---- pictures ---- */

static fv_error *draw_picture(fv_canvas *c, const uint8_t *rgb, double x, double y, int64_t width, int64_t height) {
    cairo_surface_t *surface = fv_cairo.image_surface_create(CAIRO_FORMAT_RGB24, (int)width, (int)height);
    if (fv_cairo.surface_status(surface)) {
        fv_cairo.surface_destroy(surface);
        return fv_error_memory();
    }
    fv_cairo.surface_flush(surface);
    for (int64_t j = 0; j < height; j++) {
        uint8_t *row = fv_cairo.image_surface_get_data(surface) + j * fv_cairo.image_surface_get_stride(surface);
        for (int64_t i = 0; i < width; i++) {
            const uint8_t *from = rgb + (j * width + i) * 3;
            uint32_t pixel = (uint32_t)from[0] << 16 | (uint32_t)from[1] << 8 | from[2];
            memcpy(row + i * 4, &pixel, sizeof pixel);
        }
    }
    fv_cairo.surface_mark_dirty(surface);
    fv_cairo.set_source_surface(c->cairo, surface, x, y);
    fv_cairo.paint(c->cairo);
    fv_cairo.surface_destroy(surface);
    return NULL;
}

/* In SVG a picture that is shown larger is stored as it is; whoever shows it repeats its pixels. */
static fv_error *embed_picture(fv_canvas *c, const fv_picture *picture, double x, double y, int64_t width, int64_t height) {
    FV_TEXT(png, INT64_C(1) << 30);
    FV_TRY(fv_picture_to_png(picture, &png));
    fv_text_add(c->out, "<image");
    put_box(c, x, y, (double)width, (double)height);
    fv_text_add(c->out, " preserveAspectRatio=\"none\" style=\"image-rendering:pixelated\" href=\"data:image/png;base64,");
    fv_add_base64(c->out, png.at, png.length);
    fv_text_add(c->out, "\"/>\n");
    return NULL;
}

static fv_error *place_picture(fv_canvas *c, const fv_picture *picture, double x, double y, int64_t width, int64_t height) {
    FV_OWNED(fv_memory) rgb = NULL;
    FV_TRY(check_side(width, height));
    bool larger = height >= picture->height && width >= picture->width;
    if (!c->surface && larger) return embed_picture(c, picture, x, y, width, height);
    FV_TRY(fv_memory_alloc(width * height, 3, &rgb));
    fv_picture_scale(picture, height, width, rgb);
    if (c->surface) return draw_picture(c, rgb, x, y, width, height);
    return embed_picture(c, &(fv_picture){ rgb, height, width, 3 }, x, y, width, height);
}

void fv_canvas_picture(fv_canvas *c, const fv_picture *picture, double x, double y, int64_t width, int64_t height) {
    if (!c->error) c->error = place_picture(c, picture, x, y, width, height);
}
