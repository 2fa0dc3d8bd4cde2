/* predict_lines.c - see predict_lines.h. A window of lines is at work at a time, each in a slot: the connection's thread fills
 * slots and writes out the oldest, the engine's threads only say that one is ready. */
#include "serve/predict_lines.h"

#include <string.h>

#include "core/base/assert.h"
#include "core/base/clock.h"
#include "core/base/size.h"
#include "serve/answer_json.h"
#include "serve/picture_list.h"
#include "serve/server.h"

#define WINDOW 32
#define LINE_BYTES_MAX (INT64_C(1) << 28)

typedef struct slot {
    struct lines *lines;
    fv_ask ask;
    fv_arena *arena; /* of what the line holds */
    fv_record record;
    bool ready; /* under the lock */
} slot;

typedef struct lines {
    fv_request *r;
    pthread_mutex_t lock;
    bool waiting;                  /* the connection is paused, for the oldest slot */
    int64_t next, oldest, working; /* lines taken; lines answered; asks that the engine has */
    const char *at, *end;
    int64_t top;
    double threshold;
    const char *key;
    fv_text out; /* the answer that is being sent, from `sent` on */
    int64_t sent;
    slot slots[WINDOW];
} lines;

/* An engine's thread, or the log's. Under the lock, so that the connection is not woken before it is paused, nor is gone. */
static void recorded(fv_record *record) {
    slot *s = record->context;
    lines *l = s->lines;
    pthread_mutex_lock(&l->lock);
    s->ready = true;
    l->working--;
    bool wake = l->waiting && s == &l->slots[l->oldest % WINDOW];
    if (wake) l->waiting = false;
    if (wake) fv_request_wake(l->r);
    pthread_mutex_unlock(&l->lock);
}

static void answered(fv_ask *ask) {
    slot *s = ask->context;
    fv_record_answered(s->lines->r->server->records, &s->record);
}

/* Whatever is wrong with a line is its answer. */
static fv_error *read_line(lines *l, slot *s, const char *line, int64_t length) {
    fv_picture_list list;
    fv_arena_reset(s->arena);
    FV_TRY(fv_arena_format(s->arena, &s->record.id, "%s-%lld", l->r->id, (long long)l->next));
    FV_TRY(fv_pictures_of_json(line, length, s->arena, &list));
    if (!list.one) return fv_fail(FV_USAGE, "a line is one picture: {\"image\": BASE64, \"id\"?}");
    if (list.at[0].id) s->record.id = list.at[0].id;
    if (list.key) s->record.key = list.key;
    s->ask.bytes = list.at[0].bytes;
    s->ask.length = list.at[0].length;
    s->ask.top = list.top ? list.top : l->top;
    s->ask.threshold = list.threshold != 0 ? list.threshold : l->threshold;
    return NULL;
}

static void begin_line(lines *l, const char *line, int64_t length) {
    slot *s = &l->slots[l->next % WINDOW];
    fv_prediction_room room = s->ask.room;
    s->ask = (fv_ask){ .served = l->r->served, .done = answered, .context = s, .room = room };
    s->ask.facts.measured = l->r->server->records != NULL;
    s->record = (fv_record){ .ask = &s->ask, .id = l->r->id, .key = l->key, .done = recorded, .context = s };
    s->ask.deadline = fv_clock_seconds() + l->r->server->options.timeout;
    s->ready = false;
    fv_error *error = read_line(l, s, line, length);
    pthread_mutex_lock(&l->lock);
    l->working += !error;
    pthread_mutex_unlock(&l->lock);
    bool asked = !error;
    if (!error) error = fv_engine_ask(l->r->server->engine, &s->ask);
    l->next++;
    if (!error) return;
    pthread_mutex_lock(&l->lock);
    s->ask.error = error;
    s->ready = true;
    l->working -= asked;
    pthread_mutex_unlock(&l->lock);
}

/* Takes lines while there are free slots, and the queue has room: a stream fills no more of it than its window. */
static void fill(lines *l) {
    while (l->next - l->oldest < WINDOW && l->at < l->end) {
        const char *line = l->at, *stop = memchr(line, '\n', (size_t)(l->end - line));
        if (!stop) stop = l->end;
        l->at = stop + (stop < l->end);
        while (stop > line && strchr(" \t\r", stop[-1])) stop--;
        if (stop > line) begin_line(l, line, stop - line);
    }
}

static void write_answer(lines *l) {
    slot *s = &l->slots[l->oldest % WINDOW];
    fv_text_clear(&l->out);
    l->sent = 0;
    fv_answer_write(&s->ask, s->record.id, NULL, s->ask.seconds.decode + s->ask.seconds.queue + s->ask.seconds.compute, NULL,
                    &l->out);
    fv_text_add(&l->out, "\n");
    fv_record_sent(l->r->server->records, &s->record);
    fv_error_free(fv_take(&s->ask.error));
    l->oldest++;
}

/* The oldest line's answer is in `out`; 0: it is not made yet, and the connection waits; -2: the server is ending. */
static int64_t next_answer(lines *l) {
    pthread_mutex_lock(&l->lock);
    bool ready = l->slots[l->oldest % WINDOW].ready;
    l->waiting = !ready && fv_request_pause(l->r);
    bool waiting = l->waiting;
    pthread_mutex_unlock(&l->lock);
    if (ready) write_answer(l);
    return ready ? 1 : waiting ? 0 : -2;
}

static int64_t pull(fv_request *r, char *to, int64_t room) {
    lines *l = r->state;
    if (l->sent == l->out.length) {
        fill(l);
        if (l->oldest == l->next) return -1;
        int64_t next = next_answer(l);
        if (next < 1) return next;
    }
    if (l->out.error) return -2;
    int64_t count = fv_min(room, l->out.length - l->sent);
    memcpy(to, l->out.at + l->sent, (size_t)count);
    l->sent += count;
    return count;
}

/* The client may have gone while the engine still works for it: what it has is withdrawn, and waited for. */
static void clean(fv_request *r) {
    lines *l = r->state;
    for (int64_t i = l->oldest; i < l->next; i++) atomic_store(&l->slots[i % WINDOW].ask.withdrawn, 1);
    for (bool working = true; working;) {
        pthread_mutex_lock(&l->lock);
        working = l->working > 0;
        pthread_mutex_unlock(&l->lock);
        if (working) nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
    }
    for (int i = 0; i < WINDOW; i++) {
        fv_error_free(l->slots[i].ask.error);
        fv_prediction_room_release(&l->slots[i].ask.room);
        fv_arena_free(l->slots[i].arena);
    }
    fv_error_free(fv_text_error(&l->out));
    fv_text_release(&l->out);
    pthread_mutex_destroy(&l->lock);
}

fv_error *fv_predict_lines(fv_request *r, int64_t top, double threshold, const char *key) {
    lines *l;
    FV_TRY(fv_arena_take(r->arena, 1, &l));
    *l = (lines){ .r = r, .top = top, .threshold = threshold, .key = key, .at = (const char *)r->body.at };
    l->end = l->at + r->body.length;
    pthread_mutex_init(&l->lock, NULL);
    fv_text_init(&l->out, LINE_BYTES_MAX);
    r->state = l;
    r->clean = clean;
    for (int i = 0; i < WINDOW; i++) {
        l->slots[i].lines = l;
        FV_TRY(fv_arena_new("a line of a request", LINE_BYTES_MAX, &l->slots[i].arena));
    }
    r->reply.status = 200;
    r->reply.type = "application/x-ndjson";
    r->reply.pull = pull;
    return NULL;
}
