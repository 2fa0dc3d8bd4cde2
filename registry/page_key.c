/* page_key.c - page keys as text. The check finds mistakes, and keeps nobody from making a key that was never given out: that
 * is read with care, and gets a page like any other. */
#include "registry/page_key.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/text.h"

#define KEY_BYTES_MAX (1 << 20)
#define CHECK_BYTES crypto_generichash_BYTES_MIN
#define CHECK_LETTERS 16

/* ---- the check ---- */

static void add_part(crypto_generichash_state *hash, const char *part) {
    crypto_generichash_update(hash, (const uint8_t *)(part ? part : ""), part ? strlen(part) + 1 : 1);
}

static void check_of(const fv_runs_query *q, const char *body, char out[CHECK_LETTERS + 1]) {
    crypto_generichash_state hash;
    uint8_t bytes[CHECK_BYTES];
    char letters[2 * CHECK_BYTES + 1];
    crypto_generichash_init(&hash, NULL, 0, sizeof bytes);
    add_part(&hash, q->experiment);
    add_part(&hash, q->filter);
    add_part(&hash, q->order_by);
    add_part(&hash, q->deleted == 0 ? "active" : q->deleted == 1 ? "deleted" : "all");
    add_part(&hash, body);
    crypto_generichash_final(&hash, bytes, sizeof bytes);
    sodium_bin2hex(letters, sizeof letters, bytes, sizeof bytes);
    memcpy(out, letters, CHECK_LETTERS);
    out[CHECK_LETTERS] = 0;
}

/* ---- writing ---- */

static void write_value(const fv_page_value *v, fv_text *out) {
    uint64_t bits;
    memcpy(&bits, &v->number, sizeof bits);
    if (v->grade)
        fv_text_add(out, v->grade == 1 ? ".x" : ".-");
    else if (!v->is_text)
        fv_text_addf(out, ".n%016llx", (unsigned long long)bits);
    else
        fv_text_add(out, ".t");
    for (const char *c = v->text; c && *c && !v->grade; c++) fv_text_addf(out, "%02x", (unsigned char)*c);
}

fv_error *fv_page_key_write(const fv_runs_query *query, const fv_page_key *key, fv_arena *arena, const char **out) {
    char check[CHECK_LETTERS + 1];
    FV_TEXT(body, KEY_BYTES_MAX);
    fv_text_addf(&body, "%lld.%lld", (long long)key->started_ms, (long long)key->row);
    for (int64_t i = 0; i < key->count; i++) write_value(&key->at[i], &body);
    FV_TRY(fv_text_error(&body));
    check_of(query, body.at, check);
    return fv_arena_format(arena, out, "%s.%s", check, body.at);
}

/* ---- reading ---- */

static fv_error *refuse(void) {
    return fv_fail(FV_USAGE, "what to go on behind is of another search: experiment, filter and order must be the same");
}

static fv_error *read_text(const char *letters, fv_arena *arena, const char **out) {
    char *text;
    size_t length = strlen(letters) / 2, written;
    FV_TRY(fv_arena_take(arena, (int64_t)length + 1, &text));
    int result = sodium_hex2bin((uint8_t *)text, length, letters, strlen(letters), NULL, &written, NULL);
    *out = text;
    return result || written != length ? refuse() : NULL;
}

static fv_error *read_value(const char *part, fv_arena *arena, fv_page_value *out) {
    *out = (fv_page_value){ .grade = *part == '-' ? 2 : *part == 'x', .is_text = *part == 't' };
    uint64_t bits = *part == 'n' ? strtoull(part + 1, NULL, 16) : 0;
    memcpy(&out->number, &bits, sizeof bits);
    return out->is_text ? read_text(part + 1, arena, &out->text) : NULL;
}

static fv_error *read_body(char *rest, const fv_order *order, fv_arena *arena, fv_page_key *out) {
    out->started_ms = strtoll(strsep(&rest, "."), NULL, 10);
    out->row = rest ? strtoll(strsep(&rest, "."), NULL, 10) : 0;
    for (; rest; out->count++) {
        if (out->count == order->count) return refuse();
        FV_TRY(read_value(strsep(&rest, "."), arena, &out->at[out->count]));
        if (!out->at[out->count].grade && out->at[out->count].is_text != fv_filter_is_text(&order->at[out->count].name))
            return refuse();
    }
    return out->count == order->count ? NULL : refuse();
}

fv_error *fv_page_key_read(const fv_runs_query *query, const fv_order *order, fv_arena *arena, fv_page_key *out) {
    char check[CHECK_LETTERS + 1], *body;
    int64_t length = (int64_t)strlen(query->after);
    *out = (fv_page_key){ 0 };
    if (length <= CHECK_LETTERS || length > KEY_BYTES_MAX || query->after[CHECK_LETTERS] != '.') return refuse();
    check_of(query, query->after + CHECK_LETTERS + 1, check);
    if (strncmp(check, query->after, CHECK_LETTERS) != 0) return refuse();
    FV_TRY(fv_arena_copy(arena, query->after + CHECK_LETTERS + 1, length - CHECK_LETTERS, (void **)&body));
    return read_body(body, order, arena, out);
}
