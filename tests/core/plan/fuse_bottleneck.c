/* MobileNetV2's block as one node: the same bits as its convolutions one by one, however a batch is cut among threads. */
#include "core/base/parallel.h"
#include "tests/core/plan/passes.h"

static void compare(const fv_graph *g, fv_weights *weights, int blocks) {
    int before = fv_test_passes_before("fuse_bottleneck");
    FV_OWNED(fv_plan) single = fv_test_answer(g, weights, before);
    FV_OWNED(fv_plan) fused = fv_test_answer(g, weights, before + 1);
    if (fv_isa_best() == FV_ISA_PORTABLE) blocks = 0; /* no kernel, no node */
    assert_int_equal(fv_test_count(single, "inverted_bottleneck"), 0);
    assert_int_equal(fv_test_count(fused, "inverted_bottleneck"), blocks);
    assert_int_equal(fv_test_count_named(fused, "inverted_bottleneck", ".bottleneck"), blocks);
    const fv_tensor *a = fv_plan_result(fused, "logits"), *b = fv_plan_result(single, "logits");
    assert_memory_equal(a->data, b->data, (size_t)fv_type_bytes(&a->type));
}

/* Two pictures among three threads: each is cut. */
static void check(fv_graph *g, int blocks) {
    int before = fv_parallel_threads();
    FV_OWNED(fv_weights) weights = NULL;
    FV_OK(fv_graph_error(g));
    FV_OK(fv_weights_new(&weights));
    FV_OK(fv_initialize(g, weights, 7));
    FV_OK(fv_parallel_set_threads(3));
    compare(g, weights, blocks);
    FV_OK(fv_parallel_set_threads(before));
}

FV_TEST(core_plan_fuse_bottleneck__gives_the_bits_of_single_convolutions) {
    FV_OWNED(fv_graph) g = NULL;
    FV_OK(fv_graph_new(&g));
    fv_arch_build(g, "mobilenet_v2 classes=5 size=40,33 width=0.25", 2);
    check(g, 16); /* of 17 blocks: the first adds what its depthwise filter reads, at this width */
}

FV_TEST(core_plan_fuse_bottleneck__takes_filters_of_5_by_5_and_what_is_added) {
    static const char text[] = "e = state dtype=f32 dims=40,1,1,9 init=\"kaiming_normal\" -> f32[40,1,1,9]\n"
                               "b = state dtype=f32 dims=40 init=\"uniform low=-1 high=1\" -> f32[40]\n"
                               "w = state dtype=f32 dims=40,5,5,1 init=\"kaiming_normal\" -> f32[40,5,5,1]\n"
                               "p = state dtype=f32 dims=9,1,1,40 init=\"kaiming_normal\" -> f32[9,1,1,40]\n"
                               "pb = state dtype=f32 dims=9 init=\"uniform low=-1 high=1\" -> f32[9]\n"
                               "x = input dtype=f32 dims=2,23,11,9 -> f32[2,23,11,9]\n"
                               "e1 = conv2d(x, e, b) activation=relu6 -> f32[2,23,11,40]\n"
                               "d1 = conv2d(e1, w, b) padding=2 groups=40 activation=relu6 -> f32[2,23,11,40]\n"
                               "y1 = conv2d(d1, p, pb) -> f32[2,23,11,9]\n"
                               "sum = add(x, y1) -> f32[2,23,11,9]\n"
                               "e2 = conv2d(sum, e, b) activation=relu -> f32[2,23,11,40]\n"
                               "d2 = conv2d(e2, w, b) padding=1,2,2,1 stride=2 groups=40 -> f32[2,11,5,40]\n"
                               "y2 = conv2d(d2, p, pb) -> f32[2,11,5,9]\n"
                               "output logits = y2\n";
    FV_OWNED(fv_graph) g = NULL;
    FV_OK(fv_graph_parse(text, "bottlenecks", &g));
    check(g, 2);
}

/* Small pictures with many channels, fewer than there are threads: channels are cut, not rows. */
FV_TEST(core_plan_fuse_bottleneck__gives_them_where_small_pictures_are_cut_by_channels) {
    static const char text[] = "e = state dtype=f32 dims=200,1,1,9 init=\"kaiming_normal\" -> f32[200,1,1,9]\n"
                               "b = state dtype=f32 dims=200 init=\"uniform low=-1 high=1\" -> f32[200]\n"
                               "w = state dtype=f32 dims=200,5,5,1 init=\"kaiming_normal\" -> f32[200,5,5,1]\n"
                               "p = state dtype=f32 dims=9,1,1,200 init=\"kaiming_normal\" -> f32[9,1,1,200]\n"
                               "pb = state dtype=f32 dims=9 init=\"uniform low=-1 high=1\" -> f32[9]\n"
                               "x = input dtype=f32 dims=2,9,7,9 -> f32[2,9,7,9]\n"
                               "e1 = conv2d(x, e, b) activation=relu6 -> f32[2,9,7,200]\n"
                               "d1 = conv2d(e1, w, b) padding=2 groups=200 activation=relu6 -> f32[2,9,7,200]\n"
                               "y1 = conv2d(d1, p, pb) -> f32[2,9,7,9]\n"
                               "logits = add(x, y1) -> f32[2,9,7,9]\n"
                               "output logits = logits\n";
    FV_OWNED(fv_graph) g = NULL;
    FV_OK(fv_graph_parse(text, "bottlenecks", &g));
    check(g, 1);
}

/* What others read too is not joined, nor what has no bias, nor a 3×3 filter at every pixel. */
FV_TEST(core_plan_fuse_bottleneck__leaves_what_it_cannot_hide) {
    static const char text[] = "e = state dtype=f32 dims=6,1,1,4 init=ones -> f32[6,1,1,4]\n"
                               "b = state dtype=f32 dims=6 init=ones -> f32[6]\n"
                               "w = state dtype=f32 dims=6,3,3,1 init=ones -> f32[6,3,3,1]\n"
                               "v = state dtype=f32 dims=6,3,3,4 init=ones -> f32[6,3,3,4]\n"
                               "p = state dtype=f32 dims=6,1,1,6 init=ones -> f32[6,1,1,6]\n"
                               "x = input dtype=f32 dims=1,8,8,4 -> f32[1,8,8,4]\n"
                               "shared = conv2d(x, e, b) -> f32[1,8,8,6]\n"
                               "d1 = conv2d(shared, w, b) padding=1 groups=6 -> f32[1,8,8,6]\n"
                               "y1 = conv2d(d1, p, b) -> f32[1,8,8,6]\n"
                               "e2 = conv2d(x, e) -> f32[1,8,8,6]\n"
                               "d2 = conv2d(e2, w, b) padding=1 groups=6 -> f32[1,8,8,6]\n"
                               "y2 = conv2d(d2, p, b) -> f32[1,8,8,6]\n"
                               "e3 = conv2d(x, v, b) padding=1 -> f32[1,8,8,6]\n"
                               "d3 = conv2d(e3, w, b) padding=1 groups=6 -> f32[1,8,8,6]\n"
                               "y3 = conv2d(d3, p, b) -> f32[1,8,8,6]\n"
                               "output shared = shared\noutput one = y1\noutput two = y2\noutput logits = y3\n";
    FV_OWNED(fv_graph) g = NULL;
    FV_OK(fv_graph_parse(text, "bottlenecks", &g));
    check(g, 0);
}
