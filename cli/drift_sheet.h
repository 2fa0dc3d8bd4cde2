/* drift_sheet.h - the pictures that drive a finding of drift, on one sheet or in rows of a page. */
#ifndef FV_CLI_DRIFT_SHEET_H
#define FV_CLI_DRIFT_SHEET_H

#include "cli/contact_sheet.h"
#include "drift/drivers.h"

#define FV_DRIFT_PICTURES 32

/* Those that are files still, each with its label and score. FV_NOT_FOUND: none is. `sheet` is { .arena, .cell }. */
FV_MUST_USE fv_error *fv_drift_gather(const fv_drift_finding *finding, const fv_drift_driver *drivers, int64_t count,
                                      fv_contact_sheet *sheet);
/* The same as a PNG. */
FV_MUST_USE fv_error *fv_drift_sheet(const fv_drift_finding *finding, const fv_drift_driver *drivers, int64_t count,
                                     const char *path);

#endif
