/* The command line. */
#include "tests/test.h"

#include "core/base/assert.h"
#include "core/base/fields.h"

typedef struct flags {
    int64_t epochs, window[2];
    double weight_decay;
    bool nesterov, verbose;
    const char *out, *model;
    fv_strings tags, images;
    fv_ints dims;
} flags;

static const fv_field fields[] = {
    FV_FIELD(flags, epochs, .flag = "n", .by_default = "10", .min = 1),
    FV_FIELD(flags, window, .min = 1),
    FV_FIELD(flags, weight_decay, .alias = "wd", .by_default = "0"),
    FV_FIELD(flags, nesterov, .by_default = "true"),
    FV_FIELD(flags, verbose, .flag = "v"),
    FV_FIELD(flags, out, .flag = "o", .value = "DIR"),
    FV_FIELD(flags, tags),
    FV_FIELD(flags, dims),
    FV_FIELD(flags, model, .positional = true, .required = true),
    FV_FIELD(flags, images, .positional = true),
    FV_FIELDS_END,
};

typedef struct parsed {
    flags options;
    bool given[FV_FIELDS_MAX];
    fv_arena *arena;
} parsed;

static void parsed_init(parsed *one) {
    memset(one, 0, sizeof *one);
    FV_OK(fv_arena_new("flags", 1 << 20, &one->arena));
    FV_OK(fv_fields_defaults(fields, &one->options, one->arena));
}
static void parsed_free(parsed *one) { fv_arena_free(one->arena); }
#define PARSED(name)                                                                                                           \
    __attribute__((cleanup(parsed_free))) parsed name;                                                                         \
    parsed_init(&name)
#define PARSE(one, ...)                                                                                                        \
    fv_fields_from_flags(fields, &(one).options, (int)(sizeof((const char *[]){ __VA_ARGS__ }) / sizeof(char *)),              \
                         (const char *[]){ __VA_ARGS__ }, (one).given, (one).arena)

FV_TEST(base_fields_flags__values_come_behind_a_space_or_an_equals_sign) {
    PARSED(one);
    FV_OK(PARSE(one, "--epochs", "3", "--weight-decay=1e-4", "--window", "2,3", "--out=a=b", "--dims=-1,2"));
    assert_int_equal(one.options.epochs, 3);
    assert_true(one.options.weight_decay == 1e-4);
    assert_true(one.options.window[0] == 2 && one.options.window[1] == 3);
    assert_string_equal(one.options.out, "a=b");
    assert_int_equal(one.options.dims.at[0], -1);
    assert_true(one.given[0] && one.given[1] && one.given[2] && !one.given[3] && one.given[5] && one.given[7]);
    FV_OK(PARSE(one, "--weight_decay", "1", "--wd", "2"));
    assert_true(one.options.weight_decay == 2);
}

FV_TEST(base_fields_flags__a_bool_takes_no_argument_and_can_be_negated) {
    PARSED(one);
    FV_OK(PARSE(one, "--no-nesterov", "--verbose", "model"));
    assert_true(!one.options.nesterov && one.options.verbose);
    assert_string_equal(one.options.model, "model");
    FV_OK(PARSE(one, "--verbose=no", "--nesterov=on"));
    assert_true(one.options.nesterov && !one.options.verbose);
    FV_OK(PARSE(one, "--verbose", "--no-verbose"));
    assert_false(one.options.verbose);
    FV_FAILS(PARSE(one, "--no-verbose=true"), FV_USAGE, "--no-verbose takes no value");
    FV_FAILS(PARSE(one, "--no-epochs"), FV_USAGE, "there is no option --no-epochs");
    FV_FAILS(PARSE(one, "--verbose=maybe"), FV_USAGE, "--verbose: verbose cannot be \"maybe\"");
}

FV_TEST(base_fields_flags__a_field_that_begins_with_no_is_itself) {
    typedef struct no {
        bool no_bias, bias;
    } no;
    static const fv_field rows[] = { FV_FIELD(no, no_bias), FV_FIELD(no, bias, .by_default = "true"), FV_FIELDS_END };
    PARSED(one);
    no options;
    FV_OK(fv_fields_defaults(rows, &options, one.arena));
    FV_OK(fv_fields_from_flags(rows, &options, 1, (const char *[]){ "--no-bias" }, NULL, one.arena));
    assert_true(options.no_bias && options.bias);
}

FV_TEST(base_fields_flags__short_flags) {
    PARSED(one);
    FV_OK(PARSE(one, "-n", "3", "-v", "-oruns/1"));
    assert_true(one.options.epochs == 3 && one.options.verbose);
    assert_string_equal(one.options.out, "runs/1");
    FV_FAILS(PARSE(one, "-x"), FV_USAGE, "there is no option -x");
    FV_FAILS(PARSE(one, "-n"), FV_USAGE, "-n needs a value");
    FV_FAILS(PARSE(one, "-vx"), FV_USAGE, "-v takes no value");
    FV_FAILS(PARSE(one, "-n0"), FV_USAGE, "-n: epochs cannot be \"0\"");
}

FV_TEST(base_fields_flags__positional_arguments_fill_their_fields_in_order) {
    PARSED(one);
    FV_OK(PARSE(one, "m.fovea", "a,b.png", "-v", "c d.png", "--", "--epochs", "-", "-x"));
    assert_string_equal(one.options.model, "m.fovea");
    static const char *const images[] = { "a,b.png", "c d.png", "--epochs", "-", "-x" };
    assert_int_equal(one.options.images.count, 5);
    for (int i = 0; i < 5; i++) assert_string_equal(one.options.images.at[i], images[i]);
    assert_true(one.given[8] && one.given[9]);
}

FV_TEST(base_fields_flags__numbers_and_a_dash_are_arguments) {
    PARSED(one);
    FV_OK(PARSE(one, "-5", "-", "-.5", ""));
    assert_string_equal(one.options.model, "-5");
    assert_int_equal(one.options.images.count, 3);
    assert_string_equal(one.options.images.at[0], "-");
    assert_string_equal(one.options.images.at[2], "");
}

FV_TEST(base_fields_flags__too_many_arguments_are_refused) {
    typedef struct two {
        const char *a, *b;
    } two;
    static const fv_field rows[] = { FV_FIELD(two, a, .positional = true), FV_FIELD(two, b, .positional = true),
                                     FV_FIELDS_END };
    PARSED(one);
    two options = { 0 };
    FV_FAILS(fv_fields_from_flags(rows, &options, 3, (const char *[]){ "1", "2", "3" }, NULL, one.arena), FV_USAGE,
             "unexpected argument \"3\"");
    FV_FAILS(fv_fields_from_flags(rows, &options, 1, (const char *[]){ "--a=1" }, NULL, one.arena), FV_USAGE,
             "there is no option --a");
    FV_FAILS(fv_fields_from_flags(fv_no_fields, &options, 1, (const char *[]){ "x" }, NULL, one.arena), FV_USAGE, "unexpected");
    FV_OK(fv_fields_from_flags(rows, &options, 0, NULL, NULL, one.arena));
}

FV_TEST(base_fields_flags__a_list_adds_up_and_all_else_is_replaced) {
    PARSED(one);
    FV_OK(PARSE(one, "--tags", "a,b", "--tags=c", "--epochs", "1", "--epochs", "2"));
    assert_int_equal(one.options.tags.count, 3);
    assert_string_equal(one.options.tags.at[2], "c");
    assert_int_equal(one.options.epochs, 2);
    FV_OK(PARSE(one, "--tags", "x")); /* another line, as over a recipe: replaces */
    assert_int_equal(one.options.tags.count, 1);
    FV_OK(PARSE(one, "--tags="));
    assert_int_equal(one.options.tags.count, 0);
}

FV_TEST(base_fields_flags__a_text_is_what_the_shell_gave) {
    PARSED(one);
    FV_OK(PARSE(one, "--out", "\"quoted\", and more"));
    assert_string_equal(one.options.out, "\"quoted\", and more");
    FV_OK(PARSE(one, "--out="));
    assert_string_equal(one.options.out, "");
}

FV_TEST(base_fields_flags__a_forgotten_value_does_not_swallow_the_next_flag) {
    PARSED(one);
    fv_error *error = PARSE(one, "--out", "--epochs", "3");
    assert_string_equal(fv_error_hint_get(error), "--out=--epochs takes it as the value");
    FV_FAILS(error, FV_USAGE, "--out needs a value, and \"--epochs\" looks like an option");
    FV_FAILS(PARSE(one, "--out"), FV_USAGE, "--out needs a value");
    FV_OK(PARSE(one, "--out=--epochs", "--weight-decay", "-1"));
    assert_string_equal(one.options.out, "--epochs");
    assert_true(one.options.weight_decay == -1);
}

FV_TEST(base_fields_flags__an_unknown_flag_comes_with_the_nearest) {
    PARSED(one);
    fv_error *error = PARSE(one, "--wieght-decay=1");
    assert_string_equal(fv_error_hint_get(error), "did you mean --weight-decay?");
    FV_FAILS(error, FV_USAGE, "there is no option --wieght-decay");
    error = PARSE(one, "--zzz");
    assert_string_equal(fv_error_hint_get(error),
                        "there is --epochs, --window, --weight-decay, --nesterov, --verbose, --out, --tags, --dims");
    FV_FAILS(error, FV_USAGE, "--zzz");
    FV_FAILS(PARSE(one, "--=x"), FV_USAGE, "there is no option --");
    FV_FAILS(PARSE(one, "---"), FV_USAGE, "there is no option ---");
}

FV_TEST(base_fields_flags__required_is_checked_by_check) {
    PARSED(one);
    FV_OK(PARSE(one, "-v"));
    FV_FAILS(fv_fields_check(fields, &one.options, one.given), FV_USAGE, "model is missing");
    FV_OK(PARSE(one, "m"));
    FV_OK(fv_fields_check(fields, &one.options, one.given));
}
