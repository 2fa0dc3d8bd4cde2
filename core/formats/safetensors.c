/* safetensors.c - Hugging Face's format: the length of a header, u64 little-endian, the header, JSON that names each tensor's
 * dtype, shape and place, then the data. The places cover the data without gap and without overlap; 0-d and empty tensors are
 * legal. A large model is in several such files with an index, MODEL.safetensors.index.json, that says which tensor is where.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/file.h"
#include "core/base/size.h"
#include "core/formats/format.h"
#include "core/formats/json_scan.h"

#define HEADER_MAX 100000000

static const struct {
    const char *name;
    fv_element element;
} dtypes[] = {
    { "F64", FV_ELEMENT_F64 },   { "F32", FV_ELEMENT_F32 },         { "F16", FV_ELEMENT_F16 },
    { "BF16", FV_ELEMENT_BF16 }, { "F8_E4M3", FV_ELEMENT_F8_E4M3 }, { "F8_E5M2", FV_ELEMENT_F8_E5M2 },
    { "I64", FV_ELEMENT_I64 },   { "I32", FV_ELEMENT_I32 },         { "I16", FV_ELEMENT_I16 },
    { "I8", FV_ELEMENT_I8 },     { "U64", FV_ELEMENT_U64 },         { "U32", FV_ELEMENT_U32 },
    { "U16", FV_ELEMENT_U16 },   { "U8", FV_ELEMENT_U8 },           { "BOOL", FV_ELEMENT_BOOL },
};

/* ---- reading one file ---- */

/* Bytes of a tensor in the data. */
typedef struct place {
    int64_t begin, end;
} place;

typedef struct header {
    fv_foreign_file *file;
    const uint8_t *data; /* behind the header */
    int64_t length;
    place *places; /* of each tensor, in `file`'s order */
    int64_t count, capacity;
} header;

/* One tensor's entry while it is read: FV_ELEMENTS, −1: not said yet. */
typedef struct entry {
    fv_foreign_tensor tensor;
    place place;
    header *header;
} entry;

static fv_error *read_dtype(fv_json_scan *scan, fv_arena *arena, fv_foreign_tensor *tensor) {
    const char *name;
    FV_TRY(fv_json_text(scan, arena, &name));
    for (int i = 0; i < (int)(sizeof dtypes / sizeof *dtypes); i++)
        if (!strcmp(dtypes[i].name, name)) return tensor->element = dtypes[i].element, NULL;
    return fv_fail(FV_UNSUPPORTED, "%s is of dtype \"%.32s\", which is not read", tensor->name, name);
}

static fv_error *read_shape(fv_json_scan *scan, fv_foreign_tensor *tensor) {
    FV_TRY(fv_json_expect(scan, '['));
    tensor->rank = 0;
    if (fv_json_take(scan, ']')) return NULL;
    do {
        if (tensor->rank == FV_RANK_MAX)
            return fv_fail(FV_UNSUPPORTED, "%s has more than %d dimensions", tensor->name, FV_RANK_MAX);
        FV_TRY(fv_json_size(scan, &tensor->dims[tensor->rank++]));
    } while (fv_json_take(scan, ','));
    return fv_json_expect(scan, ']');
}

static fv_error *read_place(fv_json_scan *scan, place *p) {
    FV_TRY(fv_json_expect(scan, '['));
    FV_TRY(fv_json_size(scan, &p->begin));
    FV_TRY(fv_json_expect(scan, ','));
    FV_TRY(fv_json_size(scan, &p->end));
    return fv_json_expect(scan, ']');
}

static fv_error *read_property(void *context, fv_json_scan *scan, const char *key) {
    entry *e = context;
    if (!strcmp(key, "dtype") && e->tensor.element == FV_ELEMENTS) return read_dtype(scan, e->header->file->arena, &e->tensor);
    if (!strcmp(key, "shape") && e->tensor.rank < 0) return read_shape(scan, &e->tensor);
    if (!strcmp(key, "data_offsets") && e->place.begin < 0) return read_place(scan, &e->place);
    return fv_fail(FV_FORMAT, "%s has twice, or has no use for, \"%.64s\"", e->tensor.name, key);
}

static fv_error *keep_place(header *h, place p) {
    if (h->count == h->capacity) {
        int64_t capacity = h->capacity ? 2 * h->capacity : 64;
        FV_TRY(fv_memory_grow((void **)&h->places, h->capacity, capacity, (int64_t)sizeof p));
        h->capacity = capacity;
    }
    h->places[h->count++] = p;
    return NULL;
}

static fv_error *add_entry(header *h, entry *e) {
    int64_t bytes;
    fv_foreign_tensor *t = &e->tensor;
    if (t->element == FV_ELEMENTS || t->rank < 0 || e->place.begin < 0)
        return fv_fail(FV_FORMAT, "%s lacks its dtype, shape or data_offsets", t->name);
    fv_foreign_row_order(t);
    if (e->place.end < e->place.begin || e->place.end > h->length)
        return fv_fail(FV_FORMAT, "%s lies beyond the end of the data", t->name);
    FV_TRY(fv_foreign_add(h->file, t, h->data + e->place.begin, e->place.end - e->place.begin, 0));
    bytes = fv_foreign_count(t) * fv_element_size(t->element);
    if (bytes != e->place.end - e->place.begin)
        return fv_fail(FV_FORMAT, "%s takes %lld bytes by its shape, %lld by its data_offsets", t->name, (long long)bytes,
                       (long long)(e->place.end - e->place.begin));
    return keep_place(h, e->place);
}

/* What the file says of itself: texts under a few keys that people use. */
static fv_error *read_metadata(void *context, fv_json_scan *scan, const char *key) {
    fv_foreign_file *file = context;
    const char *text;
    FV_TRY(fv_json_text(scan, file->arena, &text));
    if ((!strcmp(key, "license") || !strcmp(key, "licence")) && *text) file->licence = text;
    return NULL;
}

static fv_error *read_member(void *context, fv_json_scan *scan, const char *key) {
    header *h = context;
    if (!strcmp(key, "__metadata__")) return fv_json_object(scan, h->file->arena, read_metadata, h->file);
    entry e = { .tensor = { .name = key, .element = FV_ELEMENTS, .rank = -1 }, .place = { -1, -1 }, .header = h };
    FV_TRY(fv_json_object(scan, h->file->arena, read_property, &e));
    return add_entry(h, &e);
}

static int by_begin(const void *a, const void *b) {
    const place *p = a, *q = b;
    if (p->begin != q->begin) return p->begin < q->begin ? -1 : 1;
    return p->end < q->end ? -1 : p->end > q->end;
}

/* Every byte of the data is one tensor's. */
static fv_error *check_cover(const header *h) {
    int64_t at = 0;
    if (h->count) qsort(h->places, (size_t)h->count, sizeof *h->places, by_begin);
    for (int64_t i = 0; i < h->count; i++) {
        if (h->places[i].begin != at)
            return fv_fail(FV_FORMAT, "its tensors %s at byte %lld of the data",
                           h->places[i].begin < at ? "overlap" : "leave a gap", (long long)fv_min(at, h->places[i].begin));
        at = h->places[i].end;
    }
    return at == h->length ? NULL
                           : fv_fail(FV_FORMAT, "its tensors end at byte %lld of the data, which has %lld", (long long)at,
                                     (long long)h->length);
}

static bool header_length(const uint8_t *bytes, int64_t length, int64_t *out) {
    uint64_t n = 0;
    if (length < 10) return false;
    for (int i = 0; i < 8; i++) n |= (uint64_t)bytes[i] << 8 * i;
    *out = (int64_t)fv_min((int64_t)(n & INT64_MAX), INT64_MAX);
    return n <= HEADER_MAX;
}

static fv_error *read_file(fv_foreign_file *file, const uint8_t *bytes, int64_t length) {
    int64_t n;
    if (!header_length(bytes, length, &n) || n > length - 8)
        return fv_fail(FV_FORMAT, "its header is longer than the file or than %d bytes", HEADER_MAX);
    const char *text = (const char *)bytes + 8;
    fv_json_scan scan = { text, text, text + n };
    header h = { .file = file, .data = bytes + 8 + n, .length = length - 8 - n };
    fv_error *error = *text == '{' ? fv_json_object(&scan, file->arena, read_member, &h)
                                   : fv_fail(FV_FORMAT, "its header does not begin with '{'");
    if (!error) error = fv_json_end(&scan);
    if (!error) error = check_cover(&h);
    fv_memory_free(h.places);
    return error;
}

static bool sniff(const uint8_t *bytes, int64_t length) {
    int64_t n;
    return header_length(bytes, length, &n) && bytes[8] == '{';
}

static fv_error *read_(fv_format_call *call) { return read_file(call->file, call->bytes, call->length); }

/* ---- an index of several files ---- */

typedef struct shard {
    const char *file;
    int64_t first, end; /* its tensors, once it is read */
} shard;

typedef struct index_entry {
    const char *tensor, *file;
} index_entry;

typedef struct index_ {
    fv_format_call *call;
    index_entry *entries;
    int64_t count, capacity;
} index_;

static fv_error *read_entry(void *context, fv_json_scan *scan, const char *key) {
    index_ *x = context;
    if (x->count == x->capacity) {
        int64_t capacity = x->capacity ? 2 * x->capacity : 64;
        FV_TRY(fv_memory_grow((void **)&x->entries, x->capacity, capacity, (int64_t)sizeof *x->entries));
        x->capacity = capacity;
    }
    x->entries[x->count].tensor = key;
    return fv_json_text(scan, x->call->file->arena, &x->entries[x->count++].file);
}

static fv_error *read_index_member(void *context, fv_json_scan *scan, const char *key) {
    index_ *x = context;
    if (strcmp(key, "weight_map") != 0) return fv_json_skip(scan);
    return fv_json_object(scan, x->call->file->arena, read_entry, x);
}

static int by_file(const void *a, const void *b) {
    return strcmp(((const index_entry *)a)->file, ((const index_entry *)b)->file);
}

static int by_tensor(const void *a, const void *b) { return strcmp(*(const char *const *)a, *(const char *const *)b); }

/* What the shard holds is what the index says that it holds. */
static fv_error *check_shard(index_ *x, int64_t begin, int64_t end, int64_t first) {
    fv_foreign_file *file = x->call->file;
    const char **names;
    int64_t held = file->count - first;
    FV_TRY(fv_arena_take(file->arena, held + 1, &names));
    for (int64_t i = 0; i < held; i++) names[i] = file->tensors[first + i].name;
    if (held) qsort(names, (size_t)held, sizeof *names, by_tensor);
    for (int64_t i = begin; i < end; i++)
        if (!held || !bsearch(&x->entries[i].tensor, names, (size_t)held, sizeof *names, by_tensor))
            return fv_fail(FV_FORMAT, "%s has no tensor %s, which the index says it has", x->entries[i].file,
                           x->entries[i].tensor);
    return held == end - begin ? NULL
                               : fv_fail(FV_FORMAT, "%s holds %lld tensors, by the index %lld", x->entries[begin].file,
                                         (long long)held, (long long)(end - begin));
}

static fv_error *read_shards(index_ *x) {
    if (x->count) qsort(x->entries, (size_t)x->count, sizeof *x->entries, by_file);
    for (int64_t begin = 0, end; begin < x->count; begin = end) {
        const char *name = x->entries[begin].file;
        const fv_snapshot *part;
        int64_t first = x->call->file->count;
        for (end = begin; end < x->count && !strcmp(x->entries[end].file, name); end++) continue;
        FV_TRY(fv_format_open_part(x->call, name, &part));
        FV_TRY(fv_error_wrap(read_file(x->call->file, part->bytes, part->length), "%s", name));
        FV_TRY(check_shard(x, begin, end, first));
    }
    return NULL;
}

static fv_error *read_index(fv_format_call *call) {
    const char *text = (const char *)call->bytes;
    fv_json_scan scan = { text, text, text + call->length };
    index_ x = { .call = call };
    fv_error *error = fv_json_object(&scan, call->file->arena, read_index_member, &x);
    if (!error) error = fv_json_end(&scan);
    if (!error && !x.count) error = fv_fail(FV_FORMAT, "it is JSON without a \"weight_map\": no index of weights");
    if (!error) error = read_shards(&x);
    fv_memory_free(x.entries);
    return error;
}

static bool sniff_index(const uint8_t *bytes, int64_t length) {
    static const char key[] = "\"weight_map\"";
    int64_t at = 0;
    while (at < length && (bytes[at] == ' ' || bytes[at] == '\n' || bytes[at] == '\r' || bytes[at] == '\t')) at++;
    return at < length && bytes[at] == '{' && memmem(bytes, (size_t)length, key, sizeof key - 1) != NULL;
}

/* ---- writing ---- */

static const char *dtype_name(fv_element element) {
    for (int i = 0; i < (int)(sizeof dtypes / sizeof *dtypes); i++)
        if (dtypes[i].element == element) return dtypes[i].name;
    return NULL;
}

/* Header and padding to a multiple of 8, as the format's own library writes them. */
static fv_error *make_header(const fv_foreign_tensor *tensors, int64_t count, const char *licence, fv_text *out) {
    int64_t at = 0;
    fv_text_add(out, "{\"__metadata__\":{\"format\":\"pt\"");
    if (licence) {
        fv_text_add(out, ",\"license\":");
        fv_text_add_json(out, licence);
    }
    fv_text_add(out, "}");
    for (int64_t i = 0; i < count; i++) {
        const fv_foreign_tensor *t = &tensors[i];
        int64_t bytes = fv_foreign_count(t) * fv_element_size(t->element);
        fv_text_add(out, ",");
        fv_text_add_json(out, t->name);
        fv_text_addf(out, ":{\"dtype\":\"%s\",\"shape\":[", dtype_name(t->element));
        for (int d = 0; d < t->rank; d++) fv_text_addf(out, "%s%lld", d ? "," : "", (long long)t->dims[d]);
        fv_text_addf(out, "],\"data_offsets\":[%lld,%lld]}", (long long)at, (long long)(at + bytes));
        at += bytes;
    }
    fv_text_add(out, "}");
    while (out->length % 8 && !out->error) fv_text_add(out, " ");
    return fv_text_error(out);
}

/* Tensors are in row order, little-endian: as exporters make them. */
static fv_error *write_(const fv_foreign_tensor *tensors, int64_t count, const char *licence, const char *path) {
    FV_TEXT(header, HEADER_MAX);
    uint8_t length[8];
    fv_new_file file = { 0 };
    FV_TRY(make_header(tensors, count, licence, &header));
    for (int i = 0; i < 8; i++) length[i] = (uint8_t)((uint64_t)header.length >> 8 * i);
    FV_TRY(fv_new_file_open(path, &file));
    fv_error *error = fv_new_file_add(&file, length, sizeof length);
    if (!error) error = fv_new_file_add(&file, header.at, header.length);
    for (int64_t i = 0; !error && i < count; i++)
        error = fv_new_file_add(&file, tensors[i].data, fv_foreign_count(&tensors[i]) * fv_element_size(tensors[i].element));
    if (!error) error = fv_new_file_sync(&file);
    if (!error) error = fv_new_file_rename(&file, path);
    fv_new_file_release(&file);
    return error;
}

const fv_format fv_format_safetensors = {
    .name = "safetensors",
    .summary = "Hugging Face's tensors, one file",
    .fields = fv_no_fields,
    .sniff = sniff,
    .read = read_,
    .write = write_,
};
const fv_format fv_format_safetensors_index = {
    .name = "safetensors_index",
    .summary = "an index of safetensors files beside it",
    .fields = fv_no_fields,
    .sniff = sniff_index,
    .read = read_index,
};
