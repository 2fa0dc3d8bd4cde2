/* mixup and CutMix through a loader: what a picture was mixed with is found from the pixels alone, and its target is checked
 * against that. */
#include "tests/data/pictures.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "data/transform.h"

#define PICTURES 23
#define SIDE 9
#define PIXELS (SIDE * SIDE * 3)
#define BASE "random_crop size=9 padding=3 mode=reflect; hflip"

typedef struct fixture {
    fv_dataset *set;
    fv_subset *all;
} fixture;

static fixture open_set(void) {
    const char *dir = fv_test_folder();
    const char *const files[] = { "rgb.png", "interlaced.png", "palette.png", "grey.png", "alpha.png" };
    fixture f = { 0 };
    for (int i = 0; i < PICTURES; i++) {
        char name[32];
        snprintf(name, sizeof name, "%c/%02d.png", 'a' + i % 3, i);
        fv_test_copy(files[i % 5], dir, name);
    }
    FV_OK(fv_dataset_open(dir, NULL, &f.set));
    FV_OK(fv_subset_part(f.set, NULL, &f.all));
    return f;
}

static void release(fixture *f) {
    fv_subset_free(f->all);
    fv_dataset_free(f->set);
}

/* An epoch in one array; targets is all 0 where the batches have none. */
typedef struct epoch {
    float images[PICTURES][PIXELS], targets[PICTURES][3];
    int64_t labels[PICTURES], width;
} epoch;

static void read_epoch(const fixture *f, const char *steps, int64_t workers, int64_t number, epoch *out) {
    FV_OWNED(fv_transforms) transforms = NULL;
    FV_OWNED(fv_loader) loader = NULL;
    FV_OK(fv_transforms_parse(steps, &transforms));
    fv_loader_options options = { .mode = FV_TRAINING, .batch = 4, .workers = workers, .seed = 5 };
    FV_OK(fv_loader_new(f->all, transforms, &options, &loader));
    FV_OK(fv_loader_start(loader, number, 0));
    memset(out, 0, sizeof *out);
    out->width = fv_loader_target_width(loader);
    for (int64_t done = 0;;) {
        const fv_batch *batch;
        FV_OK(fv_loader_next(loader, &batch));
        if (!batch) break;
        assert_int_equal(batch->target_width, out->width);
        assert_true(!batch->targets == !out->width);
        memcpy(out->images[done], batch->images, (size_t)batch->count * sizeof *out->images);
        memcpy(out->labels + done, batch->labels, (size_t)batch->count * sizeof *out->labels);
        if (batch->targets) memcpy(out->targets[done], batch->targets, (size_t)batch->count * sizeof *out->targets);
        done += batch->count;
    }
}

/* The share of `own` in y = s·own + (1 − s)·other that fits best, and the largest error that is left. */
static double fit(const float *y, const float *own, const float *other, double *error) {
    double above = 0, below = 1e-30, worst = 0;
    for (int i = 0; i < PIXELS; i++) {
        double d = (double)own[i] - other[i];
        above += ((double)y[i] - other[i]) * d;
        below += d * d;
    }
    double share = above / below;
    for (int i = 0; i < PIXELS; i++) worst = fmax(worst, fabs(share * own[i] + (1 - share) * other[i] - y[i]));
    *error = worst;
    return share;
}

static void expect_target(const epoch *mixed, int i, int j, double share) {
    double want[3] = { 0 };
    want[mixed->labels[i]] += share;
    want[mixed->labels[j]] += 1 - share;
    for (int c = 0; c < 3; c++) assert_float_equal(mixed->targets[i][c], want[c], 1e-3);
}

FV_TEST(data_transforms_mixup__blends_a_permutation_of_the_epoch_and_its_targets) {
    __attribute__((cleanup(release))) fixture f = open_set();
    static epoch plain, mixed;
    read_epoch(&f, BASE, 0, 3, &plain);
    read_epoch(&f, BASE "; mixup alpha=1", 0, 3, &mixed);
    assert_int_equal(plain.width, 0);
    assert_int_equal(mixed.width, 3);
    int taken[PICTURES] = { 0 }, found = 0;
    for (int i = 0; i < PICTURES; i++) {
        double best = 1, share = 1, error;
        int partner = -1;
        for (int j = 0; j < PICTURES; j++) {
            double s = fit(mixed.images[i], plain.images[i], plain.images[j], &error);
            if (error < best) best = error, partner = j, share = s;
        }
        if (i == partner || best > 1e-3) continue; /* its own partner, or all but unmixed: nothing to tell it from */
        assert_in_range(share * 1000, 0, 1000);
        expect_target(&mixed, i, partner, share);
        taken[partner]++;
        found++;
    }
    assert_true(found >= PICTURES - 3);
    for (int i = 0; i < PICTURES; i++) assert_true(taken[i] <= 1);
}

FV_TEST(data_transforms_cutmix__shows_a_rectangle_of_the_partner_and_mixes_by_area) {
    __attribute__((cleanup(release))) fixture f = open_set();
    static epoch plain, mixed;
    read_epoch(&f, BASE, 0, 1, &plain);
    read_epoch(&f, BASE "; cutmix", 0, 1, &mixed);
    int checked = 0;
    for (int i = 0; i < PICTURES; i++) {
        for (int j = 0; j < PICTURES; j++) {
            int foreign = 0, strange = 0;
            for (int p = 0; p < PIXELS; p += 3) {
                bool own = !memcmp(mixed.images[i] + p, plain.images[i] + p, 12);
                foreign += !own;
                strange += !own && memcmp(mixed.images[i] + p, plain.images[j] + p, 12) != 0;
            }
            if (strange || i == j || !foreign) continue;
            double others = 1 - mixed.targets[i][mixed.labels[i]];
            if (mixed.labels[i] == mixed.labels[j]) others = 0;
            double area = others * SIDE * SIDE;
            assert_float_equal(area, round(area), 1e-3);
            assert_true(others == 0 || area >= foreign - 1e-3);
            checked++;
        }
    }
    assert_true(checked > PICTURES / 2);
}

FV_TEST(data_transforms_pairs__do_not_depend_on_workers) {
    __attribute__((cleanup(release))) fixture f = open_set();
    static epoch alone, helped;
    const char *steps = BASE "; mixup p=0.5; cutmix p=0.5; normalize mean=0.5 std=0.5";
    read_epoch(&f, steps, 0, 2, &alone);
    read_epoch(&f, steps, 3, 2, &helped);
    assert_memory_equal(&alone, &helped, sizeof alone);
    for (int i = 0; i < PICTURES; i++) {
        double sum = 0;
        for (int c = 0; c < 3; c++) sum += alone.targets[i][c];
        assert_float_equal(sum, 1, 1e-6);
    }
}

FV_TEST(data_transforms_pairs__leave_single_pictures_and_evaluation_alone) {
    FV_OWNED(fv_transforms) transforms = NULL;
    FV_OK(fv_transforms_parse("mixup; cutmix", &transforms));
    assert_true(fv_transforms_mix(transforms, FV_TRAINING));
    assert_false(fv_transforms_mix(transforms, FV_EVALUATION));
    fv_image image = { 0 };
    FV_OK(fv_image_resize(&image, 1, 1, 1, FV_PIXEL_U8));
    *(uint8_t *)image.pixels = 51;
    FV_OK(fv_transforms_apply(transforms, FV_TRAINING, &(fv_draw){ .seed = 1 }, &image));
    assert_float_equal(*(float *)image.pixels, 0.2, 1e-7);
    fv_image_release(&image);
}
