/* run_log.c - what is said of a run: metrics, parameters and tags, a batch whole or not at all. */
#include <math.h>
#include <string.h>

#include "core/base/assert.h"
#include "fovea/runs.h"
#include "registry/database.h"
#include "registry/metric_summary.h"
#include "registry/names.h"
#include "registry/run_state.h"

static const char renew_sql[] = "UPDATE run SET lease_ms = ? WHERE id = ?";
static const char insert_param_sql[] = "INSERT INTO param (run_id, key, value) VALUES (?, ?, ?) ON CONFLICT DO NOTHING";
static const char param_sql[] = "SELECT value FROM param WHERE run_id = ? AND key = ?";
static const char set_tag_sql[] = "INSERT INTO run_tag (run_id, key, value) VALUES (?, ?, ?)"
                                  " ON CONFLICT DO UPDATE SET value = excluded.value";
static const char remove_tag_sql[] = "DELETE FROM run_tag WHERE run_id = ? AND key = ?";
static const char key_sql[] = "SELECT id FROM metric_key WHERE name = ?";
static const char insert_key_sql[] = "INSERT INTO metric_key (name) VALUES (?)";
static const char insert_point_sql[] = "INSERT INTO metric (run_id, key_id, step, time_ms, value, is_nan)"
                                       " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING";
static const char summary_sql[] = "SELECT count, direction, last, last_step, last_ms, min, min_step, max, max_step"
                                  " FROM metric_summary WHERE run_id = ? AND key_id = ?";
static const char set_summary_sql[] =
    "INSERT INTO metric_summary (run_id, key_id, count, direction, last, last_step, last_ms, min, min_step, max, max_step)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET count = excluded.count,"
    " direction = excluded.direction, last = excluded.last, last_step = excluded.last_step, last_ms = excluded.last_ms,"
    " min = excluded.min, min_step = excluded.min_step, max = excluded.max, max_step = excluded.max_step";

#define PARAM_BYTES_MAX 6000
#define TAG_BYTES_MAX 8000
#define RENEW_AFTER_MS 1000 /* so that many batches a second do not write the lease each */

/* ---- parameters and tags ---- */

static fv_error *check_value(const char *what, const fv_key_value *pair, size_t most) {
    size_t length = pair->value ? strlen(pair->value) : 0;
    if (!pair->value) return fv_fail(FV_USAGE, "the %s %s has no value", what, pair->key);
    if (length <= most) return NULL;
    return fv_fail(FV_USAGE, "the value of the %s %s has %zu bytes, and may have %zu", what, pair->key, length, most);
}

static fv_error *compare_param(fv_connection *c, int64_t run, const fv_key_value *param) {
    FV_OWNED(fv_query) query = NULL;
    bool found;
    FV_TRY(fv_query_begin(c, param_sql, &query));
    fv_bind_int(query, run);
    fv_bind_text(query, param->key);
    FV_TRY(fv_query_next(query, &found));
    const char *old = found ? fv_column_text(query) : "";
    FV_TRY(fv_connection_check(c));
    if (!strcmp(old, param->value)) return NULL;
    return fv_error_hint(
        fv_fail(FV_CONFLICT, "the parameter %s is %s already, and would become %s", param->key, old, param->value),
        "parameters are written once; what changes is a tag or a metric");
}

static fv_error *add_params(fv_connection *c, int64_t run, const fv_run_batch *batch) {
    FV_OWNED(fv_query) query = NULL;
    FV_TRY(fv_query_begin(c, insert_param_sql, &query));
    for (int64_t i = 0; i < batch->param_count; i++) {
        const fv_key_value *param = &batch->params[i];
        fv_bind_int(query, run);
        fv_bind_text(query, param->key);
        fv_bind_text(query, param->value);
        FV_TRY(fv_query_run(query));
        if (!fv_connection_changes(c)) FV_TRY(compare_param(c, run, param));
    }
    return NULL;
}

static fv_error *set_tags(fv_connection *c, int64_t run, const fv_run_batch *batch) {
    FV_OWNED(fv_query) query = NULL;
    FV_TRY(fv_query_begin(c, set_tag_sql, &query));
    for (int64_t i = 0; i < batch->tag_count; i++) {
        fv_bind_int(query, run);
        fv_bind_text(query, batch->tags[i].key);
        fv_bind_text(query, batch->tags[i].value);
        FV_TRY(fv_query_run(query));
    }
    return NULL;
}

/* ---- metrics ---- */

static fv_error *add_key(fv_connection *c, const char *key, int64_t *id) {
    FV_OWNED(fv_query) query = NULL;
    FV_TRY(fv_query_begin(c, insert_key_sql, &query));
    fv_bind_text(query, key);
    FV_TRY(fv_query_run(query));
    *id = fv_connection_last_id(c);
    return NULL;
}

static fv_error *need_key(fv_connection *c, const char *key, int64_t *id) {
    FV_OWNED(fv_query) query = NULL;
    bool found;
    FV_TRY(fv_query_begin(c, key_sql, &query));
    fv_bind_text(query, key);
    FV_TRY(fv_query_next(query, &found));
    if (!found) return add_key(c, key, id);
    *id = fv_column_int(query);
    return NULL;
}

/* `*is_new` false: the very same point is there. */
static fv_error *add_point(fv_connection *c, int64_t run, int64_t key, const fv_metric_point *point, bool *is_new) {
    FV_OWNED(fv_query) query = NULL;
    FV_TRY(fv_query_begin(c, insert_point_sql, &query));
    fv_bind_int(query, run);
    fv_bind_int(query, key);
    fv_bind_int(query, point->step);
    fv_bind_int(query, point->time_ms);
    fv_bind_number(query, isnan(point->value) ? 0 : point->value);
    fv_bind_int(query, isnan(point->value));
    FV_TRY(fv_query_run(query));
    *is_new = fv_connection_changes(c) > 0;
    return NULL;
}

/* All zero when there is none. */
static fv_error *read_summary(fv_connection *c, int64_t run, int64_t key, fv_metric_summary *out, int64_t *last_ms) {
    FV_OWNED(fv_query) query = NULL;
    bool found;
    *out = (fv_metric_summary){ 0 };
    FV_TRY(fv_query_begin(c, summary_sql, &query));
    fv_bind_int(query, run);
    fv_bind_int(query, key);
    FV_TRY(fv_query_next(query, &found));
    if (!found) return NULL;
    out->count = fv_column_int(query);
    out->direction = (int)fv_column_int(query);
    out->last = fv_column_number(query);
    out->last_step = fv_column_int(query);
    *last_ms = fv_column_int(query);
    out->min = fv_column_number(query);
    out->min_step = fv_column_int(query);
    out->max = fv_column_number(query);
    out->max_step = fv_column_int(query);
    return NULL;
}

static fv_error *write_summary(fv_connection *c, int64_t run, int64_t key, const fv_metric_summary *s, int64_t last_ms) {
    FV_OWNED(fv_query) query = NULL;
    FV_TRY(fv_query_begin(c, set_summary_sql, &query));
    fv_bind_int(query, run);
    fv_bind_int(query, key);
    fv_bind_int(query, s->count);
    fv_bind_int(query, s->direction);
    fv_bind_number(query, s->last);
    fv_bind_int(query, s->last_step);
    fv_bind_int(query, last_ms);
    fv_bind_number(query, s->min);
    fv_bind_int(query, s->min_step);
    fv_bind_number(query, s->max);
    fv_bind_int(query, s->max_step);
    return fv_query_run(query);
}

static fv_error *add_metric(fv_connection *c, int64_t run, const fv_metric_point *given) {
    fv_metric_point point = *given;
    fv_metric_summary summary;
    int64_t key, last_ms = 0;
    bool is_new;
    if (!point.time_ms) point.time_ms = fv_connection_now(c);
    FV_TRY(need_key(c, point.key, &key));
    FV_TRY(add_point(c, run, key, &point, &is_new));
    if (!is_new) return NULL;
    FV_TRY(read_summary(c, run, key, &summary, &last_ms));
    fv_metric_summary_add(&summary, &last_ms, &point);
    return write_summary(c, run, key, &summary, last_ms);
}

/* ---- batches ---- */

static fv_error *check_batch(const fv_run_batch *b) {
    for (int64_t i = 0; i < b->metric_count; i++) {
        FV_TRY(fv_name_check("the key of a metric", b->metrics[i].key));
        FV_ASSERT(b->metrics[i].direction >= -1 && b->metrics[i].direction <= 1);
    }
    for (int64_t i = 0; i < b->param_count; i++) {
        FV_TRY(fv_name_check("the key of a parameter", b->params[i].key));
        FV_TRY(check_value("parameter", &b->params[i], PARAM_BYTES_MAX));
    }
    for (int64_t i = 0; i < b->tag_count; i++) {
        FV_TRY(fv_name_check("the key of a tag", b->tags[i].key));
        FV_TRY(check_value("tag", &b->tags[i], TAG_BYTES_MAX));
    }
    return NULL;
}

static fv_error *add_batch(fv_connection *c, int64_t run, const fv_run_batch *batch) {
    FV_TRY(add_params(c, run, batch));
    FV_TRY(set_tags(c, run, batch));
    for (int64_t i = 0; i < batch->metric_count; i++) FV_TRY(add_metric(c, run, &batch->metrics[i]));
    return NULL;
}

typedef struct logging {
    const fv_run *run; /* NULL: not held, by id */
    const char *id;
    const fv_run_batch *batch;
    bool stop;
} logging;

static fv_error *renew(fv_connection *c, const fv_run_state *state) {
    FV_OWNED(fv_query) query = NULL;
    int64_t until = fv_connection_now(c) + FV_RUN_LEASE_SECONDS * 1000;
    if (state->lease_ms <= until && state->lease_ms > until - RENEW_AFTER_MS) return NULL;
    FV_TRY(fv_query_begin(c, renew_sql, &query));
    fv_bind_int(query, until);
    fv_bind_int(query, state->row);
    return fv_query_run(query);
}

static fv_error *log_batch(fv_connection *c, void *context) {
    logging *l = context;
    fv_run_state state;
    FV_TRY(fv_run_hold(c, l->run, &state));
    FV_TRY(renew(c, &state));
    l->stop = state.stop_asked;
    return add_batch(c, state.row, l->batch);
}

fv_error *fv_run_log(fv_registry *registry, const fv_run *run, const fv_run_batch *batch, bool *stop) {
    logging l = { .run = run, .batch = batch };
    FV_TRY(check_batch(batch));
    FV_TRY(fv_registry_write(registry, log_batch, &l));
    if (stop) *stop = l.stop;
    return NULL;
}

static fv_error *annotate(fv_connection *c, void *context) {
    const logging *l = context;
    fv_run_state state;
    FV_TRY(fv_run_look(c, l->id, &state));
    return add_batch(c, state.row, l->batch);
}

fv_error *fv_run_annotate(fv_registry *registry, const char *id, const fv_run_batch *batch) {
    logging l = { .id = id, .batch = batch };
    FV_TRY(check_batch(batch));
    return fv_registry_write(registry, annotate, &l);
}

/* ---- tags taken away ---- */

typedef struct removing {
    const char *id, *key;
} removing;

static fv_error *remove_tag(fv_connection *c, void *context) {
    const removing *r = context;
    FV_OWNED(fv_query) query = NULL;
    fv_run_state state;
    FV_TRY(fv_run_look(c, r->id, &state));
    FV_TRY(fv_query_begin(c, remove_tag_sql, &query));
    fv_bind_int(query, state.row);
    fv_bind_text(query, r->key);
    FV_TRY(fv_query_run(query));
    return fv_connection_changes(c) ? NULL : fv_fail(FV_NOT_FOUND, "the run %.8s has no tag %s", r->id, r->key);
}

fv_error *fv_run_remove_tag(fv_registry *registry, const char *id, const char *key) {
    removing r = { .id = id, .key = key };
    return fv_registry_write(registry, remove_tag, &r);
}
