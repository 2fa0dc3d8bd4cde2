/* Initialisers: means, deviations and bounds as PyTorch documents them, the identity, and that a value depends on nothing else
 * than seed, name and place. */
#include "layers/initializer.h"

#include <math.h>

#include "core/base/memory.h"
#include "core/base/parallel.h"
#include "tests/test.h"

typedef struct moments {
    double mean, std, low, high, kurtosis;
} moments;

static moments measure(fv_type type, const char *initializer) {
    float *data = NULL;
    int64_t count = fv_type_count(&type);
    FV_OK(fv_memory_new(count, &data));
    fv_tensor tensor = fv_tensor_of(&type, data);
    FV_OK(fv_initialize_tensor(&tensor, "w", initializer, 7));
    moments m = { .low = INFINITY, .high = -INFINITY };
    double second = 0, fourth = 0;
    for (int64_t i = 0; i < count; i++) m.mean += data[i] / (double)count;
    for (int64_t i = 0; i < count; i++) {
        double d = data[i] - m.mean;
        second += d * d / (double)count;
        fourth += d * d * d * d / (double)count;
        m.low = fmin(m.low, data[i]);
        m.high = fmax(m.high, data[i]);
    }
    m.std = sqrt(second);
    m.kurtosis = fourth / (second * second);
    fv_memory_free(data);
    return m;
}

/* 147,456 numbers: the standard error of a mean is std/384, of a deviation about std/540. */
#define KRSC fv_type_of(FV_F32, 128, 3, 3, 128)
#define FAN (3 * 3 * 128.0)

static void has(const char *initializer, fv_type type, double mean, double std, double kurtosis) {
    moments m = measure(type, initializer);
    if (fabs(m.mean - mean) > 4 * std / 384) fail_msg("%s: mean %g, not %g", initializer, m.mean, mean);
    if (fabs(m.std / std - 1) > 0.01) fail_msg("%s: deviation %g, not %g", initializer, m.std, std);
    if (fabs(m.kurtosis / kurtosis - 1) > 0.03) fail_msg("%s: kurtosis %g, not %g", initializer, m.kurtosis, kurtosis);
}

FV_TEST(layers_initializer__have_pytorchs_deviations) { /* kurtosis: 3 of the normal, 1.8 of the uniform distribution */
    has("normal mean=0.5 std=0.02", KRSC, 0.5, 0.02, 3);
    has("uniform low=-1 high=3", KRSC, 1, 4 / sqrt(12), 1.8);
    has("kaiming_normal", KRSC, 0, sqrt(2 / FAN), 3);
    has("kaiming_normal mode=fan_out nonlinearity=relu", fv_type_of(FV_F32, 64, 3, 3, 256), 0, sqrt(2 / (9 * 64.0)), 3);
    has("kaiming_uniform a=2.23606797749979", KRSC, 0, 1 / sqrt(3 * FAN), 1.8);
    has("kaiming_normal nonlinearity=tanh", KRSC, 0, 5 / 3.0 / sqrt(FAN), 3);
    has("kaiming_uniform nonlinearity=linear mode=fan_out", fv_type_of(FV_F32, 300, 500), 0, 1 / sqrt(300), 1.8);
    has("xavier_normal", fv_type_of(FV_F32, 300, 500), 0, sqrt(2 / 800.0), 3);
    has("xavier_uniform gain=2", fv_type_of(FV_F32, 64, 3, 3, 256), 0, 2 * sqrt(2 / (9 * 64.0 + 9 * 256)), 1.8);
}

FV_TEST(layers_initializer__stay_inside_their_bounds) {
    moments m = measure(KRSC, "kaiming_uniform a=2.23606797749979"); /* ±1/√fan_in, PyTorch's default of layers */
    assert_true(m.low >= -1 / sqrt(FAN) && m.high <= 1 / sqrt(FAN) && m.high > 0.999 / sqrt(FAN));
    m = measure(KRSC, "trunc_normal std=1.5 low=-1 high=2");
    assert_true(m.low >= -1 && m.low < -0.999 && m.high <= 2 && m.high > 1.99);
    /* scipy.stats.truncnorm(-1 / 1.5, 2 / 1.5, scale=1.5): mean 0.35526, deviation 0.80248 */
    assert_float_equal(m.mean, 0.3552617, 0.01);
    assert_float_equal(m.std, 0.8024751, 0.01);
}

FV_TEST(layers_initializer__dirac_changes_nothing) {
    float data[4 * 3 * 3 * 2];
    fv_type type = fv_type_of(FV_F32, 4, 3, 3, 2);
    fv_tensor tensor = fv_tensor_of(&type, data);
    FV_OK(fv_initialize_tensor(&tensor, "w", "dirac", 0));
    for (int i = 0; i < 72; i++) assert_true(data[i] == (i == 8 || i == 18 + 9));
}

FV_TEST(layers_initializer__constants_are_constant) {
    moments zeros = measure(fv_type_of(FV_F32, 5), NULL), ones = measure(fv_type_of(FV_F32, 5), "ones");
    assert_true(zeros.low == 0 && zeros.high == 0 && ones.low == 1 && ones.high == 1);
    moments m = measure(fv_type_of(FV_F32, 5), "constant value=-2.5");
    assert_true(m.low == -2.5 && m.high == -2.5);
}

FV_TEST(layers_initializer__refuse_what_does_not_fit) {
    float data[6];
    fv_type type = fv_type_of(FV_F32, 6);
    fv_tensor tensor = fv_tensor_of(&type, data);
    FV_FAILS(fv_initialize_tensor(&tensor, "fc.bias", "kaiming_normal", 0), FV_SHAPE, "fc.bias, f32[6]: fans are for weights");
    FV_FAILS(fv_initialize_tensor(&tensor, "w", "dirac", 0), FV_SHAPE, "dirac");
    FV_FAILS(fv_initialize_tensor(&tensor, "w", "kaming_normal", 0), FV_USAGE, "no initialiser called");
    FV_FAILS(fv_initialize_tensor(&tensor, "w", "constant", 0), FV_USAGE, "value");
    FV_FAILS(fv_initialize_tensor(&tensor, "w", "trunc_normal low=2 high=1", 0), FV_USAGE, "low < high");
    FV_FAILS(fv_initialize_tensor(&tensor, "w", "trunc_normal low=50 high=60", 0), FV_USAGE, "keeps nearly nothing");
}

/* ---- every state of a graph ---- */

static fv_weights *initialized(const char *arch, uint64_t seed) {
    FV_OWNED(fv_graph) g = NULL;
    fv_weights *weights = NULL;
    FV_OK(fv_graph_new(&g));
    fv_arch_build(g, arch, 1);
    FV_OK(fv_graph_error(g));
    FV_OK(fv_weights_new(&weights));
    FV_OK(fv_initialize(g, weights, seed));
    return weights;
}

static bool same(const fv_weights *a, const fv_weights *b, const char *name) {
    const fv_tensor *x = fv_weights_find(a, name), *y = fv_weights_find(b, name);
    return !memcmp(x->data, y->data, (size_t)fv_type_bytes(&x->type));
}

FV_TEST(layers_initializer__depends_on_seed_name_and_place_alone) {
    int threads = fv_parallel_threads();
    FV_OK(fv_parallel_set_threads(1));
    FV_OWNED(fv_weights) one = initialized("resnet18_cifar width=8", 5);
    FV_OK(fv_parallel_set_threads(2));
    FV_OWNED(fv_weights) two = initialized("resnet18_cifar width=8", 5);
    FV_OWNED(fv_weights) other = initialized("resnet18_cifar width=8", 6);
    FV_OK(fv_parallel_set_threads(threads));
    for (int64_t i = 0; i < fv_weights_count(one); i++) {
        const char *name;
        fv_weights_at(one, i, &name, NULL);
        assert_true(same(one, two, name));
    }
    assert_false(same(one, other, "fc.weight"));
    const fv_tensor *a = fv_weights_find(one, "layer1.0.conv1.weight"), *b = fv_weights_find(one, "layer1.0.conv2.weight");
    assert_memory_not_equal(a->data, b->data, (size_t)fv_type_bytes(&a->type));
}

FV_TEST(layers_initializer__keeps_values_that_are_there) { /* pretrained weights first, the rest after */
    FV_OWNED(fv_weights) weights = NULL;
    FV_OWNED(fv_graph) g = NULL;
    fv_tensor *bias = NULL;
    FV_OK(fv_weights_new(&weights));
    fv_type type = fv_type_of(FV_F32, 10);
    FV_OK(fv_weights_add(weights, "fc.bias", &type, FV_PARAMETER, &bias));
    fv_tensor_store(bias, 3, 42);
    FV_OK(fv_graph_new(&g));
    fv_arch_build(g, "resnet18_cifar width=2", 1);
    FV_OK(fv_graph_error(g));
    FV_OK(fv_initialize(g, weights, 0));
    assert_float_equal(fv_tensor_load(bias, 3), 42, 0);
    assert_non_null(fv_weights_find(weights, "fc.weight"));
}

FV_TEST(layers_initializer__a_kept_value_of_another_type_is_a_conflict) {
    FV_OWNED(fv_weights) weights = NULL;
    FV_OWNED(fv_graph) g = NULL;
    fv_tensor *bias = NULL;
    FV_OK(fv_weights_new(&weights));
    fv_type type = fv_type_of(FV_F32, 7);
    FV_OK(fv_weights_add(weights, "fc.bias", &type, FV_PARAMETER, &bias));
    FV_OK(fv_graph_new(&g));
    fv_arch_build(g, "resnet18_cifar width=2", 1);
    FV_OK(fv_graph_error(g));
    FV_FAILS(fv_initialize(g, weights, 0), FV_CONFLICT, "fc.bias");
}
