/* Each line of tests/golden/transforms.txt: what Pillow, torchvision, OpenCV, scipy or a formula makes of a picture, and how
 * many levels we may be from it. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "data/augment.h"
#include "data/transform.h"
#include "tests/data/pictures.h"

#define VALUES 96

static void load(int64_t channels, bool f32, fv_image *image) {
    FV_OK(fv_image_decode_file(FV_FILE("in_61x37.png"), &(fv_decode_options){ .channels = channels }, image));
    if (!f32) return;
    FV_IMAGE(bytes);
    fv_image_swap(&bytes, image);
    FV_OK(fv_image_resize(image, bytes.height, bytes.width, channels, FV_PIXEL_F32));
    for (int64_t i = 0; i < fv_image_bytes(&bytes); i++) ((float *)image->pixels)[i] = ((const uint8_t *)bytes.pixels)[i];
}

/* "@OP AMOUNT" */
static void augment(const char *text, fv_image *image) {
    static const char *const names[FV_AUGMENT_OPS] = { "identity",  "shear_x",    "shear_y",      "translate_x", "translate_y",
                                                       "rotate",    "brightness", "color",        "contrast",    "sharpness",
                                                       "posterize", "solarize",   "autocontrast", "equalize" };
    int length = (int)strcspn(text, " "), op = 0;
    while (op < FV_AUGMENT_OPS && (strncmp(names[op], text, (size_t)length) || names[op][length])) op++;
    assert_true(op < FV_AUGMENT_OPS);
    __attribute__((cleanup(fv_workspace_release))) fv_workspace work = { 0 };
    fv_augment_style style = { .filter = FV_WARP_NEAREST };
    FV_OK(fv_augment_apply(image, op, strtod(text + length, NULL), &style, &work));
}

static void apply(const char *text, fv_image *image) {
    char list[256];
    if (text[1] == '@') {
        augment(text + 2, image);
        text = "";
    }
    snprintf(list, sizeof list, "%s; normalize scale=1", text);
    FV_OWNED(fv_transforms) transforms = NULL;
    FV_OK(fv_transforms_parse(list, &transforms));
    FV_OK(fv_transforms_apply(transforms, FV_TRAINING, &(fv_draw){ .seed = 1 }, image));
}

/* A line's parts, cut in place. */
typedef struct judged {
    int64_t channels;
    char *text;
    double levels;
    float values[VALUES];
} judged;

static judged read_line(char *line) {
    judged j = { .channels = strtol(line, NULL, 10) };
    char *rest;
    strtok_r(line, ";", &rest);
    j.text = strtok_r(NULL, ";", &rest);
    j.levels = strtod(strtok_r(NULL, ";", &rest), NULL);
    for (int k = 0; k < VALUES; k++) j.values[k] = strtof(rest, &rest);
    assert_true(rest[strspn(rest, " \n")] == 0);
    return j;
}

static double farthest(const judged *j, const fv_image *image) {
    int64_t count = image->height * image->width * image->channels;
    double far = 0;
    for (int64_t k = 0; k < VALUES; k++) {
        double off = fabs((double)((const float *)image->pixels)[k * 7919 % count] - (double)j->values[k]);
        far = fmax(far, off);
    }
    return far;
}

FV_TEST(data_transforms_judged__each_line_is_met_in_u8_and_f32) {
    FILE *file = fopen(FOVEA_SOURCE "/tests/golden/transforms.txt", "r");
    assert_non_null(file);
    char line[2048];
    int lines = 0;
    for (; fgets(line, sizeof line, file); lines++) {
        judged j = read_line(line);
        FV_IMAGE(bytes);
        FV_IMAGE(floats);
        load(j.channels, false, &bytes);
        load(j.channels, true, &floats);
        apply(j.text, &bytes);
        apply(j.text, &floats);
        double u8 = farthest(&j, &bytes), f32 = farthest(&j, &floats);
        /* f32 is not rounded: half a level from our u8, which rounds, and up to one from who cuts */
        if (u8 > j.levels || f32 > j.levels + 0.51) print_error("%s: u8 is %g, f32 %g away\n", j.text, u8, f32);
        assert_true(u8 <= j.levels);
        assert_true(f32 <= j.levels + 0.51);
    }
    assert_int_equal(fclose(file), 0);
    assert_true(lines >= 30);
}
