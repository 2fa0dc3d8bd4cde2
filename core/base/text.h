/* text.h - a growing byte buffer with a cap, for text that is put together: messages, JSON, the graph's text form.
 * Invariant: `at` is never NULL and at[length] == 0. The first error sticks: later appends do nothing, fv_text_error tells.
 * Open value: fv_text_init / fv_text_release. One thread at a time. */
#ifndef FV_BASE_TEXT_H
#define FV_BASE_TEXT_H

#include <stdbool.h>

#include "core/base/memory.h"

typedef struct fv_text {
    char *at;
    int64_t length, capacity, cap;
    fv_error *error;
} fv_text;

void fv_text_init(fv_text *text, int64_t cap); /* nothing allocated yet */
void fv_text_release(fv_text *text);
#define FV_TEXT(name, cap)                                                                                                     \
    __attribute__((cleanup(fv_text_release))) fv_text name;                                                                    \
    fv_text_init(&name, (cap))

void fv_text_add(fv_text *text, const char *string);
void fv_text_add_bytes(fv_text *text, const void *bytes, int64_t count);
void fv_text_addf(fv_text *text, const char *format, ...) FV_PRINTF(2, 3);
void fv_text_addv(fv_text *text, const char *format, va_list arguments);
void fv_text_add_json(fv_text *text, const char *string); /* quoted and escaped as JSON; invalid UTF-8 becomes U+FFFD */
/* As it is, but what is not UTF-8, controls and their like become U+FFFD: for letters that are drawn. */
void fv_text_add_printable(fv_text *text, const char *string);
/* The bytes of the character at `at`, which is not the end; `*printable` false: U+FFFD is what is added for it. */
int fv_text_character(const char *at, bool *printable);
/* The same, escaped as text or a quoted attribute of XML and HTML. */
void fv_text_add_xml(fv_text *text, const char *string);
void fv_text_add_number(fv_text *text, double value); /* shortest form that reads back to the same double; "nan", "inf" */
void fv_text_clear(fv_text *text);                    /* empty again, memory kept */
FV_MUST_USE fv_error *fv_text_error(fv_text *text);   /* hands over the sticky error, NULL when all is well */
/* `error`, which it takes, sticks unless another does already; NULL changes nothing. For a text that is made of other texts:
 * fv_text_fail(out, fv_text_error(&part)). */
void fv_text_fail(fv_text *text, fv_error *error);

/* A new string (fv_string_free) with what the text holds, or its sticky error. */
FV_MUST_USE fv_error *fv_text_string(fv_text *text, char **out);

/* Reading numbers back: the whole string or false, whatever the locale. Numbers are decimal ("-1.5e-3", "inf", "-.inf", "nan");
 * an integer has digits only. What does not fit is false. */
bool fv_text_to_number(const char *string, double *out);
bool fv_text_to_int(const char *string, int64_t *out);

#endif
