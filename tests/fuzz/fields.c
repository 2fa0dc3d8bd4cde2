/* Any bytes as options in one of their forms (the first byte chooses: text, YAML, JSON, command line): an error, or options
 * whose text, YAML and JSON read back to equal ones. */
#include <string.h>

#include "core/base/assert.h"
#include "core/base/fields.h"

typedef struct options {
    int64_t window[2], seed;
    double rate, bounds[2];
    bool ceil;
    int mode;
    fv_ints dims;
    fv_floats weights;
    const char *name;
    fv_strings tags, rest;
} options;

static const fv_field fields[] = {
    FV_FIELD(options, window, .required = true, .min = 1),
    FV_FIELD(options, seed, .by_default = "-1", .flag = "s"),
    FV_FIELD(options, rate, .by_default = "0.5", .max = 1, .alias = "p"),
    FV_FIELD(options, bounds),
    FV_FIELD(options, ceil, .flag = "c"),
    FV_FIELD(options, mode, .by_default = "reflect", .names = "constant,reflect,edge"),
    FV_FIELD(options, dims, .min = -4, .max = 4),
    FV_FIELD(options, weights, .by_default = "1,1"),
    FV_FIELD(options, name, .by_default = "\"a b\"", .min = 1, .max = 40),
    FV_FIELD(options, tags),
    FV_FIELD(options, rest, .positional = true),
    FV_FIELDS_END,
};

static fv_error *read_yaml(options *to, const char *text, int64_t length, bool *given, fv_arena *arena) {
    const fv_yaml *map;
    FV_TRY(fv_fields_defaults(fields, to, arena));
    FV_TRY(fv_yaml_parse(text, length, "fuzz", arena, &map));
    FV_TRY(fv_fields_from_yaml(fields, to, map, "fuzz", given, arena));
    return fv_fields_check(fields, to, given);
}

/* Each line is one argument. */
static fv_error *read_flags(options *to, char *text, bool *given, fv_arena *arena) {
    const char *arguments[64];
    int count = 0;
    for (char *rest = text; rest && count < FV_COUNT(arguments);) arguments[count++] = strsep(&rest, "\n");
    FV_TRY(fv_fields_defaults(fields, to, arena));
    FV_TRY(fv_fields_from_flags(fields, to, count, arguments, given, arena));
    return fv_fields_check(fields, to, given);
}

static void check_round_trips(const options *read, fv_arena *arena) {
    static options again;
    bool given[FV_FIELDS_MAX] = { 0 };
    FV_TEXT(text, 1 << 20);
    fv_fields_print(fields, read, &text);
    fv_error *error = fv_fields_parse(fields, &again, text.at, arena);
    FV_ASSERT(!error && fv_fields_equal(fields, read, &again));
    fv_text_clear(&text);
    fv_fields_to_yaml(fields, read, 2, true, &text);
    error = read_yaml(&again, text.at, text.length, given, arena);
    FV_ASSERT(!error && fv_fields_equal(fields, read, &again));
    fv_text_clear(&text);
    fv_fields_to_json(fields, read, &text);
    error = fv_fields_from_json(fields, &again, text.at, "fuzz", arena);
    FV_ASSERT(!error && fv_fields_equal(fields, read, &again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static options read;
    if (size < 1 || size > 1 << 12) return 0;
    bool given[FV_FIELDS_MAX] = { 0 }, plain = true; /* bytes that are no UTF-8 are replaced on the way: nothing to compare */
    FV_OWNED(fv_arena) arena = NULL;
    char text[(1 << 12) + 1] = { 0 };
    memcpy(text, data + 1, size - 1);
    for (const char *at = text; *at; at++) plain = plain && (signed char)*at > 0;
    fv_error *error = fv_arena_new("fuzz", 1 << 24, &arena);
    if (!error && data[0] % 4 == 0) error = fv_fields_parse(fields, &read, text, arena);
    if (!error && data[0] % 4 == 1) error = read_yaml(&read, text, (int64_t)size - 1, given, arena);
    if (!error && data[0] % 4 == 2) error = fv_fields_from_json(fields, &read, text, "fuzz", arena);
    if (!error && data[0] % 4 == 3) error = read_flags(&read, text, given, arena);
    if (!error && (plain || data[0] % 4 % 3)) check_round_trips(&read, arena);
    fv_error_free(error);
    return 0;
}
