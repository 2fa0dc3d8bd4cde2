/* Copies between layouts of memory against the definition, element by element. */
#include "core/cpu/strided_copy.h"

#include "core/base/arena.h"
#include "core/base/parallel.h"
#include "core/base/size.h"
#include "core/ops/elements.h"
#include "tests/test.h"

/* Strides of x in the order `order` of axes, the last of which lies closest, with `gap` elements between neighbours. */
static fv_tensor laid_out(fv_type type, const int *order, int64_t gap, void *data) {
    fv_tensor x = { .type = type, .data = data };
    int64_t stride = gap;
    for (int i = type.rank - 1; i >= 0; i--) {
        x.strides[order[i]] = stride;
        stride *= type.dims[order[i]];
    }
    return x;
}

/* Copies `from` into two tensors like `to`, once by the definition; all of their memory must agree, gaps too. */
static void check(const fv_tensor *to, const fv_tensor *from, int64_t memory) {
    FV_OWNED(fv_arena) arena = NULL;
    fv_tensor want = *to, have = *to;
    FV_OK(fv_arena_new("copies", (int64_t)1 << 30, &arena));
    FV_OK(fv_arena_alloc(arena, memory, 1, &want.data));
    FV_OK(fv_arena_alloc(arena, memory, 1, &have.data));
    fv_elements_copy(&want, from);
    fv_strided_copy(&have, from);
    assert_memory_equal(have.data, want.data, (size_t)memory);
}

/* From memory in one order of axes to another, elements apart or not, some of them repeated, some walked backwards. */
static void check_orders(fv_type type, const int *to_order, const int *from_order) {
    FV_OWNED(fv_arena) arena = NULL;
    int64_t size = fv_dtype_size(type.dtype), bytes = fv_type_count(&type) * size * 3;
    uint8_t *data = NULL;
    FV_OK(fv_arena_new("a source", (int64_t)1 << 30, &arena));
    FV_OK(fv_arena_take(arena, bytes + 1, &data));
    for (int64_t i = 0; i < bytes; i++) data[i] = (uint8_t)(i * 2654435761U >> 7);
    for (int64_t gap = 1; gap <= 3; gap += 2) {
        fv_tensor to = laid_out(type, to_order, gap, NULL), from = laid_out(type, from_order, 1, data);
        check(&to, &from, bytes + 1);
        fv_tensor apart = laid_out(type, from_order, 3, data);
        check(&to, &apart, bytes + 1);
        for (int d = 0; d < type.rank; d++) {
            fv_tensor repeated = from, backwards = from;
            repeated.strides[d] = 0;
            check(&to, &repeated, bytes + 1);
            backwards.strides[d] = -from.strides[d];
            backwards.data = data + (fv_max(type.dims[d], 1) - 1) * from.strides[d] * size;
            check(&to, &backwards, bytes + 1);
        }
    }
}

FV_TEST(core_cpu_strided_copy__moves_every_element_where_the_definition_does) {
    static const fv_dtype dtypes[] = { FV_U8, FV_F16, FV_F32, FV_I64 };
    static const int orders[][4] = { { 0, 1, 2, 3 }, { 0, 2, 3, 1 }, { 0, 3, 1, 2 }, { 3, 2, 1, 0 }, { 1, 0, 3, 2 } };
    static const int64_t dims[][4] = { { 2, 3, 5, 7 }, { 2, 17, 3, 18 }, { 1, 1, 20, 33 }, { 3, 0, 2, 2 }, { 1, 1, 1, 1 } };
    for (int i = 0; i < 4; i++)
        for (int a = 0; a < 5; a++)
            for (int b = 0; b < 5; b++)
                for (int d = 0; d < 5; d++) check_orders(fv_type_make(dtypes[i], dims[d], 4), orders[a], orders[b]);
}

/* Large enough for several units, whichever axis they cut. */
FV_TEST(core_cpu_strided_copy__moves_large_tensors_in_units) {
    static const int row_order[] = { 0, 1 }, column_order[] = { 1, 0 };
    static const int64_t dims[][2] = { { 3, 20001 }, { 20001, 3 }, { 217, 311 }, { 1, 40003 }, { 9001, 5 } };
    for (int d = 0; d < 5; d++) {
        check_orders(fv_type_make(FV_F32, dims[d], 2), row_order, row_order);
        check_orders(fv_type_make(FV_F32, dims[d], 2), row_order, column_order);
        check_orders(fv_type_make(FV_U8, dims[d], 2), column_order, row_order);
    }
}

FV_TEST(core_cpu_strided_copy__a_scalar_has_one_element) {
    double from = 3, to = 0;
    fv_type type = fv_type_of(FV_F64);
    fv_tensor x = fv_tensor_of(&type, &from), y = fv_tensor_of(&type, &to);
    fv_strided_copy(&y, &x);
    assert_true(to == 3);
}
