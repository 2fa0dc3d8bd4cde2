/* retrain.c - one call of retraining: what is known, what follows, and the job from its first step to its end. */
#include "experiments/retrain.h"

#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/base/clock.h"
#include "core/base/file.h"
#include "experiments/retrain_job.h"

#define ARENA_BYTES_MAX (INT64_C(1) << 36)

const fv_field fv_retrain_result_fields[] = {
    FV_FIELD(fv_retrain_result, trigger, .help = "why it was done"),
    FV_FIELD(fv_retrain_result, verdict, .help = "promoted, held or rejected"),
    FV_FIELD(fv_retrain_result, challenger, .by_default = "0", .help = "number of the version that it made"),
    FV_FIELD(fv_retrain_result, champion, .by_default = "0", .help = "and of the one it was made from"),
    FV_FIELD(fv_retrain_result, promoted, .by_default = "false", .help = "it has the alias now"),
    FV_FIELD(fv_retrain_result, labels, .by_default = "0", .help = "labels that it was made from"),
    FV_FIELDS_END
};

/* ---- the call ---- */

static fv_error *open_all(fv_retrain *r) {
    const char *policy = r->options.policy;
    FV_TRY(fv_arena_new("retraining", ARENA_BYTES_MAX, &r->arena));
    FV_TRY(fv_registry_open(r->options.workspace, &(fv_registry_options){ .must_exist = true }, &r->registry));
    if (!policy) FV_TRY(fv_file_join(r->arena, fv_registry_folder(r->registry), FV_RETRAIN_POLICY_FILE, &policy));
    return fv_retrain_policy_read(policy, r->arena, &r->policy);
}

fv_error *fv_retrain_open(const fv_retrain_options *options, fv_retrain **out) {
    FV_OWNED(fv_retrain) r = NULL;
    FV_TRY(fv_memory_new(1, &r));
    r->options = *options;
    if (!r->options.now) r->options.now = (int64_t)time(NULL);
    FV_TRY(open_all(r));
    *out = fv_take(&r);
    return NULL;
}

void fv_retrain_free(fv_retrain *r) {
    if (!r) return;
    fv_error_free(r->lost);
    fv_version_list_release(&r->champion);
    fv_registry_free(r->registry);
    fv_arena_free(r->arena);
    fv_memory_free(r);
}

fv_registry *fv_retrain_registry(const fv_retrain *r) { return r->registry; }
const fv_retrain_policy *fv_retrain_policy_get(const fv_retrain *r) { return &r->policy; }

void fv_retrain_say(fv_retrain *r, const char *format, ...) {
    va_list arguments;
    const char *line;
    if (!r->options.message) return;
    va_start(arguments, format);
    fv_error *error = fv_arena_formatv(r->arena, &line, format, arguments);
    va_end(arguments);
    if (!error) r->options.message(r->options.context, line);
    fv_error_free(error); /* of memory alone, for a line that is only told */
}

fv_error *fv_retrain_path(fv_retrain *r, const char *name, const char **out) {
    return fv_file_join(r->arena, r->folder, name, out);
}

fv_error *fv_retrain_find_champion(fv_retrain *r) {
    const char *reference;
    if (r->champion.count && (!r->plan.champion || r->champion.rows[0].number == r->plan.champion)) return NULL;
    fv_version_list_release(&r->champion);
    r->champion = (fv_version_list){ 0 };
    if (r->plan.champion)
        FV_TRY(fv_arena_format(r->arena, &reference, "%s/%lld", r->policy.model, (long long)r->plan.champion));
    else
        FV_TRY(fv_arena_format(r->arena, &reference, "%s@%s", r->policy.model, r->policy.alias));
    return fv_error_hint(fv_version_find(r->registry, reference, &r->champion),
                         "retraining starts from a version in use: `fovea models promote` gives one the alias");
}

/* ---- the job ---- */

fv_error *fv_retrain_note(fv_retrain *r, const char *step) {
    const char *progress;
    bool stop = false;
    FV_TRY(fv_arena_format(r->arena, &progress, "{\"step\":\"%s\"}", step));
    FV_TRY(fv_job_renew(r->registry, &r->job, progress, &stop));
    r->renewed = fv_clock_seconds();
    return stop ? fv_fail(FV_CANCELLED, "the job %.8s was cancelled", r->job.id) : NULL;
}

static fv_error *end(fv_retrain *r, fv_retrained *out, fv_job_state state, const char *reason) {
    FV_TEXT(json, 1 << 16);
    fv_fields_to_json(fv_retrain_result_fields, &out->result, &json);
    FV_TRY(fv_text_error(&json));
    fv_job_outcome outcome = { .state = state, .reason = reason, .result = json.at };
    FV_TRY(fv_job_end(r->registry, &r->job, &outcome));
    out->state = fv_job_state_name(state);
    out->reason = reason;
    return NULL;
}

/* Labels that cannot be trusted are no failure: the job is skipped, and the same labels ask for no other. */
static fv_error *check_labels(fv_retrain *r, fv_retrained *out, bool *trusted) {
    fv_gate_decision d;
    FV_TEXT(text, 1 << 16);
    FV_TRY(fv_feedback_judge(&r->feedback, r->has_profile ? &r->profile : NULL, &r->policy, r->arena, &d));
    *trusted = d.passed;
    fv_text_add(&text, "the labels cannot be trusted");
    for (int64_t i = 0; i < d.count; i++) {
        fv_retrain_say(r, "%s %s: %s", d.checks[i].passed ? "✓" : "✗", d.checks[i].name, d.checks[i].text);
        if (!d.checks[i].passed) fv_text_addf(&text, "; %s: %s", d.checks[i].name, d.checks[i].text);
    }
    if (d.passed) return NULL;
    FV_TRY(fv_text_error(&text));
    FV_TRY(fv_arena_text(r->arena, text.at, &out->reason));
    return end(r, out, FV_JOB_SKIPPED, out->reason);
}

static fv_error *do_steps(fv_retrain *r, fv_retrained *out) {
    const char *reason;
    fv_retrain_result *result = &out->result;
    FV_TRY(fv_retrain_collect(r));
    result->champion = r->plan.champion, result->trigger = r->plan.trigger, result->labels = r->plan.labels;
    FV_TRY(fv_retrain_find_champion(r));
    FV_TRY(fv_retrain_train(r));
    FV_TRY(fv_retrain_register(r, &result->challenger));
    FV_TRY(fv_retrain_profile(r, result->challenger));
    FV_TRY(fv_retrain_gate(r, result->challenger, result, &reason));
    return end(r, out, FV_JOB_DONE, reason);
}

/* Stopped: to be gone on with. For want of memory, or of a registry: left as it is, to be gone on with. Cancelled by somebody,
 * or failed: ended so, unless the job is another's by now. */
static fv_error *settle(fv_retrain *r, fv_error *error, fv_retrained *out) {
    char text[4000];
    const char *reason;
    fv_code code = fv_error_code(error);
    if (code == FV_CANCELLED && r->options.cancel && __atomic_load_n(r->options.cancel, __ATOMIC_RELAXED)) {
        fv_error *unsaid = fv_job_put_back(r->registry, &r->job, NULL, 0);
        return unsaid ? (fv_error_free(error), unsaid) : error;
    }
    if (code == FV_MEMORY || code == FV_BUSY) return error;
    fv_error *lost = fv_arena_text(r->arena, fv_error_format(error, text, sizeof text), &reason);
    fv_error_free(error);
    FV_TRY(lost);
    return end(r, out, code == FV_CANCELLED ? FV_JOB_CANCELLED : FV_JOB_FAILED, reason);
}

static fv_error *has_plan(fv_retrain *r, bool *out) {
    const char *path;
    FV_TRY(fv_retrain_path(r, "plan.json", &path));
    *out = fv_file_kind_of(path) == FV_FILE_PLAIN;
    return NULL;
}

/* From its beginning: what is known now decides once more, since it may be another's job that was left. */
static fv_error *begin_steps(fv_retrain *r, fv_retrained *out) {
    fv_retrain_facts facts;
    fv_retrain_decision decision;
    bool trusted;
    FV_TRY(fv_retrain_look(r, &facts, &decision));
    out->result.champion = r->champion.rows[0].number;
    if (!facts.new_labels) {
        const char *reason = decision.verdict == FV_RETRAIN_SKIP ? decision.reason : "no new labelled rows since the parent";
        return end(r, out, FV_JOB_SKIPPED, reason);
    }
    FV_TRY(check_labels(r, out, &trusted));
    return trusted ? do_steps(r, out) : NULL;
}

static fv_error *do_job(fv_retrain *r, fv_retrained *out) {
    bool planned;
    FV_TRY(fv_arena_text(r->arena, r->job.id, &out->job));
    FV_TRY(fv_arena_format(r->arena, &r->folder, "%s/" FV_RETRAIN_FOLDER "/%s", fv_registry_folder(r->registry), r->job.id));
    FV_TRY(has_plan(r, &planned));
    fv_error *error = planned ? do_steps(r, out) : begin_steps(r, out);
    return error ? settle(r, error, out) : NULL;
}

/* ---- what is left behind ---- */

static int remove_one(const char *path, const struct stat *about, int type, struct FTW *place) {
    (void)about, (void)type, (void)place;
    return remove(path);
}

/* What a job needed on the way goes once it has ended, however its process did: run, version and labels are in the registry. */
static fv_error *sweep(fv_retrain *r, const char *folder) {
    const char **names;
    int64_t count;
    FV_TRY(fv_file_list(folder, r->arena, &names, &count));
    for (int64_t i = 0; i < count; i++) {
        fv_job_list list;
        const char *path;
        if (strlen(names[i]) != FV_JOB_ID_LETTERS - 1) continue;
        FV_TRY(fv_jobs_list(r->registry, &(fv_jobs_query){ .kind = FV_RETRAIN_KIND, .id = names[i], .limit = 1 }, &list));
        bool over = list.count && list.at[0].ended_ms;
        fv_job_list_release(&list);
        FV_TRY(fv_file_join(r->arena, folder, names[i], &path));
        if (over && nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS))
            return fv_fail(FV_IO, "%s, of a job that has ended, cannot be removed", path);
    }
    return NULL;
}

/* ---- which job ---- */

static fv_error *make_key(fv_retrain *r, const char **key) {
    const char *model = r->policy.model, *trigger = r->decision.trigger;
    if (r->options.key) return fv_arena_format(r->arena, key, "%s key %s", model, r->options.key);
    if (!strcmp(trigger, "hand")) return *key = NULL, NULL;
    if (!strcmp(trigger, "schedule")) return fv_arena_format(r->arena, key, "%s schedule %lld", model, (long long)r->due);
    return fv_arena_format(r->arena, key, "%s/%lld labels %s try %lld", model, (long long)r->champion.rows[0].number,
                           r->labels_digest, (long long)r->facts.failures + 1);
}

/* A job of that key there is already: what became of it. */
static fv_error *tell_of(fv_retrain *r, const char *id, fv_retrained *out) {
    fv_job_list list;
    FV_TRY(fv_jobs_list(r->registry, &(fv_jobs_query){ .kind = FV_RETRAIN_KIND, .id = id, .limit = 1 }, &list));
    fv_error *error = fv_arena_text(r->arena, id, &out->job);
    if (!error && list.count) {
        const fv_job_row *job = &list.at[0];
        out->state = fv_job_state_name(job->state);
        error = fv_arena_text(r->arena, job->reason, &out->reason);
        if (!error && job->state == FV_JOB_DONE)
            error = fv_fields_from_json(fv_retrain_result_fields, &out->result, job->result, "the job's result", r->arena);
    }
    fv_job_list_release(&list);
    return error;
}

static fv_error *begin(fv_retrain *r, const fv_job_wish *wish, fv_retrained *out) {
    char id[FV_JOB_ID_LETTERS];
    bool existed, found;
    const char *spec;
    fv_job_options options = { .kind = FV_RETRAIN_KIND, .subject = r->policy.model };
    FV_TRY(make_key(r, &options.key));
    FV_TRY(fv_arena_format(r->arena, &spec, "{\"trigger\":\"%s\"}", r->decision.trigger));
    options.spec = spec;
    FV_TRY(fv_job_add(r->registry, &options, id, &existed));
    if (existed) return tell_of(r, id, out);
    FV_TRY(fv_job_take(r->registry, wish, &r->job, &found));
    if (!found) return tell_of(r, id, out);
    fv_retrain_say(r, "job %.8s: %s", r->job.id, r->decision.reason);
    out->result.trigger = r->decision.trigger;
    return do_job(r, out);
}

static fv_error *go(fv_retrain *r, bool alone, fv_retrained *out) {
    fv_retrain_facts facts;
    fv_retrain_decision decision;
    fv_job_wish wish = { .kind = FV_RETRAIN_KIND, .subject = r->policy.model, .alone = alone };
    bool found;
    FV_TRY(fv_job_take(r->registry, &wish, &r->job, &found));
    if (found) {
        fv_retrain_say(r, "job %.8s is gone on with, attempt %lld", r->job.id, (long long)r->job.attempt);
        return do_job(r, out);
    }
    FV_TRY(fv_retrain_look(r, &facts, &decision));
    out->reason = decision.reason;
    out->state = decision.verdict == FV_RETRAIN_BLOCKED ? "blocked" : "idle";
    return decision.verdict == FV_RETRAIN_SKIP || decision.verdict == FV_RETRAIN_RUN ? begin(r, &wish, out) : NULL;
}

static fv_error *go_and_sweep(fv_retrain *r, const char *folder, bool alone, fv_retrained *out) {
    FV_TRY(sweep(r, folder));
    FV_TRY(go(r, alone, out));
    return sweep(r, folder);
}

static fv_error *tell_busy(fv_retrain *r, fv_error *busy, fv_retrained *out) {
    fv_error *error = fv_arena_text(r->arena, fv_error_message(busy), &out->reason);
    fv_error_free(busy);
    out->state = "busy";
    return error;
}

fv_error *fv_retrain_run(fv_retrain *r, fv_retrained *out) {
    const char *folder, *path;
    int lock = -1;
    *out = (fv_retrained){ .state = "idle" };
    FV_TRY(fv_file_join(r->arena, fv_registry_folder(r->registry), FV_RETRAIN_FOLDER, &folder));
    FV_TRY(fv_file_make_folder(folder));
    FV_TRY(fv_file_join(r->arena, folder, "lock", &path));
    fv_error *error = fv_file_lock(path, &lock);
    if (error && fv_error_code(error) == FV_BUSY) return tell_busy(r, error, out);
    if (error && fv_error_code(error) == FV_UNSUPPORTED) fv_error_free(fv_take(&error)); /* the job's lease alone, then */
    FV_TRY(error);
    error = go_and_sweep(r, folder, lock >= 0, out);
    fv_file_unlock(lock);
    return error;
}
