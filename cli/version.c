/* version.c - fovea version: what decides the bits of a result beside recipe and data. */
#include <cblas.h>

#include "cli/command.h"
#include "core/base/parallel.h"
#include "core/cpu/blas.h"
#include "core/plan/kernel.h"

static fv_error *run(fv_command_call *call, void *options) {
    (void)options;
    fv_printer *p = call->printer;
    fv_print_record(p);
    fv_print_text(p, "fovea", FOVEA_VERSION);
    fv_print_text(p, "compiler", __VERSION__);
    fv_print_text(p, "isa", fv_isa_names[fv_isa_best()]);
    fv_print_text(p, "blas", openblas_get_config());
    fv_print_text(p, "blas_core", fv_blas_core());
    fv_print_int(p, "threads", fv_parallel_threads());
    fv_print_int(p, "kernels", fv_kernel_table_count);
    fv_print_int(p, "ops", fv_op_table_count);
    fv_print_record_end(p);
    return NULL;
}

const fv_command fv_command_version = { .name = "version",
                                        .summary = "version, instruction set, BLAS, threads",
                                        .arguments = "",
                                        .fields = fv_no_fields,
                                        .size = sizeof(int),
                                        .run = run };
