/* Arenas: pieces are zeroed and aligned, the cap holds, a reset keeps the memory. */
#include "tests/test.h"

#include "core/base/arena.h"

FV_TEST(base_arena__pieces_are_zeroed_aligned_and_apart) {
    FV_OWNED(fv_arena) arena = NULL;
    FV_OK(fv_arena_new("pieces", 64 << 20, &arena));
    unsigned char *before = NULL;
    for (int round = 0; round < 3; round++, fv_arena_reset(arena))
        for (int64_t size = 0; size < 3000; size += 1 + size / 5) {
            unsigned char *piece;
            FV_OK(fv_arena_take(arena, size, &piece));
            assert_int_equal((uintptr_t)piece % (size >= 64 ? 64 : 16), 0);
            for (int64_t i = 0; i < size; i++) assert_int_equal(piece[i], 0);
            memset(piece, 0xFF, (size_t)size); /* into a neighbour shows when that is read as zero, or under ASan */
            assert_ptr_not_equal(piece, before);
            before = piece;
        }
}

FV_TEST(base_arena__a_piece_larger_than_any_chunk_is_given) {
    FV_OWNED(fv_arena) arena = NULL;
    char *piece;
    FV_OK(fv_arena_new("large", 64 << 20, &arena));
    FV_OK(fv_arena_take(arena, 30 << 20, &piece));
    piece[(30 << 20) - 1] = 1;
    assert_int_equal(fv_arena_used(arena), 30 << 20);
}

FV_TEST(base_arena__the_cap_is_reached_and_not_passed) {
    FV_OWNED(fv_arena) arena = NULL;
    void *piece;
    FV_OK(fv_arena_new("model graph", 1024, &arena));
    for (int i = 0; i < 16; i++) FV_OK(fv_arena_alloc(arena, 8, 8, &piece));
    assert_int_equal(fv_arena_used(arena), 1024);
    FV_FAILS(fv_arena_alloc(arena, 1, 1, &piece), FV_MEMORY, "model graph");
    assert_null(piece);
    fv_arena_reset(arena);
    assert_int_equal(fv_arena_used(arena), 0);
    FV_FAILS(fv_arena_alloc(arena, 1025, 1, &piece), FV_MEMORY, "1024");
    FV_OK(fv_arena_alloc(arena, 1024, 1, &piece));
}

FV_TEST(base_arena__refuses_sizes_that_do_not_fit) {
    FV_OWNED(fv_arena) arena = NULL;
    void *piece;
    FV_OK(fv_arena_new("sizes", INT64_MAX, &arena));
    FV_FAILS(fv_arena_alloc(arena, INT64_MAX, 2, &piece), FV_MEMORY, "sizes");
    FV_FAILS(fv_arena_alloc(arena, INT64_MAX, 1, &piece), FV_MEMORY, "sizes");
    FV_FAILS(fv_arena_alloc(arena, -1, 8, &piece), FV_MEMORY, "-1");
    FV_OK(fv_arena_alloc(arena, 1, 8, &piece));
}

FV_TEST(base_arena__the_same_use_allocates_nothing_after_a_reset) {
    FV_OWNED(fv_arena) arena = NULL;
    void *piece, *first = NULL;
    int64_t held = 0;
    FV_OK(fv_arena_new("batch", 8 << 20, &arena));
    for (int round = 0; round < 4; round++, fv_arena_reset(arena)) {
        for (int64_t i = 1; i < 200; i++) FV_OK(fv_arena_alloc(arena, i * i % 977, 40, i == 1 ? &first : &piece));
        if (round == 0) held = fv_memory_live();
        assert_int_equal(fv_memory_live(), held);
    }
}

FV_TEST(base_arena__uses_that_vary_do_not_pile_up_memory) {
    FV_OWNED(fv_arena) arena = NULL;
    void *piece;
    int64_t before = fv_memory_live(), cap = 100000;
    FV_OK(fv_arena_new("requests", cap, &arena));
    for (int64_t round = 1; round < 300; round++, fv_arena_reset(arena))
        for (int64_t left = cap, size = 16 * round; left >= size + 16; left -= size + 16)
            FV_OK(fv_arena_alloc(arena, size, 1, &piece));
    assert_true(fv_memory_live() - before < 8 * cap);
}

FV_TEST(base_arena__copies_texts_and_formats) {
    FV_OWNED(fv_arena) arena = NULL;
    const char *text, *nothing = "x", *formatted;
    void *bytes;
    char source[] = "weights";
    FV_OK(fv_arena_new("texts", 1 << 20, &arena));
    FV_OK(fv_arena_text(arena, source, &text));
    FV_OK(fv_arena_text(arena, NULL, &nothing));
    FV_OK(fv_arena_format(arena, &formatted, "%s.%d", "layer4", 2));
    FV_OK(fv_arena_copy(arena, source, 3, &bytes));
    source[0] = 'X';
    assert_string_equal(text, "weights");
    assert_null(nothing);
    assert_string_equal(formatted, "layer4.2");
    assert_memory_equal(bytes, "wei", 3);
    FV_OK(fv_arena_copy(arena, NULL, 0, &bytes));
    fv_arena_free(NULL);
}

FV_TEST(base_arena__gives_everything_back) {
    int64_t before = fv_memory_live();
    fv_arena *arena;
    void *piece;
    FV_OK(fv_arena_new("all", 8 << 20, &arena));
    for (int i = 0; i < 100; i++) FV_OK(fv_arena_alloc(arena, 1000, 10, &piece));
    fv_arena_free(arena);
    assert_int_equal(fv_memory_live(), before);
}
