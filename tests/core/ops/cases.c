/* The cases that ops carry, all of them: gradients against central differences, kernels against the reference. */
#include "core/plan/selftest.h"
#include "tests/test.h"

typedef struct tally {
    int failed, passed;
} tally;

static void count(void *context, const fv_selftest_result *result) {
    tally *t = context;
    if (result->failed) print_error("%s\n", result->failure);
    t->failed += result->failed;
    t->passed += !result->failed && !result->note;
}

static void run_all(fv_selftest_mode mode) {
    tally all = { 0 };
    for (int i = 0; i < fv_op_table_count; i++) {
        fv_error *error = fv_selftest_op(fv_op_table[i], mode, count, &all);
        if (error) {
            char text[1024];
            print_error("%s\n", fv_error_format(error, text, sizeof text));
            fv_error_free(error);
            all.failed++;
        }
    }
    assert_int_equal(all.failed, 0);
    assert_true(all.passed > 50);
}

/* Not under ThreadSanitizer: references compute on one thread. */
FV_TEST(core_ops_cases__gradients_equal_central_differences) { run_all(FV_SELFTEST_GRADIENT); }
FV_TEST(core_ops_cases__kernels_equal_the_reference_on_any_number_of_threads) { run_all(FV_SELFTEST_KERNELS); }

FV_TEST(core_ops_cases__every_op_says_what_it_is_and_has_a_case) {
    for (int i = 0; i < fv_op_table_count; i++) {
        const fv_op *op = fv_op_table[i];
        bool plain = !(op->flags & (FV_OP_SOURCE | FV_OP_EFFECT));
        if (!op->summary || !op->shape || (plain && !op->grad) || (plain && (!op->cases || !op->cases[0])) ||
            (plain && !op->reference && !(op->flags & FV_OP_VIEW)))
            fail_msg("op %s lacks a summary, shape, gradient statement, case or reference", op->name);
        for (const fv_field *field = op->fields; field && field->name; field++)
            if (!field->help) fail_msg("op %s: option %s has no help", op->name, field->name);
    }
}
