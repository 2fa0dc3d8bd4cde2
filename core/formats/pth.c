/* pth.c - PyTorch's checkpoints, .pth, .pt, .bin and .ckpt: a zip archive since 1.6, before that a row of pickles with the data
 * behind them. The pickle is read as data (pickle.c); nothing in it is called.
 *
 * In an archive ROOT/data.pkl is the pickle, ROOT/data/KEY a storage, ROOT/byteorder says how numbers lie. A tensor is a view:
 * offset, size and strides in a storage that others may share. */
#include <string.h>

#include "core/base/size.h"
#include "core/formats/pth_state.h"
#include "core/formats/zip_directory.h"

static const uint8_t legacy_magic[] = {
    0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e
};
#define LEGACY_PROTOCOL 1001

static const struct {
    const char *storage, *dtype; /* torch.… */
    fv_element element;
} types[] = {
    { "torch.FloatStorage", "torch.float32", FV_ELEMENT_F32 },
    { "torch.DoubleStorage", "torch.float64", FV_ELEMENT_F64 },
    { "torch.HalfStorage", "torch.float16", FV_ELEMENT_F16 },
    { "torch.BFloat16Storage", "torch.bfloat16", FV_ELEMENT_BF16 },
    { "torch.LongStorage", "torch.int64", FV_ELEMENT_I64 },
    { "torch.IntStorage", "torch.int32", FV_ELEMENT_I32 },
    { "torch.ShortStorage", "torch.int16", FV_ELEMENT_I16 },
    { "torch.CharStorage", "torch.int8", FV_ELEMENT_I8 },
    { "torch.ByteStorage", "torch.uint8", FV_ELEMENT_U8 },
    { "torch.BoolStorage", "torch.bool", FV_ELEMENT_BOOL },
    { "", "torch.uint64", FV_ELEMENT_U64 },
    { "", "torch.uint32", FV_ELEMENT_U32 },
    { "", "torch.uint16", FV_ELEMENT_U16 },
    { "", "torch.float8_e4m3fn", FV_ELEMENT_F8_E4M3 },
    { "", "torch.float8_e5m2", FV_ELEMENT_F8_E5M2 },
    { "torch.storage.UntypedStorage", "", FV_ELEMENT_U8 },
};
#define TYPES ((int)(sizeof types / sizeof *types))

/* ---- storages ---- */

typedef struct storage {
    const char *key;
    fv_element element;
    const uint8_t *bytes;
    int64_t length;
    struct storage *next;
} storage;

/* A checkpoint while it is read. */
typedef struct checkpoint {
    fv_format_call *call;
    fv_zip zip;
    const char *root; /* of an archive, with its '/'; NULL: legacy */
    bool big_endian;
    const fv_pickle *tree;
    storage **storages; /* a table by the hash of the key */
    int64_t slots;
} checkpoint;

static storage **slot_of(const checkpoint *c, const char *key) {
    uint64_t hash = 14695981039346656037U;
    for (const char *at = key; *at; at++) hash = (hash ^ (unsigned char)*at) * 1099511628211U;
    storage **slot = &c->storages[hash % (uint64_t)c->slots];
    while (*slot && strcmp((*slot)->key, key) != 0) slot = &(*slot)->next;
    return slot;
}

static const fv_pickle *item(const fv_pickle *node, int64_t index, fv_pickle_kind kind) {
    bool holds = node && (node->kind == FV_PICKLE_TUPLE || node->kind == FV_PICKLE_STORAGE) && index < node->count;
    return holds && node->items[index]->kind == kind ? node->items[index] : NULL;
}

/* A persistent id: ('storage', class, key, location, elements), in a legacy file with None behind it. */
typedef struct storage_id {
    const char *key;
    fv_element element;
    int64_t count;
} storage_id;

static fv_error *read_id(const fv_pickle *node, storage_id *out) {
    const fv_pickle *id = item(node, 0, FV_PICKLE_TUPLE), *what = item(id, 0, FV_PICKLE_TEXT);
    const fv_pickle *class = item(id, 1, FV_PICKLE_GLOBAL), *key = item(id, 2, FV_PICKLE_TEXT);
    const fv_pickle *count = item(id, 4, FV_PICKLE_INT);
    if (!what || strcmp(what->text, "storage") != 0 || !class || !key || !count || count->integer < 0 ||
        (int64_t)strlen(key->text) != key->length)
        return fv_fail(FV_FORMAT, "a tensor's storage is not described as PyTorch does it");
    if (id->count > 5 && id->items[5]->kind != FV_PICKLE_NONE)
        return fv_fail(FV_UNSUPPORTED, "storage %.32s is a view of another, as before PyTorch 0.4", key->text);
    *out = (storage_id){ .key = key->text, .count = count->integer };
    for (int i = 0; i < TYPES; i++)
        if (!strcmp(types[i].storage, class->text)) return out->element = types[i].element, NULL;
    return fv_fail(FV_UNSUPPORTED, "a storage is of the class %s, which is not read", class->text);
}

static fv_error *check_size(const storage *s, int64_t count) {
    int64_t bytes;
    if (!fv_size_mul(count, fv_element_size(s->element), &bytes) || bytes > s->length)
        return fv_fail(FV_FORMAT, "storage %.32s says it has %lld elements, more than there are", s->key, (long long)count);
    return NULL;
}

/* The storage of an archive is looked up when the first tensor wants it. */
static fv_error *find_storage(checkpoint *c, const fv_pickle *node, const storage **out) {
    storage_id id;
    const char *name;
    FV_TRY(read_id(node, &id));
    storage **slot = slot_of(c, id.key);
    if (!*slot) {
        if (!c->root) return fv_fail(FV_FORMAT, "storage %.32s is not in it", id.key);
        FV_TRY(fv_arena_format(c->call->file->arena, &name, "%sdata/%s", c->root, id.key));
        const fv_zip_member *member = fv_zip_find(&c->zip, name);
        if (!member) return fv_fail(FV_FORMAT, "%.64s, which a tensor lies in, is not in it", name);
        storage made = { .key = id.key, .element = id.element };
        FV_TRY(fv_zip_content(c->call, member, &made.bytes, &made.length));
        FV_TRY(fv_arena_copy(c->call->file->arena, &made, (int64_t)sizeof made, (void **)slot));
    }
    if ((*slot)->element != id.element) return fv_fail(FV_FORMAT, "storage %.32s is of two dtypes", id.key);
    *out = *slot;
    return check_size(*slot, id.count);
}

/* ---- tensors ---- */

static fv_error *read_sizes(const fv_pickle *list, const char *name, int64_t *out, int *rank) {
    if (list->kind == FV_PICKLE_OBJECT && list->called && fv_pickle_is(list->items[0], "torch.Size"))
        list = item(list->items[1], 0, FV_PICKLE_TUPLE);
    if (!list || list->kind != FV_PICKLE_TUPLE) return fv_fail(FV_FORMAT, "the shape of %.200s is no tuple", name);
    if (list->count > FV_RANK_MAX) return fv_fail(FV_UNSUPPORTED, "%.200s has %lld dimensions", name, (long long)list->count);
    *rank = (int)list->count;
    for (int d = 0; d < *rank; d++) {
        if (list->items[d]->kind != FV_PICKLE_INT) return fv_fail(FV_FORMAT, "the shape of %.200s is no numbers", name);
        out[d] = list->items[d]->integer;
    }
    return NULL;
}

/* Arguments: storage, offset in elements, size, stride; of _rebuild_tensor_v3 the dtype is the seventh. */
static fv_error *add_tensor(checkpoint *c, const char *name, const fv_pickle *arguments) {
    fv_foreign_tensor t = { .name = name, .big_endian = c->big_endian };
    const storage *s = NULL;
    int strides;
    const fv_pickle *place = item(arguments, 0, FV_PICKLE_STORAGE), *offset = item(arguments, 1, FV_PICKLE_INT);
    const fv_pickle *dtype = item(arguments, 6, FV_PICKLE_GLOBAL);
    if (!place || !offset || offset->integer < 0 || arguments->count < 4)
        return fv_fail(FV_FORMAT, "%.200s is not described as PyTorch does it", name);
    FV_TRY(fv_error_wrap(find_storage(c, place, &s), "%.200s", name));
    FV_TRY(read_sizes(arguments->items[2], name, t.dims, &t.rank));
    FV_TRY(read_sizes(arguments->items[3], name, t.strides, &strides));
    if (strides != t.rank) return fv_fail(FV_FORMAT, "%.200s has %d strides for %d dimensions", name, strides, t.rank);
    t.element = s->element;
    if (dtype) {
        t.element = FV_ELEMENTS;
        for (int i = 0; i < TYPES; i++)
            if (!strcmp(types[i].dtype, dtype->text)) t.element = types[i].element;
        if (t.element == FV_ELEMENTS) return fv_fail(FV_UNSUPPORTED, "%.200s is of %s, which is not read", name, dtype->text);
    }
    return fv_foreign_add(c->call->file, &t, s->bytes, s->length, offset->integer);
}

static fv_error *add_tensors(checkpoint *c) {
    fv_foreign_file *file = c->call->file;
    const fv_pickle *state = NULL;
    const char *prefix;
    int64_t others = 0;
    FV_TRY(fv_pth_find_state(c->tree, c->call->options, file, &state));
    FV_TRY(fv_pth_find_prefix(state, file, &prefix));
    for (int64_t i = 0; i + 1 < state->count; i += 2) {
        const fv_pickle *key = state->items[i], *tensor = fv_pth_tensor(state->items[i + 1]);
        bool text = key->kind == FV_PICKLE_TEXT && (int64_t)strlen(key->text) == key->length;
        if (tensor && text)
            FV_TRY(add_tensor(c, key->text + strlen(prefix), tensor));
        else
            others++;
    }
    if (others) fv_foreign_note(file, "%lld entries that are no tensors were passed over", (long long)others);
    return NULL;
}

static int64_t count_storages(const fv_pickle *last) {
    int64_t count = 0;
    for (; last; last = last->next) count++;
    return count;
}

/* ---- archives ---- */

static const char *const pickle_name = "data.pkl";

static const fv_zip_member *find_pickle(const fv_zip *zip) {
    size_t length = strlen(pickle_name);
    for (int64_t i = 0; i < zip->count; i++) {
        const char *name = zip->members[i].name, *slash = strchr(name, '/');
        const char *last = slash ? slash + 1 : name;
        if (strlen(last) == length && !strcmp(last, pickle_name)) return &zip->members[i];
    }
    return NULL;
}

static fv_error *read_byte_order(checkpoint *c) {
    const char *name;
    const uint8_t *text;
    int64_t length;
    FV_TRY(fv_arena_format(c->call->file->arena, &name, "%sbyteorder", c->root));
    const fv_zip_member *member = fv_zip_find(&c->zip, name);
    if (!member) return NULL; /* before PyTorch 2.1: little */
    FV_TRY(fv_zip_content(c->call, member, &text, &length));
    c->big_endian = length >= 3 && !memcmp(text, "big", 3);
    return c->big_endian || (length >= 6 && !memcmp(text, "little", 6)) ? NULL
                                                                        : fv_fail(FV_FORMAT, "its byte order is unknown");
}

static fv_error *read_archive(checkpoint *c) {
    const uint8_t *bytes;
    const fv_pickle *storages;
    int64_t length;
    fv_arena *arena = c->call->file->arena;
    FV_TRY(fv_zip_open(c->call, &c->zip));
    const fv_zip_member *member = find_pickle(&c->zip);
    if (!member)
        return fv_error_hint(fv_fail(FV_UNSUPPORTED, "it is a zip archive without data.pkl: none of PyTorch's"),
                             "unpack it when the weights are in a file inside");
    FV_TRY(fv_arena_format(arena, &c->root, "%.*s", (int)(strlen(member->name) - strlen(pickle_name)), member->name));
    FV_TRY(read_byte_order(c));
    FV_TRY(fv_zip_content(c->call, member, &bytes, &length));
    FV_TRY(fv_pickle_read(&bytes, bytes + length, arena, &c->tree, &storages));
    c->slots = count_storages(storages) + 1;
    return fv_arena_take(arena, c->slots, &c->storages);
}

/* ---- legacy files ---- */

/* Behind the pickles: for each key of the list an int64 count and the elements. */
static fv_error *read_data(checkpoint *c, const fv_pickle *keys, const uint8_t *at) {
    const uint8_t *end = c->call->bytes + c->call->length;
    for (int64_t i = 0; i < keys->count; i++) {
        uint64_t count = 0;
        int64_t bytes;
        const fv_pickle *key = keys->items[i];
        storage *s = key->kind == FV_PICKLE_TEXT ? *slot_of(c, key->text) : NULL;
        if (!s || s->bytes) return fv_fail(FV_FORMAT, "its list of storages has one that no tensor lies in, or one twice");
        if (end - at < 8) return fv_fail(FV_FORMAT, "it ends before storage %.32s", s->key);
        for (int k = 0; k < 8; k++) count |= (uint64_t)at[k] << 8 * (c->big_endian ? 7 - k : k);
        at += 8;
        if (count > INT64_MAX || !fv_size_mul((int64_t)count, fv_element_size(s->element), &bytes) || bytes > end - at)
            return fv_fail(FV_FORMAT, "it ends in the middle of storage %.32s", s->key);
        s->bytes = at;
        s->length = bytes;
        at += bytes;
    }
    return NULL;
}

/* An empty entry for each storage that the tree names, for their elements' sizes. */
static fv_error *list_storages(checkpoint *c, const fv_pickle *last) {
    fv_arena *arena = c->call->file->arena;
    c->slots = count_storages(last) + 1;
    FV_TRY(fv_arena_take(arena, c->slots, &c->storages));
    for (; last; last = last->next) {
        storage_id id;
        FV_TRY(read_id(last, &id));
        storage **slot = slot_of(c, id.key), made = { .key = id.key, .element = id.element };
        if (!*slot) FV_TRY(fv_arena_copy(arena, &made, (int64_t)sizeof made, (void **)slot));
    }
    return NULL;
}

static fv_error *read_legacy(checkpoint *c) {
    const uint8_t *at = c->call->bytes + sizeof legacy_magic, *end = c->call->bytes + c->call->length;
    fv_arena *arena = c->call->file->arena;
    const fv_pickle *protocol, *system, *keys, *storages;
    FV_TRY(fv_pickle_read(&at, end, arena, &protocol, NULL));
    if (protocol->kind != FV_PICKLE_INT || protocol->integer != LEGACY_PROTOCOL)
        return fv_fail(FV_UNSUPPORTED, "it is of another protocol than %d", LEGACY_PROTOCOL);
    FV_TRY(fv_pickle_read(&at, end, arena, &system, NULL));
    const fv_pickle *little = fv_pickle_find(system, "little_endian");
    c->big_endian = little && little->kind == FV_PICKLE_BOOL && !little->integer;
    FV_TRY(fv_pickle_read(&at, end, arena, &c->tree, &storages));
    FV_TRY(fv_pickle_read(&at, end, arena, &keys, NULL));
    if (keys->kind != FV_PICKLE_LIST) return fv_fail(FV_FORMAT, "its list of storages is none");
    FV_TRY(list_storages(c, storages));
    return read_data(c, keys, at);
}

static bool is_legacy(const uint8_t *bytes, int64_t length) {
    return length > (int64_t)sizeof legacy_magic && !memcmp(bytes, legacy_magic, sizeof legacy_magic);
}

static bool sniff(const uint8_t *bytes, int64_t length) { return is_legacy(bytes, length) || fv_zip_sniff(bytes, length); }

static fv_error *read_(fv_format_call *call) {
    checkpoint c = { .call = call };
    FV_TRY(is_legacy(call->bytes, call->length) ? read_legacy(&c) : read_archive(&c));
    return add_tensors(&c);
}

const fv_format fv_format_pth = {
    .name = "pth",
    .summary = "PyTorch's checkpoints, archives and the older files",
    .fields = fv_no_fields,
    .sniff = sniff,
    .read = read_,
};
