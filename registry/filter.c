/* filter.c - a lexer and a descent over terms. */
#include "registry/filter.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "core/base/assert.h"
#include "core/base/fields.h"
#include "core/base/text.h"

#define FILTER_BYTES_MAX (1 << 14)
#define TEXTS_MAX 200 /* of an IN */
#define EXCERPT_LETTERS 24

typedef enum token_kind { END, WORD, NUMBER, QUOTED, TICKED, SIGN } token_kind; /* TICKED: in backticks */

typedef struct token {
    token_kind kind;
    const char *at; /* where it begins */
    int64_t length;
    const char *text; /* QUOTED, TICKED: without its quotes; in the arena */
} token;

typedef struct parser {
    const char *what, *begin; /* "filter", "order" */
    const char *at;           /* behind the token */
    token now;
    const fv_attribute *attributes;
    fv_arena *arena;
} parser;

/* ---- what is wrong, and where ---- */

static void add_excerpt(const char *at, fv_text *out) {
    FV_TEXT(part, FILTER_BYTES_MAX);
    bool printable;
    const char *end = at;
    for (int i = 0; i < EXCERPT_LETTERS && *end; i++) end += fv_text_character(end, &printable);
    fv_text_add_bytes(&part, at, end - at);
    fv_text_add_printable(out, part.at);
    fv_text_fail(out, fv_text_error(&part));
}

static fv_error *wrong_at(const parser *p, const char *at, const char *message) {
    FV_TEXT(place, 1 << 10);
    int64_t letter = 1;
    bool printable;
    for (const char *c = p->begin; c < at; letter++) c += fv_text_character(c, &printable);
    fv_text_addf(&place, "the %s, ", p->what);
    if (*at) fv_text_addf(&place, "at letter %lld (", (long long)letter), add_excerpt(at, &place), fv_text_add(&place, ")");
    if (!*at) fv_text_add(&place, "at its end");
    FV_TRY(fv_text_error(&place));
    return fv_error_hint(fv_fail(FV_USAGE, "%s: %s", place.at, message),
                         strcmp(p->what, "filter") ? "for example: metrics.val_top1 desc, start_time"
                                                   : "for example: metrics.val_top1 > 0.9 and params.arch = 'resnet18'");
}

static fv_error *wrong(const parser *p, const char *message) { return wrong_at(p, p->now.at, message); }

/* ---- tokens ---- */

static bool in_word(char c) { return isalnum((unsigned char)c) || (c && strchr("_.:/@-", c)) || (unsigned char)c >= 0x80; }
static bool in_number(char c) { return isalnum((unsigned char)c) || (c && strchr(".+-", c)); }

/* A quote within is written twice. */
static fv_error *take_quoted(parser *p) {
    char quote = *p->now.at, *text;
    const char *begin = p->now.at + 1, *end = begin;
    while (*end && (*end != quote || end[1] == quote)) end += *end == quote ? 2 : 1;
    if (!*end) return wrong(p, "what begins with this quote has no end");
    FV_TRY(fv_arena_take(p->arena, end - begin + 1, &text));
    p->now.kind = quote == '`' ? TICKED : QUOTED;
    p->now.text = text;
    for (const char *c = begin; c < end; c += *c == quote ? 2 : 1) *text++ = *c;
    p->at = end + 1;
    return NULL;
}

static fv_error *advance(parser *p) {
    while (*p->at && strchr(" \t\r\n", *p->at)) p->at++;
    p->now = (token){ .kind = END, .at = p->at };
    char c = *p->at, next = c ? p->at[1] : 0;
    if (!c) return NULL;
    if (strchr("'\"`", c)) return take_quoted(p);
    if (isdigit((unsigned char)c) || (strchr("+-.", c) && (isdigit((unsigned char)next) || next == '.'))) {
        p->now.kind = NUMBER;
        while (in_number(*p->at)) p->at++;
    } else if (in_word(c)) {
        p->now.kind = WORD;
        while (in_word(*p->at)) p->at++;
    } else {
        p->now.kind = SIGN;
        p->at += strchr("!<>", c) && next == '=' ? 2 : 1;
    }
    p->now.length = p->at - p->now.at;
    return NULL;
}

static bool is_word(const parser *p, const char *word) {
    return p->now.kind == WORD && p->now.length == (int64_t)strlen(word) &&
           !strncasecmp(p->now.at, word, (size_t)p->now.length);
}

static bool is_sign(const parser *p, const char *sign) {
    return p->now.kind == SIGN && p->now.length == (int64_t)strlen(sign) && !strncmp(p->now.at, sign, (size_t)p->now.length);
}

/* ---- names ---- */

static const struct {
    const char *word;
    fv_filter_on on;
} prefixes[] = {
    { "metrics", FV_ON_METRIC },
    { "metric", FV_ON_METRIC },
    { "best_metrics", FV_ON_METRIC_BEST },
    { "min_metrics", FV_ON_METRIC_MIN },
    { "max_metrics", FV_ON_METRIC_MAX },
    { "params", FV_ON_PARAM },
    { "param", FV_ON_PARAM },
    { "parameters", FV_ON_PARAM },
    { "parameter", FV_ON_PARAM },
    { "tags", FV_ON_TAG },
    { "tag", FV_ON_TAG },
    { "attributes", FV_ON_ATTRIBUTE },
    { "attribute", FV_ON_ATTRIBUTE },
    { "attr", FV_ON_ATTRIBUTE },
    { "run", FV_ON_ATTRIBUTE },
};

bool fv_filter_is_metric(fv_filter_on on) {
    return on == FV_ON_METRIC || on == FV_ON_METRIC_BEST || on == FV_ON_METRIC_MIN || on == FV_ON_METRIC_MAX;
}

static bool same_name(const char *a, const char *b) {
    for (; *a && *b; a++, b++) {
        char x = *a == ' ' || *a == '-' ? '_' : (char)tolower((unsigned char)*a);
        if (x != *b) return false;
    }
    return *a == *b;
}

static fv_error *find_attribute(const parser *p, const char *at, const char *key, const fv_attribute **out) {
    const char *names[64];
    int64_t count = 0;
    for (const fv_attribute *a = p->attributes; a->name; a++) {
        if (same_name(key, a->name)) return *out = a, NULL;
        FV_ASSERT(count < FV_COUNT(names));
        names[count++] = a->name;
    }
    FV_TEXT(message, FILTER_BYTES_MAX);
    const char *nearest = fv_nearest_name(key, names, count);
    fv_text_add(&message, "there is no attribute of this name");
    if (nearest) fv_text_addf(&message, "; %s, perhaps?", nearest);
    if (!nearest) fv_text_add(&message, ", and what is none begins with metrics., params. or tags.");
    FV_TRY(fv_text_error(&message));
    return wrong_at(p, at, message.at);
}

static fv_error *find_prefix(const parser *p, const char *word, int64_t length, fv_filter_on *out) {
    for (int i = 0; i < FV_COUNT(prefixes); i++)
        if ((int64_t)strlen(prefixes[i].word) == length && !strncasecmp(prefixes[i].word, word, (size_t)length))
            return *out = prefixes[i].on, NULL;
    return wrong(p, "a name begins with metrics., best_metrics., min_metrics., max_metrics., params., tags. or attributes.");
}

static fv_error *copy_key(parser *p, const char *at, int64_t length, const char **out) {
    return fv_arena_format(p->arena, out, "%.*s", (int)length, at);
}

/* Behind "metrics." a key in quotes, without a blank between. */
static fv_error *take_quoted_key(parser *p, const char **key) {
    FV_TRY(advance(p));
    if (p->now.kind != QUOTED && p->now.kind != TICKED) return wrong(p, "behind the point comes a key");
    *key = p->now.text;
    return NULL;
}

static fv_error *take_name(parser *p, fv_filter_name *out) {
    const char *begin = p->now.at, *key;
    *out = (fv_filter_name){ .on = FV_ON_ATTRIBUTE };
    if (p->now.kind == QUOTED || p->now.kind == TICKED) {
        key = p->now.text;
    } else if (p->now.kind == WORD) {
        const char *point = memchr(begin, '.', (size_t)p->now.length);
        int64_t before = point ? point - begin : 0, behind = point ? p->now.length - before - 1 : p->now.length;
        if (point) FV_TRY(find_prefix(p, begin, before, &out->on));
        if (behind)
            FV_TRY(copy_key(p, begin + p->now.length - behind, behind, &key));
        else
            FV_TRY(take_quoted_key(p, &key));
    } else {
        return wrong(p, "the name of a metric, parameter, tag or attribute is wanted here");
    }
    if (!*key) return wrong_at(p, begin, "a key is not empty");
    if (out->on == FV_ON_ATTRIBUTE)
        FV_TRY(find_attribute(p, begin, key, &out->attribute));
    else
        out->key = key;
    return advance(p);
}

bool fv_filter_is_text(const fv_filter_name *name) {
    return name->attribute ? name->attribute->kind == FV_ATTRIBUTE_TEXT : !fv_filter_is_metric(name->on);
}

/* ---- values ---- */

static fv_error *take_number(parser *p, double *out) {
    const char *text;
    if (p->now.kind != NUMBER) return wrong(p, "this is compared with a number");
    FV_TRY(copy_key(p, p->now.at, p->now.length, &text));
    return fv_text_to_number(text, out) ? advance(p) : wrong(p, "this is no number");
}

/* A day, or a day and a time of day, in UTC. */
static fv_error *take_time(parser *p, double *out) {
    static const char *const forms[] = { "%Y-%m-%d",          "%Y-%m-%d %H:%M",    "%Y-%m-%dT%H:%M",
                                         "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ" };
    if (p->now.kind != QUOTED) return take_number(p, out);
    for (int i = 0; i < FV_COUNT(forms); i++) {
        struct tm time = { 0 };
        const char *rest = strptime(p->now.text, forms[i], &time);
        if (!rest || *rest) continue;
        *out = (double)timegm(&time) * 1e3;
        return advance(p);
    }
    return wrong(p, "a time is '2026-11-29', '2026-11-29 13:45', or a number of milliseconds since 1970");
}

static fv_error *take_text(parser *p, const char **out) {
    if (p->now.kind != QUOTED) return wrong(p, "this is compared with a text, in quotes");
    *out = p->now.text;
    return advance(p);
}

static fv_error *take_texts(parser *p, fv_filter_term *term) {
    const char **texts;
    FV_TRY(fv_arena_take(p->arena, TEXTS_MAX, &texts));
    if (!is_sign(p, "(")) return wrong(p, "behind IN comes a list: ('a', 'b')");
    do {
        FV_TRY(advance(p));
        if (term->text_count == TEXTS_MAX) return wrong(p, "there are more than 200 texts in this list");
        FV_TRY(take_text(p, &texts[term->text_count++]));
    } while (is_sign(p, ","));
    if (!is_sign(p, ")")) return wrong(p, "the list goes on with a comma or ends with a parenthesis");
    term->texts = texts;
    return advance(p);
}

static fv_error *take_one_text(parser *p, fv_filter_term *term) {
    const char **text;
    FV_TRY(fv_arena_take(p->arena, 1, &text));
    FV_TRY(take_text(p, text));
    term->texts = text;
    term->text_count = 1;
    return NULL;
}

static fv_error *take_value(parser *p, fv_filter_term *term) {
    const fv_filter_name *name = &term->name;
    if (name->on == FV_ON_ATTRIBUTE && name->attribute->kind == FV_ATTRIBUTE_TIME) return take_time(p, &term->number);
    return fv_filter_is_text(name) ? take_one_text(p, term) : take_number(p, &term->number);
}

/* ---- terms ---- */

static bool find_sign(const parser *p, fv_filter_op *out) {
    static const char *const signs[] = { "=", "!=", "<", "<=", ">", ">=" }; /* as in fv_filter_op */
    for (int i = 0; i < FV_COUNT(signs); i++)
        if (is_sign(p, signs[i])) return *out = (fv_filter_op)i, true;
    return false;
}

static fv_error *take_null(parser *p, fv_filter_term *term) {
    term->op = FV_OP_NULL;
    FV_TRY(advance(p));
    if (is_word(p, "not")) {
        term->op = FV_OP_NOT_NULL;
        FV_TRY(advance(p));
    }
    return is_word(p, "null") ? advance(p) : wrong(p, "behind IS comes NULL or NOT NULL");
}

/* Of texts: LIKE, ILIKE, IN, NOT IN. */
static fv_error *take_words(parser *p, fv_filter_term *term) {
    bool not = is_word(p, "not");
    if (not ) FV_TRY(advance(p));
    bool in = is_word(p, "in");
    if (not &&!in) return wrong(p, "NOT stands before IN only");
    term->op = not ? FV_OP_NOT_IN : in ? FV_OP_IN : is_word(p, "ilike") ? FV_OP_ILIKE : FV_OP_LIKE;
    if (!fv_filter_is_text(&term->name)) return wrong(p, "this goes with texts only, and here is a number");
    FV_TRY(advance(p));
    return in ? take_texts(p, term) : take_one_text(p, term);
}

static fv_error *take_term(parser *p, fv_filter_term *term) {
    *term = (fv_filter_term){ 0 };
    FV_TRY(take_name(p, &term->name));
    if (is_word(p, "is")) return take_null(p, term);
    if (is_word(p, "like") || is_word(p, "ilike") || is_word(p, "in") || is_word(p, "not")) return take_words(p, term);
    if (!find_sign(p, &term->op)) return wrong(p, "one of = != < <= > >= LIKE ILIKE IN NOT IN IS is wanted here");
    if (fv_filter_is_text(&term->name) && term->op > FV_OP_UNEQUAL)
        return wrong(p, "texts are compared by = != LIKE ILIKE IN NOT IN, and not by size");
    FV_TRY(advance(p));
    return take_value(p, term);
}

static fv_error *begin(parser *p, const char *text) {
    size_t length = strlen(text);
    if (length > FILTER_BYTES_MAX)
        return fv_fail(FV_USAGE, "the %s has %zu bytes, and may have %d", p->what, length, FILTER_BYTES_MAX);
    p->begin = p->at = text;
    return advance(p);
}

fv_error *fv_filter_parse(const char *text, const fv_attribute *attributes, fv_arena *arena, fv_filter *out) {
    parser p = { .what = "filter", .attributes = attributes, .arena = arena };
    out->count = 0;
    FV_TRY(begin(&p, text ? text : ""));
    if (p.now.kind == END) return NULL;
    for (;;) {
        if (out->count == FV_FILTER_TERMS_MAX) return wrong(&p, "there are more than 24 conditions");
        FV_TRY(take_term(&p, &out->at[out->count++]));
        if (p.now.kind == END) return NULL;
        if (is_word(&p, "or")) return wrong(&p, "conditions are joined by AND only; IN says one of several");
        if (!is_word(&p, "and")) return wrong(&p, "AND and another condition, or the end, is wanted here");
        FV_TRY(advance(&p));
    }
}

fv_error *fv_order_parse(const char *text, const fv_attribute *attributes, fv_arena *arena, fv_order *out) {
    parser p = { .what = "order", .attributes = attributes, .arena = arena };
    out->count = 0;
    FV_TRY(begin(&p, text ? text : ""));
    if (p.now.kind == END) return NULL;
    for (;;) {
        if (out->count == FV_ORDER_TERMS_MAX) return wrong(&p, "there are more than 8 names to order by");
        FV_TRY(take_name(&p, &out->at[out->count].name));
        out->at[out->count].descending = is_word(&p, "desc");
        if (is_word(&p, "desc") || is_word(&p, "asc")) FV_TRY(advance(&p));
        out->count++;
        if (p.now.kind == END) return NULL;
        if (!is_sign(&p, ",")) return wrong(&p, "ASC, DESC, a comma and another name, or the end, is wanted here");
        FV_TRY(advance(&p));
    }
}
