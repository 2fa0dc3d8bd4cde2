/* Charts: tiny ones to the byte, and those with numbers and names that should not be. */
#include "plot/chart.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/file.h"
#include "tests/test.h"

/* What a chart looks like was judged by eye; that it stays so is tested here. FOVEA_WRITE_GOLDEN=1 writes the files anew. */
static void expect_golden(const char *name, const fv_text *svg) {
    char path[512];
    snprintf(path, sizeof path, FOVEA_SOURCE "/tests/golden/charts/%s.svg", name);
    if (getenv("FOVEA_WRITE_GOLDEN")) FV_OK(fv_file_write(path, svg->at, svg->length, NULL));
    uint8_t *bytes;
    int64_t length;
    FV_OK(fv_file_read(path, 1 << 20, &bytes, &length));
    assert_string_equal(svg->at, (const char *)bytes);
    fv_memory_free(bytes);
}

static const double epochs[] = { 1, 2, 3, 4 }, loss[] = { 1.5, 0.8, NAN, 0.5 }, val_loss[] = { 1.7, 1.1, 0.9, 1.0 };

FV_TEST(plot_chart__lines_are_the_same_bytes_everywhere) {
    const fv_series series[] = { { .name = "training", .count = 4, .x = epochs, .y = loss },
                                 { .name = "validation <&>", .count = 4, .x = epochs, .y = val_loss, .dashed = true } };
    FV_TEXT(svg, 1 << 20);
    FV_OK(fv_plot_lines(&(fv_line_chart){ .title = "Loss",
                                          .x_label = "epoch",
                                          .y_label = "nats",
                                          .count = 2,
                                          .series = series,
                                          .whole_x = true,
                                          .mark = "best",
                                          .mark_x = 3,
                                          .mark_y = 0.9,
                                          .width = 240,
                                          .height = 180 },
                        FV_PLOT_SVG, &svg));
    expect_golden("lines", &svg);
}

FV_TEST(plot_chart__scatters_are_the_same_bytes_everywhere) {
    const double truth[] = { 1, 2, 2, 4, NAN }, said[] = { 1.5, 2, 2, 3, 1 };
    FV_TEXT(svg, 1 << 20);
    FV_OK(fv_plot_scatter(&(fv_scatter_chart){ .title = "Ages",
                                               .x_label = "true",
                                               .y_label = "predicted",
                                               .count = 5,
                                               .x = truth,
                                               .y = said,
                                               .same_scale = true,
                                               .width = 240,
                                               .height = 220 },
                          FV_PLOT_SVG, &svg));
    expect_golden("scatter", &svg);
}

FV_TEST(plot_chart__a_scatter_of_many_points_stays_small) {
    enum { MANY = 200000 };
    static double x[MANY], y[MANY];
    for (int i = 0; i < MANY; i++) x[i] = i % 1000, y[i] = (i * 7919) % 1000;
    FV_TEXT(svg, 1 << 24);
    FV_OK(fv_plot_scatter(&(fv_scatter_chart){ .title = "many", .count = MANY, .x = x, .y = y }, FV_PLOT_SVG, &svg));
    assert_in_range(svg.length, 1, 3 << 20);
}

FV_TEST(plot_chart__points_that_are_none_leave_an_empty_field) {
    const double nothing[] = { NAN, INFINITY };
    FV_TEXT(svg, 1 << 20);
    FV_OK(fv_plot_scatter(&(fv_scatter_chart){ .title = "none", .count = 2, .x = nothing, .y = nothing }, FV_PLOT_SVG, &svg));
    FV_OK(fv_plot_scatter(&(fv_scatter_chart){ .same_scale = true }, FV_PLOT_SVG, &svg));
    assert_null(strstr(svg.at, "nan"));
}

FV_TEST(plot_chart__histograms_are_the_same_bytes_everywhere) {
    const int64_t counts[] = { 1, 0, 7, 3 };
    fv_histogram_chart chart = { .title = "Errors", .x_label = "error", .y_label = "pictures", .low = -2, .high = 2 };
    FV_TEXT(svg, 1 << 20);
    chart.bins = 4, chart.counts = counts, chart.width = 240, chart.height = 180;
    FV_OK(fv_plot_histogram(&chart, FV_PLOT_SVG, &svg));
    expect_golden("histogram", &svg);
    chart.high = -2;
    FV_FAILS(fv_plot_histogram(&chart, FV_PLOT_SVG, &svg), FV_USAGE, "a range");
}

static const char *const names[] = { "cat", "a <b>very</b> long name of a class that is cut", "\xFF" };

FV_TEST(plot_chart__bars_are_the_same_bytes_everywhere) {
    const double f1[] = { 0.25, 1, NAN }, counts[] = { 0, 1, 0.5 };
    FV_TEXT(svg, 1 << 20);
    FV_OK(fv_plot_bars(&(fv_bar_chart){ .title = "F1",
                                        .x_label = "share",
                                        .count = 3,
                                        .names = names,
                                        .series = 2,
                                        .series_names = { "a", "b" },
                                        .values = { f1, counts },
                                        .highest = 1,
                                        .width = 300 },
                       FV_PLOT_SVG, &svg));
    expect_golden("bars", &svg);
}

FV_TEST(plot_chart__matrices_are_the_same_bytes_everywhere) {
    const double counts[] = { 8, 2, 0, 0, 10, 0, 1, 1, 120000 }, shares[] = { 0.8, 0.2, 0, 0, 1, 0, 0.005, 0.005, 0.99 };
    FV_TEXT(svg, 1 << 20);
    FV_OK(fv_plot_matrix(&(fv_matrix_chart){ .title = "Counts", .classes = 3, .names = names, .cells = counts }, FV_PLOT_SVG,
                         &svg));
    FV_OK(fv_plot_matrix(&(fv_matrix_chart){ .title = "Shares", .classes = 3, .names = names, .cells = shares, .shares = true },
                         FV_PLOT_SVG, &svg));
    expect_golden("matrices", &svg);
}

FV_TEST(plot_chart__reliability_is_the_same_bytes_everywhere) {
    const double said[] = { NAN, 0.4, 0.6, 0.9 }, right[] = { NAN, 0.5, 0.55, 0.7 };
    const int64_t counts[] = { 0, 10, 20, 70 };
    FV_TEXT(svg, 1 << 20);
    const fv_reliability_chart chart = { "Before", 4, said, right, counts, "ECE 0.16", false };
    FV_OK(fv_plot_reliability(&chart, FV_PLOT_SVG, &svg));
    expect_golden("reliability", &svg);
}

FV_TEST(plot_chart__differences_are_the_same_bytes_everywhere) {
    const double cells[] = { 8, -2, 0, 0, -10, 1, 0.5, 1, 120 };
    FV_TEXT(svg, 1 << 20);
    FV_OK(fv_plot_matrix(
        &(fv_matrix_chart){ .title = "a less b", .classes = 3, .names = names, .cells = cells, .difference = true },
        FV_PLOT_SVG, &svg));
    assert_non_null(strstr(svg.at, ">+8<"));
    assert_non_null(strstr(svg.at, ">\u22122<"));
    expect_golden("difference", &svg);
}

FV_TEST(plot_chart__runs_share_a_colour_and_axes_are_logarithmic) {
    const double small[] = { 1, 0.1, 0.01, 0 };
    const fv_series series[] = { { .name = "wide", .count = 4, .x = epochs, .y = loss, .colour = 1 },
                                 { .count = 4, .x = epochs, .y = small, .colour = 1 },
                                 { .name = "narrow", .count = 4, .x = epochs, .y = val_loss, .colour = 9 } };
    FV_TEXT(svg, 1 << 20);
    FV_OK(fv_plot_lines(
        &(fv_line_chart){ .title = "Loss", .count = 3, .series = series, .log_y = true, .width = 240, .height = 180 },
        FV_PLOT_SVG, &svg));
    expect_golden("runs", &svg);
}

/* A line a run: settings and figures, one unknown, one of words. */
static const double rates[] = { 0.1, 0.001, 0.01, 0.1 }, depths[] = { 18, 34, NAN, 18 }, kinds[] = { 0, 1, 1, 2 },
                    scores[] = { 0.93, 0.95, 0.91, NAN };
static const char *const optimizers[] = { "sgd", "adam <b>", "a long name of an optimizer" };
static const fv_parallel_axis axes[] = {
    { .name = "learning_rate", .values = rates, .logarithmic = true },
    { .name = "depth", .values = depths },
    { .name = "optimizer", .values = kinds, .categories = optimizers, .category_count = 3 },
    { .name = "val_top1", .values = scores },
};

FV_TEST(plot_chart__parallel_coordinates_are_the_same_bytes_everywhere) {
    FV_TEXT(svg, 1 << 20);
    FV_OK(fv_plot_parallel(
        &(fv_parallel_chart){
            .title = "Runs", .count = 4, .axis_count = 4, .axes = axes, .colours = scores, .colours_name = "val_top1" },
        FV_PLOT_SVG, &svg));
    expect_golden("parallel", &svg);
    FV_FAILS(fv_plot_parallel(&(fv_parallel_chart){ .count = 4, .axes = axes }, FV_PLOT_SVG, &svg), FV_USAGE, "0 axes");
}

/* No text of a drawing is a number that is none. */
static void expect_numbers(const fv_text *svg) {
    assert_null(strstr(svg->at, "nan"));
    assert_null(strstr(svg->at, "inf"));
}

FV_TEST(plot_chart__draw_whatever_the_numbers_are) {
    const double bad[] = { NAN, INFINITY, -INFINITY, 0 }, one[] = { 3 };
    const fv_series hostile[] = { { .name = "bad", .count = 4, .x = epochs, .y = bad },
                                  { .name = "empty", .count = 0 },
                                  { .name = "\x01", .count = 1, .x = one, .y = one } };
    FV_TEXT(svg, 1 << 20);
    for (int64_t count = 0; count <= 3; count++)
        for (int log = 0; log < 2; log++)
            FV_OK(fv_plot_lines(&(fv_line_chart){ .count = count, .series = hostile, .log_x = log, .log_y = log }, FV_PLOT_SVG,
                                &svg));
    const fv_parallel_axis worst[] = { { .name = "", .values = bad },
                                       { .name = "\x01", .values = bad, .logarithmic = true },
                                       { .name = "none", .values = bad, .categories = names, .category_count = 3 } };
    for (int64_t count = 0; count <= 4; count++)
        FV_OK(fv_plot_parallel(
            &(fv_parallel_chart){ .title = "worst", .count = count, .axis_count = 3, .axes = worst, .colours = bad },
            FV_PLOT_SVG, &svg));
    FV_OK(fv_plot_bars(&(fv_bar_chart){ .count = 3, .names = names, .series = 1, .values = { bad } }, FV_PLOT_SVG, &svg));
    const double zeros[9] = { 0 };
    FV_OK(fv_plot_matrix(&(fv_matrix_chart){ .title = "", .classes = 3, .names = names, .cells = zeros }, FV_PLOT_SVG, &svg));
    const int64_t none[4] = { 0 };
    FV_OK(fv_plot_reliability(&(fv_reliability_chart){ "none", 4, bad, bad, none, NULL, true }, FV_PLOT_SVG, &svg));
    expect_numbers(&svg);
}

FV_TEST(plot_chart__a_hundred_classes_are_a_picture_and_too_many_are_refused) {
    enum { N = FV_MATRIX_CLASSES_MAX };
    static double cells[N * N];
    static const char *many[N + 1];
    for (int i = 0; i < N; i++) many[i] = "class", cells[i * N + i] = 1;
    FV_TEXT(svg, 1 << 20);
    for (int classes = 100; classes <= N; classes += 100)
        FV_OK(fv_plot_matrix(&(fv_matrix_chart){ .title = "Many", .classes = classes, .names = many, .cells = cells },
                             FV_PLOT_SVG, &svg));
    assert_non_null(strstr(svg.at, "data:image/png;base64,"));
    FV_FAILS(fv_plot_matrix(&(fv_matrix_chart){ .title = "Many", .classes = N + 1, .names = many, .cells = cells }, FV_PLOT_SVG,
                            &svg),
             FV_USAGE, "201 classes");
}

FV_TEST(plot_chart__are_png_too) {
    const fv_series series[] = { { .name = "loss", .count = 4, .x = epochs, .y = loss } };
    FV_TEXT(png, 1 << 20);
    FV_OK(fv_plot_lines(&(fv_line_chart){ .title = "Loss", .count = 1, .series = series }, FV_PLOT_PNG, &png));
    assert_memory_equal(png.at, "\x89PNG\r\n", 6);
}
