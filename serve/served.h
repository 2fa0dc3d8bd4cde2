/* served.h - one version of a model, loaded and ready to answer: its file checked, its self-test pictures run, and a plan for
 * each batch size made and run once. It never changes after that, but for its counts; when a name is given another version, the
 * old one lives until the last ask that holds it is answered.
 *
 * Shared: fv_served_ref, fv_served_unref, from any thread. Who runs batches of it is fv_engine's. */
#ifndef FV_SERVE_SERVED_H
#define FV_SERVE_SERVED_H

#include "predict/picture.h"
#include "predict/prediction.h"
#include "serve/histogram.h"

typedef struct fv_served fv_served;

#define FV_SERVED_BATCH 8       /* where none is asked for */
#define FV_SERVED_BATCH_MAX 256 /* of a batch, at most */

typedef struct fv_served_options {
    const char *name;       /* of the model; copied */
    int64_t version;        /* its number */
    const char *digest;     /* of the model file, 64 hexadecimal letters; copied; NULL: not known, "" */
    int64_t max_batch;      /* pictures run at once, in all batches; 0: FV_SERVED_BATCH */
    const char *device;     /* as in fv_plan_options */
    fv_precision precision; /* likewise; the self-test is of f32 always */
    bool features;          /* of each picture for the prediction log: as in fv_predictor_options */
    /* Called, by whichever thread lets go of the last reference, instead of fv_served_free, which is then for somebody else to
     * call: giving its memory back takes a while. NULL: it is freed there and then. */
    void (*gone)(fv_served *served, void *context);
    void *context;
} fv_served_options;

/* With one reference, the caller's. Errors: as fv_predictor_open, and those of plans. */
FV_MUST_USE fv_error *fv_served_open(const char *path, const fv_served_options *options, fv_served **out);
fv_served *fv_served_ref(fv_served *served); /* the same one */
void fv_served_unref(fv_served *served);     /* NULL is allowed */
void fv_served_free(fv_served *served);      /* for `gone`: nobody holds a reference */
FV_CLEANUP(fv_served);                       /* frees it: for whoever made it and has given no reference to anybody */

/* What is to be known of it. Borrowed. */
typedef struct fv_served_facts {
    const char *name, *digest;
    int64_t version;
    fv_outcome_kind kind;
    int64_t outputs, class_count;   /* class_count 0: of numbers */
    const char *const *class_names; /* in the order of the outputs */
    int64_t feature_count; /* of a picture; 0: neither the log nor the outlier score needs them, or the graph names none */
    fv_size input;         /* of a picture as the transforms give it */
    double temperature, reject_below;
    double outlier_threshold; /* 0: the model file does not say */
    double log_pictures;      /* share of its pictures that are kept with the prediction log */
    int64_t max_batch;
    fv_precision precision;
    int64_t bytes;       /* that it takes: tensors, and the plans' blocks */
    bool selftested;     /* it has pictures of its own, and they came out as they should */
    double load_seconds; /* from opening the file to ready */
    int64_t loaded_ms;   /* when it was ready, since 1970 UTC */
} fv_served_facts;
const fv_served_facts *fv_served_facts_get(const fv_served *served);
const fv_predictor *fv_served_predictor(const fv_served *served); /* borrowed: sections, transforms, for reading pictures */

/* ---- what it has done ---- */

typedef enum fv_outcome_of_ask { /* how an ask ended */
                                 FV_ASK_ANSWERED,
                                 FV_ASK_BAD,     /* the picture's fault */
                                 FV_ASK_BUSY,    /* refused: too many wait */
                                 FV_ASK_LATE,    /* refused: not in time */
                                 FV_ASK_FAILED,  /* ours: a plan, memory */
                                 FV_ASK_OUTCOMES /* how many there are */
} fv_outcome_of_ask;
#define FV_ASK_OUTCOME_NAMES "answered,bad,busy,late,failed"

typedef struct fv_served_reading {
    int64_t asks[FV_ASK_OUTCOMES];
    int64_t abstained;                           /* of the answered: below the threshold */
    int64_t outliers;                            /* of the answered: beyond the model's outlier threshold */
    int64_t decoded_bytes;                       /* of pictures' files */
    fv_histogram_reading decode, queue, compute; /* seconds (fv_scale_seconds), an answered ask each; decode of files alone */
    fv_histogram_reading rows;                   /* pictures (fv_scale_rows), a batch each */
    int64_t last_ask_ms;                         /* since 1970 UTC; 0: none yet */
} fv_served_reading;
void fv_served_read(const fv_served *served, fv_served_reading *out);
/* How often each class was the best of an answer (of several labels: was in it); `counts`: class_count. */
void fv_served_class_counts(const fv_served *served, int64_t *counts);

#endif
