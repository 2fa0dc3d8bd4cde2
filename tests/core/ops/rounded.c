/* Operands rounded to bf16, and products of them: PyTorch's numbers in tests/golden/rounded.txt (its script says what they are
 * and how near ours have to be), by each op's reference and by every kernel that there is. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/plan/plan.h"
#include "tests/core/ops/golden.h"
#include "tests/test.h"

#define LINE_MAX_BYTES 4096

/* The word at *at, which goes behind it. */
static char *next_word(char **at) {
    char *word = *at;
    *at += strcspn(word, " ");
    if (**at) *(*at)++ = 0;
    return word;
}

static float float_of(const char *bits) {
    uint32_t word = (uint32_t)strtoul(bits, NULL, 16);
    float value;
    return memcpy(&value, &word, sizeof value), value;
}

/* Calls `take` with what stands behind each `record` of the file. */
static void for_each(const char *record, void (*take)(char *line)) {
    static char text[LINE_MAX_BYTES];
    FILE *file = fopen(FOVEA_SOURCE "/tests/golden/rounded.txt", "r");
    int count = 0;
    assert_non_null(file);
    while (fgets(text, sizeof text, file)) {
        text[strcspn(text, "\n")] = 0;
        if (strncmp(text, record, strlen(record))) continue;
        take(text + strlen(record));
        count++;
    }
    fclose(file);
    assert_true(count > 0);
}

static void expect_near(double have, double want, double bound, const char *who, const char *line) {
    if (isnan(want) ? isnan(have) : have == want || fabs(have - want) <= bound) return;
    fail_msg("%s on %s: %.9g, not %.9g", who, line, have, want);
}

/* Runs the case by the reference and by each kernel in turn. `fill` sets the inputs, `judge` looks at what came out. */
static void run_all(const char *name, const char *line, void (*fill)(fv_case *c),
                    void (*judge)(const fv_case *c, const char *who)) {
    const fv_op *op = fv_op_find(name);
    double cost;
    for (int k = -1; k == -1 || (k = fv_kernel_next(name, k)) >= 0; k++) {
        const fv_kernel *kernel = k < 0 ? NULL : fv_kernel_table[k];
        FV_OWNED(fv_case) c = NULL;
        FV_OK(fv_case_new(op, line, false, &c));
        fill(c);
        if (kernel && fv_kernel_refuses(kernel, &c->call, &cost)) continue;
        FV_OK(fv_kernel_run_alone(kernel, &c->call));
        judge(c, kernel ? kernel->name : name);
    }
}

/* ---- rounding ---- */

static float given, wanted;

static void fill_one(fv_case *c) {
    fv_tensor_store(&c->call.inputs[0], 0, given);
    fv_tensor_store(&c->call.inputs[1], 0, 1);
}

/* Products may take what is below 2⁻¹²⁶ for zero. */
static void judge_one(const fv_case *c, const char *who) {
    char bits[32];
    snprintf(bits, sizeof bits, "%a", (double)given);
    double y = fv_tensor_load(&c->call.outputs[0], 0);
    expect_near(y, y == 0 && fabsf(given) < 0x1p-126f ? 0 : (double)wanted, 0, who, bits);
}

static void round_one(char *line) {
    uint16_t memory;
    const fv_tensor bf16 = { .type.dtype = FV_BF16, .data = &memory };
    char *at = line;
    given = float_of(next_word(&at)), wanted = float_of(next_word(&at));
    fv_tensor_store(&bf16, 0, given);
    expect_near(fv_tensor_load(&bf16, 0), wanted, 0, "storing", line);
    run_all("rounded_linear", "x=f32[1,1] w=f32[1,1]", fill_one, judge_one);
}

FV_TEST(core_ops_rounded__rounds_to_the_bf16_of_pytorch) { for_each("round ", round_one); }

/* ---- few products, of all there is ---- */

#define TERMS 4
static float operands[2][TERMS];
static double bound;

static void fill_dot(fv_case *c) {
    for (int i = 0; i < 2; i++)
        for (int64_t k = 0; k < TERMS; k++) fv_tensor_store(&c->call.inputs[i], k, operands[i][k]);
}

static void judge_dot(const fv_case *c, const char *who) {
    char first[32];
    snprintf(first, sizeof first, "%a …", (double)operands[0][0]);
    expect_near(fv_tensor_load(&c->call.outputs[0], 0), wanted, bound, who, first);
}

static void sum_products(char *line) {
    char *at = line;
    bound = strtod(next_word(&at), NULL), wanted = strtof(next_word(&at), NULL);
    for (int k = 0; k < 2 * TERMS; k++) operands[k / TERMS][k % TERMS] = float_of(next_word(&at));
    run_all("rounded_linear", "x=f32[1,4] w=f32[1,4]", fill_dot, judge_dot);
}

FV_TEST(core_ops_rounded__sums_infinite_tiny_and_no_numbers_as_pytorch) { for_each("dot ", sum_products); }

/* ---- whole products ---- */

static char op_name[LINE_MAX_BYTES], case_line[LINE_MAX_BYTES], *numbers;

static void take_op(char *line) { memcpy(op_name, line, strlen(line) + 1); }
static void take_case(char *line) { memcpy(case_line, line, strlen(line) + 1); }

static void judge_output(const fv_case *c, const char *who) {
    const fv_tensor *y = &c->call.outputs[0];
    char *at = numbers;
    int64_t count = strtoll(at, &at, 10), entries = count < 32 ? count : 32;
    double limit = strtod(at, &at);
    assert_int_equal(count, fv_type_count(&y->type));
    for (int64_t i = 0; i < entries; i++)
        expect_near(fv_tensor_load(y, count <= 32 ? i : i * count / 32), strtod(at, &at), limit, who, case_line);
}

static void take_output(char *line) {
    numbers = line;
    run_all(op_name, case_line, fv_test_golden_fill, judge_output);
}

static void take_line(char *line) {
    if (!strncmp(line, "op ", 3)) take_op(line + 3);
    if (!strncmp(line, "case ", 5)) take_case(line + 5);
    if (!strncmp(line, "out ", 4)) take_output(line + 4);
}

FV_TEST(core_ops_rounded__products_are_pytorchs_within_the_rounding_of_f32_sums) { for_each("", take_line); }
