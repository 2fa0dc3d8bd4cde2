/* scan.h - a look at every picture of a data set, by worker threads. */
#ifndef FV_DATA_SCAN_H
#define FV_DATA_SCAN_H

#include "data/dataset.h"

/* Decodes sample number `sample` and does with it what it wants. Many threads at once; `bytes` and `image` are the thread's,
 * used again from one call to the next. An error that is about the sample (fv_is_about_sample) rejects it. */
typedef fv_error *(*fv_scan_look)(void *looker, int64_t sample, fv_bytes *bytes, fv_image *image);

/* fv_dataset_scan with a look of one's own instead of decoding alone. */
FV_MUST_USE fv_error *fv_scan(fv_dataset *set, int64_t workers, fv_scan_look look, void *looker, fv_scan_progress progress,
                              void *context);

#endif
