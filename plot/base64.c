/* base64.c - through libsodium, piece by piece: a piece of whole threes ends without padding. */
#include "plot/base64.h"

#include <sodium.h>

#include "core/base/size.h"

#define PIECE 3072

void fv_add_base64(fv_text *out, const void *bytes, int64_t count) {
    char letters[sodium_base64_ENCODED_LEN(PIECE, sodium_base64_VARIANT_ORIGINAL)];
    for (int64_t done = 0; done < count; done += PIECE) {
        size_t length = (size_t)fv_min(PIECE, count - done);
        sodium_bin2base64(letters, sizeof letters, (const uint8_t *)bytes + done, length, sodium_base64_VARIANT_ORIGINAL);
        fv_text_add(out, letters);
    }
}
