/* What ranks say to each other, with threads for ranks. */
#include <stdlib.h>
#include <unistd.h>

#include "tests/core/comm/ranks.h"
#include "tests/test.h"

#define EXPECT(condition)                                                                                                      \
    do {                                                                                                                       \
        if (!(condition)) return fv_fail(FV_BUG, "%s", #condition);                                                            \
    } while (0)

static fv_error *talk(fv_comm *comm, void *context) {
    (void)context;
    int rank = fv_comm_rank(comm), size = fv_comm_size(comm);
    for (int64_t round = 0; round < 50; round++) {
        int64_t numbers[3] = { 1, rank, round }, text = rank == size - 1 ? round : -1;
        FV_TRY(fv_comm_sum(comm, numbers, 3));
        EXPECT(numbers[0] == size && numbers[1] == (int64_t)size * (size - 1) / 2 && numbers[2] == size * round);
        FV_TRY(fv_comm_send(comm, size - 1, &text, sizeof text));
        EXPECT(text == round);
    }
    FV_TRY(fv_comm_same(comm, "colour", "blue"));
    return fv_comm_agree(comm, NULL);
}

FV_TEST(core_comm_threads__ranks_add_send_and_agree) {
    int sizes[] = { 1, 2, 3, 4, 8 };
    for (int i = 0; i < 5; i++) fv_test_ranks(sizes[i], 60, talk, NULL, NULL);
}

/* Rank r owns r + 1 pieces of 8 bytes, 24 apart. */
static fv_error *spread(fv_comm *comm, void *context) {
    (void)context;
    int64_t values[10 * 3], begins[] = { 0, 1, 3, 6, 10 };
    int rank = fv_comm_rank(comm);
    for (int i = 0; i < 30; i++) values[i] = -1 - rank;
    for (int64_t i = begins[rank]; i < begins[rank + 1]; i++) values[3 * i] = 100 * rank + i;
    fv_comm_spread(comm, &(fv_pieces){ values, 8, 24, begins });
    FV_TRY(fv_comm_error(comm));
    for (int r = 0; r < 4; r++)
        for (int64_t i = begins[r]; i < begins[r + 1]; i++)
            EXPECT(values[3 * i] == 100 * r + i && values[3 * i + 1] == -1 - rank && values[3 * i + 2] == -1 - rank);
    return NULL;
}

FV_TEST(core_comm_threads__every_rank_gets_the_others_pieces_and_nothing_between_them) {
    fv_test_ranks(4, 60, spread, NULL, NULL);
}

static fv_error *complain(fv_comm *comm, void *context) {
    (void)context;
    return fv_comm_agree(comm, fv_comm_rank(comm) == 1 ? fv_fail(FV_NOT_FOUND, "there is no folder here") : NULL);
}

FV_TEST(core_comm_threads__what_one_rank_complains_of_all_complain_of) {
    fv_error *errors[3];
    fv_test_ranks(3, 60, complain, NULL, errors);
    FV_FAILS(errors[0], FV_NOT_FOUND, "rank 1: there is no folder here");
    FV_FAILS(errors[1], FV_NOT_FOUND, "there is no folder here");
    FV_FAILS(errors[2], FV_NOT_FOUND, "rank 1: there is no folder here");
}

static fv_error *differ(fv_comm *comm, void *context) {
    (void)context;
    return fv_comm_same(comm, "kernels", fv_comm_rank(comm) == 2 ? "avx2" : "avx512");
}

FV_TEST(core_comm_threads__a_rank_that_differs_is_named_by_all) {
    fv_error *errors[3];
    fv_test_ranks(3, 60, differ, NULL, errors);
    for (int r = 0; r < 3; r++) FV_FAILS(errors[r], FV_CONFLICT, "kernels: rank 0 has avx512, rank 2 has avx2");
}

static fv_error *leave_or_wait(fv_comm *comm, void *context) {
    (void)context;
    int64_t one = 1;
    FV_TRY(fv_comm_sum(comm, &one, 1));
    if (fv_comm_rank(comm) == 1) return NULL;
    fv_error *error = fv_comm_sum(comm, &one, 1), *again = fv_comm_sum(comm, &one, 1);
    if (!again) return fv_error_free(error), fv_fail(FV_BUG, "an exchange after a failure went well");
    fv_error_free(again);
    return error;
}

FV_TEST(core_comm_threads__a_rank_that_leaves_is_named_at_once) {
    fv_error *errors[3];
    fv_test_ranks(3, 0, leave_or_wait, NULL, errors);
    FV_FAILS(errors[0], FV_IO, "has left");
    FV_OK(errors[1]);
    FV_FAILS(errors[2], FV_IO, "has left");
}

static fv_error *sleep_or_wait(fv_comm *comm, void *context) {
    (void)context;
    int64_t one = 1;
    if (fv_comm_rank(comm) == 1) usleep(600000);
    fv_error *error = fv_comm_sum(comm, &one, 1);
    if (fv_comm_rank(comm) == 0) usleep(900000); /* is there, and in no exchange, when rank 1 comes at last */
    return error;
}

FV_TEST(core_comm_threads__a_rank_that_does_not_come_is_named_at_its_deadline) {
    fv_error *errors[2];
    fv_test_ranks(2, 0.2, sleep_or_wait, NULL, errors);
    FV_FAILS(errors[0], FV_IO, "rank 1 of 2 did not come within 0.2 s");
    fv_error_free(errors[1]);
}

FV_TEST(core_comm_threads__refuses_absurd_numbers_of_ranks) {
    fv_comm *comms[1] = { NULL };
    FV_FAILS(fv_comm_threads(0, 1, comms), FV_USAGE, "0 ranks");
    FV_FAILS(fv_comm_threads(FV_RANKS_MAX + 1, 1, comms), FV_USAGE, "257 ranks");
}

FV_TEST(core_comm_threads__nobody_is_asked_for_by_a_process_of_its_own) {
    fv_comm *comm = NULL;
    unsetenv("OMPI_COMM_WORLD_SIZE");
    FV_OK(fv_comm_open(1, &comm));
    assert_null(comm);
    assert_int_equal(fv_comm_rank(comm), 0);
    assert_int_equal(fv_comm_size(comm), 1);
    assert_string_equal(fv_comm_source(comm), "alone");
}
