/* licences.c - see licences.h. A parent's licences go on binding what is made from it, beside the child's own of the same
 * subject, so they are carried with the name of the version whose they were first. */
#include "registry/licences.h"

#include <stddef.h>

static const char add_one[] = "INSERT INTO version_licence (version_id, subject, carried_from, licence) VALUES (?, ?, ?, ?)";
static const char add_of_data[] =
    "INSERT OR IGNORE INTO version_licence (version_id, subject, licence) "
    "SELECT version.id, 'data set ' || dataset.name, dataset.licence FROM version "
    "JOIN run_dataset ON run_dataset.run_id = version.run_id JOIN dataset ON dataset.id = dataset_id "
    "WHERE version.id = ? AND dataset.licence <> '' ORDER BY dataset.id";
static const char add_of_parent[] =
    "INSERT OR IGNORE INTO version_licence (version_id, subject, carried_from, licence) "
    "SELECT child.id, subject, iif(carried_from <> '', carried_from, model.name || '/' || parent.number), licence "
    "FROM version AS child JOIN version AS parent ON parent.id = child.parent_id "
    "JOIN model ON model.id = parent.model_id JOIN version_licence ON version_id = parent.id WHERE child.id = ?";

static fv_error *run_for(fv_connection *c, const char *sql, int64_t version) {
    FV_OWNED(fv_query) query = NULL;
    FV_TRY(fv_query_begin(c, sql, &query));
    fv_bind_int(query, version);
    return fv_query_run(query);
}

fv_error *fv_licences_add(fv_connection *c, int64_t version, const fv_licence_of *licences, int64_t count) {
    FV_OWNED(fv_query) query = NULL;
    FV_TRY(fv_query_begin(c, add_one, &query));
    for (int64_t i = 0; i < count; i++) {
        fv_bind_int(query, version);
        fv_bind_text(query, licences[i].of);
        fv_bind_text(query, licences[i].from ? licences[i].from : "");
        fv_bind_text(query, licences[i].licence);
        FV_TRY(fv_error_wrap(fv_query_run(query), "the licence of %s", licences[i].of));
    }
    FV_TRY(run_for(c, add_of_data, version));
    return run_for(c, add_of_parent, version);
}
