/* pickle.c - see pickle.h. A stack machine over the bytes; Python's Lib/pickletools.py describes each opcode.
 *
 * Memory: a node, an item or a memo entry is made for at least one byte of the pickle, and all of them count against the
 * arena's cap. */
#include "core/formats/pickle.h"

#include <string.h>

#include "core/base/size.h"

#define STACK_MAX (1 << 20)
#define MARKS_MAX 1000
#define MEMO_MAX (1 << 22)
#define TEXT_MAX (1 << 24)

typedef struct machine {
    const uint8_t *begin, *at, *end;
    fv_arena *arena;
    fv_pickle **stack, **memo;
    int64_t height, stack_capacity, memo_count, memo_capacity; /* memo_count: for MEMOIZE */
    int64_t marks[MARKS_MAX];
    int mark_count;
    fv_pickle *result, *storages;
} machine;

static fv_error *bad(const machine *m, const char *what) {
    return fv_fail(FV_FORMAT, "its pickle is damaged at byte %lld: %s", (long long)(m->at - m->begin), what);
}

/* ---- bytes ---- */

static fv_error *take(machine *m, int64_t bytes, const uint8_t **out) {
    if (bytes < 0 || bytes > m->end - m->at) return bad(m, "it ends in the middle");
    *out = m->at;
    m->at += bytes;
    return NULL;
}

static fv_error *take_number(machine *m, int bytes, uint64_t *out) {
    const uint8_t *at = NULL;
    FV_TRY(take(m, bytes, &at));
    *out = 0;
    for (int i = 0; i < bytes; i++) *out |= (uint64_t)at[i] << 8 * i;
    return NULL;
}

/* A length in `bytes` bytes, and as many bytes behind it. */
static fv_error *take_counted(machine *m, int bytes, const uint8_t **out, int64_t *length) {
    uint64_t n = 0;
    FV_TRY(take_number(m, bytes, &n));
    if (n > TEXT_MAX) return bad(m, "a text is too long");
    *length = (int64_t)n;
    return take(m, *length, out);
}

/* ---- nodes and the stack ---- */

static fv_error *new_node(machine *m, fv_pickle_kind kind, fv_pickle **out) {
    FV_TRY(fv_arena_take(m->arena, 1, out));
    (*out)->kind = kind;
    return NULL;
}

/* Room for one more in a list that doubles; old lists stay in the arena, in all no larger than the last. */
static fv_error *room(machine *m, void ***list, int64_t count, int64_t *capacity, int64_t cap) {
    if (count < *capacity) return NULL;
    if (count >= cap) return bad(m, "it is larger than there is use for");
    int64_t more = *capacity ? 2 * *capacity : 4;
    void **grown;
    FV_TRY(fv_arena_take(m->arena, more, &grown));
    if (count) memcpy(grown, *list, (size_t)count * sizeof *grown);
    *list = grown;
    *capacity = more;
    return NULL;
}

static fv_error *push(machine *m, fv_pickle *node) {
    FV_TRY(room(m, (void ***)&m->stack, m->height, &m->stack_capacity, STACK_MAX));
    m->stack[m->height++] = node;
    return NULL;
}

static fv_error *push_new(machine *m, fv_pickle_kind kind, fv_pickle **out) {
    FV_TRY(new_node(m, kind, out));
    return push(m, *out);
}

static fv_error *push_int(machine *m, fv_pickle_kind kind, int64_t value) {
    fv_pickle *node = NULL;
    FV_TRY(push_new(m, kind, &node));
    node->integer = value;
    return NULL;
}

/* What stands below the last mark is not for taking. */
static int64_t floor_of(const machine *m) { return m->mark_count ? m->marks[m->mark_count - 1] : 0; }

static fv_error *pop(machine *m, fv_pickle **out) {
    if (m->height <= floor_of(m)) return bad(m, "its stack is empty");
    *out = m->stack[--m->height];
    return NULL;
}

static fv_error *top(machine *m, fv_pickle **out) {
    if (m->height <= floor_of(m)) return bad(m, "its stack is empty");
    *out = m->stack[m->height - 1];
    return NULL;
}

/* The nodes from the last mark on, taken off the stack; they stay where they are until something is pushed. */
static fv_error *pop_mark(machine *m, int64_t *first, int64_t *count) {
    if (!m->mark_count) return bad(m, "a mark is missing");
    *first = m->marks[--m->mark_count];
    *count = m->height - *first;
    m->height = *first;
    return NULL;
}

/* What stands, or stood, on the stack from `first` on. */
static fv_error *set_items(machine *m, fv_pickle *node, int64_t first, int64_t count) {
    int64_t bytes = count * (int64_t)sizeof *m->stack;
    if (count) FV_TRY(fv_arena_copy(m->arena, m->stack + first, bytes, (void **)&node->items));
    node->count = node->capacity = count;
    return NULL;
}

static fv_error *append(machine *m, fv_pickle *node, const fv_pickle *item) {
    FV_TRY(room(m, (void ***)(uintptr_t)&node->items, node->count, &node->capacity, STACK_MAX * 4));
    node->items[node->count++] = item;
    return NULL;
}

static fv_error *push_tuple(machine *m, int64_t count) {
    fv_pickle *node = NULL;
    if (m->height - floor_of(m) < count) return bad(m, "its stack is empty");
    FV_TRY(new_node(m, FV_PICKLE_TUPLE, &node));
    FV_TRY(set_items(m, node, m->height - count, count));
    m->height -= count;
    return push(m, node);
}

/* ---- texts and numbers ---- */

static fv_error *push_text(machine *m, fv_pickle_kind kind, int length_bytes) {
    const uint8_t *bytes = NULL;
    int64_t length = 0;
    fv_pickle *node = NULL;
    FV_TRY(take_counted(m, length_bytes, &bytes, &length));
    FV_TRY(push_new(m, kind, &node));
    char *text;
    FV_TRY(fv_arena_take(m->arena, length + 1, &text));
    if (length) memcpy(text, bytes, (size_t)length);
    node->text = text;
    node->length = length;
    return NULL;
}

static fv_error *push_long(machine *m, int length_bytes) {
    const uint8_t *bytes = NULL;
    int64_t length = 0;
    uint64_t value = 0;
    FV_TRY(take_counted(m, length_bytes, &bytes, &length));
    if (length > 8) return push_int(m, FV_PICKLE_BIG, 0);
    for (int64_t i = 0; i < length; i++) value |= (uint64_t)bytes[i] << 8 * i;
    if (length && length < 8 && bytes[length - 1] & 0x80) value |= ~(uint64_t)0 << 8 * length;
    return push_int(m, FV_PICKLE_INT, (int64_t)value);
}

static fv_error *push_float(machine *m) {
    const uint8_t *bytes = NULL;
    uint64_t bits = 0;
    fv_pickle *node = NULL;
    FV_TRY(take(m, 8, &bytes));
    for (int i = 0; i < 8; i++) bits = bits << 8 | bytes[i];
    FV_TRY(push_new(m, FV_PICKLE_FLOAT, &node));
    memcpy(&node->number, &bits, sizeof bits);
    return NULL;
}

static fv_error *push_sized_int(machine *m, int bytes) {
    uint64_t value = 0;
    FV_TRY(take_number(m, bytes, &value));
    return push_int(m, FV_PICKLE_INT, bytes == 4 ? (int32_t)value : (int64_t)value);
}

/* ---- globals, calls, objects ---- */

/* A line of at most 255 bytes, printable as names are. */
static fv_error *take_line(machine *m, const char **out, int *length) {
    const uint8_t *end = memchr(m->at, '\n', (size_t)fv_min(m->end - m->at, 256));
    if (!end) return bad(m, "a name has no end");
    *out = (const char *)m->at;
    *length = (int)(end - m->at);
    for (int i = 0; i < *length; i++)
        if ((*out)[i] <= 0x20 || (*out)[i] == 0x7F) return bad(m, "a name is no name");
    m->at = end + 1;
    return NULL;
}

/* Python 2's names for what is in Python 3's builtins, and what the system's module is called inside. */
static const char *module_of(const char *module) { return !strcmp(module, "__builtin__") ? "builtins" : module; }

static fv_error *push_global(machine *m, const char *module, const char *name) {
    fv_pickle *node = NULL;
    FV_TRY(push_new(m, FV_PICKLE_GLOBAL, &node));
    FV_TRY(fv_arena_format(m->arena, &node->text, "%s.%s", module_of(module), name));
    node->length = (int64_t)strlen(node->text);
    return NULL;
}

static fv_error *read_global(machine *m) {
    const char *module, *name, *text;
    int module_length, name_length;
    FV_TRY(take_line(m, &module, &module_length));
    FV_TRY(take_line(m, &name, &name_length));
    FV_TRY(fv_arena_format(m->arena, &text, "%.*s", module_length, module));
    FV_TRY(fv_arena_format(m->arena, &name, "%.*s", name_length, name));
    return push_global(m, text, name);
}

static fv_error *read_stack_global(machine *m) {
    fv_pickle *name = NULL, *module = NULL;
    FV_TRY(pop(m, &name));
    FV_TRY(pop(m, &module));
    if (name->kind != FV_PICKLE_TEXT || module->kind != FV_PICKLE_TEXT) return bad(m, "a name is no text");
    for (int k = 0; k < 2; k++) {
        const fv_pickle *text = k ? name : module;
        if (text->length > 255 || (int64_t)strlen(text->text) != text->length) return bad(m, "a name is no name");
        for (const char *c = text->text; *c; c++)
            if ((unsigned char)*c <= 0x20 || *c == 0x7F) return bad(m, "a name is no name");
    }
    return push_global(m, module->text, name->text);
}

bool fv_pickle_is(const fv_pickle *node, const char *global) {
    return node && node->kind == FV_PICKLE_GLOBAL && !strcmp(node->text, global);
}

/* What checkpoints call to make values. None of it is called here; the rest of the world's callables is refused by name. */
static const char *const makers[] = {
    "collections.OrderedDict",
    "collections.defaultdict",
    "torch._utils._rebuild_tensor",
    "torch._utils._rebuild_tensor_v2",
    "torch._utils._rebuild_tensor_v3",
    "torch._utils._rebuild_parameter",
    "torch._utils._rebuild_parameter_with_state",
    "torch._tensor._rebuild_from_type_v2",
    "torch.Size",
    "torch.device",
    "torch.serialization._get_layout",
    "builtins.set",
    "builtins.frozenset",
    "builtins.complex",
    "builtins.slice",
    "builtins.bytearray",
    "_codecs.encode",
    "copyreg._reconstructor",
    "copy_reg._reconstructor",
    "datetime.datetime",
    "datetime.date",
    "datetime.timedelta",
    "pathlib.PosixPath",
    "pathlib.WindowsPath",
    "pathlib.Path",
    "numpy.dtype",
    "numpy.ndarray",
    "numpy.core.multiarray.scalar",
    "numpy.core.multiarray._reconstruct",
    "numpy._core.multiarray.scalar",
    "numpy._core.multiarray._reconstruct",
};

static bool makes_data(const char *name) {
    for (size_t i = 0; i < sizeof makers / sizeof *makers; i++)
        if (!strcmp(makers[i], name)) return true;
    return false;
}

static fv_error *check_call(const machine *m, const fv_pickle *what) {
    if (what->kind != FV_PICKLE_GLOBAL) return bad(m, "it calls what is no function");
    if (makes_data(what->text)) return NULL;
    return fv_error_hint(fv_fail(FV_DENIED, "it calls %s when Python reads it; nothing was called", what->text),
                         "do not load it in Python: a file of weights calls nothing of that kind. If it is yours, save the "
                         "state_dict() alone");
}

/* An ordered dict from nothing, or (Python 2) from one list of pairs. */
static fv_error *push_dict(machine *m, const fv_pickle *arguments) {
    fv_pickle *node = NULL;
    FV_TRY(push_new(m, FV_PICKLE_DICT, &node));
    const fv_pickle *pairs = arguments->count == 1 ? arguments->items[0] : NULL;
    if (!pairs || pairs->kind != FV_PICKLE_LIST) return NULL;
    for (int64_t i = 0; i < pairs->count; i++) {
        const fv_pickle *pair = pairs->items[i];
        if ((pair->kind != FV_PICKLE_LIST && pair->kind != FV_PICKLE_TUPLE) || pair->count != 2)
            return bad(m, "a key has no value");
        for (int k = 0; k < 2; k++) FV_TRY(append(m, node, pair->items[k]));
    }
    return NULL;
}

static fv_error *push_object(machine *m, fv_pickle *what, fv_pickle *arguments, bool called) {
    fv_pickle *node = NULL;
    if (fv_pickle_is(what, "collections.OrderedDict") || fv_pickle_is(what, "collections.defaultdict"))
        return push_dict(m, arguments);
    FV_TRY(push_new(m, FV_PICKLE_OBJECT, &node));
    node->called = called;
    FV_TRY(append(m, node, what));
    return append(m, node, arguments);
}

static fv_error *reduce(machine *m) {
    fv_pickle *arguments = NULL, *what = NULL;
    FV_TRY(pop(m, &arguments));
    FV_TRY(pop(m, &what));
    FV_TRY(check_call(m, what));
    if (arguments->kind != FV_PICKLE_TUPLE) return bad(m, "arguments are no tuple");
    return push_object(m, what, arguments, true);
}

static fv_error *new_object(machine *m, bool keywords) {
    fv_pickle *ignored = NULL, *arguments = NULL, *what = NULL;
    if (keywords) FV_TRY(pop(m, &ignored));
    FV_TRY(pop(m, &arguments));
    FV_TRY(pop(m, &what));
    if (what->kind != FV_PICKLE_GLOBAL) return bad(m, "an object of what is no class");
    return push_object(m, what, arguments, false);
}

/* An object's state is kept; that of a dict (a state dict's _metadata) says nothing about its items. */
static fv_error *build(machine *m) {
    fv_pickle *state = NULL, *node = NULL;
    FV_TRY(pop(m, &state));
    FV_TRY(top(m, &node));
    return node->kind == FV_PICKLE_OBJECT ? append(m, node, state) : NULL;
}

static fv_error *push_storage(machine *m) {
    fv_pickle *id = NULL, *node = NULL;
    FV_TRY(pop(m, &id));
    FV_TRY(push_new(m, FV_PICKLE_STORAGE, &node));
    node->next = m->storages;
    m->storages = node;
    return append(m, node, id);
}

/* ---- containers ---- */

static fv_error *add_marked(machine *m, fv_pickle_kind kind) {
    int64_t first = 0, count = 0;
    fv_pickle *node = NULL;
    FV_TRY(pop_mark(m, &first, &count));
    FV_TRY(top(m, &node));
    if (kind == FV_PICKLE_DICT && count % 2) return bad(m, "a key has no value");
    if (node->kind == FV_PICKLE_OBJECT) return NULL; /* of a class that is like a list or dict: inert */
    if (node->kind != kind) return bad(m, "items of what holds none");
    for (int64_t i = 0; i < count; i++) FV_TRY(append(m, node, m->stack[first + i]));
    return NULL;
}

static fv_error *add_one(machine *m, fv_pickle_kind kind) {
    fv_pickle *value = NULL, *key = NULL, *node = NULL;
    FV_TRY(pop(m, &value));
    if (kind == FV_PICKLE_DICT) FV_TRY(pop(m, &key));
    FV_TRY(top(m, &node));
    if (node->kind == FV_PICKLE_OBJECT) return NULL;
    if (node->kind != kind) return bad(m, "items of what holds none");
    if (key) FV_TRY(append(m, node, key));
    return append(m, node, value);
}

static fv_error *push_marked(machine *m, fv_pickle_kind kind) {
    int64_t first = 0, count = 0;
    fv_pickle *node = NULL;
    FV_TRY(pop_mark(m, &first, &count));
    if (kind == FV_PICKLE_DICT && count % 2) return bad(m, "a key has no value");
    FV_TRY(new_node(m, kind, &node));
    FV_TRY(set_items(m, node, first, count));
    return push(m, node);
}

static fv_error *mark(machine *m) {
    if (m->mark_count == MARKS_MAX) return bad(m, "it is nested too deeply");
    m->marks[m->mark_count++] = m->height;
    return NULL;
}

/* ---- the memo ---- */

static fv_error *put(machine *m, uint64_t index) {
    fv_pickle *node = NULL;
    FV_TRY(top(m, &node));
    /* Entries are numbered from 0 up, and each takes two bytes: one that leaps further is made to take memory. */
    if (index >= MEMO_MAX || (int64_t)index > m->at - m->begin) return bad(m, "its memo leaps");
    while (m->memo_capacity <= (int64_t)index)
        FV_TRY(room(m, (void ***)&m->memo, m->memo_capacity, &m->memo_capacity, 2 * MEMO_MAX));
    m->memo[index] = node;
    m->memo_count = fv_max(m->memo_count, (int64_t)index + 1);
    return NULL;
}

static fv_error *get(machine *m, uint64_t index) {
    if ((int64_t)index >= m->memo_count || !m->memo[index]) return bad(m, "its memo has no such entry");
    return push(m, m->memo[index]);
}

static fv_error *put_numbered(machine *m, int bytes) {
    uint64_t index = 0;
    FV_TRY(take_number(m, bytes, &index));
    return put(m, index);
}

static fv_error *get_numbered(machine *m, int bytes) {
    uint64_t index = 0;
    FV_TRY(take_number(m, bytes, &index));
    return get(m, index);
}

/* ---- opcodes ---- */

static fv_error *ignore(machine *m, int bytes) {
    const uint8_t *ignored;
    return take(m, bytes, &ignored);
}

static fv_error *drop(machine *m) {
    fv_pickle *node = NULL;
    if (m->mark_count && m->height == floor_of(m)) return m->mark_count--, NULL; /* POP of a mark */
    return pop(m, &node);
}

static fv_error *drop_marked(machine *m) {
    int64_t first = 0, count = 0;
    return pop_mark(m, &first, &count);
}

static fv_error *twice(machine *m) {
    fv_pickle *node = NULL;
    FV_TRY(top(m, &node));
    return push(m, node);
}

static fv_error *stop(machine *m) { return pop(m, &m->result); }

/* Constants, numbers and texts; `*known` false: another kind of opcode. */
static fv_error *run_value(machine *m, int opcode, bool *known) {
    fv_pickle *node = NULL;
    switch (opcode) {
    case 'N': return push_int(m, FV_PICKLE_NONE, 0);
    case 0x88: return push_int(m, FV_PICKLE_BOOL, 1);
    case 0x89: return push_int(m, FV_PICKLE_BOOL, 0);
    case 'J': return push_sized_int(m, 4);
    case 'K': return push_sized_int(m, 1);
    case 'M': return push_sized_int(m, 2);
    case 0x8a: return push_long(m, 1);
    case 0x8b: return push_long(m, 4);
    case 'G': return push_float(m);
    case 'X': return push_text(m, FV_PICKLE_TEXT, 4);
    case 0x8c: return push_text(m, FV_PICKLE_TEXT, 1);
    case 0x8d: return push_text(m, FV_PICKLE_TEXT, 8);
    case 'U': return push_text(m, FV_PICKLE_TEXT, 1); /* Python 2's str */
    case 'T': return push_text(m, FV_PICKLE_TEXT, 4);
    case 'C': return push_text(m, FV_PICKLE_BYTES, 1);
    case 'B': return push_text(m, FV_PICKLE_BYTES, 4);
    case 0x8e:
    case 0x96: return push_text(m, FV_PICKLE_BYTES, 8);
    case '}': return push_new(m, FV_PICKLE_DICT, &node);
    case ']':
    case 0x8f: return push_new(m, FV_PICKLE_LIST, &node);
    case ')': return push_tuple(m, 0);
    case 0x85: return push_tuple(m, 1);
    case 0x86: return push_tuple(m, 2);
    case 0x87: return push_tuple(m, 3);
    default: *known = false; return NULL;
    }
}

static fv_error *run_other(machine *m, int opcode) {
    switch (opcode) {
    case 0x80: return ignore(m, 1); /* PROTO */
    case 0x95: return ignore(m, 8); /* FRAME */
    case '(': return mark(m);
    case 't': return push_marked(m, FV_PICKLE_TUPLE);
    case 'l': return push_marked(m, FV_PICKLE_LIST);
    case 0x91: return push_marked(m, FV_PICKLE_LIST); /* FROZENSET */
    case 'd': return push_marked(m, FV_PICKLE_DICT);
    case 'a': return add_one(m, FV_PICKLE_LIST);
    case 'e':
    case 0x90: return add_marked(m, FV_PICKLE_LIST);
    case 's': return add_one(m, FV_PICKLE_DICT);
    case 'u': return add_marked(m, FV_PICKLE_DICT);
    case 'q': return put_numbered(m, 1);
    case 'r': return put_numbered(m, 4);
    case 0x94: return put(m, (uint64_t)m->memo_count);
    case 'h': return get_numbered(m, 1);
    case 'j': return get_numbered(m, 4);
    case 'c': return read_global(m);
    case 0x93: return read_stack_global(m);
    case 'R': return reduce(m);
    case 0x81: return new_object(m, false);
    case 0x92: return new_object(m, true);
    case 'b': return build(m);
    case 'Q': return push_storage(m);
    case '0': return drop(m);
    case '1': return drop_marked(m);
    case '2': return twice(m);
    case '.': return stop(m);
    default:
        return fv_fail(FV_UNSUPPORTED, "its pickle has opcode 0x%02x at byte %lld, which weights have no use for", opcode,
                       (long long)(m->at - m->begin - 1));
    }
}

fv_error *fv_pickle_read(const uint8_t **at, const uint8_t *end, fv_arena *arena, const fv_pickle **out,
                         const fv_pickle **storages) {
    machine m = { .begin = *at, .at = *at, .end = end, .arena = arena };
    while (!m.result) {
        uint64_t opcode = 0;
        bool known = true;
        FV_TRY(take_number(&m, 1, &opcode));
        FV_TRY(run_value(&m, (int)opcode, &known));
        if (!known) FV_TRY(run_other(&m, (int)opcode));
    }
    *at = m.at;
    *out = m.result;
    if (storages) *storages = m.storages;
    return NULL;
}

const fv_pickle *fv_pickle_find(const fv_pickle *dict, const char *key) {
    if (!dict || dict->kind != FV_PICKLE_DICT) return NULL;
    for (int64_t i = dict->count - 2; i >= 0; i -= 2) {
        const fv_pickle *k = dict->items[i];
        if (k->kind == FV_PICKLE_TEXT && !strcmp(k->text, key)) return dict->items[i + 1];
    }
    return NULL;
}
