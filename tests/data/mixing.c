/* Targets of mixed pictures. The pictures are black or white all over, so a mixed one's mean is the white one's share. */
#include <math.h>

#include "core/base/file.h"
#include "core/base/text.h"
#include "tests/data/pictures.h"

#define SIDE 8
#define COUNT 24

/* Of each four pictures the last two are white. */
static bool is_white(int64_t i) { return i % 4 >= 2; }

static void draw(const char *folder, int i) {
    char name[32], file[64 + SIDE * SIDE];
    snprintf(name, sizeof name, "%02d.pgm", i);
    int head = snprintf(file, sizeof file, "P5 %d %d 255\n", SIDE, SIDE);
    memset(file + head, is_white(i) ? 255 : 0, SIDE * SIDE);
    FV_OK(fv_file_write(fv_test_path(folder, name), file, head + SIDE * SIDE, NULL));
}

/* The pictures with what `black` and `white` say of them. */
static fv_dataset *make_set(const char *black, const char *white, const char *options) {
    const char *folder = fv_test_folder();
    FV_TEXT(list, 1 << 12);
    fv_text_add(&list, "path,target\n");
    for (int i = 0; i < COUNT; i++) {
        draw(folder, i);
        fv_text_addf(&list, "%02d.pgm,%s\n", i, is_white(i) ? white : black);
    }
    return fv_test_list(list.at, folder, "list.csv", &(fv_dataset_options){ .channels = 1, .source_options = options });
}

static fv_error *open_loader(const fv_subset *all, const fv_transforms *transforms, fv_loader **out) {
    fv_loader_options options = { .batch = COUNT, .seed = 2, .number_mean = 40, .number_scale = 10 };
    return fv_loader_new(all, transforms, &options, out);
}

/* Each number of a row is between `black` and `white` as the picture is. */
static void expect_rows(const fv_batch *batch, const double *black, const double *white, int64_t width) {
    int between = 0;
    for (int64_t i = 0; i < batch->count; i++) {
        double share = 0;
        for (int p = 0; p < SIDE * SIDE; p++) share += (double)batch->images[i * SIDE * SIDE + p] / (SIDE * SIDE);
        between += share > 0.01 && share < 0.99;
        for (int64_t k = 0; k < width; k++)
            assert_float_equal((double)batch->targets[i * width + k], black[k] + share * (white[k] - black[k]), 1e-5);
    }
    assert_true(between > 3);
}

static void check(fv_dataset *set, const char *steps, const double *black, const double *white, int64_t width) {
    FV_OWNED(fv_subset) all = NULL;
    FV_OWNED(fv_transforms) transforms = NULL;
    FV_OWNED(fv_loader) loader = NULL;
    const fv_batch *batch;
    FV_OK(fv_subset_part(set, NULL, &all));
    FV_OK(fv_transforms_parse(steps, &transforms));
    FV_OK(open_loader(all, transforms, &loader));
    assert_int_equal(fv_loader_target_width(loader), width);
    FV_OK(fv_loader_start(loader, 0, 0));
    FV_OK(fv_loader_next(loader, &batch));
    expect_rows(batch, black, white, width);
}

FV_TEST(data_mixing__a_class_has_the_share_that_is_seen_of_it) {
    FV_OWNED(fv_dataset) set = make_set("night", "snow", NULL);
    check(set, "mixup alpha=1", (double[]){ 1, 0 }, (double[]){ 0, 1 }, 2);
    check(set, "cutmix", (double[]){ 1, 0 }, (double[]){ 0, 1 }, 2);
}

FV_TEST(data_mixing__a_label_of_both_pictures_is_whole_and_of_one_has_its_share) {
    FV_OWNED(fv_dataset) set = make_set("plain|night", "plain|snow|cold", "target=classes separator=|");
    const double black[] = { 0, 1, 1, 0 }, white[] = { 1, 0, 1, 1 }; /* cold, night, plain, snow */
    check(set, "mixup alpha=1", black, white, 4);
    check(set, "cutmix", black, white, 4);
}

FV_TEST(data_mixing__a_number_lies_between_as_the_blended_picture_does) {
    FV_OWNED(fv_dataset) set = make_set("20", "50", "target=number");
    check(set, "mixup alpha=1", (double[]){ -2 }, (double[]){ 1 }, 1);
}

FV_TEST(data_mixing__parts_of_two_pictures_make_no_number) {
    FV_OWNED(fv_dataset) set = make_set("20", "50", "target=number");
    FV_OWNED(fv_subset) all = NULL;
    FV_OWNED(fv_transforms) transforms = NULL;
    fv_loader *loader = NULL;
    FV_OK(fv_subset_part(set, NULL, &all));
    FV_OK(fv_transforms_parse("mixup p=0.5; cutmix", &transforms));
    FV_FAILS(open_loader(all, transforms, &loader), FV_USAGE, "transform cutmix shows parts of two pictures");
}
