/* zip_directory.h - the members of a zip archive, ZIP64 too, found by its central directory and read where they lie: PyTorch's
 * and NumPy's archives are such. Stored members are views; deflated ones are unpacked to the size that they declare. */
#ifndef FV_FORMATS_ZIP_DIRECTORY_H
#define FV_FORMATS_ZIP_DIRECTORY_H

#include "core/formats/format.h"

typedef struct fv_zip_member {
    const char *name;
    uint16_t flags, method;
    uint32_t checksum;
    int64_t packed, size, header; /* bytes in the archive, bytes unpacked, where its local header lies */
} fv_zip_member;

typedef struct fv_zip {
    fv_zip_member *members; /* sorted by name; in the call's arena */
    int64_t count;
} fv_zip;

/* Whether the bytes begin as an archive does. */
bool fv_zip_sniff(const uint8_t *bytes, int64_t length);
/* FV_FORMAT: no directory, one that is cut short or leads outside, two members of one name. */
FV_MUST_USE fv_error *fv_zip_open(fv_format_call *call, fv_zip *zip);
const fv_zip_member *fv_zip_find(const fv_zip *zip, const char *name); /* NULL when there is none */
/* The member's content, checked by its checksum: a view of the archive, or unpacked. FV_UNSUPPORTED: encrypted, or packed by
 * another method. */
FV_MUST_USE fv_error *fv_zip_content(fv_format_call *call, const fv_zip_member *member, const uint8_t **bytes, int64_t *length);

#endif
