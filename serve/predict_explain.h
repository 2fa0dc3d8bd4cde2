/* predict_explain.h - the side of a request that asks why: what it asks for, its place at the desk, and what came of it. */
#ifndef FV_SERVE_PREDICT_EXPLAIN_H
#define FV_SERVE_PREDICT_EXPLAIN_H

#include "serve/explain_desk.h"
#include "serve/request.h"

typedef struct fv_predict_explain {
    fv_request *request;
    fv_explain_job job;
    _Atomic int64_t left; /* pictures that are not answered yet, and the handler while it asks */
    bool entered, asked;  /* has a place; has given it to the desk */
} fv_predict_explain;

/* For r->served's answers to `count` pictures: checks what is asked, and takes a place. FV_USAGE: there is no such method or
 * class, or it takes too many runs of the network; FV_CONFLICT: this server gives no explanations; FV_CANCELLED: it is ending.
 * When all places are taken r->reply says so, and `*out` is NULL. */
FV_MUST_USE fv_error *fv_predict_explain_begin(fv_request *r, const char *method, const char *class_name, bool scored,
                                               int64_t count, fv_predict_explain **out);
/* In place of fv_request_ask; each record's `done` then calls …_answered before fv_request_answered. When the last picture is
 * answered the desk is asked, and the request waits for it too. */
void fv_predict_explain_ask(fv_predict_explain *explain);
void fv_predict_explain_answered(fv_predict_explain *explain, int64_t pictures);
/* r->reply is the sheet, or the first error of the pictures or of the desk. */
void fv_predict_explain_reply_sheet(fv_predict_explain *explain);
void fv_predict_explain_release(fv_predict_explain *explain); /* NULL is allowed */

#endif
