/* Every architecture: parameters as its descriptor says, torchvision's counts, the nodes and results that others rely on. */
#include "layers/arch.h"

#include <stdlib.h>

#include "tests/allocations.h"
#include "tests/test.h"

static int64_t count_parameters(const fv_graph *g) {
    fv_value states[512];
    int64_t sum = 0;
    int count = fv_graph_states(g, FV_PARAMETER, states, 512);
    assert_in_range(count, 1, 512);
    for (int i = 0; i < count; i++) sum += fv_type_count(fv_value_type(g, states[i]));
    return sum;
}

FV_TEST(layers_arch__every_architecture_has_the_parameters_it_says) {
    assert_true(fv_arch_table_count >= 7);
    for (int i = 0; i < fv_arch_table_count; i++) {
        const fv_arch *arch = fv_arch_table[i];
        FV_OWNED(fv_graph) g = NULL;
        FV_OK(fv_graph_new(&g));
        fv_value logits = fv_arch_build(g, arch->name, 3);
        FV_OK(fv_graph_error(g));
        if (count_parameters(g) != arch->parameters)
            fail_msg("%s has %lld parameters, says %lld", arch->name, (long long)count_parameters(g),
                     (long long)arch->parameters);
        const fv_type *x = fv_value_type(g, fv_graph_find(g, "x")), *y = fv_value_type(g, logits);
        const fv_type *features = fv_value_type(g, fv_graph_find(g, "features"));
        assert_true(x->rank == 4 && x->dims[0] == 3 && x->dtype == FV_F32);
        assert_true(y->rank == 2 && y->dims[0] == 3);
        assert_true(features->rank == 2 && features->dims[0] == 3);
        assert_true(fv_same_value(fv_graph_find_output(g, "logits"), logits));
    }
}

/* A model file holds the graph's text: what is built on a saved network finds the node there. */
FV_TEST(layers_arch__the_node_features_is_in_the_text_of_every_architecture) {
    for (int i = 0; i < fv_arch_table_count; i++) {
        FV_OWNED(fv_graph) built = NULL;
        FV_OWNED(fv_graph) read = NULL;
        char *text;
        FV_OK(fv_graph_new(&built));
        fv_arch_build(built, fv_arch_table[i]->name, 2);
        FV_OK(fv_graph_to_text(built, &text));
        FV_OK(fv_graph_parse(text, "test", &read));
        fv_string_free(text);
        fv_value features = fv_graph_find(read, "features");
        if (!fv_is_value(features)) fail_msg("%s has no node features", fv_arch_table[i]->name);
        assert_int_equal(fv_value_type(read, features)->rank, 2);
    }
}

static void expect_parameters(const char *arch, int64_t want) {
    FV_OWNED(fv_graph) g = NULL;
    FV_OK(fv_graph_new(&g));
    fv_arch_build(g, arch, 1);
    FV_OK(fv_graph_error(g));
    assert_int_equal(count_parameters(g), want);
}

FV_TEST(layers_arch__counts_are_torchvisions) { /* sum(p.numel() for p in torchvision.models.NAME().parameters()) */
    expect_parameters("resnet18", 11689512);
    expect_parameters("resnet34", 21797672);
    expect_parameters("resnet50", 25557032);
    expect_parameters("mobilenet_v2", 3504872);
    expect_parameters("mobilenet_v2 width=0.5", 1968680);
    expect_parameters("mobilenet_v2 width=1.4", 6108776);
    expect_parameters("resnet18 classes=10", 11181642);
}

static int by_text(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

/* The lines of tests/golden/names.py, sorted, through FNV-1a. */
static uint32_t hash_of_names(const fv_graph *g, int *count) {
    fv_value states[1024];
    char *lines[1024];
    uint32_t hash = 0x811C9DC5u;
    int parameters = fv_graph_states(g, FV_PARAMETER, states, 1024);
    *count = parameters + fv_graph_states(g, FV_BUFFER, states + parameters, 1024 - parameters);
    assert_in_range(*count, 1, 1024);
    for (int i = 0; i < *count; i++) {
        const fv_type *type = fv_value_type(g, states[i]);
        FV_TEXT(line, 4096);
        fv_text_add(&line, fv_value_name(g, states[i]));
        for (int d = 0; d < type->rank; d++) fv_text_addf(&line, " %lld", (long long)type->dims[d]);
        fv_text_add(&line, "\n");
        FV_OK(fv_memory_alloc(line.length + 1, 1, (void **)&lines[i]));
        memcpy(lines[i], line.at, (size_t)line.length);
    }
    qsort(lines, (size_t)*count, sizeof *lines, by_text);
    for (int i = 0; i < *count; i++) {
        for (const char *at = lines[i]; *at; at++) hash = (hash ^ (uint8_t)*at) * 0x01000193u;
        fv_memory_free(lines[i]);
    }
    return hash;
}

FV_TEST(layers_arch__names_and_shapes_are_torchvisions) { /* tests/golden/names.py */
    static const struct {
        const char *arch;
        int count;
        uint32_t hash;
    } want[] = {
        { "resnet18", 122, 0x415D1844u },
        { "resnet34", 218, 0x4F4B5D0Au },
        { "resnet50", 320, 0x7B2C6208u },
        { "mobilenet_v2", 314, 0xBEC6528Bu },
    };
    for (int i = 0; i < 4; i++) {
        FV_OWNED(fv_graph) g = NULL;
        int count = 0;
        FV_OK(fv_graph_new(&g));
        fv_arch_build(g, want[i].arch, 1);
        FV_OK(fv_graph_error(g));
        uint32_t hash = hash_of_names(g, &count);
        assert_int_equal(count, want[i].count);
        if (hash != want[i].hash) fail_msg("%s: names or shapes are not torchvision's", want[i].arch);
    }
}

FV_TEST(layers_arch__a_batch_of_another_size_has_the_same_nodes) {
    FV_OWNED(fv_graph) g = NULL;
    FV_OWNED(fv_graph) seven = NULL;
    FV_OK(fv_graph_new(&g));
    fv_arch_with_loss(g, "resnet18_cifar width=4", "cross_entropy label_smoothing=0.1", 3);
    FV_OK(fv_graph_error(g));
    FV_OK(fv_graph_with_batch(g, 7, &seven));
    assert_int_equal(fv_value_type(seven, fv_graph_find_output(seven, "logits"))->dims[0], 7);
    assert_int_equal(fv_value_type(seven, fv_graph_find(seven, "target"))->dims[0], 7);
    assert_int_equal(fv_value_type(seven, fv_graph_find_output(seven, "loss"))->rank, 0);
}

FV_TEST(layers_arch__refuses_by_name) {
    static const struct {
        const char *text, *part;
    } wrong[] = { { "resnet19", "no architecture called \"resnet19\"" },
                  { "resnet18 clases=3", "clases" },
                  { "resnet18 classes=0", "classes" },
                  { "lenet size=8", "conv2" } };
    for (int i = 0; i < 4; i++) {
        FV_OWNED(fv_graph) g = NULL;
        FV_OK(fv_graph_new(&g));
        fv_arch_build(g, wrong[i].text, 1);
        fv_error *error = fv_graph_error(g);
        FV_FAILS(error, i < 3 ? FV_USAGE : FV_SHAPE, wrong[i].part);
    }
}

FV_TEST(layers_arch__counts_correct_guesses) {
    FV_OWNED(fv_graph) g = NULL;
    FV_OWNED(fv_weights) weights = NULL;
    FV_OWNED(fv_plan) plan = NULL;
    FV_OK(fv_graph_new(&g));
    fv_arch_with_loss(g, "small_cnn size=8 width=2 classes=4 dropout=0", "cross_entropy", 6);
    FV_OK(fv_graph_error(g));
    FV_OK(fv_weights_new(&weights));
    FV_OK(fv_initialize(g, weights, 3));
    FV_OK(fv_plan_new(g, weights, &(fv_plan_options){ .mode = FV_EVALUATION }, &plan));
    fv_tensor *x = fv_plan_feed(plan, "x"), *target = fv_plan_feed(plan, "target");
    for (int64_t i = 0; i < fv_type_count(&x->type); i++) fv_tensor_store(x, i, (double)(i * 37 % 101) / 50 - 1);
    for (int i = 0; i < 6; i++) fv_tensor_store(target, i, i % 4);
    FV_OK(fv_plan_run(plan));
    int64_t want = 0;
    const fv_tensor *logits = fv_plan_result(plan, "logits");
    for (int i = 0; i < 6; i++) {
        int best = 0;
        for (int k = 1; k < 4; k++)
            if (fv_tensor_load(logits, i * 4 + k) > fv_tensor_load(logits, i * 4 + best)) best = k;
        want += best == i % 4;
    }
    assert_int_equal(*(const int64_t *)fv_plan_result(plan, "correct")->data, want);
}

static fv_error *build_text(const char *arch, char **out) {
    FV_OWNED(fv_graph) g = NULL;
    FV_TRY(fv_graph_new(&g));
    fv_arch_build(g, arch, 2);
    FV_TRY(fv_graph_error(g));
    return fv_graph_to_text(g, out);
}

FV_TEST(layers_arch__without_memory_there_is_no_other_network) {
    char *whole = NULL, *text = NULL;
    FV_OK(build_text("lenet dropout=0.2", &whole));
    FV_TEST_EACH_ALLOCATION_FAILS(build_text("lenet dropout=0.2", &text), {
        assert_string_equal(text, whole);
        fv_string_free(text);
    });
    fv_string_free(whole);
}
