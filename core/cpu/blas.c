/* shared: blas.c - OpenBLAS on one thread (blas.h). */
#include "core/cpu/blas.h"

#include <cblas.h>
#include <pthread.h>
#include <string.h>

#define OWN_THREADS 1 /* openblas_get_parallel(): 0 sequential, 1 threads of its own, 2 OpenMP */

static pthread_once_t once = PTHREAD_ONCE_INIT;
static const char *reason;

/* Setting its number of threads sets OpenMP's too, which our team does not go by: it names its own at every loop. */
static void look(void) {
    if (openblas_get_parallel() == OWN_THREADS)
        reason = "OpenBLAS with threads of its own (install libopenblas0-openmp)";
    else
        openblas_set_num_threads(1);
}

const char *fv_blas_refuse(void) {
    pthread_once(&once, look);
    return reason;
}

const char *fv_blas_core(void) { return openblas_get_corename(); }

void fv_blas_multiply(const fv_blas_product *p) {
    if (p->rows == 0 || p->columns == 0) return;
    cblas_sgemm(CblasRowMajor, p->transpose_a ? CblasTrans : CblasNoTrans, p->transpose_b ? CblasTrans : CblasNoTrans,
                (blasint)p->rows, (blasint)p->columns, (blasint)p->depth, 1, p->a, (blasint)p->a_row, p->b, (blasint)p->b_row,
                p->add, p->c, (blasint)p->c_row);
}

void fv_blas_multiply_vector(const float *a, int64_t rows, int64_t columns, bool transpose, const float *x, float *y) {
    memset(y, 0, (size_t)(transpose ? columns : rows) * sizeof *y);
    if (rows > 0 && columns > 0)
        cblas_sgemv(CblasRowMajor, transpose ? CblasTrans : CblasNoTrans, (blasint)rows, (blasint)columns, 1, a,
                    (blasint)columns, x, 1, 0, y, 1);
}
