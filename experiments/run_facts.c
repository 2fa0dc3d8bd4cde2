/* run_facts.c - looking up one of a run's settings, figures, curves. */
#include "experiments/run_facts.h"

#include <string.h>

const char *fv_run_param_get(const fv_run_facts *run, const char *key) {
    for (int64_t i = 0; i < run->param_count; i++)
        if (!strcmp(run->params[i].key, key)) return run->params[i].value;
    return NULL;
}

const fv_run_metric *fv_run_metric_get(const fv_run_facts *run, const char *key) {
    for (int64_t i = 0; i < run->metric_count; i++)
        if (!strcmp(run->metrics[i].key, key)) return &run->metrics[i];
    return NULL;
}

const fv_run_curve *fv_run_curve_get(const fv_run_facts *run, const char *key) {
    for (int64_t i = 0; i < run->curve_count; i++)
        if (!strcmp(run->curves[i].key, key)) return &run->curves[i];
    return NULL;
}
