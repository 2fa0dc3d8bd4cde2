/* Adam and AdamW to the digit (TRN-06). */
#include "tests/optim/bench.h"

FV_TEST(optim_adam__walks_with_pytorch) {
    bench_walks("adam", (const double[3][BENCH_N]){ { 0.90000001, -1.900000005, 0.5 },
                                                    { 0.808221902, -1.873366303, 0.57441368 },
                                                    { 0.782431523, -1.91909948, 0.618283354 } });
}

FV_TEST(optim_adam__decays_through_the_moments) {
    bench_walks("adam weight_decay=0.1", (const double[3][BENCH_N]){ { 0.900000005, -1.900000002, 0.40000002 },
                                                                     { 0.803214755, -1.818287555, 0.466741384 },
                                                                     { 0.747881393, -1.792570306, 0.496606659 } });
}

FV_TEST(optim_adam__of_adamw_decays_beside_the_moments) {
    bench_walks("adamw weight_decay=0.1", (const double[3][BENCH_N]){ { 0.89000001, -1.880000005, 0.495 },
                                                                      { 0.789321902, -1.834566303, 0.56446368 },
                                                                      { 0.755638304, -1.861953817, 0.602688717 } });
}

FV_TEST(optim_adam__goes_on_with_the_same_bits_after_a_stop) { /* slots carried over to a new plan */
    const fv_training_options options = { .optimizer = "adamw" };
    bench whole = bench_open(FV_F32, &options), first = bench_open(FV_F32, &options), second = bench_open(FV_F32, &options);
    for (int s = 0; s < 3; s++) bench_step(&whole, s, 1);
    for (int s = 0; s < 2; s++) bench_step(&first, s, 1);
    for (int64_t i = 0; i < fv_weights_count(first.weights); i++) {
        const char *name;
        const fv_tensor *from = fv_weights_at(first.weights, i, &name, NULL);
        memcpy(fv_weights_find(second.weights, name)->data, from->data, (size_t)fv_type_bytes(&from->type));
    }
    bench_step(&second, 2, 1);
    for (int i = 0; i < BENCH_N; i++) assert_true(bench_state(&second, "fc.weight", i) == bench_state(&whole, "fc.weight", i));
    bench_close(&whole);
    bench_close(&first);
    bench_close(&second);
}

FV_TEST(optim_adam__walks_with_pytorch_by_the_largest_moment) {
    bench_walks("adam amsgrad=true betas=0.9,0.5", (const double[3][BENCH_N]){ { 0.90000001, -1.900000005, 0.5 },
                                                                               { 0.818436705, -1.874215904, 0.564460255 },
                                                                               { 0.794522009, -1.912489965, 0.598630474 } });
}
