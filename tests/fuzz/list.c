/* Any bytes as a list: the first says which form, the rest is CSV or JSON-lines. Rows whose cells are all there, or an error.
 * What is taken is bounded by the length. Seeds are in tests/fuzz/corpus/list. */
#include <stddef.h>
#include <string.h>

#include "core/base/assert.h"
#include "data/sources/list_rows.h"

#define BYTES_A_BYTE 512 /* taken at most for each byte given */

static int64_t check_rows(const fv_rows *rows) {
    const fv_row *row = rows->rows.at;
    int64_t sum = 0;
    for (int64_t r = 0; r < rows->rows.count; r++) {
        FV_ASSERT(row[r].line > 0);
        for (int64_t c = 0; row[r].cells && c < row[r].count; c++) {
            const fv_cell *cell = &row[r].cells[c];
            FV_ASSERT(row[r].wrong || cell->column < (int)rows->columns.count);
            FV_ASSERT(fv_row_cell(&row[r], cell->column)->column == cell->column);
            for (int64_t i = 0; i < cell->count; i++) sum += (int64_t)strlen(cell->texts[i]);
        }
    }
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (!size) return 0;
    static const char delimiters[] = { 0, ',', ';', '\t' };
    const fv_rows_form form = { data[0] & 1, delimiters[data[0] >> 1 & 3], data[0] >> 3 & 3 };
    FV_OWNED(fv_arena) arena = NULL;
    FV_OWNED(fv_memory) bytes = NULL;
    fv_rows rows;
    fv_error_free(fv_arena_new("fuzz", (int64_t)1 << 32, &arena));
    fv_error_free(fv_memory_alloc((int64_t)size, 1, &bytes));
    memcpy(bytes, data + 1, size - 1); /* and a NUL */
    fv_error *error = fv_rows_parse(bytes, (int64_t)size - 1, &form, arena, &rows);
    FV_ASSERT(fv_arena_used(arena) <= BYTES_A_BYTE * (int64_t)size + 65536);
    volatile int64_t sum = error ? 0 : check_rows(&rows);
    (void)sum;
    fv_error_free(error);
    fv_rows_release(&rows);
    return 0;
}
