/* Placing buffers: nothing that lives at the same time overlaps, and little is wasted. */
#include "core/base/random.h"
#include "core/plan/plan.h"
#include "tests/test.h"

#define COUNT 300

static bool overlap(const fv_buffer *a, const fv_buffer *b) {
    bool together = a->first <= b->last && b->first <= a->last;
    return together && a->offset < b->offset + b->bytes && b->offset < a->offset + a->bytes;
}

FV_TEST(core_plan_place__buffers_alive_together_never_overlap) {
    for (uint32_t round = 0; round < 20; round++) {
        fv_buffer buffers[COUNT];
        fv_random random = fv_random_at(7, round, 0, 0);
        FV_OWNED(fv_arena) arena = NULL;
        int64_t bytes, most = 0;
        FV_OK(fv_arena_new("test", 1 << 24, &arena));
        for (int i = 0; i < COUNT; i++) {
            int32_t first = (int32_t)fv_random_below(&random, 100), life = (int32_t)fv_random_below(&random, 12);
            buffers[i] = (fv_buffer){ .bytes = 64 * (1 + fv_random_below(&random, 900)),
                                      .first = first,
                                      .last = life == 0 ? FV_FOREVER : first + life };
        }
        FV_OK(fv_buffers_assign(buffers, COUNT, arena, &bytes));
        for (int32_t step = 0; step < 120; step++) {
            int64_t alive = 0;
            for (int i = 0; i < COUNT; i++)
                if (buffers[i].first <= step && step <= buffers[i].last) alive += buffers[i].bytes;
            most = alive > most ? alive : most;
        }
        for (int i = 0; i < COUNT; i++) {
            assert_true(buffers[i].offset % 64 == 0 && buffers[i].offset >= 0 && buffers[i].offset + buffers[i].bytes <= bytes);
            for (int j = 0; j < i; j++) assert_false(overlap(&buffers[i], &buffers[j]));
        }
        assert_true(bytes < most + most / 4); /* what must be there at once, and a quarter */
    }
}
