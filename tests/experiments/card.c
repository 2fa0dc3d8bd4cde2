/* Model cards: what is written of names that would be markup, and of what is not known. */
#include "experiments/card.h"

#include <math.h>
#include <string.h>

#include "tests/test.h"

static const char evil[] = "<script>|a_b*[x](y)`";

/* A card with one block of each kind that can hold other people's texts. */
static fv_card hostile(fv_card_block blocks[4]) {
    static const fv_column columns[] = { { evil, false }, { "n", true } };
    static const char *const cells[] = { evil, NULL };
    static const char *const fence[] = { "recipe" };
    blocks[0] = (fv_card_block){ .kind = FV_CARD_SECTION, .text = evil };
    blocks[1] = (fv_card_block){ .kind = FV_CARD_TABLE, .columns = columns, .column_count = 2, .cells = cells, .rows = 1 };
    blocks[2] = (fv_card_block){ .kind = FV_CARD_NOTE, .text = "two\nlines" };
    blocks[3] = (fv_card_block){ .kind = FV_CARD_CODE, .text = "a: ```` b", .cells = fence };
    return (fv_card){ evil, blocks, 4 };
}

FV_TEST(experiments_card__escapes_what_would_be_markup) {
    fv_card_block blocks[4];
    fv_card card = hostile(blocks);
    FV_TEXT(markdown, 1 << 20);
    FV_TEXT(html, 1 << 20);
    fv_card_to_markdown(&card, &markdown);
    fv_card_to_html(&card, &html);
    FV_OK(fv_text_error(&markdown));
    FV_OK(fv_text_error(&html));
    assert_non_null(strstr(markdown.at, "# \\<script\\>\\|a\\_b\\*\\[x\\](y)\\`\n"));
    assert_non_null(strstr(markdown.at, "| \\<script\\>\\|a\\_b\\*\\[x\\](y)\\` |  |\n"));
    assert_non_null(strstr(markdown.at, "> two lines\n"));
    assert_non_null(strstr(markdown.at, "`````\na: ```` b\n`````\n"));
    assert_null(strstr(html.at, "<script>"));
    assert_non_null(strstr(html.at, "&lt;script&gt;"));
}

FV_TEST(experiments_card__says_what_is_not_known) {
    FV_OWNED(fv_arena) arena = NULL;
    fv_version_row version = { .model = "cells", .number = 3, .digest = "ab", .created_by = "ada", .description = "" };
    static const char *const classes[] = { "red", "white" };
    fv_card_facts facts = { .version = &version, .missing = "none were kept" };
    fv_card card;
    FV_TEXT(markdown, 1 << 20);
    facts.model.classes = (fv_strings){ 2, classes };
    FV_OK(fv_arena_new("a card's test", 1 << 24, &arena));
    FV_OK(fv_card_make(&facts, arena, &card));
    fv_card_to_markdown(&card, &markdown);
    FV_OK(fv_text_error(&markdown));
    assert_non_null(strstr(markdown.at, "# Model card: cells, version 3\n"));
    assert_non_null(strstr(markdown.at, "> The model file has no figures"));
    assert_non_null(strstr(markdown.at, "- It knows 2 classes and names one of them for every picture"));
    assert_non_null(strstr(markdown.at, "> Not known: none were kept."));
    assert_non_null(strstr(markdown.at, "> Nothing is said of the licences"));
    assert_non_null(strstr(markdown.at, "> Not measured"));
    assert_non_null(strstr(markdown.at, "What it came from is not known"));
}

FV_TEST(experiments_card__warns_of_rare_and_of_missed_classes) {
    FV_OWNED(fv_arena) arena = NULL;
    fv_version_row version = { .model = "cells", .number = 3, .digest = "ab", .created_by = "ada", .description = "" };
    static const char *const names[] = { "common", "missed", "rare" };
    fv_card_class classes[] = { { "common", 40, 52, 39, { 0.6, 0.9 }, { 0.9, 1 } },
                                { "missed", 40, 28, 28, { 0.9, 1 }, { 0.5, 0.8 } },
                                { "rare", 5, 5, 5, { 0.6, 1 }, { 0.6, 1 } } };
    fv_run_outcomes outcomes = { .on = "test", .kind = FV_ONE_CLASS, .count = 85, .class_count = 3, .classes = names };
    fv_card_facts facts = { .version = &version, .outcomes = &outcomes, .classes = classes };
    fv_card card;
    FV_TEXT(markdown, 1 << 20);
    FV_OK(fv_arena_new("a card's test", 1 << 24, &arena));
    FV_OK(fv_card_make(&facts, arena, &card));
    fv_card_to_markdown(&card, &markdown);
    FV_OK(fv_text_error(&markdown));
    assert_non_null(strstr(markdown.at, "There are fewer than 30 test pictures of rare: their figures say little."));
    assert_non_null(strstr(markdown.at, "It misses more than a fifth of missed."));
    assert_non_null(strstr(markdown.at, "| missed | 70.0 % (50.0 % to 80.0 %) | 100.0 % (90.0 % to 100.0 %) | 40 | 28 |"));
}
