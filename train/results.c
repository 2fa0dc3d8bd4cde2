/* results.c - a table that fovea wrote: a head of names, rows of numbers, commas, no quotes. */
#include "train/results.h"

#include <math.h>
#include <string.h>

#include "core/base/file.h"
#include "core/base/text.h"

#define BYTES_MAX (INT64_C(1) << 28)

static int64_t count_of(const char *text, char letter) {
    int64_t count = 0;
    for (; *text; text++) count += *text == letter;
    return count;
}

static fv_error *read_row(char *line, int64_t row, int64_t columns, const char *path, double *cells) {
    int64_t c = 0;
    char *rest = line;
    for (char *cell; c < columns && (cell = strsep(&rest, ",")); c++) {
        cells[c] = NAN;
        if (*cell && !fv_text_to_number(cell, &cells[c]))
            return fv_fail(FV_FORMAT, "%s, line %lld: \"%s\" is no number", path, (long long)row + 2, cell);
    }
    if (c < columns || rest)
        return fv_fail(FV_FORMAT, "%s, line %lld: not %lld columns, as its head has", path, (long long)row + 2,
                       (long long)columns);
    return NULL;
}

static fv_error *read_table(char *text, const char *path, fv_arena *arena, fv_results *out) {
    const char **names;
    double *cells;
    char *head = strsep(&text, "\n");
    out->columns = count_of(head, ',') + 1;
    int64_t rows_max = text ? count_of(text, '\n') + 1 : 0;
    FV_TRY(fv_arena_take(arena, out->columns, &names));
    FV_TRY(fv_arena_alloc(arena, rows_max + 1, out->columns * (int64_t)sizeof(double), (void **)&cells));
    for (int64_t c = 0; c < out->columns; c++) FV_TRY(fv_arena_text(arena, strsep(&head, ","), &names[c]));
    for (char *line; (line = strsep(&text, "\n"));) {
        if (!*line) continue;
        FV_TRY(read_row(line, out->rows, out->columns, path, cells + out->rows * out->columns));
        out->rows++;
    }
    out->names = names;
    out->cells = cells;
    return NULL;
}

fv_error *fv_results_read(const char *path, fv_arena *arena, fv_results *out) {
    uint8_t *bytes;
    int64_t length;
    *out = (fv_results){ 0 };
    FV_TRY(fv_file_read(path, BYTES_MAX, &bytes, &length));
    fv_error *error = read_table((char *)bytes, path, arena, out);
    fv_memory_free(bytes);
    return error;
}

fv_error *fv_results_column(const fv_results *results, const char *name, fv_arena *arena, const double **out) {
    *out = NULL;
    for (int64_t c = 0; c < results->columns; c++) {
        if (strcmp(results->names[c], name) != 0) continue;
        double *column;
        FV_TRY(fv_arena_take(arena, results->rows, &column));
        for (int64_t r = 0; r < results->rows; r++) column[r] = results->cells[r * results->columns + c];
        *out = column;
        break;
    }
    return NULL;
}
