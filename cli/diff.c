/* diff.c - longest common subsequence of lines by dynamic programming over what is left when the common beginning and end are
 * cut off. Graphs have hundreds to thousands of lines, most of them equal. */
#include "cli/diff.h"

#include <string.h>

#include "core/base/arena.h"
#include "core/base/size.h"

#define CELLS_MAX (INT64_C(1) << 26)

typedef struct lines {
    const char **at;
    int64_t *length, count;
} lines;

static fv_error *split(const char *text, fv_arena *arena, lines *out) {
    int64_t count = 1;
    for (const char *c = text; *c; c++) count += *c == '\n';
    FV_TRY(fv_arena_take(arena, count, &out->at));
    FV_TRY(fv_arena_take(arena, count, &out->length));
    out->count = 0;
    while (*text) {
        size_t length = strcspn(text, "\n");
        out->at[out->count] = text;
        out->length[out->count++] = (int64_t)length;
        text += length + (text[length] == '\n');
    }
    return NULL;
}

static bool same(const lines *a, int64_t i, const lines *b, int64_t j) {
    return a->length[i] == b->length[j] && memcmp(a->at[i], b->at[j], (size_t)a->length[i]) == 0;
}

static void print(const lines *from, int64_t i, char sign, fv_text *out) {
    fv_text_addf(out, "%c %.*s\n", sign, (int)from->length[i], from->at[i]);
}

/* longest[i][j]: of a's lines from begin + i and b's from begin + j; the table has rows + 1 by columns + 1. */
static void fill(const lines *a, const lines *b, int64_t begin, int64_t rows, int64_t columns, int32_t *longest) {
    int64_t pitch = columns + 1;
    for (int64_t i = rows - 1; i >= 0; i--)
        for (int64_t j = columns - 1; j >= 0; j--) {
            const int32_t *below = longest + (i + 1) * pitch, *here = longest + i * pitch;
            longest[i * pitch + j] = same(a, begin + i, b, begin + j) ? below[j + 1] + 1
                                     : below[j] > here[j + 1]         ? below[j]
                                                                      : here[j + 1];
        }
}

static void walk(const lines *a, const lines *b, int64_t begin, int64_t rows, int64_t columns, const int32_t *longest,
                 fv_text *out) {
    int64_t i = 0, j = 0, pitch = columns + 1;
    bool apart = false;
    while (i < rows || j < columns) {
        if (i < rows && j < columns && same(a, begin + i, b, begin + j)) {
            apart = false;
            i++, j++;
            continue;
        }
        if (!apart) fv_text_addf(out, "@ %lld\n", (long long)(begin + i + 1));
        apart = true;
        bool from_a = j == columns || (i < rows && longest[(i + 1) * pitch + j] >= longest[i * pitch + j + 1]);
        if (from_a)
            print(a, begin + i++, '-', out);
        else
            print(b, begin + j++, '+', out);
    }
}

fv_error *fv_diff_lines(const char *a_text, const char *b_text, fv_text *out) {
    FV_OWNED(fv_arena) arena = NULL;
    FV_TRY(fv_arena_new("texts to compare", INT64_C(1) << 30, &arena));
    lines a, b;
    FV_TRY(split(a_text, arena, &a));
    FV_TRY(split(b_text, arena, &b));
    int64_t begin = 0, end = 0, shorter = fv_min(a.count, b.count);
    while (begin < shorter && same(&a, begin, &b, begin)) begin++;
    while (end < shorter - begin && same(&a, a.count - 1 - end, &b, b.count - 1 - end)) end++;
    int64_t rows = a.count - begin - end, columns = b.count - begin - end;
    if ((rows + 1) * (columns + 1) > CELLS_MAX)
        return fv_fail(FV_MEMORY, "the texts differ in too many lines (%lld and %lld) to be compared", (long long)rows,
                       (long long)columns);
    int32_t *longest;
    FV_TRY(fv_arena_take(arena, (rows + 1) * (columns + 1), &longest));
    fill(&a, &b, begin, rows, columns, longest);
    walk(&a, &b, begin, rows, columns, longest, out);
    return NULL;
}
