/* gate.h - whether a version may take an alias over: a pure function of what is known of it and of the version that has the
 * alias. promote.c gathers the facts and carries the decision out. Any thread. */
#ifndef FV_EXPERIMENTS_GATE_H
#define FV_EXPERIMENTS_GATE_H

#include "core/base/arena.h"
#include "core/base/text.h"
#include "train/goals.h"

/* Both versions on the same held-out pictures. */
typedef struct fv_gate_pairs {
    const char *refused; /* why they cannot be compared, in words; NULL: they are */
    const char *metric;  /* as fv_metric_measure takes it */
    const char *on;      /* which pictures, in words */
    int64_t pictures;
    bool selected_on;        /* an epoch was chosen by them: figures flatter */
    fv_paired_interval gain; /* `first` is the incumbent */
    bool counted;            /* one class a picture: */
    fv_mcnemar mcnemar;      /* pictures that only one has right */
} fv_gate_pairs;

/* Further pictures, or a slice of some. */
typedef struct fv_gate_more {
    const char *name; /* of the check */
    bool shown_worse; /* few pictures: held back only by what is shown to be worse, not by what may be */
    double margin;
    fv_gate_pairs pairs;
} fv_gate_more;

typedef struct fv_gate_facts {
    const char *candidate;        /* "cells/4" */
    const char *incumbent;        /* NULL: nothing has the alias, and there is nothing to be worse than */
    bool same_file;               /* both are the same bytes */
    const char *selftest_problem; /* why its file cannot be used; NULL: its pictures, if any, give what they gave */
    int64_t selftest_pictures;
    const char
        *task_problem; /* why it does not answer what the incumbent answers, so that nothing can be compared; NULL: it does */
    fv_gate_pairs pairs;
    double margin; /* the candidate may be worse by less than this, in units of the metric */
    const fv_gate_more *more;
    int64_t more_count;
    int64_t bytes, incumbent_bytes;
    double latency_ms, incumbent_latency_ms; /* median of one picture; of both measured by turns */
    const char *incumbent_problem;           /* why its file cannot be used any more; NULL: it can */
    double larger, slower;                   /* at most so many times the incumbent's; 0: any */
    fv_goals goals;                          /* of the recipe's key targets, with what is reached */
    const char *force;                       /* why it is promoted whatever the checks say; NULL: it is not */
} fv_gate_facts;

#define FV_GATE_NUMBERS_MAX 8
typedef struct fv_gate_check {
    const char *name; /* "not_worse" */
    const char *text; /* what was found, a sentence without its full stop */
    bool passed;
    bool harmful; /* it did not pass, and more pictures would not change that */
    int number_count;
    struct {
        const char *name;
        double value; /* NaN: undefined */
    } numbers[FV_GATE_NUMBERS_MAX];
} fv_gate_check;

typedef struct fv_gate_decision {
    bool passed;   /* every check */
    bool promoted; /* it did, or was forced: nothing forces a file that cannot be used */
    bool harmful;  /* a check is */
    const fv_gate_check *checks;
    int64_t count;
} fv_gate_decision;

/* Checks, in this order: self_test; where the file can be used and there is an incumbent same_task; where that passes
 * not_worse, those of `more`, latency, size, one "target …" for each goal; and forced where it is. Texts and checks are in the
 * arena. */
FV_MUST_USE fv_error *fv_gate_decide(const fv_gate_facts *facts, fv_arena *arena, fv_gate_decision *out);

/* The reasons as JSON: [{"name","passed","text","numbers":{…}}, …]; what is undefined is null. */
void fv_gate_reasons(const fv_gate_decision *decision, fv_text *out);

#endif
