/* drift_text.h - what a check for drift found, for people: on the terminal, and as a page. */
#ifndef FV_CLI_DRIFT_TEXT_H
#define FV_CLI_DRIFT_TEXT_H

#include "cli/printer.h"
#include "core/base/arena.h"
#include "drift/say.h"

/* One window of a check, kept for the page. */
typedef struct fv_drift_past {
    fv_drift_report report;
    bool alarmed, raised;
} fv_drift_past;

FV_MUST_USE fv_error *fv_drift_print(const fv_drift_told *told, const fv_drift_policy *policy, fv_arena *arena,
                                     fv_printer *printer);

/* One HTML file with all in it: the verdict, what fired and why, each effect from window to window, accuracy as estimated and
 * as it was, slices, and the pictures that drive it where they are still there. */
FV_MUST_USE fv_error *fv_drift_page(const fv_drift_told *told, const fv_drift_policy *policy, const fv_drift_past *past,
                                    int64_t windows, const char *path);

#endif
