/* history.c - the points of a metric. */
#include <math.h>
#include <stddef.h>

#include "core/base/arena.h"
#include "core/base/size.h"
#include "fovea/runs.h"
#include "registry/database.h"
#include "registry/run_state.h"

static const char summary_sql[] = "SELECT s.key_id, s.count, s.min, s.max FROM metric_summary AS s"
                                  " JOIN metric_key AS k ON k.id = s.key_id WHERE s.run_id = ? AND k.name = ?";
static const char points_sql[] = "SELECT step, time_ms, value, is_nan FROM metric WHERE run_id = ? AND key_id = ?"
                                 " ORDER BY step, time_ms, value";

#define HISTORY_BYTES_MAX (INT64_C(1) << 32)

typedef struct history {
    const char *id, *key;
    fv_arena *arena;
    int64_t row, key_id, count, most; /* `most` of the `count` that there are */
    double min, max;
    int64_t *steps, *times;
    double *values;
    int64_t kept, even; /* `even`: of the kept, those that were taken for their place */
    bool min_kept, max_kept;
} history;

static fv_error *find(fv_connection *c, history *h) {
    FV_OWNED(fv_query) query = NULL;
    fv_run_state state;
    bool found;
    FV_TRY(fv_run_look(c, h->id, &state));
    h->row = state.row;
    FV_TRY(fv_query_begin(c, summary_sql, &query));
    fv_bind_int(query, h->row);
    fv_bind_text(query, h->key);
    FV_TRY(fv_query_next(query, &found));
    if (!found) return fv_fail(FV_NOT_FOUND, "the run %.8s has no metric %s", h->id, h->key);
    h->key_id = fv_column_int(query);
    h->count = fv_column_int(query);
    h->min = fv_column_number(query);
    h->max = fv_column_number(query);
    return NULL;
}

/* The `number`-th of `places` that are spread evenly over the points, the first and the last among them. */
static int64_t place(int64_t number, int64_t places, int64_t count) {
    if (places == 1) return count - 1;
    return (int64_t)(((double)number * (double)(count - 1)) / (double)(places - 1) + 0.5);
}

/* Two places are left for the extremes when there are four or more. */
static bool is_wanted(history *h, int64_t index, double value) {
    if (h->most >= h->count) return true;
    int64_t places = h->most >= 4 ? h->most - 2 : h->most;
    bool wanted = h->even < places && place(h->even, places, h->count) == index;
    h->even += wanted;
    if (h->most < 4) return wanted;
    bool is_min = value == h->min && !h->min_kept, is_max = value == h->max && !h->max_kept;
    h->min_kept |= is_min;
    h->max_kept |= is_max;
    return wanted || is_min || is_max;
}

static fv_error *read_points(fv_connection *c, history *h) {
    FV_OWNED(fv_query) query = NULL;
    FV_TRY(fv_query_begin(c, points_sql, &query));
    fv_bind_int(query, h->row);
    fv_bind_int(query, h->key_id);
    for (int64_t i = 0; i < h->count; i++) {
        bool row;
        FV_TRY(fv_query_next(query, &row));
        if (!row) return fv_fail(FV_FORMAT, "the run %.8s has fewer points of %s than its summary says", h->id, h->key);
        int64_t step = fv_column_int(query), time = fv_column_int(query);
        double value = fv_column_number(query);
        if (fv_column_int(query)) value = NAN;
        if (!is_wanted(h, i, value)) continue;
        h->steps[h->kept] = step;
        h->times[h->kept] = time;
        h->values[h->kept++] = value;
    }
    return NULL;
}

static fv_error *read_history(fv_connection *c, void *context) {
    history *h = context;
    FV_TRY(find(c, h));
    if (!h->most) h->most = h->count;
    int64_t room = fv_min(h->most, h->count);
    FV_TRY(fv_arena_take(h->arena, room, &h->steps));
    FV_TRY(fv_arena_take(h->arena, room, &h->times));
    FV_TRY(fv_arena_take(h->arena, room, &h->values));
    return read_points(c, h);
}

fv_error *fv_run_history(fv_registry *registry, const char *id, const char *key, int64_t most, fv_metric_history *out) {
    FV_OWNED(fv_arena) arena = NULL;
    *out = (fv_metric_history){ 0 };
    FV_TRY(fv_arena_new("the history of a metric", HISTORY_BYTES_MAX, &arena));
    history h = { .id = id, .key = key, .most = most, .arena = arena };
    FV_TRY(fv_registry_read(registry, read_history, &h));
    *out = (fv_metric_history){
        .steps = h.steps, .times_ms = h.times, .values = h.values, .count = h.kept, .memory = fv_take(&arena)
    };
    return NULL;
}

void fv_metric_history_release(fv_metric_history *history) {
    fv_arena_free(history->memory);
    *history = (fv_metric_history){ 0 };
}
