/* Help for the terminal and for the documentation. */
#include "tests/test.h"

#include "tests/core/base/sample.h"

FV_TEST(base_fields_help__is_aligned_and_says_range_and_default) {
    FV_TEXT(out, 1 << 16);
    fv_fields_help(sample_fields, true, &out);
    FV_OK(fv_text_error(&out));
    assert_string_equal(out.at,
                        "      --window N,N     height and width of the window (2 integers of at least 1, or one for all;\n"
                        "                       required)\n"
                        "  -s, --stride N,N     step between windows (2 integers of at least 1, or one for all; default 1,2)\n"
                        "      --seed SEED      (an integer; default -1)\n"
                        "      --rate X         probability of dropping (a number from 0 to 1; default 0.5)\n"
                        "      --bounds X,X     (2 numbers of at most 100, or one for all)\n"
                        "  -c, --ceil           round up (default false)\n"
                        "      --mode NAME      what lies outside | beyond (one of constant, reflect, edge; default reflect)\n"
                        "      --dims N,N,…     (up to 8 integers from -4 to 0)\n"
                        "      --weights X,X,…  (a list of numbers of at least 0; default 1,1)\n"
                        "      --name TEXT      (a text of 1 to 40 bytes)\n");
}

FV_TEST(base_fields_help__no_line_is_wider_than_100_columns) {
    typedef struct wide {
        int64_t a_name_that_is_longer_than_the_left_side_may_be, b;
        fv_strings files;
    } wide;
    static const fv_field fields[] = {
        FV_FIELD(wide, a_name_that_is_longer_than_the_left_side_may_be,
                 .help = "one two three four five six seven eight nine ten eleven"),
        FV_FIELD(wide, b,
                 .help = "größe größe größe größe größe größe größe größe größe größe größe größe größe größe größe größe"),
        FV_FIELD(wide, files, .positional = true, .required = true, .value = "FILE…", .help = "pictures"),
        FV_FIELDS_END,
    };
    FV_TEXT(out, 1 << 16);
    fv_fields_help(fields, true, &out);
    int lines = 0;
    for (const char *line = out.at; *line; lines++) {
        int columns = 0;
        for (; *line != '\n'; line++) columns += (*line & 0xC0) != 0x80;
        line++;
        assert_in_range(columns, 1, 100);
    }
    assert_int_equal(lines, 5);
    assert_non_null(strstr(out.at, "\n  FILE…      pictures (a list of texts; required)\n"));
}

FV_TEST(base_fields_help__without_flags_names_are_as_in_recipes) {
    FV_TEXT(out, 1 << 16);
    fv_fields_help(sample_fields, false, &out);
    assert_non_null(strstr(out.at, "  rate     probability of dropping (a number from 0 to 1; default 0.5)\n"));
    assert_null(strstr(out.at, "tags"));
    fv_text_clear(&out);
    fv_fields_help(fv_no_fields, false, &out);
    assert_string_equal(out.at, "");
}

FV_TEST(base_fields_help__markdown_is_one_row_a_field) {
    FV_TEXT(out, 1 << 16);
    fv_fields_markdown(sample_fields, &out);
    assert_memory_equal(out.at, "| name | value | default | meaning |\n| --- | --- | --- | --- |\n| `window` |", 73);
    assert_non_null(strstr(out.at, "\n| `rate`, `p` | a number from 0 to 1 | `0.5` | probability of dropping |\n"));
    assert_non_null(
        strstr(out.at, "\n| `mode` | one of constant, reflect, edge | `reflect` | what lies outside \\| beyond |\n"));
    assert_non_null(strstr(out.at, "\n| `ceil` | true or false | `false` | round up |\n"));
    assert_null(strstr(out.at, "tags"));
    int rows = 0;
    for (const char *at = out.at; *at; at++) rows += *at == '\n';
    assert_int_equal(rows, 12);
}
