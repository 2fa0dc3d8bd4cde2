/* keys.c - see keys.h: patterns fitted to names, and axes put in the order of the other side. */
#include "exchange/keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/assert.h"
#include "core/base/size.h"

/* ---- names ---- */

#define MARKS_MAX 6

/* What * and ** stood for. */
typedef struct marks {
    struct {
        const char *at;
        int64_t length;
    } of[MARKS_MAX];
    int count;
} marks;

/* Whether the whole of `name` fits `pattern`; the shortest text for each mark that lets the rest fit. */
static bool fits(const char *pattern, const char *name, marks *m) {
    for (; *pattern && *pattern != '*'; pattern++, name++)
        if (*pattern != *name) return false;
    if (!*pattern) return !*name;
    bool dots = pattern[1] == '*';
    int mine = m->count++;
    FV_ASSERT(mine < MARKS_MAX);
    m->of[mine].at = name;
    for (const char *end = name;; end++) {
        m->of[mine].length = end - name;
        m->count = mine + 1;
        if (end > name && fits(pattern + (dots ? 2 : 1), end, m)) return true;
        if (!*end || (*end == '.' && !dots)) return false;
    }
}

static void spell(const char *theirs, const marks *m, int64_t block, fv_text *out) {
    int used = 0;
    for (; *theirs; theirs++) {
        if (*theirs == '*') {
            FV_ASSERT(used < m->count);
            fv_text_add_bytes(out, m->of[used].at, m->of[used].length);
            used++;
            theirs += theirs[1] == '*';
        } else if (*theirs == '#') {
            fv_text_addf(out, "%lld", (long long)block);
            used += 2; /* of NAME.S.B */
        } else {
            fv_text_add_bytes(out, theirs, 1);
        }
    }
}

/* The length of NAME.S.B, when a name begins so and goes on; 0: it does not. */
static int64_t block_length(const char *name) {
    const char *at = strchr(name, '.');
    for (int i = 0; i < 2 && at; i++) {
        const char *number = ++at;
        while (*at >= '0' && *at <= '9') at++;
        if (at == number || *at != '.') return 0;
    }
    return at ? at - name : 0;
}

/* Blocks in the order in which their first states were created. */
typedef struct blocks {
    const char *last;
    int64_t length, number;
} blocks;

static int64_t block_of(blocks *b, const char *name) {
    int64_t length = block_length(name);
    if (!length) return b->number;
    if (b->last && b->length == length && !strncmp(b->last, name, (size_t)length)) return b->number;
    b->number += b->last != NULL;
    b->last = name;
    b->length = length;
    return b->number;
}

static const fv_key_rule *rule_for(const fv_key_style *style, const char *name, int rank, marks *m) {
    for (const fv_key_rule *r = style->rules; r->ours; r++) {
        *m = (marks){ .count = 0 };
        if ((!r->rank || r->rank == rank) && fits(r->ours, name, m)) return r;
    }
    return NULL;
}

/* ---- axes ---- */

static void set_view(fv_key *k, int rank, const int *axes) {
    k->view_rank = rank;
    for (int d = 0; d < rank; d++) k->axes[d] = axes[d];
}

/* The view's dimensions from ours, which have `split` of them where theirs has one. */
static void lay_out(fv_key *k, const fv_key_rule *rule, fv_key_layout layout) {
    static const int oihw[] = { 0, 2, 3, 1 }, hwio[] = { 3, 0, 1, 2 }, hwc1[] = { 2, 0, 1, 3 }, turned[] = { 1, 0 };
    static const int plain[] = { 0, 1, 2, 3, 4, 5, 6, 7 };
    int64_t ours[FV_RANK_MAX];
    int rank = k->type.rank;
    memcpy(ours, k->type.dims, sizeof ours);
    bool keras = layout == FV_KEYS_KERAS, depthwise = keras && strstr(rule->theirs, "depthwise") != NULL;
    if (rule->grid && rank == 2) {
        int64_t area = rule->grid * rule->grid;
        ours[1] = ours[2] = rule->grid, ours[3] = k->type.dims[1] / area;
        rank = 4;
        set_view(k, rank, oihw);
    } else if (rank == 4) {
        set_view(k, rank, depthwise ? hwc1 : keras ? hwio : oihw);
    } else {
        set_view(k, rank, rank == 2 && keras ? turned : plain);
    }
    for (int d = 0; d < rank; d++) k->view[k->axes[d]] = ours[d];
    for (int d = 0; d < rank; d++) k->reordered |= k->axes[d] != d;
    k->rank = k->type.rank;
    memcpy(k->dims, rule->grid ? k->type.dims : k->view, sizeof k->dims);
}

static fv_error *make_key(const fv_key_style *style, const fv_graph *graph, fv_value state, fv_role role, blocks *b,
                          fv_arena *arena, fv_key *key) {
    FV_TEXT(text, 4096);
    marks m;
    *key = (fv_key){ .type = *fv_value_type(graph, state), .role = role };
    FV_TRY(fv_arena_text(arena, fv_value_name(graph, state), &key->ours));
    int64_t block = block_of(b, key->ours);
    const fv_key_rule *rule = rule_for(style, key->ours, key->type.rank, &m);
    if (!rule) return fv_fail(FV_BUG, "style %s has no rule for %s", style->name, key->ours);
    if (!rule->theirs) return NULL;
    spell(rule->theirs, &m, block, &text);
    FV_TRY(fv_text_error(&text));
    lay_out(key, rule, style->layout);
    return fv_arena_text(arena, text.at, &key->theirs);
}

fv_error *fv_keys_of(const fv_key_style *style, const fv_graph *graph, fv_arena *arena, fv_keys *out) {
    int counts[2] = { fv_graph_states(graph, FV_PARAMETER, NULL, 0), fv_graph_states(graph, FV_BUFFER, NULL, 0) };
    *out = (fv_keys){ .style = style };
    FV_TRY(fv_arena_take(arena, counts[0] + counts[1] + 1, &out->at));
    for (int role = FV_PARAMETER; role <= FV_BUFFER; role++) {
        fv_value *states;
        blocks b = { 0 };
        FV_TRY(fv_arena_take(arena, counts[role] + 1, &states));
        fv_graph_states(graph, (fv_role)role, states, counts[role]);
        for (int i = 0; i < counts[role]; i++)
            FV_TRY(make_key(style, graph, states[i], (fv_role)role, &b, arena, &out->at[out->count++]));
    }
    return NULL;
}

/* ---- styles ---- */

bool fv_key_style_knows(const fv_key_style *style, const char *arch) {
    for (int i = 0; style->archs[i]; i++)
        if (!strcmp(style->archs[i], arch)) return true;
    return false;
}

static const fv_part *style_at(int index) { return &fv_key_style_table[index]->part; }

fv_error *fv_key_style_named(const char *name, fv_arena *arena, const fv_key_style **out) {
    const fv_parts styles = { .kind = "style of names", .count = fv_key_style_table_count, .at = style_at };
    int index;
    FV_TRY(fv_part_find(&styles, name, arena, &index));
    *out = fv_key_style_table[index];
    return NULL;
}

const fv_key_style *fv_key_style_for(const char *arch) {
    for (int i = 0; i < fv_key_style_table_count; i++)
        if (fv_key_style_knows(fv_key_style_table[i], arch)) return fv_key_style_table[i];
    return NULL;
}

/* ---- elements ---- */

void fv_key_import(const fv_key *k, const fv_foreign_tensor *theirs, fv_tensor *ours) {
    fv_foreign_tensor view = *theirs;
    if (k->view_rank != theirs->rank) { /* its last dimension is split: what is one step there are several here */
        int64_t step = theirs->strides[theirs->rank - 1];
        view.rank = k->view_rank;
        memcpy(view.dims, k->view, sizeof view.dims);
        for (int d = view.rank - 1; d >= theirs->rank - 1; d--) {
            view.strides[d] = step;
            step *= view.dims[d];
        }
    }
    fv_type flat = { .dtype = ours->type.dtype, .rank = view.rank };
    for (int d = 0; d < view.rank; d++) flat.dims[d] = view.dims[k->axes[d]];
    fv_tensor to = fv_tensor_of(&flat, ours->data);
    fv_foreign_copy(&view, k->axes, &to);
}

void fv_key_export(const fv_key *k, const fv_tensor *ours, fv_tensor *theirs) {
    fv_foreign_tensor from = {
        .name = k->ours, .element = fv_element_of(ours->type.dtype), .rank = k->view_rank, .data = ours->data
    };
    fv_type type = { .dtype = ours->type.dtype, .rank = k->view_rank };
    int back[FV_RANK_MAX];
    for (int d = 0; d < k->view_rank; d++) {
        from.dims[d] = k->view[k->axes[d]];
        type.dims[d] = k->view[d];
        back[k->axes[d]] = d;
    }
    fv_foreign_row_order(&from);
    fv_tensor to = fv_tensor_of(&type, theirs->data);
    fv_foreign_copy(&from, back, &to);
}

const char *fv_key_shape(const int64_t *dims, int rank, char buffer[256]) {
    int length = snprintf(buffer, 256, "[");
    for (int d = 0; d < rank; d++)
        length += snprintf(buffer + length, (size_t)(256 - length), "%s%lld", d ? "," : "", (long long)dims[d]);
    snprintf(buffer + length, (size_t)(256 - length), "]");
    return buffer;
}
