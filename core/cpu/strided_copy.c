/* shared: strided_copy.c - see strided_copy.h. Axes that lie alike on both sides are merged. Then two of them, `rows` and
 * `columns`, are copied together, by one of two loops:
 *
 *   runs    columns are contiguous on both sides, or `from` repeats one element: memcpy or filling, row by row
 *   tiles   they are not: TILE × TILE elements at a time, rows being the axis whose elements lie closest in `from`, so that a
 *           cache line is used up while it is there (a transposition)
 *
 * A unit is a part of the longer of the two, for one index of the other axes or for several. */
#include "core/cpu/strided_copy.h"

#include <string.h>

#include "core/base/parallel.h"
#include "core/base/size.h"

#define UNIT_BYTES ((int64_t)1 << 16)
#define SMALL_BYTES ((int64_t)1 << 14) /* what one thread copies sooner than the team is awake */
#define TILE 16

/* Length, and the steps on both sides. */
typedef struct axis {
    int64_t length, to, from;
} axis;

typedef struct copy copy;
struct copy {
    char *to;
    const char *from;
    int64_t size; /* bytes of an element; steps of axes are in elements */
    axis rows, columns, others[FV_RANK_MAX];
    int rank;                      /* of the others */
    int64_t indices;               /* of the others, in all */
    bool cut_rows;                 /* units are parts of rows, not of columns */
    int64_t part, parts, together; /* length of a part; how many there are; indices of the others in a unit */
    void (*run)(const copy *t, char *to, const char *from, axis rows, axis columns);
};

/* ---- the loops ---- */

static void repeat(char *to, const char *from, int64_t size, int64_t count) {
    if (size == 1)
        memset(to, *from, (size_t)count);
    else
        for (int64_t i = 0; i < count; i++) memcpy(to + i * size, from, (size_t)size);
}

static void run_runs(const copy *t, char *to, const char *from, axis rows, axis columns) {
    int64_t size = t->size;
    for (int64_t r = 0; r < rows.length; r++, to += rows.to * size, from += rows.from * size)
        if (columns.from)
            memcpy(to, from, (size_t)(columns.length * size));
        else
            repeat(to, from, size, columns.length);
}

#define TILES(name, element)                                                                                                   \
    static void name(const copy *t, char *to, const char *from, axis rows, axis columns) {                                     \
        (void)t;                                                                                                               \
        for (int64_t r = 0; r < rows.length; r += TILE)                                                                        \
            for (int64_t c = 0; c < columns.length; c += TILE) {                                                               \
                int64_t height = fv_min(TILE, rows.length - r), width = fv_min(TILE, columns.length - c);                      \
                element *y = (element *)to + r * rows.to + c * columns.to;                                                     \
                const element *x = (const element *)from + r * rows.from + c * columns.from;                                   \
                for (int64_t i = 0; i < height; i++, y += rows.to, x += rows.from)                                             \
                    for (int64_t j = 0; j < width; j++) y[j * columns.to] = x[j * columns.from];                               \
            }                                                                                                                  \
    }
TILES(run_tiles_1, uint8_t)
TILES(run_tiles_2, uint16_t)
TILES(run_tiles_4, uint32_t)
TILES(run_tiles_8, uint64_t)

/* ---- units ---- */

static void run_unit(void *context, int64_t unit, int thread) {
    (void)thread;
    const copy *t = context;
    int64_t begin = unit % t->parts * t->part, first = unit / t->parts * t->together;
    int64_t end = fv_min(first + t->together, t->indices), at[FV_RANK_MAX], to = 0, from = 0;
    axis rows = t->rows, columns = t->columns, *cut = t->cut_rows ? &rows : &columns;
    cut->length = fv_min(t->part, cut->length - begin);
    to = begin * cut->to;
    from = begin * cut->from;
    for (int64_t d = t->rank - 1, rest = first; d >= 0; rest /= t->others[d--].length) {
        at[d] = rest % t->others[d].length;
        to += at[d] * t->others[d].to;
        from += at[d] * t->others[d].from;
    }
    for (int64_t index = first; index < end; index++) {
        t->run(t, t->to + to * t->size, t->from + from * t->size, rows, columns);
        for (int d = t->rank - 1; d >= 0; d--) {
            to += t->others[d].to;
            from += t->others[d].from;
            if (++at[d] < t->others[d].length) break;
            to -= at[d] * t->others[d].to;
            from -= at[d] * t->others[d].from;
            at[d] = 0;
        }
    }
}

/* ---- choosing ---- */

/* Axes of one element are left out, neighbours that lie alike on both sides are one. */
static int merge_axes(const fv_tensor *to, const fv_tensor *from, axis axes[FV_RANK_MAX]) {
    int rank = 0;
    for (int d = 0; d < to->type.rank; d++) {
        axis next = { to->type.dims[d], to->strides[d], from->strides[d] };
        if (next.length == 1) continue;
        axis *last = rank ? &axes[rank - 1] : NULL;
        if (last && last->to == next.to * next.length && last->from == next.from * next.length)
            *last = (axis){ last->length * next.length, next.to, next.from };
        else
            axes[rank++] = next;
    }
    return rank;
}

static int64_t distance(int64_t step) { return step < 0 ? -step : step; }

/* The last axis becomes columns; rows are the one before it in runs, the closest of all in tiles. */
static void choose_axes(copy *t, axis axes[FV_RANK_MAX], int rank) {
    static const axis one = { 1, 0, 0 };
    t->columns = rank > 0 ? axes[--rank] : one;
    bool runs = t->columns.length == 1 || (t->columns.to == 1 && (t->columns.from == 1 || t->columns.from == 0));
    int rows = rank - 1;
    for (int d = 0; d < rank && !runs; d++)
        if (distance(axes[d].from) < distance(axes[rows].from)) rows = d;
    t->rows = rows >= 0 ? axes[rows] : one;
    for (int d = 0; d < rank; d++)
        if (d != rows) t->others[t->rank++] = axes[d];
    t->run = runs           ? run_runs
             : t->size == 1 ? run_tiles_1
             : t->size == 2 ? run_tiles_2
             : t->size == 4 ? run_tiles_4
                            : run_tiles_8;
}

static void cut_units(copy *t) {
    t->indices = 1;
    for (int d = 0; d < t->rank; d++) t->indices *= t->others[d].length;
    t->cut_rows = t->rows.length >= t->columns.length;
    int64_t length = t->cut_rows ? t->rows.length : t->columns.length, other = t->cut_rows ? t->columns.length : t->rows.length;
    int64_t bytes = other * t->size, part = fv_max(UNIT_BYTES / bytes / TILE, 1) * TILE;
    t->part = fv_min(part, length);
    t->parts = fv_ceil_div(length, t->part);
    t->together = t->parts > 1 ? 1 : fv_max(UNIT_BYTES / (length * bytes), 1);
}

void fv_strided_copy(const fv_tensor *to, const fv_tensor *from) {
    copy t = { .to = to->data, .from = from->data, .size = fv_dtype_size(to->type.dtype) };
    axis axes[FV_RANK_MAX];
    int64_t bytes = fv_type_bytes(&to->type);
    if (bytes == 0) return;
    choose_axes(&t, axes, merge_axes(to, from, axes));
    cut_units(&t);
    (bytes > SMALL_BYTES ? fv_parallel_for : fv_serial_for)(fv_ceil_div(t.indices, t.together) * t.parts, run_unit, &t);
}
