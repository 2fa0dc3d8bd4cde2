/* fields.h - one table describes an options struct: it gives text form, YAML, JSON, flags, validation, help and documentation.
 *
 *   typedef struct { int64_t window[2]; double rate; bool ceil; int mode; fv_ints dims; const char *name; } my_options;
 *   static const fv_field fields[] = {
 *       FV_FIELD(my_options, window, .required = true, .min = 1, .help = "height and width of the window"),
 *       FV_FIELD(my_options, rate, .by_default = "0.5", .min = 0, .max = 1, .help = "probability of dropping"),
 *       FV_FIELD(my_options, mode, .by_default = "constant", .names = "constant,reflect,edge", .help = "what lies outside"),
 *       FV_FIELDS_END };
 *
 * The type comes from the member by _Generic, so a row cannot lie about it. Defaults live in the table, not in code (zero is a
 * real wish). Values have one text form: true/false, integers, shortest doubles that read back, names of a choice, lists with
 * commas, strings bare or, where they hold a space, comma, quote or '=' or are empty, in double quotes with JSON's escapes. An
 * empty value is an empty list, and for a text it is NULL.
 * Range: [min, max], inclusive, binds every element of numbers, and the length in bytes of texts, with two exceptions: both
 * zero is unbounded, and max zero with min above zero has no upper end (else say .max = INFINITY). NaN is in no range but the
 * unbounded one. A field without .by_default that is not required may always be zero, empty or NULL when nobody sets it: it
 * means "not given". Fields tables are const; options structs belong to the caller; strings and lists point into the arena that
 * was given. Errors: FV_USAGE naming the field, the value, what is allowed, and for an unknown name the nearest one as a
 * hint. */
#ifndef FV_BASE_FIELDS_H
#define FV_BASE_FIELDS_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/base/arena.h"
#include "core/base/text.h"

#define FV_FIELDS_MAX 128 /* rows of a table, at most: `bool given[FV_FIELDS_MAX]` is always enough */
#define FV_INTS_MAX 8
typedef struct fv_ints { /* a short list: dimensions, axes */
    int64_t count, at[FV_INTS_MAX];
} fv_ints;
typedef struct fv_floats { /* any length */
    int64_t count;
    const double *at;
} fv_floats;
typedef struct fv_strings { /* any length */
    int64_t count;
    const char *const *at;
} fv_strings;

typedef enum fv_field_type {
    FV_FIELD_BOOL,    /* bool */
    FV_FIELD_INT,     /* int64_t, or int64_t[n] with n values (one value given fills all n) */
    FV_FIELD_FLOAT,   /* double, or double[n], likewise */
    FV_FIELD_CHOICE,  /* int or an enum: the index of a name in .names */
    FV_FIELD_TEXT,    /* const char *, NULL when not given */
    FV_FIELD_INTS,    /* fv_ints */
    FV_FIELD_FLOATS,  /* fv_floats */
    FV_FIELD_STRINGS, /* fv_strings */
    FV_FIELD_NOTHING  /* the end of a table */
} fv_field_type;

typedef struct fv_field {
    const char *name; /* snake_case; a flag is --kebab-case */
    fv_field_type type;
    size_t offset;
    int count;              /* elements of a fixed array; 1 for all else */
    const char *by_default; /* in text form; NULL: zero, empty, NULL, the first name */
    double min, max;        /* see Range above */
    const char *names;      /* of a choice: "constant,reflect,edge" */
    const char *alias;      /* an old or short name: "lr" for learning_rate */
    const char *flag;       /* one letter, for the command line: "n" gives -n */
    const char *value;      /* what help calls the value: "DIR"; NULL: from the type */
    const char *help;       /* one phrase, no full stop */
    bool required;
    bool positional; /* on the command line: not a flag; a fv_strings takes all that is left */
    bool hidden;     /* not in help */
} fv_field;

#define FV_FIELD_TYPE(member)                                                                                                  \
    _Generic((member), bool: FV_FIELD_BOOL, int64_t: FV_FIELD_INT, int64_t *: FV_FIELD_INT, double: FV_FIELD_FLOAT,            \
        double *: FV_FIELD_FLOAT, int: FV_FIELD_CHOICE, unsigned: FV_FIELD_CHOICE, const char *: FV_FIELD_TEXT,                \
        fv_ints: FV_FIELD_INTS, fv_floats: FV_FIELD_FLOATS, fv_strings: FV_FIELD_STRINGS)
#define FV_FIELD_SIZE(member)                                                                                                  \
    _Generic((member), int64_t * : sizeof(int64_t), double * : sizeof(double), default : sizeof(member))
#define FV_FIELD(S, member, ...)                                                                                               \
    {                                                                                                                          \
        .name = #member, .type = FV_FIELD_TYPE(((S *)0)->member), .offset = offsetof(S, member),                               \
        .count = (int)(sizeof(((S *)0)->member) / (FV_FIELD_SIZE(((S *)0)->member))), __VA_ARGS__                              \
    }
#define FV_FIELDS_END                                                                                                          \
    { .name = NULL, .type = FV_FIELD_NOTHING }
extern const fv_field fv_no_fields[]; /* the empty table */

/* Bytes of an options struct that holds every field (the largest end, rounded up to 16; 16 for an empty table). */
int64_t fv_fields_size(const fv_field *fields);
/* Every field, and no byte besides; what strings and lists point to is shared. */
void fv_fields_copy(const fv_field *fields, void *to, const void *from);

/* The field called `name` (or so by alias; '-' and '_' are alike), or NULL. */
const fv_field *fv_fields_find(const fv_field *fields, const char *name);
/* The nearest of the names by edit distance, or NULL when none is near (more than a third of the letters differ). */
const char *fv_nearest_name(const char *name, const char *const *names, int64_t count);

/* In words what the field's value must be, for messages and help: "2 integers of at least 1". */
void fv_field_allowed(const fv_field *field, fv_text *out);
void fv_field_print_flag(const char *name, fv_text *out); /* "--weight-decay" */
/* The two sides of a row of help: "-n, --epochs N", and "an integer of at least 1; default 10". */
void fv_field_print_left(const fv_field *field, bool flags, fv_text *out);
void fv_field_print_rule(const fv_field *field, fv_text *out);
/* The error for a name that no field has, with the nearest one, or all names, as the hint. `flag`: it stood on the command
 * line, and names are said as flags. */
FV_MUST_USE fv_error *fv_fields_unknown(const fv_field *fields, const char *name, bool flag);

/* On an error the field that failed may be half set; what else is in `options` is untouched. */
FV_MUST_USE fv_error *fv_fields_defaults(const fv_field *fields, void *options, fv_arena *arena);
/* Sets one field from text; a fixed array takes one value or all. Checks type, range and names. */
FV_MUST_USE fv_error *fv_fields_set(const fv_field *fields, void *options, const char *name, const char *value,
                                    fv_arena *arena);
/* The same for a field at hand, from its text form; and from its values one by one, each as it is (never in quotes; NULL is
 * null). */
FV_MUST_USE fv_error *fv_field_set(const fv_field *field, void *options, const char *value, fv_arena *arena);
FV_MUST_USE fv_error *fv_field_set_pieces(const fv_field *field, void *options, const char *const *pieces, int64_t count,
                                          fv_arena *arena);
/* Defaults, then "name=value name=value …" (NULL and "" are allowed), then fv_fields_check with what was given. */
FV_MUST_USE fv_error *fv_fields_parse(const fv_field *fields, void *options, const char *text, fv_arena *arena);
/* Required fields that `given` (a bool for each row; NULL: all given) lacks; ranges and choices of all. */
FV_MUST_USE fv_error *fv_fields_check(const fv_field *fields, const void *options, const bool *given);

/* Appends "name=value …", a space between, without the fields that have their default; parses back to equal options. */
void fv_fields_print(const fv_field *fields, const void *options, fv_text *out);
void fv_field_print_value(const fv_field *field, const void *options, fv_text *out); /* the value alone */
void fv_field_print_json(const fv_field *field, const void *options, fv_text *out);  /* the value alone, as JSON */
void fv_field_print_yaml(const fv_field *field, const void *options,
                         fv_text *out); /* the value alone, as YAML: lists in brackets */
bool fv_field_equal(const fv_field *field, const void *a, const void *b);
bool fv_fields_equal(const fv_field *fields, const void *a, const void *b);

/* JSON object text → options, and back. Like fv_fields_parse: defaults first, a check last. `where` names the document in
 * errors. Infinities and NaN, which JSON has not, are the strings "inf", "-inf", "nan". */
FV_MUST_USE fv_error *fv_fields_from_json(const fv_field *fields, void *options, const char *json, const char *where,
                                          fv_arena *arena);
void fv_fields_to_json(const fv_field *fields, const void *options, fv_text *out); /* every field, one object */

/* A parsed YAML (or JSON) document: a tree that lives in an arena. Size, depth (64) and alias count are capped. */
typedef enum fv_yaml_kind { FV_YAML_SCALAR, FV_YAML_LIST, FV_YAML_MAP } fv_yaml_kind;
typedef struct fv_yaml {
    fv_yaml_kind kind;
    int line;                           /* 1-based */
    const char *scalar;                 /* of a scalar: its text; plain `null` and `~` are NULL */
    int64_t count;                      /* of a list or map */
    const struct fv_yaml *const *items; /* of a list or map: the values */
    const char *const *keys;            /* of a map */
} fv_yaml;
FV_MUST_USE fv_error *fv_yaml_parse(const char *text, int64_t length, const char *where, fv_arena *arena, const fv_yaml **out);
const fv_yaml *fv_yaml_find(const fv_yaml *map, const char *key); /* NULL when absent, or `map` is no map */
/* Sets fields from a map: unknown keys are errors with line and nearest name. No
 * defaults, no check of required fields: a recipe and the command line may each give a part. `map` may be null (an empty file).
 * `given` (a bool a row, may be NULL) is or-ed. */
FV_MUST_USE fv_error *fv_fields_from_yaml(const fv_field *fields, void *options, const fv_yaml *map, const char *where,
                                          bool *given, fv_arena *arena);
/* Every field; with help, as comments. */
void fv_fields_to_yaml(const fv_field *fields, const void *options, int indent, bool with_help, fv_text *out);

/* Repeated: a fv_strings adds up, for all else the last one counts.
 * Command line: --name value, --name=value, --flag, --no-flag, -n value, positional arguments in table order, "--" ends flags.
 * Sets options (defaults are the caller's to set first) and or-s `given`. Does not check required fields (fv_fields_check
 * does). */
FV_MUST_USE fv_error *fv_fields_from_flags(const fv_field *fields, void *options, int argc, const char *const *argv,
                                           bool *given, fv_arena *arena);

/* Help as text for a terminal (aligned, 100 columns) and as a Markdown table, from the same rows. `flags`: --names with
 * values. */
void fv_fields_help(const fv_field *fields, bool flags, fv_text *out);
void fv_fields_markdown(const fv_field *fields, fv_text *out);

#endif
