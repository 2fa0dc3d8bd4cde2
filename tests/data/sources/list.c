/* Lists as spreadsheets, scripts and people write them, and every way in which a row can be wrong. */
#include "tests/data/pictures.h"

#include <unistd.h>

#include "core/base/file.h"
#include "core/base/memory.h"
#include "core/base/text.h"
#include "data/sources/list_rows.h"
#include "tests/allocations.h"

/* The case CSV-01: a byte-order mark, CRLF, quoted commas and quotes, an empty last line, which `ending` may leave out. */
#define CSV_01(ending)                                                                                                         \
    "\xEF\xBB\xBF"                                                                                                             \
    "filename,label\r\na.png,cat\r\n\"b,with comma.png\",dog\r\n\"c \"\"quoted\"\".png\",\"big cat\"\r\nsub/d.png,dog\r\n"     \
    "\"e.png\",cat" ending

static const char *make_pictures(const char *const *names, int count) {
    const char *dir = fv_test_folder();
    for (int i = 0; i < count; i++) fv_test_copy("rgb.png", dir, names[i]);
    return dir;
}

static const char *abc(void) { return make_pictures((const char *const[]){ "a.png", "b.png", "c.png" }, 3); }

/* Opens a list of that text beside the pictures. */
static fv_error *try_list(const char *dir, const char *name, const char *text, const fv_dataset_options *options,
                          fv_dataset **out) {
    fv_test_text(text, dir, name);
    return fv_dataset_open(fv_test_path(dir, name), options, out);
}

static fv_dataset *open_list(const char *dir, const char *name, const char *text, const char *source_options) {
    return fv_test_list(text, dir, name, &(fv_dataset_options){ .source_options = source_options, .allow_dropped = true });
}

static void check_class(const fv_dataset *set, int64_t sample, const char *id, const char *class_name) {
    assert_string_equal(fv_dataset_id(set, sample), id);
    assert_string_equal(fv_dataset_class_name(set, fv_dataset_class(set, sample)), class_name);
}

static void check_classes(const fv_dataset *set, int64_t sample, const int64_t *classes, int64_t count) {
    const fv_target *target = fv_dataset_target(set, sample);
    assert_int_equal(target->kind, FV_TARGET_CLASSES);
    assert_int_equal(target->classes.count, count);
    for (int64_t i = 0; i < count; i++) assert_int_equal(target->classes.at[i], classes[i]);
}

static void check_rejected(const fv_dataset *set, int64_t index, const char *path, const char *reason) {
    const char *got_path, *got_reason;
    assert_true(index < fv_dataset_count_all(set).rejected);
    fv_dataset_rejected(set, index, &got_path, &got_reason);
    assert_string_equal(got_path, path);
    assert_string_equal(got_reason, reason);
}

static void check_csv_01(const char *text) {
    const char *dir = make_pictures((const char *const[]){ "images/a.png", "images/b,with comma.png", "images/c \"quoted\".png",
                                                           "images/sub/d.png", "images/e.png" },
                                    5);
    fv_dataset *set = NULL;
    FV_OK(try_list(dir, "labels.csv", text, &(fv_dataset_options){ .strict = true }, &set));
    assert_string_equal(fv_dataset_source(set), "list");
    assert_int_equal(fv_dataset_count(set), 5);
    assert_int_equal(fv_dataset_class_count(set), 3);
    assert_string_equal(fv_dataset_class_name(set, 0), "big cat");
    assert_string_equal(fv_dataset_class_name(set, 1), "cat");
    assert_string_equal(fv_dataset_class_name(set, 2), "dog");
    check_class(set, 0, "a.png", "cat");
    check_class(set, 1, "b,with comma.png", "dog");
    check_class(set, 2, "c \"quoted\".png", "big cat");
    check_class(set, 3, "sub/d.png", "dog");
    check_class(set, 4, "e.png", "cat");
    assert_non_null(strstr(fv_dataset_note(set, 0), "pictures from column \"filename\", labels from \"label\""));
    assert_non_null(strstr(fv_dataset_note(set, 1), "its pictures are in "));
    FV_IMAGE(image);
    FV_OK(fv_dataset_read(set, 2, &image));
    fv_dataset_free(set);
}

FV_TEST(data_sources_list__reads_csv_as_spreadsheets_write_it) {
    check_csv_01(CSV_01("\r\n\r\n"));
    check_csv_01(CSV_01(""));
    check_csv_01(CSV_01("\r\n,\r\n\r\n"));
}

FV_TEST(data_sources_list__finds_columns_by_name_and_says_so) {
    const char *dir = abc();
    FV_OWNED(fv_dataset)
    set = open_list(dir, "l.csv",
                    "Patient ID;Image Index;Split;Finding Labels;weight\n"
                    "7;a.png;train;cat;0.5\n8;b.png;Valid;dog;2\n7;c.png;train;dog;0\n",
                    NULL);
    assert_non_null(strstr(fv_dataset_note(set, 0), "divided by semicolons"));
    assert_non_null(strstr(fv_dataset_note(set, 1),
                           "pictures from column \"Image Index\", labels from \"Finding Labels\", parts "
                           "from \"Split\", groups from \"Patient ID\", weights from \"weight\""));
    assert_int_equal(fv_dataset_part_count(set), 2);
    assert_string_equal(fv_dataset_part_name(set, 1), "val");
    assert_string_equal(fv_dataset_group(set, 2), "7");
    assert_true(fv_dataset_is_weighted(set));
    assert_true(fv_dataset_weight(set, 0) == 0.5 && fv_dataset_weight(set, 2) == 0);
    FV_OWNED(fv_subset) val = NULL;
    FV_OK(fv_subset_part(set, "val", &val));
    assert_int_equal(fv_subset_at(val, 0), 1);
    FV_OWNED(fv_dataset) none = open_list(dir, "l.csv", "path,label,group\na.png,x,1\nb.png,y,\n", "group=none");
    assert_null(fv_dataset_group(none, 0));
    assert_true(fv_dataset_weight(none, 0) == 1);
}

FV_TEST(data_sources_list__takes_lists_without_a_header_and_with_tabs) {
    FV_OWNED(fv_dataset) plain = open_list(abc(), "l.csv", "a.png,x\nb.png,y\nc.png,x\n", NULL);
    assert_int_equal(fv_dataset_count(plain), 3);
    check_class(plain, 0, "a.png", "x");
    assert_non_null(strstr(fv_dataset_note(plain, 0), "no header; pictures from column \"1\", labels from \"2\""));
    FV_OWNED(fv_dataset) tabs = open_list(abc(), "l.tsv", "label\tfile\n big, cat \ta.png\nsmall\tb.png", NULL);
    check_class(tabs, 0, "a.png", "big, cat");
    check_class(tabs, 1, "b.png", "small");
    FV_OWNED(fv_dataset) suffix = open_list(abc(), "l.csv", "id,breed\na,x\nb,y\n", "suffix=.png");
    check_class(suffix, 1, "b.png", "y");
    FV_OWNED(fv_dataset) left = open_list(abc(), "l.csv", "path,what is it\na.png,x\nb.png,y\n", NULL);
    check_class(left, 1, "b.png", "y");
}

FV_TEST(data_sources_list__reads_several_classes_from_a_separator_an_array_or_columns) {
    const char *dir = abc();
    FV_OWNED(fv_dataset) bar = open_list(dir, "l.csv", "path,tags\na.png,dog| cat|dog|\nb.png,\nc.png,cat\n", "separator=|");
    check_classes(bar, 0, (int64_t[]){ 1, 0 }, 2);
    check_classes(bar, 1, NULL, 0);
    check_classes(bar, 2, (int64_t[]){ 0 }, 1);
    FV_OWNED(fv_dataset)
    json = open_list(dir, "l.jsonl",
                     "{\"path\": \"a.png\", \"labels\": [\"dog\", \"cat\"]}\r\n\n"
                     "{\"labels\": [], \"path\": \"b.png\", \"more\": {\"x\": 1}}\n"
                     "{\"path\": \"c.png\", \"labels\": [\"c\\u00e9\", 7]}",
                     NULL);
    assert_int_equal(fv_dataset_class_count(json), 4); /* 7, cat, cé, dog */
    assert_string_equal(fv_dataset_class_name(json, 2), "c\xC3\xA9");
    check_classes(json, 0, (int64_t[]){ 3, 1 }, 2);
    check_classes(json, 1, NULL, 0);
    check_classes(json, 2, (int64_t[]){ 2, 0 }, 2);
    FV_OWNED(fv_dataset)
    marks = open_list(dir, "l.csv", "image,MEL,NV,BCC\na.png,1,0,1\nb.png,0.0,1.0,0.0\nc.png,0,0,0\n", NULL);
    assert_int_equal(fv_dataset_class_count(marks), 3);
    assert_string_equal(fv_dataset_class_name(marks, 0), "BCC");
    check_classes(marks, 0, (int64_t[]){ 1, 0 }, 2);
    check_classes(marks, 1, (int64_t[]){ 2 }, 1);
    check_classes(marks, 2, NULL, 0);
    assert_non_null(strstr(fv_dataset_note(marks, 1), "several classes"));
    FV_OWNED(fv_dataset) one = open_list(dir, "l.csv", "image,MEL,NV\na.png,1,0\nb.png,0,1\n", NULL);
    assert_int_equal(fv_dataset_class(one, 1), 1);
    assert_non_null(strstr(fv_dataset_note(one, 1), "of one class"));
}

FV_TEST(data_sources_list__reads_numbers_and_pictures_to_predict) {
    FV_OWNED(fv_dataset) set = open_list(abc(), "l.csv", "path,age\na.png, 3.5\nb.png,-1e2\nc.png,old\n", "target=number");
    assert_int_equal(fv_dataset_target(set, 0)->kind, FV_TARGET_NUMBER);
    assert_true(fv_dataset_target(set, 0)->number == 3.5 && fv_dataset_target(set, 1)->number == -100);
    assert_int_equal(fv_dataset_class_count(set), 0);
    check_rejected(set, 0, "c.png", "l.csv line 4: its number is \"old\"");
    FV_OWNED(fv_dataset) json = open_list(abc(), "l.jsonl", "{\"file\":\"a.png\",\"value\":0.1}\n", "target=number");
    assert_true(fv_dataset_target(json, 0)->number == 0.1);
    FV_OWNED(fv_dataset) none = open_list(abc(), "l.csv", "path,what,ever\na.png,x,y\n", "target=none");
    assert_int_equal(fv_dataset_target(none, 0)->kind, FV_TARGET_NONE);
}

FV_TEST(data_sources_list__names_file_line_and_reason_of_what_it_rejects) {
    FV_OWNED(fv_dataset)
    set = open_list(abc(), "l.csv",
                    "path,label,split,weight\n"
                    "a.png,x,train,1\n"
                    "gone.png,x,train,1\n"
                    "b.png,x\n"
                    "b.png,,train,1\n"
                    "b.png,\"two\nlines\",dev,1\n"
                    ",x,train,1\n"
                    "b.png,new,test,1\n"
                    "b.png,x,test,-1\n"
                    "./a.png,x,test,1\n"
                    "\"b\".png,x,train,1\n"
                    "c.png,x,,1\n"
                    "c.png,\"x,train,1\n",
                    NULL);
    assert_int_equal(fv_dataset_count(set), 1);
    assert_int_equal(fv_dataset_count_all(set).rejected, 11);
    const char *path, *reason;
    fv_dataset_rejected(set, 0, &path, &reason);
    assert_string_equal(path, "gone.png");
    assert_non_null(strstr(reason, "l.csv line 3: there is no such file below "));
    check_rejected(set, 1, "l.csv", "l.csv line 4: 2 fields where there are 4 columns");
    check_rejected(set, 2, "b.png", "l.csv line 5: no label");
    check_rejected(set, 3, "b.png", "l.csv line 6: its part \"dev\" is none of train, val and test");
    check_rejected(set, 4, "l.csv", "l.csv line 8: no path");
    check_rejected(set, 5, "b.png", "l.csv line 9: its class \"new\" is not one of those in train");
    check_rejected(set, 6, "b.png", "l.csv line 10: its weight is \"-1\", not a number of 0 or more");
    check_rejected(set, 7, "a.png", "l.csv line 11: it is in line 2 already");
    check_rejected(set, 8, "l.csv", "l.csv line 12: text behind a closing quote");
    check_rejected(set, 9, "c.png", "l.csv line 13: it says no part");
    check_rejected(set, 10, "l.csv", "l.csv line 14: a quote that is never closed");
}

FV_TEST(data_sources_list__rejects_lines_that_are_no_json_objects) {
    FV_OWNED(fv_dataset)
    set = open_list(abc(), "l.jsonl",
                    "{\"path\":\"a.png\",\"label\":\"x\"}\n[1]\n{\"path\":\n"
                    "{\"path\":{\"x\":1},\"label\":\"x\"}\n{\"path\":\"b.png\",\"label\":null}\n"
                    "{\"path\":\"c.png\",\"label\":[\"x\",[]]}\n",
                    NULL);
    assert_int_equal(fv_dataset_count_all(set).rejected, 5);
    check_rejected(set, 0, "l.jsonl", "l.jsonl line 2: no JSON object");
    const char *path, *reason;
    fv_dataset_rejected(set, 1, &path, &reason);
    assert_non_null(strstr(reason, "line 3: no JSON: "));
    check_rejected(set, 2, "l.jsonl", "l.jsonl line 4: its path is no text");
    check_rejected(set, 3, "b.png", "l.jsonl line 5: no label");
    check_rejected(set, 4, "c.png", "l.jsonl line 6: its label is no text");
}

FV_TEST(data_sources_list__refuses_lists_that_cannot_be_understood) {
    const char *dir = abc();
    FV_OWNED(fv_dataset) set = NULL;
    fv_dataset_options label = { .source_options = "label=breed" }, root = { .source_options = "root=nowhere" };
    FV_FAILS(try_list(dir, "l.csv", "path,label\na.png,x\n", &label, &set), FV_FORMAT, "has no column \"breed\"");
    FV_FAILS(try_list(dir, "l.csv", "path,label\na.png,x\n", &root, &set), FV_NOT_FOUND, "nowhere (option root)");
    FV_FAILS(try_list(dir, "l.csv", "p,q\n1,x\n", NULL, &set), FV_FORMAT, "known for paths of pictures");
    FV_FAILS(try_list(dir, "l.csv", "path,q,r\na.png,x,y\n", NULL, &set), FV_FORMAT, "known for labels");
    FV_FAILS(try_list(dir, "l.csv", "path,path\na.png,x\n", NULL, &set), FV_FORMAT, "two columns are called \"path\"");
    FV_FAILS(try_list(dir, "l.csv", "", NULL, &set), FV_FORMAT, "an empty list");
    FV_FAILS(try_list(dir, "l.csv", "path,label\n", NULL, &set), FV_FORMAT, "holds no pictures");
    FV_FAILS(try_list(dir, "l.csv", "path,label\nx.png,\xE9\n", NULL, &set), FV_FORMAT, "line 2 is no UTF-8 text");
    FV_FAILS(try_list(dir, "l.csv", "\xFF\xFEp\1a", NULL, &set), FV_FORMAT, "UTF-16");
    FV_FAILS(try_list(dir, "l.csv", "path,label\nx.png,a\ny.png,b\n", NULL, &set), FV_NOT_FOUND, "none of its 2 pictures");
    FV_FAILS(try_list(dir, "l.csv", "path,label\na.png,x\nb.png\n", NULL, &set), FV_FORMAT, "1 of 2 pictures cannot be used");
}

FV_TEST(data_sources_list__finds_pictures_by_root_and_by_paths_of_another_system) {
    const char *dir = make_pictures((const char *const[]){ "data/in/a.png", "data/in/b.png", "other/a.png" }, 3);
    FV_OWNED(fv_dataset) turned = open_list(dir, "l.csv", "path,label\ndata\\in\\a.png,x\n.\\data\\in\\b.png,y\n", NULL);
    assert_int_equal(fv_dataset_count(turned), 2);
    assert_string_equal(fv_dataset_id(turned, 0), "data/in/a.png");
    FV_OWNED(fv_dataset) rooted = open_list(dir, "lists/l.csv", "path,label\na.png,x\n", "root=../data/in");
    FV_IMAGE(image);
    FV_OK(fv_dataset_read(rooted, 0, &image));
    char text[512];
    snprintf(text, sizeof text, "path,label\n%s/other/a.png,x\n", dir);
    FV_OWNED(fv_dataset) absolute = open_list(dir, "lists/l.csv", text, NULL);
    FV_OK(fv_dataset_read(absolute, 0, &image));
}

FV_TEST(data_sources_list__takes_the_classes_of_a_model) {
    FV_OWNED(fv_dataset) set = open_list(abc(), "l.csv", "path,tags\na.png,dog|cat\nb.png,cow\nc.png,\n", "separator=|");
    FV_OK(fv_dataset_impose_classes(set, (const char *const[]){ "dog", "ant", "cat" }, 3));
    check_classes(set, 0, (int64_t[]){ 0, 2 }, 2);
    check_classes(set, 2, NULL, 0);
    check_rejected(set, 0, "b.png", "its class \"cow\" is not one of the 3 expected");
}

FV_TEST(data_sources_list__takes_any_suffix_of_a_list_and_says_what_divides_its_fields) {
    const char *dir = abc();
    FV_OWNED(fv_dataset) tab = open_list(dir, "l.tab", "path\tlabel\na.png\tx;y,z\n", NULL);
    check_class(tab, 0, "a.png", "x;y,z");
    FV_OWNED(fv_dataset) guessed = open_list(dir, "l.csv", "\npath\tlabel\na.png\tx\n", NULL);
    assert_non_null(strstr(fv_dataset_note(guessed, 0), "divided by tabs"));
    FV_OWNED(fv_dataset) nd = open_list(dir, "l.ndjson", "{\"path\":\"a.png\",\"label\":\"x\"}\n\r\n", NULL);
    check_class(nd, 0, "a.png", "x");
    FV_OWNED(fv_dataset) lines = open_list(dir, "l.JsonLines", "{\"path\":\"a.png\",\"label\":true}\n \t\n", NULL);
    check_class(lines, 0, "a.png", "1");
    FV_OWNED(fv_dataset) set = NULL;
    FV_OK(fv_file_make_folder(fv_test_path(dir, "folder.csv")));
    FV_FAILS(fv_dataset_open(fv_test_path(dir, "folder.csv"), NULL, &set), FV_FORMAT, "no class folders");
}

FV_TEST(data_sources_list__opens_a_list_named_without_a_folder) {
    FV_OWNED(fv_dataset) set = NULL;
    assert_int_equal(chdir(abc()), 0);
    FV_OK(fv_file_write("l.csv", "path,label\na.png,x\n", 19, NULL));
    FV_OK(fv_dataset_open("l.csv", NULL, &set));
    check_class(set, 0, "a.png", "x");
    FV_IMAGE(image);
    FV_OK(fv_dataset_read(set, 0, &image));
}

FV_TEST(data_sources_list__takes_characters_of_every_length_and_refuses_what_is_none) {
    const char *dir = abc();
    FV_OWNED(fv_dataset)
    set = open_list(dir, "l.csv",
                    "path,label\na.png,\xE0\xA4\x85 \xED\x95\x9C\nb.png,\xF0\x9F\x90\x88\nc.png,\xF4\x8F\xBF\xBF\n", NULL);
    check_class(set, 0, "a.png", "\xE0\xA4\x85 \xED\x95\x9C");
    check_class(set, 2, "c.png", "\xF4\x8F\xBF\xBF");
    static const char *const wrong[] = { "\xE0\x9F\x80",     "\xF0\x8F\xBF\xBF", "\xED\xA0\x80", "\xF4\x90\x80\x80",
                                         "\xF5\x80\x80\x80", "\xC1\x81",         "\xC3",         "\xE2\x82(" };
    for (int i = 0; i < (int)(sizeof wrong / sizeof *wrong); i++) {
        char text[64];
        fv_dataset *none = NULL;
        snprintf(text, sizeof text, "path,label\na.png,%s", wrong[i]);
        FV_FAILS(try_list(dir, "l.csv", text, NULL, &none), FV_FORMAT, "line 2 is no UTF-8 text");
    }
    fv_dataset *none = NULL;
    FV_FAILS(try_list(dir, "l.csv", "\xFE\xFFp\1a", NULL, &none), FV_FORMAT, "UTF-16");
    FV_FAILS(try_list(dir, "l.csv",
                      "\xFE"
                      "path",
                      NULL, &none),
             FV_FORMAT, "line 1 is no UTF-8 text");
    FV_FAILS(try_list(dir, "l.csv",
                      "\xFF"
                      "path",
                      NULL, &none),
             FV_FORMAT, "line 1 is no UTF-8 text");
}

FV_TEST(data_sources_list__counts_lines_in_quotes_however_they_end) {
    FV_OWNED(fv_dataset)
    set = open_list(abc(), "l.csv",
                    "path,label,note\na.png,x,\"one\rtwo\r\nthree\nfour\"\ngone.png,x,\nb.png,\t y \t,\"\"\"\"\r"
                    "later.png,x,\n",
                    "target=class");
    const char *path, *reason;
    fv_dataset_rejected(set, 0, &path, &reason);
    assert_non_null(strstr(reason, "l.csv line 6: there is no such file"));
    check_class(set, 1, "b.png", "y");
    fv_dataset_rejected(set, 1, &path, &reason);
    assert_non_null(strstr(reason, "l.csv line 8: there is no such file"));
}

FV_TEST(data_sources_list__takes_the_columns_that_are_named) {
    const char *dir = abc();
    FV_OWNED(fv_dataset)
    set = open_list(dir, "l.csv", "where,half,who,much,what\na.png,train,p,2,x\nb.png,test,q,3,x\n",
                    "path=where split=half group=who weight=much label=what");
    check_class(set, 1, "b.png", "x");
    assert_string_equal(fv_dataset_part_name(set, 1), "test");
    assert_string_equal(fv_dataset_group(set, 1), "q");
    assert_true(fv_dataset_weight(set, 1) == 3);
    FV_OWNED(fv_dataset) left = open_list(dir, "l.csv", "file,set,subject,weight,kind\na.png,train,p,2,x\n", NULL);
    check_class(left, 0, "a.png", "x"); /* the one that nothing else has */
    FV_OWNED(fv_dataset)
    marks = open_list(dir, "l.csv", "path,ant,bee,weight\na.png,1,0,1\nb.png,0,0,0\nc.png,1,1,1\n", "class_columns=bee,ant");
    check_classes(marks, 2, (int64_t[]){ 1, 0 }, 2);
    check_classes(marks, 1, NULL, 0);
    FV_OWNED(fv_dataset) dashed = open_list(dir, "l.csv", "image-path,Class Name\na.png,x\n", NULL);
    check_class(dashed, 0, "a.png", "x");
    fv_dataset *none = NULL;
    static const char *const missing[] = { "path=p", "label=p", "part=p", "group=p", "weight=p", "class_columns=ant,p" };
    for (int i = 0; i < 6; i++)
        FV_FAILS(
            try_list(dir, "l.csv", "path,ant,bee\na.png,1,0\n", &(fv_dataset_options){ .source_options = missing[i] }, &none),
            FV_FORMAT, "has no column \"p\"");
    FV_FAILS(try_list(dir, "l.csv", "path,x\na.png,1\n", &(fv_dataset_options){ .source_options = "path=none" }, &none),
             FV_FORMAT, "known for paths of pictures");
    FV_FAILS(try_list(dir, "l.csv", "path,x\na.png,1\n", &(fv_dataset_options){ .source_options = "label=none" }, &none),
             FV_FORMAT, "known for labels");
    FV_FAILS(try_list(dir, "l.csv", "a.png\nb.png\n", NULL, &none), FV_FORMAT, "known for labels");
}

FV_TEST(data_sources_list__header_says_whether_the_first_row_names_the_columns) {
    const char *dir = abc();
    FV_OWNED(fv_dataset) rows = open_list(dir, "l.csv", "x,a\ny,b\n", "header=no suffix=.png path=2");
    assert_int_equal(fv_dataset_count(rows), 2);
    check_class(rows, 0, "a.png", "x");
    FV_OWNED(fv_dataset) first = open_list(dir, "l.csv", "a,x\nb,y\n", "header=no suffix=.png");
    check_class(first, 1, "b.png", "y"); /* where no field names a picture, the first is the path */
    FV_OWNED(fv_dataset) named = open_list(dir, "l.csv", ",,\nx,a.png\n", NULL);
    check_class(named, 0, "a.png", "x");
    FV_OWNED(fv_dataset) names = open_list(dir, "l.csv", "a.png,label\nb.png,x\n", "header=yes path=a.png");
    assert_int_equal(fv_dataset_count(names), 1);
    check_class(names, 0, "b.png", "x");
    fv_dataset *none = NULL;
    FV_FAILS(try_list(dir, "l.csv", "\"path,label\na.png,x\n", NULL, &none), FV_FORMAT, "line 1: a quote that is never closed");
    FV_FAILS(try_list(dir, "l.jsonl", " \r\n\n", NULL, &none), FV_FORMAT, "an empty list");
}

FV_TEST(data_sources_list__names_at_most_so_many_columns) {
    FV_TEXT(wide, 1 << 20);
    for (int i = 0; i < FV_COLUMNS_MAX; i++) fv_text_addf(&wide, "a long name for a column %d,", i);
    fv_text_add(&wide, "one more\nx\n");
    fv_dataset *none = NULL;
    FV_FAILS(try_list(abc(), "l.csv", wide.at, NULL, &none), FV_FORMAT, "more than 4096 columns");
    fv_text_clear(&wide);
    for (int i = 0; i < 60; i++) fv_text_addf(&wide, "a long name for a column %d,", i);
    fv_text_add(&wide, "last\nx\n");
    fv_error *error = try_list(abc(), "l.csv", wide.at, NULL, &none);
    assert_non_null(strstr(fv_error_hint_get(error), "its columns are \"a long name for a column 0\", "));
    assert_null(strstr(fv_error_hint_get(error), "last"));
    FV_FAILS(error, FV_FORMAT, "known for paths of pictures");
}

FV_TEST(data_sources_list__says_what_is_wrong_with_a_mark_a_number_or_a_weight) {
    const char *dir = abc();
    FV_OWNED(fv_dataset)
    marks = open_list(dir, "l.csv", "path,ant,bee\na.png,1,0\nb.png,1,\nc.png,yes,0\n/none.png,0,2\n,1,1\n\"a\"x,1,1\n",
                      "class_columns=ant,bee");
    check_rejected(marks, 0, "b.png", "l.csv line 3: column \"bee\" is \"\", neither 0 nor 1");
    check_rejected(marks, 1, "c.png", "l.csv line 4: column \"ant\" is \"yes\", neither 0 nor 1");
    check_rejected(marks, 2, "/none.png", "l.csv line 5: column \"bee\" is \"2\", neither 0 nor 1");
    check_rejected(marks, 3, "l.csv", "l.csv line 6: no path");
    assert_non_null(strstr(fv_dataset_note(marks, 1), "every picture is of one class"));
    FV_OWNED(fv_dataset) numbers = open_list(dir, "l.csv", "path,age\na.png,1\nb.png,\nc.png,inf\n", "target=number");
    check_rejected(numbers, 0, "b.png", "l.csv line 3: no number");
    check_rejected(numbers, 1, "c.png", "l.csv line 4: its number is \"inf\"");
    FV_OWNED(fv_dataset)
    weights = open_list(dir, "l.csv", "path,label,weight\na.png,x,1\nb.png,x,\nc.png,x,heavy\nd.png,x,inf\n", NULL);
    check_rejected(weights, 0, "b.png", "l.csv line 3: its weight is \"\", not a number of 0 or more");
    check_rejected(weights, 1, "c.png", "l.csv line 4: its weight is \"heavy\", not a number of 0 or more");
    check_rejected(weights, 2, "d.png", "l.csv line 5: its weight is \"inf\", not a number of 0 or more");
}

FV_TEST(data_sources_list__says_what_is_wrong_with_a_cell_of_json) {
    FV_OWNED(fv_dataset)
    set = open_list(abc(), "l.jsonl",
                    "{\"path\":\"a.png\",\"labels\":[\"x\",\"\",\" x \"],\"split\":\"train\"}\n"
                    "{\"labels\":[\"x\"],\"split\":\"train\"}\n"
                    "{\"path\":\"b.png\",\"labels\":{\"x\":1},\"split\":\"train\"}\n"
                    "{\"path\":\"b.png\",\"labels\":\"x\",\"split\":[\"train\"]}\n"
                    "{\"path\":[\"b.png\"],\"labels\":\"x\",\"split\":\"train\"}\n"
                    "{\"path\":\"b.png\",\"labels\":[],\"split\":\"train\"}\n"
                    "{\"path\":\"c.png\",\"labels\":[\"y\"],\"split\":\"test\"}\n",
                    NULL);
    check_classes(set, 0, (int64_t[]){ 0 }, 1);
    check_classes(set, 1, NULL, 0);
    assert_int_equal(fv_dataset_count_all(set).rejected, 5);
    check_rejected(set, 0, "l.jsonl", "l.jsonl line 2: no path");
    check_rejected(set, 1, "b.png", "l.jsonl line 3: its label is no text");
    check_rejected(set, 2, "b.png", "l.jsonl line 4: its part is no text");
    check_rejected(set, 3, "l.jsonl", "l.jsonl line 5: its path is no text");
    check_rejected(set, 4, "c.png", "l.jsonl line 7: its class \"y\" is not one of those in train");
    FV_OWNED(fv_dataset)
    loose = open_list(
        abc(), "l.jsonl",
        "{\"path\":\"a.png\",\"label\":1.5,\"split\":{}}\n{\"path\":\"b.png\",\"label\":false,\"split\":\"train\"}\n", NULL);
    check_class(loose, 0, "b.png", "0"); /* the first cell that is a text tells that it is a column of parts */
    assert_int_equal(fv_dataset_count_all(loose).rejected, 1);
}

FV_TEST(data_sources_list__classes_of_a_part_beside_an_unlabelled_train_are_rejected) {
    FV_OWNED(fv_dataset)
    set = open_list(abc(), "l.csv", "path,tags,split\na.png,,train\nb.png,x|y,test\n", "separator=|");
    assert_int_equal(fv_dataset_class_count(set), 0);
    check_rejected(set, 0, "b.png", "l.csv line 3: its class \"x\" is not one of those in train");
}

/* Marks are looked for only where every row has them: JSON may leave a cell out, or put something else there. */
FV_TEST(data_sources_list__columns_with_gaps_are_no_marks) {
    const char *dir = abc();
    fv_dataset *none = NULL;
    FV_FAILS(
        try_list(dir, "l.jsonl", "{\"path\":\"a.png\",\"ant\":1,\"bee\":0}\n{\"path\":\"b.png\",\"ant\":1}\n", NULL, &none),
        FV_FORMAT, "known for labels");
    FV_FAILS(try_list(dir, "l.jsonl", "{\"path\":\"a.png\",\"ant\":1,\"bee\":[0]}\n", NULL, &none), FV_FORMAT,
             "known for labels");
    FV_OWNED(fv_dataset)
    set = open_list(dir, "l.csv", "path,ant,bee\na.png,1,0\n\"b.png\"x,1,7\nc.png,0,1\n", NULL);
    check_class(set, 1, "c.png", "bee"); /* what is no row does not count */
}

FV_TEST(data_sources_list__looks_for_pictures_in_one_folder_beside_the_list_only) {
    const char *dir = make_pictures((const char *const[]){ "one/a.png", "two/a.png", ".git/b.png" }, 3);
    fv_dataset *none = NULL;
    FV_FAILS(try_list(dir, "l.csv", "path,label\na.png,x\n", NULL, &none), FV_NOT_FOUND, "none of its 1 pictures is below");
    FV_FAILS(try_list(dir, "l.csv", "path,label\nb.png,x\n", NULL, &none), FV_NOT_FOUND, "none of its 1 pictures is below");
    FV_FAILS(try_list(dir, "l.csv", "path,label\n,x\nq\\b.png,x\n", NULL, &none), FV_NOT_FOUND, "none of its 1 pictures");
    FV_TEXT(many, 1 << 16);
    fv_text_add(&many, "path,label\n");
    for (int i = 0; i < 30; i++) fv_text_addf(&many, "%d.png,x\n", i);
    fv_text_add(&many, "one/a.png,x\n");
    FV_OWNED(fv_dataset) set = open_list(dir, "l.csv", many.at, NULL);
    assert_int_equal(fv_dataset_count(set), 1);
    char options[600];
    snprintf(options, sizeof options, "root=%s/two", dir);
    FV_OWNED(fv_dataset) absolute = open_list(dir, "lists/l.csv", "path,label\na.png,x\n", options);
    FV_IMAGE(image);
    FV_OK(fv_dataset_read(absolute, 0, &image));
}

FV_TEST(data_sources_list__want_of_memory_is_an_error_and_leaves_nothing) {
    static const struct {
        const char *name, *text, *options;
    } lists[] = {
        { "parts.csv",
          "path;label;split;group;weight\n sub\\a.png ;x ;train;1;0.5\nb.png;y;test;2;1\nb.png;x;train;2;1\n"
          "no\\c.png;x;train;3;1\nb.png;x;;3;1\nb.png;z;dev;3;1\nb.png;;train;3;1\n"
          ";x;train;3;1\nc.png;w;test;3;1\nc.png;x;train;3;-1\nc.png;x;train\n",
          NULL },
        { "bare.csv", "a.png,x\nb.png,y\n", NULL },
        { "split.csv", "path,tags\na.png, x | y\nb.png,\n", "separator=| suffix= label=tags" },
        { "marks.csv", "path,ant,bee\na.png, 1 , 0 \nb.png,0,1\nc.png,7,7\n", "class_columns=ant,bee" },
        { "guessed.csv", "path,ant,bee\na.png,1,0\nb.png,0,1\n", NULL },
        { "numbers.csv", "file,age,weight,group,split\na.png, 1 , 1 , g , train \nb.png,,1,g,train\nc.png,old,1,g,train\n",
          "target=number root=. delimiter=comma" },
        { "short.csv", "id,breed\na,x\nb,y\n", "suffix=.png" },
        { "several.csv", "path,label\na.png,\nb.png,x|y\nc.png,x\n", "target=class separator=|" },
        { "beside.csv", "path,label\nd.png,x\ne.png,y\n", NULL },
        { "lines.jsonl",
          "{\"path\":\"a.png\",\"labels\":[\"x\",\" y \",3]}\n{\"path\":\"b.png\",\"labels\":1.5}\n{\"path\":\"c.png\"}\n"
          "[]\n{\n"
          "{\"path\":{},\"labels\":[{}]}\n",
          NULL },
    };
    const char *dir = make_pictures((const char *const[]){ "sub/a.png", "a.png", "b.png", "c.png", "in/d.png", "in/e.png" }, 6);
    for (int i = 0; i < (int)(sizeof lists / sizeof *lists); i++) {
        fv_dataset *set = NULL;
        const fv_dataset_options options = { .source = "list", .source_options = lists[i].options, .allow_dropped = true };
        char path[600];
        print_message("%s\n", lists[i].name);
        snprintf(path, sizeof path, "%s/%s", dir, lists[i].name);
        fv_test_text(lists[i].text, dir, lists[i].name);
        FV_OK(fv_dataset_open(path, &options, &set));
        int64_t count = fv_dataset_count(set);
        fv_dataset_free(set);
        int64_t live = fv_memory_live();
        FV_TEST_EACH_ALLOCATION_FAILS(fv_dataset_open(path, &options, &set), {
            assert_int_equal(fv_dataset_count(set), count);
            fv_dataset_free(set);
        });
        assert_int_equal(fv_memory_live(), live);
    }
}
