/* shared: predictions.c - see predictions.h. */
#include "drift/predictions.h"

#include <math.h>
#include <pthread.h>

static const char *series[FV_SEEN_SERIES];

static void name_series(void) {
    static const char *const said[] = { FV_DRIFT_CONFIDENCE, "uncertainty", "margin", "number" };
    for (int i = 0; i < FV_SEEN_SERIES; i++)
        series[i] = i < FV_IMAGE_PROPERTY_COUNT ? fv_image_property_name(i) : said[i - FV_IMAGE_PROPERTY_COUNT];
}

fv_error *fv_drift_window_of_predictions(fv_drift_window **out) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, name_series);
    return fv_drift_window_new(series, FV_SEEN_SERIES, out);
}

fv_error *fv_drift_window_add_logged(fv_drift_window *window, const fv_logged *r, int right, bool named) {
    double values[FV_SEEN_SERIES];
    for (int s = 0; s < FV_SEEN_SERIES; s++)
        values[s] = s < FV_IMAGE_PROPERTY_COUNT && r->properties ? (double)r->properties->at[s] : NAN;
    bool classified = r->kind == FV_ONE_CLASS;
    if (classified) values[FV_SEEN_CONFIDENCE] = r->top[0].score;
    values[FV_SEEN_ENTROPY] = r->entropy, values[FV_SEEN_MARGIN] = r->margin;
    if (r->kind == FV_NUMBERS) values[FV_SEEN_NUMBER] = r->number;
    fv_drift_observation o = { .values = values,
                               .label = classified ? r->top[0].label : NULL,
                               .right = right,
                               .columns = r->sketch_count,
                               .sketch = r->sketch,
                               .source = named ? r->source : NULL,
                               .key = named ? r->key : NULL,
                               .side = fv_drift_side_of(r->outlier_score, r->outlier_threshold) };
    return fv_drift_window_add(window, &o);
}
