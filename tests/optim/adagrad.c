/* Adagrad to the digit (TRN-06). */
#include "tests/optim/bench.h"

FV_TEST(optim_adagrad__walks_with_pytorch) {
    bench_walks("adagrad", (const double[3][BENCH_N]){ { 0.9, -1.9, 0.5 },
                                                       { 0.80513167, -1.94472136, 0.6 },
                                                       { 0.858583919, -2.032008516, 0.580388386 } });
}

FV_TEST(optim_adagrad__walks_with_pytorch_with_both_decays) {
    bench_walks("adagrad rate_decay=0.5 weight_decay=0.1",
                (const double[3][BENCH_N]){ { 0.9, -1.9, 0.4 },
                                            { 0.840678836, -1.885365854, 0.466276298 },
                                            { 0.85346456, -1.908285205, 0.451172071 } });
}
