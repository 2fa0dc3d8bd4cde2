/* Any bytes as a recipe: an error, or keys that are written and read again as the same. */
#include <string.h>

#include "core/base/assert.h"
#include "train/recipe.h"

static void check_round_trip(const fv_recipe *recipe) {
    FV_OWNED(fv_recipe) again = NULL;
    char *text = NULL;
    fv_error *error = fv_recipe_to_yaml(recipe, &text);
    FV_ASSERT(!error);
    error = fv_recipe_new(&again);
    FV_ASSERT(!error);
    error = fv_recipe_parse(again, (const uint8_t *)text, (int64_t)strlen(text), "again");
    FV_ASSERT(!error && fv_fields_equal(fv_recipe_fields, &recipe->keys, &again->keys));
    fv_string_free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    FV_OWNED(fv_recipe) recipe = NULL;
    bool plain = true; /* bytes that are no UTF-8 are replaced on the way: nothing to compare */
    for (size_t i = 0; i < size; i++) plain = plain && data[i] < 128;
    fv_error *error = fv_recipe_new(&recipe);
    FV_ASSERT(!error);
    error = fv_recipe_parse(recipe, data, (int64_t)size, "fuzz");
    if (!error && plain) check_round_trip(recipe);
    if (!error) error = fv_recipe_check(recipe);
    fv_error_free(error);
    return 0;
}
