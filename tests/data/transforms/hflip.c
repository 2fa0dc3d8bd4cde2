/* Left and right: every width and kind of pixel, and the alternating flip. (How often it flips: tests/data/transforms.c.) */
#include "tests/data/transforms/moves.h"

static void check_mirrored(const fv_image *before, const fv_image *after) {
    size_t size = (size_t)fv_image_pixel_bytes(before);
    for (int64_t y = 0; y < before->height; y++)
        for (int64_t x = 0; x < before->width; x++)
            assert_memory_equal(fv_moves_at(after, y, x), fv_moves_at(before, y, before->width - 1 - x), size);
}

FV_TEST(data_transforms_hflip__mirrors_rows_of_every_width_and_pixel) {
    FV_IMAGE(before);
    FV_IMAGE(after);
    for (int64_t width = 1; width < 70; width++)
        for (int64_t channels = 1; channels <= 5; channels++) {
            fv_moves_noise(&before, 3, width, channels, channels == 5 || width % 2 ? FV_PIXEL_U8 : FV_PIXEL_F32);
            fv_moves_copy(&before, &after);
            fv_moves_run("hflip p=1", 0, &after);
            check_mirrored(&before, &after);
        }
    for (int64_t width = 1; width < 70; width++) {
        fv_moves_noise(&before, 2, width, 3, FV_PIXEL_U8);
        fv_moves_copy(&before, &after);
        fv_moves_run("hflip p=1", 0, &after);
        check_mirrored(&before, &after);
    }
    fv_moves_noise(&before, 2, 9, 70, FV_PIXEL_U8); /* a pixel of more bytes than are exchanged at a time */
    fv_moves_copy(&before, &after);
    fv_moves_run("hflip p=1", 0, &after);
    check_mirrored(&before, &after);
}

static bool is_flipped(uint64_t seed, uint32_t epoch, uint32_t position, int64_t sample) {
    FV_IMAGE(image);
    FV_OK(fv_image_copy(&image, (fv_size){ 1, 2, 1 }, FV_PIXEL_U8, "ab"));
    FV_OK(fv_moves_try("hflip alternate=true", (fv_draw){ seed, epoch, position, sample }, &image));
    return *(const char *)image.pixels == 'b';
}

FV_TEST(data_transforms_hflip__alternates_sample_by_sample) {
    int first = 0, other_seed = 0;
    for (int64_t sample = 0; sample < 1000; sample++) {
        bool flipped = is_flipped(3, 0, 7, sample);
        first += flipped;
        other_seed += flipped == is_flipped(4, 0, 7, sample);
        for (uint32_t epoch = 0; epoch < 4; epoch++) /* where it stands in the epoch does not matter */
            assert_int_equal(is_flipped(3, epoch, 5 * epoch, sample), flipped ^ (epoch & 1));
    }
    assert_in_range(first, 446, 554); /* 500 ± 3.4 standard deviations */
    assert_in_range(other_seed, 446, 554);
    FV_IMAGE(image);
    FV_FAILS(fv_moves_try("hflip alternate=true p=0.3", (fv_draw){ 0 }, &image), FV_USAGE, "probability 0.3 means nothing");
}

/* The pictures of an epoch by their numbers, from a loader that shuffles. */
static void load(const fv_subset *all, int64_t epoch, float pictures[6][8 * 8]) {
    FV_OWNED(fv_transforms) list = NULL;
    FV_OWNED(fv_loader) loader = NULL;
    FV_OK(fv_transforms_parse("center_crop size=8; hflip alternate=true; normalize scale=1", &list));
    FV_OK(fv_loader_new(all, list, &(fv_loader_options){ .mode = FV_TRAINING, .batch = 2, .workers = 2, .seed = 3 }, &loader));
    FV_OK(fv_loader_start(loader, epoch, 0));
    for (const fv_batch *batch;;) {
        FV_OK(fv_loader_next(loader, &batch));
        if (!batch) break;
        for (int64_t i = 0; i < batch->count; i++)
            memcpy(pictures[batch->samples[i]], batch->images + i * 64, 64 * sizeof(float));
    }
}

FV_TEST(data_transforms_hflip__alternates_through_a_shuffling_loader) {
    const char *dir = fv_test_folder();
    for (int i = 0; i < 6; i++)
        fv_test_copy("rgb.png", dir, (const char[]){ 'a', '/', (char)('0' + i), '.', 'p', 'n', 'g', 0 });
    FV_OWNED(fv_dataset) set = NULL;
    FV_OWNED(fv_subset) all = NULL;
    FV_OK(fv_dataset_open(dir, &(fv_dataset_options){ .channels = 1 }, &set));
    FV_OK(fv_subset_part(set, NULL, &all));
    static float epochs[3][6][8 * 8];
    for (int64_t epoch = 0; epoch < 3; epoch++) load(all, epoch, epochs[epoch]);
    for (int i = 0; i < 6; i++) {
        assert_memory_equal(epochs[0][i], epochs[2][i], sizeof epochs[0][i]);
        for (int k = 0; k < 64; k++) assert_true(epochs[1][i][k] == epochs[0][i][k / 8 * 8 + 7 - k % 8]);
    }
    assert_memory_not_equal(epochs[0][0], epochs[1][0], sizeof epochs[0][0]); /* the picture has two sides */
}
