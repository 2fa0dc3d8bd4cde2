/* log_record.h - records of the prediction log as bytes. A payload, numbers little-endian:
 *
 *   u8 type: 1 prediction, 2 truth │ u8 kind (fv_outcome_kind) │ u8 flags, below │ i64 time │ texts │ …
 *   flags:         1 abstained, 2 properties, 4 outlier, 8 picture
 *   a prediction:  texts id, model, digest, key, source │ i64 version │ u16 answers │ f32 entropy, margin │ f64 number
 *                  │ u16 count, each f32 score, text label │ u8 count, each f32 a property │ u8 count, each f32 of the sketch
 *                  │ with flag 4: f32 score, threshold │ with flag 8: text picture
 *   a truth:       texts id, by │ f64 number │ u16 count, each text label
 *
 * A text is u16 length, bytes, a NUL that the length does not count; length 65535 and nothing behind it is NULL. */
#ifndef FV_PREDICT_LOG_RECORD_H
#define FV_PREDICT_LOG_RECORD_H

#include "core/base/arena.h"
#include "fovea/prediction_log.h"

#define FV_LOG_HEAD "fovea-log\2\0\0\0\0\0\0"
#define FV_LOG_HEAD_1 "fovea-log\1\0\0\0\0\0\0" /* of files without flag 4 */
#define FV_LOG_HEAD_BYTES 16
#define FV_LOG_FRAME_HEAD 12
#define FV_LOG_PAYLOAD_MAX (128 * 1024)
#define FV_LOG_FRAME_MAX (FV_LOG_FRAME_HEAD + FV_LOG_PAYLOAD_MAX)
#define FV_LOG_FILE_NAME "predictions-%08lld.fvlog"

/* A whole frame in `out`, FV_LOG_FRAME_MAX bytes of room; FV_USAGE: it cannot be written down. Ids and times are given. */
FV_MUST_USE fv_error *fv_log_encode(const fv_logged *record, uint8_t *out, int64_t *length);
FV_MUST_USE fv_error *fv_log_encode_truth(const fv_logged_truth *truth, uint8_t *out, int64_t *length);

/* A record read; texts point into the payload. */
typedef struct fv_log_record {
    bool is_truth;
    fv_logged prediction;
    fv_logged_truth truth;
    fv_logged_score top[FV_LOG_TOP_MAX];
    const char *labels[FV_LOG_TOP_MAX];
    fv_image_properties properties;
    float sketch[FV_LOG_SKETCH_MAX];
} fv_log_record;
/* False: the payload is no record. */
bool fv_log_decode(const uint8_t *payload, int64_t length, fv_log_record *out);

/* The first whole frame in `bytes`: how many bytes before it are none; its payload, NULL: there is none, and all before
 * `*skipped` are of none whatever comes behind. `all`: nothing does. */
const uint8_t *fv_log_find_frame(const uint8_t *bytes, int64_t length, bool all, int64_t *skipped, int64_t *payload_length);

/* The numbers of the folder's files, sorted, in `arena`. */
FV_MUST_USE fv_error *fv_log_list_files(const char *folder, fv_arena *arena, int64_t **numbers, int64_t *count);

#endif
