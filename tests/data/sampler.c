/* The order of an epoch: uniform as it always was, balanced and weighted as often as they should, whatever came before. The
 * expected orders come from a second implementation, in Python, of Philox and of the rule in data/sampler.c. */
#include "data/sampler.h"
#include "tests/data/pictures.h"

#define COUNT 40

/* 40 pictures, all the same file under many names: 30 of a, 8 of b, 2 of c; their weights are 1, 2, 0, 1, 2, 0, … */
static fv_dataset *make_set(void) {
    const char *dir = fv_test_folder();
    char text[1024] = "path,label,weight\n";
    for (int i = 0; i < COUNT; i++) {
        char name[32];
        snprintf(name, sizeof name, "%02d.png", i);
        fv_test_copy("bits.png", dir, name);
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s,%s,%d\n", name,
                 i < 30   ? "a"
                 : i < 38 ? "b"
                          : "c",
                 (i + 1) % 3);
    }
    fv_test_text(text, dir, "l.csv");
    fv_dataset *set = NULL;
    FV_OK(fv_dataset_open(fv_test_path(dir, "l.csv"), NULL, &set));
    return set;
}

static void draw_epochs(const fv_subset *subset, fv_sampling sampling, int64_t epochs, int64_t *times) {
    FV_OWNED(fv_sampler) sampler = NULL;
    FV_OK(fv_sampler_new(subset, sampling, 7, &sampler));
    memset(times, 0, COUNT * sizeof *times);
    for (int64_t epoch = 0; epoch < epochs; epoch++) {
        int64_t order[COUNT], again[COUNT];
        fv_sampler_order(sampler, epoch, order);
        for (int i = 0; i < COUNT; i++) times[order[i]]++;
        fv_sampler_order(sampler, epoch + 1, again);
        assert_memory_not_equal(order, again, sizeof order);
        fv_sampler_order(sampler, epoch, again);
        assert_memory_equal(order, again, sizeof order);
    }
}

FV_TEST(data_sampler__goes_through_every_picture_once_or_as_often_as_it_is_drawn) {
    FV_OWNED(fv_dataset) set = make_set();
    FV_OWNED(fv_subset) all = NULL;
    int64_t times[COUNT], classes[3] = { 0 }, by_weight[3] = { 0 };
    FV_OK(fv_subset_part(set, NULL, &all));
    draw_epochs(all, FV_SAMPLING_UNIFORM, 5, times);
    for (int i = 0; i < COUNT; i++) assert_int_equal(times[i], 5);
    draw_epochs(all, FV_SAMPLING_BALANCED, 300, times); /* 12,000 draws: 4,000 a class, standard deviation 52 */
    for (int i = 0; i < COUNT; i++) classes[i < 30 ? 0 : i < 38 ? 1 : 2] += times[i];
    for (int c = 0; c < 3; c++) assert_in_range(classes[c], 3800, 4200);
    assert_in_range(times[38], 1850, 2150);
    draw_epochs(all, FV_SAMPLING_WEIGHTED, 300, times); /* weights sum to 14 · 1 + 13 · 2 */
    for (int i = 0; i < COUNT; i++) by_weight[(i + 1) % 3] += times[i];
    assert_int_equal(by_weight[0], 0);
    assert_in_range(by_weight[1], 4200 - 220, 4200 + 220);
    assert_in_range(by_weight[2], 7800 - 220, 7800 + 220);
}

FV_TEST(data_sampler__refuses_what_it_cannot_balance_or_weigh) {
    const char *dir = fv_test_folder();
    fv_test_copy("bits.png", dir, "a.png");
    FV_OWNED(fv_sampler) sampler = NULL;
    const char *const lists[] = { "path,label\na.png,x\n", "path,label,weight\na.png,x,0\n", "path,tags\na.png,x|y\n" };
    for (int i = 0; i < 3; i++) {
        FV_OWNED(fv_dataset) set = NULL;
        FV_OWNED(fv_subset) all = NULL;
        fv_test_text(lists[i], dir, "l.csv");
        FV_OK(fv_dataset_open(fv_test_path(dir, "l.csv"),
                              &(fv_dataset_options){ .source_options = i == 2 ? "separator=|" : NULL }, &set));
        FV_OK(fv_subset_part(set, NULL, &all));
        if (i == 0) FV_FAILS(fv_sampler_new(all, FV_SAMPLING_WEIGHTED, 0, &sampler), FV_USAGE, "has no weights");
        if (i == 1) FV_FAILS(fv_sampler_new(all, FV_SAMPLING_WEIGHTED, 0, &sampler), FV_USAGE, "no weight in");
        if (i == 2)
            FV_FAILS(fv_sampler_new(all, FV_SAMPLING_BALANCED, 0, &sampler), FV_UNSUPPORTED, "a.png is not of one class");
    }
}

FV_TEST(data_sampler__draws_the_same_order_on_every_machine) {
    static const int64_t expected[3][12] = { { 21, 12, 13, 24, 20, 19, 31, 27, 14, 6, 17, 38 },
                                             { 34, 39, 36, 39, 39, 29, 30, 38, 32, 32, 23, 34 },
                                             { 18, 28, 16, 30, 28, 7, 16, 34, 13, 24, 12, 18 } };
    FV_OWNED(fv_dataset) set = make_set();
    FV_OWNED(fv_subset) all = NULL;
    FV_OK(fv_subset_part(set, NULL, &all));
    for (int s = 0; s < 3; s++) {
        FV_OWNED(fv_sampler) sampler = NULL;
        int64_t order[COUNT];
        FV_OK(fv_sampler_new(all, (fv_sampling)s, 7, &sampler));
        fv_sampler_order(sampler, 3, order);
        assert_memory_equal(order, expected[s], sizeof expected[s]);
    }
}
