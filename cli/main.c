/* main.c - the program. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "core/cpu/blas.h"

/* OpenBLAS has picked its core by now. Where it fell back to an old one, the program begins again and asks for a better one.
 * Where that is not possible for want of memory it ends: it would compute other bits than it does with memory. Where there is
 * no /proc it says so and goes on. */
static void begin_again_with_a_better_core(char **argv) {
    const char *better = fv_blas_better_core(fv_blas_core(), fv_isa_best());
    if (!better || getenv("OPENBLAS_CORETYPE")) return;
    if (!setenv("OPENBLAS_CORETYPE", better, 0)) execv("/proc/self/exe", argv);
    if (errno == ENOMEM) {
        fprintf(stderr, "fovea: out of memory, before the program has begun\n");
        exit(1);
    }
    fprintf(stderr, "fovea: OpenBLAS computes for an old CPU (%s), and the program cannot begin again: %s\n", fv_blas_core(),
            strerror(errno));
    fprintf(stderr, "  hint: set OPENBLAS_CORETYPE=%s: it is several times as fast\n", better);
}

int main(int argc, char **argv) {
    begin_again_with_a_better_core(argv);
    return fv_command_main(argc, (const char *const *)argv);
}
