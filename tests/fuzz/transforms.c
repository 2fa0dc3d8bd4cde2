/* Any text as a list of transforms: an error, or a list whose text form parses back to itself and which runs on a small
 * picture. */
#include <string.h>

#include "core/base/assert.h"
#include "core/base/memory.h"
#include "data/transform.h"

static void check_round_trip(const fv_transforms *list) {
    FV_OWNED(fv_transforms) again = NULL;
    char *text = NULL, *second = NULL;
    fv_error *error = fv_transforms_to_text(list, &text);
    FV_ASSERT(!error);
    error = fv_transforms_parse(text, &again);
    FV_ASSERT(!error);
    error = fv_transforms_to_text(again, &second);
    FV_ASSERT(!error && !strcmp(text, second));
    fv_string_free(text);
    fv_string_free(second);
}

/* A list may ask for pictures that no memory holds: only numbers of up to three digits are tried. */
static bool asks_for_little(const char *text) {
    for (; *text; text++)
        if (strspn(text, "0123456789") > 3) return false;
    return true;
}

static void run(const fv_transforms *list) {
    FV_IMAGE(image);
    fv_error *error = fv_image_resize(&image, 5, 7, 3, FV_PIXEL_U8);
    FV_ASSERT(!error);
    memset(image.pixels, 100, (size_t)fv_image_bytes(&image));
    fv_error_free(fv_transforms_apply(list, FV_TRAINING, &(fv_draw){ 1, 2, 3, 4 }, &image));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char text[1024];
    if (size >= sizeof text || memchr(data, 0, size)) return 0;
    memcpy(text, data, size);
    text[size] = 0;
    FV_OWNED(fv_transforms) list = NULL;
    fv_error *error = fv_transforms_parse(text, &list);
    fv_error_free(error);
    if (error) return 0;
    check_round_trip(list);
    if (asks_for_little(text)) run(list);
    return 0;
}
