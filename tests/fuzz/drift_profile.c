/* Any text as a reference profile: refused, or one that judges a window, adds up with itself and prints to what it was. */
#include <string.h>

#include "core/base/assert.h"
#include "drift/verdict.h"

static fv_error *try(const char *text) {
    FV_OWNED(fv_arena) arena = NULL;
    FV_OWNED(fv_drift_window) window = NULL;
    fv_drift_profile p, sum, again;
    fv_drift_policy policy;
    fv_drift_report report;
    double *factor = NULL, distance;
    float sketch[FV_DRIFT_COLUMNS_MAX] = { 1 };
    FV_TEXT(printed, 1 << 26);
    FV_TRY(fv_arena_new("a profile", 1 << 28, &arena));
    FV_TRY(fv_drift_profile_parse(text, "fuzz", arena, &p));
    FV_TRY(fv_fields_defaults(fv_drift_policy_fields, &policy, arena));
    FV_TRY(fv_drift_window_new(p.series.at, p.series.count, &window));
    double values[FV_DRIFT_SERIES_MAX] = { 0.5 };
    fv_drift_observation seen = { .values = values, .label = "cat", .right = 1, .columns = p.columns, .sketch = sketch };
    for (int i = 0; i < 30; i++) FV_TRY(fv_drift_window_add(window, &seen));
    FV_TRY(fv_drift_judge(&p, window, &policy, &report));
    FV_TRY(fv_drift_profile_merge(&p, &p, arena, &sum));
    if (p.columns) FV_TRY(fv_drift_profile_distance(&p, sketch, arena, &factor, &distance));
    fv_drift_profile_print(&p, &printed);
    FV_TRY(fv_text_error(&printed));
    FV_ASSERT(!fv_drift_profile_parse(printed.at, "again", arena, &again) && again.n == p.n);
    return NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
    static char text[1 << 20];
    if (length >= sizeof text) return 0;
    memcpy(text, bytes, length);
    text[length] = 0;
    fv_error_free(try(text));
    return 0;
}
