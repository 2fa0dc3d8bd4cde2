/* Recipes: what a YAML file may say, and what is said of one that says something else. */
#include "train/recipe.h"

#include <stdio.h>

#include "core/base/file.h"
#include "tests/test.h"

static const char *file_of(const char *text) {
    static char path[512];
    snprintf(path, sizeof path, "%s/recipe.yaml", fv_test_folder());
    FV_OK(fv_file_write(path, text, (int64_t)strlen(text), NULL));
    return path;
}

static fv_error *read(const char *text) {
    FV_OWNED(fv_recipe) recipe = NULL;
    FV_OK(fv_recipe_new(&recipe));
    return fv_recipe_read(recipe, file_of(text));
}

FV_TEST(train_recipe__transforms_are_a_list_or_a_text) {
    FV_OWNED(fv_recipe) list = NULL;
    FV_OWNED(fv_recipe) text = NULL;
    FV_OWNED(fv_transforms) transforms = NULL;
    char *same = NULL;
    FV_OK(fv_recipe_new(&list));
    FV_OK(fv_recipe_read(list, file_of("epochs: 3\n"
                                       "transforms:\n"
                                       "  - resize: {size: [28, 32], when: evaluation}\n"
                                       "  - hflip\n"
                                       "  - normalize: {mean: [0.5, 0.25, 0.1], std: 0.5}\n"
                                       "batch: 5\n")));
    FV_OK(fv_recipe_new(&text));
    FV_OK(fv_transforms_parse("resize size=28,32 when=evaluation; hflip; normalize mean=0.5,0.25,0.1 std=0.5", &transforms));
    FV_OK(fv_transforms_to_text(transforms, &same));
    assert_string_equal(list->keys.transforms, same);
    assert_int_equal(list->keys.epochs, 3);
    assert_int_equal(list->keys.batch, 5);
    fv_string_free(same);
}

FV_TEST(train_recipe__what_it_does_not_know_is_named_with_its_line) {
    FV_FAILS(read("epochs: 2\nlearningrate: 0.1\n"), FV_USAGE, "recipe.yaml:2");
    FV_FAILS(read("epochs: many\n"), FV_USAGE, "epochs cannot be \"many\"");
    FV_FAILS(read("epochs: 2\ntransforms:\n  - hflip\n  - hfilp\n"), FV_USAGE, "recipe.yaml:4");
    FV_FAILS(read("transforms:\n  - resize: {sizes: 3}\n"), FV_USAGE, "sizes");
    FV_FAILS(read("- epochs\n"), FV_USAGE, "recipe.yaml");
    FV_FAILS(read("epochs: [1\n"), FV_FORMAT, "recipe.yaml");
}

FV_TEST(train_recipe__comes_back_from_its_own_yaml) {
    FV_OWNED(fv_recipe) recipe = NULL;
    FV_OWNED(fv_recipe) back = NULL;
    char *text = NULL, *again = NULL;
    FV_OK(fv_recipe_new(&recipe));
    FV_OK(fv_recipe_set(recipe, "data", "folder: \"quoted\" #1"));
    FV_OK(fv_recipe_set(recipe, "transforms", "hflip; normalize mean=0.5 std=0.25"));
    FV_OK(fv_recipe_set(recipe, "learning_rate", "0.1"));
    FV_OK(fv_recipe_set(recipe, "size", "32"));
    FV_OK(fv_recipe_to_yaml(recipe, &text));
    FV_OK(fv_recipe_new(&back));
    FV_OK(fv_recipe_read(back, file_of(text)));
    FV_OK(fv_recipe_to_yaml(back, &again));
    assert_string_equal(text, again);
    assert_string_equal(back->keys.data, "folder: \"quoted\" #1");
    assert_true(back->keys.learning_rate == 0.1);
    assert_int_equal(back->keys.size[1], 32);
    fv_string_free(text);
    fv_string_free(again);
}
