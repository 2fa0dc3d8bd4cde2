/* Any bytes as a record, whose check they would hardly pass: decoded, its texts read. And as a file of the prediction log: read
 * through, opened and cut by a writer, which adds a record that is then read too, and nothing that was whole is lost. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/assert.h"
#include "predict/log_record.h"

static fv_log_health read_all(const char *folder) {
    FV_OWNED(fv_log_reader) reader = NULL;
    fv_log_entry entry;
    fv_error *error = fv_log_reader_open(folder, &reader);
    do {
        if (!error) error = fv_log_reader_next(reader, &entry);
    } while (!error && (entry.prediction || entry.truth));
    fv_error_free(error);
    return fv_log_reader_health(reader);
}

static size_t read_record(const uint8_t *payload, size_t length) {
    fv_log_record r;
    size_t letters = 0;
    if (!fv_log_decode(payload, (int64_t)length, &r)) return 0;
    if (r.is_truth)
        for (int64_t i = 0; i < r.truth.count; i++) letters += strlen(r.truth.labels[i]);
    else
        for (int64_t i = 0; i < r.prediction.count; i++) letters += strlen(r.prediction.top[i].label);
    return letters + strlen(r.is_truth ? r.truth.id : r.prediction.id);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
    FV_ASSERT(read_record(bytes, length) <= length);
    if (length < FV_LOG_HEAD_BYTES || memcmp(bytes, FV_LOG_HEAD, FV_LOG_HEAD_BYTES) != 0)
        return 0; /* a writer leaves it alone */
    char folder[64], path[128], lock[128], second[128];
    fv_prediction_log *log;
    const fv_logged_score top = { "cat", 1 };
    snprintf(folder, sizeof folder, "/tmp/fovea-fuzz-log-%ld", (long)getpid());
    snprintf(path, sizeof path, "%s/" FV_LOG_FILE_NAME, folder, 1LL);
    snprintf(second, sizeof second, "%s/" FV_LOG_FILE_NAME, folder, 2LL);
    snprintf(lock, sizeof lock, "%s/writer.lock", folder);
    mkdir(folder, 0777);
    FILE *file = fopen(path, "we");
    FV_ASSERT(file && fwrite(bytes, 1, length, file) == length && !fclose(file));
    fv_log_health before = read_all(folder);
    FV_ASSERT(!fv_prediction_log_open(folder, NULL, &log));
    FV_ASSERT(!fv_prediction_log_add(log, &(fv_logged){ .model = "m", .count = 1, .top = &top }, NULL));
    FV_ASSERT(!fv_prediction_log_close(log));
    fv_log_health after = read_all(folder);
    FV_ASSERT(after.predictions == before.predictions + 1 && after.truths == before.truths && !after.torn);
    unlink(path);
    unlink(second);
    unlink(lock);
    rmdir(folder);
    return 0;
}
