/* log_writer.c - writes predictions for ever and says which of them are acknowledged, until it is killed:
 * log_writer FOLDER BYTES. For tests/soak/prediction_log.py and tests/scripts/prediction_log.sh. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "fovea/prediction_log.h"

static fv_prediction_log *log_;

/* A line an acknowledged id, each written by one call. */
static void *write_on(void *context) {
    const fv_logged_score top[1] = { { "cat", 0.5 } };
    (void)context;
    for (;;) {
        char line[FV_LOG_ID_LETTERS + 1];
        int64_t ticket;
        fv_prediction_id(line);
        fv_logged r = { .id = line, .model = "m", .count = 1, .top = top };
        fv_error *error = fv_prediction_log_add(log_, &r, &ticket);
        if (!error) error = fv_prediction_log_sync(log_, ticket);
        if (error) {
            fprintf(stderr, "%s\n", fv_error_message(error));
            fv_error_free(error);
            return NULL;
        }
        line[FV_LOG_ID_LETTERS - 1] = '\n';
        if (write(1, line, FV_LOG_ID_LETTERS) != FV_LOG_ID_LETTERS) return NULL;
    }
}

int main(int count, char **arguments) {
    pthread_t threads[3];
    char text[1000];
    if (count != 3) return fprintf(stderr, "log_writer FOLDER BYTES\n"), 2;
    fv_prediction_log_options options = { .bytes = strtoll(arguments[2], NULL, 10) };
    fv_error *error = fv_prediction_log_open(arguments[1], &options, &log_);
    if (error) fprintf(stderr, "%s\n", fv_error_format(error, text, sizeof text));
    if (error) return fv_error_free(error), 1;
    for (int i = 0; i < 3; i++)
        if (pthread_create(&threads[i], NULL, write_on, NULL)) return 1;
    for (int i = 0; i < 3; i++) pthread_join(threads[i], NULL);
    return 1;
}
