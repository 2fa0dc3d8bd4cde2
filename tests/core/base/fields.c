/* Tables of fields: names and nearest names, defaults, reading and refusing one value, checks. */
#include "tests/test.h"

#include <stdio.h>

#include "core/base/assert.h"
#include "tests/core/base/sample.h"

FV_TEST(base_fields__the_type_comes_from_the_member) {
    static const fv_field_type types[] = { FV_FIELD_INT,    FV_FIELD_INT,  FV_FIELD_INT,     FV_FIELD_FLOAT,
                                           FV_FIELD_FLOAT,  FV_FIELD_BOOL, FV_FIELD_CHOICE,  FV_FIELD_INTS,
                                           FV_FIELD_FLOATS, FV_FIELD_TEXT, FV_FIELD_STRINGS, FV_FIELD_NOTHING };
    static const int counts[] = { 2, 2, 1, 1, 2, 1, 1, 1, 1, 1, 1 };
    for (int i = 0; i < FV_COUNT(types); i++) assert_int_equal(sample_fields[i].type, types[i]);
    for (int i = 0; i < FV_COUNT(counts); i++) assert_int_equal(sample_fields[i].count, counts[i]);
}

FV_TEST(base_fields__size_covers_every_field) {
    assert_int_equal(fv_fields_size(fv_no_fields), 16);
    int64_t end = (int64_t)offsetof(sample, untouched);
    assert_true(fv_fields_size(sample_fields) >= end && fv_fields_size(sample_fields) < end + 16);
    assert_int_equal(fv_fields_size(sample_fields) % 16, 0);
}

FV_TEST(base_fields__names_are_found_with_dashes_and_by_alias) {
    assert_string_equal(fv_fields_find(sample_fields, "random-seed")->name, "seed");
    assert_string_equal(fv_fields_find(sample_fields, "random_seed")->name, "seed");
    assert_string_equal(fv_fields_find(sample_fields, "p")->name, "rate");
    assert_null(fv_fields_find(sample_fields, "Rate"));
    assert_null(fv_fields_find(sample_fields, "rat"));
    assert_null(fv_fields_find(sample_fields, "rates"));
    assert_null(fv_fields_find(sample_fields, ""));
    assert_null(fv_fields_find(fv_no_fields, "rate"));
}

FV_TEST(base_fields__the_nearest_name_is_near) {
    static const char *const names[] = { "learning_rate", "momentum", "epochs", "rate" };
    assert_string_equal(fv_nearest_name("learning-rate", names, 4), "learning_rate");
    assert_string_equal(fv_nearest_name("lerning_rate", names, 4), "learning_rate");
    assert_string_equal(fv_nearest_name("LearningRate", names, 4), "learning_rate");
    assert_string_equal(fv_nearest_name("epohcs", names, 4), "epochs"); /* a swap is one mistake */
    assert_string_equal(fv_nearest_name("momentun", names, 4), "momentum");
    assert_string_equal(fv_nearest_name("rat", names, 4), "rate");
    assert_null(fv_nearest_name("re", names, 4));
    assert_null(fv_nearest_name("weights", names, 4));
    assert_null(fv_nearest_name("", names, 4));
    assert_null(fv_nearest_name("epochs", names, 0));
    char endless[5000];
    memset(endless, 'e', sizeof endless - 1);
    endless[sizeof endless - 1] = 0;
    assert_null(fv_nearest_name(endless, names, 4));
}

FV_TEST(base_fields__defaults_are_those_of_the_table) {
    SAMPLE(one);
    const sample *options = &one.options;
    assert_true(options->window[0] == 0 && options->window[1] == 0);
    assert_true(options->stride[0] == 1 && options->stride[1] == 2);
    assert_int_equal(options->seed, -1);
    assert_true(options->rate == 0.5 && options->bounds[1] == 0 && !options->ceil);
    assert_int_equal(options->mode, SAMPLE_REFLECT);
    assert_int_equal(options->dims.count, 0);
    assert_int_equal(options->weights.count, 2);
    assert_null(options->name);
    assert_int_equal(options->tags.count, 2);
    assert_string_equal(options->tags.at[1], "b c");
}

FV_TEST(base_fields__a_bad_default_is_told) {
    typedef struct bad {
        int64_t n;
    } bad;
    static const fv_field fields[] = { FV_FIELD(bad, n, .by_default = "none"), FV_FIELDS_END };
    SAMPLE(one);
    bad options;
    FV_FAILS(fv_fields_defaults(fields, &options, one.arena), FV_USAGE, "default: n cannot be \"none\"");
}

static void accepts(const char *name, const char *value) {
    SAMPLE(one);
    fv_error *error = fv_fields_set(sample_fields, &one.options, name, value, one.arena);
    if (error) print_error("%s=%s\n", name, value);
    FV_OK(error);
}

static void refuses(const char *name, const char *value, const char *why) {
    SAMPLE(one);
    fv_error *error = fv_fields_set(sample_fields, &one.options, name, value, one.arena);
    if (!error) print_error("%s=%s\n", name, value);
    FV_FAILS(error, FV_USAGE, why);
    assert_int_equal(one.options.untouched, 0x5A5A5A5A5A5A5A5A);
}

FV_TEST(base_fields__bools_have_the_spellings_of_yaml) {
    static const char *const yes[] = { "true", "yes", "on", "True", "YES" }, *const no[] = { "false", "no", "off", "FALSE",
                                                                                             "Off" };
    SAMPLE(one);
    for (int i = 0; i < 5; i++) {
        FV_OK(fv_fields_set(sample_fields, &one.options, "ceil", yes[i], one.arena));
        assert_true(one.options.ceil);
        FV_OK(fv_fields_set(sample_fields, &one.options, "ceil", no[i], one.arena));
        assert_false(one.options.ceil);
    }
    static const char *const bad[] = { "", "1", "0", "y", "truee", "tru", "true,true", " true" };
    for (int i = 0; i < FV_COUNT(bad); i++) refuses("ceil", bad[i], "it must be true or false");
}

FV_TEST(base_fields__integers_are_strict) {
    static const char *const bad[] = { "", "1.0", "1e3", "1_000", "0x10", "one", "9223372036854775808", "1,2", " ", "\"1" };
    for (int i = 0; i < FV_COUNT(bad); i++) refuses("seed", bad[i], "seed");
    accepts("seed", "+7");
    accepts("seed", "-9223372036854775808");
    accepts("seed", "\"7\"");
}

FV_TEST(base_fields__ranges_include_their_ends) {
    accepts("rate", "0");
    accepts("rate", "1");
    accepts("rate", "1e-3");
    refuses("rate", "1.0000001", "rate cannot be \"1.0000001\": it must be a number from 0 to 1");
    refuses("rate", "-1e-300", "from 0 to 1");
    refuses("rate", "nan", "from 0 to 1");
    refuses("rate", "inf", "from 0 to 1");
    accepts("window", "1");
    accepts("window", "9223372036854775807");
    refuses("window", "0", "it must be 2 integers of at least 1, or one for all");
    refuses("window", "3,0", "of at least 1");
    accepts("bounds", "-inf,100");
    refuses("bounds", "100.5", "2 numbers of at most 100, or one for all");
    accepts("dims", "-4,0");
    refuses("dims", "1", "up to 8 integers from -4 to 0");
    refuses("dims", "-5", "from -4 to 0");
    accepts("weights", "0,inf");
    refuses("weights", "-0.1", "a list of numbers of at least 0");
    accepts("name", "x");
    refuses("name", "\"\"", "a text of 1 to 40 bytes");
    refuses("name", "12345678901234567890123456789012345678901", "of 1 to 40 bytes");
}

FV_TEST(base_fields__an_unbounded_number_may_be_anything) {
    typedef struct any {
        double x;
    } any;
    static const fv_field fields[] = { FV_FIELD(any, x), FV_FIELDS_END };
    SAMPLE(one);
    any options;
    static const char *const good[] = { "nan", "inf", "-inf", "-1e300", "0" };
    for (int i = 0; i < FV_COUNT(good); i++) FV_OK(fv_fields_set(fields, &options, "x", good[i], one.arena));
}

FV_TEST(base_fields__a_fixed_array_takes_one_value_or_all) {
    SAMPLE(one);
    FV_OK(fv_fields_set(sample_fields, &one.options, "window", "3", one.arena));
    assert_true(one.options.window[0] == 3 && one.options.window[1] == 3);
    FV_OK(fv_fields_set(sample_fields, &one.options, "window", "3, 4", one.arena));
    assert_true(one.options.window[0] == 3 && one.options.window[1] == 4);
    refuses("window", "1,2,3", "window cannot be \"1,2,3\"");
    refuses("window", "", "window");
    refuses("window", "1,", "window");
    refuses("bounds", ",1", "bounds");
}

FV_TEST(base_fields__lists_have_any_length_within_their_limits) {
    SAMPLE(one);
    FV_OK(fv_fields_set(sample_fields, &one.options, "dims", "", one.arena));
    assert_int_equal(one.options.dims.count, 0);
    FV_OK(fv_fields_set(sample_fields, &one.options, "dims", "0,-1,-2,-3,0,-1,-2,-3", one.arena));
    assert_int_equal(one.options.dims.count, 8);
    assert_int_equal(one.options.dims.at[7], -3);
    refuses("dims", "0,0,0,0,0,0,0,0,0", "up to 8 integers");
    FV_TEXT(many, 1 << 20);
    for (int i = 0; i < 5000; i++) fv_text_addf(&many, "%s%d", i ? "," : "", i);
    FV_OK(fv_fields_set(sample_fields, &one.options, "weights", many.at, one.arena));
    assert_int_equal(one.options.weights.count, 5000);
    assert_true(one.options.weights.at[4999] == 4999);
    FV_OK(fv_fields_set(sample_fields, &one.options, "tags", "", one.arena));
    assert_int_equal(one.options.tags.count, 0);
    FV_OK(fv_fields_set(sample_fields, &one.options, "tags", "\"\"", one.arena));
    assert_int_equal(one.options.tags.count, 1);
    assert_string_equal(one.options.tags.at[0], "");
}

FV_TEST(base_fields__a_choice_is_one_of_its_names) {
    SAMPLE(one);
    FV_OK(fv_fields_set(sample_fields, &one.options, "mode", "edge", one.arena));
    assert_int_equal(one.options.mode, SAMPLE_EDGE);
    fv_error *error = fv_fields_set(sample_fields, &one.options, "mode", "reflct", one.arena);
    assert_string_equal(fv_error_hint_get(error), "did you mean \"reflect\"?");
    FV_FAILS(error, FV_USAGE, "mode cannot be \"reflct\": it must be one of constant, reflect, edge");
    refuses("mode", "", "one of");
    refuses("mode", "reflect,edge", "one of");
    refuses("mode", "1", "one of");
}

FV_TEST(base_fields__a_text_is_taken_as_it_is) {
    SAMPLE(one);
    FV_OK(fv_fields_set(sample_fields, &one.options, "name", "a, b = \"c\" \\n", one.arena));
    assert_string_equal(one.options.name, "a, b = \"c\" \\n");
    FV_OK(fv_fields_set(sample_fields, &one.options, "name", "\"a, b\\n\\u00e9\\ud83d\\ude00\\/\"", one.arena));
    assert_string_equal(one.options.name, "a, b\né😀/");
    FV_OK(fv_fields_set(sample_fields, &one.options, "name", "", one.arena));
    assert_null(one.options.name);
}

FV_TEST(base_fields__quoted_strings_that_are_not_whole_are_refused) {
    static const char *const bad[] = {
        "\"",          "\"a",         "\"a\\",       "\"\\x\"",        "\"\\u12\"",          "\"\\u000g\"",
        "\"\\u0000\"", "\"\\ud800\"", "\"\\udc00\"", "\"\\ud800\\n\"", "\"\\ud800\\ud800\"", "\"\\u\"",
        "\"a\"b"
    };
    for (int i = 0; i < FV_COUNT(bad); i++) {
        refuses("name", bad[i], "name");
        refuses("tags", bad[i], "tags");
    }
}

FV_TEST(base_fields__an_unknown_name_comes_with_the_nearest_or_with_all) {
    SAMPLE(one);
    fv_error *error = fv_fields_set(sample_fields, &one.options, "rte", "1", one.arena);
    assert_string_equal(fv_error_hint_get(error), "did you mean \"rate\"?");
    FV_FAILS(error, FV_USAGE, "there is no \"rte\"");
    error = fv_fields_set(sample_fields, &one.options, "zzz", "1", one.arena);
    assert_string_equal(
        fv_error_hint_get(error),
        "there is \"window\", \"stride\", \"seed\", \"rate\", \"bounds\", \"ceil\", \"mode\", \"dims\", \"weights\", \"name\"");
    FV_FAILS(error, FV_USAGE, "zzz");
    error = fv_fields_set(fv_no_fields, &one.options, "zzz", "1", one.arena);
    assert_null(fv_error_hint_get(error));
    FV_FAILS(error, FV_USAGE, "zzz");
}

FV_TEST(base_fields__a_message_about_a_hostile_value_is_short_and_printable) {
    char value[100001];
    memset(value, '\n', sizeof value - 1);
    value[sizeof value - 1] = 0;
    SAMPLE(one);
    FV_OWNED(fv_error) error = fv_fields_set(sample_fields, &one.options, "mode", value, one.arena);
    assert_true(strlen(fv_error_message(error)) < 400);
    assert_null(strchr(fv_error_message(error), '\n'));
}

FV_TEST(base_fields__a_full_arena_is_an_error) {
    FV_OWNED(fv_arena) small = NULL;
    sample options;
    FV_OK(fv_arena_new("recipe", 32, &small));
    memset(&options, 0, sizeof options);
    FV_FAILS(fv_fields_set(sample_fields, &options, "tags", "a,b,c,d,e,f,g", small), FV_MEMORY, "recipe");
}

FV_TEST(base_fields__check_names_what_is_missing) {
    SAMPLE(one);
    bool given[FV_FIELDS_MAX] = { 0 };
    fv_error *error = fv_fields_check(sample_fields, &one.options, given);
    assert_string_equal(fv_error_hint_get(error), "window: height and width of the window");
    FV_FAILS(error, FV_USAGE, "window is missing");
    one.options.window[0] = one.options.window[1] = 3;
    given[0] = true;
    FV_OK(fv_fields_check(sample_fields, &one.options, given));
    FV_OK(fv_fields_check(sample_fields, &one.options, NULL));
}

FV_TEST(base_fields__check_finds_values_that_code_put_there) {
    SAMPLE(one);
    sample *options = &one.options;
    options->window[0] = options->window[1] = 3;
    options->rate = 1.5;
    FV_FAILS(fv_fields_check(sample_fields, options, NULL), FV_USAGE, "rate cannot be \"1.5\"");
    options->rate = (double)NAN;
    FV_FAILS(fv_fields_check(sample_fields, options, NULL), FV_USAGE, "rate cannot be \"nan\"");
    options->rate = 0.5;
    options->stride[1] = 0;
    FV_FAILS(fv_fields_check(sample_fields, options, NULL), FV_USAGE, "stride cannot be \"1,0\"");
    options->stride[1] = 1;
    options->mode = (sample_mode)3;
    FV_FAILS(fv_fields_check(sample_fields, options, NULL), FV_USAGE, "mode");
    options->mode = SAMPLE_EDGE;
    options->dims = (fv_ints){ .count = 1, .at = { 5 } };
    FV_FAILS(fv_fields_check(sample_fields, options, NULL), FV_USAGE, "dims cannot be \"5\"");
    options->dims.count = 9;
    FV_FAILS(fv_fields_check(sample_fields, options, NULL), FV_USAGE, "dims");
    options->dims.count = 0;
    options->name = "";
    FV_FAILS(fv_fields_check(sample_fields, options, NULL), FV_USAGE, "name");
    options->name = NULL;
    const double weights[] = { 1, -1 };
    options->weights = (fv_floats){ .count = 2, .at = weights };
    FV_FAILS(fv_fields_check(sample_fields, options, NULL), FV_USAGE, "weights cannot be \"1,-1\"");
}

FV_TEST(base_fields__what_was_not_given_and_has_no_default_may_be_nothing) {
    typedef struct optional {
        int64_t size;
        double limit;
    } optional;
    static const fv_field fields[] = { FV_FIELD(optional, size, .min = 32), FV_FIELD(optional, limit, .min = 0.5, .max = 2),
                                       FV_FIELDS_END };
    SAMPLE(one);
    optional options;
    FV_OK(fv_fields_parse(fields, &options, "", one.arena));
    assert_true(options.size == 0 && options.limit == 0);
    FV_OK(fv_fields_check(fields, &options, NULL));
    FV_FAILS(fv_fields_parse(fields, &options, "size=0", one.arena), FV_USAGE, "of at least 32");
}

FV_TEST(base_fields__equality_is_of_values_not_of_places) {
    SAMPLE(a);
    SAMPLE(b);
    assert_true(fv_fields_equal(sample_fields, &a.options, &b.options));
    FV_OK(fv_fields_set(sample_fields, &a.options, "name", "x", a.arena));
    assert_false(fv_fields_equal(sample_fields, &a.options, &b.options));
    FV_OK(fv_fields_set(sample_fields, &b.options, "name", "x", b.arena));
    assert_true(fv_fields_equal(sample_fields, &a.options, &b.options));
    static const char *const others[][2] = { { "stride", "1,3" }, { "seed", "0" },    { "rate", "0.25" }, { "bounds", "-0,0" },
                                             { "ceil", "yes" },   { "mode", "edge" }, { "dims", "0" },    { "weights", "1,2" },
                                             { "weights", "1" },  { "tags", "a,b" } };
    for (int i = 0; i < FV_COUNT(others); i++) {
        SAMPLE(c);
        SAMPLE(d);
        FV_OK(fv_fields_set(sample_fields, &d.options, others[i][0], others[i][1], d.arena));
        assert_false(fv_fields_equal(sample_fields, &c.options, &d.options));
    }
    a.options.rate = b.options.rate = (double)NAN;
    assert_true(fv_fields_equal(sample_fields, &a.options, &b.options));
}
