/* sample.c - see sample.h. */
#include "tests/core/base/sample.h"

#include "tests/test.h"

#include "core/base/assert.h"

const fv_field sample_fields[] = {
    FV_FIELD(sample, window, .required = true, .min = 1, .help = "height and width of the window"),
    FV_FIELD(sample, stride, .by_default = "1,2", .min = 1, .flag = "s", .help = "step between windows"),
    FV_FIELD(sample, seed, .by_default = "-1", .alias = "random_seed", .value = "SEED"),
    FV_FIELD(sample, rate, .by_default = "0.5", .min = 0, .max = 1, .alias = "p", .help = "probability of dropping"),
    FV_FIELD(sample, bounds, .min = -(double)INFINITY, .max = 100),
    FV_FIELD(sample, ceil, .flag = "c", .help = "round up"),
    FV_FIELD(sample, mode, .by_default = "reflect", .names = "constant,reflect,edge", .help = "what lies outside | beyond"),
    FV_FIELD(sample, dims, .min = -4, .max = 0),
    FV_FIELD(sample, weights, .by_default = "1,1", .min = 0, .max = (double)INFINITY),
    FV_FIELD(sample, name, .min = 1, .max = 40),
    FV_FIELD(sample, tags, .by_default = "a,\"b c\"", .hidden = true),
    FV_FIELDS_END,
};

void sample_init(sample_case *one) {
    FV_OK(fv_arena_new("sample", 1 << 20, &one->arena));
    memset(&one->options, 0x5A, sizeof one->options);
    FV_OK(fv_fields_defaults(sample_fields, &one->options, one->arena));
    assert_int_equal(one->options.untouched, 0x5A5A5A5A5A5A5A5A);
}

void sample_free(sample_case *one) { fv_arena_free(one->arena); }

void sample_fill(sample_case *one) {
    static const double weights[] = { 0, 0.1, 1e300, (double)INFINITY };
    static const char *const tags[] = {
        "plain", "",     " ",    "a b", "a,b", "\"",  "\\",      "x=y",
        "a\"b",  "yes",  "null", "~",   "1",   "-",   "é漢😀",    "\n\r\t\b\f\x01\x7f",
        "# no",  "a: b", "[x]",  "{",   "&a",  "*a",  "!t",      "|",
        ">",     "%",    "@",    "`",   "'",   "'q'", "C:\\dir", "\xC2\x85\xE2\x80\xA8\xEF\xBB\xBF",
        "No",    ".5",
    };
    sample *to = &one->options;
    *to = (sample){ .window = { 3, INT64_MAX }, .stride = { 7, 7 }, .seed = INT64_MIN, .rate = 1.0 / 3, .ceil = true };
    to->bounds[0] = -(double)INFINITY;
    to->bounds[1] = -0.0;
    to->mode = SAMPLE_CONSTANT;
    to->dims = (fv_ints){ .count = 8, .at = { 0, -1, -2, -3, -4, 0, 0, -1 } };
    to->weights = (fv_floats){ .count = FV_COUNT(weights), .at = weights };
    to->name = "two words";
    to->tags = (fv_strings){ .count = FV_COUNT(tags), .at = tags };
}
