/* card.h - a model card: what a version is, what it was made from, how good it is and where it is not to be trusted, for
 * whoever decides whether to use it (M. Mitchell et al., "Model cards for model reporting", arXiv 1810.03993). Facts are
 * gathered from the model file, what is kept with it and the registry (card_facts.c); the card is a list of blocks made of them
 * (card.c); and is written as Markdown or as one HTML page (card_write.c). */
#ifndef FV_EXPERIMENTS_CARD_H
#define FV_EXPERIMENTS_CARD_H

#include "experiments/held_out.h"
#include "experiments/register.h"
#include "plot/page.h"

typedef struct fv_card_options {
    const char *version; /* reference */
    /* Pictures to measure it on; `data` NULL: what is said of classes is of the predictions kept with it. */
    fv_held_out_options pictures;
    bool corruptions; /* on damaged pictures too; needs `data` */
} fv_card_options;

typedef struct fv_card_class {
    const char *name;
    int64_t support, answered, right;
    fv_interval precision, recall; /* 95 %, Wilson's */
} fv_card_class;

#define FV_CARD_BINS 15
typedef struct fv_card_bin {
    int64_t count;
    double confidence, correct; /* means */
} fv_card_bin;

/* Everything lies in the arena that it was gathered into. */
typedef struct fv_card_facts {
    const fv_version_row *version;
    fv_version_list list; /* that it lies in */
    fv_model_facts model;
    const char *targets;             /* of the recipe; NULL: none */
    const char *recipe;              /* recipe.yaml; NULL: not kept */
    const fv_run_outcomes *outcomes; /* NULL: */
    const char *missing;             /* why there are none */
    const fv_card_class *classes;    /* of the outcomes; NULL of numbers */
    const int64_t *confusion;        /* of one class a picture: rows are true */
    const fv_card_bin *bins;         /* of one class a picture */
    const fv_robustness *robustness; /* fv_corruption_count() rows; NULL: not measured */
    fv_run_data_list data;           /* that its run used */
    fv_lineage came_from, became;
    fv_promotion_list decisions; /* about this version, the newest first */
    fv_note_list notes;
} fv_card_facts;

FV_MUST_USE fv_error *fv_card_gather(fv_registry *registry, const fv_card_options *options, fv_arena *arena,
                                     fv_card_facts *out);
void fv_card_release(fv_card_facts *facts);

/* ---- the card ---- */

typedef enum fv_card_kind {
    FV_CARD_SECTION, /* a heading */
    FV_CARD_TEXT,
    FV_CARD_NOTE, /* that must not be overlooked */
    FV_CARD_LIST, /* a line each in `cells` */
    FV_CARD_TABLE,
    FV_CARD_FIGURES, /* the numbers that matter: cells are value, name, interval or NULL */
    FV_CARD_CHART,   /* SVG; of the page only */
    FV_CARD_CODE     /* `text` below the summary cells[0] */
} fv_card_kind;

typedef struct fv_card_block {
    fv_card_kind kind;
    const char *text;
    const fv_column *columns;
    int64_t column_count, rows;
    const char *const *cells;
} fv_card_block;

typedef struct fv_card {
    const char *title;
    const fv_card_block *blocks;
    int64_t count;
} fv_card;

FV_MUST_USE fv_error *fv_card_make(const fv_card_facts *facts, fv_arena *arena, fv_card *out);

void fv_card_to_markdown(const fv_card *card, fv_text *out);
void fv_card_to_html(const fv_card *card, fv_text *out);

#endif
