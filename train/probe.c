/* probe.c - how good features are before anything of the network is changed: a linear probe (Alain and Bengio, arXiv
 * 1610.01644), which is also a good first head (Kumar et al., arXiv 2202.10054), and the nearest neighbours by the angle
 * between features, weighed as Wu et al. do (arXiv 1805.01978, section 3.4). */
#include <math.h>
#include <sodium.h>
#include <string.h>

#include "core/base/file.h"
#include "core/base/memory.h"
#include "core/base/parallel.h"
#include "core/base/size.h"
#include "train/trainer.h"

/* ---- the linear probe ---- */

/* Rows are moved to their mean and brought to a mean square length of 1, all features by the same factor, so that plain descent
 * at this rate is stable (the loss curves by at most 1/2). A factor for each feature would give small ones large weights: a
 * head that tells as well, but whose gradients spoil the network that is trained through it. The decay bounds the weights'
 * length where classes can be told apart without error, which few pictures always can. */
#define STEPS 300
#define BATCH_MAX 2048
#define RATE 1.0
#define OPTIMIZER "sgd momentum=0.9 nesterov=true weight_decay=3e-4"
#define FLAT 1e-6 /* rows of a smaller deviation say nothing */

typedef struct fitting {
    const fv_features *features;
    double *mean, scale; /* of each feature; of all: 1 / the rows' root mean square distance from it */
    int64_t batch, stride;
} fitting;

static fv_error *measure(fitting *f, fv_arena *arena) {
    int64_t count = f->features->count, width = f->features->width;
    double squares = 0;
    FV_TRY(fv_arena_take(arena, width, &f->mean));
    for (int pass = 0; pass < 2; pass++)
        for (int64_t i = 0; i < count; i++)
            for (int64_t k = 0; k < width; k++) {
                double x = f->features->rows[i * width + k], d = x - f->mean[k];
                *(pass ? &squares : &f->mean[k]) += (pass ? d * d : x) / (double)count;
            }
    f->scale = squares > FLAT * FLAT ? 1 / sqrt(squares) : 0;
    return NULL;
}

static int64_t divisor(int64_t a, int64_t b) { return b ? divisor(b, a % b) : a; }

/* Rows are taken in leaps that meet each once: data sets come sorted by class. */
static void choose_stride(fitting *f) {
    int64_t count = f->features->count;
    f->stride = fv_max((int64_t)((double)count * 0.6180339887), 1);
    while (divisor(f->stride, count) != 1) f->stride++;
}

static void fill_batch(const fitting *f, int64_t step, fv_tensor *x, fv_tensor *target) {
    int64_t width = f->features->width, count = f->features->count;
    for (int64_t i = 0; i < f->batch; i++) {
        int64_t row = (step * f->batch + i) % count * f->stride % count;
        const float *from = f->features->rows + row * width;
        for (int64_t k = 0; k < width; k++) ((float *)x->data)[i * width + k] = (float)((from[k] - f->mean[k]) * f->scale);
        ((int64_t *)target->data)[i] = f->features->labels[row];
    }
}

static fv_error *build(const fitting *f, int64_t classes, fv_graph **out) {
    FV_OWNED(fv_graph) graph = NULL;
    FV_TRY(fv_graph_new(&graph));
    fv_value x = fv_graph_input(graph, "x", fv_type_of(FV_F32, f->batch, f->features->width));
    fv_value logits = fv_layer_apply(graph, "probe", x, "dense units=%lld init=zeros bias_init=zeros", (long long)classes);
    fv_value loss = fv_loss_build(graph, "cross_entropy", logits, fv_loss_target(graph, "cross_entropy", logits));
    fv_graph_output(graph, "loss", loss);
    fv_training_step(graph, loss, &(fv_training_options){ .optimizer = OPTIMIZER, .decay_matrices_only = true });
    FV_TRY(fv_graph_error(graph));
    *out = fv_take(&graph);
    return NULL;
}

static fv_error *learn(const fitting *f, int64_t classes, fv_weights *weights) {
    FV_OWNED(fv_graph) graph = NULL;
    FV_OWNED(fv_plan) plan = NULL;
    FV_TRY(build(f, classes, &graph));
    FV_TRY(fv_initialize(graph, weights, 0));
    FV_TRY(fv_plan_new(graph, weights, &(fv_plan_options){ .mode = FV_TRAINING }, &plan));
    for (int64_t step = 0; step < STEPS; step++) {
        fill_batch(f, step, fv_plan_feed(plan, "x"), fv_plan_feed(plan, "target"));
        fv_tensor_store(fv_plan_feed(plan, "learning_rate"), 0, RATE * (1 - (double)step / STEPS));
        FV_TRY(fv_plan_run(plan));
    }
    return NULL;
}

fv_error *fv_probe_fit(const fv_features *features, int64_t classes, float *weight, float *bias) {
    FV_OWNED(fv_arena) arena = NULL;
    FV_OWNED(fv_weights) weights = NULL;
    fitting f = { .features = features, .batch = fv_min(features->count, BATCH_MAX) };
    if (!features->count) return fv_fail(FV_FORMAT, "there are no features to fit a linear probe on");
    FV_TRY(fv_arena_new("a linear probe", INT64_C(1) << 28, &arena));
    FV_TRY(measure(&f, arena));
    choose_stride(&f);
    FV_TRY(fv_weights_new(&weights));
    FV_TRY(learn(&f, classes, weights));
    const float *w = fv_weights_find(weights, "probe.weight")->data, *b = fv_weights_find(weights, "probe.bias")->data;
    for (int64_t c = 0; c < classes; c++) {
        double shift = b[c];
        for (int64_t k = 0; k < features->width; k++) {
            double scaled = w[c * features->width + k] * f.scale;
            weight[c * features->width + k] = (float)scaled;
            shift -= scaled * f.mean[k];
        }
        bias[c] = (float)shift;
    }
    return NULL;
}

double fv_probe_score(const fv_features *asked, int64_t classes, const float *weight, const float *bias) {
    int64_t right = 0, width = asked->width;
    for (int64_t i = 0; i < asked->count; i++) {
        int64_t best = 0;
        double most = -INFINITY;
        for (int64_t c = 0; c < classes; c++) {
            double logit = bias[c];
            for (int64_t k = 0; k < width; k++) logit += (double)weight[c * width + k] * asked->rows[i * width + k];
            if (logit > most) most = logit, best = c;
        }
        right += best == asked->labels[i];
    }
    return (double)right / (double)fv_max(asked->count, 1);
}

/* ---- the nearest ---- */

#define NEIGHBOURS 20
#define TEMPERATURE 0.07

typedef struct search {
    const fv_features *known, *asked;
    const double *known_norms;
    int64_t classes, near;
    bool *right; /* of each that is asked */
} search;

static double norm_of(const float *row, int64_t width) {
    double sum = 0;
    for (int64_t k = 0; k < width; k++) sum += (double)row[k] * row[k];
    return sqrt(fmax(sum, 1e-30));
}

/* The nearest so far, sorted: one more among them, of equal ones behind. */
static void put(double *cosines, int64_t *labels, int64_t *held, int64_t near, double cosine, int64_t label) {
    int64_t at = *held < near ? (*held)++ : near - 1;
    if (at == near - 1 && *held == near && labels[at] >= 0 && cosine <= cosines[at]) return;
    for (; at > 0 && cosines[at - 1] < cosine; at--) cosines[at] = cosines[at - 1], labels[at] = labels[at - 1];
    cosines[at] = cosine, labels[at] = label;
}

static int64_t vote(const search *s, const double *cosines, const int64_t *labels, int64_t held) {
    int64_t best = -1;
    double most = -1;
    for (int64_t i = 0; i < held; i++) {
        double votes = 0;
        for (int64_t j = 0; j < held; j++)
            if (labels[j] == labels[i]) votes += exp((cosines[j] - 1) / TEMPERATURE);
        if (votes > most || (votes == most && labels[i] < best)) most = votes, best = labels[i];
    }
    return (void)s, best;
}

static void ask(void *context, int64_t i, int thread) {
    (void)thread;
    const search *s = context;
    double cosines[NEIGHBOURS];
    int64_t labels[NEIGHBOURS], held = 0, width = s->known->width;
    for (int k = 0; k < NEIGHBOURS; k++) labels[k] = -1, cosines[k] = -2;
    const float *row = s->asked->rows + i * width;
    double norm = norm_of(row, width);
    for (int64_t j = 0; j < s->known->count; j++) {
        double product = 0;
        for (int64_t k = 0; k < width; k++) product += (double)row[k] * s->known->rows[j * width + k];
        put(cosines, labels, &held, s->near, product / (norm * s->known_norms[j]), s->known->labels[j]);
    }
    s->right[i] = vote(s, cosines, labels, held) == s->asked->labels[i];
}

fv_error *fv_nearest_score(const fv_features *known, const fv_features *asked, int64_t classes, double *out) {
    FV_OWNED(fv_arena) arena = NULL;
    double *norms;
    int64_t right = 0;
    search s = { .known = known, .asked = asked, .classes = classes, .near = fv_min(NEIGHBOURS, known->count) };
    FV_TRY(fv_arena_new("nearest neighbours", INT64_C(1) << 34, &arena));
    FV_TRY(fv_arena_take(arena, known->count + 1, &norms));
    FV_TRY(fv_arena_take(arena, asked->count + 1, &s.right));
    for (int64_t j = 0; j < known->count; j++) norms[j] = norm_of(known->rows + j * known->width, known->width);
    s.known_norms = norms;
    if (s.near) fv_parallel_for(asked->count, ask, &s);
    for (int64_t i = 0; i < asked->count; i++) right += s.right[i];
    *out = (double)right / (double)fv_max(asked->count, 1);
    return NULL;
}

/* ---- kept features ---- */

#define MAGIC "fovea-features\1"
#define KEY_BYTES 32
#define CACHE_BYTES_MAX (INT64_C(1) << 36)

typedef struct header {
    char magic[16];
    unsigned char key[KEY_BYTES]; /* of all that decides the features */
    int64_t count, width;
} header;

static void make_key(const fv_trainer *t, const char *part, header *h) {
    crypto_generichash_state hash;
    const char *const texts[] = { t->tuning.digest, t->data_hash, t->steps, t->keys->arch, part, FOVEA_VERSION };
    int64_t seed[] = { t->keys->seed, t->keys->channels };
    memcpy(h->magic, MAGIC, sizeof h->magic);
    crypto_generichash_init(&hash, NULL, 0, KEY_BYTES);
    for (int i = 0; i < 6; i++)
        crypto_generichash_update(&hash, (const unsigned char *)(texts[i] ? texts[i] : ""),
                                  strlen(texts[i] ? texts[i] : "") + 1);
    crypto_generichash_update(&hash, (const unsigned char *)seed, sizeof seed);
    crypto_generichash_final(&hash, h->key, KEY_BYTES);
}

/* Whether the file is whole and of these features; then they are taken from it. */
static bool take_kept(const uint8_t *bytes, int64_t length, const header *wanted, int64_t most, fv_features *out) {
    header h;
    if (length < (int64_t)sizeof h + KEY_BYTES) return false;
    memcpy(&h, bytes, sizeof h);
    unsigned char hash[KEY_BYTES];
    crypto_generichash(hash, KEY_BYTES, bytes, (unsigned long long)length - KEY_BYTES, NULL, 0);
    if (memcmp(h.magic, wanted->magic, sizeof h.magic) != 0 || memcmp(h.key, wanted->key, KEY_BYTES) != 0 ||
        memcmp(hash, bytes + length - KEY_BYTES, KEY_BYTES) != 0 || h.count < 1 || h.count > most || h.width < 1 ||
        h.width > length || (length - (int64_t)sizeof h - KEY_BYTES) / h.count != h.width * 4 + 8)
        return false;
    size_t rows = (size_t)(h.count * h.width) * sizeof(float), labels = (size_t)h.count * sizeof(int64_t);
    if (fv_memory_alloc(h.count * h.width, sizeof(float), (void **)&out->rows)) return false;
    if (fv_memory_alloc(h.count, sizeof(int64_t), (void **)&out->labels)) return false;
    memcpy(out->rows, bytes + sizeof h, rows);
    memcpy(out->labels, bytes + sizeof h + rows, labels);
    out->count = h.count, out->width = h.width;
    return true;
}

static fv_error *keep(const char *path, header *h, const fv_features *f) {
    FV_TEXT(bytes, CACHE_BYTES_MAX);
    unsigned char hash[KEY_BYTES];
    h->count = f->count, h->width = f->width;
    fv_text_add_bytes(&bytes, h, (int64_t)sizeof *h);
    fv_text_add_bytes(&bytes, f->rows, f->count * f->width * (int64_t)sizeof(float));
    fv_text_add_bytes(&bytes, f->labels, f->count * (int64_t)sizeof(int64_t));
    FV_TRY(fv_text_error(&bytes));
    crypto_generichash(hash, KEY_BYTES, (const unsigned char *)bytes.at, (unsigned long long)bytes.length, NULL, 0);
    fv_text_add_bytes(&bytes, hash, KEY_BYTES);
    FV_TRY(fv_text_error(&bytes));
    return fv_file_write(path, bytes.at, bytes.length, NULL);
}

/* From the folder, where they are kept there; else computed, and kept. */
static fv_error *features_of(const fv_trainer *t, const fv_subset *subset, const char *part, fv_features *out) {
    header h = { 0 };
    const char *name, *path;
    *out = (fv_features){ 0 };
    if (!t->options->out) return fv_trainer_features(t, subset, part, out);
    make_key(t, part, &h);
    FV_TRY(fv_file_make_folder(t->options->out));
    FV_TRY(fv_arena_format(t->arena, &name, "features_%s.bin", part));
    FV_TRY(fv_file_join(t->arena, t->options->out, name, &path));
    if (fv_file_kind_of(path) == FV_FILE_PLAIN) {
        uint8_t *bytes;
        int64_t length;
        FV_TRY(fv_file_read(path, CACHE_BYTES_MAX, &bytes, &length));
        bool fits = take_kept(bytes, length, &h, fv_subset_count(subset), out);
        fv_memory_free(bytes);
        if (fits) return fv_trainer_say(t, "features: %lld from %s", (long long)out->count, path), NULL;
        fv_features_release(out);
        fv_trainer_say(t, "features: %s is of other weights, pictures or transforms; computed anew", path);
    }
    FV_TRY(fv_trainer_features(t, subset, part, out));
    return keep(path, &h, out);
}

static fv_error *probe(const fv_trainer *t, const fv_features *train, const fv_features *val) {
    int64_t classes = fv_trainer_outputs(t);
    float *weight, *bias;
    double nearest;
    FV_TRY(fv_arena_take(t->arena, classes * train->width, &weight));
    FV_TRY(fv_arena_take(t->arena, classes, &bias));
    FV_TRY(fv_probe_fit(train, classes, weight, bias));
    FV_TRY(fv_nearest_score(train, val, classes, &nearest));
    fv_trainer_say(t, "linear probe: top-1 %.2f %% of %lld validation pictures (%.2f %% of those it was fitted on)",
                   100 * fv_probe_score(val, classes, weight, bias), (long long)val->count,
                   100 * fv_probe_score(train, classes, weight, bias));
    fv_trainer_say(t, "%lld nearest neighbours: top-1 %.2f %%", (long long)fv_min(NEIGHBOURS, train->count), 100 * nearest);
    return NULL;
}

fv_error *fv_trainer_probe(const fv_trainer *t) {
    fv_features train, val = { 0 };
    if (t->kind != FV_ONE_CLASS) return fv_fail(FV_USAGE, "--probe tells one class a picture, which these data do not say");
    fv_error *error = features_of(t, t->train, "train", &train);
    if (!error) error = features_of(t, t->val, "val", &val);
    if (!error) error = probe(t, &train, &val);
    fv_features_release(&train);
    fv_features_release(&val);
    return error;
}
