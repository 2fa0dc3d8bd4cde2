/* card_sections.h - a card while it is made; its sections of figures (card_figures.c) and of what to beware of
 * (card_limits.c). */
#ifndef FV_EXPERIMENTS_CARD_SECTIONS_H
#define FV_EXPERIMENTS_CARD_SECTIONS_H

#include "experiments/card.h"

#define FV_CARD_BLOCKS_MAX 256 /* more than all sections make */

typedef struct fv_card_draft {
    const fv_card_facts *facts;
    fv_arena *arena;
    fv_card_block *blocks;
    int64_t count;
} fv_card_draft;

/* The next block; the caller fills it. */
fv_card_block *fv_card_add(fv_card_draft *draft, fv_card_kind kind);
void fv_card_section(fv_card_draft *draft, const char *heading);
FV_MUST_USE fv_error *fv_card_say(fv_card_draft *draft, fv_card_kind kind, const char *format, ...) FV_PRINTF(3, 4);
void fv_card_table(fv_card_draft *draft, const fv_column *columns, int64_t column_count, const char *const *cells,
                   int64_t rows);

/* card_figures.c */
FV_MUST_USE fv_error *fv_card_head(fv_card_draft *draft); /* the figures that matter most */
FV_MUST_USE fv_error *fv_card_figures(fv_card_draft *draft);
FV_MUST_USE fv_error *fv_card_classes(fv_card_draft *draft);
FV_MUST_USE fv_error *fv_card_calibration(fv_card_draft *draft);
FV_MUST_USE fv_error *fv_card_robustness(fv_card_draft *draft);
/* "91.0 % to 95.2 %"; NULL where there is none. */
FV_MUST_USE fv_error *fv_card_say_interval(fv_arena *arena, const char *metric, fv_interval interval, int64_t count,
                                           const char **out);
FV_MUST_USE fv_error *fv_card_say_value(fv_arena *arena, const char *metric, double value, int64_t count, const char **out);

/* card_limits.c */
FV_MUST_USE fv_error *fv_card_limits(fv_card_draft *draft);

#endif
