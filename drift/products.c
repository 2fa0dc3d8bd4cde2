/* shared: products.c - see products.h. */
#include "drift/products.h"

#include <cblas.h>
#include <pthread.h>
#include <stdbool.h>

/* OpenMP's threads in it would run beside our team; how many it uses is a setting of the calling thread. */
static void use_one_thread(void) {
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static _Thread_local bool said;
    if (said) return;
    pthread_mutex_lock(&lock);
    openblas_set_num_threads(1);
    pthread_mutex_unlock(&lock);
    said = true;
}

void fv_product(const float *a, const float *b, int64_t rows, int64_t columns, int64_t depth, float *out, int64_t stride) {
    use_one_thread();
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (blasint)rows, (blasint)columns, (blasint)depth, 1, a,
                (blasint)depth, b, (blasint)columns, 0, out, (blasint)stride);
}

void fv_product_transposed(const float *a, const float *b, int64_t rows, int64_t columns, int64_t depth, float *out,
                           int64_t stride) {
    use_one_thread();
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (blasint)rows, (blasint)columns, (blasint)depth, 1, a, (blasint)depth,
                b, (blasint)depth, 0, out, (blasint)stride);
}
