/* contact_sheet.h - pictures gathered one by one for a sheet (plot/sheet.h), kept no larger than they are shown. */
#ifndef FV_CLI_CONTACT_SHEET_H
#define FV_CLI_CONTACT_SHEET_H

#include "core/base/arena.h"
#include "fovea/data.h"
#include "plot/sheet.h"

typedef struct fv_contact_sheet {
    fv_arena *arena; /* of pictures and captions */
    int64_t cell;    /* pixels that a picture may have each way */
    int64_t count, capacity;
    fv_sheet_cell *cells;
} fv_contact_sheet;

/* `image`: u8, u16, or f32 on the scale 0…255; any channels. The caption is copied. */
FV_MUST_USE fv_error *fv_contact_sheet_add(fv_contact_sheet *sheet, const fv_image *image, const char *caption, fv_tone tone);
FV_MUST_USE fv_error *fv_contact_sheet_write(const fv_contact_sheet *sheet, const char *title, int64_t columns,
                                             const char *path);

#endif
