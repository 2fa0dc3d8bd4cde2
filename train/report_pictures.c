/* report_pictures.c - what the network sees, and where it is wrong, as pictures. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/size.h"
#include "data/image.h"
#include "plot/page.h"
#include "train/report.h"

#define BOX 128 /* pixels a picture has on the page */
#define WORST 16
#define PAIRS 3 /* most confused pairs that are shown */
#define OF_A_PAIR 6
#define OF_A_BATCH 16
#define LABELS_NAMED 3 /* in a caption */
#define CAPTION_MAX 65536

/* ---- what is wrong with an answer ---- */

static double score_of(const fv_report *r, int64_t i) { return r->outcomes->probabilities[i * r->classes + r->answers[i]]; }

/* Of labels: the picture's share of the log loss, if a label is wrong. */
static double loss_of_labels(const fv_report *r, int64_t i) {
    const double *said = r->outcomes->probabilities + i * r->classes;
    const uint8_t *truths = r->outcomes->truths + i * r->classes;
    double loss = 0;
    bool wrong = false;
    for (int64_t c = 0; c < r->classes; c++) {
        loss -= log(fmax(truths[c] ? said[c] : 1 - said[c], 0x1p-52));
        wrong |= (said[c] >= FV_REPORT_YES) != truths[c];
    }
    return wrong ? loss : 0;
}

/* How bad a mistake is: how sure the wrong class was, the loss of the labels, how far off the number is. 0: there is none. */
static double badness(const fv_report *r, int64_t i) {
    const fv_outcomes *o = r->outcomes;
    switch (r->kind) {
    case FV_ONE_CLASS: return r->answers[i] == o->labels[i] ? 0 : score_of(r, i);
    case FV_MULTI_LABEL: return loss_of_labels(r, i);
    default: return fabs(o->predicted[i] - o->targets[i]);
    }
}

/* A line of the labels that were missed, or of those that were wrongly given, with their probabilities. */
static void add_wrong_labels(const fv_report *r, int64_t i, bool missed, fv_text *out) {
    const double *said = r->outcomes->probabilities + i * r->classes;
    const uint8_t *truths = r->outcomes->truths + i * r->classes;
    int64_t count = 0;
    for (int64_t c = 0; c < r->classes; c++) {
        bool yes = said[c] >= FV_REPORT_YES;
        if (yes == truths[c] || truths[c] != missed || ++count > LABELS_NAMED) continue;
        fv_text_addf(out, "%s%s (%.0f\u00a0%%)",
                     count > 1 ? ", "
                     : missed  ? "missed: "
                               : "wrongly: ",
                     r->names[c], 100 * said[c]);
    }
    if (count > LABELS_NAMED) fv_text_addf(out, " and %lld more", (long long)(count - LABELS_NAMED));
    if (count) fv_text_add(out, "\n");
}

/* What is wrong, and the picture's name. */
static void add_caption(const fv_report *r, int64_t i, fv_text *out) {
    const fv_outcomes *o = r->outcomes;
    if (r->kind == FV_ONE_CLASS)
        fv_text_addf(out, "%s, taken for %s (%.1f\u00a0%%)\n", r->names[o->labels[i]], r->names[r->answers[i]],
                     100 * score_of(r, i));
    if (r->kind == FV_MULTI_LABEL) add_wrong_labels(r, i, true, out);
    if (r->kind == FV_MULTI_LABEL) add_wrong_labels(r, i, false, out);
    if (r->kind == FV_NUMBERS) fv_text_addf(out, "true %.4g\npredicted %.4g\n", o->targets[i], o->predicted[i]);
    fv_text_add(out, fv_dataset_id(r->set, r->evaluation.samples[i]));
}

/* ---- mistakes ---- */

/* A picture of the data set as bytes, borrowed from `image`. */
static fv_error *read_picture(const fv_report *r, int64_t index, fv_image *image, fv_picture *out) {
    FV_TRY(fv_dataset_read(r->set, r->evaluation.samples[index], image));
    fv_image_to_bytes(image);
    *out = (fv_picture){ image->pixels, image->height, image->width, image->channels };
    return NULL;
}

static fv_error *add_mistake(const fv_report *r, int64_t index, fv_image *image, fv_text *html) {
    fv_picture picture;
    FV_TEXT(caption, CAPTION_MAX);
    fv_error *error = read_picture(r, index, image, &picture);
    if (error && fv_error_code(error) == FV_MEMORY) return error;
    if (error) { /* it was there a moment ago: the page goes on without it */
        fv_error_free(error);
        return NULL;
    }
    add_caption(r, index, &caption);
    FV_TRY(fv_text_error(&caption));
    return fv_page_picture(html, &picture, BOX, caption.at, FV_TONE_PLAIN);
}

/* The worst mistakes first, of equal ones in the order of the data; of one cell of the confusion matrix, or (−1) of all. At
 * most `most`; insertion into a short sorted list. */
static int64_t find_worst(const fv_report *r, int64_t truth, int64_t answer, int64_t most, int64_t *found) {
    int64_t held = 0;
    for (int64_t i = 0; i < r->outcomes->count; i++) {
        double bad = badness(r, i);
        if (!(bad > 0)) continue;
        if (truth >= 0 && (r->outcomes->labels[i] != truth || r->answers[i] != answer)) continue;
        int64_t at = held;
        while (at > 0 && bad > badness(r, found[at - 1])) at--;
        if (at >= most) continue;
        held += held < most;
        for (int64_t j = held - 1; j > at; j--) found[j] = found[j - 1];
        found[at] = i;
    }
    return held;
}

static fv_error *add_mistakes(const fv_report *r, const int64_t *found, int64_t count, fv_text *html) {
    fv_image image = { 0 };
    fv_error *error = NULL;
    fv_page_row(html);
    for (int64_t i = 0; i < count && !error; i++) error = add_mistake(r, found[i], &image, html);
    fv_page_row_end(html);
    fv_image_release(&image);
    return error;
}

static fv_error *show_pairs(const fv_report *r, fv_text *html) {
    fv_confused_pair pairs[PAIRS];
    int64_t count = fv_most_confused(r->confusion, r->classes, PAIRS, pairs), found[OF_A_PAIR];
    for (int64_t i = 0; i < count; i++) {
        const char *heading;
        FV_TRY(fv_arena_format(r->arena, &heading, "%s, taken for %s: %lld", r->names[pairs[i].truth],
                               r->names[pairs[i].answer], (long long)pairs[i].count));
        fv_page_part(html, heading);
        int64_t held = find_worst(r, pairs[i].truth, pairs[i].answer, OF_A_PAIR, found);
        FV_TRY(add_mistakes(r, found, held, html));
    }
    return NULL;
}

fv_error *fv_report_show_mistakes(const fv_report *r, fv_text *html) {
    static const char *const order[] = { "The surest first.", "Those with the largest loss first.",
                                         "The largest errors first." };
    static const char *const excuses[] = {
        "a wrong label, a picture that shows two things or one that nobody could tell",
        "a label that is wrong or was forgotten, or something that nobody could see,",
        "a wrong number, or a picture that nobody could read it from,",
    };
    int64_t found[WORST], count = find_worst(r, -1, -1, WORST, found);
    fv_page_section(html, "Mistakes");
    if (!count) return fv_page_text(html, "There are none among these %lld pictures.", (long long)r->outcomes->count), NULL;
    fv_page_text(html, "%s Look at them before anything else: %s is not the network's fault.", order[r->kind],
                 excuses[r->kind]);
    FV_TRY(add_mistakes(r, found, count, html));
    return r->kind == FV_ONE_CLASS ? show_pairs(r, html) : NULL;
}

/* ---- a batch ---- */

/* The steps without those that leave the scale of colours: what is left ends in v / 255, which can be looked at. */
static fv_error *steps_to_see(const char *steps, fv_transforms **out) {
    FV_TEXT(kept, 1 << 20);
    for (const char *line = steps, *end; *line; line = end + (*end != 0)) {
        end = strchrnul(line, '\n');
        size_t word = strcspn(line, " \n");
        if (!(word == strlen("normalize") && !strncmp(line, "normalize", word)))
            fv_text_add_bytes(&kept, line, end - line + (*end != 0));
    }
    FV_TRY(fv_text_error(&kept));
    return fv_transforms_parse(kept.at, out);
}

/* What is asked of the network for a picture: its class, the shares of a mixed one, labels, a number. */
static void describe_target(const fv_report *r, const fv_batch *batch, int64_t i, fv_text *out) {
    const float *row = batch->targets ? batch->targets + i * batch->target_width : NULL;
    int64_t count = 0;
    if (!row && batch->labels[i] >= 0) fv_text_add(out, r->names[batch->labels[i]]);
    if (row && r->kind == FV_NUMBERS) fv_text_addf(out, "%.4g", row[0]);
    for (int64_t c = 0; row && c < r->classes; c++) {
        if (row[c] < 0.005F || ++count > LABELS_NAMED) continue;
        fv_text_addf(out, "%s%s", count > 1 ? ", " : "", r->names[c]);
        if (row[c] < 0.995F) fv_text_addf(out, " %.0f\u00a0%%", 100 * row[c]);
    }
    if (count > LABELS_NAMED) fv_text_addf(out, " and %lld more", (long long)(count - LABELS_NAMED));
    if (row && r->kind == FV_MULTI_LABEL && !count) fv_text_add(out, "no label");
}

static fv_error *add_input(const fv_report *r, const fv_batch *batch, int64_t i, uint8_t *bytes, fv_text *html) {
    FV_TEXT(caption, CAPTION_MAX);
    int64_t count = batch->size.height * batch->size.width * batch->size.channels;
    const float *values = batch->images + i * count;
    for (int64_t p = 0; p < count; p++) bytes[p] = (uint8_t)lroundf(255 * fminf(fmaxf(values[p], 0), 1));
    fv_picture picture = { bytes, batch->size.height, batch->size.width, batch->size.channels };
    describe_target(r, batch, i, &caption);
    FV_TRY(fv_text_error(&caption));
    return fv_page_picture(html, &picture, BOX, caption.at, FV_TONE_PLAIN);
}

static fv_error *add_batch(const fv_report *r, const fv_transforms *steps, fv_text *html) {
    FV_OWNED(fv_loader) loader = NULL;
    const fv_batch *batch;
    uint8_t *bytes;
    fv_loader_options options = { .mode = FV_TRAINING,
                                  .batch = fv_min(OF_A_BATCH, fv_subset_count(r->t->train)),
                                  .seed = r->t->keys->seed,
                                  .size = fv_predictor_input(r->predictor) };
    FV_TRY(fv_loader_new(r->t->train, steps, &options, &loader));
    FV_TRY(fv_loader_start(loader, 0, 0));
    FV_TRY(fv_loader_next(loader, &batch));
    if (!batch) return NULL;
    FV_TRY(fv_arena_take(r->arena, batch->size.height * batch->size.width * batch->size.channels, &bytes));
    fv_page_row(html);
    for (int64_t i = 0; i < batch->count; i++) FV_TRY(add_input(r, batch, i, bytes, html));
    fv_page_row_end(html);
    return NULL;
}

fv_error *fv_report_show_batch(const fv_report *r, fv_text *html) {
    FV_OWNED(fv_transforms) steps = NULL;
    FV_TRY(steps_to_see(r->steps, &steps));
    fv_page_section(html, "What it was trained on");
    fv_page_text(html,
                 "The first pictures of the first epoch, as the network gets them: augmented, and here without normalization. "
                 "They should look like what will be asked of it.");
    return add_batch(r, steps, html);
}
