/* scan_sheet.h - what a scan found, as pictures. */
#ifndef FV_CLI_SCAN_SHEET_H
#define FV_CLI_SCAN_SHEET_H

#include "data/audit.h"

/* A PNG: some pictures of each class, then some that look odd, then pairs of duplicates across parts or with different labels,
 * each with a caption that says what it is. */
FV_MUST_USE fv_error *fv_scan_sheet_write(const fv_audit *audit, const char *path);

#endif
