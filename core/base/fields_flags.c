/* fields_flags.c - the command line into options. A bool never takes the next argument as its value (--flag, --no-flag, or
 * --flag=false); every other flag does, unless that argument looks like a long flag itself (then --name=--value says it is
 * meant). What a shell has already split needs no quotes: a text is taken as it is; lists are cut at their commas. */
#include <string.h>

#include "core/base/fields.h"

typedef struct arguments {
    const fv_field *fields;
    void *options;
    int argc, next;
    const char *const *argv;
    bool *given;              /* the caller's, may be NULL */
    bool here[FV_FIELDS_MAX]; /* given on this line */
    bool only_positional;     /* behind "--" */
    fv_arena *arena;
} arguments;

/* Appends what one more --tag, or one more positional argument, says to a list that has some. */
static fv_error *append_strings(const fv_field *field, arguments *from, const fv_strings *before) {
    fv_strings *list = (fv_strings *)((char *)from->options + field->offset);
    fv_strings more = *list;
    const char **all;
    FV_TRY(fv_arena_take(from->arena, before->count + more.count, &all));
    for (int64_t i = 0; i < before->count; i++) all[i] = before->at[i];
    for (int64_t i = 0; i < more.count; i++) all[before->count + i] = more.at[i];
    *list = (fv_strings){ .count = before->count + more.count, .at = all };
    return NULL;
}

/* `literal`: the value is one piece, commas and all. */
static fv_error *set(arguments *from, const fv_field *field, const char *value, bool literal) {
    int64_t row = field - from->fields;
    bool list = field->type == FV_FIELD_STRINGS;
    fv_strings before = { 0 };
    if (list && from->here[row]) before = *(const fv_strings *)((const char *)from->options + field->offset);
    if (literal || field->type == FV_FIELD_TEXT)
        FV_TRY(fv_field_set_pieces(field, from->options, &value, 1, from->arena));
    else
        FV_TRY(fv_field_set(field, from->options, value, from->arena));
    if (before.count) FV_TRY(append_strings(field, from, &before));
    from->here[row] = true;
    if (from->given) from->given[row] = true;
    return NULL;
}

/* The argument behind the flag `shown`, which needs one. */
static fv_error *take_value(arguments *from, const char *shown, const char **value) {
    const char *next = from->next < from->argc ? from->argv[from->next] : NULL;
    fv_error *error = NULL;
    if (!next)
        error = fv_fail(FV_USAGE, "%s needs a value", shown);
    else if (next[0] == '-' && next[1] == '-') {
        error = fv_fail(FV_USAGE, "%s needs a value, and \"%s\" looks like an option", shown, next);
        return fv_error_hint(error, "%s=%s takes it as the value", shown, next);
    }
    *value = next;
    from->next++;
    return error;
}

/* The field of a long flag without its dashes, and whether it was --no-NAME; NULL: there is none. */
static const fv_field *find_flag(const fv_field *fields, const char *name, bool *negated) {
    const fv_field *field = fv_fields_find(fields, name);
    *negated = false;
    if (!field && strncmp(name, "no-", 3) == 0) {
        field = fv_fields_find(fields, name + 3);
        if (field && field->type != FV_FIELD_BOOL) field = NULL;
        *negated = field != NULL;
    }
    return field && !field->positional ? field : NULL;
}

static fv_error *set_long(arguments *from, const char *argument) {
    const char *equals = strchr(argument, '=');
    FV_TEXT(name, 1 << 12);
    fv_text_add_bytes(&name, argument + 2, equals ? equals - argument - 2 : (int64_t)strlen(argument + 2));
    FV_TRY(fv_text_error(&name));
    bool negated;
    const fv_field *field = find_flag(from->fields, name.at, &negated);
    if (!field) return fv_fields_unknown(from->fields, name.at, true);
    if (negated && equals) return fv_fail(FV_USAGE, "--%s takes no value", name.at);
    const char *value = negated ? "false" : equals ? equals + 1 : field->type == FV_FIELD_BOOL ? "true" : NULL;
    FV_TEXT(shown, 1 << 12);
    fv_text_addf(&shown, "--%s", name.at);
    FV_TRY(fv_text_error(&shown));
    if (!value) FV_TRY(take_value(from, shown.at, &value));
    return fv_error_wrap(set(from, field, value, false), "%s", shown.at);
}

static fv_error *set_short(arguments *from, const char *argument) {
    const char letter[] = { argument[1], 0 };
    const fv_field *field = from->fields;
    while (field->name && (!field->flag || strcmp(field->flag, letter) != 0)) field++;
    if (!field->name) return fv_fail(FV_USAGE, "there is no option %.60s", argument);
    const char shown[] = { '-', argument[1], 0 }, *value = argument[2] ? argument + 2 : NULL;
    if (field->type == FV_FIELD_BOOL && value) return fv_fail(FV_USAGE, "%s takes no value", shown);
    if (field->type == FV_FIELD_BOOL) value = "true";
    if (!value) FV_TRY(take_value(from, shown, &value));
    return fv_error_wrap(set(from, field, value, false), "%s", shown);
}

static fv_error *set_positional(arguments *from, const char *argument) {
    for (const fv_field *field = from->fields; field->name; field++) {
        bool takes_more = field->type == FV_FIELD_STRINGS || !from->here[field - from->fields];
        if (field->positional && takes_more) return set(from, field, argument, field->type == FV_FIELD_STRINGS);
    }
    return fv_fail(FV_USAGE, "unexpected argument \"%.100s\"", argument);
}

static bool is_digit(char c) { return (c >= '0' && c <= '9') || c == '.'; }

fv_error *fv_fields_from_flags(const fv_field *fields, void *options, int argc, const char *const *argv, bool *given,
                               fv_arena *arena) {
    arguments from = { .fields = fields, .options = options, .argc = argc, .argv = argv, .given = given, .arena = arena };
    while (from.next < argc) {
        const char *argument = argv[from.next++];
        bool flag = argument[0] == '-' && argument[1] && !is_digit(argument[1]) && !from.only_positional;
        if (flag && strcmp(argument, "--") == 0)
            from.only_positional = true;
        else if (flag && argument[1] == '-')
            FV_TRY(set_long(&from, argument));
        else if (flag)
            FV_TRY(set_short(&from, argument));
        else
            FV_TRY(set_positional(&from, argument));
    }
    return NULL;
}
