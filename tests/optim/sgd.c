/* SGD to the digit (TRN-06). */
#include "tests/optim/bench.h"

FV_TEST(optim_sgd__walks_with_pytorch) {
    bench_walks("sgd", (const double[3][BENCH_N]){ { 0.99, -1.98, 0.5 }, { 0.96, -1.99, 0.55 }, { 0.98, -2.03, 0.54 } });
}

FV_TEST(optim_sgd__walks_with_pytorch_with_momentum) {
    bench_walks("sgd momentum=0.9",
                (const double[3][BENCH_N]){ { 0.99, -1.98, 0.5 }, { 0.951, -1.972, 0.55 }, { 0.9359, -2.0048, 0.585 } });
}

FV_TEST(optim_sgd__walks_with_pytorch_with_nesterov_and_decay) {
    bench_walks("sgd momentum=0.9 nesterov=true weight_decay=0.01",
                (const double[3][BENCH_N]){ { 0.9791, -1.9582, 0.49905 },
                                            { 0.91132971, -1.95565942, 0.592696805 },
                                            { 0.914486113, -2.018419525, 0.612301951 } });
}

FV_TEST(optim_sgd__refuses_nesterov_without_momentum) {
    FV_FAILS(bench_refuse(&(fv_training_options){ .optimizer = "sgd nesterov=true" }), FV_USAGE, "nesterov needs a momentum");
}

FV_TEST(optim_sgd__walks_with_pytorch_with_dampening) {
    bench_walks("sgd momentum=0.9 dampening=0.5",
                (const double[3][BENCH_N]){ { 0.99, -1.98, 0.5 }, { 0.966, -1.967, 0.525 }, { 0.9544, -1.9753, 0.5425 } });
}

FV_TEST(optim_sgd__refuses_dampening_without_momentum_and_with_nesterov) {
    FV_FAILS(bench_refuse(&(fv_training_options){ .optimizer = "sgd dampening=0.5" }), FV_USAGE, "dampening needs a momentum");
    FV_FAILS(bench_refuse(&(fv_training_options){ .optimizer = "sgd momentum=0.9 nesterov=true dampening=0.5" }), FV_USAGE,
             "nesterov goes without dampening");
}
