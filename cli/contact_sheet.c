/* contact_sheet.c - cells of a sheet: a picture as bytes, reduced to its cell. */
#include "cli/contact_sheet.h"

#include <string.h>

#include "core/base/size.h"
#include "data/image.h"
#include "data/resample.h"

/* No larger than the cell; one that is smaller stays as it is, and is enlarged when it is drawn. */
static fv_error *reduce(fv_image *image, int64_t cell) {
    FV_IMAGE(reduced);
    __attribute__((cleanup(fv_resample_release))) fv_resample_work work = { 0 };
    int64_t longer = fv_max(image->height, image->width);
    if (longer <= cell) return NULL;
    int64_t height = fv_max(1, image->height * cell / longer), width = fv_max(1, image->width * cell / longer);
    FV_TRY(fv_resample(image, (fv_box_of_pixels){ 0, 0, image->height, image->width }, height, width, FV_BILINEAR, &work,
                       &reduced));
    fv_image_swap(image, &reduced);
    return NULL;
}

static fv_error *make_room(fv_contact_sheet *sheet) {
    if (sheet->count < sheet->capacity) return NULL;
    fv_sheet_cell *cells;
    int64_t capacity = fv_max(64, 2 * sheet->capacity);
    FV_TRY(fv_arena_take(sheet->arena, capacity, &cells));
    if (sheet->count) memcpy(cells, sheet->cells, (size_t)sheet->count * sizeof *cells);
    sheet->cells = cells, sheet->capacity = capacity;
    return NULL;
}

fv_error *fv_contact_sheet_add(fv_contact_sheet *sheet, const fv_image *image, const char *caption, fv_tone tone) {
    FV_IMAGE(bytes);
    fv_sheet_cell cell = { .tone = tone };
    FV_TRY(fv_image_copy(&bytes, fv_image_size(image), image->pixel, image->pixels));
    if (bytes.pixel != FV_PIXEL_U8) fv_image_to_bytes(&bytes);
    FV_TRY(reduce(&bytes, sheet->cell));
    FV_TRY(make_room(sheet));
    FV_TRY(fv_arena_text(sheet->arena, caption, &cell.caption));
    cell.picture = (fv_picture){ .height = bytes.height, .width = bytes.width, .channels = bytes.channels };
    FV_TRY(fv_arena_copy(sheet->arena, bytes.pixels, fv_image_bytes(&bytes), (void **)&cell.picture.pixels));
    sheet->cells[sheet->count++] = cell;
    return NULL;
}

fv_error *fv_contact_sheet_write(const fv_contact_sheet *sheet, const char *title, int64_t columns, const char *path) {
    fv_sheet_options options = { .title = title, .columns = columns, .cell = sheet->cell };
    return fv_sheet_write(sheet->cells, sheet->count, &options, path);
}
