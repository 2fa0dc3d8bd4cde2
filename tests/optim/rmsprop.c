/* RMSprop to the digit (TRN-06). */
#include "tests/optim/bench.h"

FV_TEST(optim_rmsprop__walks_with_pytorch) {
    bench_walks("rmsprop", (const double[3][BENCH_N]){ { 1e-06, -1.0000005, 0.5 },
                                                       { -0.949156695, -1.449013553, 1.4999998 },
                                                       { -0.412523922, -2.323753029, 1.302933983 } });
}

FV_TEST(optim_rmsprop__walks_with_pytorch_centred_and_with_momentum) {
    bench_walks("rmsprop centered=true momentum=0.9",
                (const double[3][BENCH_N]){ { -0.005036805, -0.99496269, 0.5 },
                                            { -1.866382138, -0.539877506, 1.505037613 },
                                            { -3.004224044, -1.006966719, 2.211905889 } });
}

FV_TEST(optim_rmsprop__walks_with_pytorch_with_decay) {
    bench_walks("rmsprop momentum=0.5 weight_decay=0.1",
                (const double[3][BENCH_N]){ { 5e-07, -1.00000025, -0.499998 },
                                            { -1.333332394, -0.500000312, -0.004063159 },
                                            { -1.318754693, -0.912247395, 0.065558386 } });
}
