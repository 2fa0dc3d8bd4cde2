/* onnx.c - a model as ONNX. Before the file is there, it is read back, and its graph run by ONNX's rules on the model's own
 * self-test pictures (where it has none, on a made one): its logits must be the model's. */
#include <math.h>
#include <onnx.pb-c.h>
#include <string.h>

#include "core/base/file.h"
#include "core/base/memory.h"
#include "core/base/size.h"
#include "data/image.h"
#include "data/transform.h"
#include "exchange/exporter.h"
#include "exchange/onnx.h"
#include "predict/predictor.h"

#define TOLERANCE 1e-4 /* of the largest logit: sums are taken in another order */
#define BATCH 2        /* another than what is written is open */
#define TEXT_BYTES_MAX (1 << 24)

/* ---- preprocessing ---- */

/* Steps of evaluation that only say which pixels are looked at; whoever calls the ONNX does them. */
static bool is_geometry(const char *line, size_t length) {
    static const char *const names[] = { "resize", "center_crop", "padded_center_crop", "letterbox" };
    for (int i = 0; i < 4; i++)
        if (strlen(names[i]) == length && !strncmp(names[i], line, length)) return true;
    return false;
}

static const fv_transform *transform_of(const char *line, size_t length) {
    for (int i = 0; i < fv_transform_table_count; i++)
        if (strlen(fv_transform_table[i]->name) == length && !strncmp(fv_transform_table[i]->name, line, length))
            return fv_transform_table[i];
    return NULL;
}

static bool is_training(const char *line, const fv_transform *t) {
    const char *said = strstr(line, "when="), *end = line + strcspn(line, "\n");
    if (said && said < end) return !strncmp(said, "when=training", strlen("when=training"));
    return t->fields[0].by_default && !strcmp(t->fields[0].by_default, "training");
}

/* The steps that normalise alone. */
static fv_error *normalizing_steps(const fv_predictor *predictor, fv_transforms **out) {
    FV_TEXT(kept, TEXT_BYTES_MAX);
    char *text;
    fv_error *error = NULL;
    FV_TRY(fv_transforms_to_text(fv_predictor_transforms(predictor), &text));
    for (const char *line = text; *line && !error;) {
        size_t length = strcspn(line, "\n"), name = strcspn(line, " \n");
        const fv_transform *t = transform_of(line, name);
        if (t && t->normalizes)
            fv_text_addf(&kept, "%.*s\n", (int)length, line);
        else if (t && !is_training(line, t) && !is_geometry(line, name))
            error = fv_fail(FV_UNSUPPORTED, "transform %s cannot be put into the graph: only what normalises can", t->name);
        line += length + (line[length] != 0);
    }
    fv_string_free(text);
    FV_TRY(error);
    FV_TRY(fv_text_error(&kept));
    return fv_transforms_parse(kept.length ? kept.at : "", out);
}

/* What the steps do to the 256 values of each channel, which has to be a straight line. */
static fv_error *measure(const fv_transforms *steps, int64_t channels, fv_arena *arena, fv_onnx_affine *out) {
    FV_IMAGE(ramp);
    FV_TRY(fv_image_resize(&ramp, 1, 256, channels, FV_PIXEL_U8));
    for (int64_t i = 0; i < 256 * channels; i++) ((uint8_t *)ramp.pixels)[i] = (uint8_t)(i / channels);
    FV_TRY(fv_transforms_apply(steps, FV_EVALUATION, NULL, &ramp));
    const float *y = ramp.pixels;
    out->channels = channels;
    FV_TRY(fv_arena_take(arena, channels, &out->scale));
    FV_TRY(fv_arena_take(arena, channels, &out->shift));
    for (int64_t c = 0; c < channels; c++) {
        double low = y[c], high = y[255 * channels + c], step = (high - low) / 255;
        out->scale[c] = (float)step, out->shift[c] = (float)low;
        for (int64_t v = 0; v < 256; v++)
            if (!(fabs(low + step * (double)v - y[v * channels + c]) <= 1e-5 * (fabs(low) + fabs(high))))
                return fv_fail(FV_UNSUPPORTED, "the transforms change pixels by more than a factor and an offset");
    }
    return NULL;
}

/* ---- metadata ---- */

static fv_error *list_classes(const fv_predictor *predictor, fv_arena *arena, const char **out) {
    FV_TEXT(json, TEXT_BYTES_MAX);
    const char *const *names = fv_predictor_class_names(predictor);
    fv_text_add(&json, "[");
    for (int64_t c = 0; c < fv_predictor_class_count(predictor); c++) {
        if (c) fv_text_add(&json, ",");
        fv_text_add_json(&json, names[c]);
    }
    fv_text_add(&json, "]");
    FV_TRY(fv_text_error(&json));
    return fv_arena_text(arena, json.at, out);
}

static fv_error *collect(const fv_export_call *call, const fv_predictor *predictor, fv_onnx_pair pairs[4], int64_t *count) {
    char *steps;
    pairs[0].key = "classes", pairs[1].key = "transforms", pairs[2].key = "temperature", pairs[3].key = "licence";
    FV_TRY(list_classes(predictor, call->arena, &pairs[0].value));
    FV_TRY(fv_transforms_to_text(fv_predictor_transforms(predictor), &steps));
    fv_error *error = fv_arena_text(call->arena, steps, &pairs[1].value);
    fv_string_free(steps);
    FV_TRY(error);
    FV_TRY(fv_arena_format(call->arena, &pairs[2].value, "%.9g", fv_predictor_temperature(predictor)));
    pairs[3].value = call->licence;
    *count = call->licence ? 4 : 3;
    return NULL;
}

/* ---- the same? ---- */

typedef struct comparing {
    fv_export_call *call;
    fv_predictor *predictor;
    const fv_onnx_affine *inside; /* NULL: the transforms are done before */
    fv_plan *plan;                /* of what was read back */
    const char *input;
    double largest;
} comparing;

/* Pixels of one picture as bytes, at the network's size, and what the network is given for them. */
static void round_to_bytes(const comparing *c, const float *pixels, uint8_t *bytes, float *given) {
    fv_size size = fv_predictor_input(c->predictor);
    for (int64_t i = 0; i < size.height * size.width * size.channels; i++) {
        double scale = c->inside->scale[i % size.channels], shift = c->inside->shift[i % size.channels];
        bytes[i] = (uint8_t)lround(fmin(fmax(scale != 0 ? (pixels[i] - shift) / scale : 0, 0), 255));
        given[i] = (float)(scale * bytes[i] + shift);
    }
}

/* The picture, once for each of the batch, into what was read back; with bytes `pixels` become what those stand for. */
static fv_error *feed(const comparing *c, float *pixels) {
    fv_size size = fv_predictor_input(c->predictor);
    fv_tensor *x = fv_plan_feed(c->plan, c->input);
    int64_t places = size.height * size.width, numbers = places * size.channels;
    if (!x) return fv_fail(FV_BUG, "what was written has no input %s", c->input);
    for (int64_t b = 0; b < BATCH; b++) {
        if (c->inside) {
            round_to_bytes(c, pixels, (uint8_t *)x->data + b * numbers, pixels);
            continue;
        }
        for (int64_t i = 0; i < numbers; i++)
            ((float *)x->data)[b * numbers + i % size.channels * places + i / size.channels] = pixels[i];
    }
    return NULL;
}

static fv_error *compare_picture(comparing *c, const char *what, float *pixels) {
    const float *ours;
    int64_t outputs = fv_predictor_output_count(c->predictor);
    FV_TRY(feed(c, pixels));
    FV_TRY(fv_plan_run(c->plan));
    FV_TRY(fv_predictor_run(c->predictor, pixels, 1, &ours));
    const float *theirs = fv_plan_result(c->plan, "logits")->data;
    for (int64_t k = 0; k < outputs; k++) c->largest = fmax(c->largest, fabs(ours[k]));
    for (int64_t k = 0; k < BATCH * outputs; k++) {
        double apart = fabs((double)ours[k % outputs] - theirs[k]);
        if (!(apart <= c->call->max_abs_diff)) c->call->max_abs_diff = apart;
    }
    if (c->call->max_abs_diff <= TOLERANCE * fmax(c->largest, 1)) return NULL;
    return fv_fail(FV_BUG, "on %s the graph's logits are %g from the model's: nothing was written", what,
                   c->call->max_abs_diff);
}

static fv_error *compare_selftest(comparing *c, const fv_selftest_section *s) {
    fv_size size = fv_predictor_input(c->predictor);
    for (int64_t i = 0; i < s->pictures.count; i++) {
        FV_IMAGE(image);
        const uint8_t *bytes;
        int64_t length;
        FV_TRY(fv_selftest_file(s->names.at[i], s->pictures.at[i], c->call->arena, &bytes, &length));
        FV_TRY(fv_image_decode(bytes, length, s->names.at[i], &(fv_decode_options){ .channels = size.channels }, &image));
        FV_TRY(fv_transforms_apply(fv_predictor_transforms(c->predictor), FV_EVALUATION, NULL, &image));
        if (image.height != size.height || image.width != size.width)
            return fv_fail(FV_FORMAT, "self-test picture %s does not come out in the network's size", s->names.at[i]);
        FV_TRY(compare_picture(c, s->names.at[i], image.pixels));
    }
    return fv_arena_format(c->call->arena, &c->call->compared, "logits of %lld self-test pictures",
                           (long long)s->pictures.count);
}

/* Numbers of about the size of a normalised picture's, without a pattern that layers could be blind to. */
static fv_error *compare_made(comparing *c) {
    fv_size size = fv_predictor_input(c->predictor);
    int64_t numbers = size.height * size.width * size.channels;
    float *pixels;
    FV_TRY(fv_arena_take(c->call->arena, numbers, &pixels));
    for (int64_t i = 0; i < numbers; i++) {
        uint32_t hash = (uint32_t)i * 2654435761u;
        hash ^= hash >> 15;
        pixels[i] = (float)((double)(hash * 2246822519u >> 8) / (1 << 24) * 3 - 1.5);
    }
    c->call->compared = "logits of a made picture: the model has no self-test";
    return compare_picture(c, "a made picture", pixels);
}

static fv_error *compare(comparing *c) {
    fv_selftest_section s = { 0 };
    const fv_model *model = fv_predictor_model(c->predictor);
    if (fv_model_section(model, fv_section_selftest.name, NULL))
        FV_TRY(fv_section_read(model, &fv_section_selftest, &s, c->call->arena));
    return s.pictures.count ? compare_selftest(c, &s) : compare_made(c);
}

/* protobuf-c takes its memory here, like everything else. */
static void *take(void *data, size_t bytes) {
    void *memory = NULL;
    (void)data;
    fv_error_free(fv_memory_alloc((int64_t)bytes, 1, &memory));
    return memory;
}

static void give(void *data, void *memory) { (void)data, fv_memory_free(memory); }

static fv_error *read_back(comparing *c, const uint8_t *bytes, int64_t length) {
    FV_OWNED(fv_graph) graph = NULL;
    FV_OWNED(fv_weights) weights = NULL;
    FV_OWNED(fv_plan) plan = NULL;
    ProtobufCAllocator memory = { .alloc = take, .free = give };
    Onnx__ModelProto *again = fv_onnx__model_proto__unpack(&memory, (size_t)length, bytes);
    if (!again) return fv_fail(FV_BUG, "what was written is no ONNX");
    fv_error *error = fv_weights_new(&weights);
    if (!error) error = fv_onnx_to_graph(again, BATCH, c->call->arena, weights, &graph);
    fv_onnx__model_proto__free_unpacked(again, &memory);
    FV_TRY(error);
    FV_TRY(fv_plan_new(graph, weights, &(fv_plan_options){ .mode = FV_EVALUATION }, &plan));
    c->plan = plan;
    return compare(c);
}

/* ---- all of it ---- */

static fv_error *export_model(fv_export_call *call, fv_predictor *predictor) {
    FV_OWNED(fv_transforms) steps = NULL;
    fv_onnx_affine affine;
    fv_onnx_pair pairs[4];
    int64_t count;
    Onnx__ModelProto *proto;
    uint8_t *bytes;
    comparing c = { .call = call, .predictor = predictor, .input = call->preprocessing ? "image" : "input" };
    if (call->preprocessing) {
        FV_TRY(normalizing_steps(predictor, &steps));
        FV_TRY(measure(steps, fv_predictor_input(predictor).channels, call->arena, &affine));
        c.inside = &affine;
    }
    FV_TRY(collect(call, predictor, pairs, &count));
    FV_TRY(fv_onnx_of_model(call->model, c.inside, pairs, count, call->arena, &proto));
    int64_t length = (int64_t)fv_onnx__model_proto__get_packed_size(proto);
    if (length > INT32_MAX)
        return fv_fail(FV_UNSUPPORTED, "an ONNX file holds 2 GiB at most, and this would have %lld", (long long)length);
    FV_TRY(fv_arena_take(call->arena, length, &bytes));
    fv_onnx__model_proto__pack(proto, bytes);
    FV_TRY(fv_error_wrap(read_back(&c, bytes, length), "%s, read back", call->path));
    return fv_file_write(call->path, bytes, length, NULL);
}

static fv_error *write_(fv_export_call *call) {
    FV_OWNED(fv_predictor) predictor = NULL;
    FV_TRY(fv_predictor_new(call->model, NULL, &predictor));
    return export_model(call, predictor);
}

const fv_exporter fv_exporter_onnx = {
    .name = "onnx",
    .summary = "the network as ONNX, with its weights, class names and licence; compared by running it",
    .fields = fv_no_fields,
    .write = write_,
};
