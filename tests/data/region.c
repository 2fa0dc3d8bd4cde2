/* What a list reads of a picture: from that part alone it makes what its steps, one after the other, make of the whole. */
#include "core/base/size.h"
#include "tests/data/transforms/moves.h"

#define STEPS 4

typedef struct chain {
    const char *steps[STEPS]; /* each of another name, or with the number that it has among its likes before it */
} chain;

static const chain chains[] = {
    { { "random_resized_crop size=24", "hflip" } },
    { { "random_resized_crop size=40,17 filter=bicubic scale=0.05,0.3" } },
    { { "random_resized_crop size=30 filter=lanczos", "rotate degrees=-20,20" } },
    { { "random_resized_crop size=31 filter=nearest antialias=false" } },
    { { "random_resized_crop size=90,20 filter=bicubic antialias=false" } },
    { { "resize size=48", "center_crop size=40" } },
    { { "resize size=48 filter=lanczos", "random_crop size=20" } },
    { { "resize size=83,99 filter=bicubic", "center_crop size=31,8" } }, /* the width stays */
    { { "resize size=50,61", "random_crop size=8,40" } },                /* the height stays */
    { { "resize size=61,83", "center_crop size=17" } },                  /* both */
    { { "center_crop size=50,44", "resize size=30", "random_crop size=21,9", "solarize p=0.5" } },
    { { "center_crop size=90", "random_resized_crop size=20" } }, /* larger than the picture */
    { { "resize size=33 antialias=false", "random_crop size=33 padding=4 mode=reflect", "hflip" } },
    { { "random_crop size=40", "resize size=77 filter=bicubic", "random_resized_crop size=19", "center_crop size=11,5" } },
};

/* The chain's steps one by one, each on the whole of what the one before it left. */
static void run_apart(const chain *c, fv_draw draw, fv_image *image) {
    for (int i = 0; i < STEPS && c->steps[i]; i++) {
        char stream[64];
        snprintf(stream, sizeof stream, "transform %.*s 0", (int)strcspn(c->steps[i], " "), c->steps[i]);
        FV_OK(fv_moves_try_with(c->steps[i], fv_random_stream(stream), draw, image));
    }
}

static fv_transforms *list_of(const chain *c) {
    char text[512] = "";
    fv_transforms *list = NULL;
    for (int i = 0; i < STEPS && c->steps[i]; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s when=training; ", c->steps[i]);
    snprintf(text + strlen(text), sizeof text - strlen(text), "normalize scale=1");
    FV_OK(fv_transforms_parse(text, &list));
    return list;
}

/* What the list reads of `whole`, cut out with up to `margin` pixels more at each side. */
static fv_view cut(const fv_transforms *list, fv_draw draw, const fv_image *whole, int64_t margin, fv_image *part) {
    fv_box_of_pixels read = fv_transforms_region(list, FV_TRAINING, &draw, fv_image_size(whole));
    fv_view view = fv_view_whole(whole->height, whole->width);
    assert_true(fv_box_is_inside(read, view.box));
    view.box.top = fv_max(read.top - margin, 0);
    view.box.left = fv_max(read.left - margin, 0);
    view.box.height = fv_min(read.top + read.height + margin, whole->height) - view.box.top;
    view.box.width = fv_min(read.left + read.width + margin, whole->width) - view.box.left;
    FV_OK(fv_image_resize(part, view.box.height, view.box.width, whole->channels, whole->pixel));
    for (int64_t y = 0; y < part->height; y++)
        memcpy((uint8_t *)part->pixels + y * fv_image_row_bytes(part), fv_image_at(whole, view.box.top + y, view.box.left),
               (size_t)fv_image_row_bytes(part));
    return view;
}

static void to_float(fv_image *image) {
    FV_IMAGE(wide);
    if (image->pixel == FV_PIXEL_F32) return;
    FV_OK(fv_image_resize(&wide, image->height, image->width, image->channels, FV_PIXEL_F32));
    for (int64_t i = 0; i < image->height * image->width * image->channels; i++)
        ((float *)wide.pixels)[i] = ((const uint8_t *)image->pixels)[i];
    fv_image_swap(image, &wide);
}

static void check_chain(const chain *c, fv_pixel pixel) {
    __attribute__((cleanup(fv_workspace_release))) fv_workspace work = { 0 };
    FV_OWNED(fv_transforms) list = list_of(c);
    FV_IMAGE(whole);
    FV_IMAGE(part);
    FV_IMAGE(apart);
    fv_moves_noise(&whole, 61, 83, 3, pixel);
    for (uint32_t position = 0; position < 12; position++) {
        fv_draw draw = { 4, 1, position, 0 };
        fv_moves_copy(&whole, &apart);
        run_apart(c, draw, &apart);
        to_float(&apart);
        fv_view view = cut(list, draw, &whole, position % 3 * 4, &part);
        FV_OK(fv_transforms_run_paired(list, FV_TRAINING, &draw, &work, &part, &view, NULL, NULL));
        assert_true(fv_moves_same(&part, &apart));
        fv_moves_copy(&whole, &part);
        FV_OK(fv_transforms_run(list, FV_TRAINING, &draw, &work, &part));
        assert_true(fv_moves_same(&part, &apart));
    }
}

FV_TEST(data_region__from_what_a_list_reads_it_makes_what_its_steps_make_of_the_whole) {
    for (size_t i = 0; i < sizeof chains / sizeof *chains; i++)
        for (int wide = 0; wide < 2; wide++) {
            print_message("%s, …\n", chains[i].steps[0]);
            check_chain(&chains[i], wide ? FV_PIXEL_F32 : FV_PIXEL_U8);
        }
}

FV_TEST(data_region__is_less_than_the_whole_where_a_list_begins_with_a_crop) {
    FV_OWNED(fv_transforms) crop = NULL;
    FV_OWNED(fv_transforms) other = NULL;
    fv_size size = { 375, 500, 3 };
    FV_OK(fv_transforms_parse("resize size=256; center_crop size=224; normalize", &crop));
    FV_OK(fv_transforms_parse("equalize when=always; center_crop size=224", &other));
    fv_box_of_pixels box = fv_transforms_region(crop, FV_EVALUATION, NULL, size);
    assert_in_range(box.width, 328, 332); /* 224 of 341, and a pixel or two */
    assert_in_range(box.height, 328, 332);
    box = fv_transforms_region(other, FV_EVALUATION, NULL, size);
    assert_true(box.width == 500 && box.height == 375);
}
