/* isa.c - which instruction set this process may use: what the CPU has, cut down by FOVEA_ISA. */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "core/plan/kernel.h"

const char *const fv_isa_names[] = { "portable", "avx2", "avx512" };

static fv_isa of_the_cpu(void) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                  __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    if (avx2 && avx512) return FV_ISA_AVX512;
    if (avx2) return FV_ISA_AVX2;
#endif
    return FV_ISA_PORTABLE;
}

fv_error *fv_isa_init(void) {
    const char *wanted = getenv("FOVEA_ISA");
    if (!wanted || !*wanted) return NULL;
    for (int i = 0; i < FV_ISA_COUNT; i++) {
        if (strcmp(wanted, fv_isa_names[i])) continue;
        if (i > (int)of_the_cpu())
            return fv_fail(FV_UNSUPPORTED, "FOVEA_ISA=%s: this CPU has %s at most", wanted, fv_isa_names[of_the_cpu()]);
        return NULL;
    }
    return fv_error_hint(fv_fail(FV_USAGE, "FOVEA_ISA=%s is no instruction set", wanted), "one of portable, avx2, avx512");
}

fv_isa fv_isa_best(void) {
    static atomic_int cached = -1;
    int isa = atomic_load(&cached);
    if (isa >= 0) return (fv_isa)isa;
    isa = (int)of_the_cpu();
    const char *wanted = getenv("FOVEA_ISA");
    for (int i = 0; wanted && i < isa; i++)
        if (!strcmp(wanted, fv_isa_names[i])) isa = i;
    atomic_store(&cached, isa);
    return (fv_isa)isa;
}

bool fv_isa_bf16(void) {
    static atomic_int cached = -1;
    int has = atomic_load(&cached);
    if (has >= 0) return has;
    const char *wanted = getenv("FOVEA_ISA");
    has = 0;
#if defined(__x86_64__)
    __builtin_cpu_init();
    has = of_the_cpu() == FV_ISA_AVX512 && (!wanted || !*wanted) && __builtin_cpu_supports("avx512bf16");
#endif
    atomic_store(&cached, has);
    return has;
}
