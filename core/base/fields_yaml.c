/* fields_yaml.c - YAML through libyaml into a tree in an arena, the tree into options, options into YAML.
 *
 * What is read is the part of YAML that recipes need: one document of maps, lists and scalars, anchors and aliases. Refused:
 * tags, several documents, keys that are no scalars, keys given twice, NUL characters. An alias is the anchored node itself, so
 * a bomb of aliases costs no memory; since whoever walks the tree would still walk all of it, the nodes it would unfold to are
 * capped. */
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "core/base/fields.h"
#include "core/base/size.h"

#define TEXT_CAP ((int64_t)16 << 20)
#define DEPTH_CAP 64
#define NODE_CAP 1000000 /* with each alias counted as what it stands for */
#define ANCHOR_CAP 256

typedef struct anchor {
    const char *name;
    const fv_yaml *node; /* NULL while its node is being read: it cannot hold itself */
    int64_t nodes;       /* in it, unfolded */
    int height;          /* levels in it */
} anchor;

typedef struct reader {
    yaml_parser_t parser;
    const char *where;
    fv_arena *arena;
    anchor anchors[ANCHOR_CAP];
    int anchor_count;
    int64_t nodes;
} reader;

typedef struct entry {
    const char *key; /* NULL in a list */
    const fv_yaml *item;
} entry;

/* The entries of a list or map whose end is not known yet. */
typedef struct growing {
    entry *at;
    int64_t count, capacity;
} growing;

static fv_error *bad(const reader *from, size_t line, const char *what) {
    return fv_fail(FV_FORMAT, "%s:%zu: %s", from->where, line + 1, what);
}

static fv_error *next_event(reader *from, yaml_event_t *event) {
    if (yaml_parser_parse(&from->parser, event)) return NULL;
    const yaml_parser_t *parser = &from->parser;
    if (parser->error == YAML_MEMORY_ERROR) return fv_error_memory();
    size_t line = parser->error == YAML_READER_ERROR ? parser->mark.line : parser->problem_mark.line;
    return bad(from, line, parser->problem ? parser->problem : "this is not YAML");
}

static fv_error *read_node(reader *from, yaml_event_t *event, int depth, const fv_yaml **out, int *height);

static fv_error *push(growing *list, entry new) {
    if (list->count == list->capacity) {
        int64_t capacity = fv_max(16, 2 * list->capacity);
        FV_TRY(fv_memory_grow((void **)&list->at, list->count, capacity, sizeof *list->at));
        list->capacity = capacity;
    }
    list->at[list->count++] = new;
    return NULL;
}

/* The text of a scalar, NULL for null. */
static fv_error *read_scalar(reader *from, const yaml_event_t *event, const char **out) {
    const char *text = (const char *)event->data.scalar.value;
    if (strlen(text) != event->data.scalar.length) return bad(from, event->start_mark.line, "a text holds a NUL character");
    bool plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    bool null = !*text || !strcmp(text, "~") || !strcmp(text, "null") || !strcmp(text, "Null") || !strcmp(text, "NULL");
    *out = NULL;
    return plain && null ? NULL : fv_arena_text(from->arena, text, out);
}

static fv_error *read_key(reader *from, const yaml_event_t *event, const char **out) {
    if (event->type != YAML_SCALAR_EVENT || event->data.scalar.tag)
        return bad(from, event->start_mark.line, "the key of a map can only be a plain text");
    FV_TRY(read_scalar(from, event, out));
    return *out ? NULL : bad(from, event->start_mark.line, "the key of a map cannot be null");
}

/* Reads one more entry into `list`; `*more` false: the list or map ended. */
static fv_error *read_entry(reader *from, bool map, int depth, growing *list, int *height, bool *more) {
    yaml_event_t event;
    entry new = { 0 };
    FV_TRY(next_event(from, &event));
    *more = event.type != YAML_SEQUENCE_END_EVENT && event.type != YAML_MAPPING_END_EVENT;
    fv_error *error = NULL;
    if (*more && map) {
        error = read_key(from, &event, &new.key);
        yaml_event_delete(&event);
        FV_TRY(error);
        FV_TRY(next_event(from, &event));
    }
    if (*more) error = read_node(from, &event, depth, &new.item, height);
    yaml_event_delete(&event);
    return *more && !error ? push(list, new) : error;
}

static int by_key(const void *a, const void *b) { return strcmp(((const entry *)a)->key, ((const entry *)b)->key); }

/* Moves the entries into the node. Sorts them on the way, in a copy that nobody needs any more, to find keys given twice. */
static fv_error *finish(reader *from, growing *list, fv_yaml *node) {
    const fv_yaml **items;
    const char **keys;
    FV_TRY(fv_arena_take(from->arena, list->count, &items));
    for (int64_t i = 0; i < list->count; i++) items[i] = list->at[i].item;
    node->items = items;
    node->count = list->count;
    if (node->kind == FV_YAML_LIST) return NULL;
    FV_TRY(fv_arena_take(from->arena, list->count, &keys));
    for (int64_t i = 0; i < list->count; i++) keys[i] = list->at[i].key;
    node->keys = keys;
    if (list->count) qsort(list->at, (size_t)list->count, sizeof *list->at, by_key);
    for (int64_t i = 1; i < list->count; i++)
        if (strcmp(list->at[i - 1].key, list->at[i].key) == 0)
            return fv_fail(FV_FORMAT, "%s:%d: the key \"%s\" is there twice", from->where,
                           (int)fv_max(list->at[i - 1].item->line, list->at[i].item->line), list->at[i].key);
    return NULL;
}

static fv_error *read_collection(reader *from, bool map, int depth, fv_yaml *node, int *height) {
    growing list = { 0 };
    fv_error *error = NULL;
    node->kind = map ? FV_YAML_MAP : FV_YAML_LIST;
    for (bool more = true; more && !error;) {
        int below = 0;
        error = read_entry(from, map, depth + 1, &list, &below, &more);
        *height = (int)fv_max(*height, below + 1);
    }
    if (!error) error = finish(from, &list, node);
    fv_memory_free(list.at);
    return error;
}

static fv_error *count_nodes(reader *from, size_t line, int64_t more) {
    from->nodes += more;
    return from->nodes > NODE_CAP ? bad(from, line, "the document is too large, or its aliases unfold to too much") : NULL;
}

static fv_error *read_alias(reader *from, const yaml_event_t *event, int depth, const fv_yaml **out, int *height) {
    const char *name = (const char *)event->data.alias.anchor;
    size_t line = event->start_mark.line;
    for (int i = from->anchor_count - 1; i >= 0; i--) {
        const anchor *known = &from->anchors[i];
        if (strcmp(known->name, name) != 0) continue;
        if (!known->node) return bad(from, line, "an alias stands inside what it stands for");
        if (depth + known->height > DEPTH_CAP) return bad(from, line, "the document is nested too deeply");
        *out = known->node;
        *height = known->height;
        return count_nodes(from, line, known->nodes);
    }
    return fv_fail(FV_FORMAT, "%s:%zu: there is no anchor &%s above this alias", from->where, line + 1, name);
}

static fv_error *read_anchored(reader *from, const yaml_event_t *event, const yaml_char_t *tag, int depth, fv_yaml *node,
                               int *height) {
    if (tag) return bad(from, event->start_mark.line, "tags (\"!…\") are not understood");
    if (event->type == YAML_SCALAR_EVENT) return read_scalar(from, event, &node->scalar);
    return read_collection(from, event->type == YAML_MAPPING_START_EVENT, depth, node, height);
}

/* The node that `event` begins. `*height`: levels below it. */
static fv_error *read_node(reader *from, yaml_event_t *event, int depth, const fv_yaml **out, int *height) {
    const yaml_char_t *name, *tag;
    *height = 0;
    switch (event->type) {
    case YAML_ALIAS_EVENT: return read_alias(from, event, depth, out, height);
    case YAML_SCALAR_EVENT: name = event->data.scalar.anchor, tag = event->data.scalar.tag; break;
    case YAML_SEQUENCE_START_EVENT: name = event->data.sequence_start.anchor, tag = event->data.sequence_start.tag; break;
    case YAML_MAPPING_START_EVENT: name = event->data.mapping_start.anchor, tag = event->data.mapping_start.tag; break;
    default: return bad(from, event->start_mark.line, "something is missing here");
    }
    if (depth > DEPTH_CAP) return bad(from, event->start_mark.line, "the document is nested too deeply");
    FV_TRY(count_nodes(from, event->start_mark.line, 1));
    fv_yaml *node;
    anchor *anchored = NULL;
    int64_t before = from->nodes - 1;
    FV_TRY(fv_arena_take(from->arena, 1, &node));
    node->line = (int)fv_min((int64_t)event->start_mark.line + 1, INT32_MAX);
    if (name) {
        if (from->anchor_count == ANCHOR_CAP) return bad(from, event->start_mark.line, "there are too many anchors");
        anchored = &from->anchors[from->anchor_count++];
        FV_TRY(fv_arena_text(from->arena, (const char *)name, &anchored->name));
    }
    FV_TRY(read_anchored(from, event, tag, depth, node, height));
    if (anchored) {
        anchored->node = node;
        anchored->nodes = from->nodes - before;
        anchored->height = *height;
    }
    *out = node;
    return NULL;
}

/* The one document of the stream. */
static fv_error *read_document(reader *from, const fv_yaml **out) {
    static const fv_yaml empty = { .line = 1 };
    bool seen = false;
    *out = &empty;
    for (bool more = true; more;) {
        yaml_event_t event;
        int height;
        FV_TRY(next_event(from, &event));
        fv_error *error = NULL;
        more = event.type != YAML_STREAM_END_EVENT;
        if (event.type == YAML_DOCUMENT_START_EVENT) {
            if (seen) error = bad(from, event.start_mark.line, "there is more than one document");
            seen = true;
        } else if (more && event.type != YAML_STREAM_START_EVENT && event.type != YAML_DOCUMENT_END_EVENT) {
            error = read_node(from, &event, 1, out, &height);
        }
        yaml_event_delete(&event);
        FV_TRY(error);
    }
    return NULL;
}

fv_error *fv_yaml_parse(const char *text, int64_t length, const char *where, fv_arena *arena, const fv_yaml **out) {
    *out = NULL;
    if (length > TEXT_CAP) return fv_fail(FV_FORMAT, "%s: it is larger than %d MiB", where, (int)(TEXT_CAP >> 20));
    FV_OWNED(fv_memory) memory = NULL;
    FV_TRY(fv_memory_alloc(1, sizeof(reader), &memory));
    reader *from = memory;
    from->where = where;
    from->arena = arena;
    if (!yaml_parser_initialize(&from->parser)) return fv_error_memory();
    yaml_parser_set_input_string(&from->parser, (const unsigned char *)text, (size_t)length);
    yaml_parser_set_encoding(&from->parser, YAML_UTF8_ENCODING);
    fv_error *error = read_document(from, out);
    yaml_parser_delete(&from->parser);
    return error;
}

const fv_yaml *fv_yaml_find(const fv_yaml *map, const char *key) {
    if (!map || map->kind != FV_YAML_MAP) return NULL;
    for (int64_t i = 0; i < map->count; i++)
        if (strcmp(map->keys[i], key) == 0) return map->items[i];
    return NULL;
}

/* ---- into options ---- */

static fv_error *set_from_list(const fv_field *field, void *options, const fv_yaml *list, fv_arena *arena) {
    FV_OWNED(fv_memory) memory = NULL;
    FV_TRY(fv_memory_alloc(list->count, sizeof(const char *), &memory));
    const char **pieces = memory;
    for (int64_t i = 0; i < list->count; i++) {
        if (list->items[i]->kind != FV_YAML_SCALAR)
            return fv_fail(FV_USAGE, "%s cannot be a list of lists or maps", field->name);
        pieces[i] = list->items[i]->scalar;
    }
    return fv_field_set_pieces(field, options, pieces, list->count, arena);
}

static fv_error *set_from_node(const fv_field *field, void *options, const fv_yaml *node, fv_arena *arena) {
    bool numbers = field->count > 1 || field->type == FV_FIELD_INTS || field->type == FV_FIELD_FLOATS;
    if (node->kind == FV_YAML_MAP) return fv_fail(FV_USAGE, "%s cannot be a map", field->name);
    if (node->kind == FV_YAML_LIST) return set_from_list(field, options, node, arena);
    if (numbers && node->scalar) return fv_field_set(field, options, node->scalar, arena); /* "3,3" is fine too */
    return fv_field_set_pieces(field, options, &node->scalar, 1, arena);
}

/* Says where the trouble is; documents without lines (JSON) have line 0. */
static fv_error *locate(fv_error *error, const char *where, int line) {
    return line ? fv_error_wrap(error, "%s:%d", where, line) : fv_error_wrap(error, "%s", where);
}

fv_error *fv_fields_from_yaml(const fv_field *fields, void *options, const fv_yaml *map, const char *where, bool *given,
                              fv_arena *arena) {
    bool seen[FV_FIELDS_MAX] = { 0 };
    if (map->kind == FV_YAML_SCALAR && !map->scalar) return NULL;
    if (map->kind != FV_YAML_MAP) return locate(fv_fail(FV_USAGE, "this must be a map of names and values"), where, map->line);
    for (int64_t i = 0; i < map->count; i++) {
        int line = map->items[i]->line;
        const fv_field *field = fv_fields_find(fields, map->keys[i]);
        if (!field) return locate(fv_fields_unknown(fields, map->keys[i], false), where, line);
        int64_t row = field - fields;
        if (seen[row]) return locate(fv_fail(FV_USAGE, "%s is given twice", field->name), where, line);
        seen[row] = true;
        FV_TRY(locate(set_from_node(field, options, map->items[i], arena), where, line));
        if (given) given[row] = true;
    }
    return NULL;
}

void fv_fields_to_yaml(const fv_field *fields, const void *options, int indent, bool with_help, fv_text *out) {
    for (const fv_field *field = fields; field->name; field++) {
        fv_text_addf(out, "%*s%s: ", indent, "", field->name);
        fv_field_print_yaml(field, options, out);
        if (with_help && field->help) fv_text_addf(out, " # %s", field->help);
        fv_text_add(out, "\n");
    }
}
