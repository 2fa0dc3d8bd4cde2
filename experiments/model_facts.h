/* model_facts.h - what a model file says of itself, from its sections and its graph; nothing is run. As JSON it lies in the
 * registry beside the version. Texts and lists are in an arena. */
#ifndef FV_EXPERIMENTS_MODEL_FACTS_H
#define FV_EXPERIMENTS_MODEL_FACTS_H

#include "core/base/fields.h"
#include "fovea/metrics.h"
#include "fovea/model.h"

/* What a file does not say is zero, empty or NULL. */
typedef struct fv_model_facts {
    const char *arch, *recipe; /* the recipe without arch and transforms, a line */
    const char *objective;
    int64_t height, width, channels;
    int64_t parameters, features; /* numbers that are learnt; numbers a picture has at the node that others build on */
    int task;                     /* fv_outcome_kind */
    double mean, scale;           /* of numbers */
    fv_strings classes, transforms;
    double temperature, reject_below, calibration_before, calibration_after;
    int64_t calibrated_on;  /* pictures */
    int64_t epoch;          /* from 1 */
    const char *on;         /* which pictures the figures are of, in words */
    bool selected_on;       /* the epoch was chosen by them */
    int64_t n;              /* how many */
    fv_strings metrics;     /* as fv_metric_measure takes them, */
    fv_floats values;       /* what they are, */
    fv_floats low, high;    /* and the ends of 95 % intervals */
    fv_strings licences_of; /* a place in both is one thing, and its licence */
    fv_strings licences;
    const char *parent;  /* digest of the model that it was made from */
    fv_strings selftest; /* names of its pictures */
    fv_strings sections;
    bool checkpoint;
} fv_model_facts;
extern const fv_field fv_model_facts_fields[];

/* FV_FORMAT: a section of it makes no sense. */
FV_MUST_USE fv_error *fv_model_facts_read(const fv_model *model, fv_arena *arena, fv_model_facts *out);

/* One of the figures: its place in the lists; -1: there is none. */
int64_t fv_model_facts_figure(const fv_model_facts *facts, const char *metric);

#endif
