/* log_truths.c - see log_truths.h: a table with open addressing, at most half full. */
#include "predict/log_truths.h"

#include <string.h>

#include "core/base/arena.h"

#define TRUTHS_BYTES_MAX (INT64_C(1) << 33)

struct fv_log_truths {
    fv_arena *arena;
    fv_logged_truth *at; /* without id: free */
    int64_t count, room; /* a power of two */
};

void fv_log_truths_free(fv_log_truths *truths) {
    if (!truths) return;
    fv_arena_free(truths->arena);
    fv_memory_free(truths->at);
    fv_memory_free(truths);
}

/* FNV-1a, 64 bits. */
static uint64_t hash(const char *id) {
    uint64_t h = 0xcbf29ce484222325;
    for (; *id; id++) h = (h ^ (uint8_t)*id) * 0x100000001b3;
    return h ^ h >> 32;
}

static fv_logged_truth *place(fv_logged_truth *at, int64_t room, const char *id) {
    int64_t i = (int64_t)(hash(id) & (uint64_t)(room - 1));
    while (at[i].id && strcmp(at[i].id, id) != 0) i = (i + 1) & (room - 1);
    return &at[i];
}

static fv_error *make_room(fv_log_truths *truths) {
    if (2 * (truths->count + 1) <= truths->room) return NULL;
    int64_t room = truths->room ? 2 * truths->room : 1024;
    fv_logged_truth *larger;
    FV_TRY(fv_memory_new(room, &larger));
    for (int64_t i = 0; i < truths->room; i++)
        if (truths->at[i].id) *place(larger, room, truths->at[i].id) = truths->at[i];
    fv_memory_free(truths->at);
    truths->at = larger, truths->room = room;
    return NULL;
}

static fv_error *add(fv_log_truths *truths, const fv_logged_truth *told) {
    const char **labels;
    FV_TRY(make_room(truths));
    fv_logged_truth kept = *told, *at = place(truths->at, truths->room, told->id);
    FV_TRY(fv_arena_text(truths->arena, told->id, &kept.id));
    FV_TRY(fv_arena_text(truths->arena, told->by, &kept.by));
    FV_TRY(fv_arena_take(truths->arena, told->count, &labels));
    for (int64_t i = 0; i < told->count; i++) FV_TRY(fv_arena_text(truths->arena, told->labels[i], &labels[i]));
    kept.labels = labels;
    truths->count += !at->id;
    *at = kept;
    return NULL;
}

static fv_error *read_all(const char *folder, bool predictions, fv_log_truths **out) {
    FV_OWNED(fv_log_truths) truths = NULL;
    FV_OWNED(fv_log_reader) reader = NULL;
    fv_log_entry entry;
    FV_TRY(fv_memory_new(1, &truths));
    FV_TRY(fv_arena_new("what was told of predictions", TRUTHS_BYTES_MAX, &truths->arena));
    FV_TRY(fv_log_reader_open(folder, &reader));
    do {
        FV_TRY(fv_log_reader_next(reader, &entry));
        if (entry.truth && !predictions) FV_TRY(add(truths, entry.truth));
        if (entry.prediction && predictions) {
            fv_logged_truth of = { .id = entry.prediction->id, .kind = entry.prediction->kind };
            FV_TRY(add(truths, &of));
        }
    } while (entry.truth || entry.prediction);
    *out = fv_take(&truths);
    return NULL;
}

fv_error *fv_log_truths_read(const char *folder, fv_log_truths **out) { return read_all(folder, false, out); }
fv_error *fv_log_predictions_read(const char *folder, fv_log_truths **out) { return read_all(folder, true, out); }

const fv_logged_truth *fv_log_truths_find(const fv_log_truths *truths, const char *id) {
    const fv_logged_truth *at = truths->room ? place(truths->at, truths->room, id) : NULL;
    return at && at->id ? at : NULL;
}

static bool is_told(const fv_logged_truth *truth, const char *label) {
    for (int64_t i = 0; i < truth->count; i++)
        if (!strcmp(truth->labels[i], label)) return true;
    return false;
}

bool fv_logged_is_right(const fv_logged *r, const fv_logged_truth *truth) {
    if (r->kind != truth->kind || r->kind == FV_NUMBERS) return false;
    if (r->kind == FV_ONE_CLASS) return !r->abstained && !strcmp(r->top[0].label, truth->labels[0]);
    for (int64_t k = 0; k < r->answers; k++)
        if (!is_told(truth, r->top[k].label)) return false;
    return r->answers == truth->count;
}
