/* golden.c - see golden.h. */
#include "tests/metrics/golden.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/memory.h"
#include "tests/layers/golden.h"

#define NUMBERS_MAX 4096 /* in one list of a line */

static void release(golden_data *d) {
    fv_memory_free(d->logits);
    fv_memory_free(d->numbers[0]);
    fv_memory_free(d->numbers[1]);
    fv_memory_free(d->labels);
    fv_memory_free(d->truths);
    *d = (golden_data){ 0 };
}

/* The numbers from `text` to a ';' or its end. */
static double *read_numbers(const char *text, int64_t *count) {
    double *numbers;
    FV_OK(fv_memory_new(NUMBERS_MAX, &numbers));
    for (*count = 0;; (*count)++) {
        text += strspn(text, " ");
        if (!*text || *text == ';') return numbers;
        assert_true(*count < NUMBERS_MAX);
        char *end;
        numbers[*count] = strtod(text, &end);
        assert_true(end > text);
        text = end;
    }
}

static void point_to_arrays(golden_data *d, const char *kind, int64_t first, int64_t second) {
    FV_OK(fv_memory_new(second, &d->labels));
    FV_OK(fv_memory_new(second, &d->truths));
    FV_OK(fv_memory_new(first, &d->logits));
    for (int64_t i = 0; i < second; i++) d->labels[i] = (int64_t)d->numbers[1][i];
    for (int64_t i = 0; i < second; i++) d->truths[i] = d->numbers[1][i] == 1;
    for (int64_t i = 0; i < first; i++) d->logits[i] = (float)d->numbers[0][i];
    fv_outcomes *o = &d->outcomes;
    if (!strcmp(kind, "class")) o->probabilities = d->numbers[0], o->labels = d->labels;
    if (!strcmp(kind, "logits")) o->labels = d->labels;
    if (!strcmp(kind, "labels")) o->kind = FV_MULTI_LABEL, o->probabilities = d->numbers[0], o->truths = d->truths;
    if (!strcmp(kind, "numbers")) o->kind = FV_NUMBERS, o->predicted = d->numbers[0], o->targets = d->numbers[1];
}

/* "data KIND NAME ; COUNT CLASSES ; numbers ; numbers" */
static void read_data(golden_data *d, const char *line) {
    release(d);
    char kind[16];
    long long samples, classes;
    assert_int_equal(sscanf(line, "data %15s %63[^;]; %lld %lld", kind, d->name, &samples, &classes), 4);
    d->outcomes = (fv_outcomes){ .count = samples, .classes = classes };
    const char *at = strchr(strchr(line, ';') + 1, ';') + 1;
    int64_t first, second;
    d->numbers[0] = read_numbers(at, &first);
    d->numbers[1] = read_numbers(strchr(at, ';') + 1, &second);
    point_to_arrays(d, kind, first, second);
}

int golden_lines(const char *word, golden_check check) {
    golden_data data = { 0 };
    int found = 0;
    char *text = golden_text("metrics.txt"), *rest = NULL;
    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        size_t length = strlen(word);
        if (!strncmp(line, "data ", 5)) read_data(&data, line);
        if (strncmp(line, word, length) != 0 || line[length] != ' ') continue;
        char *semicolon = strstr(line, " ; ");
        *semicolon = 0;
        int64_t count;
        double *numbers = read_numbers(semicolon + 3, &count);
        check(&data, line, numbers, count);
        fv_memory_free(numbers);
        found++;
    }
    release(&data);
    fv_memory_free(text);
    if (!found) fail_msg("metrics.txt has no line of %s", word);
    return found;
}

void golden_near(const golden_data *data, const char *line, double got, double want, double tolerance) {
    if (isnan(got) && isnan(want)) return;
    if (!(fabs(got - want) <= tolerance * fmax(1, fabs(want))))
        fail_msg("%s of \"%s\" is %.17g, not %.17g", line, data->name, got, want);
}

static void check_metric(const golden_data *data, const char *line, const double *numbers, int64_t count) {
    double value;
    assert_int_equal(count, 1);
    FV_OK(fv_metric_measure(line, &data->outcomes, &value));
    golden_near(data, line, value, numbers[0], 1e-12);
    if (isnan(value) && !fv_metric_undefined(line)) fail_msg("%s does not say when it is undefined", line);
}

void golden_metric(const char *name) { golden_lines(name, check_metric); }
