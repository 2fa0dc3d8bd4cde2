/* The text form: it parses back to the same text, and a bad line is named by number. */
#include "core/graph/node.h"
#include "tests/test.h"

static const char example[] = "x = input dtype=f32 dims=2,6 -> f32[2,6]\n"
                              "w = state dtype=f32 dims=4,6 init=\"kaiming_normal mode=fan_out\" -> f32[4,6]\n"
                              "fc = linear(x, w) -> f32[2,4]\n"
                              "parts = split(fc) axis=1 sizes=1,3 -> f32[2,1], f32[2,3]\n"
                              "sum.one = add(parts, parts:1) -> f32[2,3]\n"
                              "output logits = fc\n"
                              "output sum = sum.one\n"
                              "output rest = parts:1\n";

FV_TEST(core_graph_text__parses_back_to_itself) {
    FV_OWNED(fv_graph) g = NULL;
    char *text = NULL;
    FV_OK(fv_graph_parse(example, "example", &g));
    FV_OK(fv_graph_check(g));
    FV_OK(fv_graph_to_text(g, &text));
    assert_string_equal(text, example);
    fv_string_free(text);
}

FV_TEST(core_graph_text__comments_blank_lines_and_missing_types_are_fine) {
    FV_OWNED(fv_graph) g = NULL;
    FV_OK(fv_graph_parse("# a comment\n\nx = input dtype=f32 dims=2,6\r\n  y = relu( x )\noutput y = y", "example", &g));
    assert_true(fv_is_value(fv_graph_find_output(g, "y")));
}

FV_TEST(core_graph_text__a_bad_line_is_named) {
    static const struct {
        const char *text, *message;
    } bad[] = {
        { "x = input dtype=f32 dims=2,6\ny = relu(z)\n", "example, line 2" },
        { "x = input dtype=f32 dims=2,6\ny = relux(x)\n", "no op \"relux\"" },
        { "x = input dtype=f32 dims=2,6 -> f32[2,7]\n", "is f32[2,6]" },
        { "x = input dtype=f32 dims=2,6\ny = relu(x\n", "a ) is missing" },
        { "x = input dtype=f32 dims=2,6\nx = relu(x)\n", "two nodes are called" },
        { "x = input dtype=f32 dims=2,6\noutput y = x:1\n", "no output 1" },
        { "nonsense\n", "a line reads" },
        { "x = input dtype=f32 dims=2,6 colour=red\n", "colour" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        fv_graph *g = NULL;
        char message[1024];
        fv_error *error = fv_graph_parse(bad[i].text, "example", &g);
        assert_non_null(error);
        assert_null(g);
        fv_error_format(error, message, sizeof message);
        if (!strstr(message, bad[i].message)) fail_msg("\"%s\" lacks \"%s\"", message, bad[i].message);
        fv_error_free(error);
    }
}

/* In its second version `rate` is called `share`, and is what it was not. */
static fv_error *upgrade(int version, const char *options, fv_text *out) {
    double rate;
    if (strncmp(options, "rate=", 5) != 0 || !fv_text_to_number(options + 5, &rate))
        return fv_fail(FV_FORMAT, "\"%s\" is no rate", options);
    fv_text_addf(out, "share=%g", 1 - rate / version);
    return NULL;
}

FV_TEST(core_graph_text__options_of_an_older_version_of_an_op_are_brought_up_to_ours) {
    const fv_op op = { .name = "thin", .version = 2, .upgrade = upgrade };
    const fv_op first = { .name = "thin", .version = 1 };
    FV_TEXT(out, 100);
    FV_OK(fv_op_upgrade(&op, 1, "rate=0.25", &out));
    assert_string_equal(out.at, "share=0.75");
    fv_text_clear(&out);
    FV_OK(fv_op_upgrade(&op, 2, "share=0.5", &out));
    assert_string_equal(out.at, "share=0.5");
    FV_FAILS(fv_op_upgrade(&op, 1, "share=0.5", &out), FV_FORMAT, "thin of version 1: \"share=0.5\" is no rate");
    FV_FAILS(fv_op_upgrade(&op, 3, "", &out), FV_UNSUPPORTED, "thin has version 3; this fovea knows it up to version 2");
    FV_FAILS(fv_op_upgrade(&first, 0, "", &out), FV_FORMAT, "there was no version 0 of thin");
}

FV_TEST(core_graph_text__an_op_says_its_version_and_one_from_the_future_is_refused) {
    FV_OWNED(fv_graph) g = NULL;
    fv_graph *none = NULL;
    FV_OK(fv_graph_parse("x = input@1 dtype=f32 dims=2,6\ny = relu@1(x)\noutput y = y", "example", &g));
    FV_FAILS(fv_graph_parse("x = input dtype=f32 dims=2,6\ny = relu@7(x)", "m", &none), FV_UNSUPPORTED,
             "m, line 2: relu has version 7");
    FV_FAILS(fv_graph_parse("x = input@one dtype=f32 dims=2,6", "m", &none), FV_FORMAT, "\"input@one\" is no version of an op");
}

FV_TEST(core_graph_text__every_op_that_changed_reads_what_it_was) {
    for (int i = 0; i < fv_op_table_count; i++)
        if (fv_op_table[i]->version < 1 || (fv_op_table[i]->version > 1 && !fv_op_table[i]->upgrade))
            fail_msg("%s has version %d and no upgrade", fv_op_table[i]->name, fv_op_table[i]->version);
}
