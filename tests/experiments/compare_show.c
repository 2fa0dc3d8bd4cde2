/* A comparison as charts, pictures and a page, whatever the runs are called and whatever they lack. */
#include "experiments/compare_show.h"

#include <stdio.h>

#include "core/base/file.h"
#include "tests/experiments/runs.h"
#include "tests/test.h"

static fv_arena *arena_new(void) {
    fv_arena *arena;
    FV_OK(fv_arena_new("a test", 1 << 26, &arena));
    return arena;
}

/* Two runs of one recipe and one of another, on five pictures. */
static void compare_three(fv_run_facts runs[3], fv_arena *arena, fv_comparison *c) {
    runs[0] = made_up_run("<b>one</b>-1", "lenet", "0.1", "1", 1, 0.9, made_up_outcomes("ababb", "aabbb", arena), arena);
    runs[1] = made_up_run("<b>one</b>-2", "lenet", "0.1", "2", 0.5, 0.95, made_up_outcomes("ababb", "aaabb", arena), arena);
    runs[2] = made_up_run("two", "vgg", "0.001", "1", 0.5, 0.95, made_up_outcomes("ababb", "abaab", arena), arena);
    FV_OK(fv_runs_compare(runs, 3, NULL, arena, c));
}

static int64_t count_of(const char *text, const char *part) {
    int64_t count = 0;
    for (; (text = strstr(text, part)); text++) count++;
    return count;
}

FV_TEST(experiments_compare_show__curves_of_a_recipe_share_colour_and_name) {
    FV_OWNED(fv_arena) arena = arena_new();
    fv_run_facts runs[3];
    fv_comparison c;
    FV_TEXT(svg, 1 << 20);
    compare_three(runs, arena, &c);
    FV_OK(fv_comparison_curves(&c, "val_loss", true, FV_PLOT_SVG, &svg));
    assert_int_equal(count_of(svg.at, "(2 runs)"), 1);
    assert_int_equal(count_of(svg.at, "<b>"), 0);
    FV_FAILS(fv_comparison_curves(&c, "val_mAP", false, FV_PLOT_SVG, &svg), FV_NOT_FOUND, "no run has a curve val_mAP");
}

FV_TEST(experiments_compare_show__axes_are_of_settings_that_differ) {
    FV_OWNED(fv_arena) arena = arena_new();
    fv_run_facts runs[3];
    fv_comparison c;
    FV_TEXT(svg, 1 << 20);
    compare_three(runs, arena, &c);
    FV_OK(fv_comparison_parallel(&c, FV_PLOT_SVG, &svg));
    for (int i = 0; i < 4; i++)
        assert_non_null(strstr(svg.at, ((const char *[]){ ">arch<", ">learning_rate<", ">val_loss<", ">top1<" })[i]));
    assert_null(strstr(svg.at, ">seed<"));
}

FV_TEST(experiments_compare_show__confusion_is_the_second_less_the_first) {
    FV_OWNED(fv_arena) arena = arena_new();
    fv_run_facts runs[3];
    fv_comparison c;
    FV_TEXT(svg, 1 << 20);
    compare_three(runs, arena, &c);
    FV_OK(fv_comparison_confusion(&c, 1, FV_PLOT_SVG, &svg));
    assert_non_null(strstr(svg.at, ">+1<"));
    runs[2].outcomes = NULL;
    FV_OK(fv_runs_compare(runs, 3, NULL, arena, &c));
    FV_FAILS(fv_comparison_confusion(&c, 1, FV_PLOT_SVG, &svg), FV_USAGE, "no confusion of classes");
}

FV_TEST(experiments_compare_show__disputed_pictures_are_those_that_one_has_right) {
    FV_OWNED(fv_arena) arena = arena_new();
    fv_run_facts runs[3];
    fv_comparison c;
    int64_t *places, count, all;
    const char *caption;
    compare_three(runs, arena, &c);
    FV_OK(fv_comparison_disputed(&c, 1, true, 8, arena, &places, &count, &all));
    assert_true(count == 2 && all == 2 && places[0] == 1 && places[1] == 2);
    FV_OK(fv_comparison_disputed(&c, 1, true, 1, arena, &places, &count, &all));
    assert_true(count == 1 && all == 2 && places[0] == 1);
    FV_OK(fv_comparison_disputed(&c, 1, false, 8, arena, &places, &count, &all));
    assert_true(count == 1 && places[0] == 3);
    FV_OK(fv_comparison_caption(&c, 1, 3, arena, &caption));
    assert_string_equal(caption, "true: b\n<b>one</b>-1: b 75\u00a0%\ntwo: a 75\u00a0%");
}

static const char *const ids[] = { "a/0.pgm", "b/1.pgm", "a/2.pgm", "b/3.pgm", "b/4.pgm" };

/* The five pictures, in folders that are classes. */
static void make_pictures(const char *folder, char *data, size_t room) {
    static const char pgm[] = "P5 2 2 255\n\x00\x40\x80\xff";
    char path[600];
    snprintf(data, room, "%s/pictures", folder);
    for (int i = 0; i < 5; i++) {
        snprintf(path, sizeof path, "%s/%.1s", data, ids[i]);
        FV_OK(fv_file_make_folder(path));
        snprintf(path, sizeof path, "%s/%s", data, ids[i]);
        FV_OK(fv_file_write(path, pgm, sizeof pgm - 1, NULL));
    }
}

FV_TEST(experiments_compare_show__a_page_needs_no_other_file_and_believes_no_name) {
    FV_OWNED(fv_arena) arena = arena_new();
    FV_OWNED(fv_run_pictures) pictures = NULL;
    char data[512];
    fv_run_facts runs[3];
    fv_comparison c;
    FV_TEXT(html, 1 << 22);
    FV_TEXT(png, 1 << 22);
    make_pictures(fv_test_folder(), data, sizeof data);
    compare_three(runs, arena, &c);
    for (int r = 0; r < 3; r++) ((fv_run_outcomes *)runs[r].outcomes)->ids = ids;
    FV_OK(fv_run_pictures_open(&runs[0], data, &pictures));
    FV_OK(fv_comparison_page(&c, &(fv_comparison_page_options){ .pictures = pictures }, &html));
    assert_int_equal(count_of(html.at, "<b>one"), 0);
    assert_int_equal(count_of(html.at, "&lt;b&gt;one&lt;/b&gt;-1") > 3, 1);
    assert_int_equal(count_of(html.at, "<img "), 3);
    assert_int_equal(count_of(html.at, "http"),
                     count_of(html.at, "http-equiv") + count_of(html.at, "http://www.w3.org/2000/svg"));
    assert_non_null(strstr(html.at, "two has it right, &lt;b&gt;one&lt;/b&gt;-1 has not: 2"));
    FV_OK(fv_comparison_sheet(&c, 1, pictures, &png));
    assert_memory_equal(png.at, "\x89PNG", 4);
    FV_FAILS(fv_run_pictures_read(pictures, "a/9.pgm", &(fv_image){ 0 }), FV_NOT_FOUND, "a/9.pgm");
}

FV_TEST(experiments_compare_show__a_page_without_pictures_says_why) {
    FV_OWNED(fv_arena) arena = arena_new();
    fv_run_facts runs[3];
    fv_comparison c;
    FV_TEXT(html, 1 << 22);
    compare_three(runs, arena, &c);
    FV_OK(fv_comparison_page(&c, &(fv_comparison_page_options){ .no_pictures = "the disk is <away>" }, &html));
    assert_non_null(strstr(html.at, "Its pictures are not shown: the disk is &lt;away&gt;."));
    for (int r = 0; r < 3; r++)
        runs[r] = made_up_run(runs[r].name, "lenet", "0.1", "1", 1, 0.9, NULL, arena),
        runs[r].curve_count = runs[r].metric_count = 0;
    FV_OK(fv_runs_compare(runs, 3, NULL, arena, &c));
    fv_text_clear(&html);
    FV_OK(fv_comparison_page(&c, NULL, &html));
    assert_non_null(strstr(html.at, "There is no figure that all runs have."));
    assert_non_null(strstr(html.at, "All settings are the same, but for the seed."));
}
