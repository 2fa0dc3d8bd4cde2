/* drift_observe.h - what a model sees and says, as observations for profiles and verdicts: of a data set, of the prediction
 * log. */
#ifndef FV_EXPERIMENTS_DRIFT_OBSERVE_H
#define FV_EXPERIMENTS_DRIFT_OBSERVE_H

#include "drift/predictions.h"
#include "fovea/predict.h"
#include "fovea/prediction_log.h"

typedef struct fv_observed_data {
    const char *path, *part, *source, *source_options; /* NULL, as by `fovea eval`: test, val or all; what the data tell */
} fv_observed_data;
/* A data set, or pictures in any folders; `*unlabelled` (a new error, for telling; or NULL) says why the data have no labels.
 */
FV_MUST_USE fv_error *fv_drift_open_data(const fv_observed_data *data, int64_t channels, fv_dataset **set, fv_subset **subset,
                                         fv_error **unlabelled);

/* Every picture of the subset through the model: labels, where the set has classes, say what was right. The predictor must have
 * been opened with its features. `*unreadable` (may be NULL) pictures are left out. */
FV_MUST_USE fv_error *fv_drift_observe_data(fv_predictor *predictor, const fv_subset *subset, fv_drift_window *window,
                                            int64_t *unreadable);

/* Which predictions of a log; NULL, 0: all. */
typedef struct fv_log_choice {
    const char *model, *digest, *key;
    int64_t since_us;
    int64_t last; /* so many of them, the newest */
} fv_log_choice;
bool fv_log_is_chosen(const fv_log_choice *choice, const fv_logged *record); /* whatever `last` says */
/* How they are cut into windows, in the order of the log. */
typedef struct fv_log_cut {
    int64_t size;    /* predictions a window; 0: not by count */
    int64_t span_us; /* or the time that one is of, from a whole multiple of it since 1970 on; 0: not by time. Neither: one of
                        all */
    int64_t now_us;  /* windows by time that end later are not full yet */
} fv_log_cut;
/* Gives each window to `sink`; a last one that is not full is left out unless it is the only one. The sink's error ends it. */
typedef fv_error *(*fv_window_sink)(void *context, const fv_drift_window *window);
FV_MUST_USE fv_error *fv_drift_observe_log(const char *folder, const fv_log_choice *choice, const fv_log_cut *cut,
                                           fv_window_sink sink, void *context);

#endif
