/* base64.c - three bytes in four letters. */
#include "plot/base64.h"

void fv_add_base64(fv_text *out, const void *bytes, int64_t count) {
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const uint8_t *at = bytes;
    for (int64_t i = 0; i < count; i += 3) {
        int64_t left = count - i;
        unsigned three = (unsigned)at[i] << 16 | (left > 1 ? at[i + 1] : 0u) << 8 | (left > 2 ? at[i + 2] : 0u);
        char four[] = { letters[three >> 18], letters[three >> 12 & 63], left > 1 ? letters[three >> 6 & 63] : '=',
                        left > 2 ? letters[three & 63] : '=' };
        fv_text_add_bytes(out, four, sizeof four);
    }
}
