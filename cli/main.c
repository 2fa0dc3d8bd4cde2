/* main.c - the program. */
#include <stdlib.h>
#include <unistd.h>

#include "cli/command.h"
#include "core/cpu/blas.h"

/* OpenBLAS has picked its core by now. Where it fell back to an old one, the program begins again and asks for a better one;
 * should that not be possible, it goes on as it is (`fovea doctor` tells). */
static void begin_again_with_a_better_core(char **argv) {
    const char *better = fv_blas_better_core(fv_blas_core(), fv_isa_best());
    if (!better || getenv("OPENBLAS_CORETYPE")) return;
    if (setenv("OPENBLAS_CORETYPE", better, 0)) return;
    execv("/proc/self/exe", argv);
}

int main(int argc, char **argv) {
    begin_again_with_a_better_core(argv);
    return fv_command_main(argc, (const char *const *)argv);
}
