/* Data sets: a model's classes imposed, pictures checked, what may be dropped, files named one by one. */
#include "data/dataset.h"
#include "tests/data/pictures.h"

#include <math.h>

#include "core/base/log.h"

/* 3 classes: a of 4, b of 3, c of 2, all readable. */
static const char *make_set(void) {
    const char *dir = fv_test_folder();
    const char *const names[] = { "a/0.png", "a/1.png", "a/2.png", "a/3.png", "b/0.png",
                                  "b/1.png", "b/2.png", "c/0.png", "c/1.png" };
    for (int i = 0; i < 9; i++) fv_test_copy(i % 2 ? "rgb.png" : "sampling420.jpg", dir, names[i]);
    return dir;
}

FV_TEST(data_dataset__imposes_a_models_classes_by_name) {
    FV_OWNED(fv_dataset) set = NULL;
    FV_OK(fv_dataset_open(make_set(), NULL, &set));
    FV_OK(fv_dataset_impose_classes(set, (const char *[]){ "zebra", "c", "b", "a" }, 4));
    assert_int_equal(fv_dataset_class_count(set), 4);
    assert_string_equal(fv_dataset_class_name(set, 0), "zebra");
    assert_int_equal(fv_dataset_class(set, 0), 3);
    assert_int_equal(fv_dataset_class(set, 4), 2);
    assert_int_equal(fv_dataset_class(set, 8), 1);
    assert_int_equal(fv_dataset_count_all(set).rejected, 0);
}

FV_TEST(data_dataset__rejects_samples_of_a_class_the_model_has_not) {
    FV_OWNED(fv_dataset) set = NULL;
    const char *dir = make_set();
    FV_OK(fv_dataset_open(dir, &(fv_dataset_options){ .allow_dropped = true }, &set));
    FV_OK(fv_dataset_impose_classes(set, (const char *[]){ "a", "b" }, 2));
    fv_dataset_counts counts = fv_dataset_count_all(set);
    assert_int_equal(counts.found, 9);
    assert_int_equal(counts.usable, 7);
    const char *path, *reason;
    fv_dataset_rejected(set, 1, &path, &reason);
    assert_string_equal(path, "c/1.png");
    assert_string_equal(reason, "its class \"c\" is not one of the 2 expected");
    FV_OWNED(fv_subset) all = NULL;
    FV_OK(fv_subset_part(set, NULL, &all));
    assert_int_equal(fv_subset_count(all), 7);

    FV_OWNED(fv_dataset) again = NULL;
    FV_OK(fv_dataset_open(dir, NULL, &again));
    FV_FAILS(fv_dataset_impose_classes(again, (const char *[]){ "a", "b" }, 2), FV_FORMAT, "2 of 9 pictures");
    FV_OWNED(fv_dataset) twice = NULL;
    FV_OK(fv_dataset_open(dir, NULL, &twice));
    FV_FAILS(fv_dataset_impose_classes(twice, (const char *[]){ "a", "a" }, 2), FV_USAGE, "twice");
}

static void count_lines(void *context, fv_level level, const char *message) {
    if (level == FV_LOG_WARNING && strstr(message, "cannot use")) ++*(int *)context;
}

FV_TEST(data_dataset__scan_rejects_what_cannot_be_decoded_by_name) {
    const char *dir = make_set();
    const char *const broken[] = { "a/half.jpg", "a/empty.jpg", "b/half_progressive.jpg", "c/page.jpg" };
    for (int i = 0; i < 4; i++) fv_test_copy(broken[i] + 2, dir, broken[i]);
    for (int64_t workers = 0; workers <= 3; workers += 3) {
        FV_OWNED(fv_dataset) set = NULL;
        int lines = 0;
        fv_log_set_sink(count_lines, &lines);
        FV_OK(fv_dataset_open(dir, &(fv_dataset_options){ .allow_dropped = true }, &set));
        assert_int_equal(fv_dataset_count_all(set).usable, 13);
        FV_OK(fv_dataset_scan(set, workers, NULL, NULL));
        fv_log_set_sink(NULL, NULL);
        assert_int_equal(lines, 4);
        fv_dataset_counts counts = fv_dataset_count_all(set);
        assert_true(counts.found == 13 && counts.usable == 9 && counts.rejected == 4);
        const char *const order[] = { "a/empty.jpg", "a/half.jpg", "b/half_progressive.jpg", "c/page.jpg" };
        const char *const reasons[] = { "an empty file", "cut short", "cut short", "a web page: HTML" };
        for (int i = 0; i < 4; i++) {
            const char *path, *reason;
            fv_dataset_rejected(set, i, &path, &reason);
            assert_string_equal(path, order[i]);
            assert_non_null(strstr(reason, reasons[i]));
        }
        FV_OK(fv_dataset_scan(set, workers, NULL, NULL)); /* once rejected is enough */
        assert_int_equal(fv_dataset_count_all(set).rejected, 4);
    }
}

FV_TEST(data_dataset__more_than_one_in_a_hundred_dropped_fails_unless_allowed) {
    const char *dir = fv_test_folder();
    for (int i = 0; i < 99; i++) {
        char name[32];
        snprintf(name, sizeof name, "%c/%02d.png", i % 2 ? 'a' : 'b', i);
        fv_test_copy("bits.png", dir, name);
    }
    fv_test_copy("half.png", dir, "a/broken.png");
    FV_OWNED(fv_dataset) set = NULL;
    FV_OK(fv_dataset_open(dir, NULL, &set));
    FV_OK(fv_dataset_scan(set, 1, NULL, NULL)); /* 1 of 100 is not more than 1 % */
    FV_OWNED(fv_dataset) strict = NULL;
    FV_OK(fv_dataset_open(dir, &(fv_dataset_options){ .strict = true, .allow_dropped = true }, &strict));
    FV_FAILS(fv_dataset_scan(strict, 0, NULL, NULL), FV_FORMAT, "the first of them a/broken.png: cut short");
    fv_test_copy("empty.jpg", dir, "b/broken.png");
    FV_OWNED(fv_dataset) two = NULL;
    FV_OK(fv_dataset_open(dir, NULL, &two));
    FV_FAILS(fv_dataset_scan(two, 1, NULL, NULL), FV_FORMAT, "2 of 101 pictures cannot be used");
    FV_OWNED(fv_dataset) allowed = NULL;
    FV_OK(fv_dataset_open(dir, &(fv_dataset_options){ .allow_dropped = true }, &allowed));
    FV_OK(fv_dataset_scan(allowed, 1, NULL, NULL));
}

static bool stop_at_once(void *context, int64_t done, int64_t count) {
    ++*(int *)context;
    assert_true(done <= count && count == 9);
    return false;
}

FV_TEST(data_dataset__a_scan_can_be_stopped) {
    FV_OWNED(fv_dataset) set = NULL;
    FV_OK(fv_dataset_open(make_set(), NULL, &set));
    for (int64_t workers = 0; workers < 3; workers++) {
        int calls = 0;
        FV_FAILS(fv_dataset_scan(set, workers, stop_at_once, &calls), FV_CANCELLED, "stopped");
        assert_int_equal(calls, 1);
    }
    FV_FAILS(fv_dataset_scan(set, 1000, NULL, NULL), FV_USAGE, "1000 workers");
}

FV_TEST(data_dataset__reads_files_named_one_by_one_and_below_folders) {
    const char *dir = make_set();
    char folder[512], file[512], missing[512];
    snprintf(folder, sizeof folder, "%s/b", dir);
    snprintf(file, sizeof file, "%s/a/1.png", dir);
    snprintf(missing, sizeof missing, "%s/gone.png", dir);
    FV_OWNED(fv_dataset) set = NULL;
    FV_OK(fv_dataset_of_paths((const char *[]){ missing, folder, file }, 3, NULL, &set));
    assert_int_equal(fv_dataset_count(set), 5);
    assert_string_equal(fv_dataset_id(set, 0), missing);
    assert_string_equal(fv_dataset_id(set, 4), file);
    assert_int_equal(fv_dataset_class(set, 4), -1);
    assert_int_equal(fv_dataset_target(set, 4)->kind, FV_TARGET_NONE);
    FV_IMAGE(image);
    FV_FAILS(fv_dataset_read(set, 0, &image), FV_NOT_FOUND, "gone.png");
    FV_OK(fv_dataset_read(set, 1, &image));
    assert_int_equal(image.channels, 3);
}

FV_TEST(data_dataset__keeps_to_its_limits) {
    FV_OWNED(fv_dataset) set = NULL;
    FV_OK(fv_dataset_open(make_set(), &(fv_dataset_options){ .max_pixels = 20, .channels = 1 }, &set));
    FV_IMAGE(image);
    FV_FAILS(fv_dataset_read(set, 0, &image), FV_UNSUPPORTED, "more than the 20 allowed");
    FV_OWNED(fv_dataset) none = NULL;
    FV_FAILS(fv_dataset_open(fv_dataset_path(set), &(fv_dataset_options){ .channels = -1 }, &none), FV_USAGE, "-1 channels");
}

/* Twelve bits in sixteen: the high bytes alone would be 16 levels. */
FV_TEST(data_dataset__keeps_16_bits_through_the_transforms) {
    const char *dir = fv_test_folder();
    fv_test_text("P2 3 1 65535\n300 301 4095\n", dir, "a/wide.pgm");
    fv_test_text("P2 3 1 255\n1 2 255\n", dir, "b/narrow.pgm");
    FV_OWNED(fv_dataset) set = NULL;
    FV_OK(fv_dataset_open(dir, &(fv_dataset_options){ .channels = 1 }, &set));
    FV_IMAGE(image);
    FV_OK(fv_dataset_read(set, 0, &image));
    assert_int_equal(image.pixel, FV_PIXEL_U16);
    FV_OWNED(fv_transforms) none = NULL;
    FV_OK(fv_transforms_parse("", &none));
    FV_OK(fv_transforms_apply(none, FV_EVALUATION, NULL, &image));
    const float *values = image.pixels;
    assert_true(values[0] < values[1] && fabsf(values[2] - 4095 / 65535.0f) < 1e-7f);
    FV_OK(fv_dataset_read(set, 1, &image));
    assert_int_equal(image.pixel, FV_PIXEL_U8);
}
