/* probe.c - what tests/cases/run cannot ask the program for, through the public headers:
 *
 *   decode FILE OUT             writes the picture, u8 RGB, to OUT; prints "height width"
 *   prepare FILE OUT STEPS      the same as evaluation gets it, f32
 *   measure METRIC CLASSES      of rows "label probability …" on standard input; prints the figure
 *   confuse CLASSES             of such rows; prints the confusion matrix, a line a true class
 *   walk OPTIMIZER RATE CLIP    of three numbers to start from and three gradients a line; prints the numbers after each step
 *   weigh COUNT …               prints balanced class weights */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fovea/fovea.h"

#define ROWS_MAX 64
#define CLASSES_MAX 16
#define LENGTH 3

static fv_error *write_pixels(const fv_image *image, int64_t element, const char *path) {
    FILE *out = fopen(path, "wb");
    size_t count = (size_t)(image->height * image->width * image->channels);
    printf("%lld %lld\n", (long long)image->height, (long long)image->width);
    if (!out || fwrite(image->pixels, (size_t)element, count, out) != count || fclose(out)) {
        fprintf(stderr, "cannot write %s\n", path);
        exit(1);
    }
    return NULL;
}

static fv_error *decode(char **words, fv_image *image) {
    FV_TRY(fv_image_decode_file(words[0], &(fv_decode_options){ .channels = 3 }, image));
    return write_pixels(image, 1, words[1]);
}

static fv_error *prepare(char **words, fv_image *image) {
    FV_OWNED(fv_transforms) transforms = NULL;
    FV_TRY(fv_transforms_parse(words[2], &transforms));
    FV_TRY(fv_image_decode_file(words[0], &(fv_decode_options){ .channels = 3, .keep_u16 = true }, image));
    FV_TRY(fv_transforms_apply(transforms, FV_EVALUATION, NULL, image));
    return write_pixels(image, sizeof(float), words[1]);
}

static fv_outcomes read_outcomes(const char *classes) {
    static double probabilities[ROWS_MAX * CLASSES_MAX];
    static int64_t labels[ROWS_MAX];
    fv_outcomes o = {
        .kind = FV_ONE_CLASS, .classes = strtoll(classes, NULL, 10), .probabilities = probabilities, .labels = labels
    };
    long long label;
    while (o.count < ROWS_MAX && o.classes <= CLASSES_MAX && scanf("%lld", &label) == 1) {
        for (int64_t c = 0; c < o.classes; c++)
            if (scanf("%lf", &probabilities[o.count * o.classes + c]) != 1) exit(2);
        labels[o.count++] = label;
    }
    return o;
}

static fv_error *measure(char **words) {
    fv_outcomes outcomes = read_outcomes(words[1]);
    double figure;
    FV_TRY(fv_metric_measure(words[0], &outcomes, &figure));
    printf("%.17g\n", figure);
    return NULL;
}

static fv_error *confuse(char **words) {
    int64_t counts[CLASSES_MAX * CLASSES_MAX];
    fv_outcomes outcomes = read_outcomes(words[0]);
    FV_TRY(fv_confusion_matrix(&outcomes, counts));
    for (int64_t i = 0; i < outcomes.classes * outcomes.classes; i++)
        printf("%lld%c", (long long)counts[i], (i + 1) % outcomes.classes ? ' ' : '\n');
    return NULL;
}

/* The loss is sum w · g, whose gradient is g. */
static void build_walk(fv_graph *graph, char **words) {
    fv_value gradient = fv_graph_feed(graph, "g", fv_type_of(FV_F64, LENGTH));
    fv_value weight = fv_graph_state(graph, "w", fv_type_of(FV_F64, LENGTH), FV_PARAMETER, NULL);
    fv_value product = fv_apply(graph, "mul", FV_VALUES(weight, gradient), NULL);
    fv_value loss = fv_apply(graph, "sum", FV_VALUES(product), NULL);
    fv_graph_output(graph, "loss", loss);
    fv_training_step(graph, loss, &(fv_training_options){ .optimizer = words[0], .clip_norm = strtod(words[2], NULL) });
}

static bool read_row(fv_tensor *row) {
    for (int i = 0; i < LENGTH; i++) {
        double x;
        if (scanf("%lf", &x) != 1) return false;
        fv_tensor_store(row, i, x);
    }
    return true;
}

static fv_error *walk(char **words) {
    FV_OWNED(fv_graph) graph = NULL;
    FV_OWNED(fv_weights) weights = NULL;
    FV_OWNED(fv_plan) plan = NULL;
    FV_TRY(fv_graph_new(&graph));
    build_walk(graph, words);
    FV_TRY(fv_graph_error(graph));
    FV_TRY(fv_weights_new(&weights));
    FV_TRY(fv_initialize(graph, weights, 0));
    fv_tensor *at = fv_weights_find(weights, "w");
    if (!read_row(at)) exit(2);
    FV_TRY(fv_plan_new(graph, weights, &(fv_plan_options){ .mode = FV_TRAINING }, &plan));
    fv_tensor *step = fv_plan_feed(plan, "step"); /* NULL where the optimizer does not count */
    fv_tensor_store(fv_plan_feed(plan, "learning_rate"), 0, strtod(words[1], NULL));
    for (int s = 1; read_row(fv_plan_feed(plan, "g")); s++) {
        if (step) fv_tensor_store(step, 0, s);
        FV_TRY(fv_plan_run(plan));
        for (int i = 0; i < LENGTH; i++) printf("%.12g%c", fv_tensor_load(at, i), i < LENGTH - 1 ? ' ' : '\n');
    }
    return NULL;
}

static fv_error *weigh(char **words, int count) {
    int64_t counts[CLASSES_MAX];
    double weights[CLASSES_MAX];
    if (count > CLASSES_MAX) exit(2);
    for (int c = 0; c < count; c++) counts[c] = strtoll(words[c], NULL, 10);
    fv_balanced_weights(counts, count, weights);
    for (int c = 0; c < count; c++) printf("%.12g%c", weights[c], c < count - 1 ? ' ' : '\n');
    return NULL;
}

static fv_error *answer(const char *question, char **words, int count, fv_image *image) {
    if (!strcmp(question, "decode") && count == 2) return decode(words, image);
    if (!strcmp(question, "prepare") && count == 3) return prepare(words, image);
    if (!strcmp(question, "measure") && count == 2) return measure(words);
    if (!strcmp(question, "confuse") && count == 1) return confuse(words);
    if (!strcmp(question, "walk") && count == 3) return walk(words);
    if (!strcmp(question, "weigh") && count > 0) return weigh(words, count);
    fprintf(stderr, "probe: no such question; see tests/cases/probe.c\n");
    exit(2);
}

int main(int count, char **words) {
    fv_image image = { 0 };
    fv_error *error = count > 1 ? answer(words[1], words + 2, count - 2, &image) : NULL;
    fv_image_release(&image);
    if (!error) return 0;
    fprintf(stderr, "%s\n", fv_error_message(error));
    fv_error_free(error);
    return 1;
}
