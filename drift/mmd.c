/* mmd.c - squared maximum mean discrepancy, unbiased (Gretton et al., "A kernel two-sample test", JMLR 13, 2012, equation 3):
 *
 *   Σ_{i≠j} k(xᵢ, xⱼ) / n(n−1) + Σ_{i≠j} k(yᵢ, yⱼ) / m(m−1) − 2 Σ k(xᵢ, yⱼ) / nm,   k(a, b) = exp(−‖a − b‖² / 2σ²)
 *
 * with σ = √(½ · median ‖a − b‖²) over the pooled pairs, of evenly spaced rows where there are more than 2,000. p is (k + 1) /
 * (P + 1) for the k of P random relabellings of the pooled rows whose statistic is at least as large.
 *
 * Let K be the pooled kernel matrix without its diagonal and a the 0/1 vector of who is x. Then Σxx = aᵀKa, Σxy = 1ᵀKa − aᵀKa
 * and Σyy = 1ᵀK1 − 2 · 1ᵀKa + aᵀKa, so all relabellings together need the one product K·A, a column of A each. K is made a tile
 * at a time, of its upper half alone, multiplied, and forgotten: memory is that of A and of a tile a thread. Since a constant
 * taken from K changes nothing, exp(−1), the kernel at the median, is: what is left is small, and sums of it lose little. */
#include <float.h>
#include <string.h>

#include "core/base/parallel.h"
#include "core/base/random.h"
#include "core/base/size.h"
#include "drift/products.h"
#include "drift/statistic.h"

#define TILE 512
#define MEDIAN_ROWS 2000

typedef struct mmd_options {
    int64_t permutations, seed;
    double sigma;
} mmd_options;

static const fv_field fields[] = {
    FV_FIELD(mmd_options, permutations, .by_default = "100", .min = 1, .max = 100000,
             .help = "relabellings that p is counted over"),
    FV_FIELD(mmd_options, sigma, .by_default = "0", .min = 0, .max = INFINITY,
             .help = "width of the kernel; 0: by the median distance"),
    FV_FIELD(mmd_options, seed, .by_default = "0", .min = 0, .max = INFINITY, .help = "of the relabellings"), FV_FIELDS_END
};

/* What the tiles are made from. */
typedef struct pool {
    const fv_drift_sample *reference, *current;
    int64_t rows, columns, width; /* pooled; of a vector; of A: the sample itself, the relabellings, and ones */
    int64_t blocks;               /* of TILE rows */
    const float *labels;          /* A, rows × width */
    const float *norms;           /* of each row, squared */
    float scale;                  /* −1 / 2σ² */
    float *tiles, *products;      /* room of each thread */
    double *sums;                 /* of each unit: aᵀKa, then 1ᵀKa, of each column */
} pool;

/* Rows first…first+count−1 of the pooled ones, which may lie in both samples: then a copy in `room`. */
static const float *rows_at(const pool *p, int64_t first, int64_t count, float *room) {
    int64_t n = p->reference->rows, d = p->columns;
    if (first >= n) return p->current->vectors + (first - n) * d;
    if (first + count <= n) return p->reference->vectors + first * d;
    memcpy(room, p->reference->vectors + first * d, (size_t)((n - first) * d) * sizeof *room);
    memcpy(room + (n - first) * d, p->current->vectors, (size_t)((first + count - n) * d) * sizeof *room);
    return room;
}

static float squared_norm(const float *row, int64_t columns) {
    double sum = 0;
    for (int64_t i = 0; i < columns; i++) sum += (double)row[i] * (double)row[i];
    return (float)sum;
}

/* ---- the width of the kernel ---- */

static void swap(float *a, float *b) {
    float held = *a;
    *a = *b;
    *b = held;
}

/* The k-th smallest, by Hoare's selection; `values` is reordered. */
static float select(float *values, int64_t count, int64_t k) {
    int64_t low = 0, high = count - 1;
    while (low < high) {
        float pivot = values[low + (high - low) / 2];
        int64_t i = low, j = high;
        while (i <= j) {
            while (values[i] < pivot) i++;
            while (values[j] > pivot) j--;
            if (i <= j) swap(&values[i++], &values[j--]);
        }
        if (k <= j)
            high = j;
        else if (k >= i)
            low = i;
        else
            break;
    }
    return values[k];
}

/* The lower median of the squared distances. */
static fv_error *median_distance(const pool *p, fv_arena *scratch, double *out) {
    int64_t picked = fv_min(p->rows, MEDIAN_ROWS), d = p->columns, count = 0;
    float *rows, *norms, *dots, *distances;
    FV_TRY(fv_arena_take(scratch, picked * d, &rows));
    FV_TRY(fv_arena_take(scratch, picked, &norms));
    FV_TRY(fv_arena_take(scratch, picked, &dots));
    FV_TRY(fv_arena_take(scratch, picked * (picked - 1) / 2, &distances));
    for (int64_t i = 0; i < picked; i++) {
        int64_t from = i * p->rows / picked;
        memcpy(rows + i * d, rows_at(p, from, 1, NULL), (size_t)d * sizeof *rows);
        norms[i] = p->norms[from];
    }
    for (int64_t i = 1; i < picked; i++) {
        fv_product_transposed(rows + i * d, rows, 1, i, d, dots, i);
        for (int64_t j = 0; j < i; j++) distances[count++] = fmaxf(norms[i] + norms[j] - 2 * dots[j], 0);
    }
    *out = (double)select(distances, count, (count - 1) / 2);
    return NULL;
}

/* ---- the tiles ---- */

/* Unit number `unit` of the upper half's tiles, row by row. */
static void place_of(const pool *p, int64_t unit, int64_t *row, int64_t *column) {
    for (*row = 0; unit >= p->blocks - *row; (*row)++) unit -= p->blocks - *row;
    *column = *row + unit;
}

static void make_tile(const pool *p, int64_t i, int64_t rows, int64_t j, int64_t columns, float *room, float *tile) {
    const float shift = expf(-1);
    const float *a = rows_at(p, i, rows, room), *b = rows_at(p, j, columns, i == j ? room : room + TILE * p->columns);
    fv_product_transposed(a, b, rows, columns, p->columns, tile, columns);
    for (int64_t r = 0; r < rows; r++) {
        float *at = tile + r * columns, norm = p->norms[i + r];
        for (int64_t c = 0; c < columns; c++) {
            float distance = norm + p->norms[j + c] - 2 * at[c];
            at[c] = expf(p->scale * (distance > 0 ? distance : 0)) - shift;
        }
        if (i == j) at[r] = 0;
    }
}

static void run_unit(void *context, int64_t unit, int thread) {
    pool *p = context;
    int64_t block_row, block_column, width = p->width, ones = width - 1;
    place_of(p, unit, &block_row, &block_column);
    int64_t i = block_row * TILE, j = block_column * TILE, rows = fv_min(TILE, p->rows - i),
            columns = fv_min(TILE, p->rows - j);
    float *tile = p->tiles + thread * (TILE * TILE + 2 * TILE * p->columns), *product = p->products + thread * TILE * width;
    double *within = p->sums + unit * 2 * width, *all = within + width;
    make_tile(p, i, rows, j, columns, tile + TILE * TILE, tile);
    fv_product(tile, p->labels + j * width, rows, width, columns, product, width);
    /* A tile beside the diagonal stands for its mirror image too. */
    double twice = i == j ? 1 : 2, mirrored = i == j ? 0 : 1;
    for (int64_t r = 0; r < rows; r++) {
        const float *label = p->labels + (i + r) * width, *at = product + r * width;
        double row_sum = (double)at[ones] * mirrored;
        for (int64_t c = 0; c < width; c++) {
            within[c] += twice * (double)(label[c] * at[c]);
            all[c] += (double)at[c] + row_sum * (double)label[c];
        }
    }
}

/* ---- the test ---- */

/* A: column 0 is the sample as it is, the last is ones, those between are relabellings. */
static fv_error *make_labels(const pool *p, const mmd_options *o, fv_arena *scratch, float *labels) {
    int64_t *order, n = p->reference->rows;
    FV_TRY(fv_arena_take(scratch, p->rows, &order));
    for (int64_t i = 0; i < p->rows; i++) order[i] = i;
    for (int64_t c = 0; c < p->width - 1; c++) {
        fv_random random = fv_random_at((uint64_t)o->seed, fv_random_stream("mmd"), (uint32_t)c, 0);
        if (c) fv_random_shuffle(&random, order, p->rows);
        for (int64_t k = 0; k < n; k++) labels[order[k] * p->width + c] = 1;
    }
    for (int64_t i = 0; i < p->rows; i++) labels[i * p->width + p->width - 1] = 1;
    return NULL;
}

static double statistic_of(const pool *p, double within, double all, double everything) {
    double n = (double)p->reference->rows, m = (double)p->current->rows;
    return within / (n * (n - 1)) + (everything - 2 * all + within) / (m * (m - 1)) - 2 * (all - within) / (n * m);
}

static fv_error *lay_out(pool *p, const mmd_options *o, fv_arena *scratch) {
    int64_t threads = fv_parallel_threads();
    float *labels, *norms;
    p->rows = p->reference->rows + p->current->rows;
    p->columns = p->reference->columns;
    p->width = o->permutations + 2;
    p->blocks = fv_ceil_div(p->rows, TILE);
    FV_TRY(fv_arena_take(scratch, p->rows * p->width, &labels));
    FV_TRY(fv_arena_take(scratch, p->rows, &norms));
    FV_TRY(fv_arena_take(scratch, threads * (TILE * TILE + 2 * TILE * p->columns), &p->tiles));
    FV_TRY(fv_arena_take(scratch, threads * TILE * p->width, &p->products));
    FV_TRY(fv_arena_take(scratch, p->blocks * (p->blocks + 1) * p->width, &p->sums));
    for (int64_t i = 0; i < p->rows; i++) norms[i] = squared_norm(rows_at(p, i, 1, NULL), p->columns);
    p->norms = norms, p->labels = labels;
    return make_labels(p, o, scratch, labels);
}

static fv_error *test(const fv_drift_sample *reference, const fv_drift_sample *current, const void *raw, fv_arena *scratch,
                      fv_drift_value *out) {
    const mmd_options *o = raw;
    pool p = { .reference = reference, .current = current };
    double squared = 2 * o->sigma * o->sigma; /* 2σ² */
    FV_TRY(lay_out(&p, o, scratch));
    if (!(squared > 0)) FV_TRY(median_distance(&p, scratch, &squared));
    p.scale = squared > 0 ? (float)(-1 / squared) : -FLT_MAX; /* all rows alike: any width will do */
    int64_t units = p.blocks * (p.blocks + 1) / 2, reached = 0;
    fv_parallel_for(units, run_unit, &p);
    for (int64_t unit = 1; unit < units; unit++)
        for (int64_t c = 0; c < 2 * p.width; c++) p.sums[c] += p.sums[unit * 2 * p.width + c];
    const double *within = p.sums, *all = within + p.width;
    out->value = statistic_of(&p, within[0], all[0], within[p.width - 1]);
    for (int64_t c = 1; c <= o->permutations; c++)
        reached += statistic_of(&p, within[c], all[c], within[p.width - 1]) >= out->value;
    out->p = (double)(reached + 1) / (double)(o->permutations + 1);
    return NULL;
}

const fv_statistic fv_statistic_mmd = { .name = "mmd",
                                        .summary = "maximum mean discrepancy of vectors, with a permutation test",
                                        .fields = fields,
                                        .on = FV_ON_VECTORS,
                                        .threshold = NAN,
                                        .measure = test };
