/* compare.h - runs put side by side: pure functions of what is known of them (run_facts.h), and what is shown of the result.
 *
 *   fv_comparison c;
 *   FV_TRY(fv_runs_compare(runs, count, NULL, arena, &c));
 *   FV_TRY(fv_comparison_page(&c, NULL, &html));
 *
 * Two questions are kept apart. Which of two *models* is better is asked of the pictures that both were tested on: each run is
 * put beside the first (pairs). Which of two *recipes* is better is asked of several runs that differ by their seed alone: each
 * group of such runs is put beside the first run's group. What cannot be answered is refused with the reason.
 *
 * All results lie in the arena, which must live as long. Errors: FV_USAGE as of the functions of metrics. */
#ifndef FV_EXPERIMENTS_COMPARE_H
#define FV_EXPERIMENTS_COMPARE_H

#include "core/base/text.h"
#include "experiments/run_facts.h"

/* Zero in every member is the default. */
typedef struct fv_compare_options {
    const char *metric; /* as fv_metric_measure takes it, of the test pictures; or the key of a curve, whose best counts; NULL:
                           chosen by the kind of targets */
    double confidence;  /* 0: 0.95 */
    int64_t resamples, permutations; /* 0: as the functions of metrics */
    uint64_t seed;                   /* of those */
} fv_compare_options;

/* A setting that not all runs have the same. */
typedef struct fv_run_difference {
    const char *key;
    const char *const *values; /* one a run; NULL: not set */
} fv_run_difference;

/* Runs with one recipe, but for the seed. */
typedef struct fv_run_group {
    const char *name;
    int64_t count;
    const int64_t *runs; /* in their order */
    fv_mean mean;        /* of the metric */
} fv_run_group;

typedef enum fv_verdict_kind {
    FV_VERDICT_REFUSED, /* not comparable */
    FV_VERDICT_UNKNOWN, /* comparable, but there is nothing to tell from */
    FV_VERDICT_ALIKE,   /* the difference may be chance: of seeds, or of pictures */
    FV_VERDICT_BETTER,  /* the second is better */
    FV_VERDICT_WORSE
} fv_verdict_kind;
const char *fv_verdict_name(fv_verdict_kind kind); /* "refused", "unknown", "alike", "better", "worse" */

typedef struct fv_verdict {
    fv_verdict_kind kind;
    const char *metric;   /* of pairs always one of pictures; NULL: none */
    bool share;           /* it is said in per cent */
    double first, second; /* the metric; NaN: none */
    double gain;          /* by how much the second is better; below 0: worse */
    fv_interval interval; /* of the gain; NaN: none */
    double p;             /* NaN: no test. Holm's where several are made at once */
    const char *test;     /* which; NULL: none */
    const char *reason;   /* of a refused or unknown one */
    const char *text;     /* all of it in words, a line */
} fv_verdict;

/* Two groups, by number. */
typedef struct fv_group_verdict {
    int64_t first, second;
    fv_verdict verdict;
} fv_group_verdict;

/* Two runs, by number, on the same pictures. Where it is refused there is no `pair`. */
typedef struct fv_pair_verdict {
    int64_t first, second;
    fv_run_pair pair;
    fv_mcnemar mcnemar; /* of one class a picture */
    fv_verdict verdict;
} fv_pair_verdict;

typedef struct fv_comparison {
    int64_t run_count;
    const fv_run_facts *runs;
    double confidence;
    const char *metric; /* "top1", "val_loss"; NULL: there is none that all runs could have */
    bool of_pictures;   /* measured on the test pictures; else the best of a curve */
    bool lower_is_better;
    bool share;                   /* said in per cent */
    const double *values;         /* of each run; NaN: it has none */
    const fv_interval *intervals; /* of each; NaN: none */
    int64_t difference_count, group_count, group_verdict_count, pair_count;
    const fv_run_difference *differences; /* in the order of the settings */
    const fv_run_group *groups;           /* in the order of their first runs */
    const int64_t *group_of;              /* of each run */
    const fv_group_verdict *group_verdicts;
    const fv_pair_verdict *pairs;
} fv_comparison;

/* FV_USAGE: fewer than two runs, two with one name, a metric that there is not. */
FV_MUST_USE fv_error *fv_runs_compare(const fv_run_facts *runs, int64_t count, const fv_compare_options *options,
                                      fv_arena *arena, fv_comparison *out);

/* Parts of it, on their own. */
FV_MUST_USE fv_error *fv_runs_differences(const fv_run_facts *runs, int64_t count, fv_arena *arena,
                                          const fv_run_difference **out, int64_t *out_count);
/* `group_of`: one a run. */
FV_MUST_USE fv_error *fv_runs_group(const fv_run_facts *runs, int64_t count, fv_arena *arena, const fv_run_group **out,
                                    int64_t *out_count, const int64_t **group_of);
const char *fv_picture_metric(fv_outcome_kind kind); /* the one that test pictures are compared by where none is asked for */
bool fv_metric_is_share(const char *metric);         /* between 0 and 1, and said in per cent */
FV_MUST_USE fv_error *fv_runs_choose_metric(const char *wanted, fv_arena *arena, fv_comparison *comparison);
FV_MUST_USE fv_error *fv_runs_measure(const fv_compare_options *options, fv_arena *arena, fv_comparison *comparison);
/* Groups beside the first one; runs beside the first one. */
FV_MUST_USE fv_error *fv_runs_judge_groups(fv_arena *arena, fv_comparison *comparison);
FV_MUST_USE fv_error *fv_runs_judge_pairs(const fv_compare_options *options, fv_arena *arena, fv_comparison *comparison);
/* compare_say.c: verdict->text. `tests`: how many p was adjusted for; `of_seeds`: chance is that of seeds. */
FV_MUST_USE fv_error *fv_verdict_say(const fv_comparison *comparison, int64_t tests, bool of_seeds, fv_arena *arena,
                                     fv_verdict *verdict);
/* A figure: "98.6 %", "0.0532"; "–" for NaN. */
FV_MUST_USE fv_error *fv_comparison_say(const fv_comparison *comparison, double value, bool share, fv_arena *arena,
                                        const char **out);
/* "96.4 % to 98.9 %"; NULL for none. */
FV_MUST_USE fv_error *fv_comparison_say_interval(const fv_comparison *comparison, fv_interval interval, bool share,
                                                 fv_arena *arena, const char **out);

/* ---- what is shown ---- */

/* One object, as `fovea runs compare --json` prints it (docs/comparing.md). */
void fv_comparison_to_json(const fv_comparison *comparison, fv_text *out);
/* RFC 4180: a run a row, with the settings that differ and all figures. */
void fv_comparison_to_csv(const fv_comparison *comparison, fv_text *out);

#endif
