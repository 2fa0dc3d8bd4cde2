/* Pages: whatever a text says, it is text. */
#include "plot/page.h"

#include <stdio.h>

#include "tests/test.h"

#define HOSTILE "</p><script>alert('1')</script>\"\x01\xFF&amp;"
#define ESCAPED "&lt;/p&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&quot;\uFFFD\uFFFD&amp;amp;"

static int64_t count_of(const fv_text *text, const char *word) {
    int64_t count = 0;
    for (const char *at = text->at; (at = strstr(at, word)); at += strlen(word)) count++;
    return count;
}

FV_TEST(plot_page__escapes_every_text_that_it_is_given) {
    const uint8_t pixel[] = { 1, 2, 3 };
    const char *const cells[] = { HOSTILE, NULL, "2", HOSTILE };
    const fv_column columns[] = { { HOSTILE, false }, { "number", true } };
    FV_TEXT(html, 1 << 20);
    fv_page_begin(&html, HOSTILE);
    fv_page_section(&html, HOSTILE);
    fv_page_part(&html, HOSTILE);
    fv_page_text(&html, "%s", HOSTILE);
    fv_page_note(&html, "%s", HOSTILE);
    fv_page_code(&html, HOSTILE "\n" HOSTILE);
    fv_page_fold(&html, HOSTILE);
    fv_page_table(&html, columns, 2, cells, 2);
    fv_page_fold_end(&html);
    fv_page_figures(&html);
    fv_page_figure(&html, HOSTILE, HOSTILE, HOSTILE, FV_TONE_WRONG);
    fv_page_figures_end(&html);
    fv_page_row(&html);
    FV_OK(fv_page_picture(&html, &(fv_picture){ pixel, 1, 1, 3 }, 64, HOSTILE "\n" HOSTILE, FV_TONE_RIGHT));
    fv_page_row_end(&html);
    fv_page_end(&html);
    FV_OK(fv_text_error(&html));
    assert_null(strstr(html.at, "<script"));
    assert_null(strstr(html.at, "\x01"));
    assert_int_equal(count_of(&html, ESCAPED), 2 + 2 + 2 + 2 + 1 + 3 + 3);
    assert_int_equal(count_of(&html, "&lt;/<wbr>p&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/<wbr>script&gt;&quot;"),
                     2); /* a caption */
}

FV_TEST(plot_page__closes_what_it_opens) {
    static const char *const tags[] = { "html", "head", "body", "div", "table", "details", "figure", "p" };
    const char *const cells[] = { "1" };
    FV_TEXT(html, 1 << 20);
    fv_page_begin(&html, "title");
    fv_page_fold(&html, "more");
    fv_page_table(&html, &(fv_column){ "number", true }, 1, cells, 1);
    fv_page_text(&html, "text");
    fv_page_fold_end(&html);
    fv_page_row(&html);
    FV_OK(fv_page_picture(&html, &(fv_picture){ (const uint8_t *)"abc", 1, 1, 3 }, 64, "", FV_TONE_PLAIN));
    fv_page_row_end(&html);
    fv_page_end(&html);
    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++) {
        char open[16], attributes[16], close[16];
        snprintf(open, sizeof open, "<%s>", tags[i]);
        snprintf(attributes, sizeof attributes, "<%s ", tags[i]);
        snprintf(close, sizeof close, "</%s>", tags[i]);
        assert_int_equal(count_of(&html, open) + count_of(&html, attributes), count_of(&html, close));
        assert_true(count_of(&html, close) > 0);
    }
}

FV_TEST(plot_page__fetches_nothing) {
    FV_TEXT(html, 1 << 20);
    fv_page_begin(&html, "title");
    fv_page_end(&html);
    assert_null(strstr(html.at, "http:"));
    assert_null(strstr(html.at, "https:"));
    assert_non_null(strstr(html.at, "default-src 'none'"));
}

FV_TEST(plot_page__small_pictures_are_png_and_large_ones_reduced_to_jpeg) {
    static uint8_t photo[200 * 300 * 3];
    FV_TEXT(html, 1 << 20);
    FV_OK(fv_page_picture(&html, &(fv_picture){ photo, 8, 8, 3 }, 96, "small", FV_TONE_PLAIN));
    assert_non_null(strstr(html.at, "width=\"96\" height=\"96\""));
    assert_non_null(strstr(html.at, "data:image/png;base64,iVBORw0KGgo"));
    fv_text_clear(&html);
    FV_OK(fv_page_picture(&html, &(fv_picture){ photo, 200, 300, 3 }, 96, "large", FV_TONE_PLAIN));
    assert_non_null(strstr(html.at, "width=\"96\" height=\"64\""));
    assert_non_null(strstr(html.at, "data:image/jpeg;base64,/9j/"));
}
