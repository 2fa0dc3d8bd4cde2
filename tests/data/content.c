/* What is said of files that are no pictures, or none that is read. */
#include "tests/data/pictures.h"

static void check(const char *bytes, int64_t length, fv_code code, const char *says) {
    FV_IMAGE(image);
    FV_FAILS(fv_image_decode(bytes, length, "file", NULL, &image), code, says);
}
#define CHECK(bytes, code, says) check(bytes, (int64_t)sizeof bytes - 1, code, says)

FV_TEST(data_content__names_pictures_that_are_not_read) {
    CHECK("\0\0\0\x1C"
          "ftypavif\0\0\0\0",
          FV_UNSUPPORTED, "AVIF");
    CHECK("\0\0\0\x18"
          "ftypheic\0\0\0\0",
          FV_UNSUPPORTED, "HEIC");
    CHECK("\0\0\0\x0CJXL \r\n\x87\n", FV_UNSUPPORTED, "JPEG XL");
    CHECK("8BPS\0\1", FV_UNSUPPORTED, "Photoshop");
    CHECK("v/1\x01\2\0\0\0", FV_UNSUPPORTED, "OpenEXR");
    char dicom[132] = { 0 };
    memcpy(dicom + 128, "DICM", 4);
    check(dicom, sizeof dicom, FV_UNSUPPORTED, "DICOM");
}

FV_TEST(data_content__has_a_reason_of_its_own_for_each_thing) {
    CHECK("", FV_FORMAT, "an empty file");
    CHECK("  \n<!DOCTYPE html><title>404</title>", FV_FORMAT, "a web page: HTML");
    CHECK("\xEF\xBB\xBF<HTML>", FV_FORMAT, "a web page: HTML");
    CHECK("<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code>", FV_FORMAT, "XML");
    CHECK("<svg xmlns=\"…\">", FV_FORMAT, "(SVG)");
    CHECK("{\"error\": 404}", FV_FORMAT, "JSON");
    CHECK("hello\n", FV_FORMAT, "(text)");
    CHECK("version https://git-lfs.github.com/spec/v1\noid sha256:", FV_FORMAT, "git lfs pull");
    CHECK("PK\3\4\24\0", FV_FORMAT, "a zip archive");
    CHECK("%PDF-1.7", FV_FORMAT, "a PDF document");
    CHECK("\0\0\0\x20"
          "ftypisom",
          FV_FORMAT, "a film (MP4)");
    CHECK("RIFF\x10\0\0\0WAVEfmt ", FV_FORMAT, "a sound (WAV)");
    CHECK("\0\0\0\0\0\0\0\0\0\0", FV_FORMAT, "nothing but zeros");
    CHECK("\1\2\3\4\5\6", FV_FORMAT, "not a picture, or one without its beginning");
}
