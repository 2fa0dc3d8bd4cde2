/* results.csv read back. */
#include "train/results.h"

#include <math.h>
#include <stdio.h>

#include "core/base/file.h"
#include "tests/test.h"

static char path[512];
static const char *with(const char *text) {
    snprintf(path, sizeof path, "%s/results.csv", fv_test_folder());
    FV_OK(fv_file_write(path, text, (int64_t)strlen(text), NULL));
    return path;
}

FV_TEST(train_results__gives_columns_by_name) {
    FV_OWNED(fv_arena) arena = NULL;
    fv_results results;
    const double *column;
    FV_OK(fv_arena_new("results", 1 << 20, &arena));
    FV_OK(fv_results_read(with("epoch,loss,seconds\n1,0.5,\n2,nan,3.25\n"), arena, &results));
    assert_int_equal(results.rows, 2);
    FV_OK(fv_results_column(&results, "seconds", arena, &column));
    assert_true(isnan(column[0]) && column[1] == 3.25);
    FV_OK(fv_results_column(&results, "loss", arena, &column));
    assert_true(column[0] == 0.5 && isnan(column[1]));
    FV_OK(fv_results_column(&results, "top1", arena, &column));
    assert_null(column);
    FV_OK(fv_results_read(with("epoch,loss"), arena, &results));
    assert_int_equal(results.rows, 0);
    FV_OK(fv_results_read(with(""), arena, &results));
    assert_int_equal(results.rows, 0);
}

FV_TEST(train_results__names_the_line_that_is_wrong) {
    FV_OWNED(fv_arena) arena = NULL;
    fv_results results;
    FV_OK(fv_arena_new("results", 1 << 20, &arena));
    FV_FAILS(fv_results_read(with("a,b\n1,2\n1\n"), arena, &results), FV_FORMAT, "line 3: not 2 columns");
    FV_FAILS(fv_results_read(with("a,b\n1,2,3\n"), arena, &results), FV_FORMAT, "line 2: not 2 columns");
    FV_FAILS(fv_results_read(with("a,b\n1,x\n"), arena, &results), FV_FORMAT, "line 2: \"x\" is no number");
}
