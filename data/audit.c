/* audit.c - the looks of a whole set, and what follows from them. */
#include "data/audit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/memory.h"
#include "core/base/size.h"
#include "data/scan.h"

const char *const fv_flaw_names[FV_FLAWS] = { "constant", "dark", "bright", "pale", "blurred", "long" };

/* ---- looking ---- */

typedef struct looker {
    const fv_dataset *set;
    fv_decode_options options;
    fv_look *looks;
    const fv_look **seen;
} looker;

/* Decoded as it is stored, in all its channels and bits: what is decoded otherwise for training can be decoded too. */
static fv_error *look(void *context, int64_t sample, fv_bytes *bytes, fv_image *image) {
    looker *l = context;
    fv_stored stored = { 0 };
    FV_TRY(fv_dataset_fetch_as(l->set, sample, &l->options, &stored, bytes, image));
    int64_t wanted = l->set->decode.channels;
    if (stored.bands || wanted == 2 || wanted > 4) /* they are not converted: refused, or taken as they are */
        FV_TRY(fv_dataset_fetch(l->set, sample, bytes, image));
    FV_TRY(fv_look_at(image, &l->looks[sample]));
    l->looks[sample].channels = (int)stored.channels;
    l->looks[sample].turned = stored.orientation != 1;
    l->seen[sample] = &l->looks[sample];
    return NULL;
}

static fv_error *look_at_all(fv_audit *audit, fv_dataset *set, int64_t workers, fv_scan_progress progress, void *context) {
    looker l = { .set = set, .options = set->decode };
    l.options.channels = 0;
    l.options.keep_u16 = true;
    FV_TRY(fv_arena_take(audit->arena, set->samples.count, &l.looks));
    FV_TRY(fv_arena_take(audit->arena, set->samples.count, &l.seen));
    audit->looks = l.seen;
    return fv_scan(set, workers, look, &l, progress, context);
}

/* ---- judging ---- */

bool fv_audit_has(const fv_audit *audit, const fv_look *look, fv_flaw flaw) {
    const fv_audit_limits *limits = &audit->limits;
    double shorter = (double)fv_min(look->height, look->width), longer = (double)fv_max(look->height, look->width);
    if (flaw != FV_FLAW_CONSTANT && flaw != FV_FLAW_LONG && look->lowest == look->highest) return false;
    switch (flaw) {
    case FV_FLAW_CONSTANT: return look->lowest == look->highest;
    case FV_FLAW_DARK: return look->percent99 < limits->dark;
    case FV_FLAW_BRIGHT: return look->percent5 > limits->bright;
    case FV_FLAW_PALE: return look->percent99 - look->percent1 < limits->contrast;
    case FV_FLAW_BLURRED: return look->sharpness < limits->sharpness; /* not for NaN */
    case FV_FLAW_LONG: return longer > limits->aspect * shorter;
    default: return false;
    }
}

static void count_flaws(fv_audit *audit) {
    for (int64_t i = 0; i < audit->set->samples.count; i++)
        for (int flaw = 0; audit->looks[i] && flaw < FV_FLAWS; flaw++)
            audit->flawed[flaw] += fv_audit_has(audit, audit->looks[i], flaw);
}

static void count_empty(fv_audit *audit) {
    for (int64_t i = 0; i < audit->set->rejected.count; i++)
        audit->empty += !strcmp(((const fv_rejected *)audit->set->rejected.at)[i].reason, FV_EMPTY_FILE);
}

fv_error *fv_audit_new(fv_dataset *set, const fv_audit_limits *limits, int64_t workers, fv_scan_progress progress,
                       void *context, fv_audit **out) {
    FV_OWNED(fv_audit) audit = NULL;
    FV_TRY(fv_memory_new(1, &audit));
    FV_TRY(fv_arena_new("the looks of a data set", INT64_C(1) << 36, &audit->arena));
    audit->set = set;
    audit->limits = *limits;
    FV_TRY(look_at_all(audit, set, workers, progress, context));
    FV_TRY(fv_duplicates_find(audit->looks, set->samples.count, limits->near, audit->arena, &audit->duplicates,
                              &audit->duplicate_count));
    count_flaws(audit);
    count_empty(audit);
    *out = fv_take(&audit);
    return NULL;
}

void fv_audit_free(fv_audit *audit) {
    if (!audit) return;
    fv_arena_free(audit->arena);
    fv_memory_free(audit);
}

bool fv_audit_across_parts(const fv_audit *audit, const fv_duplicates *group) {
    int part = fv_dataset_sample(audit->set, group->at[0])->part;
    for (int64_t i = 1; i < group->count; i++)
        if (fv_dataset_sample(audit->set, group->at[i])->part != part) return true;
    return false;
}

bool fv_audit_labels_differ(const fv_audit *audit, const fv_duplicates *group) {
    int64_t label = fv_dataset_class(audit->set, group->at[0]);
    for (int64_t i = 1; i < group->count; i++)
        if (fv_dataset_class(audit->set, group->at[i]) != label) return true;
    return false;
}

static int by_value(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

fv_error *fv_audit_measure(const fv_audit *audit, int64_t (*measure)(const fv_look *look), fv_audit_range *out) {
    FV_OWNED(fv_memory) memory = NULL;
    int64_t count = 0, *values = NULL;
    FV_TRY(fv_memory_alloc(audit->set->samples.count, sizeof *values, &memory));
    values = memory;
    for (int64_t i = 0; i < audit->set->samples.count; i++)
        if (audit->looks[i]) values[count++] = measure(audit->looks[i]);
    *out = (fv_audit_range){ 0 };
    if (!count) return NULL;
    qsort(values, (size_t)count, sizeof *values, by_value);
    *out = (fv_audit_range){ values[0], values[count / 2], values[count - 1] };
    return NULL;
}
