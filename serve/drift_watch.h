/* drift_watch.h - the server's own predictions against each version's reference profile, window after window.
 *
 * What is answered is copied behind the answer, into a window of the version; a full one is judged by a thread of its own
 * (drift/monitor.h), by the default policy of `fovea drift check`. A version's profile is the one that is registered with it,
 * or of a file FILE.profile.json beside it; a version without one is not watched. Memory: at most FV_WATCHED versions, the one
 * that was asked for longest ago goes; of each two windows of `window` predictions. A window that fills while the one before
 * is still being judged is thrown away and counted. Processor time: after a verdict that took t seconds no window is begun for
 * t / FV_WATCH_SHARE, so that on a busy server windows are samples of what is answered. Any thread. */
#ifndef FV_SERVE_DRIFT_WATCH_H
#define FV_SERVE_DRIFT_WATCH_H

#include "core/base/text.h"
#include "fovea/prediction_log.h"
#include "fovea/registry.h"
#include "serve/served.h"

#define FV_WATCHED 16
#define FV_WATCH_SHARE 0.01 /* of a processor that verdicts take */

typedef struct fv_drift_watch fv_drift_watch;

/* `registry` (NULL: there is none) and `file` (NULL: none) are borrowed; `window` is at least 1; `share` as FV_WATCH_SHARE, or
 * INFINITY: windows follow one another. */
FV_MUST_USE fv_error *fv_drift_watch_new(fv_registry *registry, const char *file, int64_t window, double share,
                                         fv_drift_watch **out);
void fv_drift_watch_free(fv_drift_watch *watch); /* nobody adds any more; NULL is allowed */
FV_CLEANUP(fv_drift_watch);

/* An answer of that version. */
void fv_drift_watch_add(fv_drift_watch *watch, const fv_served_facts *facts, const fv_logged *record);

/* Gauges of what the last window of each version showed, as `fovea drift check --prometheus` writes them, and counters of what
 * the watch does. */
void fv_drift_watch_metrics(fv_drift_watch *watch, fv_text *out);
/* A list of objects, one a version with a profile: {"model","version","filled","window","skipped","check"}, where "check" (null
 * before the first full window) is what `fovea drift check --json` prints. */
void fv_drift_watch_json(fv_drift_watch *watch, fv_text *out);

#endif
