/* Pictures that are kept with the prediction log: each once, the oldest first to go, none without being told of. */
#include "predict/log_pictures.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/file.h"
#include "tests/data/pictures.h"

#define MOST (1 << 20) /* sixteen folders of sixteen blocks */

static fv_log_pictures *open_pictures(const char *folder) {
    fv_log_pictures *pictures;
    FV_OK(fv_log_pictures_open(folder, MOST, &pictures));
    return pictures;
}

/* A "picture" of its own, of one block; its path. */
static const char *keep(fv_log_pictures *pictures, const char *folder, int number) {
    char bytes[4000], name[FV_LOG_PICTURE_NAME], path[100];
    memset(bytes, 0, sizeof bytes);
    snprintf(bytes, sizeof bytes, "P5 %d", number);
    assert_true(fv_log_pictures_name(pictures, bytes, sizeof bytes, 1, name));
    assert_true(fv_log_picture_is_name(name));
    FV_OK(fv_log_pictures_write(pictures, name, bytes, sizeof bytes));
    snprintf(path, sizeof path, FV_LOG_PICTURES "/%s", name);
    return fv_test_path(folder, path);
}

static int64_t count_files(const char *folder) {
    FV_OWNED(fv_arena) arena = NULL;
    const char **folders, **files, *path;
    int64_t folder_count, count, all = 0;
    FV_OK(fv_arena_new("names", 1 << 20, &arena));
    FV_OK(fv_file_list(fv_test_path(folder, FV_LOG_PICTURES), arena, &folders, &folder_count));
    for (int64_t i = 0; i < folder_count; i++) {
        FV_OK(fv_file_join(arena, fv_test_path(folder, FV_LOG_PICTURES), folders[i], &path));
        FV_OK(fv_file_list(path, arena, &files, &count));
        all += count;
    }
    return all;
}

FV_TEST(predict_log_pictures__a_picture_is_kept_once_under_the_hash_of_its_bytes) {
    const char *folder = fv_test_folder(), *path;
    fv_log_pictures *pictures = open_pictures(folder);
    path = keep(pictures, folder, 1);
    assert_non_null(strstr(path, "/pictures/00000001/"));
    assert_string_equal(path + strlen(path) - 4, ".pnm");
    keep(pictures, folder, 1);
    keep(pictures, folder, 2);
    assert_int_equal(count_files(folder), 2);
    fv_log_pictures_free(pictures);
    pictures = open_pictures(folder);
    keep(pictures, folder, 2);
    assert_int_equal(count_files(folder), 2);
    fv_log_pictures_free(pictures);
}

FV_TEST(predict_log_pictures__the_oldest_go_when_there_are_too_many_across_restarts) {
    const char *folder = fv_test_folder();
    fv_log_pictures *pictures = open_pictures(folder);
    char first[4096], newest[4096];
    snprintf(first, sizeof first, "%s", keep(pictures, folder, 0));
    for (int i = 1; i < 400; i++) {
        if (i % 90 == 0) {
            fv_log_pictures_free(pictures);
            pictures = open_pictures(folder);
        }
        snprintf(newest, sizeof newest, "%s", keep(pictures, folder, i));
        assert_true(i % 13 || count_files(folder) <= MOST / 4096);
    }
    assert_true(count_files(folder) >= MOST / 4096 * 15 / 16);
    assert_int_equal(fv_file_kind_of(first), FV_FILE_NONE);
    assert_int_equal(fv_file_kind_of(newest), FV_FILE_PLAIN);
    fv_log_pictures_free(pictures);
}

FV_TEST(predict_log_pictures__a_share_is_the_same_pictures_each_time) {
    const char *folder = fv_test_folder();
    fv_log_pictures *pictures = open_pictures(folder);
    char name[FV_LOG_PICTURE_NAME];
    int kept = 0, again = 0;
    for (int i = 0; i < 1000; i++) {
        bool first = fv_log_pictures_name(pictures, &i, sizeof i, 0.25, name);
        kept += first;
        again += first == fv_log_pictures_name(pictures, &i, sizeof i, 0.25, name);
        assert_false(fv_log_pictures_name(pictures, &i, sizeof i, 0, name));
        assert_true(fv_log_pictures_name(pictures, &i, sizeof i, 1, name));
    }
    assert_true(kept > 200 && kept < 300 && again == 1000);
    assert_false(fv_log_pictures_name(pictures, NULL, 0, 1, name));
    fv_log_pictures_free(pictures);
    FV_FAILS(fv_log_pictures_open(folder, 4096, &pictures), FV_USAGE, "at least 1048576 bytes");
}

FV_TEST(predict_log_pictures__names_lead_nowhere_else) {
    static const char *const wrong[] = { "",
                                         "0123456789abcdef0123456789abcdef.png",
                                         "../0123456789abcdef0123456789abcdef.png",
                                         "00000001/../../etc/passwd",
                                         "00000001/0123456789abcdef0123456789abcdef",
                                         "00000001/0123456789abcdef0123456789abcdef.",
                                         "00000001/0123456789abcdef0123456789abcdef.p/g",
                                         "00000001/0123456789abcdef0123456789abcdefg.png",
                                         "000000001/0123456789abcdef0123456789abcdef.png" };
    assert_true(fv_log_picture_is_name("00000001/0123456789abcdef0123456789abcdef.png"));
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) assert_false(fv_log_picture_is_name(wrong[i]));
}
