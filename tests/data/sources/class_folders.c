/* Folders as people keep them: stray files, numbers for names, parts, links, what cannot be read. */
#include "tests/data/pictures.h"

#include <sys/stat.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/memory.h"
#include "tests/allocations.h"

static void check_counts(const fv_dataset *set, int64_t found, int64_t rejected, int64_t ignored) {
    fv_dataset_counts counts = fv_dataset_count_all(set);
    assert_int_equal(counts.found, found);
    assert_int_equal(counts.rejected, rejected);
    assert_int_equal(counts.usable, found - rejected);
    assert_int_equal(counts.ignored, ignored);
}

static void check_classes(const fv_dataset *set, const char *const *names, int64_t count) {
    assert_int_equal(fv_dataset_class_count(set), count);
    for (int64_t i = 0; i < count; i++) assert_string_equal(fv_dataset_class_name(set, i), names[i]);
}

static int64_t count_of(fv_dataset *set, const char *part, int64_t class_index) {
    FV_OWNED(fv_subset) subset = NULL;
    int64_t counts[16] = { 0 };
    FV_OK(fv_subset_part(set, part, &subset));
    fv_subset_class_counts(subset, counts);
    return counts[class_index];
}

FV_TEST(data_sources_class_folders__ignores_what_systems_leave_behind) {
    const char *dir = fv_test_folder();
    const char *const pictures[] = {
        "cat/0.png", "cat/1.png", "dog/0.png", "dog/1.png", "dog/.ipynb_checkpoints/0-checkpoint.png", "__MACOSX/cat/0.png"
    };
    for (int i = 0; i < 6; i++) fv_test_copy("rgb.png", dir, pictures[i]);
    const char *const stray[] = { ".DS_Store",       "cat/.DS_Store", "cat/._0.png",    "cat/Thumbs.db",
                                  "cat/desktop.ini", "README.txt",    "dog/labels.csv", ".git/config" };
    for (int i = 0; i < 8; i++) fv_test_text("x", dir, stray[i]);
    FV_OWNED(fv_dataset) set = NULL;
    FV_OK(fv_dataset_open(dir, &(fv_dataset_options){ .strict = true }, &set));
    assert_string_equal(fv_dataset_source(set), "class_folders");
    check_classes(set, (const char *[]){ "cat", "dog" }, 2);
    check_counts(set, 4, 0, 10); /* 8 files, of which .git counts as a folder; .ipynb_checkpoints, __MACOSX */
}

FV_TEST(data_sources_class_folders__sorts_classes_by_bytes) {
    const char *dir = fv_test_folder();
    const char *const names[] = { "9", "10", "100", "0", "2", "1", "11", "B", "a" };
    for (int i = 0; i < 9; i++) {
        char path[64];
        snprintf(path, sizeof path, "%s/x.png", names[i]);
        fv_test_copy("rgb.png", dir, path);
    }
    FV_OWNED(fv_dataset) set = NULL;
    FV_OK(fv_dataset_open(dir, NULL, &set));
    check_classes(set, (const char *[]){ "0", "1", "10", "100", "11", "2", "9", "B", "a" }, 9);
    for (int64_t i = 0; i < 9; i++) assert_int_equal(fv_dataset_class(set, i), i);
}

FV_TEST(data_sources_class_folders__counts_what_lies_deep_and_any_case_of_suffix) {
    const char *dir = fv_test_folder();
    const char *const png[] = { "a/2020/01/x.png", "a/2021/x.png", "a/Y.PNG", "b/z.png", "b/deep/er/w.Png" };
    const char *const jpeg[] = { "b/photo.JPG", "b/photo2.JPEG", "b/photo3.jpe" };
    for (int i = 0; i < 5; i++) fv_test_copy("rgb.png", dir, png[i]);
    for (int i = 0; i < 3; i++) fv_test_copy("restart.jpg", dir, jpeg[i]);
    FV_OWNED(fv_dataset) set = NULL;
    FV_OK(fv_dataset_open(dir, NULL, &set));
    assert_int_equal(count_of(set, NULL, 0), 3);
    assert_int_equal(count_of(set, NULL, 1), 5);
    assert_string_equal(fv_dataset_id(set, 0), "a/2020/01/x.png");
    assert_string_equal(fv_dataset_id(set, 1), "a/2021/x.png");
}

FV_TEST(data_sources_class_folders__finds_parts_by_name) {
    const char *dir = fv_test_folder();
    const char *const pictures[] = { "Train/b/0.png", "Train/a/0.png", "Train/a/1.png",
                                     "valid/a/0.png", "test/b/0.png",  "test/new/0.png" };
    for (int i = 0; i < 6; i++) fv_test_copy("rgb.png", dir, pictures[i]);
    fv_test_text("x", dir, "extra/notes.txt");
    FV_OWNED(fv_dataset) set = NULL;
    FV_FAILS(fv_dataset_open(dir, NULL, &set), FV_FORMAT, "test/new/0.png: its class \"new\" is not one of those in Train");
    FV_OK(fv_dataset_open(dir, &(fv_dataset_options){ .allow_dropped = true }, &set));
    assert_int_equal(fv_dataset_part_count(set), 3);
    assert_string_equal(fv_dataset_part_name(set, 1), "val");
    check_classes(set, (const char *[]){ "a", "b" }, 2);
    assert_int_equal(count_of(set, "train", 0), 2);
    assert_int_equal(count_of(set, "val", 0), 1);
    assert_int_equal(count_of(set, "test", 1), 1);
    assert_non_null(strstr(fv_dataset_note(set, 0), "extra"));
    assert_null(fv_dataset_note(set, 1));
    FV_OWNED(fv_subset) none = NULL;
    FV_FAILS(fv_subset_part(set, "holdout", &none), FV_NOT_FOUND, "\"holdout\"");
}

FV_TEST(data_sources_class_folders__takes_a_class_called_train_for_a_class) {
    const char *dir = fv_test_folder();
    fv_test_copy("rgb.png", dir, "car/0.png");
    fv_test_copy("rgb.png", dir, "train/0.png");
    FV_OWNED(fv_dataset) set = NULL;
    FV_OK(fv_dataset_open(dir, NULL, &set));
    assert_int_equal(fv_dataset_part_count(set), 0);
    check_classes(set, (const char *[]){ "car", "train" }, 2);
}

FV_TEST(data_sources_class_folders__says_when_a_folder_lacks_classes_or_parts_are_double) {
    const char *dir = fv_test_folder();
    FV_OWNED(fv_dataset) set = NULL;
    fv_test_copy("rgb.png", dir, "flat/0.png");
    fv_test_text("x", dir, "none/notes.txt");
    fv_test_copy("rgb.png", dir, "twice/val/a/0.png");
    fv_test_copy("rgb.png", dir, "twice/valid/a/0.png");
    fv_test_text("x", dir, "empty/a/notes.txt");
    FV_FAILS(fv_dataset_open(fv_test_path(dir, "flat"), &(fv_dataset_options){ .source = "class_folders" }, &set), FV_FORMAT,
             "has no class folders");
    FV_FAILS(fv_dataset_open(fv_test_path(dir, "none"), NULL, &set), FV_FORMAT, "has no class folders");
    FV_FAILS(fv_dataset_open(fv_test_path(dir, "twice"), NULL, &set), FV_CONFLICT, "val and valid are both the val part");
    FV_FAILS(fv_dataset_open(fv_test_path(dir, "empty"), NULL, &set), FV_FORMAT, "holds no pictures");
    FV_FAILS(fv_dataset_open(fv_test_path(dir, "missing"), NULL, &set), FV_NOT_FOUND, "missing");
    FV_FAILS(fv_dataset_open(fv_test_path(dir, "flat/0.png"), NULL, &set), FV_FORMAT, "no data set of a format that is known");
    FV_FAILS(fv_dataset_open(dir, &(fv_dataset_options){ .source = "class_folder" }, &set), FV_USAGE, "class_folder");
    FV_FAILS(fv_dataset_open(dir, &(fv_dataset_options){ .source_options = "layout=flat" }, &set), FV_USAGE, "layout");
}

FV_TEST(data_sources_class_folders__an_empty_class_folder_makes_no_class) {
    const char *dir = fv_test_folder();
    fv_test_copy("rgb.png", dir, "a/0.png");
    fv_test_text("x", dir, "b/notes.txt");
    FV_OWNED(fv_dataset) set = NULL;
    FV_OK(fv_dataset_open(dir, NULL, &set));
    check_classes(set, (const char *[]){ "a" }, 1);
    assert_non_null(strstr(fv_dataset_note(set, 0), "b holds no pictures"));
}

FV_TEST(data_sources_class_folders__follows_links_and_cuts_loops) {
    const char *dir = fv_test_folder();
    fv_test_copy("rgb.png", dir, "elsewhere/0.png");
    fv_test_copy("rgb.png", dir, "set/a/0.png");
    assert_int_equal(symlink("../elsewhere", fv_test_path(dir, "set/b")), 0);
    assert_int_equal(symlink("..", fv_test_path(dir, "set/a/up")), 0);
    assert_int_equal(symlink("0.png", fv_test_path(dir, "set/a/1.png")), 0);
    assert_int_equal(symlink("gone.png", fv_test_path(dir, "set/a/2.png")), 0);
    FV_OWNED(fv_dataset) set = NULL;
    FV_OK(fv_dataset_open(fv_test_path(dir, "set"), &(fv_dataset_options){ .allow_dropped = true }, &set));
    const char *path, *reason;
    fv_dataset_rejected(set, 0, &path, &reason);
    assert_string_equal(path, "a/2.png");
    assert_string_equal(reason, "a link that leads nowhere");
    assert_int_equal(count_of(set, NULL, 1), 1);
    assert_int_equal(count_of(set, NULL, 0), 2);
    assert_non_null(strstr(fv_dataset_note(set, 0), "leads back to a folder it lies in"));
}

FV_TEST(data_sources_class_folders__names_a_folder_it_may_not_read) {
    const char *dir = fv_test_folder();
    fv_test_copy("rgb.png", dir, "a/0.png");
    fv_test_copy("rgb.png", dir, "b/0.png");
    fv_test_copy("rgb.png", dir, "b/closed/0.png");
    assert_int_equal(chmod(fv_test_path(dir, "b/closed"), 0), 0);
    FV_OWNED(fv_dataset) set = NULL;
    fv_error *error = fv_dataset_open(dir, &(fv_dataset_options){ .allow_dropped = true }, &set);
    assert_int_equal(chmod(fv_test_path(dir, "b/closed"), 0700), 0);
    FV_OK(error);
    fv_dataset_counts counts = fv_dataset_count_all(set);
    assert_int_equal(counts.found, 3);                         /* two pictures, and the third or the folder that hides it */
    assert_int_equal(counts.rejected, geteuid() == 0 ? 0 : 1); /* nothing is closed to root */
    if (counts.rejected) {
        const char *path, *reason;
        fv_dataset_rejected(set, 0, &path, &reason);
        assert_string_equal(path, "b/closed");
        assert_non_null(strstr(reason, "ermission denied"));
    }
}

FV_TEST(data_sources_class_folders__rejects_pictures_beside_the_classes) {
    const char *dir = fv_test_folder();
    fv_test_copy("rgb.png", dir, "a/0.png");
    fv_test_copy("rgb.png", dir, "stray.png");
    FV_OWNED(fv_dataset) set = NULL;
    FV_FAILS(fv_dataset_open(dir, NULL, &set), FV_FORMAT, "1 of 2 pictures cannot be used");
    FV_FAILS(fv_dataset_open(dir, &(fv_dataset_options){ .strict = true, .allow_dropped = true }, &set), FV_FORMAT,
             "stray.png");
    FV_OK(fv_dataset_open(dir, &(fv_dataset_options){ .allow_dropped = true }, &set));
    check_counts(set, 2, 1, 0);
}

FV_TEST(data_sources_class_folders__leaves_masks_out_when_told_and_says_when_not) {
    const char *dir = fv_test_folder();
    const char *const names[] = { "a/1.jpg", "a/1.png", "a/2.jpg", "a/2.png", "b/3.JPG", "b/3.b.jpg" };
    for (int i = 0; i < 6; i++) fv_test_copy("rgb.png", dir, names[i]);
    FV_OWNED(fv_dataset) set = NULL;
    FV_OK(fv_dataset_open(dir, NULL, &set));
    check_counts(set, 6, 0, 0);
    assert_non_null(strstr(fv_dataset_note(set, 0), "2 pictures differ"));
    assert_non_null(strstr(fv_dataset_note(set, 0), "the first a/1.png"));
    FV_OWNED(fv_dataset) without = NULL;
    FV_OK(fv_dataset_open(dir, &(fv_dataset_options){ .source_options = "include=*.jpg,*.jpeg" }, &without));
    check_counts(without, 4, 0, 2);
    assert_non_null(strstr(fv_dataset_note(without, 0), "2 pictures are left out"));
    assert_null(fv_dataset_note(without, 1));
}

FV_TEST(data_sources_class_folders__leaves_out_by_name_and_by_path) {
    const char *dir = fv_test_folder();
    const char *const names[] = {
        "a/1.png", "a/1_mask.png", "a/masks/1.png", "a/mask_2.PNG", "b/2.png", "b/deep/masks/x/2.png"
    };
    for (int i = 0; i < 6; i++) fv_test_copy("rgb.png", dir, names[i]);
    FV_OWNED(fv_dataset) set = NULL;
    FV_OK(fv_dataset_open(dir, &(fv_dataset_options){ .source_options = "exclude=*_mask.*,mask_*.png,*/masks/*" }, &set));
    check_counts(set, 2, 0, 4);
    assert_string_equal(fv_dataset_id(set, 0), "a/1.png");
    assert_string_equal(fv_dataset_id(set, 1), "b/2.png");
    FV_OWNED(fv_dataset) both = NULL;
    FV_OK(fv_dataset_open(dir, &(fv_dataset_options){ .source_options = "include=[0-9]* exclude=*/masks/*" }, &both));
    check_counts(both, 3, 0, 3);
    FV_OWNED(fv_dataset) typo = NULL;
    FV_OK(fv_dataset_open(dir, &(fv_dataset_options){ .source_options = "exclude=*_maks.png" }, &typo));
    assert_non_null(strstr(fv_dataset_note(typo, 0), "0 pictures are left out"));
    FV_OWNED(fv_dataset) none = NULL;
    FV_FAILS(fv_dataset_open(dir, &(fv_dataset_options){ .source_options = "include=*.jpg" }, &none), FV_FORMAT, "no pictures");
}

FV_TEST(data_sources_class_folders__takes_folders_for_parts_or_classes_as_it_is_told) {
    const char *dir = fv_test_folder();
    fv_test_copy("rgb.png", dir, "train/a/0.png");
    fv_test_copy("rgb.png", dir, "extra/b/0.png");
    FV_OWNED(fv_dataset) guessed = NULL;
    FV_OK(fv_dataset_open(dir, NULL, &guessed));
    check_classes(guessed, (const char *[]){ "extra", "train" }, 2);
    FV_OWNED(fv_dataset) parts = NULL;
    FV_OK(fv_dataset_open(dir, &(fv_dataset_options){ .source_options = "layout=parts" }, &parts));
    check_classes(parts, (const char *[]){ "a" }, 1);
    assert_non_null(strstr(fv_dataset_note(parts, 0), "extra is none of train, val and test: ignored"));
    FV_OWNED(fv_dataset) classes = NULL;
    fv_test_copy("rgb.png", dir, "val/c/0.png");
    FV_OK(fv_dataset_open(dir, &(fv_dataset_options){ .source_options = "layout=classes" }, &classes));
    check_classes(classes, (const char *[]){ "extra", "train", "val" }, 3);
}

FV_TEST(data_sources_class_folders__takes_the_only_parts_there_are_for_parts) {
    const char *dir = fv_test_folder();
    fv_test_copy("rgb.png", dir, "val/a/0.png");
    fv_test_copy("rgb.png", dir, "test/b/0.png");
    FV_OWNED(fv_dataset) set = NULL;
    FV_OK(fv_dataset_open(dir, NULL, &set));
    assert_int_equal(fv_dataset_part_count(set), 2);
    check_classes(set, (const char *[]){ "a", "b" }, 2); /* without a part train, any part makes classes */
    FV_OWNED(fv_dataset) flat = NULL;
    fv_test_copy("rgb.png", dir, "flat/test/0.png");
    fv_test_copy("rgb.png", dir, "flat/val/0.png");
    FV_OK(fv_dataset_open(fv_test_path(dir, "flat"), NULL, &flat)); /* no folders in them: they are classes */
    check_classes(flat, (const char *[]){ "test", "val" }, 2);
}

FV_TEST(data_sources_class_folders__names_what_lies_beside_parts_or_their_classes) {
    const char *dir = fv_test_folder();
    fv_test_copy("rgb.png", dir, "train/a/0.png");
    fv_test_copy("rgb.png", dir, "train/stray.png");
    fv_test_copy("rgb.png", dir, "val/a/0.png");
    fv_test_copy("rgb.png", dir, "stray.png");
    fv_test_text("x", dir, "val/notes.txt");
    FV_OWNED(fv_dataset) set = NULL;
    FV_OK(fv_dataset_open(dir, &(fv_dataset_options){ .allow_dropped = true }, &set));
    check_counts(set, 4, 2, 1);
    const char *path, *reason;
    fv_dataset_rejected(set, 0, &path, &reason);
    assert_string_equal(path, "stray.png");
    assert_string_equal(reason, "it lies beside the parts, not in one");
    fv_dataset_rejected(set, 1, &path, &reason);
    assert_string_equal(path, "train/stray.png");
    assert_string_equal(reason, "it lies beside the class folders, not in one");
    fv_dataset *none = NULL;
    fv_test_text("x", dir, "hollow/train/notes.txt");
    fv_test_copy("rgb.png", dir, "hollow/test/a/0.png");
    FV_FAILS(fv_dataset_open(fv_test_path(dir, "hollow"), NULL, &none), FV_FORMAT, "hollow/train has no class folders");
}

FV_TEST(data_sources_class_folders__pictures_of_one_name_in_two_folders_are_no_twins) {
    const char *dir = fv_test_folder();
    fv_test_copy("rgb.png", dir, "a/0.png");
    fv_test_copy("rgb.png", dir, "a/0.x/1.png");
    fv_test_copy("rgb.png", dir, "b/0.png");
    FV_OWNED(fv_dataset) set = NULL;
    FV_OK(fv_dataset_open(dir, NULL, &set));
    assert_null(fv_dataset_note(set, 0));
}

FV_TEST(data_sources_class_folders__want_of_memory_is_an_error_and_leaves_nothing) {
    static const char *const options[] = { NULL, "include=*.png exclude=*_mask.png", "layout=parts" };
    const char *dir = fv_test_folder();
    const char *const pictures[] = { "train/a/0.png",      "train/a/0.x.png", "train/stray.png",
                                     "train/b/0_mask.png", "train/b/1.jpg",   "train/b/deep/2.png",
                                     "test/a/0.png",       "test/new/0.png",  "stray.png" };
    for (int i = 0; i < 9; i++) fv_test_copy("rgb.png", dir, pictures[i]);
    fv_test_text("x", dir, "extra/notes.txt");
    fv_test_text("x", dir, "train/c/notes.txt");
    fv_test_text("x", dir, "train/.git/notes.txt");
    for (int i = 0; i < 3; i++) {
        fv_dataset *set = NULL;
        const fv_dataset_options all = { .source_options = options[i], .allow_dropped = true };
        FV_OK(fv_dataset_open(dir, &all, &set));
        fv_dataset_counts counts = fv_dataset_count_all(set);
        fv_dataset_free(set);
        int64_t live = fv_memory_live();
        FV_TEST_EACH_ALLOCATION_FAILS(fv_dataset_open(dir, &all, &set), {
            check_counts(set, counts.found, counts.rejected, counts.ignored);
            fv_dataset_free(set);
        });
        assert_int_equal(fv_memory_live(), live);
    }
}
