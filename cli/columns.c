/* columns.c - see columns.h. */
#include "cli/columns.h"

#include "core/base/size.h"

static uint32_t code_of(const unsigned char *at, int bytes) {
    static const unsigned char lead[] = { 0, 0x7F, 0x1F, 0x0F, 0x07 };
    uint32_t code = at[0] & lead[bytes];
    for (int i = 1; i < bytes; i++) code = code << 6 | (at[i] & 0x3F);
    return code;
}

static int columns_of_code(uint32_t code) {
    int low = 0, high = fv_column_range_count;
    while (low < high) {
        int middle = (low + high) / 2;
        if (fv_column_ranges[middle].last < code)
            low = middle + 1;
        else
            high = middle;
    }
    return low < fv_column_range_count && fv_column_ranges[low].first <= code ? fv_column_ranges[low].columns : 1;
}

int fv_columns_of_letter(const char *at) {
    bool printable;
    int bytes = fv_text_character(at, &printable);
    return printable ? columns_of_code(code_of((const unsigned char *)at, bytes)) : 1;
}

int64_t fv_columns(const char *text) {
    int64_t columns = 0;
    bool printable;
    for (; *text; text += fv_text_character(text, &printable)) columns += fv_columns_of_letter(text);
    return columns;
}

void fv_columns_pad(fv_text *out, const char *text, int64_t width) {
    fv_text_addf(out, "%s%*s", text, (int)fv_max(width - fv_columns(text), 0), "");
}
