/* card_write.c - a card as Markdown and as a page. Names and texts are other people's: both escape them. */
#include <string.h>

#include "experiments/card.h"

/* ---- Markdown ---- */

/* What would be markup has a backslash before it; line ends become spaces. */
static void add_escaped(fv_text *out, const char *text) {
    for (; *text; text++) {
        if (strchr("\\`*_[]<>|#", *text)) fv_text_add(out, "\\");
        fv_text_add_bytes(out, *text == '\n' || *text == '\r' ? " " : text, 1);
    }
}

static void add_row(fv_text *out, const char *const *cells, int64_t count) {
    for (int64_t c = 0; c < count; c++) {
        fv_text_add(out, "| ");
        add_escaped(out, cells[c] ? cells[c] : "");
        fv_text_add(out, " ");
    }
    fv_text_add(out, "|\n");
}

static void add_table(fv_text *out, const fv_card_block *b) {
    for (int64_t c = 0; c < b->column_count; c++) {
        fv_text_add(out, "| ");
        add_escaped(out, b->columns[c].heading);
        fv_text_add(out, " ");
    }
    fv_text_add(out, "|\n");
    for (int64_t c = 0; c < b->column_count; c++) fv_text_add(out, b->columns[c].number ? "| ---: " : "| --- ");
    fv_text_add(out, "|\n");
    for (int64_t r = 0; r < b->rows; r++) add_row(out, b->cells + r * b->column_count, b->column_count);
    fv_text_add(out, "\n");
}

static void add_figures(fv_text *out, const fv_card_block *b) {
    for (int64_t i = 0; i < b->rows; i++) {
        const char *const *cells = b->cells + 3 * i;
        fv_text_add(out, "- **");
        add_escaped(out, cells[0]);
        fv_text_add(out, "** ");
        add_escaped(out, cells[1]);
        if (cells[2]) fv_text_add(out, " (");
        if (cells[2]) add_escaped(out, cells[2]);
        fv_text_add(out, cells[2] ? ")\n" : "\n");
    }
    fv_text_add(out, "\n");
}

/* A fence that is longer than any in the text. */
static void add_code(fv_text *out, const fv_card_block *b) {
    size_t longest = 2, run = 0;
    for (const char *at = b->text; *at; at++) {
        run = *at == '`' ? run + 1 : 0;
        longest = run > longest ? run : longest;
    }
    add_escaped(out, b->cells[0]);
    fv_text_add(out, ":\n\n");
    for (int side = 0; side < 2; side++) {
        for (size_t i = 0; i <= longest; i++) fv_text_add(out, "`");
        fv_text_add(out, "\n");
        if (side == 0) fv_text_add(out, b->text);
        if (side == 0 && *b->text && b->text[strlen(b->text) - 1] != '\n') fv_text_add(out, "\n");
    }
    fv_text_add(out, "\n");
}

static void add_markdown(fv_text *out, const fv_card_block *b) {
    switch (b->kind) {
    case FV_CARD_SECTION: fv_text_add(out, "## "), add_escaped(out, b->text), fv_text_add(out, "\n\n"); break;
    case FV_CARD_TEXT: add_escaped(out, b->text), fv_text_add(out, "\n\n"); break;
    case FV_CARD_NOTE: fv_text_add(out, "> "), add_escaped(out, b->text), fv_text_add(out, "\n\n"); break;
    case FV_CARD_LIST:
        for (int64_t i = 0; i < b->rows; i++) fv_text_add(out, "- "), add_escaped(out, b->cells[i]), fv_text_add(out, "\n");
        fv_text_add(out, "\n");
        break;
    case FV_CARD_TABLE: add_table(out, b); break;
    case FV_CARD_FIGURES: add_figures(out, b); break;
    case FV_CARD_CHART: break;
    case FV_CARD_CODE: add_code(out, b); break;
    }
}

void fv_card_to_markdown(const fv_card *card, fv_text *out) {
    fv_text_add(out, "# ");
    add_escaped(out, card->title);
    fv_text_add(out, "\n\n");
    for (int64_t i = 0; i < card->count; i++) add_markdown(out, &card->blocks[i]);
}

/* ---- the page ---- */

static void add_chart(fv_text *out, const fv_card_block *b) {
    FV_TEXT(svg, INT64_C(1) << 28);
    fv_text_add(&svg, b->text);
    fv_page_row(out);
    fv_page_chart(out, &svg, true);
    fv_page_row_end(out);
    fv_text_fail(out, fv_text_error(&svg));
}

static void add_html(fv_text *out, const fv_card_block *b) {
    switch (b->kind) {
    case FV_CARD_SECTION: fv_page_section(out, b->text); break;
    case FV_CARD_TEXT: fv_page_text(out, "%s", b->text); break;
    case FV_CARD_NOTE: fv_page_note(out, "%s", b->text); break;
    case FV_CARD_LIST:
        for (int64_t i = 0; i < b->rows; i++) fv_page_text(out, "• %s", b->cells[i]);
        break;
    case FV_CARD_TABLE: fv_page_table(out, b->columns, b->column_count, b->cells, b->rows); break;
    case FV_CARD_FIGURES:
        fv_page_figures(out);
        for (int64_t i = 0; i < b->rows; i++)
            fv_page_figure(out, b->cells[3 * i], b->cells[3 * i + 1], b->cells[3 * i + 2], FV_TONE_PLAIN);
        fv_page_figures_end(out);
        break;
    case FV_CARD_CHART: add_chart(out, b); break;
    case FV_CARD_CODE:
        fv_page_fold(out, b->cells[0]);
        fv_page_code(out, b->text);
        fv_page_fold_end(out);
        break;
    }
}

void fv_card_to_html(const fv_card *card, fv_text *out) {
    fv_page_begin(out, card->title);
    for (int64_t i = 0; i < card->count; i++) add_html(out, &card->blocks[i]);
    fv_page_end(out);
}
