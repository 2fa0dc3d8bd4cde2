/* retrain_look.c - what is known of a model that may be retrained: pauses and jobs so far, labels, drift, the schedule. */
#include <math.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/file.h"
#include "experiments/drift_observe.h"
#include "experiments/drift_reference.h"
#include "experiments/register.h"
#include "experiments/retrain_job.h"

#define TAG_PAUSED "retrain.paused"
#define TAG_RESUMED "retrain.resumed" /* milliseconds since 1970: what was before does not count */
#define JOBS_MAX 10000
#define LABELS_BYTES_MAX (INT64_C(1) << 32)

/* ---- pausing ---- */

fv_error *fv_retrain_pause(fv_retrain *r, const char *reason) {
    return fv_models_tag(r->registry, r->policy.model, 0, TAG_PAUSED, reason);
}

fv_error *fv_retrain_resume(fv_retrain *r) {
    char now[32];
    struct timespec t; /* to the millisecond, as jobs end */
    clock_gettime(CLOCK_REALTIME, &t);
    snprintf(now, sizeof now, "%lld", (long long)t.tv_sec * 1000 + t.tv_nsec / 1000000);
    FV_TRY(fv_models_tag(r->registry, r->policy.model, 0, TAG_RESUMED, now));
    fv_error *error = fv_models_tag(r->registry, r->policy.model, 0, TAG_PAUSED, NULL);
    if (!error || fv_error_code(error) != FV_NOT_FOUND) return error;
    fv_error_free(error);
    return NULL;
}

static fv_error *read_tags(fv_retrain *r, int64_t *resumed_ms) {
    fv_models_list list;
    fv_error *error = NULL;
    *resumed_ms = 0;
    FV_TRY(fv_models_find(r->registry, r->policy.model, false, &list));
    for (int64_t i = 0; i < list.rows[0].tag_count && !error; i++) {
        const fv_key_value *tag = &list.rows[0].tags[i];
        if (!strcmp(tag->key, TAG_PAUSED)) error = fv_arena_text(r->arena, tag->value, &r->facts.paused);
        if (!strcmp(tag->key, TAG_RESUMED) && !fv_text_to_int(tag->value, resumed_ms)) *resumed_ms = 0;
    }
    fv_models_list_release(&list);
    return error;
}

/* ---- jobs so far ---- */

/* `*newest` is the challenger of the newest job that was done; 0: none. */
static fv_error *count_jobs(fv_retrain *r, const fv_job_list *jobs, int64_t resumed_ms, int64_t *newest) {
    int64_t since = (r->options.now - (int64_t)(r->policy.budget_days * 86400)) * 1000;
    bool in_a_row = true;
    *newest = 0;
    for (int64_t i = 0; i < jobs->count; i++) {
        const fv_job_row *job = &jobs->at[i];
        bool done = job->state == FV_JOB_DONE, failed = job->state == FV_JOB_FAILED;
        fv_retrain_result result = { 0 };
        if ((done || failed) && job->created_ms >= since) r->facts.begun++;
        if (done && !*newest) {
            FV_TRY(fv_fields_from_json(fv_retrain_result_fields, &result, job->result, "the job's result", r->arena));
            *newest = result.challenger;
        }
        if (done || (failed && job->ended_ms <= resumed_ms)) in_a_row = false;
        if (!in_a_row || !failed) continue;
        if (!r->facts.failures++) FV_TRY(fv_arena_text(r->arena, job->reason, &r->facts.failed_of));
    }
    return NULL;
}

static fv_error *look_at_jobs(fv_retrain *r, int64_t resumed_ms, int64_t *newest) {
    fv_job_list jobs;
    fv_jobs_query query = { .kind = FV_RETRAIN_KIND, .subject = r->policy.model, .limit = JOBS_MAX };
    FV_TRY(fv_jobs_list(r->registry, &query, &jobs));
    fv_error *error = count_jobs(r, &jobs, resumed_ms, newest);
    fv_job_list_release(&jobs);
    return error;
}

/* ---- labels ---- */

/* Lines of labels, which a version was made from. */
typedef struct known {
    const char **lines;
    int64_t count, room;
} known;

static int by_text(const void *a, const void *b) { return strcmp(*(const char *const *)a, *(const char *const *)b); }

static fv_error *add_line(fv_retrain *r, known *k, const char *line) {
    if (k->count == k->room) {
        const char **bigger;
        k->room = k->room ? 2 * k->room : 1024;
        FV_TRY(fv_arena_take(r->arena, k->room, &bigger));
        if (k->count) memcpy(bigger, k->lines, (size_t)k->count * sizeof *bigger);
        k->lines = bigger;
    }
    k->lines[k->count++] = line;
    return NULL;
}

static fv_error *add_lines(fv_retrain *r, const char *digest, known *k) {
    char *bytes;
    void *copy;
    int64_t length;
    FV_TRY(fv_object_get(r->registry, digest, LABELS_BYTES_MAX, &bytes, &length));
    fv_error *error = fv_arena_copy(r->arena, bytes, length + 1, &copy);
    fv_string_free(bytes);
    FV_TRY(error);
    for (char *at = copy, *end; (end = strchr(at, '\n')); at = end + 1) {
        *end = 0;
        FV_TRY(add_line(r, k, at));
    }
    return NULL;
}

static fv_error *add_known(fv_retrain *r, int64_t version, known *k) {
    const char *reference;
    fv_version_list list;
    FV_TRY(fv_arena_format(r->arena, &reference, "%s/%lld", r->policy.model, (long long)version));
    fv_error *error = fv_version_find(r->registry, reference, &list);
    if (error && fv_error_code(error) == FV_NOT_FOUND) return fv_error_free(error), NULL; /* it was deleted since */
    FV_TRY(error);
    const fv_version_file *file = fv_version_file_find(&list.rows[0], FV_RETRAIN_LABELS);
    error = file ? add_lines(r, file->digest, k) : NULL;
    fv_version_list_release(&list);
    return error;
}

/* A label is new that neither the version in use nor that of the newest job was made from. */
static fv_error *count_labels(fv_retrain *r, known *k) {
    crypto_generichash_state state;
    uint8_t raw[16];
    if (k->count) qsort(k->lines, (size_t)k->count, sizeof *k->lines, by_text);
    crypto_generichash_init(&state, NULL, 0, sizeof raw);
    for (int64_t i = 0; i < r->feedback.count; i++) {
        FV_TEXT(line, 1 << 20);
        fv_feedback_line(&r->feedback.rows[i], &line);
        FV_TRY(fv_text_error(&line));
        crypto_generichash_update(&state, (const uint8_t *)line.at, (uint64_t)line.length);
        line.at[line.length - 1] = 0;
        const char *key = line.at;
        bool found = k->count && bsearch(&key, k->lines, (size_t)k->count, sizeof *k->lines, by_text);
        r->facts.new_labels += !found;
    }
    crypto_generichash_final(&state, raw, sizeof raw);
    sodium_bin2hex(r->labels_digest, sizeof r->labels_digest, raw, sizeof raw);
    r->facts.labels = r->feedback.count;
    return NULL;
}

static fv_error *look_at_labels(fv_retrain *r, int64_t newest) {
    known k = { 0 };
    int64_t champion = r->champion.rows[0].number;
    FV_TRY(fv_feedback_read(r->policy.log, r->policy.model, r->policy.check_every, r->arena, &r->feedback));
    FV_TRY(add_known(r, champion, &k));
    if (newest && newest != champion) FV_TRY(add_known(r, newest, &k));
    return count_labels(r, &k);
}

/* ---- drift ---- */

typedef struct watching {
    fv_retrain *r;
    fv_drift_state state;
    fv_drift_report report; /* of the last window */
} watching;

static fv_error *judge(void *context, const fv_drift_window *window) {
    watching *w = context;
    FV_TRY(fv_drift_judge(&w->r->profile, window, &w->r->policy.drift, &w->report));
    fv_drift_step_on(&w->r->policy.drift, &w->report, &w->state);
    return NULL;
}

static fv_error *say_findings(fv_retrain *r, const fv_drift_report *report) {
    FV_TEXT(text, 1 << 16);
    for (int64_t i = 0; i < report->count; i++)
        if (report->findings[i].drift)
            fv_text_addf(&text, "%s%s (%.3g)", text.length ? ", " : "", report->findings[i].on, report->findings[i].value);
    if (!text.length) fv_text_add(&text, "earlier windows, which stands");
    FV_TRY(fv_text_error(&text));
    return fv_arena_text(r->arena, text.at, &r->facts.drift_on);
}

static fv_error *look_at_drift(fv_retrain *r) {
    const fv_version_row *v = &r->champion.rows[0];
    const fv_version_file *file = fv_version_file_find(v, FV_DRIFT_PROFILE_FILE);
    watching w = { .r = r };
    char *bytes;
    int64_t length;
    if (!file)
        return fv_arena_format(r->arena, &r->facts.drift_unknown, "%s/%lld has no reference profile", v->model,
                               (long long)v->number);
    FV_TRY(fv_object_get(r->registry, file->digest, 1 << 26, &bytes, &length));
    fv_error *error = fv_drift_profile_parse(bytes, file->path, r->arena, &r->profile);
    fv_string_free(bytes);
    FV_TRY(error);
    r->has_profile = true;
    fv_log_choice choice = { .model = r->policy.model, .digest = v->digest };
    fv_log_cut cut = { .size = r->policy.predictions };
    FV_TRY(fv_drift_observe_log(r->policy.log, &choice, &cut, judge, &w));
    r->facts.drift = w.state.alarmed;
    r->facts.n = w.report.n;
    r->facts.labelled = w.report.labelled;
    r->facts.estimated_accuracy = w.report.n ? w.report.estimated_accuracy : NAN;
    r->facts.accuracy = w.report.labelled ? w.report.accuracy : NAN;
    return r->facts.drift ? say_findings(r, &w.report) : NULL;
}

/* ---- the schedule ---- */

static fv_error *say_time(fv_retrain *r, int64_t seconds, const char **out) {
    int64_t year, days = seconds / 86400;
    int month, day, minute = (int)(seconds % 86400 / 60);
    fv_date_of(days, &year, &month, &day);
    return fv_arena_format(r->arena, out, "%04lld-%02d-%02d %02d:%02d UTC", (long long)year, month, day, minute / 60,
                           minute % 60);
}

/* Of a time before the last resumption nothing is owed, nor of one that a job was made for. */
static fv_error *look_at_schedule(fv_retrain *r, int64_t resumed_ms) {
    fv_job_list jobs;
    const char *key;
    int64_t late = (int64_t)(r->policy.late_hours * 3600);
    if (!r->policy.schedule || !fv_schedule_due(&r->policy.due, resumed_ms / 1000, r->options.now, late, &r->due)) return NULL;
    FV_TRY(fv_arena_format(r->arena, &key, "%s schedule %lld", r->policy.model, (long long)r->due));
    fv_jobs_query query = { .kind = FV_RETRAIN_KIND, .subject = r->policy.model, .limit = JOBS_MAX };
    FV_TRY(fv_jobs_list(r->registry, &query, &jobs));
    bool made = false;
    for (int64_t i = 0; i < jobs.count; i++) made |= jobs.at[i].key && !strcmp(jobs.at[i].key, key);
    fv_job_list_release(&jobs);
    return made ? NULL : say_time(r, r->due, &r->facts.due);
}

/* ---- all of it ---- */

static fv_error *look(fv_retrain *r) {
    int64_t resumed_ms, newest;
    r->facts = (fv_retrain_facts){ .by_hand = r->options.by_hand, .estimated_accuracy = NAN, .accuracy = NAN };
    FV_TRY(fv_retrain_find_champion(r));
    FV_TRY(read_tags(r, &resumed_ms));
    FV_TRY(look_at_jobs(r, resumed_ms, &newest));
    FV_TRY(look_at_labels(r, newest));
    FV_TRY(look_at_drift(r));
    FV_TRY(look_at_schedule(r, resumed_ms));
    return fv_retrain_decide(&r->facts, &r->policy, r->arena, &r->decision);
}

fv_error *fv_retrain_look(fv_retrain *r, fv_retrain_facts *facts, fv_retrain_decision *decision) {
    if (!r->looked) FV_TRY(look(r));
    r->looked = true;
    *facts = r->facts;
    *decision = r->decision;
    return NULL;
}
