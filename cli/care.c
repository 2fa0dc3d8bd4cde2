/* care.c - see care.h. */
#include "cli/care.h"

#include <math.h>
#include <stdio.h>

#include "cli/terminal.h"
#include "core/base/clock.h"

fv_error *fv_care_open(const char *workspace, bool write, fv_registry **out) {
    fv_error *error = fv_registry_open(workspace, &(fv_registry_options){ .read_only = true }, out);
    if (!write || (error && fv_error_code(error) == FV_NOT_FOUND)) return error;
    fv_error_free(error); /* of an older schema, say, which is upgraded when it is opened to write */
    fv_registry_free(*out);
    return fv_registry_open(workspace, NULL, out);
}

static void move_bar(void *context, const char *what, int64_t done, int64_t count) {
    double seconds = fv_clock_seconds() - *(const double *)context;
    fv_progress progress = { .what = what, .done = done, .count = count, .loss = NAN };
    if (seconds > 0 && done && count) progress.seconds_left = seconds / (double)done * (double)(count - done);
    fv_terminal_bar(NULL, &progress);
}

fv_care_watch fv_care_bar(fv_command_call *call, double *began) {
    *began = fv_clock_seconds();
    return (fv_care_watch){ .progress = move_bar, .context = began, .cancel = call->cancel };
}

const char *fv_bytes_text(int64_t bytes, char out[FV_BYTES_LETTERS]) {
    static const char *const units[] = { "kB", "MB", "GB", "TB" };
    double size = (double)bytes / 1e3;
    int unit = 0;
    while (size >= 999.5 && unit < 3) size /= 1e3, unit++;
    if (bytes < 1000)
        snprintf(out, FV_BYTES_LETTERS, "%d byte%s", (int)bytes, bytes == 1 ? "" : "s");
    else
        snprintf(out, FV_BYTES_LETTERS, "%.3g %s", size, units[unit]);
    return out;
}
