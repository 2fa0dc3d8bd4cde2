/* log_pictures.h - pictures kept with a prediction log, where a model asks for that: LOG/pictures/00000001/HASH.ENDING, HASH
 * being BLAKE2b-128 of the bytes, so that a picture that comes again is there already.
 *
 * Folders are begun one after the other, each when the one before holds a sixteenth of what may be kept; the oldest folder goes
 * when there would be more than that in all. Files count as whole blocks of 4 KiB. */
#ifndef FV_PREDICT_LOG_PICTURES_H
#define FV_PREDICT_LOG_PICTURES_H

#include <stdbool.h>
#include <stdint.h>

#include "fovea/error.h"

#define FV_LOG_PICTURES "pictures"                    /* the folder in the log's */
#define FV_LOG_PICTURE_NAME 64                        /* letters of a name, with the final NUL */
#define FV_LOG_PICTURE_BYTES (INT64_C(1) << 30)       /* kept where nothing else is said */
#define FV_LOG_PICTURE_BYTES_LEAST (INT64_C(1) << 20) /* of what may be kept */

/* GENERATION/HASH.ENDING, and no way out of the folder. */
bool fv_log_picture_is_name(const char *name);

typedef struct fv_log_pictures fv_log_pictures;
/* `bytes` 0: FV_LOG_PICTURE_BYTES. What is there already counts; nothing is made before the first picture. */
FV_MUST_USE fv_error *fv_log_pictures_open(const char *log, int64_t bytes, fv_log_pictures **out);
void fv_log_pictures_free(fv_log_pictures *pictures); /* NULL is allowed */

/* What a picture will be called, in the folder that is open now; false: it is not one of the `share` (0…1) that is kept, which
 * is decided by its bytes alone. Any thread. */
bool fv_log_pictures_name(fv_log_pictures *pictures, const void *bytes, int64_t length, double share,
                          char out[FV_LOG_PICTURE_NAME]);
/* Under that name, on the disk when it returns. One thread at a time. */
FV_MUST_USE fv_error *fv_log_pictures_write(fv_log_pictures *pictures, const char *name, const void *bytes, int64_t length);

#endif
