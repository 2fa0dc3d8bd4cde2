/* golden.c - reads records of tests/golden/network_ops.txt; its script says what they are. */
#include "tests/core/ops/golden.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/test.h"

#define LINE_MAX_BYTES 4096

double fv_test_golden_number(uint32_t number, uint32_t i, double low, double high) {
    uint32_t h = i * 0x9e3779b1u + number * 0x85ebca77u + 1;
    h ^= h >> 15;
    h *= 0x2c1b3c6du;
    h ^= h >> 12;
    h *= 0x297a2d39u;
    h ^= h >> 15;
    return low + (high - low) * (h / 4294967296.0);
}

void fv_test_golden_fill(fv_case *c) {
    for (int i = 0; i < c->call.input_count; i++)
        for (int64_t k = 0; k < fv_type_count(&c->call.inputs[i].type); k++)
            fv_tensor_store(&c->call.inputs[i], k, fv_test_golden_number((uint32_t)i, (uint32_t)k, c->low[i], c->high[i]));
}

static double next_number(char **at) {
    char *end;
    double value = strtod(*at, &end);
    if (end == *at) fail_msg("a number is missing in network_ops.txt");
    *at = end;
    return value;
}

static void expect_near(double have, double want, double size, const char *op, const char *line, const char *what) {
    if (!(fabs(have - want) <= 1e-9 * fmax(1, size))) fail_msg("%s %s: %s is %.12g, not %.12g", op, line, what, have, want);
}

/* `numbers`: "COUNT SUM DOT e e e …" of output number `k`. */
static void compare(const fv_case *c, const char *line, int k, char *numbers) {
    const fv_tensor *y = &c->call.outputs[k];
    int64_t count = fv_type_count(&y->type), entries = count < 16 ? count : 16;
    double sum = 0, dot = 0, size = 0;
    for (int64_t i = 0; i < count; i++) {
        double value = fv_tensor_load(y, i);
        sum += value;
        dot += value * fv_test_golden_number(100 + (uint32_t)k, (uint32_t)i, -1, 1);
        size += fabs(value);
    }
    expect_near((double)count, next_number(&numbers), 1, c->call.op->name, line, "the number of elements");
    expect_near(sum, next_number(&numbers), size, c->call.op->name, line, "the sum");
    expect_near(dot, next_number(&numbers), size, c->call.op->name, line, "the hashed dot product");
    for (int64_t i = 0; i < entries; i++) {
        double want = next_number(&numbers);
        expect_near(fv_tensor_load(y, count <= 16 ? i : i * count / 16), want, fabs(want), c->call.op->name, line, "an entry");
    }
}

static fv_case *run(const fv_op *op, const char *line) {
    fv_case *c = NULL;
    FV_OK(fv_case_new(op, line, false, &c));
    fv_test_golden_fill(c);
    op->reference(&c->call);
    return c;
}

/* Closes a case of which `outputs` were compared. */
static void finish(fv_case **c, int outputs) {
    if (*c) assert_int_equal(outputs, (*c)->call.output_count);
    fv_case_free(fv_take(c));
}

void fv_test_golden(const char *name) {
    static char text[LINE_MAX_BYTES], line[LINE_MAX_BYTES];
    const fv_op *op = fv_op_find(name);
    FV_OWNED(fv_case) c = NULL;
    int cases = 0, outputs = 0;
    bool here = false;
    FILE *file = fopen(FOVEA_SOURCE "/tests/golden/network_ops.txt", "r");
    assert_non_null(file);
    assert_non_null(op);
    while (fgets(text, sizeof text, file)) {
        text[strcspn(text, "\n")] = 0;
        if (!strncmp(text, "op ", 3)) here = !strcmp(text + 3, name);
        if (here && !strncmp(text, "case ", 5)) {
            finish(&c, outputs);
            memcpy(line, text + 5, strlen(text + 5) + 1);
            c = run(op, line);
            cases++;
            outputs = 0;
        }
        if (here && !strncmp(text, "out ", 4)) compare(c, line, outputs++, text + 4);
    }
    finish(&c, outputs);
    fclose(file);
    assert_true(cases > 0);
}

void fv_test_misfit(const char *op, const char *line, const char *part) {
    FV_OWNED(fv_case) c = NULL;
    FV_FAILS(fv_case_new(fv_op_find(op), line, false, &c), FV_SHAPE, part);
}
