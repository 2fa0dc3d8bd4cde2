/* whitening.c - filters made from the training pictures: the first convolution of a network whose weight is initialised by
 * "whitening" gets eigenvectors of the second moments of patches, of the window's size, of the first 5,000 pictures as they
 * come in evaluation. Filter i is vector i, by falling eigenvalue, divided by √(eigenvalue + ε); filter n + i is its negative.
 * The entry of a vector that is largest in size is positive, so that the filters are defined. Sums are f64 in the pictures'
 * order. */
#include <math.h>
#include <string.h>

#include "core/base/size.h"
#include "core/graph/node.h" /* a state's initialiser text */
#include "layers/initializer.h"
#include "train/trainer.h"

#define PICTURES 5000
#define SWEEPS_MAX 100

/* The moments of patches of rows × columns × channels: n × n, and how many patches. */
typedef struct moments {
    int64_t rows, columns, channels, n, patches;
    double *sum, *patch, *vectors;
} moments;

static void add_patch(moments *m, const float *picture, int64_t width) {
    int64_t row = m->columns * m->channels;
    for (int64_t r = 0; r < m->rows; r++)
        for (int64_t i = 0; i < row; i++) m->patch[r * row + i] = picture[r * width * m->channels + i];
    for (int64_t i = 0; i < m->n; i++)
        for (int64_t j = 0; j <= i; j++) m->sum[i * m->n + j] += m->patch[i] * m->patch[j];
    m->patches++;
}

static void add_picture(moments *m, const float *picture, fv_size size) {
    for (int64_t y = 0; y + m->rows <= size.height; y++)
        for (int64_t x = 0; x + m->columns <= size.width; x++)
            add_patch(m, picture + (y * size.width + x) * m->channels, size.width);
}

static fv_error *look_at_pictures(const fv_trainer *t, moments *m) {
    FV_OWNED(fv_loader) loader = NULL;
    fv_loader_options options = {
        .mode = FV_EVALUATION, .batch = 64, .workers = t->workers, .size = t->input, .cancel = t->options->cancel
    };
    FV_TRY(fv_loader_new(t->train, t->transforms, &options, &loader));
    FV_TRY(fv_loader_start(loader, 0, 0));
    for (int64_t seen = 0; seen < PICTURES;) {
        const fv_batch *batch;
        FV_TRY(fv_loader_next(loader, &batch));
        if (!batch) break;
        int64_t picture = batch->size.height * batch->size.width * batch->size.channels;
        for (int64_t i = 0; i < batch->count && seen < PICTURES; i++, seen++)
            add_picture(m, batch->images + i * picture, batch->size);
    }
    return NULL;
}

/* ---- eigenvectors ---- */

/* One rotation of Jacobi's method that makes a[p][q] zero; rows of `vectors` become eigenvectors. Golub and Van Loan, Matrix
 * Computations, section 8.5. */
static void rotate(double *a, double *vectors, int64_t n, int64_t p, int64_t q) {
    double apq = a[p * n + q];
    if (apq == 0) return;
    double theta = (a[q * n + q] - a[p * n + p]) / (2 * apq);
    double t = (theta < 0 ? -1 : 1) / (fabs(theta) + sqrt(1 + theta * theta)), c = 1 / sqrt(1 + t * t), s = t * c;
    for (int64_t k = 0; k < n; k++) {
        double kp = a[k * n + p], kq = a[k * n + q];
        a[k * n + p] = c * kp - s * kq;
        a[k * n + q] = s * kp + c * kq;
    }
    for (int64_t k = 0; k < n; k++) {
        double pk = a[p * n + k], qk = a[q * n + k], vp = vectors[p * n + k], vq = vectors[q * n + k];
        a[p * n + k] = c * pk - s * qk;
        a[q * n + k] = s * pk + c * qk;
        vectors[p * n + k] = c * vp - s * vq;
        vectors[q * n + k] = s * vp + c * vq;
    }
}

/* A symmetric matrix becomes diagonal: its eigenvalues, with their vectors as rows. */
static void find_eigenvectors(double *a, double *vectors, int64_t n) {
    for (int64_t i = 0; i < n * n; i++) vectors[i] = i % (n + 1) == 0;
    for (int sweep = 0; sweep < SWEEPS_MAX; sweep++) {
        double off = 0, on = 0;
        for (int64_t i = 0; i < n; i++)
            for (int64_t j = 0; j < n; j++) *(i == j ? &on : &off) += a[i * n + j] * a[i * n + j];
        if (off <= 1e-28 * on) return;
        for (int64_t p = 0; p < n; p++)
            for (int64_t q = p + 1; q < n; q++) rotate(a, vectors, n, p, q);
    }
}

/* ---- filters ---- */

static double sign_of(const double *vector, int64_t n) {
    int64_t largest = 0;
    for (int64_t i = 1; i < n; i++)
        if (fabs(vector[i]) > fabs(vector[largest])) largest = i;
    return vector[largest] < 0 ? -1 : 1;
}

static void store_filters(const moments *m, double epsilon, fv_tensor *weight) {
    for (int64_t i = 0; i < m->n; i++) {
        double value = m->sum[i * m->n + i];
        int64_t rank = 0; /* how many eigenvalues come before this one */
        for (int64_t j = 0; j < m->n; j++) {
            double other = m->sum[j * m->n + j];
            rank += other > value || (other == value && j < i);
        }
        const double *vector = m->vectors + i * m->n;
        double scale = sign_of(vector, m->n) / sqrt(fmax(value, 0) + epsilon);
        for (int64_t k = 0; k < m->n; k++) {
            fv_tensor_store(weight, rank * m->n + k, scale * vector[k]);
            fv_tensor_store(weight, (m->n + rank) * m->n + k, -scale * vector[k]);
        }
    }
}

static fv_error *fill(const fv_trainer *t, double epsilon, const char *name, fv_tensor *weight) {
    const int64_t *dims = weight->type.dims;
    moments m = { .rows = dims[1], .columns = dims[2], .channels = dims[3], .n = dims[1] * dims[2] * dims[3] };
    if (dims[3] != t->input.channels || dims[0] != 2 * m.n)
        return fv_fail(FV_SHAPE, "%s has %lld filters on %lld channels; whitening makes 2·%lld of the pictures' %lld", name,
                       (long long)dims[0], (long long)dims[3], (long long)m.n, (long long)t->input.channels);
    FV_OWNED(fv_arena) arena = NULL;
    FV_TRY(fv_arena_new("whitening", INT64_C(1) << 30, &arena));
    FV_TRY(fv_arena_take(arena, m.n * m.n, &m.sum));
    FV_TRY(fv_arena_take(arena, m.n, &m.patch));
    FV_TRY(fv_arena_take(arena, m.n * m.n, &m.vectors));
    FV_TRY(look_at_pictures(t, &m));
    for (int64_t i = 0; i < m.n; i++)
        for (int64_t j = 0; j <= i; j++)
            m.sum[i * m.n + j] = m.sum[j * m.n + i] = m.sum[i * m.n + j] / (double)fv_max(m.patches, 1);
    find_eigenvectors(m.sum, m.vectors, m.n);
    store_filters(&m, epsilon, weight);
    return NULL;
}

fv_error *fv_trainer_whiten(const fv_trainer *t) {
    fv_weights *weights = fv_model_weights(t->model);
    for (int32_t i = 0; i < t->step->count; i++) {
        const fv_node *node = t->step->nodes[i];
        const char *init = fv_node_is(node, "state") ? ((const fv_state_options *)node->options)->init : NULL;
        if (!init || strncmp(init, "whitening", strlen("whitening")) != 0) continue;
        const fv_initializer *initializer;
        void *options;
        FV_TRY(fv_initializer_parse(init, t->arena, &initializer, &options));
        if (initializer != &fv_initializer_whitening) continue;
        FV_TRY(fill(t, ((const fv_whitening_options *)options)->epsilon, node->name, fv_weights_find(weights, node->name)));
        fv_weights_changed(weights);
    }
    return NULL;
}
