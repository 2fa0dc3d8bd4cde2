/* table.c - a table for a terminal. */
#include "cli/table.h"

#include <math.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/columns.h"
#include "core/base/assert.h"
#include "core/base/size.h"
#include "registry/room.h"

#define CELL_BYTES_MAX (1 << 16)
#define PAGE_BYTES_MAX (1 << 28)
#define NARROWEST 6 /* a column is not cut below this */
#define WIDEST 60   /* that a cell makes its column where nothing is cut; a longer one sticks out of its row */
#define GAP 2

void fv_table_init(fv_table *t, fv_arena *arena, int columns, const bool *right) {
    FV_ASSERT(columns > 0 && columns <= FV_TABLE_COLUMNS_MAX);
    *t = (fv_table){ .arena = arena, .columns = columns, .right = right };
}

/* A text of several lines, as transforms are, is one line of a table. */
static void add_in_one_line(const char *text, fv_text *out) {
    FV_TEXT(line, CELL_BYTES_MAX);
    for (const char *at = text; *at; at++) {
        if (*at != '\n')
            fv_text_add_bytes(&line, at, 1);
        else if (at[1])
            fv_text_add(&line, "; ");
    }
    fv_text_add_printable(out, line.at);
    fv_text_fail(out, fv_text_error(&line));
}

fv_error *fv_table_add(fv_table *t, const char *text) {
    FV_TEXT(cell, CELL_BYTES_MAX);
    FV_TRY(fv_room_for(t->arena, &t->cells, t->count));
    add_in_one_line(text ? text : "", &cell);
    FV_TRY(fv_text_error(&cell));
    return fv_arena_text(t->arena, cell.at, &t->cells[t->count++]);
}

fv_error *fv_table_addf(fv_table *t, const char *format, ...) {
    FV_TEXT(cell, CELL_BYTES_MAX);
    va_list arguments;
    va_start(arguments, format);
    fv_text_addv(&cell, format, arguments);
    va_end(arguments);
    FV_TRY(fv_text_error(&cell));
    return fv_table_add(t, cell.at);
}

fv_error *fv_table_add_number(fv_table *t, double value) {
    return isnan(value) ? fv_table_add(t, NULL) : fv_table_addf(t, "%.5g", value);
}

/* 0: as wide as it likes. */
static int64_t terminal_width(const fv_printer *p) {
    struct winsize size;
    int file = fileno(p->out);
    return isatty(file) && !ioctl(file, TIOCGWINSZ, &size) ? size.ws_col : 0;
}

fv_error *fv_table_notef(fv_table *t, const char *format, ...) {
    FV_TEXT(text, CELL_BYTES_MAX);
    FV_TEXT(line, CELL_BYTES_MAX);
    va_list arguments;
    va_start(arguments, format);
    fv_text_addv(&text, format, arguments);
    va_end(arguments);
    FV_TRY(fv_text_error(&text));
    add_in_one_line(text.at, &line);
    FV_TRY(fv_text_error(&line));
    FV_TRY(fv_room_for(t->arena, &t->notes, t->note_count));
    struct fv_table_note *note = &t->notes[t->note_count++];
    note->row = t->count / t->columns - 1;
    return fv_arena_text(t->arena, line.at, &note->text);
}

typedef struct layout {
    int64_t widths[FV_TABLE_COLUMNS_MAX], least[FV_TABLE_COLUMNS_MAX]; /* of each column */
} layout;

/* The first column says which row it is, and half a figure says something else: of both only the heading is cut. */
static void measure(const fv_table *t, int64_t widest, layout *out) {
    *out = (layout){ 0 };
    for (int64_t i = 0; i < t->count; i++) {
        int c = (int)(i % t->columns);
        int64_t width = fv_columns(t->cells[i]), kept = c && !t->right[c] ? fv_min(width, NARROWEST) : width;
        out->widths[c] = fv_max(out->widths[c], fv_min(width, widest));
        if (i >= t->columns) out->least[c] = fv_max(out->least[c], kept);
    }
}

/* The widest that may gives way, until all fit or none may. */
static void narrow(layout *l, int columns, int64_t width) {
    for (;;) {
        int64_t sum = -GAP;
        int widest = -1;
        for (int c = 0; c < columns; c++) {
            sum += l->widths[c] + GAP;
            if (l->widths[c] > l->least[c] && (widest < 0 || l->widths[c] > l->widths[widest])) widest = c;
        }
        if (sum <= width || widest < 0) return;
        l->widths[widest]--;
    }
}

/* As much of the text as `width` columns hold, with … at its end where that is not all. */
static void add_cut(const char *text, int64_t width, fv_text *out) {
    const char *end = text;
    bool printable;
    for (int64_t left = width - 1; *end && (left -= fv_columns_of_letter(end)) >= 0;) end += fv_text_character(end, &printable);
    fv_text_add_bytes(out, text, end - text);
    fv_text_add(out, "…");
}

/* Blanks are owed, not added, until something follows them. */
static void add_cell(const char *text, int64_t width, bool right, bool cut, int64_t *owed, fv_text *out) {
    int64_t columns = fv_columns(text), blanks = fv_max(width - columns, 0);
    if (right) *owed += blanks;
    if (*text) fv_text_addf(out, "%*s", (int)*owed, ""), *owed = 0;
    if (cut && columns > width)
        add_cut(text, width, out);
    else
        fv_text_add(out, text);
    *owed += right ? GAP : GAP + blanks;
}

static void add_row(const fv_table *t, int64_t row, const int64_t *widths, bool cut, fv_text *out) {
    int64_t owed = 0;
    for (int c = 0; c < t->columns; c++) add_cell(t->cells[row * t->columns + c], widths[c], t->right[c], cut, &owed, out);
    fv_text_add(out, "\n");
}

fv_error *fv_table_print(const fv_table *t, fv_printer *p) {
    layout layout;
    int64_t width = terminal_width(p);
    FV_ASSERT(t->count % t->columns == 0);
    measure(t, width ? INT64_MAX : WIDEST, &layout);
    if (width) narrow(&layout, t->columns, width);
    FV_TEXT(page, PAGE_BYTES_MAX);
    int64_t note = 0;
    for (int64_t row = 0; row < t->count / t->columns; row++) {
        add_row(t, row, layout.widths, width > 0, &page);
        for (; note < t->note_count && t->notes[note].row == row; note++) fv_text_addf(&page, "    %s\n", t->notes[note].text);
    }
    FV_TRY(fv_text_error(&page));
    fv_print_page(p, page.at);
    return NULL;
}
