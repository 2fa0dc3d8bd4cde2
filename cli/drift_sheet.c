/* drift_sheet.c - see drift_sheet.h. */
#include "cli/drift_sheet.h"

#include <stdio.h>
#include <string.h>

#include "core/base/file.h"
#include "data/image.h"

#define CELL 112

static fv_error *add_picture(const fv_drift_finding *f, const fv_drift_driver *d, fv_contact_sheet *sheet) {
    FV_IMAGE(image);
    char caption[256];
    if (fv_file_kind_of(d->source) != FV_FILE_PLAIN) return NULL;
    FV_TRY(fv_image_decode_file(d->source, &(fv_decode_options){ 0 }, &image));
    if (!strcmp(f->on, FV_DRIFT_ON_CLASSES))
        snprintf(caption, sizeof caption, "%s", d->label);
    else
        snprintf(caption, sizeof caption, "%.4g\n%s", d->score, d->label ? d->label : "");
    return fv_contact_sheet_add(sheet, &image, caption, FV_TONE_PLAIN);
}

fv_error *fv_drift_gather(const fv_drift_finding *f, const fv_drift_driver *drivers, int64_t count, fv_contact_sheet *sheet) {
    for (int64_t i = 0; i < count && sheet->count < FV_DRIFT_PICTURES; i++) FV_TRY(add_picture(f, &drivers[i], sheet));
    if (sheet->count) return NULL;
    return fv_error_hint(fv_fail(FV_NOT_FOUND, "none of the pictures is a file any more"),
                         "--sheet and --page show pictures that are still there");
}

fv_error *fv_drift_sheet(const fv_drift_finding *f, const fv_drift_driver *drivers, int64_t count, const char *path) {
    FV_OWNED(fv_arena) arena = NULL;
    char title[256];
    FV_TRY(fv_arena_new("a sheet of pictures", INT64_C(1) << 31, &arena));
    fv_contact_sheet sheet = { .arena = arena, .cell = CELL };
    FV_TRY(fv_drift_gather(f, drivers, count, &sheet));
    snprintf(title, sizeof title, "%s: %s %.3f, threshold %.2f", f->on, f->name, f->value, f->threshold);
    return fv_contact_sheet_write(&sheet, title, 8, path);
}
