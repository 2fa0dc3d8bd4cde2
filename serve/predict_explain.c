/* predict_explain.c - see predict_explain.h. */
#include "serve/predict_explain.h"

#include <string.h>
#include <strings.h>

#include "serve/server.h"

#define FOR_THE_ANSWER 0.05 /* of a request's time, that explanations leave for it to be sent */

/* The place of a media type in a header Accept; NULL: it is not there, or is refused. */
static const char *find_type(const char *accept, const char *type) {
    const char *at = accept ? strcasestr(accept, type) : NULL;
    size_t length = strlen(type);
    if (!at || (at[length] && !strchr(" ,;", at[length]))) return NULL;
    const char *weight = at + length + strspn(at + length, " ;");
    return !strncmp(weight, "q=0", 3) && strspn(weight + 3, ".0") == strcspn(weight + 3, ", ") ? NULL : at;
}

/* Who names image/png, and not JSON before it. */
static bool wants_sheet(const fv_request *r) {
    const char *accept = fv_request_header(r, "Accept");
    const char *png = find_type(accept, "image/png"), *json = find_type(accept, "application/json");
    return png && (!json || png < json);
}

static fv_error *check_runs(const char *method, fv_size input, bool scored, int64_t count) {
    int64_t runs;
    FV_TRY(fv_explain_runs(method, input, &runs));
    if (scored) runs += FV_FAITHFULNESS_RUNS;
    if (runs <= FV_EXPLAIN_RUNS / count) return NULL;
    return fv_error_hint(fv_fail(FV_USAGE,
                                 "that explanation runs the network %lld times for each of %lld pictures, and for a "
                                 "request %d times are allowed",
                                 (long long)runs, (long long)count, FV_EXPLAIN_RUNS),
                         "gradcam takes 3, a score (explain_score=false) %d; or send fewer pictures", FV_FAITHFULNESS_RUNS);
}

static void explained(fv_explain_job *job) { fv_request_answered(job->context); }

static fv_error *enter(fv_request *r, fv_predict_explain *explain) {
    double retry_after;
    fv_error *error = fv_explain_desk_enter(r->server->desk, &retry_after);
    explain->entered = !error;
    if (!error || fv_error_code(error) != FV_BUSY) return error;
    fv_reply_refusal(r, 429, "busy", fv_error_message(error), fv_error_hint_get(error), retry_after);
    fv_error_free(error);
    return NULL;
}

fv_error *fv_predict_explain_begin(fv_request *r, const char *method, const char *class_name, bool scored, int64_t count,
                                   fv_predict_explain **out) {
    const fv_served_facts *facts = fv_served_facts_get(r->served);
    int64_t output = facts->kind == FV_NUMBERS ? 0 : -1;
    fv_explained *room;
    fv_predict_explain *explain;
    *out = NULL;
    if (!r->server->desk)
        return fv_error_hint(fv_fail(FV_CONFLICT, "this server gives no explanations"), "start it without --explain-queue 0");
    FV_TRY(check_runs(method, facts->input, scored && facts->kind != FV_NUMBERS, count));
    if (class_name) FV_TRY(fv_explanation_class(fv_served_predictor(r->served), class_name, &output));
    FV_TRY(fv_arena_take(r->arena, count, &room));
    FV_TRY(fv_arena_take(r->arena, 1, &explain));
    *explain = (fv_predict_explain){ .request = r };
    FV_TRY(enter(r, explain));
    if (!explain->entered) return NULL;
    fv_explain_job_init(&explain->job, room, count);
    explain->job.method = method;
    explain->job.output = output;
    explain->job.scored = scored;
    explain->job.sheet = wants_sheet(r);
    explain->job.deadline = r->deadline - FOR_THE_ANSWER * r->server->options.timeout;
    explain->job.done = explained;
    explain->job.context = r;
    *out = explain;
    return NULL;
}

void fv_predict_explain_answered(fv_predict_explain *explain, int64_t pictures) {
    if (atomic_fetch_sub(&explain->left, pictures) != pictures) return;
    explain->asked = true;
    fv_explain_desk_ask(explain->request->server->desk, &explain->job);
}

void fv_predict_explain_ask(fv_predict_explain *explain) {
    fv_request *r = explain->request;
    explain->job.asks = r->asks;
    atomic_store(&explain->left, r->ask_count + 1);
    atomic_fetch_add(&r->inner.pending, 1); /* the desk */
    fv_predict_explain_answered(explain, 1 + fv_request_ask(r));
}

void fv_predict_explain_reply_sheet(fv_predict_explain *explain) {
    fv_request *r = explain->request;
    for (int64_t i = 0; i < r->ask_count; i++)
        if (r->asks[i].error) return fv_reply_error(r, fv_take(&r->asks[i].error));
    fv_error *error = fv_explain_job_take_error(&explain->job);
    if (error) return fv_reply_error(r, error);
    fv_text swapped = r->reply.text;
    r->reply.text = explain->job.sheet_png;
    explain->job.sheet_png = swapped;
    r->reply.status = 200;
    r->reply.type = "image/png";
}

void fv_predict_explain_release(fv_predict_explain *explain) {
    if (!explain) return;
    if (!explain->asked) fv_explain_desk_leave(explain->request->server->desk);
    fv_explain_job_release(&explain->job);
}
