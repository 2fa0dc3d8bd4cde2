/* The product of slabs by vectors of 16 against that by vectors of 8: the same bits. */
#include "core/cpu/slab_product.h"

#include "core/base/size.h"
#include "core/plan/kernel.h"
#include "tests/test.h"

#if defined(__x86_64__)

#define DEPTH_MAX 20
#define ROWS_MAX 48
#define COLUMNS_MAX 64

static float a[ROWS_MAX * DEPTH_MAX], b[COLUMNS_MAX * DEPTH_MAX];
static float eight[ROWS_MAX * COLUMNS_MAX], sixteen[ROWS_MAX * COLUMNS_MAX], alone[ROWS_MAX * COLUMNS_MAX];
static float earlier[FV_SLAB_ONTO][ROWS_MAX * COLUMNS_MAX];

static float number(int64_t i) { return (float)((uint32_t)(i * 2654435761u) >> 8) / (float)(1 << 22) - 2.0f; }

/* Lines one after another, or (`apart`) in rows of several. Rows and columns that are there are compared; beyond a multiple of
 * 8 rows and of 16 columns nothing may be written. */
static void check(int64_t rows, int64_t columns, int64_t depth, bool add, bool apart) {
    for (int64_t i = 0; i < ROWS_MAX * COLUMNS_MAX; i++) eight[i] = sixteen[i] = number(i + 123);
    fv_slab_product p = {
        .a = a,
        .b = b,
        .a_slab = apart ? FV_SLAB : DEPTH_MAX * FV_SLAB,
        .a_step = apart ? ROWS_MAX : FV_SLAB,
        .b_panel = apart ? FV_SLAB : DEPTH_MAX * FV_SLAB,
        .b_step = apart ? COLUMNS_MAX : FV_SLAB,
        .ahead = { { .at = a, .row = ROWS_MAX, .rows = depth, .floats = rows },
                   { .at = b, .row = COLUMNS_MAX, .rows = 1, .floats = columns, .more = depth - 1, .line = COLUMNS_MAX } },
        .rows = rows,
        .columns = columns,
        .depth = depth,
        .add = add,
        .c = eight,
        .c_row = COLUMNS_MAX
    };
    fv_slab_multiply_avx2(&p);
    p.c = sixteen;
    fv_slab_multiply_avx512(&p);
    for (int64_t i = 0; i < ROWS_MAX; i++)
        for (int64_t j = 0; j < COLUMNS_MAX; j++) {
            int64_t at = i * COLUMNS_MAX + j;
            if (i < rows && j < columns) assert_memory_equal(&eight[at], &sixteen[at], sizeof *eight);
            if (i < fv_round_up(rows, 8) && j < fv_round_up(columns, FV_SLAB)) continue;
            float before = number(at + 123);
            assert_memory_equal(&eight[at], &before, sizeof before);
            assert_memory_equal(&sixteen[at], &before, sizeof before);
        }
}

static void check_all(void) {
    for (int64_t i = 0; i < ROWS_MAX * DEPTH_MAX; i++) a[i] = number(i);
    for (int64_t i = 0; i < COLUMNS_MAX * DEPTH_MAX; i++) b[i] = number(i + 7777);
    for (int64_t rows = 1; rows <= ROWS_MAX; rows++)
        for (int64_t columns = 1; columns <= COLUMNS_MAX; columns += 5)
            for (int64_t depth = 0; depth <= DEPTH_MAX; depth += 5)
                for (int how = 0; how < 2; how++) check(rows, columns, depth, (rows + depth) % 2, how);
}

/* Earlier products are added as a loop behind the product would do it, and nothing beside it is written. */
static void check_onto(int64_t rows, int64_t columns, int64_t depth, int count, bool add) {
    for (int64_t i = 0; i < ROWS_MAX * COLUMNS_MAX; i++) eight[i] = sixteen[i] = alone[i] = number(i + 123);
    fv_slab_product p = { .a = a,
                          .b = b,
                          .a_slab = DEPTH_MAX * FV_SLAB,
                          .a_step = FV_SLAB,
                          .b_panel = DEPTH_MAX * FV_SLAB,
                          .b_step = FV_SLAB,
                          .rows = rows,
                          .columns = columns,
                          .depth = depth,
                          .c = alone,
                          .c_row = COLUMNS_MAX };
    fv_slab_multiply_avx2(&p);
    p.add = add, p.onto_count = count, p.onto_row = COLUMNS_MAX;
    for (int o = 0; o < count; o++) p.onto[o] = earlier[o];
    p.c = eight;
    fv_slab_multiply_avx2(&p);
    p.c = sixteen;
    (fv_isa_best() >= FV_ISA_AVX512 ? fv_slab_multiply_avx512 : fv_slab_multiply_avx2)(&p);
    for (int64_t i = 0; i < ROWS_MAX; i++)
        for (int64_t j = 0; j < COLUMNS_MAX; j++) {
            int64_t at = i * COLUMNS_MAX + j;
            bool there = i < rows && j < columns, beside = i >= fv_round_up(rows, 8) || j >= fv_round_up(columns, FV_SLAB);
            float sum = there ? alone[at] : number(at + 123);
            for (int o = 0; o < count && there; o++) sum = earlier[o][at] + sum;
            if (add && there) sum = number(at + 123) + sum;
            if (!there && !beside) continue;
            assert_memory_equal(&eight[at], &sum, sizeof sum);
            assert_memory_equal(&sixteen[at], &sum, sizeof sum);
        }
}

#endif

FV_TEST(core_cpu_slab_product__is_added_to_earlier_ones_in_their_order) {
#if defined(__x86_64__)
    if (fv_isa_best() >= FV_ISA_AVX2) {
        for (int64_t i = 0; i < ROWS_MAX * DEPTH_MAX; i++) a[i] = number(i);
        for (int64_t i = 0; i < COLUMNS_MAX * DEPTH_MAX; i++) b[i] = number(i + 7777);
        for (int o = 0; o < FV_SLAB_ONTO; o++)
            for (int64_t i = 0; i < ROWS_MAX * COLUMNS_MAX; i++) earlier[o][i] = number(i * (o + 2) + 31);
        for (int count = 0; count <= FV_SLAB_ONTO; count++)
            for (int64_t rows = 1; rows <= ROWS_MAX - 8; rows += 6)
                for (int64_t columns = 3; columns <= COLUMNS_MAX; columns += 10)
                    check_onto(rows, columns, (rows + columns) % DEPTH_MAX, count, (rows + count) % 2);
        return;
    }
#endif
    skip(); /* no AVX2 here */
}

FV_TEST(core_cpu_slab_product__gives_the_same_bits_by_vectors_of_8_and_of_16) {
#if defined(__x86_64__)
    if (fv_isa_best() >= FV_ISA_AVX512) {
        check_all();
        return;
    }
#endif
    skip(); /* no AVX-512 here */
}
