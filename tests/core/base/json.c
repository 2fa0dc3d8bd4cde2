/* Texts into jansson's tree with no memory for it at any point. */
#include "core/base/json.h"

#include "core/base/text.h"
#include "tests/allocations.h"

static fv_error *load(const fv_text *text, json_t **out) {
    json_error_t problem;
    return fv_json_load(text->at, text->length, JSON_REJECT_DUPLICATES, &problem, out);
}

/* Strings of all lengths, of nothing but escapes, so that room for one runs out in the midst of it. */
FV_TEST(core_base_json__want_of_memory_is_an_error_in_the_midst_of_a_string_too) {
    FV_TEXT(text, 1 << 16);
    fv_text_add(&text, "{");
    for (int i = 0; i < 40; i++) {
        fv_text_addf(&text, "%s\"%d\":[%d,\"", i ? "," : "", i, i);
        for (int l = 0; l < i; l++) fv_text_add(&text, l % 2 ? "\\\"" : "\\u00fc");
        fv_text_add(&text, "\",{\"x\":null}]");
    }
    fv_text_add(&text, "}");
    json_t *tree = NULL;
    FV_TEST_EACH_ALLOCATION_FAILS(load(&text, &tree), {
        assert_int_equal(json_object_size(tree), 40);
        assert_string_equal(json_string_value(json_array_get(json_object_get(tree, "3"), 1)), "\xC3\xBC\"\xC3\xBC");
        json_decref(tree);
    });
}

FV_TEST(core_base_json__a_text_that_is_none_is_no_want_of_memory) {
    FV_TEXT(text, 64);
    json_t *tree = NULL;
    fv_text_add(&text, "{\"a\":[1,\"\\x\"]}");
    FV_OK(load(&text, &tree));
    assert_null(tree);
}
