/* drift_sheet.h - the pictures that drive a finding of drift, on one sheet. */
#ifndef FV_CLI_DRIFT_SHEET_H
#define FV_CLI_DRIFT_SHEET_H

#include "drift/verdict.h"

/* Of the finding that is furthest beyond its threshold: of a series the pictures that lie furthest to the side it moved to, of
 * the class mix those of the class that grew most, of the features those furthest from the reference. Pictures that are not
 * files any more are left out; FV_NOT_FOUND: none is. */
FV_MUST_USE fv_error *fv_drift_sheet(const fv_drift_profile *profile, const fv_drift_window *window,
                                     const fv_drift_report *report, const char *path);

#endif
