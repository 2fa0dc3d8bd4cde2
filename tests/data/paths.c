/* Names of pictures, one at a time. */
#include "data/paths.h"

#include <unistd.h>

#include "tests/data/pictures.h"

/* The paths below `dir`, without it, each with a '|' behind. */
static void walk(const char *dir, const char *const *names, int64_t count, const char *lines, char out[1024]) {
    FV_OWNED(fv_paths) paths = NULL;
    FILE *list = lines ? fmemopen((void *)(uintptr_t)lines, strlen(lines), "r") : NULL;
    size_t prefix = strlen(dir);
    *out = 0;
    FV_OK(fv_paths_new(names, count, list, &paths));
    for (const char *path;;) {
        FV_OK(fv_paths_next(paths, &path));
        if (!path) break;
        snprintf(out + strlen(out), 1024 - strlen(out), "%s|", strncmp(path, dir, prefix) ? path : path + prefix);
    }
    if (list) fclose(list);
}

FV_TEST(data_paths__folders_stand_for_the_pictures_below_them) {
    const char *dir = fv_test_folder();
    char out[1024];
    const char *const files[] = { "b/2.png", "b/deep/1.JPG", "a/x.png", "a/note.txt", "a/.hidden.png", "a/__MACOSX/y.png" };
    for (int i = 0; i < 6; i++) fv_test_text("x", dir, files[i]);
    assert_int_equal(symlink("..", fv_test_path(dir, "b/deep/up")), 0);
    walk(dir, (const char *const[]){ fv_test_path(dir, "b"), "nowhere.png", fv_test_path(dir, "a/note.txt"), dir }, 4, NULL,
         out);
    assert_string_equal(out, "/b/2.png|/b/deep/1.JPG|nowhere.png|/a/note.txt|/a/x.png|/b/2.png|/b/deep/1.JPG|");
}

FV_TEST(data_paths__a_dash_stands_for_the_lines_of_a_list) {
    const char *dir = fv_test_folder();
    char out[1024], lines[1024];
    fv_test_text("x", dir, "a/x.png");
    snprintf(lines, sizeof lines, "1 2.png\r\n\n%s/a\nlast.png", dir);
    walk(dir, (const char *const[]){ "first.png", "-", "end.png" }, 3, lines, out);
    assert_string_equal(out, "first.png|1 2.png|/a/x.png|last.png|end.png|");
    walk(dir, (const char *const[]){ "-" }, 1, NULL, out); /* without a list it is a name like others */
    assert_string_equal(out, "-|");
}
