/* predictions.jsonl read back, line by line. */
#include "train/predictions.h"

#include <stdio.h>

#include "core/base/file.h"
#include "tests/test.h"

static char path[512];
static fv_predictions *open_text(const char *text) {
    fv_predictions *lines;
    snprintf(path, sizeof path, "%s/predictions.jsonl", fv_test_folder());
    FV_OK(fv_file_write(path, text, (int64_t)strlen(text), NULL));
    FV_OK(fv_predictions_open(path, &lines));
    return lines;
}

FV_TEST(train_predictions__of_classes_are_read_line_by_line) {
    FV_OWNED(fv_predictions)
    lines = open_text("{\"path\":\"a/1.png\",\"label\":\"cat\",\"predicted\":\"d\\u006fg\",\"score\":0.75,\"top\":[{\"label\":"
                      "\"dog\",\"score\":0.75},{\"label\":\"cat\",\"score\":2.5e-1}],\"new\":null}\n"
                      "{\"path\":\"a/2.png\",\"label\":\"cat\",\"predicted\":\"cat\",\"score\":1,\"top\":[]}");
    const fv_predicted *line;
    FV_OK(fv_predictions_next(lines, &line));
    assert_string_equal(line->id, "a/1.png");
    assert_true(line->kind == FV_ONE_CLASS && line->score == 0.75 && line->top_count == 2);
    assert_string_equal(line->label, "cat");
    assert_string_equal(line->predicted, "dog");
    assert_string_equal(line->top[1].label, "cat");
    assert_true(line->top[1].score == 0.25);
    FV_OK(fv_predictions_next(lines, &line));
    assert_string_equal(line->id, "a/2.png");
    FV_OK(fv_predictions_next(lines, &line));
    assert_null(line);
}

FV_TEST(train_predictions__of_labels_and_numbers_are_read) {
    const fv_predicted *line;
    FV_OWNED(fv_predictions)
    labels = open_text("{\"path\":\"1\",\"labels\":[\"a\",\"b\"],\"predicted\":[],\"top\":[{\"label\":\"a\",\"score\":0}]}\n");
    FV_OK(fv_predictions_next(labels, &line));
    assert_true(line->kind == FV_MULTI_LABEL && line->label_count == 2 && !line->predicted_count);
    assert_string_equal(line->labels[1], "b");
    FV_OWNED(fv_predictions) numbers = open_text("{\"path\":\"1\",\"number\":-2,\"predicted\":3.5}\n");
    FV_OK(fv_predictions_next(numbers, &line));
    assert_true(line->kind == FV_NUMBERS && line->number == -2 && line->predicted_number == 3.5);
}

FV_TEST(train_predictions__a_line_longer_than_a_block_is_read) {
    const fv_predicted *line;
    static char text[16384];
    int length = snprintf(text, sizeof text, "{\"path\":\"%0*d\",\"number\":1,\"predicted\":1}\n", 9000, 7);
    assert_in_range(length, 9000, sizeof text - 1);
    FV_OWNED(fv_predictions) lines = open_text(text);
    FV_OK(fv_predictions_next(lines, &line));
    assert_int_equal(strlen(line->id), 9000);
}

#define CLASSES "\"label\":\"cat\",\"predicted\":\"cat\""

FV_TEST(train_predictions__what_is_wrong_is_named_with_its_line) {
    static const struct {
        const char *text, *message;
    } cases[] = {
        { "{\"path\":\"1\",\"number\":1,\"predicted\":1}\nnonsense\n", "line 2 is no JSON" },
        { "\n", "line 1 is no JSON" },
        { "[]\n", "line 1: it is no object" },
        { "{\"path\":\"1\"}\n", "neither \"label\" nor \"labels\" nor \"number\"" },
        { "{\"number\":1,\"predicted\":1}\n", "\"path\" is no text" },
        { "{\"path\":\"\",\"number\":1,\"predicted\":1}\n", "\"path\" is no name" },
        { "{\"path\":\"1\",\"number\":1}\n", "\"predicted\" is no number" },
        { "{\"path\":\"1\"," CLASSES ",\"score\":1.5,\"top\":[]}\n", "\"score\" is no number in 0…1" },
        { "{\"path\":\"1\"," CLASSES ",\"score\":1}\n", "\"top\" is no list" },
        { "{\"path\":\"1\"," CLASSES ",\"score\":1,\"top\":[7]}\n", "\"label\" is no text" },
        { "{\"path\":\"1\",\"labels\":[7],\"predicted\":[],\"top\":[]}\n", "\"labels\" is no list of texts" },
        { "{\"path\":\"1\",\"number\":1,\"predicted\":1}\n{\"path\":\"2\"," CLASSES ",\"score\":1,\"top\":[]}\n",
          "line 2: its target is of another kind" },
        { "{\"path\":\"1\",\"number\":1,\"number\":2,\"predicted\":1}\n", "line 1 is no JSON" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        FV_OWNED(fv_predictions) lines = open_text(cases[i].text);
        const fv_predicted *line = NULL;
        fv_error *error = NULL;
        do error = fv_predictions_next(lines, &line);
        while (!error && line);
        FV_FAILS(error, FV_FORMAT, cases[i].message);
    }
}

FV_TEST(train_predictions__a_file_that_is_not_there_is_said) {
    fv_predictions *lines;
    FV_FAILS(fv_predictions_open("nowhere/predictions.jsonl", &lines), FV_NOT_FOUND, "nowhere/predictions.jsonl");
}
