/* model_trailer.c - hash and length behind a model's HDF5 image. The magic's last byte says which hash: 2, that of a tree
 * (tree_hash.h), which is written; 1, of files from before, BLAKE2b with 256 bits (RFC 7693) of all bytes in one chain. */
#include "core/formats/model_trailer.h"

#include <sodium.h>
#include <string.h>

#include "core/base/size.h"

static const uint8_t magic[8] = "fovea-h\2", chain_magic[8] = "fovea-h\1";
static const uint8_t hdf5_magic[8] = "\x89HDF\r\n\x1a\n";
_Static_assert(FV_TRAILER_HASH_LETTERS == 2 * FV_HASH_BYTES + 1, "two digits a byte");
_Static_assert(FV_MODEL_TRAILER == sizeof magic + 8 + FV_HASH_BYTES, "the trailer is magic, length, hash");

static void put_length(uint8_t *to, int64_t length) {
    for (int i = 0; i < 8; i++) to[i] = (uint8_t)((uint64_t)length >> 8 * i);
}

static int64_t get_length(const uint8_t *from) {
    uint64_t length = 0;
    for (int i = 0; i < 8; i++) length |= (uint64_t)from[i] << 8 * i;
    return length > INT64_MAX ? -1 : (int64_t)length;
}

fv_error *fv_trailer_write(uint8_t *bytes, int64_t image_length) {
    uint8_t *at = bytes + image_length;
    memcpy(at, magic, sizeof magic);
    put_length(at + 8, image_length);
    return fv_tree_hash(bytes, image_length + 16, at + 16);
}

/* Where superblock 0 says that the image ends (HDF5 File Format Specification, II.A); −1 when it is not one. */
static int64_t stated_end(const uint8_t *bytes, int64_t length) {
    return length >= 48 && bytes[8] == 0 ? get_length(bytes + 40) : -1;
}

static fv_error *changed(const char *where) {
    return fv_error_hint(fv_fail(FV_FORMAT, "%s was changed after it was written: its hash does not fit its content", where),
                         "copy it again, or use the checkpoint before it");
}

fv_error *fv_trailer_find(const uint8_t *bytes, int64_t length, const char *where, int64_t *image_length) {
    if (length < 8 || memcmp(bytes, hdf5_magic, sizeof hdf5_magic) != 0)
        return fv_fail(FV_FORMAT, "%s is not a fovea model", where);
    const uint8_t *trailer = bytes + length - FV_MODEL_TRAILER;
    int64_t end = stated_end(bytes, length);
    bool is_one = length >= 48 + FV_MODEL_TRAILER &&
                  (memcmp(trailer, magic, sizeof magic) == 0 || memcmp(trailer, chain_magic, sizeof magic) == 0);
    if (!is_one) {
        if (end >= 0 && length == end)
            return fv_fail(FV_FORMAT, "%s is an HDF5 file, but not a fovea model: it has no trailer", where);
        if (end >= 0 && length > end + FV_MODEL_TRAILER)
            return fv_fail(FV_FORMAT, "%s has %lld bytes too many: something was written behind the model", where,
                           (long long)(length - end - FV_MODEL_TRAILER));
        return fv_error_hint(fv_fail(FV_FORMAT, "%s is cut short: it has %lld bytes", where, (long long)length),
                             "copy it again, or use the checkpoint before it");
    }
    *image_length = length - FV_MODEL_TRAILER;
    return get_length(trailer + 8) == *image_length ? NULL : changed(where);
}

fv_error *fv_trailer_compare(const uint8_t *bytes, int64_t length, const uint8_t *leaves, const char *where) {
    uint8_t hash[FV_HASH_BYTES];
    int64_t hashed = length - FV_HASH_BYTES;
    if (memcmp(bytes + length - FV_MODEL_TRAILER, chain_magic, sizeof chain_magic) == 0)
        crypto_generichash(hash, FV_HASH_BYTES, bytes, (unsigned long long)hashed, NULL, 0);
    else if (leaves)
        fv_tree_hash_root(leaves, fv_tree_leaves(hashed), hash);
    else
        FV_TRY(fv_tree_hash(bytes, hashed, hash));
    return sodium_memcmp(hash, bytes + hashed, FV_HASH_BYTES) == 0 ? NULL : changed(where);
}

fv_error *fv_trailer_check(const uint8_t *bytes, int64_t length, const char *where, int64_t *image_length) {
    FV_TRY(fv_trailer_find(bytes, length, where, image_length));
    return fv_trailer_compare(bytes, length, NULL, where);
}

void fv_trailer_hash(const uint8_t *bytes, int64_t length, char out[FV_TRAILER_HASH_LETTERS]) {
    sodium_bin2hex(out, FV_TRAILER_HASH_LETTERS, bytes + length - FV_HASH_BYTES, FV_HASH_BYTES);
}

void fv_tensor_name_encode(const char *name, fv_text *link) {
    for (const char *c = name; *c; c++) {
        bool escape = *c == '/' || *c == '%' || (*c == '.' && !name[1]);
        if (escape)
            fv_text_addf(link, "%%%02X", (unsigned)(unsigned char)*c);
        else
            fv_text_add_bytes(link, c, 1);
    }
}

static int hex_digit(char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1; }

fv_error *fv_tensor_name_decode(const char *link, fv_text *name) {
    for (const char *c = link; *c; c++) {
        char byte = *c;
        if (byte == '%') {
            int high = hex_digit(c[1]), low = high < 0 ? -1 : hex_digit(c[2]);
            if (low < 0 || !(high | low)) return fv_fail(FV_FORMAT, "\"%s\" is not the name of a tensor", link);
            byte = (char)(high << 4 | low);
            c += 2;
        }
        fv_text_add_bytes(name, &byte, 1);
    }
    return fv_text_error(name);
}
