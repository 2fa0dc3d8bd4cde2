/* answers.h - predictions as lines of JSON or CSV, and a file of them that grows line by line and can be gone on with. */
#ifndef FV_PREDICT_ANSWERS_H
#define FV_PREDICT_ANSWERS_H

#include "core/base/text.h"
#include "fovea/predict.h"

typedef struct fv_answer_style {
    int64_t top;      /* classes in an answer */
    bool may_abstain; /* there is a threshold */
    bool logits;
    int64_t classes;
    const char *const *names; /* of the classes, which must outlive what uses the style */
    fv_outcome_kind kind;
    bool outliers; /* the model file says from where on pictures are outliers: CSV has columns for it */
    /* What an answer hangs on beside its picture, said with each; but for the model not where it is as usual. */
    const char *model_hash; /* fv_model_hash, of which the first 12 letters are said; NULL: nothing is */
    fv_views views;
    double threshold; /* that was asked for; 0: none */
    fv_precision precision;
    bool fast_batch;
} fv_answer_style;

/* Appends {"path", "label", "score", "top": [{"label", "score"}, …]}, or {"path", "error"}. `label` is null where the model
 * abstained; then there is "abstained": true. Of several labels {"path", "labels": […], "top": […]} with all labels in `top`,
 * of numbers {"path", "number"}. Where the model file says what an outlier is, "outlier": {"score", "threshold", "outlier"}
 * behind it. "logits" in the order of the model's classes. Last, of failures too, "model_hash", "tta" where there are
 * several views, "threshold" where one was asked for, "precision" where it is not f32, and "fast_batch": true. No newline. */
void fv_answer_json(const fv_answer_style *style, const fv_prediction *prediction, fv_text *out);
/* Appends what is behind its path, of one that has no error: ,"label":…,"score":…,"top":[…] */
void fv_answer_json_fields(const fv_answer_style *style, const fv_prediction *prediction, fv_text *out);
/* Appends ,"outlier":{…}; nothing where the threshold is 0 or NaN. */
void fv_answer_json_outlier(double score, double threshold, fv_text *out);

/* A file of answers: .csv, or .jsonl (.ndjson), an answer a line. CSV as in RFC 4180, with columns path, label (empty where the
 * model abstained or failed), score, guess (where there is a threshold: the best class in any case), label_2, score_2, …,
 * logit_CLASS, …, outlier_score and outlier (where the model file says what one is), error. Of several labels path, labels
 * (divided by '|'), score_CLASS, … in the model's order, logit_CLASS, …, error; of numbers path, number, logit, error. Behind
 * them model_hash, and tta, threshold, precision and fast_batch as in JSON. */
typedef struct fv_answers fv_answers;

/* FV_CONFLICT: the file is there already; with `resume` it is gone on with behind its last whole line, and FV_CONFLICT means
 * that its columns (of JSON: its number of labels, or logits) are others or its answers were made by another model (or do not
 * say by which), tta, threshold, precision or fast_batch: those of one file are all made alike. FV_FORMAT: with `resume`, a
 * line that is none of ours. FV_USAGE: another suffix. */
FV_MUST_USE fv_error *fv_answers_open(const char *path, const fv_answer_style *style, bool resume, fv_answers **out);
void fv_answers_free(fv_answers *answers); /* what is not closed may be lost */
FV_CLEANUP(fv_answers);

int64_t fv_answers_held(const fv_answers *answers);               /* that the file had when it was opened */
bool fv_answers_has(const fv_answers *answers, const char *path); /* one of those is about `path` */
FV_MUST_USE fv_error *fv_answers_add(fv_answers *answers, const fv_prediction *prediction);
FV_MUST_USE fv_error *fv_answers_close(fv_answers *answers); /* writes what is in memory; then only free it */

#endif
