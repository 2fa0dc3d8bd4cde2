/* Counted memory and large blocks: zeroed, aligned, counted, and safe against sizes that do not fit. */
#include "tests/test.h"

#include "core/base/memory.h"

static int all_zero(const char *bytes, int64_t count) {
    for (int64_t i = 0; i < count; i++)
        if (bytes[i]) return 0;
    return 1;
}

FV_TEST(base_memory__gives_zeroed_aligned_memory_and_counts_it) {
    int64_t before = fv_memory_live();
    for (int64_t count = 0; count < 300; count++) {
        void *memory;
        FV_OK(fv_memory_alloc(count, 7, &memory));
        assert_non_null(memory);
        assert_int_equal((uintptr_t)memory % 16, 0);
        assert_true(all_zero(memory, count * 7));
        assert_true(fv_memory_live() >= before + count * 7);
        memset(memory, 0xAA, (size_t)count * 7);
        fv_memory_free(memory);
    }
    assert_int_equal(fv_memory_live(), before);
    fv_memory_free(NULL);
}

FV_TEST(base_memory__sizes_itself_from_the_pointer) {
    double *numbers;
    FV_OK(fv_memory_new(5, &numbers));
    numbers[4] = 1; /* a wrong size shows under ASan */
    fv_memory_free(numbers);
}

FV_TEST(base_memory__zero_bytes_give_pointers_of_their_own) {
    void *a, *b;
    FV_OK(fv_memory_alloc(0, 8, &a));
    FV_OK(fv_memory_alloc(8, 0, &b));
    assert_non_null(a);
    assert_ptr_not_equal(a, b);
    fv_memory_free(a);
    fv_memory_free(b);
}

FV_TEST(base_memory__refuses_sizes_that_do_not_fit) {
    void *memory = &memory;
    FV_FAILS(fv_memory_alloc(INT64_MAX, 2, &memory), FV_MEMORY, "9223372036854775807");
    assert_null(memory);
    FV_FAILS(fv_memory_alloc(-1, 8, &memory), FV_MEMORY, "-1");
    FV_FAILS(fv_memory_alloc(8, -1, &memory), FV_MEMORY, NULL);
    FV_FAILS(fv_memory_alloc(INT64_C(1) << 32, INT64_C(1) << 32, &memory), FV_MEMORY, NULL);
    assert_null(fv_memory_try(INT64_MAX, 16));
    FV_FAILS(fv_block_alloc(-1, 0, &memory), FV_MEMORY, NULL);
    FV_FAILS(fv_block_alloc(INT64_MAX, 0, &memory), FV_MEMORY, NULL);
    FV_FAILS(fv_block_alloc(INT64_MAX - (4 << 20), 0, &memory), FV_MEMORY, NULL);
    FV_FAILS(fv_block_alloc(INT64_C(1) << 60, 0, &memory), FV_MEMORY, NULL);
    assert_null(memory);
}

FV_TEST(base_memory__grows_and_keeps_what_was_there) {
    int64_t before = fv_memory_live(), count = 0, *numbers = NULL;
    for (int64_t next = 1; next < 5000; next = next * 3 + 1) {
        FV_OK(fv_memory_grow((void **)&numbers, count, next, sizeof *numbers));
        for (int64_t i = 0; i < count; i++) assert_int_equal(numbers[i], i + 1);
        for (int64_t i = count; i < next; i++) {
            assert_int_equal(numbers[i], 0);
            numbers[i] = i + 1;
        }
        count = next;
    }
    int64_t *same = numbers;
    FV_FAILS(fv_memory_grow((void **)&numbers, count, INT64_MAX / 4, sizeof *numbers), FV_MEMORY, NULL);
    assert_ptr_equal(numbers, same);
    assert_int_equal(numbers[count - 1], count);
    fv_memory_free(numbers);
    assert_int_equal(fv_memory_live(), before);
}

FV_TEST(base_memory__blocks_are_zeroed_aligned_counted_and_given_back) {
    static const int64_t sizes[] = { 0, 1, 63, 4096, 4097, (2 << 20) - 1, 2 << 20, (2 << 20) + 1, (9 << 20) + 12345 };
    int64_t before = fv_memory_live();
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (int touch = 0; touch < 2; touch++) {
            void *block;
            FV_OK(fv_block_alloc(sizes[i], touch, &block));
            assert_int_equal((uintptr_t)block % 64, 0);
            if (sizes[i] >= 2 << 20) assert_int_equal((uintptr_t)block % (2 << 20), 0);
            assert_true(all_zero(block, sizes[i]));
            memset(block, 0x55, (size_t)sizes[i]);
            assert_true(fv_memory_live() >= before + sizes[i]);
            fv_block_free(block, sizes[i]);
            assert_int_equal(fv_memory_live(), before);
        }
    fv_block_free(NULL, 100);
}

FV_TEST(base_memory__owned_memory_goes_with_its_scope) {
    int64_t before = fv_memory_live();
    {
        FV_OWNED(fv_memory) scratch = NULL;
        FV_OK(fv_memory_alloc(10, 10, &scratch));
        assert_true(fv_memory_live() > before);
    }
    assert_int_equal(fv_memory_live(), before);
}
