/* Filters and orders as text: what they say, and where they are wrong. */
#include "registry/filter.h"

#include <stdio.h>

#include "tests/test.h"

static const fv_attribute attributes[] = {
    { "run_name", FV_ATTRIBUTE_TEXT, "r.name" },
    { "status", FV_ATTRIBUTE_TEXT, "r.status" },
    { "start_time", FV_ATTRIBUTE_TIME, "r.started_ms" },
    { NULL, FV_ATTRIBUTE_TEXT, NULL },
};

static fv_arena *new_arena(void) {
    fv_arena *arena;
    FV_OK(fv_arena_new("test", 1 << 24, &arena));
    return arena;
}

static void expect_term(const char *text, fv_filter_on on, const char *key, fv_filter_op op, const char *value) {
    FV_OWNED(fv_arena) arena = new_arena();
    fv_filter filter;
    FV_OK(fv_filter_parse(text, attributes, arena, &filter));
    assert_int_equal(filter.count, 1);
    const fv_filter_term *term = &filter.at[0];
    assert_int_equal(term->name.on, on);
    assert_string_equal(term->name.attribute ? term->name.attribute->name : term->name.key, key);
    assert_int_equal(term->op, op);
    char number[64];
    snprintf(number, sizeof number, "%.17g", term->number);
    assert_string_equal(term->text_count ? term->texts[0] : number, value);
}

FV_TEST(registry_filter__reads_names_in_every_way_that_mlflow_does) {
    expect_term("metrics.top1 > 0.9", FV_ON_METRIC, "top1", FV_OP_ABOVE, "0.90000000000000002");
    expect_term("metric.val.loss<=-1e-3", FV_ON_METRIC, "val.loss", FV_OP_AT_MOST, "-0.001");
    expect_term("metrics.train/loss != 5", FV_ON_METRIC, "train/loss", FV_OP_UNEQUAL, "5");
    expect_term("metrics.`f1 score` >= .5", FV_ON_METRIC, "f1 score", FV_OP_AT_LEAST, "0.5");
    expect_term("metrics.\"f1 \"\"macro\"\"\" < 1", FV_ON_METRIC, "f1 \"macro\"", FV_OP_BELOW, "1");
    expect_term("best_metrics.top1 = 1", FV_ON_METRIC_BEST, "top1", FV_OP_EQUAL, "1");
    expect_term("min_metrics.loss = 1", FV_ON_METRIC_MIN, "loss", FV_OP_EQUAL, "1");
    expect_term("max_metrics.loss = 1", FV_ON_METRIC_MAX, "loss", FV_OP_EQUAL, "1");
    expect_term("params.arch = 'resnet18'", FV_ON_PARAM, "arch", FV_OP_EQUAL, "resnet18");
    expect_term("parameters.arch = \"resnet18\"", FV_ON_PARAM, "arch", FV_OP_EQUAL, "resnet18");
    expect_term("tags.`team` != 'it''s'", FV_ON_TAG, "team", FV_OP_UNEQUAL, "it's");
    expect_term("tag.größe LIKE 'x%'", FV_ON_TAG, "größe", FV_OP_LIKE, "x%");
    expect_term("attributes.run_name ilike 'A%'", FV_ON_ATTRIBUTE, "run_name", FV_OP_ILIKE, "A%");
    expect_term("attr.`Run Name` = ''", FV_ON_ATTRIBUTE, "run_name", FV_OP_EQUAL, "");
    expect_term("status IN ('finished', 'failed')", FV_ON_ATTRIBUTE, "status", FV_OP_IN, "finished");
    expect_term("status not in ('lost')", FV_ON_ATTRIBUTE, "status", FV_OP_NOT_IN, "lost");
    expect_term("run.start_time > 1700000000000", FV_ON_ATTRIBUTE, "start_time", FV_OP_ABOVE, "1700000000000");
    expect_term("start_time >= '2026-11-29'", FV_ON_ATTRIBUTE, "start_time", FV_OP_AT_LEAST, "1795910400000");
    expect_term("start_time < '2026-11-29T01:00:01'", FV_ON_ATTRIBUTE, "start_time", FV_OP_BELOW, "1795914001000");
    expect_term("tags.kept is null", FV_ON_TAG, "kept", FV_OP_NULL, "0");
    expect_term("metrics.x IS NOT NULL", FV_ON_METRIC, "x", FV_OP_NOT_NULL, "0");
}

FV_TEST(registry_filter__of_nothing_has_no_conditions_and_several_are_joined) {
    FV_OWNED(fv_arena) arena = new_arena();
    fv_filter filter;
    FV_OK(fv_filter_parse(NULL, attributes, arena, &filter));
    assert_int_equal(filter.count, 0);
    FV_OK(fv_filter_parse(" \n", attributes, arena, &filter));
    assert_int_equal(filter.count, 0);
    FV_OK(fv_filter_parse("metrics.a > 1 AND params.b='c'and status in ('x','y','z')", attributes, arena, &filter));
    assert_int_equal(filter.count, 3);
    assert_int_equal(filter.at[2].text_count, 3);
    assert_string_equal(filter.at[2].texts[2], "z");
}

FV_TEST(registry_filter__says_where_it_is_wrong_and_what_is_wanted) {
    static const struct {
        const char *text, *message;
    } wrong[] = {
        { "metrics.top1 >> 0.9", "at letter 15 (> 0.9): this is compared with a number" },
        { "metrics.a > 'x'", "at letter 13 ('x'): this is compared with a number" },
        { "metrics.a > 1.2.3", "at letter 13 (1.2.3): this is no number" },
        { "metrics.a >", "at its end: this is compared with a number" },
        { "metrics.a", "at its end: one of = != < <= > >= LIKE ILIKE IN NOT IN IS is wanted here" },
        { "metrics. > 1", "at letter 10 (> 1): behind the point comes a key" },
        { "params.a = 5", "at letter 12 (5): this is compared with a text, in quotes" },
        { "params.a > '5'", "not by size" },
        { "params.a = 'x", "at letter 12 ('x): what begins with this quote has no end" },
        { "größe.a = 'x'", "at letter 1 (größe.a = 'x'): a name begins with" },
        { "staus = 'x'", "there is no attribute of this name; status, perhaps?" },
        { "shoe = 'x'", "there is no attribute of this name, and" },
        { "status = 'x' OR status = 'y'", "at letter 14 (OR status = 'y'): conditions are joined by AND only" },
        { "status = 'x' AND", "at its end: the name of a metric" },
        { "status = 'x' status", "AND and another condition" },
        { "status IN 'x'", "behind IN comes a list" },
        { "status IN ('x'", "goes on with a comma" },
        { "status IN ()", "compared with a text" },
        { "status NOT LIKE 'x'", "NOT stands before IN only" },
        { "metrics.a LIKE 'x'", "goes with texts only" },
        { "tags.a IS 5", "behind IS comes NULL" },
        { "start_time > 'yesterday'", "a time is '2026-11-29'" },
        { "params.`` = 'x'", "a key is not empty" },
        { "(metrics.a > 1)", "the name of a metric" },
        { "metrics.a > 1;", "AND and another condition" },
    };
    FV_OWNED(fv_arena) arena = new_arena();
    fv_filter filter;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        FV_FAILS(fv_filter_parse(wrong[i].text, attributes, arena, &filter), FV_USAGE, wrong[i].message);
}

static void repeat(char *out, size_t size, const char *first, const char *more, int times) {
    size_t length = (size_t)snprintf(out, size, "%s", first);
    for (int i = 1; i < times; i++) length += (size_t)snprintf(out + length, size - length, "%s", more);
}

FV_TEST(registry_filter__that_is_too_much_is_refused) {
    FV_OWNED(fv_arena) arena = new_arena();
    static char text[1 << 15];
    fv_filter filter;
    repeat(text, sizeof text, "metrics.a > 1", " and metrics.a > 1", 24);
    FV_OK(fv_filter_parse(text, attributes, arena, &filter));
    repeat(text, sizeof text, "metrics.a > 1", " and metrics.a > 1", 25);
    FV_FAILS(fv_filter_parse(text, attributes, arena, &filter), FV_USAGE, "more than 24 conditions");
    repeat(text, sizeof text, "status in ('a'", ", 'a'", 201);
    FV_FAILS(fv_filter_parse(text, attributes, arena, &filter), FV_USAGE, "more than 200 texts");
    repeat(text, sizeof text, " ", " ", 20000);
    FV_FAILS(fv_filter_parse(text, attributes, arena, &filter), FV_USAGE, "has 20000 bytes");
}

FV_TEST(registry_filter__an_order_is_read_and_refused_alike) {
    FV_OWNED(fv_arena) arena = new_arena();
    fv_order order;
    FV_OK(fv_order_parse("metrics.top1 desc, start_time ASC, params.`a b`", attributes, arena, &order));
    assert_int_equal(order.count, 3);
    assert_true(order.at[0].descending && !order.at[1].descending && !order.at[2].descending);
    assert_string_equal(order.at[2].name.key, "a b");
    FV_OK(fv_order_parse(NULL, attributes, arena, &order));
    assert_int_equal(order.count, 0);
    FV_FAILS(fv_order_parse("metrics.a,", attributes, arena, &order), FV_USAGE, "the order, at its end");
    FV_FAILS(fv_order_parse("metrics.a down", attributes, arena, &order), FV_USAGE, "ASC, DESC, a comma");
    FV_FAILS(fv_order_parse("metrics.a > 1", attributes, arena, &order), FV_USAGE, "ASC, DESC, a comma");
    FV_FAILS(fv_order_parse("a,a,a", attributes, arena, &order), FV_USAGE, "no attribute");
}
