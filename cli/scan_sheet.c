/* scan_sheet.c - which pictures of a scan are worth a look, on one sheet of eight columns. */
#include "cli/scan_sheet.h"

#include <string.h>

#include "cli/contact_sheet.h"
#include "core/base/memory.h"
#include "core/base/size.h"
#include "data/image.h"

#define COLUMNS 8
#define CELL 112
#define CLASSES_MAX 24 /* rows, of the first classes */
#define FLAWED_MAX 8   /* of each flaw */
#define PAIRS_MAX 16

typedef struct sheet {
    const fv_audit *audit;
    fv_contact_sheet cells;
    fv_image image;
} sheet;

static fv_error *add(sheet *s, int64_t sample, const char *caption, fv_tone tone) {
    const char *id = fv_dataset_id(s->audit->set, sample), *slash = strrchr(id, '/');
    FV_TEXT(lines, 4096);
    fv_text_addf(&lines, "%s\n%s", caption, slash ? slash + 1 : id);
    FV_TRY(fv_dataset_read(s->audit->set, sample, &s->image));
    fv_image_to_bytes(&s->image);
    return fv_contact_sheet_add(&s->cells, &s->image, lines.at, tone);
}

/* `samples`: room for as many as the set has. */
static fv_error *add_class(sheet *s, int64_t label, int64_t *samples) {
    const fv_dataset *set = s->audit->set;
    int64_t all = 0;
    for (int64_t i = 0; i < fv_dataset_count(set); i++)
        if (s->audit->looks[i] && fv_dataset_class(set, i) == label) samples[all++] = i;
    int64_t count = fv_min(COLUMNS, all);
    for (int64_t i = 0; i < count; i++)
        FV_TRY(add(s, samples[(2 * i + 1) * all / (2 * count)], label < 0 ? "" : fv_dataset_class_name(set, label),
                   FV_TONE_PLAIN));
    return NULL;
}

static fv_error *add_flawed(sheet *s, fv_flaw flaw) {
    int64_t added = 0;
    for (int64_t i = 0; i < fv_dataset_count(s->audit->set) && added < FLAWED_MAX; i++) {
        if (!s->audit->looks[i] || !fv_audit_has(s->audit, s->audit->looks[i], flaw)) continue;
        FV_TRY(add(s, i, fv_flaw_names[flaw], FV_TONE_WRONG));
        added++;
    }
    return NULL;
}

static fv_error *add_pair(sheet *s, const fv_duplicates *group) {
    const char *caption = group->exact ? "equal" : "similar";
    FV_TRY(add(s, group->at[0], caption, FV_TONE_WRONG));
    return add(s, group->at[1], caption, FV_TONE_WRONG);
}

static fv_error *add_pairs(sheet *s) {
    int64_t added = 0;
    for (int64_t i = 0; i < s->audit->duplicate_count && added < PAIRS_MAX; i++) {
        const fv_duplicates *group = &s->audit->duplicates[i];
        if (!fv_audit_across_parts(s->audit, group) && !fv_audit_labels_differ(s->audit, group)) continue;
        FV_TRY(add_pair(s, group));
        added++;
    }
    return NULL;
}

static fv_error *add_all(sheet *s) {
    FV_OWNED(fv_memory) samples = NULL;
    int64_t classes = fv_dataset_class_count(s->audit->set);
    FV_TRY(fv_memory_alloc(fv_dataset_count(s->audit->set), sizeof(int64_t), &samples));
    for (int64_t c = 0; c < fv_min(classes, CLASSES_MAX); c++) FV_TRY(add_class(s, c, samples));
    if (!classes) FV_TRY(add_class(s, -1, samples));
    for (int flaw = 0; flaw < FV_FLAWS; flaw++) FV_TRY(add_flawed(s, flaw));
    return add_pairs(s);
}

fv_error *fv_scan_sheet_write(const fv_audit *audit, const char *path) {
    FV_OWNED(fv_arena) arena = NULL;
    FV_TRY(fv_arena_new("a sheet of pictures", INT64_C(1) << 32, &arena));
    sheet s = { .audit = audit, .cells = { .arena = arena, .cell = CELL } };
    fv_error *error = add_all(&s);
    fv_image_release(&s.image);
    FV_TRY(error);
    return fv_contact_sheet_write(&s.cells, fv_dataset_path(audit->set), COLUMNS, path);
}
