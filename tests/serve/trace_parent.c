#include "serve/trace_parent.h"

#include "tests/test.h"

#define TRACE "0af7651916cd43dd8448eb211c80319c"
#define SPAN "b7ad6b7169203331"

FV_TEST(serve_trace_parent__reads_what_the_recommendation_shows) {
    fv_trace_parent t;
    assert_true(fv_trace_parent_parse("00-" TRACE "-" SPAN "-01", &t));
    assert_string_equal(t.trace, TRACE);
    assert_string_equal(t.parent, SPAN);
    assert_true(t.sampled);
    assert_true(fv_trace_parent_parse("00-" TRACE "-" SPAN "-00", &t) && !t.sampled);
    assert_true(fv_trace_parent_parse("cc-" TRACE "-" SPAN "-01-what-comes-later", &t));
}

FV_TEST(serve_trace_parent__refuses_all_else) {
    static const char *const wrong[] = {
        "",
        "00",
        "ff-" TRACE "-" SPAN "-01",
        "00-" TRACE "-" SPAN "-01-more",
        "00-" TRACE "-" SPAN "-0",
        "00-00000000000000000000000000000000-" SPAN "-01",
        "00-" TRACE "-0000000000000000-01",
        "00-0AF7651916CD43DD8448EB211C80319C-" SPAN "-01",
        "00_" TRACE "-" SPAN "-01",
        "cc-" TRACE "-" SPAN "-01.what",
    };
    fv_trace_parent t;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        if (fv_trace_parent_parse(wrong[i], &t)) fail_msg("\"%s\" is taken", wrong[i]);
        assert_int_equal(t.trace[0] | t.parent[0], 0);
    }
    assert_false(fv_trace_parent_parse(NULL, &t));
}
