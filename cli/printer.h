/* printer.h - the one way results reach standard output: as text for people or as JSON for programs, from the same calls.
 *
 *   fv_print_record(p);                        JSON: {"top1":0.98,"classes":["cat","dog"]} and a newline
 *   fv_print_number(p, "top1", 0.98);          text: a line "top1      0.98", a line "classes   cat, dog"
 *   fv_print_texts(p, "classes", names, 2);
 *   fv_print_record_end(p);
 *
 * A record is written when it is whole. What goes wrong in writing (a full disk, a closed pipe) is kept and is the error of
 * fv_printer_finish. */
#ifndef FV_CLI_PRINTER_H
#define FV_CLI_PRINTER_H

#include <stdbool.h>
#include <stdio.h>

#include "core/base/text.h"

typedef struct fv_printer {
    bool json;
    FILE *out;
    fv_text record;
    int depth;      /* of open lists and their items */
    bool first;     /* nothing stands in the innermost one yet */
    int64_t widest; /* key of the record, in columns */
    fv_error *error;
} fv_printer;

void fv_printer_init(fv_printer *printer, FILE *out, bool json);
FV_MUST_USE fv_error *fv_printer_finish(fv_printer *printer); /* what went wrong, if anything; the printer is released */

void fv_print_record(fv_printer *printer);
void fv_print_record_end(fv_printer *printer);
void fv_print_text(fv_printer *printer, const char *key, const char *value); /* NULL is null, and no line */
void fv_print_int(fv_printer *printer, const char *key, int64_t value);
void fv_print_number(fv_printer *printer, const char *key, double value); /* NaN: null, undefined */
void fv_print_bool(fv_printer *printer, const char *key, bool value);
void fv_print_texts(fv_printer *printer, const char *key, const char *const *values, int64_t count);

void fv_print_json(fv_printer *printer, const char *key, const char *json); /* a value made elsewhere; of JSON only */

/* A list of lists, of JSON only: `rows` × `columns` values. */
void fv_print_int_rows(fv_printer *printer, const char *key, const int64_t *values, int64_t rows, int64_t columns);

/* A list of objects, of JSON only: between begin and end, fv_print_item before the keys of each. */
void fv_print_list(fv_printer *printer, const char *key);
void fv_print_item(fv_printer *printer);
void fv_print_list_end(fv_printer *printer);

/* A record made elsewhere, of JSON only: an object, to which the newline is added. */
void fv_print_object(fv_printer *printer, const char *object);

/* A text as people get to see it: what would steer the terminal becomes U+FFFD. Line ends and tabs stay. */
void fv_print_shown(fv_text *out, const char *text);

/* Of text only: a line, or a page as it is. */
void fv_print_line(fv_printer *printer, const char *format, ...) FV_PRINTF(2, 3);
void fv_print_page(fv_printer *printer, const char *text);

#endif
