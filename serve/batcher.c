/* batcher.c - see batcher.h. A batch takes the largest planned size that is full, so that nothing is computed in vain: seven
 * rows are run as four, then as two of the three that are left, unless more have come meanwhile. */
#include "serve/batcher.h"

#include <math.h>

#include "core/base/assert.h"
#include "core/base/size.h"

#define LEARNING 0.1 /* the weight of the newest in a running mean */

void fv_ask_queue_put(fv_ask_queue *queue, fv_ask *ask) {
    ask->state.next = NULL;
    if (queue->last)
        queue->last->state.next = ask;
    else
        queue->first = ask;
    queue->last = ask;
    queue->count++;
}

fv_ask *fv_ask_queue_take(fv_ask_queue *queue) {
    fv_ask *ask = queue->first;
    if (!ask) return NULL;
    queue->first = ask->state.next;
    if (!queue->first) queue->last = NULL;
    queue->count--;
    return ask;
}

/* ---- rings ---- */

static void enter_ring(fv_batcher *b, fv_stage stage, fv_lane *lane) {
    fv_ring *ring = &b->rings[stage];
    if (lane->queued[stage]) return;
    lane->next[stage] = NULL;
    lane->queued[stage] = true;
    if (ring->last)
        ring->last->next[stage] = lane;
    else
        ring->first = lane;
    ring->last = lane;
}

/* `before` is the lane before it, NULL for the first. */
static void leave_ring(fv_batcher *b, fv_stage stage, fv_lane *before, fv_lane *lane) {
    fv_ring *ring = &b->rings[stage];
    *(before ? &before->next[stage] : &ring->first) = lane->next[stage];
    if (ring->last == lane) ring->last = before;
    lane->queued[stage] = false;
}

/* To the end of the ring, or out of it when it has nothing left. */
static void had_its_turn(fv_batcher *b, fv_stage stage, fv_lane *before, fv_lane *lane) {
    leave_ring(b, stage, before, lane);
    if (lane->stages[stage].count) enter_ring(b, stage, lane);
}

static void put(fv_batcher *b, fv_stage stage, fv_ask *ask, double now) {
    fv_lane *lane = fv_served_lane(ask->served);
    ask->state.since = now;
    fv_ask_queue_put(&lane->stages[stage], ask);
    enter_ring(b, stage, lane);
}

/* ---- coming and going ---- */

static double cost_of(const fv_batcher *b, const fv_lane *lane, const fv_ask *ask) {
    return lane->row_seconds + (ask->pixels ? 0 : lane->decode_seconds / (double)fv_max(b->workers, 1));
}

static fv_error *refuse_late(const fv_batcher *b, fv_ask *ask, double now) {
    ask->retry_after = b->backlog;
    if (ask->deadline <= now) return fv_fail(FV_CANCELLED, "its time had run out before it was asked");
    return fv_error_hint(fv_fail(FV_CANCELLED,
                                 "it cannot be answered in the %.0f ms that it has: the %lld before it take %.0f ms",
                                 1e3 * (ask->deadline - now), (long long)b->pending, 1e3 * b->backlog),
                         "ask again when the server has less to do, or with a longer time limit");
}

fv_error *fv_batcher_admit(fv_batcher *b, fv_ask *ask, double now) {
    fv_lane *lane = fv_served_lane(ask->served);
    if (lane->waiting >= b->queue) {
        ask->retry_after = b->backlog;
        return fv_error_hint(fv_fail(FV_BUSY, "%lld pictures wait for this model already", (long long)lane->waiting),
                             "ask again in about %.1f s", b->backlog);
    }
    /* Means may mislead after a pause of the machine: who is alone is let in if the network was ever as fast as that. */
    double ahead = b->pending ? b->backlog : 0;
    if (ask->deadline > 0 && now + ahead + lane->row_seconds_least > ask->deadline) return refuse_late(b, ask, now);
    ask->state.cost = cost_of(b, lane, ask);
    lane->waiting++;
    b->pending++;
    b->backlog += ask->state.cost;
    put(b, ask->pixels ? FV_STAGE_ROWS : FV_STAGE_FILES, ask, now);
    return NULL;
}

void fv_batcher_leave(fv_batcher *b, fv_ask *ask) {
    fv_lane *lane = fv_served_lane(ask->served);
    FV_ASSERT(lane->waiting > 0 && b->pending > 0);
    lane->waiting--;
    b->pending--;
    b->backlog = b->pending ? fmax(b->backlog - ask->state.cost, 0) : 0;
}

void fv_batcher_put_row(fv_batcher *b, fv_ask *ask, double now) { put(b, FV_STAGE_ROWS, ask, now); }

/* Nobody waits for it any more, or its answer would come too late even if it were the next. */
static bool is_late(const fv_lane *lane, const fv_ask *ask, double now) {
    if (atomic_load_explicit(&ask->withdrawn, memory_order_relaxed)) return true;
    return ask->deadline > 0 && now + lane->row_seconds_least > ask->deadline;
}

/* ---- who is next ---- */

fv_ask *fv_batcher_next_file(fv_batcher *b, double now, fv_ask_queue *late) {
    for (fv_lane *lane; (lane = b->rings[FV_STAGE_FILES].first);) {
        fv_ask *ask = NULL;
        while ((ask = fv_ask_queue_take(&lane->stages[FV_STAGE_FILES])) && is_late(lane, ask, now)) fv_ask_queue_put(late, ask);
        had_its_turn(b, FV_STAGE_FILES, NULL, lane);
        if (ask) return ask;
    }
    return NULL;
}

static void drop_late(fv_lane *lane, double now, fv_ask_queue *late) {
    fv_ask_queue *rows = &lane->stages[FV_STAGE_ROWS], kept = { 0 };
    for (fv_ask *ask; (ask = fv_ask_queue_take(rows));) fv_ask_queue_put(is_late(lane, ask, now) ? late : &kept, ask);
    *rows = kept;
}

/* The largest planned batch that is full, of one share of what waits; 0: files are to be decoded first. */
static int64_t batch_size(const fv_batcher *b, const fv_lane *lane) {
    int64_t rows = lane->stages[FV_STAGE_ROWS].count, files = lane->stages[FV_STAGE_FILES].count, size = 0;
    int64_t share = fv_min(fv_ceil_div(rows + files, fv_max(b->idle, 1)), lane->sizes[lane->size_count - 1]);
    if (b->gather && files && rows < share) return 0;
    for (int i = 0; i < lane->size_count && lane->sizes[i] <= fv_min(rows, share); i++) size = lane->sizes[i];
    return size;
}

/* When the lane's rows may be run though there are not enough for the largest batch: the oldest has waited long enough, or one
 * cannot wait any longer. */
static double due_at(const fv_batcher *b, const fv_lane *lane) {
    double due = lane->stages[FV_STAGE_ROWS].first->state.since + b->max_delay;
    for (const fv_ask *ask = lane->stages[FV_STAGE_ROWS].first; ask; ask = ask->state.next)
        if (ask->deadline > 0) due = fmin(due, ask->deadline - 2 * lane->row_seconds);
    return due;
}

int64_t fv_batcher_next_batch(fv_batcher *b, double now, fv_ask_queue *batch, fv_ask_queue *late, double *due) {
    *due = INFINITY;
    for (fv_lane *before = NULL, *lane = b->rings[FV_STAGE_ROWS].first, *next; lane; lane = next) {
        next = lane->next[FV_STAGE_ROWS];
        drop_late(lane, now, late);
        if (!lane->stages[FV_STAGE_ROWS].count) {
            leave_ring(b, FV_STAGE_ROWS, before, lane);
            continue;
        }
        int64_t size = batch_size(b, lane);
        bool full = size == lane->sizes[lane->size_count - 1];
        double when = !size ? INFINITY : full || b->max_delay <= 0 ? now : due_at(b, lane);
        if (when <= now) {
            for (int64_t i = 0; i < size; i++) fv_ask_queue_put(batch, fv_ask_queue_take(&lane->stages[FV_STAGE_ROWS]));
            had_its_turn(b, FV_STAGE_ROWS, before, lane);
            return size;
        }
        *due = fmin(*due, when);
        before = lane;
    }
    return 0;
}

/* ---- what is expected ---- */

static void learn(double *mean, double seconds) { *mean = *mean > 0 ? *mean + LEARNING * (seconds - *mean) : seconds; }

void fv_lane_learn_decode(fv_lane *lane, double seconds) { learn(&lane->decode_seconds, seconds); }

void fv_lane_learn_row(fv_lane *lane, double seconds) {
    learn(&lane->row_seconds, seconds);
    lane->row_seconds_least = lane->row_seconds_least > 0 ? fmin(lane->row_seconds_least, seconds) : seconds;
}
