/* audit.h - a data set looked through before it is trained on: what cannot be used, what is there twice, what looks odd. */
#ifndef FV_DATA_AUDIT_H
#define FV_DATA_AUDIT_H

#include "data/dataset.h"
#include "data/duplicates.h"

/* What makes a picture worth a look. None of it is refused. */
typedef enum fv_flaw {
    FV_FLAW_CONSTANT, /* one level of grey, and nothing else is said of it */
    FV_FLAW_DARK,     /* 99 of 100 pixels are darker than a level */
    FV_FLAW_BRIGHT,   /* 95 of 100 pixels are brighter than a level */
    FV_FLAW_PALE,     /* 98 of 100 pixels lie within a few levels */
    FV_FLAW_BLURRED,  /* the variance of its Laplacian is small */
    FV_FLAW_LONG,     /* one side is many times the other */
    FV_FLAWS
} fv_flaw;
extern const char *const fv_flaw_names[FV_FLAWS];

typedef struct fv_audit_limits {
    int64_t near;         /* bits of 64 in which hashes of near duplicates differ at most; −1: none are looked for */
    int64_t dark, bright; /* levels, 0…255 */
    int64_t contrast;     /* fewer levels between the 1st and the 99th of 100 pixels are pale */
    double sharpness;     /* smaller variances are blurred */
    double aspect;        /* longer pictures are long */
} fv_audit_limits;

typedef struct fv_audit {
    fv_arena *arena;
    const fv_dataset *set;
    fv_audit_limits limits;
    const fv_look **looks; /* one a sample; NULL: it cannot be used */
    int64_t empty;         /* of the rejected: files without a byte */
    int64_t flawed[FV_FLAWS];
    const fv_duplicates *duplicates;
    int64_t duplicate_count; /* groups */
} fv_audit;

/* Looks at every sample with `workers` threads; what cannot be read is rejected in the set. Errors as of fv_dataset_scan. The
 * set must outlive `*out`. */
FV_MUST_USE fv_error *fv_audit_new(fv_dataset *set, const fv_audit_limits *limits, int64_t workers, fv_scan_progress progress,
                                   void *context, fv_audit **out);
void fv_audit_free(fv_audit *audit);
FV_CLEANUP(fv_audit);

/* Whether the picture has that flaw. */
bool fv_audit_has(const fv_audit *audit, const fv_look *look, fv_flaw flaw);

/* A group that reaches from one part of the set into another: what is learnt is tested on; and one whose pictures are of
 * several classes: one of them is wrong. */
bool fv_audit_across_parts(const fv_audit *audit, const fv_duplicates *group);
bool fv_audit_labels_differ(const fv_audit *audit, const fv_duplicates *group);

/* Smallest, median and largest of what `measure` gives for a picture; zeros when there is none. */
typedef struct fv_audit_range {
    int64_t least, median, most;
} fv_audit_range;
FV_MUST_USE fv_error *fv_audit_measure(const fv_audit *audit, int64_t (*measure)(const fv_look *look), fv_audit_range *out);

#endif
