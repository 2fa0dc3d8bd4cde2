/* reduce_blocks.h - sum, mean, sum_like, max, min, argmax and variance, compiled once for each instruction set.
 *
 * The axes of x, neighbours of a kind merged, are seen as
 *
 *   [kept][reduced] … [rows][columns]        rows reduced, columns kept; columns is 1 where the last axis is reduced
 *
 * A block is a few rows at once (so that it has some hundred elements even where columns are few). It becomes f64 and is folded
 * into lanes, f64 too: one or two numbers for each element of a block. In the end the rows' lanes are joined, by halves, and
 * there is one for each column.
 *
 * Where axis 0 is reduced (the batch), each of the call's shards of it makes a partial result, and a fixed tree joins those. A
 * unit is one shard of one kept index and of up to LANES columns: what is folded, and in which order, follows from the shape.
 */
#ifndef FV_CPU_REDUCE_BLOCKS_H
#define FV_CPU_REDUCE_BLOCKS_H

#include <math.h>
#include <string.h>

#include "core/base/parallel.h"
#include "core/base/size.h"
#include "core/comm/shards.h"
#include "core/cpu/cost.h"
#include "core/ops/reduce.h"
#include "core/plan/kernel.h"

#define LANES 512
#define SMALL 8192 /* elements of x that one thread folds sooner than the team is awake */

/* ---- what is done to the elements: `a` and `b` are the numbers of lane 0, 1, … ---- */

typedef struct fold {
    double a, b; /* of an empty lane */
    /* Lanes 0 … count − 1 take x, whose lane 0 is of row number `row`. */
    void (*take)(double *restrict a, double *restrict b, const double *restrict x, int64_t count, double row);
    /* Lanes take the lanes `c` and `d`, which were folded apart from them; those are of later rows by `rows`, where that is
     * not in their numbers yet. */
    void (*join)(double *restrict a, double *restrict b, const double *restrict c, const double *restrict d, int64_t count,
                 double rows);
    double (*result)(double a, double b, double count);
} fold;

#define TAKE(name) static void name(double *restrict a, double *restrict b, const double *restrict x, int64_t count, double row)
#define JOIN(name)                                                                                                             \
    static void name(double *restrict a, double *restrict b, const double *restrict c, const double *restrict d,               \
                     int64_t count, double rows)
#define RESULT(name) static double name(double a, double b, double count)

TAKE(sum_take) {
    (void)b, (void)row;
    for (int64_t i = 0; i < count; i++) a[i] += x[i];
}

JOIN(sum_join) {
    (void)b, (void)d, (void)rows;
    for (int64_t i = 0; i < count; i++) a[i] += c[i];
}

RESULT(itself) { return (void)b, (void)count, a; }
RESULT(mean_result) { return (void)b, a / count; }

/* a: the sum, b: that of the squares. In f64, Σx² − (Σx)²/n loses nothing that f32 data had. */
TAKE(squares_take) {
    (void)row;
    for (int64_t i = 0; i < count; i++) {
        a[i] += x[i];
        b[i] += x[i] * x[i];
    }
}

JOIN(squares_join) {
    (void)rows;
    for (int64_t i = 0; i < count; i++) {
        a[i] += c[i];
        b[i] += d[i];
    }
}

static double squares_of(double a, double b, double count) {
    double squares = b - a * (a / count);
    return squares < 0 ? 0 : squares; /* NaN stays */
}
RESULT(variance_result) { return squares_of(a, b, count) / count; }
RESULT(unbiased_variance_result) { return squares_of(a, b, count) / (count - 1); }

/* NaN wins. */
#define EXTREME(name, beats)                                                                                                   \
    static inline double name(double a, double x) { return ((x beats a) | (x != x)) ? x : a; }                                 \
    TAKE(name##_take) {                                                                                                        \
        (void)b, (void)row;                                                                                                    \
        for (int64_t i = 0; i < count; i++) a[i] = name(a[i], x[i]);                                                           \
    }                                                                                                                          \
    JOIN(name##_join) {                                                                                                        \
        (void)b, (void)d, (void)rows;                                                                                          \
        for (int64_t i = 0; i < count; i++) a[i] = name(a[i], c[i]);                                                           \
    }
EXTREME(larger, >)
EXTREME(smaller, <)

/* a: the largest element, b: the number of its row, −1 while there is none; NaN is the largest, of equal ones the first counts.
 * While a block's rows lie side by side in the lanes, b is the number of the block's first row. */
TAKE(argmax_take) {
    for (int64_t i = 0; i < count; i++) {
        bool more = (x[i] > a[i]) | (b[i] < 0) | ((x[i] != x[i]) & (a[i] == a[i]));
        a[i] = more ? x[i] : a[i];
        b[i] = more ? row : b[i];
    }
}

JOIN(argmax_join) {
    for (int64_t i = 0; i < count; i++) {
        double at = d[i] < 0 ? d[i] : d[i] + rows;
        bool nan = c[i] != c[i], same = nan ? a[i] != a[i] : c[i] == a[i];
        bool more = (at >= 0) & ((b[i] < 0) | (c[i] > a[i]) | (nan & (a[i] == a[i])) | (same & (at < b[i])));
        a[i] = more ? c[i] : a[i];
        b[i] = more ? at : b[i];
    }
}

RESULT(argmax_result) { return (void)a, (void)count, b; }

static const fold sum_fold = { 0, 0, sum_take, sum_join, itself };
static const fold mean_fold = { 0, 0, sum_take, sum_join, mean_result };
static const fold variance_fold = { 0, 0, squares_take, squares_join, variance_result };
static const fold unbiased_variance_fold = { 0, 0, squares_take, squares_join, unbiased_variance_result };
static const fold max_fold = { -INFINITY, 0, larger_take, larger_join, itself };
static const fold min_fold = { INFINITY, 0, smaller_take, smaller_join, itself };
static const fold argmax_fold = { 0, -1, argmax_take, argmax_join, argmax_result };

/* ---- the axes ---- */

typedef struct nest {
    const fold *fold;
    const fv_tensor *x, *y;
    int outer; /* groups of axes in front of rows and columns */
    int64_t dims[FV_RANK_MAX], strides[FV_RANK_MAX];
    bool reduced[FV_RANK_MAX];
    int64_t kept, repeats, rows, columns; /* kept, repeats: outer indices that are kept, that are reduced */
    int64_t batch;                        /* length of axis 0 when it is reduced, else 1 */
    bool batch_of_rows;                   /* axis 0 is part of `rows`, not of `repeats` */
    const fv_call *call;
    int shards, first_shard, shards_here;
    int64_t first_row, count; /* number in the whole batch of row 0; elements of x that make one of y */
    double *partials;         /* [shard][a, b][result], when there are several shards */
} nest;

static void group_axes(nest *t, unsigned axes) {
    const fv_type *x = &t->x->type;
    for (int d = 0; d < x->rank; d++) {
        bool reduced = axes >> d & 1;
        if (x->dims[d] == 1) continue;
        if (t->outer == 0 || t->reduced[t->outer - 1] != reduced) {
            t->reduced[t->outer] = reduced;
            t->dims[t->outer++] = 1;
        }
        t->dims[t->outer - 1] *= x->dims[d];
    }
    t->columns = t->outer > 0 && !t->reduced[t->outer - 1] ? t->dims[--t->outer] : 1;
    t->batch_of_rows = t->outer == 1;
    t->rows = t->outer > 0 ? t->dims[--t->outer] : 1;
    t->kept = t->repeats = 1;
    int64_t stride = t->rows * t->columns;
    for (int d = t->outer - 1; d >= 0; d--) {
        t->strides[d] = stride;
        stride *= t->dims[d];
        *(t->reduced[d] ? &t->repeats : &t->kept) *= t->dims[d];
    }
    t->batch = x->rank > 0 && (axes & 1) ? fv_max(x->dims[0], 1) : 1;
}

static nest nest_of(const fv_call *call, unsigned axes, const fold *fold) {
    nest t = { .call = call, .fold = fold, .x = &call->inputs[0], .y = &call->outputs[0], .partials = call->scratch };
    group_axes(&t, axes);
    t.shards = t.shards_here = 1;
    t.count = t.repeats * t.rows;
    if (t.batch == 1) return t;
    t.shards = call->shards;
    t.first_shard = fv_shards_first(call);
    t.shards_here = fv_shards_here(call);
    t.count = fv_count_all(call, t.count);
    if (call->split && t.batch_of_rows) t.first_row = call->split->first * (t.rows / t.batch);
    return t;
}

static int64_t offset_of(const nest *t, int64_t kept, int64_t repeat) {
    int64_t offset = 0;
    for (int d = t->outer - 1; d >= 0; d--) {
        int64_t *index = t->reduced[d] ? &repeat : &kept;
        offset += *index % t->dims[d] * t->strides[d];
        *index /= t->dims[d];
    }
    return offset;
}

/* ---- a unit ---- */

typedef struct lanes {
    double a[LANES], b[LANES];
} lanes;

static void as_f64(const fv_tensor *x, int64_t offset, int64_t count, double *to) {
    const float *from = (const float *)x->data + offset;
    if (x->type.dtype == FV_F32)
        for (int64_t i = 0; i < count; i++) to[i] = from[i];
    else
        for (int64_t i = 0; i < count; i++) to[i] = fv_tensor_load(x, offset + i);
}

/* Folds rows [begin, end), `columns` of each from `offset` on. `together` rows make a block: more than one only where nothing
 * lies between them. */
static void fold_rows(const nest *t, lanes *l, int64_t offset, int64_t begin, int64_t end, int64_t columns, int64_t together) {
    double x[LANES];
    for (int64_t row = begin; row < end; row += together) {
        int64_t count = fv_min(together, end - row) * columns;
        as_f64(t->x, offset + row * t->columns, count, x);
        t->fold->take(l->a, l->b, x, count, (double)(t->first_row + row));
    }
}

/* `rows` × columns lanes to one row of them. */
static void join_rows(const nest *t, lanes *l, int64_t rows, int64_t columns) {
    while (rows > 1) {
        int64_t half = (rows + 1) / 2, behind = half * columns;
        t->fold->join(l->a, l->b, l->a + behind, l->b + behind, (rows - half) * columns, (double)half);
        rows = half;
    }
}

static void store_results(const nest *t, const double *a, const double *b, int64_t first, int64_t count) {
    for (int64_t i = 0; i < count; i++) fv_tensor_store(t->y, first + i, t->fold->result(a[i], b[i], (double)t->count));
}

static double *partial_of(const nest *t, int64_t shard) { return t->partials + shard * 2 * t->kept * t->columns; }

static void fold_unit(void *context, int64_t unit, int thread) {
    (void)thread;
    const nest *t = context;
    int64_t chunks = fv_ceil_div(t->columns, LANES), shard = t->first_shard + unit % t->shards_here;
    int64_t chunk = unit / t->shards_here % chunks, kept = unit / t->shards_here / chunks, first = chunk * LANES,
            columns = fv_min(LANES, t->columns - first);
    int64_t row = 0, rows = t->rows, repeat = 0, repeats = t->repeats; /* of this shard: [row, rows), [repeat, repeats) */
    int64_t *begin = t->batch_of_rows ? &row : &repeat, *end = t->batch_of_rows ? &rows : &repeats, each = *end / t->batch;
    if (t->shards > 1) {
        *begin = fv_shard_row(t->call, t->batch, shard) * each;
        *end = fv_shard_row(t->call, t->batch, shard + 1) * each;
    }
    int64_t together = chunks > 1 ? 1 : fv_max(fv_min(LANES / columns, rows - row), 1);
    lanes l;
    for (int64_t i = 0; i < together * columns; i++) l.a[i] = t->fold->a, l.b[i] = t->fold->b;
    for (; repeat < repeats; repeat++) fold_rows(t, &l, offset_of(t, kept, repeat) + first, row, rows, columns, together);
    join_rows(t, &l, together, columns);
    first += kept * t->columns;
    if (t->shards == 1) {
        store_results(t, l.a, l.b, first, columns);
        return;
    }
    memcpy(partial_of(t, shard) + first, l.a, (size_t)columns * sizeof(double));
    memcpy(partial_of(t, shard) + t->kept * t->columns + first, l.b, (size_t)columns * sizeof(double));
}

/* Results unit·LANES to the next: the shards' parts joined by the tree of parallel.h. */
static void join_unit(void *context, int64_t unit, int thread) {
    (void)thread;
    const nest *t = context;
    int64_t results = t->kept * t->columns, first = unit * LANES, count = fv_min(LANES, results - first);
    for (int stride = 1; stride < t->shards; stride *= 2)
        for (int i = 0; i + stride < t->shards; i += 2 * stride) {
            double *into = partial_of(t, i) + first, *from = partial_of(t, i + stride) + first;
            t->fold->join(into, into + results, from, from + results, count, 0);
        }
    store_results(t, t->partials + first, t->partials + results + first, first, count);
}

/* ---- the ops ---- */

static unsigned axes_of(const fv_call *call) {
    unsigned axes = 0;
    if (call->input_count > 1) return fv_sum_like_axes(&call->inputs[0].type, &call->inputs[1].type);
    fv_error_free(fv_reduce_axes(call->options, &call->inputs[0].type, &axes)); /* no error: `shape` has asked the same */
    return axes;
}

static void run(const fv_call *call, const fold *fold) {
    nest t = nest_of(call, axes_of(call), fold);
    int64_t results = t.kept * t.columns;
    if (results == 0) return;
    void (*units)(int64_t, fv_unit, void *) = fv_type_count(&t.x->type) > SMALL ? fv_parallel_for : fv_serial_for;
    units(t.kept * fv_ceil_div(t.columns, LANES) * t.shards_here, fold_unit, &t);
    int64_t bytes = 2 * results * (int64_t)sizeof(double);
    if (t.shards > 1) fv_shards_exchange(call, t.partials, bytes, bytes);
    if (t.shards > 1) units(fv_ceil_div(results, LANES), join_unit, &t);
}

static void run_sum(const fv_call *call) { run(call, &sum_fold); }
static void run_mean(const fv_call *call) { run(call, &mean_fold); }
static void run_max(const fv_call *call) { run(call, &max_fold); }
static void run_min(const fv_call *call) { run(call, &min_fold); }
static void run_argmax(const fv_call *call) { run(call, &argmax_fold); }
static void run_variance(const fv_call *call) {
    const fv_reduce_options *o = call->options;
    run(call, o->unbiased ? &unbiased_variance_fold : &variance_fold);
}

static const char *refuse_f64(const fv_call *call) { return call->inputs[0].type.dtype == FV_F64 ? FV_REFUSE_DTYPE : NULL; }

static int64_t scratch(const fv_call *call) {
    nest t = nest_of(call, axes_of(call), &sum_fold);
    return t.shards > 1 ? t.shards * 2 * t.kept * t.columns * (int64_t)sizeof(double) : 0;
}

static double cost(const fv_call *call) { return fv_cost_loop(call); }

#endif
