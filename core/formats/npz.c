/* npz.c - NumPy's archive of arrays, as savez and savez_compressed write it: a zip of NAME.npy, each a header, which is a
 * Python literal, and the data. Arrays of Python objects are pickles and are refused. */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "core/base/file.h"
#include "core/base/size.h"
#include "core/formats/zip_directory.h"

static const char magic[6] = "\x93NUMPY";

static const struct {
    const char *code; /* kind and bytes of NumPy's type string */
    fv_element element;
} types[] = {
    { "f8", FV_ELEMENT_F64 }, { "f4", FV_ELEMENT_F32 }, { "f2", FV_ELEMENT_F16 }, { "i8", FV_ELEMENT_I64 },
    { "i4", FV_ELEMENT_I32 }, { "i2", FV_ELEMENT_I16 }, { "i1", FV_ELEMENT_I8 },  { "u8", FV_ELEMENT_U64 },
    { "u4", FV_ELEMENT_U32 }, { "u2", FV_ELEMENT_U16 }, { "u1", FV_ELEMENT_U8 },  { "b1", FV_ELEMENT_BOOL },
};

/* ---- the header: {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), } ---- */

typedef struct literal {
    const char *at, *end;
} literal;

static void skip_blanks(literal *l) {
    while (l->at < l->end && (*l->at == ' ' || *l->at == '\n' || *l->at == '\t')) l->at++;
}

static bool take(literal *l, const char *word) {
    size_t length = strlen(word);
    skip_blanks(l);
    if ((size_t)(l->end - l->at) < length || memcmp(l->at, word, length) != 0) return false;
    l->at += length;
    return true;
}

static fv_error *bad(const char *name) { return fv_fail(FV_FORMAT, "the header of %s is not one of an array", name); }

static fv_error *read_type(literal *l, fv_foreign_tensor *t) {
    char text[8] = { 0 };
    if (!take(l, "'")) return fv_fail(FV_UNSUPPORTED, "%s is an array of records, which is not read", t->name);
    const char *quote = memchr(l->at, '\'', (size_t)(l->end - l->at));
    if (!quote) return bad(t->name);
    memcpy(text, l->at, (size_t)fv_min(quote - l->at, (int64_t)sizeof text - 1));
    l->at = quote + 1;
    if (text[0] == '|' && text[1] == 'O')
        return fv_error_hint(fv_fail(FV_DENIED, "%s is an array of Python objects, a pickle, which is not read", t->name),
                             "save arrays of numbers");
    for (int i = 0; i < (int)(sizeof types / sizeof *types); i++) {
        if (!*text || !strchr("<>|=", *text) || strcmp(text + 1, types[i].code) != 0) continue;
        t->element = types[i].element;
        t->big_endian = *text == '>';
        return NULL;
    }
    return fv_fail(FV_UNSUPPORTED, "%s is of type '%s', which is not read", t->name, text);
}

static fv_error *read_shape(literal *l, fv_foreign_tensor *t) {
    if (!take(l, "(")) return bad(t->name);
    for (t->rank = 0; !take(l, ")");) {
        int64_t size = 0;
        const char *begin = (skip_blanks(l), l->at);
        if (t->rank == FV_RANK_MAX) return fv_fail(FV_UNSUPPORTED, "%s has more than %d dimensions", t->name, FV_RANK_MAX);
        for (; l->at < l->end && *l->at >= '0' && *l->at <= '9'; l->at++)
            if (__builtin_mul_overflow(size, 10, &size) || __builtin_add_overflow(size, *l->at - '0', &size))
                return bad(t->name);
        if (l->at == begin) return bad(t->name);
        t->dims[t->rank++] = size;
        if (!take(l, ",") && (skip_blanks(l), l->at == l->end || *l->at != ')')) return bad(t->name);
    }
    return NULL;
}

static fv_error *read_header(const char *text, int64_t length, fv_foreign_tensor *t) {
    literal l = { text, text + length };
    bool type = false, shape = false, fortran = false;
    if (!take(&l, "{")) return bad(t->name);
    while (!take(&l, "}")) {
        if (take(&l, "'descr'") && take(&l, ":")) {
            FV_TRY(read_type(&l, t));
            type = true;
        } else if (take(&l, "'fortran_order'") && take(&l, ":")) {
            fortran = take(&l, "True");
            if (!fortran && !take(&l, "False")) return bad(t->name);
        } else if (take(&l, "'shape'") && take(&l, ":")) {
            FV_TRY(read_shape(&l, t));
            shape = true;
        } else {
            return bad(t->name);
        }
        take(&l, ",");
    }
    if (!type || !shape) return bad(t->name);
    fv_foreign_row_order(t);
    if (!fortran) return NULL;
    int64_t step = 1;
    for (int d = 0; d < t->rank; d++) {
        t->strides[d] = step;
        if (!fv_size_mul(step, fv_max(t->dims[d], 1), &step)) return bad(t->name);
    }
    return NULL;
}

/* ---- reading ---- */

static fv_error *read_array(fv_foreign_file *file, const char *name, const uint8_t *bytes, int64_t length) {
    fv_foreign_tensor t = { .name = name };
    if (length < 10 || memcmp(bytes, magic, sizeof magic) != 0) return fv_fail(FV_FORMAT, "%s is not an array", name);
    int wide = bytes[6] > 1, start = wide ? 12 : 10;
    if (bytes[6] < 1 || bytes[6] > 3) return fv_fail(FV_UNSUPPORTED, "%s is of version %d of the format", name, bytes[6]);
    if (length < start) return bad(name);
    int64_t header = bytes[8] | bytes[9] << 8;
    if (wide) header |= (int64_t)bytes[10] << 16 | (int64_t)bytes[11] << 24;
    if (header > length - start) return bad(name);
    FV_TRY(read_header((const char *)bytes + start, header, &t));
    return fv_foreign_add(file, &t, bytes + start + header, length - start - header, 0);
}

static const char suffix[] = ".npy";
#define SUFFIX 4

static bool is_array(const char *name) {
    size_t length = strlen(name);
    return length > SUFFIX && !strcmp(name + length - SUFFIX, suffix);
}

static fv_error *read_(fv_format_call *call) {
    fv_zip zip;
    FV_TRY(fv_zip_open(call, &zip));
    for (int64_t i = 0; i < zip.count; i++) {
        const fv_zip_member *m = &zip.members[i];
        const uint8_t *bytes;
        int64_t length;
        const char *name;
        if (!is_array(m->name)) {
            fv_foreign_note(call->file, "%.200s is no array", m->name);
            continue;
        }
        FV_TRY(fv_arena_format(call->file->arena, &name, "%.*s", (int)strlen(m->name) - SUFFIX, m->name));
        FV_TRY(fv_zip_content(call, m, &bytes, &length));
        FV_TRY(read_array(call->file, name, bytes, length));
    }
    return NULL;
}

/* The first member's name says which archive it is. */
static bool sniff(const uint8_t *bytes, int64_t length) {
    if (!fv_zip_sniff(bytes, length) || length < 34) return false;
    int64_t name = bytes[26] | bytes[27] << 8;
    return name > SUFFIX && 30 + name <= length && !memcmp(bytes + 30 + name - SUFFIX, suffix, SUFFIX);
}

/* ---- writing: stored members, without dates; ZIP64 extra fields throughout, as NumPy writes them ---- */

static void add_number(fv_text *out, uint64_t value, int bytes) {
    for (int i = 0; i < bytes; i++) {
        char byte = i < 8 ? (char)(value >> 8 * i) : 0;
        fv_text_add_bytes(out, &byte, 1);
    }
}

static fv_error *add_array_header(const fv_foreign_tensor *t, fv_text *out) {
    const char *code = NULL;
    for (int i = 0; i < (int)(sizeof types / sizeof *types); i++)
        if (types[i].element == t->element) code = types[i].code;
    if (!code) return fv_fail(FV_UNSUPPORTED, "%s: NumPy has no %s", t->name, fv_element_name(t->element));
    FV_TEXT(text, 4096);
    fv_text_addf(&text, "{'descr': '%c%s', 'fortran_order': False, 'shape': (", fv_element_size(t->element) > 1 ? '<' : '|',
                 code);
    for (int d = 0; d < t->rank; d++)
        fv_text_addf(&text, "%lld%s", (long long)t->dims[d], t->rank == 1 || d + 1 < t->rank ? ", " : "");
    fv_text_add(&text, "), }");
    while ((text.length + 11) % 64 && !text.error) fv_text_add(&text, " ");
    fv_text_add(&text, "\n");
    fv_text_add_bytes(out, magic, sizeof magic);
    add_number(out, 1, 2);
    add_number(out, (uint64_t)text.length, 2);
    fv_text_add_bytes(out, text.at, text.length);
    return fv_text_error(&text);
}

/* What the local header and the directory both say of a member; the second also where it lies. */
typedef struct member {
    uint32_t checksum;
    int64_t size, offset;
} member;

static void add_member(fv_text *out, bool central, const char *name, const member *m) {
    size_t length = strlen(name) + SUFFIX;
    add_number(out, central ? 0x02014b50 : 0x04034b50, 4);
    if (central) add_number(out, 45, 2);
    add_number(out, 45, 2);     /* version needed: ZIP64 */
    add_number(out, 0x0800, 2); /* names are UTF-8 */
    add_number(out, 0, 2);      /* stored */
    add_number(out, 0, 2);      /* midnight, */
    add_number(out, 33, 2);     /* 1 January 1980 */
    add_number(out, m->checksum, 4);
    add_number(out, 0xFFFFFFFF, 4);
    add_number(out, 0xFFFFFFFF, 4);
    add_number(out, length, 2);
    add_number(out, central ? 28 : 20, 2);
    if (central) {
        add_number(out, 0, 10); /* no comment, first volume, no attributes */
        add_number(out, 0xFFFFFFFF, 4);
    }
    fv_text_add(out, name);
    fv_text_add(out, suffix);
    add_number(out, 1, 2);
    add_number(out, central ? 24 : 16, 2);
    add_number(out, (uint64_t)m->size, 8);
    add_number(out, (uint64_t)m->size, 8);
    if (central) add_number(out, (uint64_t)m->offset, 8);
}

static uint32_t checksum(const fv_text *header, const void *data, int64_t bytes) {
    uLong sum = crc32(crc32(0, NULL, 0), (const Bytef *)header->at, (uInt)header->length);
    for (int64_t at = 0, piece; at < bytes; at += piece) {
        piece = fv_min(bytes - at, 1 << 30);
        sum = crc32(sum, (const Bytef *)data + at, (uInt)piece);
    }
    return (uint32_t)sum;
}

static fv_error *write_array(fv_new_file *file, const fv_foreign_tensor *t, int64_t *at, fv_text *directory) {
    FV_TEXT(header, 8192);
    FV_TEXT(local, 1 << 16);
    int64_t bytes = fv_foreign_count(t) * fv_element_size(t->element);
    FV_TRY(add_array_header(t, &header));
    member m = { checksum(&header, t->data, bytes), header.length + bytes, *at };
    add_member(&local, false, t->name, &m);
    add_member(directory, true, t->name, &m);
    FV_TRY(fv_text_error(&local));
    FV_TRY(fv_text_error(&header));
    FV_TRY(fv_new_file_add(file, local.at, local.length));
    FV_TRY(fv_new_file_add(file, header.at, header.length));
    FV_TRY(fv_new_file_add(file, t->data, bytes));
    *at += local.length + m.size;
    return NULL;
}

static fv_error *write_end(fv_new_file *file, int64_t at, int64_t count, fv_text *directory) {
    int64_t bytes = directory->length;
    add_number(directory, 0x06064b50, 4);
    add_number(directory, 44, 8);
    add_number(directory, 45, 2);
    add_number(directory, 45, 2);
    add_number(directory, 0, 8); /* first volume */
    add_number(directory, (uint64_t)count, 8);
    add_number(directory, (uint64_t)count, 8);
    add_number(directory, (uint64_t)bytes, 8);
    add_number(directory, (uint64_t)at, 8);
    add_number(directory, 0x07064b50, 4);
    add_number(directory, 0, 4);
    add_number(directory, (uint64_t)(at + bytes), 8);
    add_number(directory, 1, 4);
    add_number(directory, 0x06054b50, 4);
    add_number(directory, 0, 4);
    add_number(directory, 0xFFFF, 2);
    add_number(directory, 0xFFFF, 2);
    add_number(directory, 0xFFFFFFFF, 4);
    add_number(directory, 0xFFFFFFFF, 4);
    add_number(directory, 0, 2);
    FV_TRY(fv_text_error(directory));
    return fv_new_file_add(file, directory->at, directory->length);
}

static fv_error *write_(const fv_foreign_tensor *tensors, int64_t count, const char *licence, const char *path) {
    FV_TEXT(directory, INT64_C(1) << 30);
    fv_new_file file;
    int64_t at = 0;
    (void)licence; /* an archive of arrays has no place for it */
    FV_TRY(fv_new_file_open(path, &file));
    fv_error *error = NULL;
    for (int64_t i = 0; !error && i < count; i++) error = write_array(&file, &tensors[i], &at, &directory);
    if (!error) error = write_end(&file, at, count, &directory);
    if (!error) error = fv_new_file_sync(&file);
    if (!error) error = fv_new_file_rename(&file, path);
    fv_new_file_release(&file);
    return error;
}

const fv_format fv_format_npz = {
    .name = "npz",
    .summary = "NumPy's archive of arrays",
    .fields = fv_no_fields,
    .sniff = sniff,
    .read = read_,
    .write = write_,
    .no_bf16 = true,
};
