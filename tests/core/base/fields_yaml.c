/* YAML: the tree, bombs and depth, options both ways. */
#include "tests/test.h"

#include "core/base/assert.h"
#include "tests/core/base/sample.h"

static fv_error *parse(const char *text, fv_arena *arena, const fv_yaml **out) {
    return fv_yaml_parse(text, (int64_t)strlen(text), "r.yaml", arena, out);
}

FV_TEST(base_fields_yaml__a_document_becomes_a_tree_with_lines) {
    SAMPLE(one);
    const fv_yaml *map;
    FV_OK(parse("# a recipe\narch: resnet18\nlist:\n  - 1\n  - {a: b}\n  - []\nempty:\n", one.arena, &map));
    assert_int_equal(map->kind, FV_YAML_MAP);
    assert_int_equal(map->count, 3);
    assert_string_equal(map->keys[0], "arch");
    assert_string_equal(fv_yaml_find(map, "arch")->scalar, "resnet18");
    const fv_yaml *list = fv_yaml_find(map, "list");
    assert_int_equal(list->kind, FV_YAML_LIST);
    assert_int_equal(list->count, 3);
    assert_int_equal(list->items[0]->line, 4);
    assert_string_equal(fv_yaml_find(list->items[1], "a")->scalar, "b");
    assert_int_equal(list->items[2]->count, 0);
    assert_null(fv_yaml_find(map, "empty")->scalar);
    assert_null(fv_yaml_find(map, "none"));
    assert_null(fv_yaml_find(list, "a"));
    assert_null(fv_yaml_find(NULL, "a"));
}

FV_TEST(base_fields_yaml__only_plain_nulls_are_null) {
    SAMPLE(one);
    const fv_yaml *list;
    FV_OK(parse("[~, null, Null, NULL, '', \"null\", '~', nul]", one.arena, &list));
    for (int i = 0; i < 4; i++) assert_null(list->items[i]->scalar);
    assert_string_equal(list->items[4]->scalar, "");
    assert_string_equal(list->items[5]->scalar, "null");
    assert_string_equal(list->items[6]->scalar, "~");
    assert_string_equal(list->items[7]->scalar, "nul");
}

FV_TEST(base_fields_yaml__an_empty_document_is_null) {
    static const char *const empty[] = { "", "\n\n", "# nothing\n", "---\n", "--- ~\n...\n" };
    SAMPLE(one);
    for (int i = 0; i < FV_COUNT(empty); i++) {
        const fv_yaml *node;
        FV_OK(parse(empty[i], one.arena, &node));
        assert_int_equal(node->kind, FV_YAML_SCALAR);
        assert_null(node->scalar);
        FV_OK(fv_fields_from_yaml(sample_fields, &one.options, node, "r.yaml", NULL, one.arena));
    }
}

FV_TEST(base_fields_yaml__an_alias_is_the_anchored_node) {
    SAMPLE(one);
    const fv_yaml *map;
    FV_OK(parse("a: &x [1, 2]\nb: *x\nc: &x 3\nd: *x\n", one.arena, &map));
    assert_ptr_equal(fv_yaml_find(map, "b"), fv_yaml_find(map, "a"));
    assert_string_equal(fv_yaml_find(map, "d")->scalar, "3");
}

FV_TEST(base_fields_yaml__what_recipes_do_not_need_is_refused_with_its_line) {
    static const struct {
        const char *text, *why;
    } bad[] = {
        { "a: 1\na: 2\n", "r.yaml:2: the key \"a\" is there twice" },
        { "z: 1\nb:\n  - 1\na: 2\nb: 3\n", "the key \"b\" is there twice" },
        { "a: 1\n---\nb: 2\n", "r.yaml:2: there is more than one document" },
        { "\n\na: !!python/object:os.system 1", "r.yaml:3: tags" },
        { "!x [1]", "tags" },
        { "!x {a: 1}", "tags" },
        { "? [a]\n: 1", "the key of a map can only be a plain text" },
        { "? !!str a\n: 1", "the key of a map can only be a plain text" },
        { "~: 1", "the key of a map cannot be null" },
        { "a: *b", "no anchor &b" },
        { "&a [*a]", "stands inside what it stands for" },
        { "a: \"x\\0y\"", "NUL" },
        { "\"x\\0y\": a", "NUL" },
        { "a: [1, 2\nb: 3", "r.yaml:2" },
        { "a: 'x", "r.yaml:1" },
        { "a:\n\t- x", "r.yaml:2" },
        { "a: b: c", "r.yaml:1" },
        { "a: \xFF", "r.yaml:1" },
        { "a: \x01", "r.yaml:1" },
        { "%TAG ! x\n", "r.yaml" },
        { "]", "r.yaml:1" },
    };
    for (int i = 0; i < FV_COUNT(bad); i++) {
        SAMPLE(one);
        const fv_yaml *node;
        FV_FAILS(parse(bad[i].text, one.arena, &node), FV_FORMAT, bad[i].why);
    }
}

FV_TEST(base_fields_yaml__nesting_stops_at_64) {
    for (int depth = 63; depth <= 66; depth++) {
        SAMPLE(one);
        FV_TEXT(text, 1000);
        const fv_yaml *node;
        for (int i = 0; i < depth; i++) fv_text_add(&text, "[");
        for (int i = 0; i < depth; i++) fv_text_add(&text, "]");
        if (depth <= 64)
            FV_OK(parse(text.at, one.arena, &node));
        else
            FV_FAILS(parse(text.at, one.arena, &node), FV_FORMAT, "too deep");
    }
    SAMPLE(one);
    FV_TEXT(text, 1 << 20);
    const fv_yaml *node;
    for (int i = 0; i < 100000; i++) fv_text_add(&text, "[");
    FV_FAILS(parse(text.at, one.arena, &node), FV_FORMAT, "r.yaml:1");
}

/* Aliases can nest deeper than the text does. */
FV_TEST(base_fields_yaml__aliases_do_not_get_around_the_depth) {
    SAMPLE(one);
    FV_TEXT(text, 10000);
    const fv_yaml *node;
    fv_text_add(&text, "a0: &a0 [1]\n");
    for (int i = 1; i < 100; i++) fv_text_addf(&text, "a%d: &a%d [*a%d]\n", i, i, i - 1);
    FV_FAILS(parse(text.at, one.arena, &node), FV_FORMAT, "too deep");
}

FV_TEST(base_fields_yaml__a_bomb_of_aliases_does_not_go_off) {
    SAMPLE(one);
    FV_TEXT(text, 10000);
    const fv_yaml *node;
    fv_text_add(&text, "a0: &a0 [1,1,1,1,1,1,1,1,1,1]\n");
    for (int i = 1; i < 10; i++) {
        fv_text_addf(&text, "a%d: &a%d [*a%d", i, i, i - 1);
        for (int k = 1; k < 10; k++) fv_text_addf(&text, ",*a%d", i - 1);
        fv_text_add(&text, "]\n");
    }
    FV_FAILS(parse(text.at, one.arena, &node), FV_FORMAT, "unfold");
    assert_true(fv_arena_used(one.arena) < 100000);
}

FV_TEST(base_fields_yaml__too_many_anchors_and_too_much_text_are_refused) {
    SAMPLE(one);
    FV_TEXT(text, 1 << 16);
    const fv_yaml *node;
    for (int i = 0; i < 300; i++) fv_text_addf(&text, "- &a%d x\n", i);
    FV_FAILS(parse(text.at, one.arena, &node), FV_FORMAT, "too many anchors");
    FV_FAILS(fv_yaml_parse(text.at, INT64_MAX, "r.yaml", one.arena, &node), FV_FORMAT, "larger than");
}

FV_TEST(base_fields_yaml__a_tree_too_large_for_its_arena_is_an_error) {
    FV_OWNED(fv_arena) small = NULL;
    const fv_yaml *node;
    FV_OK(fv_arena_new("recipe", 1000, &small));
    FV_FAILS(parse("[a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a]", small, &node), FV_MEMORY, "recipe");
}

static fv_error *set(sample_case *one, const char *text, bool *given) {
    const fv_yaml *map;
    FV_TRY(parse(text, one->arena, &map));
    return fv_fields_from_yaml(sample_fields, &one->options, map, "r.yaml", given, one->arena);
}

FV_TEST(base_fields_yaml__sets_fields_of_every_type) {
    SAMPLE(one);
    bool given[FV_FIELDS_MAX] = { 0 };
    FV_OK(set(&one,
              "window: [3, 4]\nstride: 2\nrandom-seed: 7\nrate: 1e-1\nbounds: -.inf,5\nceil: yes\nmode: edge\ndims: [-1]\n"
              "weights: [.inf, 2]\nname: 'it is'\ntags: [a, 'b, c', \"\"]\n",
              given));
    const sample *options = &one.options;
    assert_true(options->window[0] == 3 && options->window[1] == 4 && options->stride[0] == 2 && options->stride[1] == 2);
    assert_true(options->seed == 7 && options->rate == 0.1 && options->ceil && options->mode == SAMPLE_EDGE);
    assert_true(isinf(options->bounds[0]) && options->bounds[1] == 5);
    assert_true(options->dims.count == 1 && options->dims.at[0] == -1);
    assert_true(options->weights.count == 2 && isinf(options->weights.at[0]));
    assert_string_equal(options->name, "it is");
    assert_int_equal(options->tags.count, 3);
    assert_string_equal(options->tags.at[1], "b, c");
    for (int i = 0; i < 11; i++) assert_true(given[i]);
    assert_false(given[11]);
}

FV_TEST(base_fields_yaml__given_is_ored_and_the_rest_is_left_alone) {
    SAMPLE(one);
    bool given[FV_FIELDS_MAX] = { true };
    one.options.rate = 0.75;
    FV_OK(set(&one, "seed: 3", given));
    assert_true(given[0] && given[2] && !given[3]);
    assert_true(one.options.rate == 0.75);
}

FV_TEST(base_fields_yaml__a_text_is_never_read_as_quoted) {
    SAMPLE(one);
    FV_OK(set(&one, "name: '\"x\"'\ntags: ['\"y\"', 'a,b']", NULL));
    assert_string_equal(one.options.name, "\"x\"");
    assert_string_equal(one.options.tags.at[0], "\"y\"");
    assert_string_equal(one.options.tags.at[1], "a,b");
    FV_OK(set(&one, "tags: 'a,b'", NULL)); /* one text is a list of one */
    assert_int_equal(one.options.tags.count, 1);
}

FV_TEST(base_fields_yaml__null_is_an_absent_text_or_an_empty_list_and_nothing_else) {
    SAMPLE(one);
    FV_OK(set(&one, "name: x", NULL));
    FV_OK(set(&one, "name: ~\ntags:\nweights: null\ndims: []", NULL));
    assert_null(one.options.name);
    assert_int_equal(one.options.tags.count, 0);
    assert_int_equal(one.options.weights.count, 0);
    FV_FAILS(set(&one, "rate:", NULL), FV_USAGE, "rate cannot be \"null\"");
    FV_FAILS(set(&one, "ceil: ~", NULL), FV_USAGE, "ceil");
    FV_FAILS(set(&one, "mode: ~", NULL), FV_USAGE, "mode");
    FV_FAILS(set(&one, "window: [~, 1]", NULL), FV_USAGE, "window");
    FV_FAILS(set(&one, "tags: [a, ~]", NULL), FV_USAGE, "tags");
}

FV_TEST(base_fields_yaml__errors_have_the_line_and_the_nearest_name) {
    SAMPLE(one);
    fv_error *error = set(&one, "window: 3\n\nrte: 1\n", NULL);
    assert_string_equal(fv_error_hint_get(error), "did you mean \"rate\"?");
    FV_FAILS(error, FV_USAGE, "r.yaml:3: there is no \"rte\"");
    FV_FAILS(set(&one, "window: 3\nrate: 2\n", NULL), FV_USAGE, "r.yaml:2: rate cannot be \"2\"");
    FV_FAILS(set(&one, "rate: 1\np: 1\n", NULL), FV_USAGE, "r.yaml:2: rate is given twice");
    FV_FAILS(set(&one, "rate: {a: 1}", NULL), FV_USAGE, "r.yaml:1: rate cannot be a map");
    FV_FAILS(set(&one, "window: [[1]]", NULL), FV_USAGE, "r.yaml:1: window cannot be a list of lists");
    FV_FAILS(set(&one, "window: [1,2,3]", NULL), FV_USAGE, "window cannot be \"1,2,3\"");
    FV_FAILS(set(&one, "rate: [0.1]\nname: [a, b]", NULL), FV_USAGE, "r.yaml:2: name");
    FV_FAILS(set(&one, "- 1", NULL), FV_USAGE, "r.yaml:1: this must be a map");
    FV_FAILS(set(&one, "text", NULL), FV_USAGE, "this must be a map");
}

FV_TEST(base_fields_yaml__anything_survives_the_round_trip) {
    SAMPLE(one);
    SAMPLE(again);
    FV_TEXT(out, 1 << 16);
    const fv_yaml *map;
    sample_fill(&one);
    fv_text_add(&out, "op:\n");
    fv_fields_to_yaml(sample_fields, &one.options, 4, true, &out);
    FV_OK(fv_text_error(&out));
    FV_OK(parse(out.at, again.arena, &map));
    FV_OK(fv_fields_from_yaml(sample_fields, &again.options, fv_yaml_find(map, "op"), "again", NULL, again.arena));
    assert_true(fv_fields_equal(sample_fields, &one.options, &again.options));
}

FV_TEST(base_fields_yaml__is_written_as_people_write_it) {
    SAMPLE(one);
    FV_TEXT(out, 1 << 16);
    FV_OK(fv_fields_parse(sample_fields, &one.options, "window=3 name=imagenet/train", one.arena));
    fv_fields_to_yaml(sample_fields, &one.options, 2, false, &out);
    assert_string_equal(out.at,
                        "  window: [3, 3]\n  stride: [1, 2]\n  seed: -1\n  rate: 0.5\n  bounds: [0, 0]\n  ceil: false\n"
                        "  mode: reflect\n  dims: []\n  weights: [1, 1]\n  name: imagenet/train\n  tags: [a, \"b c\"]\n");
    fv_text_clear(&out);
    fv_fields_to_yaml(sample_fields, &one.options, 0, true, &out);
    assert_non_null(strstr(out.at, "\nrate: 0.5 # probability of dropping\n"));
}

FV_TEST(base_fields_yaml__hostile_documents_are_read_or_refused) {
    static const char text[] = "a: &x [1, 'b', \"c\\n\", {d: ~}]\ne: *x\nf: |\n  g\n  h\n- ? i\n  : j # k\n";
    static const char changes[] = "&*!|>'\"%@`#?:-[]{},\t\n\x01\xFF~ a";
    char hostile[sizeof text];
    for (size_t length = 1; length < sizeof text; length++)
        for (size_t c = 0; c < sizeof changes - 1; c++) {
            SAMPLE(one);
            const fv_yaml *node;
            memcpy(hostile, text, sizeof text);
            hostile[length - 1] = changes[c];
            fv_error_free(parse(hostile, one.arena, &node));
            hostile[length] = 0;
            fv_error_free(parse(hostile, one.arena, &node));
        }
}
