/* run_data.c - which sets of samples a run saw, and for what. */
#include <string.h>

#include "core/base/assert.h"
#include "fovea/runs.h"
#include "registry/names.h"
#include "registry/rows.h"
#include "registry/run_state.h"

static const char need_set_sql[] =
    "INSERT INTO dataset (digest, name, source, samples, licence, profile, created_ms) VALUES (?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (digest) DO UPDATE SET name = excluded.name, source = excluded.source,"
    " licence = iif(excluded.licence <> '', excluded.licence, licence),"
    " profile = iif(excluded.profile <> '{}', excluded.profile, profile)";
static const char use_sql[] = "INSERT INTO run_dataset (run_id, dataset_id, role)"
                              " VALUES (?, (SELECT id FROM dataset WHERE digest = ?), ?) ON CONFLICT DO NOTHING";
static const char list_sql[] = "SELECT d.digest, d.name, d.source, d.licence, u.role, d.profile, d.samples"
                               " FROM run_dataset AS u JOIN dataset AS d ON d.id = u.dataset_id WHERE u.run_id = ?"
                               " ORDER BY u.role, d.name, d.digest";

#define DIGEST_LETTERS 64

/* ---- writing ---- */

typedef struct using {
    const fv_run *run;
    const fv_run_data *data;
}
using;

static fv_error *check(const fv_run_data *d) {
    const char *role = d->role ? d->role : "";
    FV_TRY(fv_name_check("the name of a data set", d->name));
    if (!d->digest || strspn(d->digest, "0123456789abcdef") != DIGEST_LETTERS || d->digest[DIGEST_LETTERS])
        return fv_fail(FV_USAGE, "the digest of the data set %s is not 64 hexadecimal letters", d->name);
    if (strcmp(role, "train") != 0 && strcmp(role, "val") != 0 && strcmp(role, "test") != 0)
        return fv_fail(FV_USAGE, "the role of the data set %s is \"%s\", and not train, val or test", d->name, role);
    return NULL;
}

static fv_error *need_set(fv_connection *c, const fv_run_data *d) {
    FV_OWNED(fv_query) query = NULL;
    FV_TRY(fv_query_begin(c, need_set_sql, &query));
    fv_bind_text(query, d->digest);
    fv_bind_text(query, d->name);
    fv_bind_text_or(query, d->source, "");
    fv_bind_int(query, d->samples);
    fv_bind_text_or(query, d->licence, "");
    fv_bind_text_or(query, d->profile, "{}");
    fv_bind_int(query, fv_connection_now(c));
    return fv_query_run(query);
}

static fv_error *use(fv_connection *c, void *context) {
    const using *u = context;
    FV_OWNED(fv_query) query = NULL;
    fv_run_state state;
    FV_TRY(fv_run_hold(c, u->run, &state));
    FV_TRY(need_set(c, u->data));
    FV_TRY(fv_query_begin(c, use_sql, &query));
    fv_bind_int(query, state.row);
    fv_bind_text(query, u->data->digest);
    fv_bind_text(query, u->data->role);
    return fv_query_run(query);
}

fv_error *fv_run_use_data(fv_registry *registry, const fv_run *run, const fv_run_data *data) {
    using u = { .run = run, .data = data };
    FV_TRY(check(data));
    return fv_registry_write(registry, use, &u);
}

/* ---- reading ---- */

static fv_error *read_set(fv_query *query, fv_arena *arena, void *row) {
    fv_run_data *out = row;
    const char **texts[] = { &out->digest, &out->name, &out->source, &out->licence, &out->role, &out->profile };
    for (int i = 0; i < FV_COUNT(texts); i++) FV_TRY(fv_arena_text(arena, fv_column_text(query), texts[i]));
    out->samples = fv_column_int(query);
    return NULL;
}

static fv_error *begin_list(fv_connection *c, const void *id, fv_query **query) {
    return fv_run_query_begin(c, list_sql, id, query);
}

fv_error *fv_run_list_data(fv_registry *registry, const char *id, fv_run_data_list *out) {
    fv_rows rows;
    *out = (fv_run_data_list){ 0 };
    FV_TRY(fv_rows_ask(registry, &(fv_rows_question){ "the data sets of a run", begin_list, id, read_set, sizeof *out->at },
                       &rows));
    *out = (fv_run_data_list){ .at = rows.at, .count = rows.count, .memory = rows.memory };
    return NULL;
}

void fv_run_data_list_release(fv_run_data_list *list) {
    fv_arena_free(list->memory);
    *list = (fv_run_data_list){ 0 };
}
