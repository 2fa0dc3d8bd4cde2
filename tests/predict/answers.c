/* The file of answers: what is written, and going on with a file that was left at any byte. */
#include "predict/answers.h"

#include <stdio.h>

#include "core/base/file.h"
#include "tests/data/pictures.h"

#define CLASSES 2
static const char *const names[CLASSES] = { "a cat", "dog, \"big\"" };
static const int64_t order[CLASSES] = { 1, 0 };
static const char *const labels[CLASSES] = { "dog, \"big\"", "a cat" };
static const double scores[CLASSES] = { 0.75, 0.25 };
static const float logits[CLASSES] = { -0.5f, 0.5f };

static fv_answer_style style(bool may_abstain, bool with_logits) {
    return (fv_answer_style){
        .top = CLASSES, .may_abstain = may_abstain, .logits = with_logits, .classes = CLASSES, .names = names
    };
}

static fv_prediction answer(const char *path, bool abstained) {
    return (fv_prediction){ .path = path,
                            .count = CLASSES,
                            .classes = order,
                            .labels = labels,
                            .scores = scores,
                            .abstained = abstained,
                            .logits = logits };
}

static const char *const paths[4] = { "one.png", "two, \"2\".png", "three\nlines.png", "four.png" };

/* Writes those of the four that are not there yet. */
static void write(const char *file, fv_answer_style how, bool resume) {
    FV_OWNED(fv_answers) answers = NULL;
    FV_OWNED(fv_error) failure = fv_fail(FV_FORMAT, "it is a \"text\"");
    FV_OK(fv_answers_open(file, &how, resume, &answers));
    for (int i = 0; i < 4; i++) {
        fv_prediction p = answer(paths[i], i == 1 && how.may_abstain);
        if (i == 3) p = (fv_prediction){ .path = paths[i], .error = failure };
        if (!fv_answers_has(answers, paths[i])) FV_OK(fv_answers_add(answers, &p));
    }
    FV_OK(fv_answers_close(answers));
}

static char *read(const char *file, int64_t *length) {
    uint8_t *bytes;
    FV_OK(fv_file_read(file, 1 << 20, &bytes, length));
    return (char *)bytes;
}

static void check(const char *name, fv_answer_style how, const char *expected) {
    const char *file = fv_test_path(fv_test_folder(), name);
    int64_t length;
    write(file, how, false);
    char *text = read(file, &length);
    assert_string_equal(text, expected);
    fv_memory_free(text);
}

FV_TEST(predict_answers__csv_quotes_what_must_be_quoted) {
    check("a.csv", style(false, false),
          "path,label,score,label_2,score_2,error\n"
          "one.png,\"dog, \"\"big\"\"\",0.75,a cat,0.25,\n"
          "\"two, \"\"2\"\".png\",\"dog, \"\"big\"\"\",0.75,a cat,0.25,\n"
          "\"three\nlines.png\",\"dog, \"\"big\"\"\",0.75,a cat,0.25,\n"
          "four.png,,,,,\"it is a \"\"text\"\"\"\n");
    check("b.CSV", style(true, true),
          "path,label,score,guess,label_2,score_2,logit_a cat,\"logit_dog, \"\"big\"\"\",error\n"
          "one.png,\"dog, \"\"big\"\"\",0.75,\"dog, \"\"big\"\"\",a cat,0.25,-0.5,0.5,\n"
          "\"two, \"\"2\"\".png\",,0.75,\"dog, \"\"big\"\"\",a cat,0.25,-0.5,0.5,\n"
          "\"three\nlines.png\",\"dog, \"\"big\"\"\",0.75,\"dog, \"\"big\"\"\",a cat,0.25,-0.5,0.5,\n"
          "four.png,,,,,,,,\"it is a \"\"text\"\"\"\n");
}

FV_TEST(predict_answers__a_line_of_json_an_answer) {
    const char *top = "\"top\":[{\"label\":\"dog, \\\"big\\\"\",\"score\":0.75},{\"label\":\"a cat\",\"score\":0.25}]";
    char expected[2048];
    snprintf(expected, sizeof expected,
             "{\"path\":\"one.png\",\"label\":\"dog, \\\"big\\\"\",\"score\":0.75,%s,\"logits\":[-0.5,0.5]}\n"
             "{\"path\":\"two, \\\"2\\\".png\",\"label\":null,\"abstained\":true,\"score\":0.75,%s,\"logits\":[-0.5,0.5]}\n"
             "{\"path\":\"three\\nlines.png\",\"label\":\"dog, \\\"big\\\"\",\"score\":0.75,%s,\"logits\":[-0.5,0.5]}\n"
             "{\"path\":\"four.png\",\"error\":\"it is a \\\"text\\\"\"}\n",
             top, top, top);
    check("a.jsonl", style(true, true), expected);
}

static void check_line(fv_answer_style how, const fv_prediction *p, const char *file, const char *expected) {
    FV_OWNED(fv_answers) answers = NULL;
    const char *path = fv_test_path(fv_test_folder(), file);
    int64_t length;
    FV_OK(fv_answers_open(path, &how, false, &answers));
    FV_OK(fv_answers_add(answers, p));
    FV_OK(fv_answers_close(answers));
    char *text = read(path, &length);
    assert_string_equal(text, expected);
    fv_memory_free(text);
}

FV_TEST(predict_answers__labels_and_numbers_have_columns_of_their_own) {
    fv_answer_style labelled = style(false, true), number = style(false, true);
    fv_prediction p = answer("one.png", false);
    labelled.kind = FV_MULTI_LABEL;
    p.answers = 1;
    check_line(labelled, &p, "labels.csv",
               "path,labels,score_a cat,\"score_dog, \"\"big\"\"\",logit_a cat,\"logit_dog, \"\"big\"\"\",error\n"
               "one.png,\"dog, \"\"big\"\"\",0.25,0.75,-0.5,0.5,\n");
    check_line(
        labelled, &p, "labels.jsonl",
        "{\"path\":\"one.png\",\"labels\":[\"dog, \\\"big\\\"\"],\"top\":[{\"label\":\"dog, \\\"big\\\"\",\"score\":0.75},"
        "{\"label\":\"a cat\",\"score\":0.25}],\"logits\":[-0.5,0.5]}\n");
    number = (fv_answer_style){ .kind = FV_NUMBERS, .logits = true };
    p = (fv_prediction){ .path = "one.png", .number = 3.5, .logits = logits };
    check_line(number, &p, "number.csv", "path,number,logit,error\none.png,3.5,-0.5,\n");
    check_line(number, &p, "number.jsonl", "{\"path\":\"one.png\",\"number\":3.5,\"logits\":[-0.5]}\n");
}

static fv_answer_style computed(fv_precision precision, bool fast_batch) {
    fv_answer_style how = style(false, false);
    how.precision = precision, how.fast_batch = fast_batch;
    return how;
}

FV_TEST(predict_answers__say_how_they_were_computed_where_that_is_not_the_usual_way) {
    fv_answer_style number = { .kind = FV_NUMBERS, .precision = FV_PRECISION_BF16, .fast_batch = true };
    FV_OWNED(fv_error) failure = fv_fail(FV_FORMAT, "no picture");
    const fv_prediction p = { .path = "one.png", .number = 3.5 }, failed = { .path = "two.png", .error = failure };
    check_line(number, &p, "both.csv", "path,number,error,precision,fast_batch\none.png,3.5,,bf16,true\n");
    check_line(number, &failed, "both.jsonl",
               "{\"path\":\"two.png\",\"error\":\"no picture\",\"precision\":\"bf16\",\"fast_batch\":true}\n");
    number.precision = FV_PRECISION_F32;
    check_line(number, &p, "fast.csv", "path,number,error,fast_batch\none.png,3.5,,true\n");
    check_line(number, &p, "fast.jsonl", "{\"path\":\"one.png\",\"number\":3.5,\"fast_batch\":true}\n");
    number = (fv_answer_style){ .kind = FV_NUMBERS, .precision = FV_PRECISION_BF16_FORCED };
    check_line(number, &p, "forced.csv", "path,number,error,precision\none.png,3.5,,bf16_forced\n");
}

/* Each of the six ways against each. */
static void resume_in_all_ways(const char *name) {
    const char *file = fv_test_path(fv_test_folder(), name);
    for (int i = 0; i < 36; i++) {
        fv_answer_style had = computed((fv_precision)(i / 6 % 3), i / 18), now = computed((fv_precision)(i % 3), i / 3 % 2);
        bool same = had.precision == now.precision && had.fast_batch == now.fast_batch;
        FV_OWNED(fv_answers) answers = NULL;
        char expected[256];
        snprintf(expected, sizeof expected,
                 "%s, line %d: answered with --precision %s%s, and now it would be with --precision %s%s", name,
                 strstr(name, ".csv") ? 2 : 1, fv_precision_name(had.precision), had.fast_batch ? " --fast-batch" : "",
                 fv_precision_name(now.precision), now.fast_batch ? " --fast-batch" : "");
        remove(file);
        write(file, had, false);
        if (same)
            FV_OK(fv_answers_open(file, &now, true, &answers));
        else
            FV_FAILS(fv_answers_open(file, &now, true, &answers), FV_CONFLICT, expected);
    }
}

FV_TEST(predict_answers__of_one_file_are_of_one_arithmetic) {
    resume_in_all_ways("a.csv");
    resume_in_all_ways("a.jsonl");
}

/* A name that reads as what is said behind an answer; and a file that was stopped behind its header. */
FV_TEST(predict_answers__no_text_is_taken_for_how_they_were_computed) {
    FV_OWNED(fv_error) failure = fv_fail(FV_FORMAT, ",\"precision\":\"bf16\"");
    const char *dir = fv_test_folder(), *files[] = { fv_test_path(dir, "a.csv"), fv_test_path(dir, "a.jsonl") };
    const fv_prediction p = { .path = "a,bf16", .error = failure };
    for (int i = 0; i < 2; i++) {
        FV_OWNED(fv_answers) answers = NULL;
        FV_OWNED(fv_answers) again = NULL;
        fv_answer_style how = computed(FV_PRECISION_F32, false);
        FV_OK(fv_answers_open(files[i], &how, false, &answers));
        FV_OK(fv_answers_add(answers, &p));
        FV_OK(fv_answers_close(answers));
        FV_OK(fv_answers_open(files[i], &how, true, &again));
        assert_int_equal(fv_answers_held(again), 1);
    }
    const char *begun = fv_test_path(dir, "begun.csv");
    fv_answer_style rounded = computed(FV_PRECISION_BF16, false);
    fv_answers *none = NULL;
    fv_test_text("path,label,score,label_2,score_2,error\n", dir, "begun.csv");
    FV_FAILS(fv_answers_open(begun, &rounded, true, &none), FV_CONFLICT, "other columns");
}

/* Cut at many a byte, the file is completed to the same bytes. */
static void cut_everywhere(const char *name, fv_answer_style how) {
    const char *dir = fv_test_folder(), *file = fv_test_path(dir, name), *torn = fv_test_path(dir, "torn");
    char torn_name[600];
    int64_t length, again;
    snprintf(torn_name, sizeof torn_name, "%s_%s", torn, name);
    remove(file);
    write(file, how, false);
    char *whole = read(file, &length);
    for (int64_t cut = 0; cut <= length; cut += 5) {
        FV_OK(fv_file_write(torn_name, whole, cut, NULL));
        write(torn_name, how, true);
        char *text = read(torn_name, &again);
        assert_int_equal(again, length);
        assert_memory_equal(text, whole, (size_t)length);
        fv_memory_free(text);
    }
    fv_memory_free(whole);
}

FV_TEST(predict_answers__a_file_cut_at_any_byte_is_completed) {
    cut_everywhere("a.csv", style(false, false));
    cut_everywhere("a.jsonl", style(false, false));
    cut_everywhere("a.csv", computed(FV_PRECISION_BF16_FORCED, true));
    cut_everywhere("a.jsonl", computed(FV_PRECISION_BF16_FORCED, true));
}

FV_TEST(predict_answers__what_is_no_file_of_ours_is_left_alone) {
    const char *dir = fv_test_folder(), *file = fv_test_path(dir, "a.csv"), *other = fv_test_path(dir, "notes.jsonl");
    fv_answer_style how = style(false, false), more = style(false, true);
    fv_answers *answers = NULL;
    write(file, how, false);
    FV_FAILS(fv_answers_open(file, &how, false, &answers), FV_CONFLICT, "is there already");
    FV_FAILS(fv_answers_open(file, &more, true, &answers), FV_CONFLICT, "other columns");
    fv_test_text("{\"path\":\"x\",\"label\":1}\nnotes\n", dir, "notes.jsonl");
    FV_FAILS(fv_answers_open(other, &how, true, &answers), FV_FORMAT, "line 2");
    FV_FAILS(fv_answers_open(fv_test_path(dir, "a.txt"), &how, false, &answers), FV_USAGE, ".jsonl");
    FV_FAILS(fv_answers_open(fv_test_path(dir, "none/a.csv"), &how, false, &answers), FV_IO, "none/a.csv");
    int64_t length;
    char *text = read(other, &length);
    assert_string_equal(text, "{\"path\":\"x\",\"label\":1}\nnotes\n");
    fv_memory_free(text);
}
