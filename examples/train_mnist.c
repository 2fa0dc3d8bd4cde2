/* train_mnist.c - a network trained through the library's public headers, step by step: data, graph, plan, loop, file.
 *
 *   cc train_mnist.c $(pkg-config --cflags --libs fovea) -lm -o train_mnist && ./train_mnist MNIST
 *
 * MNIST is a folder with the four IDX files. Without one, a small set of striped pictures is made and learnt in a second. For
 * the whole job (checkpoints, validation, resuming) see fv_train in fovea/train.h; this is what it is made of. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fovea/fovea.h"

#define BATCH 64

/* ---- a set to learn when there is no other: class c has stripes c + 1 pixels wide, across or along ---- */

/* Noise enough for pictures to differ (Numerical Recipes' generator), the same on every machine. */
static unsigned noise(unsigned below) {
    static unsigned state = 1;
    state = state * 1664525 + 1013904223;
    return (state >> 16) % below;
}

static int write_idx(const char *folder, const char *part, int count) {
    static unsigned char pixels[28 * 28];
    char path[512];
    snprintf(path, sizeof path, "%s/%s-images-idx3-ubyte", folder, part);
    FILE *images = fopen(path, "wb");
    snprintf(path, sizeof path, "%s/%s-labels-idx1-ubyte", folder, part);
    FILE *labels = fopen(path, "wb");
    if (!images || !labels) return -1;
    fwrite((const unsigned char[]){ 0, 0, 8, 3, 0, 0, count >> 8, count & 255, 0, 0, 0, 28, 0, 0, 0, 28 }, 1, 16, images);
    fwrite((const unsigned char[]){ 0, 0, 8, 1, 0, 0, count >> 8, count & 255 }, 1, 8, labels);
    for (int i = 0; i < count; i++) {
        int label = i % 4, width = 2 + label / 2 * 2, shift = (int)noise(8);
        for (int p = 0; p < 28 * 28; p++) {
            int along = label % 2 ? p / 28 : p % 28;
            pixels[p] = (unsigned char)((along + shift) / width % 2 * 160 + (int)noise(96));
        }
        fwrite(pixels, 1, sizeof pixels, images);
        fputc(label, labels);
    }
    return fclose(images) | fclose(labels);
}

static const char *make_stripes(void) {
    static char folder[] = "/tmp/fovea-stripes-XXXXXX";
    if (!mkdtemp(folder) || write_idx(folder, "train", 512) || write_idx(folder, "t10k", 128)) return NULL;
    return folder;
}

static void remove_stripes(const char *folder) {
    static const char *const names[] = { "train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte",
                                         "t10k-labels-idx1-ubyte" };
    char path[512];
    for (int i = 0; i < 4; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
    rmdir(folder);
}

/* ---- the training ---- */

typedef struct training {
    fv_weights *weights;
    fv_plan *train, *test; /* a step with gradients and update; the network alone. They share the weights */
    fv_loader *train_loader, *test_loader;
    fv_learning_rate *rate;
    int64_t step;
} training;

/* A graph of network and loss; for training with gradients and SGD behind it. Its plan for batches of BATCH. */
static fv_error *make_plan(const char *arch, fv_mode mode, fv_weights *weights, fv_plan **out) {
    FV_OWNED(fv_graph) g = NULL;
    FV_TRY(fv_graph_new(&g));
    fv_value loss = fv_arch_with_loss(g, arch, "cross_entropy", BATCH);
    if (mode == FV_TRAINING)
        fv_training_step(g, loss, &(fv_training_options){ .optimizer = "sgd momentum=0.9 nesterov=true weight_decay=5e-4" });
    FV_TRY(fv_graph_error(g));
    FV_TRY(fv_initialize(g, weights, 1));
    return fv_plan_new(g, weights, &(fv_plan_options){ .mode = mode }, out);
}

static fv_error *make_loader(fv_dataset *set, const char *part, fv_mode mode, const fv_transforms *transforms,
                             fv_subset **subset, fv_loader **out) {
    FV_TRY(fv_subset_part(set, part, subset));
    fv_loader_options options = { .mode = mode, .batch = BATCH, .workers = 1, .seed = 1, .drop_last = true };
    return fv_loader_new(*subset, transforms, &options, out);
}

/* A plan has the feeds that something reads: plain SGD has no use for the step's number, a network without dropout none for
 * random numbers. */
static void feed(fv_plan *plan, const char *name, const void *values) {
    fv_tensor *tensor = fv_plan_feed(plan, name);
    if (tensor) memcpy(tensor->data, values, (size_t)fv_type_bytes(&tensor->type));
}

/* One pass over a loader; loss and accuracy are means over its batches. */
static fv_error *pass(training *t, fv_plan *plan, fv_loader *loader, int64_t epoch, double *loss, double *accuracy) {
    const fv_batch *batch;
    double batches = 0;
    *loss = *accuracy = 0;
    FV_TRY(fv_loader_start(loader, epoch, 0));
    for (;; batches++) {
        FV_TRY(fv_loader_next(loader, &batch));
        if (!batch) break;
        feed(plan, "x", batch->images);
        feed(plan, "target", batch->labels);
        if (plan == t->train) {
            double rate = fv_learning_rate_at(t->rate, t->step);
            feed(plan, "learning_rate", &rate);
            feed(plan, "rng", (int64_t[]){ 1, t->step++ });
            feed(plan, "step", &t->step);
        }
        FV_TRY(fv_plan_run(plan)); /* forward, loss, backward, update */
        *loss += *(const float *)fv_plan_result(plan, "loss")->data;
        *accuracy += (double)*(const int64_t *)fv_plan_result(plan, "correct")->data / BATCH;
    }
    *loss /= batches, *accuracy /= batches;
    return NULL;
}

static fv_error *train(training *t, int epochs, double *accuracy) {
    int64_t steps = fv_loader_batches(t->train_loader);
    double train_loss, train_accuracy, test_loss;
    FV_TRY(fv_learning_rate_new(
        &(fv_learning_rate_options){ .schedule = "cosine", .base = 0.05, .steps = steps * epochs, .steps_per_epoch = steps },
        &t->rate));
    for (int epoch = 0; epoch < epochs; epoch++) {
        FV_TRY(pass(t, t->train, t->train_loader, epoch, &train_loss, &train_accuracy));
        fv_weights_changed(t->weights);
        FV_TRY(pass(t, t->test, t->test_loader, 0, &test_loss, accuracy));
        printf("epoch %d: train loss %.4f, %.2f %%; test loss %.4f, %.2f %%\n", epoch + 1, train_loss, 100 * train_accuracy,
               test_loss, 100 * *accuracy);
    }
    return NULL;
}

static fv_error *run(const char *folder, int epochs, double *accuracy) {
    FV_OWNED(fv_dataset) set = NULL;
    FV_OWNED(fv_transforms) transforms = NULL;
    FV_OWNED(fv_subset) train_part = NULL;
    FV_OWNED(fv_subset) test_part = NULL;
    FV_OWNED(fv_loader) train_loader = NULL;
    FV_OWNED(fv_loader) test_loader = NULL;
    FV_OWNED(fv_weights) weights = NULL;
    FV_OWNED(fv_plan) train_plan = NULL;
    FV_OWNED(fv_plan) test_plan = NULL;
    char arch[64];

    FV_TRY(fv_dataset_open(folder, NULL, &set));
    FV_TRY(fv_transforms_parse("random_crop size=28,28 padding=1; normalize mean=0.1307 std=0.3081", &transforms));
    FV_TRY(make_loader(set, "train", FV_TRAINING, transforms, &train_part, &train_loader));
    FV_TRY(make_loader(set, "test", FV_EVALUATION, transforms, &test_part, &test_loader));

    snprintf(arch, sizeof arch, "lenet classes=%d", (int)fv_dataset_class_count(set));
    FV_TRY(fv_weights_new(&weights));
    FV_TRY(make_plan(arch, FV_TRAINING, weights, &train_plan));
    FV_TRY(make_plan(arch, FV_EVALUATION, weights, &test_plan));

    training t = { weights, train_plan, test_plan, train_loader, test_loader, NULL, 0 };
    fv_error *error = train(&t, epochs, accuracy);
    fv_learning_rate_free(t.rate);
    return error;
}

int main(int argc, char **argv) {
    const char *stripes = argc > 1 ? NULL : make_stripes();
    double accuracy = 0;
    if (argc <= 1 && !stripes) return fputs("cannot write below /tmp\n", stderr), 1;
    fv_error *error = run(stripes ? stripes : argv[1], stripes ? 3 : 5, &accuracy);
    if (stripes) remove_stripes(stripes);
    if (error) {
        char text[1024];
        fprintf(stderr, "train_mnist: %s\n", fv_error_format(error, text, sizeof text));
        fv_error_free(error);
        return 1;
    }
    return accuracy > 0.9 ? 0 : 1;
}
