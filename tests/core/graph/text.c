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
