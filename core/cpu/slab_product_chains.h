/* slab_product_chains.h - the loops of slab_product_*.c, compiled once for each width of vector. */
#ifndef FV_CPU_SLAB_PRODUCT_CHAINS_H
#define FV_CPU_SLAB_PRODUCT_CHAINS_H

#include "core/base/size.h"
#include "core/cpu/lanes.h"
#include "core/cpu/slab_product.h"

#define VECTORS (FV_SLAB / LANES) /* of a line */
#ifndef PRODUCT
#define PRODUCT(x, y, sum) multiply_add(x, y, sum) /* sum + x·y, lane by lane */
#endif

/* Asks for part `part` of `parts` of what is wanted next. Inlined by force: GCC drops calls that do nothing but ask. */
static inline __attribute__((always_inline)) void look_ahead(const fv_slab_product *p, int64_t part, int64_t parts) {
    for (int i = 0; i < 2; i++) {
        const fv_slab_ahead *ahead = &p->ahead[i];
        int64_t rows = ahead->rows * (ahead->more + 1);
        for (int64_t n = rows * part / parts; n < rows * (part + 1) / parts; n++) {
            const float *row = ahead->at + n / ahead->rows * ahead->line + n % ahead->rows * ahead->row;
            for (int64_t j = 0; j < ahead->floats; j += FV_SLAB)
                __builtin_prefetch(row + j, 0, 2); /* into the second-level cache */
        }
    }
}

static inline __attribute__((always_inline)) void add_part(const fv_slab_product *p, int rows, int panels, const float *onto,
                                                           lanes sum[][2 * VECTORS]) {
#pragma GCC unroll 8
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 4
        for (int v = 0; v < panels * VECTORS; v++) sum[r][v] = load(onto + r * p->onto_row + v * LANES) + sum[r][v];
}

/* `rows` rows of one slab, `panels` panels of columns, from element (i, j) of c on, to which a and b belong; `onto`:
 * there may be products to add it to. These three are constants wherever this is inlined. */
static inline __attribute__((always_inline)) void chains_of_slab(const fv_slab_product *p, int rows, int panels, bool onto,
                                                                 const float *a, const float *b, int64_t i, int64_t j) {
    lanes sum[8][2 * VECTORS], line[2 * VECTORS];
    int64_t panel = p->b_panel, depth = p->depth, a_step = p->a_step, b_step = p->b_step;
#pragma GCC unroll 8
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 4
        for (int v = 0; v < panels * VECTORS; v++) sum[r][v] = all(0);
    for (int64_t k = 0; k < depth; k++, a += a_step, b += b_step) {
#pragma GCC unroll 4
        for (int v = 0; v < panels * VECTORS; v++) line[v] = load(b + v / VECTORS * panel + v % VECTORS * LANES);
#pragma GCC unroll 8
        for (int r = 0; r < rows; r++) {
            lanes x = all(a[r]);
#pragma GCC unroll 4
            for (int v = 0; v < panels * VECTORS; v++) sum[r][v] = PRODUCT(x, line[v], sum[r][v]);
        }
    }
    for (int o = 0; onto && o < p->onto_count; o++) add_part(p, rows, panels, p->onto[o] + i * p->onto_row + j, sum);
    float *c = p->c + i * p->c_row + j;
#pragma GCC unroll 8
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 4
        for (int v = 0; v < panels * VECTORS; v++) {
            float *at = c + r * p->c_row + v * LANES;
            if (p->add) sum[r][v] = load(at) + sum[r][v];
            store(at, sum[r][v]);
        }
}

/* name is that for a product alone, name_onto the one for a product that is added to others: rare, and in need of registers
 * that the first would have to save. */
typedef void slab_part(const fv_slab_product *p, const float *a, const float *b, int64_t i, int64_t j);
#define DEFINE_SLAB_PART(name, rows, panels)                                                                                   \
    static __attribute__((noinline)) void name(const fv_slab_product *p, const float *a, const float *b, int64_t i,            \
                                               int64_t j) {                                                                    \
        chains_of_slab(p, rows, panels, false, a, b, i, j);                                                                    \
    }                                                                                                                          \
    static __attribute__((noinline)) void name##_onto(const fv_slab_product *p, const float *a, const float *b, int64_t i,     \
                                                      int64_t j) {                                                             \
        chains_of_slab(p, rows, panels, true, a, b, i, j);                                                                     \
    }

/* All columns, two panels at a time, which stay in the first-level cache while the slabs pass by, `rows` of their rows at a
 * time: `two` makes those by two panels, `one` by the last, where it is alone. */
static inline __attribute__((always_inline)) void multiply_by_two_panels(const fv_slab_product *p, int rows, slab_part *two,
                                                                         slab_part *one) {
    int64_t part = 0, parts = fv_ceil_div(p->columns, 2 * FV_SLAB) * fv_ceil_div(p->rows, rows);
    for (int64_t j = 0; j < p->columns; j += 2 * FV_SLAB) {
        const float *b = p->b + j / FV_SLAB * p->b_panel;
        for (int64_t i = 0; i < p->rows; i += rows) {
            look_ahead(p, part++, parts);
            const float *a = p->a + i / FV_SLAB * p->a_slab + i % FV_SLAB;
            (j + FV_SLAB < p->columns ? two : one)(p, a, b, i, j);
        }
    }
}

/* The whole product by 8 rows and two panels at a time. */
#define DEFINE_SLAB_MULTIPLY(name)                                                                                             \
    DEFINE_SLAB_PART(two_panels, 8, 2)                                                                                         \
    DEFINE_SLAB_PART(one_panel, 8, 1)                                                                                          \
    void name(const fv_slab_product *p) {                                                                                      \
        bool onto = p->onto_count > 0;                                                                                         \
        multiply_by_two_panels(p, 8, onto ? two_panels_onto : two_panels, onto ? one_panel_onto : one_panel);                  \
    }

#endif
