/* fields.c - what a table of fields says about one value: its place, its name, its range, whether it is the default. Forms are
 * in fields_text.c, fields_json.c, fields_yaml.c, fields_flags.c and fields_help.c; all of them set values through
 * fv_field_set_pieces, so a value is read, checked and refused in one place and in the same words. */
#include <string.h>
#include <strings.h>

#include "core/base/assert.h"
#include "core/base/fields.h"
#include "core/base/size.h"

const fv_field fv_no_fields[] = { FV_FIELDS_END };

static int64_t value_size(const fv_field *field) {
    static const int64_t sizes[] = {
        [FV_FIELD_BOOL] = sizeof(bool),        [FV_FIELD_INT] = sizeof(int64_t),        [FV_FIELD_FLOAT] = sizeof(double),
        [FV_FIELD_CHOICE] = sizeof(int),       [FV_FIELD_TEXT] = sizeof(const char *),  [FV_FIELD_INTS] = sizeof(fv_ints),
        [FV_FIELD_FLOATS] = sizeof(fv_floats), [FV_FIELD_STRINGS] = sizeof(fv_strings),
    };
    return sizes[field->type] * field->count;
}

static void *place(const fv_field *field, void *options) { return (char *)options + field->offset; }
static const void *place_of(const fv_field *field, const void *options) { return (const char *)options + field->offset; }

int64_t fv_fields_size(const fv_field *fields) {
    int64_t end = 16;
    for (; fields->name; fields++) end = fv_max(end, (int64_t)fields->offset + value_size(fields));
    return fv_round_up(end, 16);
}

void fv_fields_copy(const fv_field *fields, void *to, const void *from) {
    for (; fields->name; fields++) memcpy(place(fields, to), place_of(fields, from), (size_t)value_size(fields));
}

/* ---- names ---- */

static bool same_letter(char a, char b) { return a == b || (a == '-' && b == '_') || (a == '_' && b == '-'); }

/* `length` letters of `name` are `other`. */
static bool same_name(const char *name, size_t length, const char *other) {
    if (!other || strlen(other) != length) return false;
    for (size_t i = 0; i < length; i++)
        if (!same_letter(name[i], other[i])) return false;
    return true;
}

const fv_field *fv_fields_find(const fv_field *fields, const char *name) {
    size_t length = strlen(name);
    for (const fv_field *field = fields; field->name; field++)
        if (same_name(name, length, field->name)) return field;
    for (const fv_field *field = fields; field->name; field++)
        if (same_name(name, length, field->alias)) return field;
    return NULL;
}

#define NAME_MAX_LENGTH 64

static bool near_letter(char a, char b) { return same_letter(a, b) || strncasecmp(&a, &b, 1) == 0; }

/* Edit distance with swaps of neighbours (optimal string alignment); case is no difference. Names of up to NAME_MAX_LENGTH. */
static int distance(const char *a, int a_length, const char *b, int b_length) {
    int rows[3][NAME_MAX_LENGTH + 1]; /* of a's prefix two shorter, one shorter, and this one */
    int *before = rows[0], *above = rows[1], *row = rows[2];
    for (int j = 0; j <= b_length; j++) above[j] = j;
    for (int i = 1; i <= a_length; i++) {
        row[0] = i;
        for (int j = 1; j <= b_length; j++) {
            int best = above[j - 1] + !near_letter(a[i - 1], b[j - 1]);
            if (above[j] + 1 < best) best = above[j] + 1;
            if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
            bool swapped = i > 1 && j > 1 && near_letter(a[i - 1], b[j - 2]) && near_letter(a[i - 2], b[j - 1]);
            if (swapped && before[j - 2] + 1 < best) best = before[j - 2] + 1;
            row[j] = best;
        }
        int *oldest = before;
        before = above;
        above = row;
        row = oldest;
    }
    return above[b_length];
}

const char *fv_nearest_name(const char *name, const char *const *names, int64_t count) {
    const char *nearest = NULL;
    int best = NAME_MAX_LENGTH;
    size_t length = strlen(name);
    for (int64_t i = 0; i < count && length <= NAME_MAX_LENGTH; i++) {
        size_t other = strlen(names[i]);
        if (other > NAME_MAX_LENGTH) continue;
        int apart = distance(name, (int)length, names[i], (int)other);
        if (apart >= best || 3 * apart > (int)fv_max((int64_t)length, (int64_t)other)) continue;
        best = apart;
        nearest = names[i];
    }
    return nearest;
}

void fv_field_print_flag(const char *name, fv_text *out) {
    fv_text_add(out, "--");
    for (; *name; name++) fv_text_add_bytes(out, *name == '_' ? "-" : name, 1);
}

static void print_name(const char *name, bool flag, fv_text *out) {
    if (flag)
        fv_field_print_flag(name, out);
    else
        fv_text_addf(out, "\"%s\"", name);
}

fv_error *fv_fields_unknown(const fv_field *fields, const char *name, bool flag) {
    const char *names[2 * FV_FIELDS_MAX];
    int64_t count = 0;
    FV_TEXT(hint, 1 << 16);
    fv_text_add(&hint, "there is");
    for (const fv_field *field = fields; field->name; field++) {
        if (field->hidden || (flag && field->positional)) continue;
        FV_ASSERT(count + 2 <= FV_COUNT(names));
        fv_text_add(&hint, count ? ", " : " ");
        names[count++] = field->name;
        if (field->alias) names[count++] = field->alias;
        print_name(field->name, flag, &hint);
    }
    const char *near = fv_nearest_name(name, names, count);
    if (near) {
        fv_text_clear(&hint);
        fv_text_add(&hint, "did you mean ");
        print_name(near, flag, &hint);
        fv_text_add(&hint, "?");
    }
    fv_error *error = fv_fail(FV_USAGE, flag ? "there is no option --%.*s" : "there is no \"%.*s\"", 2 * NAME_MAX_LENGTH, name);
    return count ? fv_error_hint(error, "%s", hint.at) : error;
}

/* The length of the name at `*at` in a list "a,b,c", and `*at` moved behind it. */
static size_t next_choice(const char **at) {
    size_t length = strcspn(*at, ",");
    *at += length + ((*at)[length] == ',');
    return length;
}

/* ---- ranges, and what to say ---- */

static double lower_end(const fv_field *field) { return field->min == 0 && field->max == 0 ? -(double)INFINITY : field->min; }
static double upper_end(const fv_field *field) { return field->max == 0 && field->min >= 0 ? (double)INFINITY : field->max; }

static bool in_range(const fv_field *field, double value) {
    double low = lower_end(field), high = upper_end(field);
    return (isinf(low) && isinf(high)) || (value >= low && value <= high);
}

static void print_range(const fv_field *field, const char *unit, fv_text *out) {
    double low = lower_end(field), high = upper_end(field);
    if (isinf(low) && isinf(high)) return;
    fv_text_add(out, isinf(low) ? " of at most " : isinf(high) ? " of at least " : *unit ? " of " : " from ");
    if (!isinf(low)) fv_text_add_number(out, low);
    if (!isinf(low) && !isinf(high)) fv_text_add(out, " to ");
    if (!isinf(high)) fv_text_add_number(out, high);
    fv_text_add(out, unit);
}

void fv_field_allowed(const fv_field *field, fv_text *out) {
    bool text = field->type == FV_FIELD_TEXT || field->type == FV_FIELD_STRINGS;
    bool whole = field->type == FV_FIELD_INT || field->type == FV_FIELD_INTS;
    const char *names = field->names;
    switch (field->type) {
    case FV_FIELD_BOOL: fv_text_add(out, "true or false"); return;
    case FV_FIELD_CHOICE:
        fv_text_add(out, "one of ");
        while (*names) {
            const char *name = names;
            int length = (int)next_choice(&names);
            fv_text_addf(out, "%.*s%s", length, name, *names ? ", " : "");
        }
        return;
    case FV_FIELD_INT:
    case FV_FIELD_FLOAT:
        if (field->count == 1)
            fv_text_add(out, whole ? "an integer" : "a number");
        else
            fv_text_addf(out, "%d %s", field->count, whole ? "integers" : "numbers");
        break;
    case FV_FIELD_INTS: fv_text_addf(out, "up to %d integers", FV_INTS_MAX); break;
    case FV_FIELD_FLOATS: fv_text_add(out, "a list of numbers"); break;
    case FV_FIELD_STRINGS: fv_text_add(out, "a list of texts"); break;
    default: fv_text_add(out, "a text"); break;
    }
    print_range(field, text ? " bytes" : "", out);
    if (field->count > 1) fv_text_add(out, ", or one for all");
}

/* The error for a value that cannot be the field's. */
static fv_error *refuse(const fv_field *field, const char *value) {
    FV_TEXT(allowed, 1 << 16);
    FV_TEXT(quoted, 1 << 10);
    FV_TEXT(cut, 1 << 10);
    fv_field_allowed(field, &allowed);
    fv_text_addf(&cut, "%.100s", value ? value : "null");
    if (cut.error) fv_text_clear(&cut);
    fv_text_add_json(&quoted, cut.at);
    FV_TRY(fv_text_error(&allowed));
    FV_TRY(fv_text_error(&quoted));
    return fv_fail(FV_USAGE, "%s cannot be %s: it must be %s", field->name, quoted.at, allowed.at);
}

/* ---- setting ---- */

static fv_error *read_bool(const fv_field *field, const char *piece, bool *out) {
    static const char *const spellings[] = { "false", "true", "no", "yes", "off", "on" };
    for (int i = 0; piece && i < FV_COUNT(spellings); i++)
        if (strcasecmp(piece, spellings[i]) == 0) {
            *out = i % 2;
            return NULL;
        }
    return refuse(field, piece);
}

static fv_error *read_int(const fv_field *field, const char *piece, int64_t *out) {
    return piece && fv_text_to_int(piece, out) && in_range(field, (double)*out) ? NULL : refuse(field, piece);
}

static fv_error *read_float(const fv_field *field, const char *piece, double *out) {
    return piece && fv_text_to_number(piece, out) && in_range(field, *out) ? NULL : refuse(field, piece);
}

static fv_error *read_choice(const fv_field *field, const char *piece, int *out) {
    char near_names[FV_FIELDS_MAX][NAME_MAX_LENGTH];
    const char *near_list[FV_FIELDS_MAX], *names = field->names;
    int count = 0;
    while (piece && *names && count < FV_FIELDS_MAX) {
        const char *name = names;
        size_t length = next_choice(&names);
        if (same_name(name, length, piece)) {
            *out = count;
            return NULL;
        }
        length = (size_t)fv_min((int64_t)length, NAME_MAX_LENGTH - 1);
        near_list[count] = memcpy(near_names[count], name, length);
        near_names[count++][length] = 0;
    }
    const char *near = piece ? fv_nearest_name(piece, near_list, count) : NULL;
    fv_error *error = refuse(field, piece);
    return near ? fv_error_hint(error, "did you mean \"%s\"?", near) : error;
}

static fv_error *read_text(const fv_field *field, const char *piece, const char **out, fv_arena *arena) {
    if (piece && !in_range(field, (double)strlen(piece))) return refuse(field, piece);
    return fv_arena_text(arena, piece, out);
}

/* The pieces of a value that has the wrong number of them, joined again for the message. */
static fv_error *refuse_count(const fv_field *field, const char *const *pieces, int64_t count) {
    FV_TEXT(joined, 1 << 10);
    for (int64_t i = 0; i < count && joined.length < 200; i++)
        fv_text_addf(&joined, "%s%.100s", i ? "," : "", pieces[i] ? pieces[i] : "null");
    FV_TRY(fv_text_error(&joined));
    return refuse(field, joined.at);
}

/* Fixed arrays: one piece fills all. */
static fv_error *set_numbers(const fv_field *field, void *to, const char *const *pieces, int64_t count) {
    if (count != 1 && count != field->count) return refuse_count(field, pieces, count);
    for (int i = 0; i < field->count; i++) {
        const char *piece = pieces[count == 1 ? 0 : i];
        FV_TRY(field->type == FV_FIELD_INT ? read_int(field, piece, (int64_t *)to + i)
                                           : read_float(field, piece, (double *)to + i));
    }
    return NULL;
}

static fv_error *set_ints(const fv_field *field, fv_ints *to, const char *const *pieces, int64_t count) {
    if (count > FV_INTS_MAX) return refuse_count(field, pieces, count);
    fv_ints read = { .count = count };
    for (int64_t i = 0; i < count; i++) FV_TRY(read_int(field, pieces[i], &read.at[i]));
    *to = read;
    return NULL;
}

static fv_error *set_floats(const fv_field *field, fv_floats *to, const char *const *pieces, int64_t count, fv_arena *arena) {
    double *read;
    FV_TRY(fv_arena_take(arena, count, &read));
    for (int64_t i = 0; i < count; i++) FV_TRY(read_float(field, pieces[i], &read[i]));
    *to = (fv_floats){ .count = count, .at = read };
    return NULL;
}

static fv_error *set_strings(const fv_field *field, fv_strings *to, const char *const *pieces, int64_t count, fv_arena *arena) {
    const char **read;
    FV_TRY(fv_arena_take(arena, count, &read));
    for (int64_t i = 0; i < count; i++)
        FV_TRY(pieces[i] ? read_text(field, pieces[i], &read[i], arena) : refuse(field, pieces[i]));
    *to = (fv_strings){ .count = count, .at = read };
    return NULL;
}

fv_error *fv_field_set_pieces(const fv_field *field, void *options, const char *const *pieces, int64_t count, fv_arena *arena) {
    void *to = place(field, options);
    bool list = field->type == FV_FIELD_INTS || field->type == FV_FIELD_FLOATS || field->type == FV_FIELD_STRINGS;
    if (list && count == 1 && !pieces[0]) count = 0;
    if (!list && field->count == 1 && count != 1) return refuse_count(field, pieces, count);
    switch (field->type) {
    case FV_FIELD_BOOL: return read_bool(field, pieces[0], to);
    case FV_FIELD_CHOICE: return read_choice(field, pieces[0], to);
    case FV_FIELD_TEXT: return read_text(field, pieces[0], to, arena);
    case FV_FIELD_INTS: return set_ints(field, to, pieces, count);
    case FV_FIELD_FLOATS: return set_floats(field, to, pieces, count, arena);
    case FV_FIELD_STRINGS: return set_strings(field, to, pieces, count, arena);
    default: return set_numbers(field, to, pieces, count);
    }
}

fv_error *fv_fields_set(const fv_field *fields, void *options, const char *name, const char *value, fv_arena *arena) {
    const fv_field *field = fv_fields_find(fields, name);
    return field ? fv_field_set(field, options, value, arena) : fv_fields_unknown(fields, name, false);
}

fv_error *fv_fields_defaults(const fv_field *fields, void *options, fv_arena *arena) {
    for (const fv_field *field = fields; field->name; field++) {
        FV_ASSERT(field - fields < FV_FIELDS_MAX);
        memset(place(field, options), 0, (size_t)value_size(field));
        if (field->by_default) FV_TRY(fv_error_wrap(fv_field_set(field, options, field->by_default, arena), "default"));
    }
    return NULL;
}

/* ---- looking ---- */

static bool equal_doubles(const double *a, const double *b, int64_t count) {
    for (int64_t i = 0; i < count; i++)
        if (!(isnan(a[i]) && isnan(b[i])) && (a[i] != b[i] || signbit(a[i]) != signbit(b[i]))) return false;
    return true;
}

static bool equal_texts(const char *a, const char *b) { return a && b ? strcmp(a, b) == 0 : a == b; }

static bool equal_strings(const fv_strings *a, const fv_strings *b) {
    if (a->count != b->count) return false;
    for (int64_t i = 0; i < a->count; i++)
        if (!equal_texts(a->at[i], b->at[i])) return false;
    return true;
}

bool fv_field_equal(const fv_field *field, const void *a_options, const void *b_options) {
    const void *a = place_of(field, a_options), *b = place_of(field, b_options);
    const fv_ints *a_ints = a, *b_ints = b;
    const fv_floats *a_floats = a, *b_floats = b;
    switch (field->type) {
    case FV_FIELD_FLOAT: return equal_doubles(a, b, field->count);
    case FV_FIELD_TEXT: return equal_texts(*(const char *const *)a, *(const char *const *)b);
    case FV_FIELD_INTS:
        return a_ints->count == b_ints->count && memcmp(a_ints->at, b_ints->at, (size_t)a_ints->count * sizeof(int64_t)) == 0;
    case FV_FIELD_FLOATS:
        return a_floats->count == b_floats->count && equal_doubles(a_floats->at, b_floats->at, a_floats->count);
    case FV_FIELD_STRINGS: return equal_strings(a, b);
    default: return memcmp(a, b, (size_t)value_size(field)) == 0;
    }
}

bool fv_fields_equal(const fv_field *fields, const void *a, const void *b) {
    for (; fields->name; fields++)
        if (!fv_field_equal(fields, a, b)) return false;
    return true;
}

static int64_t count_choices(const char *names) {
    int64_t count = 0;
    for (; *names; count++) next_choice(&names);
    return count;
}

/* Every value of the field is in its range, and there are no more than there can be. */
static bool is_allowed(const fv_field *field, const void *at) {
    const int64_t *ints = field->type == FV_FIELD_INTS ? ((const fv_ints *)at)->at : at;
    const double *floats = field->type == FV_FIELD_FLOATS ? ((const fv_floats *)at)->at : at;
    const fv_strings one = { .count = 1, .at = at }, *strings = field->type == FV_FIELD_STRINGS ? at : &one;
    int64_t count = field->count;
    switch (field->type) {
    case FV_FIELD_CHOICE: return *(const int *)at >= 0 && *(const int *)at < count_choices(field->names);
    case FV_FIELD_INTS: count = ((const fv_ints *)at)->count; /* fall through */
    case FV_FIELD_INT:
        if (count < 0 || (field->type == FV_FIELD_INTS && count > FV_INTS_MAX)) return false;
        for (int64_t i = 0; i < count; i++)
            if (!in_range(field, (double)ints[i])) return false;
        return true;
    case FV_FIELD_FLOATS: count = ((const fv_floats *)at)->count; /* fall through */
    case FV_FIELD_FLOAT:
        for (int64_t i = 0; i < count; i++)
            if (!in_range(field, floats[i])) return false;
        return true;
    case FV_FIELD_TEXT:
    case FV_FIELD_STRINGS:
        for (int64_t i = 0; i < strings->count; i++)
            if (strings->at[i] && !in_range(field, (double)strlen(strings->at[i]))) return false;
        return true;
    default: return true;
    }
}

/* Zero, empty or NULL. */
static bool is_nothing(const fv_field *field, const void *at) {
    if (field->type == FV_FIELD_INTS) return ((const fv_ints *)at)->count == 0;
    if (field->type == FV_FIELD_FLOATS) return ((const fv_floats *)at)->count == 0;
    if (field->type == FV_FIELD_STRINGS) return ((const fv_strings *)at)->count == 0;
    for (int64_t i = 0; i < value_size(field); i++)
        if (((const char *)at)[i]) return false;
    return true;
}

fv_error *fv_fields_check(const fv_field *fields, const void *options, const bool *given) {
    for (const fv_field *field = fields; field->name; field++) {
        const void *at = place_of(field, options);
        bool missing = given ? !given[field - fields] : field->type == FV_FIELD_TEXT && !*(const char *const *)at;
        if (field->required && missing) {
            const char *name = field->positional && field->value ? field->value : field->name; /* as the usage line has it */
            fv_error *error = fv_fail(FV_USAGE, "%s is missing", name);
            return field->help ? fv_error_hint(error, "%s: %s", name, field->help) : error;
        }
        if (!field->required && !field->by_default && is_nothing(field, at)) continue;
        if (is_allowed(field, at)) continue;
        FV_TEXT(value, 1 << 12);
        fv_field_print_value(field, options, &value);
        return refuse(field, value.at);
    }
    return NULL;
}
