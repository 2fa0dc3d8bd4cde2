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

/* ---- mistakes ---- */

/* A picture of the data set as bytes, borrowed from `image`. */
static fv_error *read_picture(const fv_report *r, int64_t index, fv_image *image, fv_picture *out) {
    FV_TRY(fv_dataset_read(r->set, r->evaluation.samples[index], image));
    fv_image_to_bytes(image);
    *out = (fv_picture){ image->pixels, image->height, image->width, image->channels };
    return NULL;
}

static double score_of(const fv_report *r, int64_t index) {
    return r->outcomes->probabilities[index * r->classes + r->answers[index]];
}

static fv_error *add_mistake(const fv_report *r, int64_t index, fv_image *image, fv_text *html) {
    fv_picture picture;
    const char *caption;
    fv_error *error = read_picture(r, index, image, &picture);
    if (error) { /* it was there a moment ago: the page goes on without it */
        fv_error_free(error);
        return NULL;
    }
    FV_TRY(fv_arena_format(r->arena, &caption, "%s, taken for %s (%.1f %%)\n%s", r->names[r->outcomes->labels[index]],
                           r->names[r->answers[index]], 100 * score_of(r, index),
                           fv_dataset_id(r->set, r->evaluation.samples[index])));
    return fv_page_picture(html, &picture, BOX, caption, FV_TONE_PLAIN);
}

/* The surest mistakes first, of equal ones in the order of the data; of one cell of the confusion matrix, or (−1) of all. At
 * most `most`; insertion into a short sorted list. */
static int64_t find_worst(const fv_report *r, int64_t truth, int64_t answer, int64_t most, int64_t *found) {
    int64_t held = 0;
    for (int64_t i = 0; i < r->outcomes->count; i++) {
        if (r->answers[i] == r->outcomes->labels[i]) continue;
        if (truth >= 0 && (r->outcomes->labels[i] != truth || r->answers[i] != answer)) continue;
        int64_t at = held;
        while (at > 0 && score_of(r, i) > score_of(r, found[at - 1])) at--;
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
    int64_t found[WORST], count = find_worst(r, -1, -1, WORST, found);
    fv_page_section(html, "Mistakes");
    if (!count) return fv_page_text(html, "There are none among these %lld pictures.", (long long)r->outcomes->count), NULL;
    fv_page_text(html,
                 "The surest first. Look at them before anything else: a wrong label, a picture that shows two things or one "
                 "that nobody could tell is not the network's fault.");
    FV_TRY(add_mistakes(r, found, count, html));
    return show_pairs(r, html);
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

static fv_error *add_input(const fv_report *r, const fv_batch *batch, int64_t i, uint8_t *bytes, fv_text *html) {
    int64_t count = batch->size.height * batch->size.width * batch->size.channels;
    const float *values = batch->images + i * count;
    for (int64_t p = 0; p < count; p++) bytes[p] = (uint8_t)lroundf(255 * fminf(fmaxf(values[p], 0), 1));
    fv_picture picture = { bytes, batch->size.height, batch->size.width, batch->size.channels };
    return fv_page_picture(html, &picture, BOX, batch->labels[i] < 0 ? "" : r->names[batch->labels[i]], FV_TONE_PLAIN);
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
