/* card.c - a card's blocks, section by section. What is not known is said to be not known. */
#include "experiments/card.h"

#include <math.h>
#include <string.h>

#include "core/base/size.h"
#include "experiments/card_sections.h"
#include "experiments/lineage_words.h"

/* ---- blocks ---- */

fv_card_block *fv_card_add(fv_card_draft *d, fv_card_kind kind) {
    if (d->count == FV_CARD_BLOCKS_MAX) return &d->blocks[d->count - 1];
    d->blocks[d->count].kind = kind;
    return &d->blocks[d->count++];
}

void fv_card_section(fv_card_draft *d, const char *heading) { fv_card_add(d, FV_CARD_SECTION)->text = heading; }

fv_error *fv_card_say(fv_card_draft *d, fv_card_kind kind, const char *format, ...) {
    FV_TEXT(text, 1 << 20);
    va_list arguments;
    va_start(arguments, format);
    fv_text_addv(&text, format, arguments);
    va_end(arguments);
    FV_TRY(fv_text_error(&text));
    return fv_arena_text(d->arena, text.at, &fv_card_add(d, kind)->text);
}

void fv_card_table(fv_card_draft *d, const fv_column *columns, int64_t column_count, const char *const *cells, int64_t rows) {
    fv_card_block *block = fv_card_add(d, FV_CARD_TABLE);
    block->columns = columns;
    block->column_count = column_count;
    block->cells = cells;
    block->rows = rows;
}

/* ---- what it is ---- */

static const char *const tasks[] = { "names one class a picture", "says any number of labels a picture",
                                     "says a number a picture" };

static fv_error *say_aliases(fv_card_draft *d, const char **out) {
    const fv_version_row *v = d->facts->version;
    FV_TEXT(text, 1 << 20);
    for (int64_t i = 0; i < v->alias_count; i++) fv_text_addf(&text, "%s%s", i ? ", " : "", v->aliases[i]);
    FV_TRY(fv_text_error(&text));
    return fv_arena_text(d->arena, v->alias_count ? text.at : "none", out);
}

static fv_error *describe(fv_card_draft *d) {
    static const fv_column columns[] = { { "", false }, { "", false } };
    const fv_card_facts *f = d->facts;
    const fv_version_row *v = f->version;
    const fv_model_facts *m = &f->model;
    const char **cells;
    int64_t rows = 0;
    FV_TRY(fv_arena_take(d->arena, 20, &cells));
    if (*v->description) FV_TRY(fv_card_say(d, FV_CARD_TEXT, "%s", v->description));
    cells[2 * rows] = "task";
    FV_TRY(fv_arena_format(d->arena, &cells[2 * rows++ + 1], "it %s%s", tasks[m->task],
                           m->task == FV_NUMBERS ? "" : ", of the classes below"));
    cells[2 * rows] = "network";
    FV_TRY(fv_arena_format(d->arena, &cells[2 * rows++ + 1], "%s, %lld parameters", m->arch ? m->arch : "not said",
                           (long long)m->parameters));
    cells[2 * rows] = "input";
    FV_TRY(fv_arena_format(d->arena, &cells[2 * rows++ + 1], "%lld × %lld × %lld, after the transforms that the file has",
                           (long long)m->height, (long long)m->width, (long long)m->channels));
    cells[2 * rows] = "file";
    FV_TRY(fv_arena_format(d->arena, &cells[2 * rows++ + 1], "%.2f MB, BLAKE2b-256 %s", (double)v->size / 1e6, v->digest));
    cells[2 * rows] = "registered by";
    cells[2 * rows++ + 1] = v->created_by;
    cells[2 * rows] = "aliases";
    FV_TRY(say_aliases(d, &cells[2 * rows++ + 1]));
    fv_card_table(d, columns, 2, cells, rows);
    return NULL;
}

/* ---- what it was made from ---- */

static fv_error *tell_data(fv_card_draft *d) {
    static const fv_column columns[] = {
        { "data set", false }, { "used to", false }, { "pictures", true }, { "licence", false }, { "fingerprint", false }
    };
    const fv_card_facts *f = d->facts;
    const char **cells;
    fv_card_section(d, "Data");
    if (!f->data.count)
        return fv_card_say(d, FV_CARD_NOTE, "Which pictures it was trained on is not known to this registry: %s.",
                           f->version->run ? "its run names no data set" : "it was registered without a tracked run");
    FV_TRY(fv_arena_take(d->arena, 5 * f->data.count, &cells));
    for (int64_t i = 0; i < f->data.count; i++) {
        const fv_run_data *set = &f->data.at[i];
        const char **row = &cells[5 * i];
        row[0] = set->name;
        row[1] = !strcmp(set->role, "train") ? "train" : !strcmp(set->role, "val") ? "validate" : "test";
        FV_TRY(fv_arena_format(d->arena, &row[2], "%lld", (long long)set->samples));
        row[3] = set->licence && *set->licence ? set->licence : "not said";
        FV_TRY(fv_arena_format(d->arena, &row[4], "%.16s…", set->digest));
    }
    fv_card_table(d, columns, 5, cells, f->data.count);
    return NULL;
}

static fv_error *tell_recipe(fv_card_draft *d) {
    const char **cells;
    if (!d->facts->recipe) return NULL;
    FV_TRY(fv_arena_take(d->arena, 1, &cells));
    cells[0] = "The recipe that it was trained by";
    fv_card_block *block = fv_card_add(d, FV_CARD_CODE);
    block->text = d->facts->recipe;
    block->cells = cells;
    return NULL;
}

static fv_error *tell_licences(fv_card_draft *d) {
    static const fv_column columns[] = { { "of", false }, { "licence", false }, { "by way of", false } };
    const fv_version_row *v = d->facts->version;
    const char **cells;
    fv_card_section(d, "Licences");
    if (!v->licence_count)
        return fv_card_say(d, FV_CARD_NOTE, "Nothing is said of the licences of what it was made from: ask before it is used.");
    FV_TRY(fv_arena_take(d->arena, 3 * v->licence_count, &cells));
    for (int64_t i = 0; i < v->licence_count; i++) {
        cells[3 * i] = v->licences[i].of;
        cells[3 * i + 1] = v->licences[i].licence;
        cells[3 * i + 2] = v->licences[i].from;
    }
    fv_card_table(d, columns, 3, cells, v->licence_count);
    return NULL;
}

/* ---- lineage and decisions ---- */

static fv_error *add_edges(fv_card_draft *d, const fv_lineage *lineage, bool forward) {
    const char **cells;
    FV_TRY(fv_arena_take(d->arena, lineage->count, &cells));
    for (int64_t i = 0; i < lineage->count; i++) FV_TRY(fv_lineage_say(&lineage->at[i], forward, d->arena, &cells[i]));
    fv_card_block *block = fv_card_add(d, FV_CARD_LIST);
    block->cells = cells;
    block->rows = lineage->count;
    return NULL;
}

static fv_error *tell_lineage(fv_card_draft *d) {
    const fv_card_facts *f = d->facts;
    fv_card_section(d, "Lineage");
    if (!f->came_from.count) FV_TRY(fv_card_say(d, FV_CARD_TEXT, "What it came from is not known to this registry."));
    if (f->came_from.count) FV_TRY(fv_card_say(d, FV_CARD_TEXT, "What it came from, the nearest first:"));
    if (f->came_from.count) FV_TRY(add_edges(d, &f->came_from, false));
    if (!f->became.count) return NULL;
    FV_TRY(fv_card_say(d, FV_CARD_TEXT, "What came of it:"));
    return add_edges(d, &f->became, true);
}

static fv_error *tell_decisions(fv_card_draft *d) {
    static const fv_column columns[] = {
        { "alias", false }, { "decision", false }, { "from", true }, { "to", true }, { "by", false }
    };
    const fv_promotion_list *all = &d->facts->decisions;
    const char **cells;
    if (!all->count) return NULL;
    FV_TRY(fv_arena_take(d->arena, 5 * all->count, &cells));
    for (int64_t i = 0; i < all->count; i++) {
        const struct fv_promotion *p = &all->at[i];
        const char **row = &cells[5 * i];
        row[0] = p->alias;
        FV_TRY(fv_arena_format(d->arena, &row[1], "%s%s", fv_alias_verb_name(p->verb), p->taken ? "" : ", held back"));
        FV_TRY(fv_arena_format(d->arena, &row[2], "%lld", (long long)p->previous));
        FV_TRY(fv_arena_format(d->arena, &row[3], "%lld", (long long)p->version));
        row[4] = p->actor;
    }
    fv_card_section(d, "Decisions about it");
    fv_card_table(d, columns, 5, cells, all->count);
    return NULL;
}

static fv_error *tell_notes(fv_card_draft *d) {
    const fv_note_list *notes = &d->facts->notes;
    if (notes->count) fv_card_section(d, "Notes");
    for (int64_t i = 0; i < notes->count; i++)
        FV_TRY(fv_card_say(d, FV_CARD_TEXT, "%s (%s)", notes->at[i].text, notes->at[i].author));
    return NULL;
}

/* ---- the whole card ---- */

fv_error *fv_card_make(const fv_card_facts *facts, fv_arena *arena, fv_card *out) {
    fv_card_draft d = { .facts = facts, .arena = arena };
    FV_TRY(fv_arena_take(arena, FV_CARD_BLOCKS_MAX, &d.blocks));
    FV_TRY(fv_arena_format(arena, &out->title, "Model card: %s, version %lld", facts->version->model,
                           (long long)facts->version->number));
    FV_TRY(fv_card_head(&d));
    FV_TRY(describe(&d));
    FV_TRY(fv_card_limits(&d));
    FV_TRY(tell_data(&d));
    FV_TRY(fv_card_figures(&d));
    FV_TRY(fv_card_classes(&d));
    FV_TRY(fv_card_calibration(&d));
    FV_TRY(fv_card_robustness(&d));
    FV_TRY(tell_licences(&d));
    FV_TRY(tell_lineage(&d));
    FV_TRY(tell_decisions(&d));
    FV_TRY(tell_notes(&d));
    FV_TRY(tell_recipe(&d));
    out->blocks = d.blocks;
    out->count = d.count;
    return NULL;
}
