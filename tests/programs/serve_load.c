/* serve_load.c - the table and the engine of the server under load, without HTTP, for tests/soak/serve_swaps.sh and
 * serve_loads.sh:
 *
 *   serve_load swaps COUNT ASKERS FOLDER A.fovea B.fovea PICTURE…   an alias goes to and fro COUNT times while ASKERS ask
 *   serve_load loads COUNT A.fovea                                   a model is unloaded and loaded COUNT times
 *
 * Says what happened in one line; exit status 1 when an answer was lost or mixed between versions, or memory grew. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/memory.h"
#include "fovea/versions.h"
#include "serve/models.h"

#define PICTURES_MAX 64
#define LOGITS_MAX 4096
#define WARM_UP 500          /* loads before memory is looked at */
#define GROWTH_MAX (2 << 20) /* bytes that resident memory may differ by */

static void must(fv_error *error) {
    char text[2000];
    if (!error) return;
    fprintf(stderr, "%s\n", fv_error_format(error, text, sizeof text));
    exit(1);
}

static void pause_a_little(void) { nanosleep(&(struct timespec){ .tv_nsec = 200000 }, NULL); }

typedef struct soak {
    fv_registry *registry;
    fv_engine *engine;
    fv_models_table *table;
    int picture_count;
    struct {
        uint8_t *bytes;
        int64_t length;
    } pictures[PICTURES_MAX];
    float *answers[2]; /* by version: what `fovea predict` gives, pictures × outputs */
    int64_t outputs;
    atomic_int stop;
    atomic_llong answered, mixed, lost, busy;
} soak;

static void begin(soak *s, fv_registry *registry) {
    s->registry = registry;
    must(fv_engine_new(NULL, &s->engine));
    must(fv_models_table_new(&(fv_models_options){ .engine = s->engine, .registry = registry, .poll_seconds = 0.005 },
                             &s->table));
}

static void end(soak *s) {
    fv_engine_free(s->engine);
    fv_models_table_free(s->table);
    fv_registry_free(s->registry);
}

/* ---- swaps ---- */

static void wake(fv_ask *ask) { atomic_store((atomic_int *)ask->context, 1); }

/* One question; `*version` who answered. An announced refusal is none. */
static fv_error *ask_once(soak *s, fv_ask *ask, int picture, int64_t *version) {
    atomic_int done = 0;
    FV_TRY(fv_models_table_get(s->table, "soak", "champion", 0, &ask->served));
    *version = fv_served_facts_get(ask->served)->version;
    ask->bytes = s->pictures[picture].bytes, ask->length = s->pictures[picture].length;
    ask->done = wake, ask->context = &done;
    fv_error *error = fv_engine_ask(s->engine, ask);
    while (!error && !atomic_load(&done)) pause_a_little();
    return error ? error : fv_take(&ask->error);
}

static void *ask_on(void *context) {
    soak *s = context;
    fv_ask ask = { 0 };
    int64_t version;
    for (int i = 0; !atomic_load(&s->stop); i++) {
        int picture = i % s->picture_count;
        fv_error *error = ask_once(s, &ask, picture, &version);
        if (error)
            atomic_fetch_add(fv_error_code(error) == FV_BUSY ? &s->busy : &s->lost, 1);
        else if (memcmp(ask.prediction.logits, s->answers[version - 1] + picture * s->outputs,
                        (size_t)s->outputs * sizeof(float)) != 0)
            atomic_fetch_add(&s->mixed, 1);
        else
            atomic_fetch_add(&s->answered, 1);
        fv_error_free(error);
        fv_served_unref(fv_take(&ask.served));
    }
    fv_prediction_room_release(&ask.room);
    return NULL;
}

typedef struct expected {
    float *to;
    int64_t outputs;
} expected;

static fv_error *expect(void *context, const fv_prediction *p) {
    expected *e = context;
    if (p->error) return fv_fail(FV_FORMAT, "%s: %s", p->path, fv_error_message(p->error));
    memcpy(e->to, p->logits, (size_t)e->outputs * sizeof(float));
    e->to += e->outputs;
    return NULL;
}

static void add_version(soak *s, int version, const char *model, char **pictures) {
    FV_OWNED(fv_predictor) predictor = NULL;
    char digest[FV_DIGEST_LETTERS];
    fv_version_added added;
    must(fv_predictor_open(model, NULL, &predictor));
    s->outputs = fv_predictor_output_count(predictor);
    must(fv_memory_new(s->outputs * s->picture_count, &s->answers[version]));
    expected e = { s->answers[version], s->outputs };
    must(fv_predict_files(predictor, (const char *const *)pictures, s->picture_count, 1, expect, &e));
    must(fv_object_put_file(s->registry, model, digest));
    must(fv_version_add(s->registry, &(fv_version_options){ .model = "soak", .digest = digest }, &added));
    if (added.number != version + 1) must(fv_fail(FV_CONFLICT, "the two models are one"));
}

static void swap(soak *s, int64_t version) {
    fv_served *served = NULL;
    int64_t now;
    must(fv_alias_get(s->registry, "soak", "champion", &now));
    must(fv_alias_decide(s->registry, &(fv_alias_decision){ "soak", "champion", version, now, FV_ALIAS_SET, true, "[]" }));
    for (bool there = false; !there; pause_a_little()) {
        fv_error *error = fv_models_table_get(s->table, "soak", "champion", 0, &served);
        there = !error && fv_served_facts_get(served)->version == version;
        fv_error_free(error);
        fv_served_unref(served);
    }
}

static int swaps(int count, char **a) {
    static soak s;
    pthread_t threads[256];
    int64_t wanted = strtoll(a[0], NULL, 10), askers = strtoll(a[1], NULL, 10);
    fv_registry *registry;
    if (askers < 1 || askers > 256) must(fv_fail(FV_USAGE, "1 to 256 askers"));
    s.picture_count = count - 5 < PICTURES_MAX ? count - 5 : PICTURES_MAX;
    for (int i = 0; i < s.picture_count; i++)
        must(fv_file_read(a[5 + i], 1 << 26, &s.pictures[i].bytes, &s.pictures[i].length));
    must(fv_registry_open(a[2], NULL, &registry));
    begin(&s, registry);
    for (int v = 0; v < 2; v++) add_version(&s, v, a[3 + v], a + 5);
    swap(&s, 1);
    for (int i = 0; i < askers; i++)
        if (pthread_create(&threads[i], NULL, ask_on, &s)) return 1;
    for (int64_t i = 0; i < wanted; i++) swap(&s, 2 - i % 2);
    atomic_store(&s.stop, 1);
    for (int i = 0; i < askers; i++) pthread_join(threads[i], NULL);
    end(&s);
    printf("%lld swaps: %lld answered, %lld refused as busy, %lld lost, %lld mixed\n", (long long)wanted, (long long)s.answered,
           (long long)s.busy, (long long)s.lost, (long long)s.mixed);
    for (int v = 0; v < 2; v++) fv_memory_free(s.answers[v]);
    for (int i = 0; i < s.picture_count; i++) fv_memory_free(s.pictures[i].bytes);
    return s.lost || s.mixed || s.busy || !s.answered;
}

/* ---- loads ---- */

static void ordered(fv_models_order *order) { atomic_store((atomic_int *)order->context, 1); }

static void give_order(soak *s, fv_models_verb verb) {
    atomic_int done = 0;
    fv_models_order order = { .verb = verb, .name = "soak", .done = ordered, .context = &done };
    fv_models_table_order(s->table, &order);
    while (!atomic_load(&done)) pause_a_little();
    must(order.error);
}

static int64_t resident(void) {
    long long pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (file && fscanf(file, "%*d %lld", &pages) != 1) pages = 0;
    if (file) fclose(file);
    return pages * sysconf(_SC_PAGESIZE);
}

static int loads(char **a) {
    static soak s;
    int64_t count = strtoll(a[0], NULL, 10), least = INT64_MAX, most = 0;
    begin(&s, NULL);
    must(fv_models_table_add_file(s.table, "soak", a[1]));
    for (int64_t i = 0; i < WARM_UP + count; i++) {
        give_order(&s, FV_MODELS_UNLOAD);
        give_order(&s, FV_MODELS_LOAD);
        if (i < WARM_UP) continue;
        int64_t now = resident();
        if (now < least) least = now;
        if (now > most) most = now;
    }
    int64_t live = fv_memory_live();
    end(&s);
    printf("%lld loads: resident %.2f to %.2f MiB, held %.2f MiB\n", (long long)count, (double)least / 0x1p20,
           (double)most / 0x1p20, (double)live / 0x1p20);
    return most - least > GROWTH_MAX;
}

int main(int count, char **arguments) {
    if (count >= 8 && !strcmp(arguments[1], "swaps")) return swaps(count - 2, arguments + 2);
    if (count == 4 && !strcmp(arguments[1], "loads")) return loads(arguments + 2);
    fprintf(stderr, "serve_load swaps COUNT ASKERS FOLDER A.fovea B.fovea PICTURE... | loads COUNT A.fovea\n");
    return 2;
}
