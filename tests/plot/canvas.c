/* Canvases: SVG to the byte, and text that comes from outside. */
#include "plot/canvas.h"

#include <locale.h>

#include "tests/test.h"

static void draw(fv_canvas *canvas) {
    fv_canvas_box(canvas, 1, 2, 3.125, 4, FV_RIGHT);
    fv_canvas_line(canvas, (const fv_point[]){ { 0, 1.0 / 3 }, { 10, -0.001 } }, 2, FV_INK, 1.5, true);
    fv_canvas_dot(canvas, 5, 5, 2, FV_WRONG);
    fv_canvas_text(canvas, 4, 5, &(fv_letters){ .size = 12, .anchor = FV_ANCHOR_END, .upwards = true }, "a<b>&\"c\"\x01\xFF");
}

FV_TEST(plot_canvas__svg_is_the_same_text_everywhere) {
    static const char wanted[] =
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"20\" height=\"10\" viewBox=\"0 0 20 10\" "
        "font-family=\"Helvetica, Arial, 'DejaVu Sans', sans-serif\" role=\"img\">\n<title>&lt;x&gt;</title>\n"
        "<rect x=\"0\" y=\"0\" width=\"20\" height=\"10\" fill=\"#ffffff\"/>\n"
        "<rect x=\"1\" y=\"2\" width=\"3.13\" height=\"4\" fill=\"#0072b2\"/>\n"
        "<polyline points=\"0,0.33 10,0\" fill=\"none\" stroke=\"#222222\" stroke-width=\"1.5\" stroke-dasharray=\"4 3\"/>\n"
        "<circle cx=\"5\" cy=\"5\" r=\"2\" fill=\"#c44900\"/>\n"
        "<text transform=\"rotate(-90)\" x=\"-5\" y=\"4\" font-size=\"12\" fill=\"#000000\" text-anchor=\"end\">"
        "a&lt;b&gt;&amp;&quot;c&quot;\uFFFD\uFFFD</text>\n</svg>\n";
    FV_TEXT(svg, 1 << 16);
    FV_OWNED(fv_canvas) canvas = NULL;
    setlocale(LC_ALL, "de_DE.UTF-8"); /* where there is one: no decimal comma */
    FV_OK(fv_canvas_svg(20, 10, "<x>", &svg, &canvas));
    draw(canvas);
    FV_OK(fv_canvas_finish(canvas));
    assert_string_equal(svg.at, wanted);
}

FV_TEST(plot_canvas__a_png_takes_the_same_calls) {
    FV_TEXT(png, 1 << 16);
    FV_OWNED(fv_canvas) canvas = NULL;
    FV_OK(fv_canvas_png(20, 10, &png, &canvas));
    draw(canvas);
    FV_OK(fv_canvas_finish(canvas));
    assert_memory_equal(png.at, "\x89PNG\r\n", 6);
}

FV_TEST(plot_canvas__refuses_sizes_that_cannot_be) {
    FV_TEXT(out, 100);
    fv_canvas *canvas = NULL;
    FV_FAILS(fv_canvas_png(0, 10, &out, &canvas), FV_USAGE, "0×10");
    FV_FAILS(fv_canvas_svg(10, FV_CANVAS_SIDE_MAX + 1, "", &out, &canvas), FV_USAGE, "16385");
}

FV_TEST(plot_canvas__says_when_the_text_is_full) {
    FV_TEXT(svg, 300);
    FV_OWNED(fv_canvas) canvas = NULL;
    FV_OK(fv_canvas_svg(20, 10, "x", &svg, &canvas));
    for (int i = 0; i < 10; i++) fv_canvas_dot(canvas, i, i, 1, 0);
    FV_FAILS(fv_canvas_finish(canvas), FV_MEMORY, "cap of 300");
}

static void expect_cut(const char *text, double width, const char *wanted) {
    FV_TEXT(cut, 1000);
    fv_canvas_cut_text(text, 10, false, width, &cut);
    assert_string_equal(cut.at, wanted);
    assert_true(fv_canvas_text_width(cut.at, 10, false) <= width);
}

FV_TEST(plot_canvas__cuts_text_between_letters) {
    expect_cut("hello", 100, "hello");
    expect_cut("hello world", 40, "hello…");
    expect_cut("ééééé", 29, "éé…");
    expect_cut("漢字漢字", 40, "漢字漢字");
    expect_cut("漢字漢字", 39, "漢字…");
}
