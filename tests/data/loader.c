/* The loader: the same batches whatever makes them, nothing lost silently, no wait that does not end. */
#include "tests/data/pictures.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "core/base/memory.h"
#include "core/base/parallel.h"
#include "data/dataset.h"

#define TRAINING "random_crop size=10 padding=3 mode=reflect; hflip; normalize mean=0.5 std=0.25"

/* 23 pictures of 19×11 in two classes. */
static const char *make_set(void) {
    const char *dir = fv_test_folder();
    const char *const files[] = { "rgb.png", "interlaced.png", "palette.png", "grey.png", "alpha.png" };
    for (int i = 0; i < 23; i++) {
        char name[32];
        snprintf(name, sizeof name, "%c/%02d.png", i < 12 ? 'a' : 'b', i);
        fv_test_copy(files[i % 5], dir, name);
    }
    return dir;
}

typedef struct fixture {
    fv_dataset *set;
    fv_subset *all;
    fv_transforms *transforms;
} fixture;

static fixture open_set(const char *dir, const fv_dataset_options *options, const char *transforms) {
    fixture f = { 0 };
    FV_OK(fv_dataset_open(dir, options, &f.set));
    FV_OK(fv_subset_part(f.set, NULL, &f.all));
    FV_OK(fv_transforms_parse(transforms, &f.transforms));
    return f;
}

static void release(fixture *f) {
    fv_transforms_free(f->transforms);
    fv_subset_free(f->all);
    fv_dataset_free(f->set);
}

#define FIXTURE __attribute__((cleanup(release))) fixture /* outlives the loaders declared after it */

/* FNV-1a over what the batches from `first` on hold; the number of pictures. */
typedef struct content {
    uint64_t hash;
    int64_t pictures, batches;
} content;

static void mix(uint64_t *hash, const void *bytes, int64_t length) {
    for (int64_t i = 0; i < length; i++) *hash = (*hash ^ ((const uint8_t *)bytes)[i]) * 0x100000001B3u;
}

static content run_epoch(fv_loader *loader, int64_t epoch, int64_t first) {
    content c = { .hash = 0xCBF29CE484222325u };
    FV_OK(fv_loader_start(loader, epoch, first));
    for (const fv_batch *batch;;) {
        FV_OK(fv_loader_next(loader, &batch));
        if (!batch) break;
        assert_int_equal(batch->index, first + c.batches);
        int64_t floats = batch->count * batch->size.height * batch->size.width * batch->size.channels;
        mix(&c.hash, batch->images, floats * (int64_t)sizeof(float));
        mix(&c.hash, batch->labels, batch->count * (int64_t)sizeof(int64_t));
        mix(&c.hash, batch->samples, batch->count * (int64_t)sizeof(int64_t));
        c.pictures += batch->count;
        c.batches++;
    }
    return c;
}

static content epoch_of(const fixture *f, const fv_loader_options *options, int64_t epoch, int64_t first) {
    FV_OWNED(fv_loader) loader = NULL;
    FV_OK(fv_loader_new(f->all, f->transforms, options, &loader));
    return run_epoch(loader, epoch, first);
}

FV_TEST(data_loader__gives_the_same_batches_with_any_workers_queue_and_cache) {
    FIXTURE f = open_set(make_set(), NULL, TRAINING);
    fv_loader_options options = { .batch = 5, .seed = 9 };
    content expected[2];
    for (int epoch = 0; epoch < 2; epoch++) expected[epoch] = epoch_of(&f, &options, epoch, 0);
    assert_int_equal(expected[0].pictures, 23);
    assert_int_equal(expected[0].batches, 5);
    assert_true(expected[0].hash != expected[1].hash);
    for (int64_t workers = 0; workers <= 3; workers++)
        for (int64_t queue = 1; queue <= 5; queue += 2)
            for (int64_t cache = 0; cache <= 20000; cache += 4000) {
                options.workers = workers;
                options.queue = queue;
                options.cache = cache;
                FV_OWNED(fv_loader) loader = NULL;
                FV_OK(fv_loader_new(f.all, f.transforms, &options, &loader));
                for (int epoch = 0; epoch < 2; epoch++) assert_true(run_epoch(loader, epoch, 0).hash == expected[epoch].hash);
            }
}

FV_TEST(data_loader__gives_the_same_batches_from_a_disks_cache_full_or_refused) {
    FIXTURE f = open_set(make_set(), NULL, TRAINING);
    struct rlimit as_it_was, small = { 2000, RLIM_INFINITY };
    fv_loader_options options = { .batch = 5, .seed = 9 };
    content expected[2];
    for (int epoch = 0; epoch < 2; epoch++) expected[epoch] = epoch_of(&f, &options, epoch, 0);
    options.cache_folder = fv_test_folder();
    signal(SIGXFSZ, SIG_IGN);
    assert_false(getrlimit(RLIMIT_FSIZE, &as_it_was));
    small.rlim_max = as_it_was.rlim_max;
    for (int refused = 0; refused < 2; refused++)
        for (options.workers = 0; options.workers <= 2; options.workers += 2)
            for (options.cache = 4000; options.cache <= 20000; options.cache += 16000) {
                FV_OWNED(fv_loader) loader = NULL;
                FV_OK(fv_loader_new(f.all, f.transforms, &options, &loader));
                assert_true(fv_loader_memory(loader) < 1 << 20);
                if (refused) assert_false(setrlimit(RLIMIT_FSIZE, &small));
                for (int epoch = 0; epoch < 2; epoch++) assert_true(run_epoch(loader, epoch, 0).hash == expected[epoch].hash);
                assert_false(setrlimit(RLIMIT_FSIZE, &as_it_was));
            }
    FV_OWNED(fv_loader) loader = NULL;
    options.cache_folder = "no/such/folder";
    FV_FAILS(fv_loader_new(f.all, f.transforms, &options, &loader), FV_NOT_FOUND, "cannot keep pictures in no/such/folder");
}

/* A batch of rank `rank` has the rows of its shards of the batch that one process loads: `one`, which is at the same batch. */
static void expect_own_rows(fv_loader *loader, const fv_batch *one, int64_t shards, int64_t ranks, int64_t rank) {
    const fv_batch *batch;
    fv_share share = fv_share_of(one->count, (int)shards, (int)ranks, (int)rank);
    int64_t picture = one->size.height * one->size.width * one->size.channels;
    FV_OK(fv_loader_next(loader, &batch));
    assert_int_equal(batch->index, one->index);
    assert_int_equal(batch->all, one->count);
    assert_int_equal(batch->count, share.rows);
    assert_memory_equal(batch->images, one->images + share.first * picture, (size_t)(share.rows * picture) * sizeof(float));
    assert_memory_equal(batch->samples, one->samples + share.first, (size_t)share.rows * sizeof(int64_t));
    assert_memory_equal(batch->labels, one->labels + share.first, (size_t)share.rows * sizeof(int64_t));
    if (one->targets)
        assert_memory_equal(batch->targets, one->targets + share.first * one->target_width,
                            (size_t)(share.rows * one->target_width) * sizeof(float));
}

/* 23 pictures by 9: the last batch has 5, which four ranks do not share. */
FV_TEST(data_loader__ranks_load_the_rows_of_their_shards) {
    FIXTURE f = open_set(make_set(), NULL, TRAINING "; mixup");
    for (int64_t ranks = 2; ranks <= 4; ranks++)
        for (int64_t rank = 0; rank < ranks; rank++) {
            FV_OWNED(fv_loader) all = NULL;
            FV_OWNED(fv_loader) part = NULL;
            fv_loader_options options = { .batch = 9, .seed = 3, .workers = rank % 3 };
            FV_OK(fv_loader_new(f.all, f.transforms, &options, &all));
            options.ranks = ranks, options.rank = rank, options.shards = 8;
            FV_OK(fv_loader_new(f.all, f.transforms, &options, &part));
            assert_int_equal(fv_loader_batches(part), fv_loader_batches(all));
            FV_OK(fv_loader_start(all, 1, 0));
            FV_OK(fv_loader_start(part, 1, 0));
            for (const fv_batch *batch;;) {
                FV_OK(fv_loader_next(all, &batch));
                if (!batch) break;
                expect_own_rows(part, batch, 8, ranks, rank);
            }
            const fv_batch *beyond;
            FV_OK(fv_loader_next(part, &beyond));
            assert_null(beyond);
        }
}

FV_TEST(data_loader__refuses_ranks_that_cannot_be) {
    FIXTURE f = open_set(make_set(), NULL, "normalize");
    fv_loader *loader = NULL;
    FV_FAILS(fv_loader_new(f.all, f.transforms, &(fv_loader_options){ .ranks = 2, .rank = 2, .shards = 8 }, &loader), FV_USAGE,
             "rank 2 of 2");
    FV_FAILS(fv_loader_new(f.all, f.transforms, &(fv_loader_options){ .ranks = 9, .shards = 8 }, &loader), FV_USAGE,
             "8 shards");
}

/* A cache keeps whole pictures; without one no more is decoded than the steps will read. */
FV_TEST(data_loader__gives_the_same_batches_from_parts_of_pictures_and_from_whole_ones) {
    const char *const lists[] = {
        "random_resized_crop size=9,12; hflip; normalize mean=0.5 std=0.25",
        "random_resized_crop size=16 filter=lanczos; mixup; normalize",
        "resize size=14; center_crop size=11",
        "resize size=20,24; random_crop size=13; cutmix",
        "center_crop size=14; random_resized_crop size=10,8 antialias=false filter=bicubic",
        "random_crop size=9 padding=2 mode=reflect; rotate degrees=-10,10",
        "resize size=24; center_crop size=16; center_crop size=8; random_resized_crop size=10",
    };
    const char *const files[] = { "sampling420.jpg", "turn6.jpg", "rgb.png", "restart.jpg", "grey.jpg" };
    const char *dir = fv_test_folder();
    for (int i = 0; i < 20; i++) {
        char name[32];
        snprintf(name, sizeof name, "%c/%02d.jpg", i < 12 ? 'a' : 'b', i);
        fv_test_copy(files[i % 5], dir, name);
    }
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        for (int mode = FV_TRAINING; mode <= FV_EVALUATION; mode++) {
            if (mode == FV_EVALUATION && !strstr(lists[i], "center_crop")) continue;
            print_message("%s\n", lists[i]);
            FIXTURE f = open_set(dir, &(fv_dataset_options){ .channels = 3 }, lists[i]);
            fv_loader_options options = { .mode = mode, .batch = 7, .seed = 3, .cache = 1 << 20 };
            for (int epoch = 0; epoch < 4; epoch++) {
                options.cache = 1 << 20;
                content whole = epoch_of(&f, &options, epoch, 0);
                options.cache = 0;
                assert_true(epoch_of(&f, &options, epoch, 0).hash == whole.hash);
            }
        }
}

FV_TEST(data_loader__uses_no_part_of_a_jpeg_that_is_cut_short) {
    const char *dir = make_set();
    fv_test_copy("half.jpg", dir, "a/03.png");
    FIXTURE f = open_set(dir, &(fv_dataset_options){ .allow_dropped = true }, "center_crop size=2");
    for (int mode = FV_TRAINING; mode <= FV_EVALUATION; mode++) {
        content c = epoch_of(&f, &(fv_loader_options){ .mode = mode, .in_order = true }, 0, 0);
        assert_int_equal(c.pictures, mode == FV_TRAINING ? 23 : 22);
        assert_int_equal(fv_dataset_count_all(f.set).usable, 22);
    }
}

/* Of a JPEG picture of 40×24. */
static const char *make_jpeg_set(void) {
    const char *dir = fv_test_folder();
    fv_test_copy("restart.jpg", dir, "a/0.jpg");
    fv_test_copy("restart.jpg", dir, "b/1.jpg");
    return dir;
}

static void first_batch(const fixture *f, bool reduced, float *images, int64_t count) {
    FV_OWNED(fv_loader) loader = NULL;
    const fv_batch *batch;
    FV_OK(fv_loader_new(f->all, f->transforms, &(fv_loader_options){ .reduced = reduced, .in_order = true }, &loader));
    FV_OK(fv_loader_start(loader, 0, 0));
    FV_OK(fv_loader_next(loader, &batch));
    assert_int_equal(batch->count * batch->size.height * batch->size.width * batch->size.channels, count);
    memcpy(images, batch->images, (size_t)count * sizeof *images);
}

FV_TEST(data_loader__reduces_a_jpeg_as_far_as_the_input_is_no_larger) {
    static const struct {
        const char *steps;
        int64_t height, width;
        bool less;
    } cases[] = {
        { "resize size=12,20", 12, 20, true },        { "resize size=13,20", 13, 20, false },
        { "resize size=12,21", 12, 21, false },       { "resize size=3,5; hflip", 3, 5, true },
        { "random_resized_crop size=4", 4, 4, true },
    };
    const char *dir = make_jpeg_set();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        float exact[2 * 13 * 21 * 3], reduced[2 * 13 * 21 * 3];
        int64_t count = 2 * cases[i].height * cases[i].width * 3;
        double apart = 0;
        print_message("%s\n", cases[i].steps);
        FIXTURE f = open_set(dir, NULL, cases[i].steps);
        first_batch(&f, false, exact, count);
        first_batch(&f, true, reduced, count);
        for (int64_t k = 0; k < count; k++) apart += fabs((double)exact[k] - reduced[k]) / (double)count;
        assert_int_equal(apart > 0, cases[i].less);
        assert_true(apart < 0.1); /* of 1, in a picture of noise */
        content alone = epoch_of(&f, &(fv_loader_options){ .reduced = true, .batch = 1 }, 1, 0);
        assert_true(epoch_of(&f, &(fv_loader_options){ .reduced = true, .batch = 1, .workers = 2 }, 1, 0).hash == alone.hash);
    }
}

FV_TEST(data_loader__reduces_nothing_that_is_counted_in_pixels_or_kept_whole) {
    FV_OWNED(fv_loader) loader = NULL;
    const char *dir = make_jpeg_set();
    FIXTURE f = open_set(dir, NULL, "center_crop size=20; resize size=5"), g = open_set(dir, NULL, "resize size=5");
    fv_loader_options options = { .reduced = true };
    FV_FAILS(fv_loader_new(f.all, f.transforms, &options, &loader), FV_USAGE, "center_crop counts in pixels");
    options.cache = 1 << 20;
    FV_FAILS(fv_loader_new(g.all, g.transforms, &options, &loader), FV_USAGE, "kept for later epochs");
}

FV_TEST(data_loader__another_seed_gives_another_order_and_other_pictures) {
    FIXTURE f = open_set(make_set(), NULL, "normalize");
    content a = epoch_of(&f, &(fv_loader_options){ .seed = 1 }, 0, 0),
            b = epoch_of(&f, &(fv_loader_options){ .seed = 2 }, 0, 0);
    assert_true(a.hash != b.hash);
}

FV_TEST(data_loader__an_epoch_holds_every_picture_once) {
    FIXTURE f = open_set(make_set(), NULL, "normalize");
    FV_OWNED(fv_loader) loader = NULL;
    FV_OK(fv_loader_new(f.all, f.transforms, &(fv_loader_options){ .batch = 4, .workers = 2 }, &loader));
    assert_int_equal(fv_loader_batches(loader), 6);
    for (int epoch = 0; epoch < 3; epoch++) {
        int seen[23] = { 0 };
        FV_OK(fv_loader_start(loader, epoch, 0));
        for (const fv_batch *batch;;) {
            FV_OK(fv_loader_next(loader, &batch));
            if (!batch) break;
            for (int64_t i = 0; i < batch->count; i++) {
                seen[batch->samples[i]]++;
                assert_int_equal(batch->labels[i], batch->samples[i] >= 12);
            }
        }
        for (int i = 0; i < 23; i++) assert_int_equal(seen[i], 1);
        const fv_batch *beyond;
        FV_OK(fv_loader_next(loader, &beyond));
        assert_null(beyond);
    }
}

FV_TEST(data_loader__draws_classes_alike_when_balanced) {
    FIXTURE f = open_set(make_set(), NULL, "normalize");
    content expected = epoch_of(&f, &(fv_loader_options){ .seed = 4, .sampling = FV_SAMPLING_BALANCED }, 5, 0);
    fv_loader_options options = { .seed = 4, .workers = 2, .batch = 32, .sampling = FV_SAMPLING_BALANCED };
    FV_OWNED(fv_subset) lopsided = NULL; /* 11 of a, one of b */
    FV_OK(fv_subset_of(f.set, (int64_t[]){ 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 22 }, 12, &lopsided));
    assert_int_equal(expected.pictures, 23);
    assert_true(epoch_of(&f, &options, 5, 0).hash == expected.hash);
    FV_OWNED(fv_loader) loader = NULL;
    int64_t of_b = 0;
    FV_OK(fv_loader_new(lopsided, f.transforms, &options, &loader));
    for (int64_t epoch = 0; epoch < 50; epoch++) {
        const fv_batch *batch;
        FV_OK(fv_loader_start(loader, epoch, 0));
        FV_OK(fv_loader_next(loader, &batch));
        assert_int_equal(batch->count, 12);
        for (int64_t i = 0; i < batch->count; i++) of_b += batch->labels[i] == 1;
    }
    assert_in_range(of_b, 240, 360); /* of 600; standard deviation 12 */
}

FV_TEST(data_loader__tells_what_its_time_went_to) {
    for (int64_t workers = 0; workers < 3; workers += 2) {
        FIXTURE f = open_set(make_set(), NULL, TRAINING);
        FV_OWNED(fv_loader) loader = NULL;
        FV_OK(fv_loader_new(f.all, f.transforms, &(fv_loader_options){ .batch = 5, .workers = workers }, &loader));
        assert_int_equal(fv_loader_spent(loader).pictures, 0);
        run_epoch(loader, 0, 0);
        fv_loader_times times = fv_loader_spent(loader);
        assert_int_equal(times.pictures, 23);
        assert_true(times.decode > 0 && times.augment > 0 && times.wait > 0);
        if (!workers) assert_true(times.wait >= times.decode + times.augment); /* it is the caller who makes them */
    }
}

FV_TEST(data_loader__starts_where_it_is_told) {
    FIXTURE f = open_set(make_set(), NULL, TRAINING);
    fv_loader_options options = { .batch = 5, .seed = 9, .workers = 2 };
    FV_OWNED(fv_loader) loader = NULL;
    FV_OK(fv_loader_new(f.all, f.transforms, &options, &loader));
    const fv_batch *batch;
    uint64_t third = 0xCBF29CE484222325u, again = third;
    FV_OK(fv_loader_start(loader, 4, 0));
    for (int i = 0; i < 3; i++) FV_OK(fv_loader_next(loader, &batch));
    assert_int_equal(batch->index, 2);
    mix(&third, batch->images, 5 * 10 * 10 * 3 * 4);
    FV_OK(fv_loader_start(loader, 4, 2)); /* in the middle of the epoch under way */
    FV_OK(fv_loader_next(loader, &batch));
    assert_int_equal(batch->index, 2);
    mix(&again, batch->images, 5 * 10 * 10 * 3 * 4);
    assert_true(third == again);
    FV_OK(fv_loader_start(loader, 4, 5));
    FV_OK(fv_loader_next(loader, &batch));
    assert_null(batch);
    FV_FAILS(fv_loader_start(loader, 4, 6), FV_USAGE, "batch 6 of 5");
    FV_FAILS(fv_loader_start(loader, -1, 0), FV_USAGE, "epoch -1");
}

FV_TEST(data_loader__leaves_out_a_last_batch_when_asked) {
    FIXTURE f = open_set(make_set(), NULL, TRAINING);
    assert_int_equal(epoch_of(&f, &(fv_loader_options){ .batch = 5, .drop_last = true }, 0, 0).pictures, 20);
    FV_OWNED(fv_loader) loader = NULL;
    FV_FAILS(fv_loader_new(f.all, f.transforms, &(fv_loader_options){ .batch = 24, .drop_last = true }, &loader), FV_USAGE,
             "23 pictures are less than a batch of 24");
}

FV_TEST(data_loader__evaluates_in_order_without_chance) {
    FIXTURE f = open_set(make_set(), NULL, "hflip; random_crop size=3; normalize mean=0.5 std=0.5");
    fv_loader_options options = { .mode = FV_EVALUATION, .batch = 23, .workers = 1 };
    FV_OWNED(fv_loader) loader = NULL;
    FV_OK(fv_loader_new(f.all, f.transforms, &options, &loader));
    const fv_batch *batch;
    FV_OK(fv_loader_start(loader, 0, 0));
    FV_OK(fv_loader_next(loader, &batch));
    assert_true(batch->size.height == 11 && batch->size.width == 19 && batch->size.channels == 3);
    FV_IMAGE(image);
    for (int64_t i = 0; i < 23; i++) {
        assert_int_equal(batch->samples[i], i);
        FV_OK(fv_dataset_read(f.set, i, &image));
        FV_OK(fv_transforms_apply(f.transforms, FV_EVALUATION, NULL, &image));
        assert_memory_equal(batch->images + i * 11 * 19 * 3, image.pixels, 11 * 19 * 3 * sizeof(float));
    }
}

/* The same with pictures 3 and 20 unreadable. */
static const char *make_damaged_set(void) {
    const char *dir = make_set();
    fv_test_copy("half.png", dir, "a/03.png");
    fv_test_copy("empty.jpg", dir, "b/20.png");
    return dir;
}

FV_TEST(data_loader__replaces_the_unreadable_in_training_by_the_next_in_order) {
    const char *dir = make_damaged_set();
    FIXTURE f = open_set(dir, &(fv_dataset_options){ .allow_dropped = true }, "normalize");
    FIXTURE whole = open_set(make_set(), NULL, "normalize");
    fv_loader_options options = { .batch = 23, .seed = 4 };
    for (options.workers = 0; options.workers < 3; options.workers++) {
        FV_OWNED(fv_loader) loader = NULL;
        FV_OWNED(fv_loader) reference = NULL;
        const fv_batch *batch, *order;
        FV_OK(fv_loader_new(f.all, f.transforms, &options, &loader));
        FV_OK(fv_loader_new(whole.all, whole.transforms, &options, &reference));
        FV_OK(fv_loader_start(loader, 0, 0));
        FV_OK(fv_loader_start(reference, 0, 0));
        FV_OK(fv_loader_next(loader, &batch));
        FV_OK(fv_loader_next(reference, &order));
        assert_int_equal(batch->count, 23);
        for (int64_t i = 0; i < 23; i++) {
            int64_t at = i;
            while (order->samples[at % 23] == 3 || order->samples[at % 23] == 20) at++;
            assert_int_equal(batch->samples[i], order->samples[at % 23]);
            assert_int_equal(batch->labels[i], batch->samples[i] >= 12);
        }
        assert_int_equal(fv_dataset_count_all(f.set).rejected, 2);
    }
    const char *path, *reason;
    fv_dataset_rejected(f.set, 0, &path, &reason);
    assert_true(!strcmp(path, "a/03.png") || !strcmp(path, "b/20.png"));
}

FV_TEST(data_loader__leaves_out_the_unreadable_in_evaluation) {
    FIXTURE f = open_set(make_damaged_set(), &(fv_dataset_options){ .allow_dropped = true }, "normalize");
    fv_loader_options options = { .mode = FV_EVALUATION, .batch = 1, .workers = 2 };
    FV_OWNED(fv_loader) loader = NULL;
    FV_OK(fv_loader_new(f.all, f.transforms, &options, &loader));
    FV_OK(fv_loader_start(loader, 0, 0));
    int64_t expected = 0;
    for (const fv_batch *batch;; expected++) {
        FV_OK(fv_loader_next(loader, &batch));
        if (!batch) break;
        if (expected == 3 || expected == 20) expected++;
        assert_int_equal(batch->count, 1);
        assert_int_equal(batch->samples[0], expected);
    }
    assert_int_equal(expected, 23);
    assert_int_equal(fv_dataset_count_all(f.set).usable, 21);
}

FV_TEST(data_loader__fails_when_more_is_unreadable_than_allowed) {
    const char *dir = make_damaged_set();
    for (int64_t workers = 0; workers < 3; workers += 2) {
        FIXTURE f = open_set(dir, NULL, "normalize");
        FV_OWNED(fv_loader) loader = NULL;
        const fv_batch *batch;
        FV_OK(fv_loader_new(f.all, f.transforms, &(fv_loader_options){ .workers = workers, .batch = 8, .in_order = true },
                            &loader));
        FV_OK(fv_loader_start(loader, 0, 0));
        FV_FAILS(fv_loader_next(loader, &batch), FV_FORMAT, "a/03.png: cut short");
        FV_OK(fv_loader_next(loader, &batch)); /* the epoch is over */
        assert_null(batch);
    }
}

FV_TEST(data_loader__says_which_picture_does_not_fit_and_what_helps) {
    const char *dir = make_set();
    fv_test_copy("turn1.jpg", dir, "b/99.jpg");
    FIXTURE f = open_set(dir, NULL, "normalize");
    FV_OWNED(fv_loader) loader = NULL;
    const fv_batch *batch;
    FV_OK(fv_loader_new(f.all, f.transforms, &(fv_loader_options){ .workers = 1, .batch = 24, .in_order = true }, &loader));
    FV_OK(fv_loader_start(loader, 0, 0));
    fv_error *error = fv_loader_next(loader, &batch);
    assert_non_null(error);
    assert_non_null(strstr(fv_error_hint_get(error), "resize size=11,19"));
    FV_FAILS(error, FV_SHAPE, "b/99.jpg: a picture of 16×24×3 among those of 11×19×3");

    FV_OWNED(fv_loader) other = NULL;
    fv_loader_options options = { .size = { 32, 32, 3 } };
    FV_FAILS(fv_loader_new(f.all, f.transforms, &options, &other), FV_SHAPE, "come as 11×19×3");
    options.size = (fv_size){ .channels = 1 };
    error = fv_loader_new(f.all, f.transforms, &options, &other);
    assert_non_null(strstr(fv_error_hint_get(error), "channels=1"));
    fv_error_free(error);
    options = (fv_loader_options){ .batch = -1 };
    FV_FAILS(fv_loader_new(f.all, f.transforms, &options, &other), FV_USAGE, "batch");
    options = (fv_loader_options){ .workers = 1000 };
    FV_FAILS(fv_loader_new(f.all, f.transforms, &options, &other), FV_USAGE, "workers");
}

FV_TEST(data_loader__stops_when_cancelled) {
    FIXTURE f = open_set(make_set(), NULL, "normalize");
    int cancel = 0;
    for (int64_t workers = 0; workers < 2; workers++) {
        FV_OWNED(fv_loader) loader = NULL;
        const fv_batch *batch;
        FV_OK(fv_loader_new(f.all, f.transforms, &(fv_loader_options){ .workers = workers, .batch = 2, .cancel = &cancel },
                            &loader));
        cancel = 0;
        FV_OK(fv_loader_start(loader, 0, 0));
        FV_OK(fv_loader_next(loader, &batch));
        __atomic_store_n(&cancel, 1, __ATOMIC_RELAXED);
        fv_error *error = NULL; /* what is made already may still come */
        for (int i = 0; i < 12 && !error; i++) error = fv_loader_next(loader, &batch);
        if (error || workers == 0) FV_FAILS(error, FV_CANCELLED, "stopped");
    }
}

FV_TEST(data_loader__can_be_freed_at_any_time) {
    FIXTURE f = open_set(make_damaged_set(), NULL, TRAINING);
    for (int taken = 0; taken < 4; taken++) {
        fv_loader *loader = NULL;
        const fv_batch *batch;
        FV_OK(fv_loader_new(f.all, f.transforms, &(fv_loader_options){ .workers = 3, .batch = 1, .queue = 20 }, &loader));
        FV_OK(fv_loader_start(loader, 0, 0));
        for (int i = 0; i < taken; i++) fv_error_free(fv_loader_next(loader, &batch));
        fv_loader_free(loader);
    }
}

FV_TEST(data_loader__memory_stays_within_what_it_says) {
    FIXTURE f = open_set(make_set(), NULL, TRAINING);
    int64_t before = fv_memory_live();
    FV_OWNED(fv_loader) loader = NULL;
    FV_OK(fv_loader_new(f.all, f.transforms, &(fv_loader_options){ .batch = 16, .workers = 2, .cache = 4000 }, &loader));
    for (int epoch = 0; epoch < 3; epoch++) run_epoch(loader, epoch, 0);
    int64_t own = 3 * (4096 + 4 * 19 * 11 * 3 * 4); /* of three threads: a file, pictures at work */
    int64_t small = 16384;                          /* structs and the slack of the allocator */
    assert_true(fv_memory_live() - before <= fv_loader_memory(loader) + own + small);
}

FV_TEST(data_loader__allocates_nothing_once_warm) {
    FIXTURE f = open_set(make_set(), NULL, "resize size=16,16; " TRAINING);
    FV_OWNED(fv_loader) loader = NULL;
    FV_OK(fv_loader_new(f.all, f.transforms, &(fv_loader_options){ .batch = 6, .workers = 0 }, &loader));
    for (int epoch = 0; epoch < 2; epoch++) run_epoch(loader, epoch, 0);
    int64_t live = fv_memory_live();
    for (int epoch = 2; epoch < 20; epoch++) {
        run_epoch(loader, epoch, 0);
        assert_int_equal(fv_memory_live(), live);
    }
}

static void *use_loader(void *context) {
    FIXTURE f = open_set(context, NULL, TRAINING);
    content *c = malloc(sizeof *c);
    *c = epoch_of(&f, &(fv_loader_options){ .batch = 5, .seed = 9, .workers = 2 }, 0, 0);
    return c;
}

FV_TEST(data_loader__two_loaders_do_not_disturb_each_other) {
    const char *dir = make_set();
    pthread_t threads[2];
    content *results[2];
    for (int i = 0; i < 2; i++) assert_int_equal(pthread_create(&threads[i], NULL, use_loader, (void *)dir), 0);
    for (int i = 0; i < 2; i++) assert_int_equal(pthread_join(threads[i], (void **)&results[i]), 0);
    assert_true(results[0]->hash == results[1]->hash);
    for (int i = 0; i < 2; i++) free(results[i]);
}
