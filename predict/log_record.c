/* log_record.c - see log_record.h. Bytes that come from a file are believed only where their check is right, and then still
 * only where every length fits. */
#include "predict/log_record.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/file.h"
#include "core/base/size.h"
#include "predict/log_pictures.h"

#define MAGIC "fvlr"
#define NO_TEXT 65535

enum { A_PREDICTION = 1, A_TRUTH = 2 };
enum { ABSTAINED = 1, HAS_PROPERTIES = 2, HAS_OUTLIER = 4, HAS_PICTURE = 8 };

/* ---- CRC-32C (Castagnoli, reflected polynomial 0x82F63B78), four bits at a time ---- */

static uint32_t crc(uint32_t sum, const uint8_t *bytes, int64_t length) {
    static const uint32_t nibble[16] = { 0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3,
                                         0x61c69362, 0x7198540d, 0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9,
                                         0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75 };
    for (int64_t i = 0; i < length; i++) {
        sum ^= bytes[i];
        sum = sum >> 4 ^ nibble[sum & 15];
        sum = sum >> 4 ^ nibble[sum & 15];
    }
    return sum;
}

/* Of a frame's length and payload, between which the check itself lies. */
static uint32_t check_of(const uint8_t *frame, int64_t payload_length) {
    return ~crc(crc(~0u, frame + 4, 4), frame + FV_LOG_FRAME_HEAD, payload_length);
}

/* ---- writing ---- */

typedef struct pen {
    uint8_t *at, *end;
    fv_error *error; /* the first one */
} pen;

static void put(pen *p, const void *bytes, int64_t count) {
    if (p->error) return;
    if (count > p->end - p->at) {
        p->error = fv_fail(FV_USAGE, "a record of the prediction log is of more than %d bytes", FV_LOG_PAYLOAD_MAX);
        return;
    }
    memcpy(p->at, bytes, (size_t)count);
    p->at += count;
}

static void put_number(pen *p, uint64_t value, int bytes) {
    uint8_t little[8];
    for (int i = 0; i < bytes; i++) little[i] = (uint8_t)(value >> 8 * i);
    put(p, little, bytes);
}

static void put_f32(pen *p, double value) {
    float narrow = (float)value;
    uint32_t bits;
    memcpy(&bits, &narrow, sizeof bits);
    put_number(p, bits, 4);
}

static void put_f64(pen *p, double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    put_number(p, bits, 8);
}

static void put_text(pen *p, const char *what, const char *text) {
    size_t length = text ? strlen(text) : 0;
    if (!text) return put_number(p, NO_TEXT, 2);
    if (length > FV_LOG_TEXT_MAX) {
        if (!p->error)
            p->error = fv_fail(FV_USAGE, "the %s of a logged prediction has %lld bytes: at most %d are kept", what,
                               (long long)length, FV_LOG_TEXT_MAX);
        return;
    }
    put_number(p, length, 2);
    put(p, text, (int64_t)length + 1);
}

static pen begin_frame(uint8_t *out, int type, int kind, int flags, int64_t time_us) {
    pen p = { .at = out + FV_LOG_FRAME_HEAD, .end = out + FV_LOG_FRAME_MAX };
    put_number(&p, (uint64_t)type, 1);
    put_number(&p, (uint64_t)kind, 1);
    put_number(&p, (uint64_t)flags, 1);
    put_number(&p, (uint64_t)time_us, 8);
    return p;
}

static fv_error *end_frame(pen *p, uint8_t *out, int64_t *length) {
    if (p->error) return p->error;
    *length = p->at - out;
    pen head = { .at = out, .end = out + FV_LOG_FRAME_HEAD };
    put(&head, MAGIC, 4);
    put_number(&head, (uint64_t)(*length - FV_LOG_FRAME_HEAD), 4);
    put_number(&head, check_of(out, *length - FV_LOG_FRAME_HEAD), 4);
    return NULL;
}

static fv_error *check_id(const char *id) {
    size_t letters = id ? strlen(id) : 0;
    if (letters < 1 || letters > 64) return fv_fail(FV_USAGE, "the id of a prediction has 1 to 64 bytes, not %d", (int)letters);
    return NULL;
}

static fv_error *check_record(const fv_logged *r) {
    FV_TRY(check_id(r->id));
    if (!r->model) return fv_fail(FV_USAGE, "a logged prediction names no model");
    if (r->kind == FV_NUMBERS && !isfinite(r->number))
        return fv_fail(FV_USAGE, "the number of prediction %s is not finite", r->id);
    if (r->kind == FV_ONE_CLASS && r->count < 1) return fv_fail(FV_USAGE, "prediction %s has no class", r->id);
    for (int64_t k = 0; k < r->count; k++)
        if (!r->top[k].label || !(r->top[k].score >= 0 && r->top[k].score <= 1))
            return fv_fail(FV_USAGE, "prediction %s has a class without name, or a score outside 0…1", r->id);
    if (r->sketch_count < 0 || r->sketch_count > FV_LOG_SKETCH_MAX)
        return fv_fail(FV_USAGE, "the sketch of prediction %s has %lld numbers: at most %d are kept", r->id,
                       (long long)r->sketch_count, FV_LOG_SKETCH_MAX);
    return NULL;
}

fv_error *fv_log_encode(const fv_logged *r, uint8_t *out, int64_t *length) {
    FV_TRY(check_record(r));
    bool outlier = (float)r->outlier_threshold > 0 && isfinite((float)r->outlier_score);
    int flags = (r->abstained ? ABSTAINED : 0) | (r->properties ? HAS_PROPERTIES : 0) | (outlier ? HAS_OUTLIER : 0) |
                (r->picture ? HAS_PICTURE : 0);
    int64_t count = fv_min(r->count, FV_LOG_TOP_MAX);
    pen p = begin_frame(out, A_PREDICTION, (int)r->kind, flags, r->time_us);
    put_text(&p, "id", r->id);
    put_text(&p, "model's name", r->model);
    put_text(&p, "digest", r->digest);
    put_text(&p, "key", r->key);
    put_text(&p, "source", r->source);
    put_number(&p, (uint64_t)r->version, 8);
    put_number(&p, (uint64_t)fv_min(r->answers, count), 2);
    put_f32(&p, r->entropy);
    put_f32(&p, r->margin);
    put_f64(&p, r->number);
    put_number(&p, (uint64_t)count, 2);
    for (int64_t k = 0; k < count; k++) {
        put_f32(&p, r->top[k].score);
        put_text(&p, "label", r->top[k].label);
    }
    put_number(&p, r->properties ? FV_IMAGE_PROPERTY_COUNT : 0, 1);
    for (int i = 0; r->properties && i < FV_IMAGE_PROPERTY_COUNT; i++) put_f32(&p, (double)r->properties->at[i]);
    put_number(&p, (uint64_t)r->sketch_count, 1);
    for (int64_t i = 0; i < r->sketch_count; i++) put_f32(&p, (double)r->sketch[i]);
    if (outlier) put_f32(&p, r->outlier_score);
    if (outlier) put_f32(&p, r->outlier_threshold);
    if (r->picture) put_text(&p, "picture", r->picture);
    return end_frame(&p, out, length);
}

fv_error *fv_log_encode_truth(const fv_logged_truth *t, uint8_t *out, int64_t *length) {
    FV_TRY(check_id(t->id));
    bool fits = t->kind == FV_ONE_CLASS ? t->count == 1 : t->kind == FV_MULTI_LABEL ? t->count >= 0 : !t->count;
    if (!fits || t->count > FV_LOG_TOP_MAX)
        return fv_fail(FV_USAGE, "%lld labels are told of prediction %s", (long long)t->count, t->id);
    if (t->kind == FV_NUMBERS && !isfinite(t->number))
        return fv_fail(FV_USAGE, "what is told of prediction %s is not finite", t->id);
    pen p = begin_frame(out, A_TRUTH, (int)t->kind, 0, t->time_us);
    put_text(&p, "id", t->id);
    put_text(&p, "name of who tells", t->by);
    put_f64(&p, t->number);
    put_number(&p, (uint64_t)t->count, 2);
    for (int64_t k = 0; k < t->count; k++) put_text(&p, "label", t->labels[k]);
    return end_frame(&p, out, length);
}

/* ---- reading ---- */

typedef struct eye {
    const uint8_t *at, *end;
    bool bad;
} eye;

static uint64_t get_number(eye *e, int bytes) {
    uint64_t value = 0;
    if (e->bad || bytes > e->end - e->at) return e->bad = true, 0;
    for (int i = 0; i < bytes; i++) value |= (uint64_t)e->at[i] << 8 * i;
    e->at += bytes;
    return value;
}

static float get_f32(eye *e) {
    uint32_t bits = (uint32_t)get_number(e, 4);
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static double get_f64(eye *e) {
    uint64_t bits = get_number(e, 8);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static const char *get_text(eye *e, bool required) {
    int64_t length = (int64_t)get_number(e, 2);
    const char *text = (const char *)e->at;
    if (e->bad || length == NO_TEXT) return e->bad |= required, NULL;
    if (length > FV_LOG_TEXT_MAX || length + 1 > e->end - e->at || memchr(text, 0, (size_t)length) || text[length])
        return e->bad = true, NULL;
    e->at += length + 1;
    return text;
}

static int64_t get_count(eye *e, int bytes, int64_t most) {
    int64_t count = (int64_t)get_number(e, bytes);
    return e->bad || count > most ? (e->bad = true, 0) : count;
}

static bool score_is_one(double score) { return score >= 0 && score <= 1; }

static void get_prediction(eye *e, int flags, fv_log_record *out) {
    fv_logged *r = &out->prediction;
    r->id = get_text(e, true);
    r->model = get_text(e, true);
    r->digest = get_text(e, false);
    r->key = get_text(e, false);
    r->source = get_text(e, false);
    r->version = (int64_t)get_number(e, 8);
    r->answers = get_count(e, 2, FV_LOG_TOP_MAX);
    r->entropy = (double)get_f32(e);
    r->margin = (double)get_f32(e);
    r->number = get_f64(e);
    r->count = get_count(e, 2, FV_LOG_TOP_MAX);
    r->abstained = flags & ABSTAINED;
    for (int64_t k = 0; k < r->count && !e->bad; k++) {
        out->top[k].score = (double)get_f32(e);
        out->top[k].label = get_text(e, true);
        e->bad |= !score_is_one(out->top[k].score);
    }
    int64_t properties = get_count(e, 1, FV_IMAGE_PROPERTY_COUNT);
    e->bad |= properties != (flags & HAS_PROPERTIES ? FV_IMAGE_PROPERTY_COUNT : 0);
    for (int64_t i = 0; i < properties; i++) out->properties.at[i] = get_f32(e);
    r->sketch_count = get_count(e, 1, FV_LOG_SKETCH_MAX);
    for (int64_t i = 0; i < r->sketch_count; i++) out->sketch[i] = get_f32(e);
    r->outlier_score = flags & HAS_OUTLIER ? (double)get_f32(e) : NAN;
    r->outlier_threshold = flags & HAS_OUTLIER ? (double)get_f32(e) : NAN;
    e->bad |= flags & HAS_OUTLIER && !(r->outlier_threshold > 0 && isfinite(r->outlier_score));
    if (flags & HAS_PICTURE) r->picture = get_text(e, true);
    e->bad |= r->picture && !fv_log_picture_is_name(r->picture);
    e->bad |= r->answers > r->count || (r->kind == FV_ONE_CLASS && r->count < 1);
    e->bad |= r->kind == FV_NUMBERS && !isfinite(r->number);
    r->top = out->top;
    r->properties = properties ? &out->properties : NULL;
    r->sketch = r->sketch_count ? out->sketch : NULL;
}

static void get_truth(eye *e, fv_log_record *out) {
    fv_logged_truth *t = &out->truth;
    t->id = get_text(e, true);
    t->by = get_text(e, false);
    t->number = get_f64(e);
    t->count = get_count(e, 2, FV_LOG_TOP_MAX);
    for (int64_t k = 0; k < t->count && !e->bad; k++) out->labels[k] = get_text(e, true);
    e->bad |= t->kind == FV_ONE_CLASS ? t->count != 1 : t->kind == FV_NUMBERS && (t->count || !isfinite(t->number));
    t->labels = out->labels;
}

bool fv_log_decode(const uint8_t *payload, int64_t length, fv_log_record *out) {
    eye e = { .at = payload, .end = payload + length };
    int type = (int)get_number(&e, 1), kind = (int)get_number(&e, 1), flags = (int)get_number(&e, 1);
    int64_t time_us = (int64_t)get_number(&e, 8);
    if (e.bad || kind > FV_NUMBERS || (type != A_PREDICTION && type != A_TRUTH)) return false;
    out->is_truth = type == A_TRUTH;
    out->prediction = (fv_logged){ .time_us = time_us, .kind = (fv_outcome_kind)kind };
    out->truth = (fv_logged_truth){ .time_us = time_us, .kind = (fv_outcome_kind)kind };
    if (out->is_truth)
        get_truth(&e, out);
    else
        get_prediction(&e, flags, out);
    return !e.bad && e.at == e.end;
}

static uint32_t u32_at(const uint8_t *at) {
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

/* The frame at `at` is whole and its check right; `*short_of`: it may be once more bytes are there. */
static bool frame_is_whole(const uint8_t *at, int64_t left, bool *short_of) {
    *short_of = !memcmp(at, MAGIC, (size_t)fv_min(left, 4));
    if (left < FV_LOG_FRAME_HEAD || !*short_of) return false;
    int64_t length = u32_at(at + 4);
    if (length > FV_LOG_PAYLOAD_MAX) return *short_of = false;
    if (left < FV_LOG_FRAME_HEAD + length) return false;
    *short_of = false;
    return u32_at(at + 8) == check_of(at, length);
}

const uint8_t *fv_log_find_frame(const uint8_t *bytes, int64_t length, bool all, int64_t *skipped, int64_t *payload_length) {
    for (int64_t i = 0; i < length; i++) {
        bool short_of;
        if (frame_is_whole(bytes + i, length - i, &short_of)) {
            *skipped = i;
            *payload_length = u32_at(bytes + i + 4);
            return bytes + i + FV_LOG_FRAME_HEAD;
        }
        if (short_of && !all) return *skipped = i, NULL;
    }
    return *skipped = length, NULL;
}

/* ---- files ---- */

fv_error *fv_log_list_files(const char *folder, fv_arena *arena, int64_t **numbers, int64_t *count) {
    const char **names;
    int64_t named;
    *count = 0;
    FV_TRY(fv_file_list(folder, arena, &names, &named));
    FV_TRY(fv_arena_take(arena, named + 1, numbers));
    for (int64_t i = 0; i < named; i++) {
        long long number;
        char again[64];
        if (sscanf(names[i], FV_LOG_FILE_NAME, &number) != 1 || number < 1) continue;
        snprintf(again, sizeof again, FV_LOG_FILE_NAME, number);
        if (!strcmp(again, names[i])) (*numbers)[(*count)++] = number;
    }
    return NULL;
}
