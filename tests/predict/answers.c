/* The file of answers: what is written, and going on with a file that was left at any byte. */
#include "predict/answers.h"

#include <stdio.h>

#include "core/base/assert.h"
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
    number = (fv_answer_style){ .kind = FV_NUMBERS, .model_hash = "0123456789abcdef", .views = FV_VIEWS_MIRROR_SHIFT };
    check_line(number, &p, "model.csv", "path,number,error,model_hash,tta\none.png,3.5,,0123456789ab,mirror_shift\n");
    check_line(number, &failed, "model.jsonl",
               "{\"path\":\"two.png\",\"error\":\"no picture\",\"model_hash\":\"0123456789ab\",\"tta\":\"mirror_shift\"}\n");
    number = (fv_answer_style){ .kind = FV_NUMBERS, .threshold = 0.9, .fast_batch = true };
    check_line(number, &p, "threshold.csv", "path,number,error,threshold,fast_batch\none.png,3.5,,0.9,true\n");
    check_line(number, &p, "threshold.jsonl", "{\"path\":\"one.png\",\"number\":3.5,\"threshold\":0.9,\"fast_batch\":true}\n");
}

typedef struct way {
    fv_answer_style style;
    const char *said, *with, *without; /* "model …", and how to come to it from the first one, or back */
} way;

#define HASH "0123456789abcdef"
static const way ways[] = {
    { { .model_hash = HASH }, "model 0123456789ab", NULL, NULL },
    { { .model_hash = HASH, .precision = FV_PRECISION_BF16 },
      "model 0123456789ab with --precision bf16",
      " with --precision bf16",
      " without --precision" },
    { { .model_hash = HASH, .precision = FV_PRECISION_BF16_FORCED, .fast_batch = true },
      "model 0123456789ab with --precision bf16_forced --fast-batch",
      " with --precision bf16_forced --fast-batch",
      " without --precision --fast-batch" },
    { { .model_hash = HASH, .fast_batch = true },
      "model 0123456789ab with --fast-batch",
      " with --fast-batch",
      " without --fast-batch" },
    { { .model_hash = HASH, .views = FV_VIEWS_MIRROR },
      "model 0123456789ab with --tta mirror",
      " with --tta mirror",
      " without --tta" },
    { { .model_hash = HASH, .views = FV_VIEWS_MIRROR_SHIFT, .threshold = -1 },
      "model 0123456789ab with --tta mirror_shift --threshold -1",
      " with --tta mirror_shift --threshold -1",
      " without --tta --threshold" },
    { { .model_hash = "fedcba9876543210" },
      "model fedcba987654",
      " by that model, whose hash `fovea model show` says",
      " by that model, whose hash `fovea model show` says" },
    { { .model_hash = NULL }, "a model that it does not name", NULL, " by that model, whose hash `fovea model show` says" },
};

static fv_answer_style styled(const way *w) {
    fv_answer_style how = w->style;
    how.top = how.classes = CLASSES, how.names = names;
    return how;
}

static void refuse_resume(const char *name, const way *had, const way *now) {
    const char *file = fv_test_path(fv_test_folder(), name);
    fv_answer_style before = styled(had), after = styled(now);
    fv_answers *answers = NULL;
    char expected[512];
    const char *way_out = had == ways ? now->without : now == ways ? had->with : NULL;
    snprintf(expected, sizeof expected, "%s, line %d: answered by %s, and now it would be by %s", name,
             strstr(name, ".csv") ? 2 : 1, had->said, now->said);
    remove(file);
    write(file, before, false);
    fv_error *error = fv_answers_open(file, &after, true, &answers);
    assert_non_null(error);
    assert_int_equal(fv_error_code(error), FV_CONFLICT);
    char text[2048];
    assert_non_null(strstr(fv_error_format(error, text, sizeof text), expected));
    snprintf(expected, sizeof expected, way_out ? "go on%s, or name another file" : "name another file", way_out);
    if (had == ways || now == ways) assert_string_equal(fv_error_hint_get(error), expected);
    fv_error_free(error);
}

/* Each way against each. */
static void resume_in_all_ways(const char *name) {
    for (int i = 0; i < FV_COUNT(ways); i++)
        for (int k = 0; k < FV_COUNT(ways); k++) {
            FV_OWNED(fv_answers) answers = NULL;
            const char *file = fv_test_path(fv_test_folder(), name);
            fv_answer_style how = styled(&ways[i]);
            if (i != k) {
                refuse_resume(name, &ways[i], &ways[k]);
                continue;
            }
            remove(file);
            write(file, how, false);
            FV_OK(fv_answers_open(file, &how, true, &answers));
            assert_int_equal(fv_answers_held(answers), 4);
        }
}

FV_TEST(predict_answers__of_one_file_are_made_alike) {
    resume_in_all_ways("a.csv");
    resume_in_all_ways("a.jsonl");
}

FV_TEST(predict_answers__of_one_file_of_json_have_as_many_labels_and_all_logits_or_none) {
    const char *file = fv_test_path(fv_test_folder(), "a.jsonl");
    fv_answer_style had = style(false, false), one = had, more = style(false, true);
    fv_answers *answers = NULL;
    one.top = 1;
    write(file, had, false);
    FV_FAILS(fv_answers_open(file, &one, true, &answers), FV_CONFLICT, "other labels or logits");
    FV_FAILS(fv_answers_open(file, &more, true, &answers), FV_CONFLICT, "other labels or logits");
}

/* A name that reads as what is said behind an answer; and a file that was stopped behind its header. */
FV_TEST(predict_answers__no_text_is_taken_for_how_they_were_made) {
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
    FV_OWNED(fv_answers) anew = NULL;
    fv_test_text("path,label,score,label_2,score_2,error\n", dir, "begun.csv"); /* no answer yet: begun anew */
    FV_OK(fv_answers_open(begun, &rounded, true, &anew));
    FV_OK(fv_answers_add(anew, &p));
    FV_OK(fv_answers_close(anew));
    FV_OWNED(fv_answers) again = NULL;
    FV_OK(fv_answers_open(begun, &rounded, true, &again));
    assert_int_equal(fv_answers_held(again), 1);
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
    cut_everywhere("a.csv", styled(&ways[5]));
    cut_everywhere("a.jsonl", styled(&ways[5]));
}

FV_TEST(predict_answers__what_is_no_file_of_ours_is_left_alone) {
    static const char ours_and_notes[] = "{\"path\":\"x\",\"error\":\"none\"}\nnotes\n";
    const char *dir = fv_test_folder(), *file = fv_test_path(dir, "a.csv"), *other = fv_test_path(dir, "notes.jsonl");
    fv_answer_style how = style(false, false), more = style(false, true);
    fv_answers *answers = NULL;
    write(file, how, false);
    FV_FAILS(fv_answers_open(file, &how, false, &answers), FV_CONFLICT, "is there already");
    FV_FAILS(fv_answers_open(file, &more, true, &answers), FV_CONFLICT, "other columns");
    fv_test_text(ours_and_notes, dir, "notes.jsonl");
    FV_FAILS(fv_answers_open(other, &how, true, &answers), FV_FORMAT, "line 2");
    FV_FAILS(fv_answers_open(fv_test_path(dir, "a.txt"), &how, false, &answers), FV_USAGE, ".jsonl");
    FV_FAILS(fv_answers_open(fv_test_path(dir, "none/a.csv"), &how, false, &answers), FV_IO, "none/a.csv");
    int64_t length;
    char *text = read(other, &length);
    assert_string_equal(text, ours_and_notes);
    fv_memory_free(text);
}
