/* content.c - what a file is that no decoder takes, told by its bytes: a picture of another format, or what is found under a
 * picture's name by mistake (an error page saved by a download, a pointer left by a version control system, an archive). */
#include <ctype.h>
#include <string.h>

#include "core/base/size.h"
#include "data/decode/decoder.h"

#define LOOKED_AT 512 /* bytes that tell text from other things */

typedef struct signature {
    int offset;
    const char *bytes;
    int length;
    const char *name;
} signature;

static const signature pictures[] = {
    { 4, "ftypavif", 8, "AVIF" },
    { 4, "ftypavis", 8, "AVIF" },
    { 4, "ftyphei", 7, "HEIC" },
    { 4, "ftyphev", 7, "HEIC" },
    { 4, "ftypmif1", 8, "HEIF" },
    { 4, "ftypmsf1", 8, "HEIF" },
    { 0, "\xFF\x0A", 2, "JPEG XL" },
    { 0, "\0\0\0\x0CJXL ", 8, "JPEG XL" },
    { 0, "\0\0\0\x0CjP  ", 8, "JPEG 2000" },
    { 0, "\xFF\x4F\xFF\x51", 4, "JPEG 2000" },
    { 0, "8BPS", 4, "Photoshop" },
    { 0, "\0\0\1\0", 4, "ICO" },
    { 0, "\0\0\2\0", 4, "CUR" },
    { 0, "qoif", 4, "QOI" },
    { 0, "#?RADIANCE", 10, "Radiance HDR" },
    { 0, "v/1\x01", 4, "OpenEXR" },
    { 128, "DICM", 4, "DICOM" },
    { 0, "SIMPLE  =", 9, "FITS" },
    { 0, "Pf\n", 3, "PFM" },
    { 0, "PF\n", 3, "PFM" },
    { 0, "DDS ", 4, "DDS" },
    { 0, "\x8AMNG", 4, "MNG" },
};

static const signature others[] = {
    { 0, "%PDF", 4, "a PDF document" },
    { 0, "%!PS", 4, "a PostScript document" },
    { 0, "PK\3\4", 4, "a zip archive" },
    { 0, "\x1F\x8B", 2, "a gzip file" },
    { 0, "BZh", 3, "a bzip2 file" },
    { 0, "\xFD\x37zXZ", 5, "an xz file" },
    { 0, "\x28\xB5\x2F\xFD", 4, "a Zstandard file" },
    { 0, "7z\xBC\xAF\x27\x1C", 6, "a 7-Zip archive" },
    { 0, "Rar!", 4, "a RAR archive" },
    { 257, "ustar", 5, "a tar archive" },
    { 0, "\x89HDF", 4, "an HDF5 file" },
    { 0, "\x93NUMPY", 6, "a NumPy array" },
    { 0, "SQLite format 3", 15, "an SQLite database" },
    { 0,
      "\x7F"
      "ELF",
      4, "a program" },
    { 4, "ftyp", 4, "a film (MP4)" },
    { 0, "\x1A\x45\xDF\xA3", 4, "a film (Matroska)" },
    { 8, "AVI ", 4, "a film (AVI)" },
    { 8, "WAVE", 4, "a sound (WAV)" },
    { 0, "version https://git-lfs", 23, "a pointer of Git LFS, whose content was not fetched: git lfs pull" },
};

static const char *find(const signature *all, int count, const uint8_t *bytes, int64_t length) {
    for (const signature *s = all; s < all + count; s++)
        if (length >= s->offset + s->length && !memcmp(bytes + s->offset, s->bytes, (size_t)s->length)) return s->name;
    return NULL;
}

static bool begins(const char *text, int64_t length, const char *with) {
    return length >= (int64_t)strlen(with) && !strncasecmp(text, with, strlen(with));
}

/* NULL when it does not look like text. */
static const char *kind_of_text(const uint8_t *bytes, int64_t length) {
    if (length >= 2 && (!memcmp(bytes, "\xFF\xFE", 2) || !memcmp(bytes, "\xFE\xFF", 2))) return "text of 16 bits a letter";
    int64_t at = length >= 3 && !memcmp(bytes, "\xEF\xBB\xBF", 3) ? 3 : 0;
    while (at < length && isspace(bytes[at])) at++;
    const char *start = (const char *)bytes + at;
    int64_t left = length - at;
    if (begins(start, left, "<!doctype html") || begins(start, left, "<html") || begins(start, left, "<head"))
        return "a web page: HTML";
    if (begins(start, left, "<svg")) return "SVG";
    if (begins(start, left, "<?xml") || begins(start, left, "<!doctype")) return "XML or SVG";
    for (int64_t i = 0; i < fv_min(length, LOOKED_AT); i++)
        if (bytes[i] < 9 || (bytes[i] > 13 && bytes[i] < 32)) return NULL;
    if (left && (*start == '{' || *start == '[')) return "text, perhaps JSON";
    return "text";
}

static bool is_zeros(const uint8_t *bytes, int64_t length) {
    for (int64_t i = 0; i < length; i++)
        if (bytes[i]) return false;
    return true;
}

fv_error *fv_decode_refuse(const uint8_t *bytes, int64_t length) {
    if (!length) return fv_fail(FV_FORMAT, FV_EMPTY_FILE);
    const char *name = find(pictures, sizeof pictures / sizeof *pictures, bytes, length);
    if (name)
        return fv_error_hint(fv_fail(FV_UNSUPPORTED, "a picture in the format %s, which is not read", name),
                             "convert it to PNG or JPEG");
    name = find(others, sizeof others / sizeof *others, bytes, length);
    if (!name) name = kind_of_text(bytes, length);
    if (name) return fv_fail(FV_FORMAT, "not a picture (%s)", name);
    if (is_zeros(bytes, length)) return fv_fail(FV_FORMAT, "not a picture (nothing but zeros)");
    return fv_fail(FV_FORMAT, "not a picture, or one without its beginning");
}
