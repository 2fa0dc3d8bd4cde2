/* peak.c - what multiply-adds in registers reach on this machine at this moment, for turns.py: bench_peak THREADS, then a
 * number of steps a line on standard input, each some ten milliseconds, answered with their seconds and the GFLOP/s of all
 * threads together. A machine's clock, and the share of a core that it really has, change from minute to minute: other figures
 * are judged by this one, taken between them. */
#include <immintrin.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define CHAINS 12 /* independent sums: a multiply-add of 4 cycles, two or three begun in each */
#define ROUNDS 3000000
#define THREADS_MAX 1024

/* `rounds` multiply-adds in each of CHAINS vectors; the sum, so that they are done. A macro makes it for each width. */
#define FV_FMA_LOOP(name, isa, vector, set1, fma, lanes)                                                                       \
    __attribute__((target(isa))) static float name(long rounds) {                                                              \
        vector sums[CHAINS], factor = set1(0.999f), step = set1(0.001f);                                                       \
        float all[lanes], total = 0;                                                                                           \
        for (int c = 0; c < CHAINS; c++) sums[c] = set1((float)c);                                                             \
        for (long i = 0; i < rounds; i++)                                                                                      \
            _Pragma("GCC unroll 12") for (int c = 0; c < CHAINS; c++) sums[c] = fma(sums[c], factor, step);                    \
        for (int c = 0; c < CHAINS; c++) {                                                                                     \
            __builtin_memcpy(all, &sums[c], sizeof all);                                                                       \
            for (int i = 0; i < lanes; i++) total += all[i];                                                                   \
        }                                                                                                                      \
        return total;                                                                                                          \
    }
FV_FMA_LOOP(loop_avx512, "avx512f", __m512, _mm512_set1_ps, _mm512_fmadd_ps, 16)
FV_FMA_LOOP(loop_avx2, "avx2,fma", __m256, _mm256_set1_ps, _mm256_fmadd_ps, 8)

typedef struct share {
    float (*loop)(long rounds);
    long rounds;
    float result;
} share;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void *run(void *raw) {
    share *s = raw;
    s->result = s->loop(s->rounds);
    return NULL;
}

static int run_all(long threads, share model, double *seconds) {
    pthread_t ids[THREADS_MAX];
    share shares[THREADS_MAX];
    double begin = now();
    for (long t = 0; t < threads; t++) {
        shares[t] = model;
        if (pthread_create(&ids[t], NULL, run, &shares[t])) return 1;
    }
    for (long t = 0; t < threads; t++) pthread_join(ids[t], NULL);
    *seconds = now() - begin;
    return 0;
}

int main(int argc, char **argv) {
    long threads = argc > 1 ? strtol(argv[1], NULL, 10) : 0;
    bool wide = __builtin_cpu_supports("avx512f");
    if (threads < 1 || threads > THREADS_MAX || (!wide && !__builtin_cpu_supports("fma"))) {
        fprintf(stderr, "bench_peak THREADS, on a CPU with AVX2 and FMA\n");
        return 2;
    }
    char line[64];
    printf("{\"isa\": \"%s\"}\n", wide ? "avx512" : "avx2");
    fflush(stdout);
    while (fgets(line, sizeof line, stdin)) {
        share model = { wide ? loop_avx512 : loop_avx2, ROUNDS * strtol(line, NULL, 10), 0 };
        double seconds, flops = 2.0 * CHAINS * (wide ? 16 : 8) * (double)model.rounds * (double)threads;
        if (model.rounds < 1 || run_all(threads, model, &seconds)) return 1;
        printf("{\"seconds\": %.9f, \"gflops\": %.1f}\n", seconds, 1e-9 * flops / seconds);
        fflush(stdout);
    }
    return 0;
}
