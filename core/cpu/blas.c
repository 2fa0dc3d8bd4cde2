/* shared: blas.c - OpenBLAS on one thread (blas.h). */
#include "core/cpu/blas.h"

#include <cblas.h>
#include <pthread.h>
#include <string.h>

#define OWN_THREADS 1 /* openblas_get_parallel(): 0 sequential, 1 threads of its own, 2 OpenMP */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

const char *fv_blas_refuse(void) {
    return openblas_get_parallel() == OWN_THREADS ? "OpenBLAS with threads of its own (install libopenblas0-openmp)" : NULL;
}

/* OpenMP's threads in it would run beside our team. How many it uses is a setting of the calling thread: each says one. */
static void use_no_threads(void) {
    static _Thread_local bool said;
    if (said) return;
    pthread_mutex_lock(&lock);
    openblas_set_num_threads(1);
    pthread_mutex_unlock(&lock);
    said = true;
}

const char *fv_blas_core(void) { return openblas_get_corename(); }

const char *fv_blas_better_core(const char *core, fv_isa isa) {
    if (strcmp(core, "Prescott") != 0 || isa < FV_ISA_AVX2) return NULL;
    return isa >= FV_ISA_AVX512 ? "SkylakeX" : "Haswell";
}

void fv_blas_multiply(const fv_blas_product *p) {
    if (p->rows == 0 || p->columns == 0) return;
    use_no_threads();
    cblas_sgemm(CblasRowMajor, p->transpose_a ? CblasTrans : CblasNoTrans, p->transpose_b ? CblasTrans : CblasNoTrans,
                (blasint)p->rows, (blasint)p->columns, (blasint)p->depth, 1, p->a, (blasint)p->a_row, p->b, (blasint)p->b_row,
                p->add, p->c, (blasint)p->c_row);
}

void fv_blas_multiply_vector(const float *a, int64_t rows, int64_t columns, bool transpose, const float *x, float *y) {
    memset(y, 0, (size_t)(transpose ? columns : rows) * sizeof *y);
    if (rows == 0 || columns == 0) return;
    use_no_threads();
    cblas_sgemv(CblasRowMajor, transpose ? CblasTrans : CblasNoTrans, (blasint)rows, (blasint)columns, 1, a, (blasint)columns,
                x, 1, 0, y, 1);
}
