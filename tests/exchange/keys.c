/* Names of others: every architecture that a style knows has a name for each tensor, and the right one. */
#include "exchange/keys.h"

#include <stdlib.h>
#include <string.h>

#include "fovea/layers.h"
#include "tests/test.h"

static int by_name(const void *a, const void *b) { return strcmp(*(const char *const *)a, *(const char *const *)b); }

static void keys_of(const char *style, const char *arch, fv_graph *graph, fv_arena *arena, fv_keys *keys) {
    const fv_key_style *found;
    fv_arch_build(graph, arch, 1);
    FV_OK(fv_graph_error(graph));
    FV_OK(fv_key_style_named(style, arena, &found));
    FV_OK(fv_keys_of(found, graph, arena, keys));
}

static const fv_key *find(const fv_keys *keys, const char *ours) {
    for (int64_t i = 0; i < keys->count; i++)
        if (!strcmp(keys->at[i].ours, ours)) return &keys->at[i];
    fail_msg("the network has no %s", ours);
    return NULL;
}

FV_TEST(exchange_keys__every_network_of_a_style_has_a_name_of_its_own_for_each_tensor) {
    for (int i = 0; i < fv_key_style_table_count; i++) {
        const fv_key_style *style = fv_key_style_table[i];
        for (int a = 0; style->archs[a]; a++) {
            FV_OWNED(fv_arena) arena = NULL;
            FV_OWNED(fv_graph) graph = NULL;
            fv_keys keys;
            const char **names;
            int64_t count = 0;
            FV_OK(fv_arena_new("keys", 1 << 24, &arena));
            FV_OK(fv_graph_new(&graph));
            keys_of(style->name, style->archs[a], graph, arena, &keys);
            FV_OK(fv_arena_take(arena, keys.count, &names));
            for (int64_t k = 0; k < keys.count; k++)
                if (keys.at[k].theirs) names[count++] = keys.at[k].theirs;
            assert_true(count > 10);
            qsort(names, (size_t)count, sizeof *names, by_name);
            for (int64_t k = 1; k < count; k++)
                if (!strcmp(names[k - 1], names[k]))
                    fail_msg("%s: two tensors of %s are %s", style->name, style->archs[a], names[k]);
        }
    }
}

static void is_called(const char *style, const char *arch, const char *const (*pairs)[2], int count) {
    FV_OWNED(fv_arena) arena = NULL;
    FV_OWNED(fv_graph) graph = NULL;
    fv_keys keys;
    FV_OK(fv_arena_new("keys", 1 << 24, &arena));
    FV_OK(fv_graph_new(&graph));
    keys_of(style, arch, graph, arena, &keys);
    for (int i = 0; i < count; i++) assert_string_equal(find(&keys, pairs[i][0])->theirs, pairs[i][1]);
}

FV_TEST(exchange_keys__blocks_are_numbered_through_where_others_do) {
    static const char *const names[][2] = {
        { "conv_stem.weight", "_conv_stem.weight" },
        { "bn1.running_var", "_bn0.running_var" },
        { "blocks.0.0.conv_dw.weight", "_blocks.0._depthwise_conv.weight" },
        { "blocks.0.0.bn2.bias", "_blocks.0._bn2.bias" },
        { "blocks.1.0.conv_pw.weight", "_blocks.1._expand_conv.weight" },
        { "blocks.1.1.bn1.running_mean", "_blocks.2._bn0.running_mean" },
        { "blocks.6.0.conv_pwl.weight", "_blocks.15._project_conv.weight" },
        { "blocks.6.0.bn3.num_batches_tracked", "_blocks.15._bn2.num_batches_tracked" },
        { "bn2.weight", "_bn1.weight" },
        { "classifier.bias", "_fc.bias" },
    };
    is_called("efficientnet_lite", "efficientnet_lite0", names, 10);
}

FV_TEST(exchange_keys__keras_names_say_what_a_vector_is) {
    static const char *const names[][2] = {
        { "conv1_conv.weight", "conv1_conv/kernel:0" },
        { "conv1_conv.bias", "conv1_conv/bias:0" },
        { "conv1_bn.weight", "conv1_bn/gamma:0" },
        { "conv1_bn.bias", "conv1_bn/beta:0" },
        { "conv5_block3_3_bn.running_var", "conv5_block3_3_bn/moving_variance:0" },
        { "predictions.weight", "predictions/kernel:0" },
        { "predictions.bias", "predictions/bias:0" },
    };
    is_called("keras_resnet", "resnet50_keras", names, 7);
}

static void is_read(const char *style, const char *arch, const char *name, const int64_t *dims, const int64_t *strides,
                    int rank, int64_t count) {
    FV_OWNED(fv_arena) arena = NULL;
    FV_OWNED(fv_graph) graph = NULL;
    fv_keys keys;
    float *theirs, *ours, *again;
    FV_OK(fv_arena_new("keys", 1 << 26, &arena));
    FV_OK(fv_graph_new(&graph));
    keys_of(style, arch, graph, arena, &keys);
    const fv_key *k = find(&keys, name);
    assert_int_equal(k->rank, rank);
    assert_memory_equal(k->dims, dims, (size_t)rank * sizeof *dims);
    assert_int_equal(fv_type_count(&k->type), count);
    FV_OK(fv_arena_take(arena, count, &theirs));
    FV_OK(fv_arena_take(arena, count, &ours));
    FV_OK(fv_arena_take(arena, count, &again));
    for (int64_t i = 0; i < count; i++) theirs[i] = (float)i;
    fv_foreign_tensor t = { .name = "t", .element = FV_ELEMENT_F32, .rank = rank, .data = (uint8_t *)theirs };
    memcpy(t.dims, dims, (size_t)rank * sizeof *dims);
    fv_foreign_row_order(&t);
    fv_tensor to = fv_tensor_of(&k->type, ours);
    fv_key_import(k, &t, &to);
    for (int64_t i = 0; i < count; i++) { /* `strides`: in theirs, of each of our dimensions, from the last on */
        int64_t left = i, at = 0;
        for (int d = k->type.rank - 1; d >= 0; d--) {
            at += left % k->type.dims[d] * strides[d];
            left /= k->type.dims[d];
        }
        assert_int_equal(ours[i], at);
    }
    fv_type type = fv_type_make(FV_F32, dims, rank);
    fv_tensor back = fv_tensor_of(&type, again);
    fv_key_export(k, &to, &back);
    assert_memory_equal(again, theirs, (size_t)count * sizeof *again);
}

FV_TEST(exchange_keys__weights_are_turned_to_our_order_and_back) {
    is_read("torchvision", "resnet18 width=4", "conv1.weight", (const int64_t[]){ 4, 3, 7, 7 },
            (const int64_t[]){ 147, 7, 1, 49 }, 4, 588);
    is_read("keras_resnet", "resnet50_keras", "conv1_conv.weight", (const int64_t[]){ 7, 7, 3, 64 },
            (const int64_t[]){ 1, 1344, 192, 64 }, 4, 9408);
    is_read("keras_mobilenet", "mobilenet_v2_keras", "block_1_depthwise.weight", (const int64_t[]){ 3, 3, 96, 1 },
            (const int64_t[]){ 1, 288, 96, 1 }, 4, 864);
    is_read("keras_mobilenet", "mobilenet_v2_keras classes=2", "predictions.weight", (const int64_t[]){ 1280, 2 },
            (const int64_t[]){ 1, 2 }, 2, 2560);
}
