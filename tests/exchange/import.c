/* Models made of other people's files, and files made of models: nothing is lost on the way, and nothing is loaded in part. */
#include "exchange/import.h"

#include <stdio.h>
#include <string.h>

#include "core/base/file.h"
#include "exchange/exporter.h"
#include "exchange/preprocessing.h"
#include "fovea/layers.h"
#include "predict/sections.h"
#include "tests/test.h"

extern const fv_exporter fv_exporter_safetensors, fv_exporter_npz;

#define ARCH "resnet18 width=2 size=32,32"

static fv_arena *new_arena(void) {
    fv_arena *arena;
    FV_OK(fv_arena_new("an import", 1 << 28, &arena));
    return arena;
}

/* A network of drawn weights and its file of weights, by the names of `style`; the file's path. */
static const char *write_weights(const char *arch, const char *style, const fv_exporter *exporter, fv_model **model,
                                 fv_arena *arena) {
    const char *path;
    FV_OWNED(fv_graph) graph = NULL;
    FV_OK(fv_graph_new(&graph));
    fv_arch_build(graph, arch, 1);
    FV_OK(fv_model_new(graph, model));
    FV_OK(fv_initialize(graph, fv_model_weights(*model), 5));
    FV_OK(fv_arena_format(arena, &path, "%s/w.%s", fv_test_folder(), exporter->name));
    fv_export_call call = {
        .model = *model, .path = path, .style = style, .licence = "MIT", .arena = arena, .max_abs_diff = 0
    };
    FV_OK(exporter->write(&call));
    assert_true(call.max_abs_diff == 0);
    return path;
}

static void same_weights(const fv_model *a, const fv_model *b) {
    const fv_weights *w = fv_model_weights(a);
    for (int64_t i = 0; i < fv_weights_count(w); i++) {
        const char *name;
        const fv_tensor *t = fv_weights_at(w, i, &name, NULL), *u = fv_weights_find(fv_model_weights(b), name);
        assert_non_null(u);
        assert_true(fv_type_equal(&t->type, &u->type));
        assert_memory_equal(t->data, u->data, (size_t)fv_type_bytes(&t->type));
    }
}

FV_TEST(exchange_import__gives_back_what_was_exported_in_each_format) {
    const fv_exporter *const exporters[] = { &fv_exporter_safetensors, &fv_exporter_npz };
    for (int i = 0; i < 2; i++) {
        FV_OWNED(fv_arena) arena = new_arena();
        FV_OWNED(fv_model) model = NULL;
        fv_import made;
        const char *path = write_weights(ARCH, "torchvision", exporters[i], &model, arena);
        FV_OK(fv_import_read(&(fv_import_options){ .path = path, .arch = ARCH }, arena, &made));
        assert_true(fv_import_is_whole(&made.report));
        assert_string_equal(made.report.style->name, "torchvision");
        same_weights(model, made.model);
        fv_import_release(&made);
    }
}

FV_TEST(exchange_import__turns_what_keras_and_a_flattened_picture_hold_in_another_order) {
    static const char *const pairs[][2] = { { "mobilenet_v2_keras width=0.1 size=32,32", "keras_mobilenet" },
                                            { "efficientnet_lite0 size=32,32 classes=3", "efficientnet_lite" } };
    for (int i = 0; i < 2; i++) {
        FV_OWNED(fv_arena) arena = new_arena();
        FV_OWNED(fv_model) model = NULL;
        fv_import made;
        const char *path = write_weights(pairs[i][0], pairs[i][1], &fv_exporter_safetensors, &model, arena);
        FV_OK(fv_import_read(&(fv_import_options){ .path = path, .arch = pairs[i][0] }, arena, &made));
        assert_true(fv_import_is_whole(&made.report));
        assert_string_equal(made.report.style->name, pairs[i][1]);
        same_weights(model, made.model);
        fv_import_release(&made);
    }
}

/* In a file of safetensors: each `from` in its header becomes `to`, which is shorter, and blanks. */
static void rename_all(const char *path, const char *from, const char *to) {
    uint8_t *bytes;
    int64_t length;
    size_t before = strlen(from), after = strlen(to);
    FV_OK(fv_file_read(path, 1 << 28, &bytes, &length));
    uint8_t *end = bytes + length, *at = memmem(bytes, (size_t)length, from, before);
    assert_non_null(at);
    for (; at; at = memmem(at, (size_t)(end - at), from, before)) {
        memcpy(at, to, after);
        memset(at + after, ' ', before - after);
    }
    FV_OK(fv_file_write(path, bytes, length, NULL));
    fv_memory_free(bytes);
}

FV_TEST(exchange_import__knows_what_keras_3_calls_the_same) {
    FV_OWNED(fv_arena) arena = new_arena();
    FV_OWNED(fv_model) model = NULL;
    fv_import made;
    static const char arch[] = "mobilenet_v2_keras width=0.1 size=32,32";
    const char *path = write_weights(arch, "keras_mobilenet", &fv_exporter_safetensors, &model, arena);
    rename_all(path, "/depthwise_kernel:0\"", "/kernel\"");
    rename_all(path, ":0\"", "\"");
    FV_OK(fv_import_read(&(fv_import_options){ .path = path, .arch = arch }, arena, &made));
    assert_true(fv_import_is_whole(&made.report));
    same_weights(model, made.model);
    fv_import_release(&made);
}

FV_TEST(exchange_import__takes_the_classes_of_the_file_and_writes_what_predicting_needs) {
    FV_OWNED(fv_arena) arena = new_arena();
    FV_OWNED(fv_model) model = NULL;
    fv_import made;
    fv_classes_section classes;
    fv_transforms_section transforms;
    fv_licence_section licence;
    const char *path = write_weights(ARCH " classes=3", "torchvision", &fv_exporter_safetensors, &model, arena);
    FV_OK(fv_import_read(&(fv_import_options){ .path = path, .arch = ARCH }, arena, &made));
    assert_int_equal(made.report.classes, 3);
    FV_OK(fv_section_read(made.model, &fv_section_classes, &classes, arena));
    FV_OK(fv_section_read(made.model, &fv_section_transforms, &transforms, arena));
    FV_OK(fv_section_read(made.model, &fv_section_licence, &licence, arena));
    assert_int_equal(classes.names.count, 3);
    assert_string_equal(classes.names.at[2], "2");
    assert_non_null(strstr(transforms.steps, "resize size=37"));
    assert_string_equal(licence.of.at[0], "weights of w.safetensors");
    assert_string_equal(licence.licences.at[0], "MIT");
    fv_import_release(&made);
}

FV_TEST(exchange_import__loads_nothing_in_part_unless_it_is_told_to) {
    FV_OWNED(fv_arena) arena = new_arena();
    FV_OWNED(fv_model) model = NULL;
    fv_import made;
    const char *path = write_weights(ARCH, "torchvision", &fv_exporter_safetensors, &model, arena);
    fv_import_options options = { .path = path, .arch = "resnet18 width=2 size=32,32 classes=7" };
    FV_OK(fv_import_read(&options, arena, &made));
    assert_null(made.model);
    assert_int_equal(made.report.mismatched.count, 2);
    assert_string_equal(made.report.mismatched.at[0], "fc.weight: [1000,16] in the file, [7,16] in the network");
    fv_import_release(&made);
    options.arch = "resnet34 width=2 size=32,32";
    FV_OK(fv_import_read(&options, arena, &made));
    assert_null(made.model);
    assert_true(made.report.missing.count > 0 && made.report.unexpected.count == 0);
    fv_import_release(&made);
    options.partial = true;
    FV_OK(fv_import_read(&options, arena, &made));
    assert_non_null(made.model);
    fv_import_release(&made);
}

FV_TEST(exchange_import__names_of_classes_are_as_many_as_classes) {
    FV_OWNED(fv_arena) arena = new_arena();
    FV_OWNED(fv_model) model = NULL;
    fv_import made;
    fv_classes_section classes;
    char names[4096];
    const char *path = write_weights(ARCH " classes=2", "torchvision", &fv_exporter_safetensors, &model, arena);
    snprintf(names, sizeof names, "%s/names", fv_test_folder());
    static const char text[] = "\xEF\xBB\xBF"
                               "big cat\r\n\ndog\n";
    FV_OK(fv_file_write(names, text, sizeof text - 1, NULL));
    fv_import_options options = { .path = path, .arch = ARCH, .classes = names };
    FV_OK(fv_import_read(&options, arena, &made));
    FV_OK(fv_section_read(made.model, &fv_section_classes, &classes, arena));
    assert_string_equal(classes.names.at[0], "big cat");
    assert_string_equal(classes.names.at[1], "dog");
    fv_import_release(&made);
    FV_OK(fv_file_write(names, "cat\n", 4, NULL));
    FV_FAILS(fv_import_read(&options, arena, &made), FV_SHAPE, "names 1 classes, but the network has 2");
    fv_import_release(&made);
}

FV_TEST(exchange_import__a_preprocessing_fits_the_network) {
    FV_OWNED(fv_arena) arena = new_arena();
    FV_OWNED(fv_model) model = NULL;
    fv_import made;
    const char *path = write_weights(ARCH, "torchvision", &fv_exporter_safetensors, &model, arena);
    fv_import_options options = { .path = path, .arch = ARCH, .preprocess = "timmm" };
    FV_FAILS(fv_import_read(&options, arena, &made), FV_USAGE, "timmm");
    fv_import_release(&made);
    options.preprocess = "resize size=40,40; normalize";
    FV_FAILS(fv_import_read(&options, arena, &made), FV_SHAPE, "makes pictures of 40×40, the network takes 32×32");
    fv_import_release(&made);
}

FV_TEST(exchange_import__timm_crops_each_lite_network_as_its_size_wants) {
    static const struct {
        int64_t size;
        const char *resize;
    } cases[] = { { 224, "resize size=256 " }, { 240, "resize size=272 " }, { 260, "resize size=292 " } };
    FV_OWNED(fv_arena) arena = new_arena();
    for (int i = 0; i < 3; i++) {
        const char *steps;
        FV_OK(fv_preprocessing_steps("timm", cases[i].size, cases[i].size, arena, &steps));
        assert_true(!strncmp(steps, cases[i].resize, strlen(cases[i].resize)));
    }
}
