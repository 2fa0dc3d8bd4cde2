/* What all transforms of colour, light, blur, noise and erasing have in common, each tried with the same pictures. */
#include <math.h>
#include <stdio.h>

#include "data/transform.h"
#include "tests/allocations.h"
#include "tests/data/pictures.h"

/* A transform with parameters that change something; the same ones that change nothing (NULL: it has none); which numbers of
 * channels it takes. */
typedef struct subject {
    const char *strong, *identity;
    enum { ANY, COLOUR, GREY_OR_COLOUR } takes;
} subject;

static const subject subjects[] = {
    { "brightness factor=1.3", "brightness factor=1", ANY },
    { "contrast factor=1.5", "contrast factor=1", ANY },
    { "gamma gamma=0.7", "gamma gamma=1", ANY },
    { "exposure stops=0.7", "exposure stops=0", ANY },
    { "saturation factor=1.5", "saturation factor=1", COLOUR },
    { "hue turn=0.2", "hue turn=0", COLOUR },
    { "white_balance temperature=3000", "white_balance temperature=6500 tint=0", COLOUR },
    { "color_jitter", "color_jitter brightness=0 contrast=0 saturation=0 hue=0", COLOUR },
    { "shadow p=1", "shadow p=1 strength=0", ANY },
    { "gradient_light p=1", "gradient_light p=1 strength=0", ANY },
    { "gaussian_blur p=1 sigma=1", "gaussian_blur p=1 sigma=0", ANY },
    { "motion_blur p=1 length=5", "motion_blur p=1 length=1", ANY },
    { "sharpen p=1 factor=2", "sharpen p=1 factor=1", ANY },
    { "gaussian_noise p=1 sigma=9", "gaussian_noise p=1 sigma=0", ANY },
    { "gaussian_noise p=1 sigma=9 grey=true", "gaussian_noise p=1 sigma=0 grey=true", ANY },
    { "jpeg_artefacts p=1 quality=20", NULL, GREY_OR_COLOUR },
    { "grey p=1", NULL, GREY_OR_COLOUR },
    { "invert p=1", NULL, ANY },
    { "solarize p=1 threshold=100", "solarize p=1 threshold=256", ANY },
    { "posterize p=1 bits=3", "posterize p=1 bits=8", ANY },
    { "equalize p=1", NULL, ANY },
    { "autocontrast p=1 cutoff=10", NULL, ANY },
    { "clahe p=1", NULL, ANY },
    { "random_erasing p=1", NULL, ANY },
    { "random_erasing p=1 value=noise", NULL, ANY },
    { "random_erasing p=1 value=mean", NULL, ANY },
    { "cutout size=5 count=2", NULL, ANY },
    { "rand_augment magnitude=20", "rand_augment count=0", ANY },
    { "trivial_augment", NULL, ANY },
};
#define SUBJECTS ((int)(sizeof subjects / sizeof *subjects))

static bool takes(const subject *s, int64_t channels) {
    return s->takes == ANY || channels == 3 || (s->takes == GREY_OR_COLOUR && channels == 1);
}

/* Waves and noise over most of the scale, from a formula. */
static void paint(int64_t height, int64_t width, int64_t channels, fv_pixel pixel, fv_image *image) {
    FV_OK(fv_image_resize(image, height, width, channels, pixel));
    uint32_t state = 12345;
    for (int64_t i = 0, n = height * width * channels; i < n; i++) {
        double x = (double)(i / channels % width), y = (double)(i / channels / width), c = (double)(i % channels);
        state = state * 1664525 + 1013904223;
        double value = floor(110 + 60 * sin(x / 5 + c) + 30 * cos(y / 3 + 2 * c) + (double)(state >> 28));
        if (pixel == FV_PIXEL_U8)
            ((uint8_t *)image->pixels)[i] = (uint8_t)value;
        else
            ((float *)image->pixels)[i] = (float)value;
    }
}

static fv_error *run(const char *text, uint32_t position, fv_image *image) {
    char list[256];
    snprintf(list, sizeof list, "%s; normalize scale=1", text);
    FV_OWNED(fv_transforms) transforms = NULL;
    FV_TRY(fv_transforms_parse(list, &transforms));
    return fv_transforms_apply(transforms, FV_TRAINING, &(fv_draw){ .seed = 5, .epoch = 1, .position = position }, image);
}

/* The largest difference of any two values. */
static double apart(const fv_image *a, const fv_image *b) {
    assert_true(a->height == b->height && a->width == b->width && a->channels == b->channels);
    assert_true(a->pixel == FV_PIXEL_F32 && b->pixel == FV_PIXEL_F32);
    double far = 0;
    for (int64_t i = 0, n = a->height * a->width * a->channels; i < n; i++)
        far = fmax(far, fabs((double)((const float *)a->pixels)[i] - (double)((const float *)b->pixels)[i]));
    return far;
}

FV_TEST(data_transforms_photometric__parameters_that_change_nothing_return_the_same_bits) {
    for (int i = 0; i < SUBJECTS; i++)
        for (int pixel = FV_PIXEL_U8; subjects[i].identity && pixel <= FV_PIXEL_F32; pixel += FV_PIXEL_F32 - FV_PIXEL_U8) {
            FV_IMAGE(before);
            FV_IMAGE(after);
            paint(23, 31, 3, pixel, &before);
            paint(23, 31, 3, pixel, &after);
            FV_OK(run("", 0, &before));
            FV_OK(run(subjects[i].identity, 0, &after));
            if (apart(&before, &after) != 0) print_error("%s changes something\n", subjects[i].identity);
            assert_true(apart(&before, &after) == 0);
        }
}

FV_TEST(data_transforms_photometric__each_changes_u8_and_f32_alike) {
    for (int i = 0; i < SUBJECTS; i++) {
        FV_IMAGE(before);
        FV_IMAGE(bytes);
        FV_IMAGE(floats);
        paint(23, 31, 3, FV_PIXEL_U8, &before);
        paint(23, 31, 3, FV_PIXEL_U8, &bytes);
        paint(23, 31, 3, FV_PIXEL_F32, &floats);
        FV_OK(run("", 3, &before));
        FV_OK(run(subjects[i].strong, 3, &bytes));
        FV_OK(run(subjects[i].strong, 3, &floats));
        double changed = apart(&before, &bytes), off = apart(&bytes, &floats);
        double allowed = strstr(subjects[i].strong, "jitter") ? 4 : 2; /* rounding, grey's among it; four steps have more */
        if (changed < 5 || off > allowed)
            print_error("%s: changes by %g, f32 is off by %g\n", subjects[i].strong, changed, off);
        assert_true(changed >= 5);
        assert_true(off <= allowed);
    }
}

FV_TEST(data_transforms_photometric__each_takes_its_channels_and_refuses_others_by_name) {
    for (int i = 0; i < SUBJECTS; i++)
        for (int64_t channels = 1; channels <= 5; channels++) {
            FV_OWNED(fv_transforms) list = NULL;
            FV_OK(fv_transforms_parse(subjects[i].strong, &list));
            fv_size size;
            FV_IMAGE(image);
            paint(16, 17, channels, FV_PIXEL_U8, &image);
            if (takes(&subjects[i], channels)) {
                FV_OK(fv_transforms_size(list, FV_TRAINING, (fv_size){ 16, 17, channels }, &size));
                assert_true(size.height == 16 && size.width == 17 && size.channels == channels);
                FV_OK(run(subjects[i].strong, 0, &image));
                assert_true(image.height == 16 && image.width == 17 && image.channels == channels);
            } else {
                FV_FAILS(fv_transforms_size(list, FV_TRAINING, (fv_size){ 0, 0, channels }, &size), FV_SHAPE, "pictures have");
                FV_FAILS(run(subjects[i].strong, 0, &image), FV_SHAPE, "pictures have");
            }
        }
}

FV_TEST(data_transforms_photometric__the_smallest_pictures_pass) {
    static const int64_t sizes[][2] = { { 1, 1 }, { 1, 9 }, { 9, 1 }, { 2, 2 }, { 3, 2 } };
    for (int i = 0; i < SUBJECTS; i++)
        for (int s = 0; s < 5; s++)
            for (uint32_t position = 0; position < 5; position++) {
                FV_IMAGE(image);
                paint(sizes[s][0], sizes[s][1], 3, position % 2 ? FV_PIXEL_F32 : FV_PIXEL_U8, &image);
                FV_OK(run(subjects[i].strong, position, &image));
                for (int64_t v = 0; v < sizes[s][0] * sizes[s][1] * 3; v++) {
                    float value = ((const float *)image.pixels)[v];
                    assert_true(value >= 0 && value <= 255);
                }
            }
}

FV_TEST(data_transforms_photometric__probability_is_how_often_something_changes) {
    static const char *const never_alike[] = { "brightness factor=2", "invert",
                                               "hue turn=0.3",        "cutout size=9",
                                               "shadow strength=1",   "jpeg_artefacts quality=5" };
    for (int i = 0; i < 6; i++) {
        int changed = 0, at_zero = 0;
        for (uint32_t position = 0; position < 300; position++)
            for (int none = 0; none < 2; none++) {
                char text[128];
                snprintf(text, sizeof text, "%s p=%s", never_alike[i], none ? "0" : "0.3");
                FV_IMAGE(before);
                FV_IMAGE(after);
                paint(8, 8, 3, FV_PIXEL_U8, &before);
                paint(8, 8, 3, FV_PIXEL_U8, &after);
                FV_OK(run("", position, &before));
                FV_OK(run(text, position, &after));
                *(none ? &at_zero : &changed) += apart(&before, &after) != 0;
            }
        assert_int_equal(at_zero, 0);
        assert_in_range(changed, 60, 120); /* 90 ± 3.8 standard deviations */
    }
}

FV_TEST(data_transforms_photometric__nothing_is_allocated_after_the_first_picture) {
    char all[2048];
    int length = 0;
    for (int i = 0; i < SUBJECTS; i++) /* libjpeg takes memory of its own */
        if (!strstr(subjects[i].strong, "jpeg"))
            length += snprintf(all + length, sizeof all - (size_t)length, "%s; ", subjects[i].strong);
    FV_OWNED(fv_transforms) list = NULL;
    FV_OK(fv_transforms_parse(all, &list));
    __attribute__((cleanup(fv_workspace_release))) fv_workspace work = { 0 };
    FV_IMAGE(image);
    for (int i = 0; i < 4; i++) {
        paint(40, 50, 3, FV_PIXEL_U8, &image);
        FV_OK(fv_transforms_run(list, FV_TRAINING, &(fv_draw){ .seed = 1 }, &work, &image));
    }
    paint(40, 50, 3, FV_PIXEL_U8, &image);
    fv_allocations_watch();
    int64_t before = fv_allocations();
    FV_OK(fv_transforms_run(list, FV_TRAINING, &(fv_draw){ .seed = 1 }, &work, &image));
    int64_t asked = fv_allocations() - before;
    assert_int_equal(asked, 0);
}

FV_TEST(data_transforms_photometric__ranges_begin_with_the_smaller_number) {
    static const char *const backwards[] = { "brightness factor=2,1",
                                             "contrast factor=2,1",
                                             "gamma gamma=2,1",
                                             "exposure stops=2,1",
                                             "saturation factor=2,1",
                                             "hue turn=0.2,0.1",
                                             "white_balance tint=1,0",
                                             "shadow softness=2,1",
                                             "gradient_light angle=2,1",
                                             "gaussian_blur sigma=2,1",
                                             "motion_blur length=2,1",
                                             "sharpen factor=2,1",
                                             "gaussian_noise sigma=2,1",
                                             "jpeg_artefacts quality=2,1",
                                             "solarize threshold=2,1",
                                             "posterize bits=2,1",
                                             "clahe clip_limit=2,1",
                                             "random_erasing scale=0.2,0.1",
                                             "white_balance temperature=5000,4000" };
    fv_transforms *list = NULL;
    for (size_t i = 0; i < sizeof backwards / sizeof *backwards; i++)
        FV_FAILS(fv_transforms_parse(backwards[i], &list), FV_USAGE, "smallest first");
    FV_FAILS(fv_transforms_parse("gaussian_blur kernel_size=4", &list), FV_USAGE, "kernel_size must be odd");
    assert_null(list);
}
