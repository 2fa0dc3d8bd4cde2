/* topics.c - help pages from tables. The kinds are written down here, since what a reader needs first comes first. */
#include "cli/topics.h"

#include <ctype.h>
#include <string.h>

#include "cli/command.h"
#include "core/base/assert.h"
#include "core/formats/format.h"
#include "core/plan/kernel.h"
#include "data/decode/decoder.h"
#include "data/source.h"
#include "data/transform.h"
#include "drift/statistic.h"
#include "exchange/exporter.h"
#include "exchange/preprocessing.h"
#include "layers/arch.h"
#include "layers/initializer.h"
#include "layers/layer.h"
#include "layers/loss.h"
#include "metrics/metric.h"
#include "optim/optimizer.h"
#include "optim/schedule.h"
#include "predict/explain/explainer.h"

#define PART_OF(kind)                                                                                                          \
    static fv_part kind##_at(int index) { return fv_##kind##_table[index]->part; }
PART_OF(command)
PART_OF(arch)
PART_OF(layer)
PART_OF(initializer)
PART_OF(loss)
PART_OF(optimizer)
PART_OF(schedule)
PART_OF(source)
PART_OF(transform)
PART_OF(metric)
PART_OF(format)
PART_OF(key_style)
PART_OF(preprocessing)
PART_OF(exporter)
PART_OF(statistic)
PART_OF(explainer)

static fv_part op_at(int index) {
    const fv_op *op = fv_op_table[index];
    return (fv_part){ .name = op->name, .summary = op->summary, .fields = op->fields };
}

static fv_part decoder_at(int index) {
    return (
        fv_part){ .name = fv_decoder_table[index]->name, .summary = fv_decoder_table[index]->summary, .fields = fv_no_fields };
}

static void more_of_arch(int index, fv_text *out) {
    const fv_arch *arch = fv_arch_table[index];
    fv_text_addf(out, "%lld parameters with these defaults.", (long long)arch->parameters);
    if (arch->paper) fv_text_addf(out, " %s.", arch->paper);
    fv_text_add(out, "\n");
}

static void more_of_op(int index, fv_text *out) {
    const fv_op *op = fv_op_table[index];
    fv_text_addf(out, "%s(%s) -> %s\n", op->name, op->inputs, op->outputs);
}

static void more_of_transform(int index, fv_text *out) {
    const fv_transform *transform = fv_transform_table[index];
    if (!transform->example) return;
    fv_text_addf(out, "Example: `%s%s%s`\n", transform->name, *transform->example ? " " : "", transform->example);
}

static void more_of_preprocessing(int index, fv_text *out) {
    fv_text_addf(out, "Steps: `%s`; S is the network's size, R the size before the middle is cut out.\n",
                 fv_preprocessing_table[index]->steps);
}

/* scripts/make-transform-pictures draws it. */
static void picture_of_transform(int index, fv_text *out) {
    const fv_transform *transform = fv_transform_table[index];
    if (!transform->example) return;
    fv_text_addf(out, "\n![samples of %s](../images/transforms/%s.jpg)\n", transform->name, transform->name);
}

const fv_topic_kind fv_topic_kinds[] = {
    { "command", "what the program does", NULL, &fv_command_table_count, command_at, NULL, NULL },
    { "arch", "networks", "--arch \"NAME option=value …\"", &fv_arch_table_count, arch_at, more_of_arch, NULL },
    { "source", "formats of data sets", "--source NAME --source-options \"option=value …\"", &fv_source_table_count, source_at,
      NULL, NULL },
    { "decoder", "formats of pictures, told by content", NULL, &fv_decoder_table_count, decoder_at, NULL, NULL },
    { "format", "formats of weights, told by content", NULL, &fv_format_table_count, format_at, NULL, NULL },
    { "key_style", "what weights are called elsewhere", "--style NAME", &fv_key_style_table_count, key_style_at, NULL, NULL },
    { "preprocessing", "how pictures are prepared for weights from elsewhere", "--preprocess NAME",
      &fv_preprocessing_table_count, preprocessing_at, more_of_preprocessing, NULL },
    { "exporter", "what a model is written as for others", "fovea export MODEL --NAME OUT", &fv_exporter_table_count,
      exporter_at, NULL, NULL },
    { "transform", "steps from a decoded picture to a network's input", "--transforms \"NAME option=value …; NAME …\"",
      &fv_transform_table_count, transform_at, more_of_transform, picture_of_transform },
    { "loss", "what a training lowers", "--loss \"NAME option=value …\"", &fv_loss_table_count, loss_at, NULL, NULL },
    { "optimizer", "how weights follow gradients", "--optimizer \"NAME option=value …\"", &fv_optimizer_table_count,
      optimizer_at, NULL, NULL },
    { "schedule", "learning rates over time", "--schedule \"NAME option=value …\"", &fv_schedule_table_count, schedule_at, NULL,
      NULL },
    { "metric", "figures that say how good predictions are", NULL, &fv_metric_table_count, metric_at, NULL, NULL },
    { "statistic", "how far two samples are apart", NULL, &fv_statistic_table_count, statistic_at, NULL, NULL },
    { "explainer", "which parts of a picture an answer hangs on", "fovea explain --method \"NAME option=value …\"",
      &fv_explainer_table_count, explainer_at, NULL, NULL },
    { "layer", "what networks are built of", "fv_layer_apply(graph, name, x, \"NAME option=value …\")", &fv_layer_table_count,
      layer_at, NULL, NULL },
    { "initializer", "first values of weights", "init=\"NAME option=value …\"", &fv_initializer_table_count, initializer_at,
      NULL, NULL },
    { "op", "what graphs are made of", "fv_apply(graph, \"NAME\", FV_VALUES(…), \"option=value …\")", &fv_op_table_count, op_at,
      more_of_op, NULL },
};
const int fv_topic_kind_count = FV_COUNT(fv_topic_kinds);

const fv_topic_kind *fv_topic_find(const char *name) {
    for (int i = 0; i < fv_topic_kind_count; i++)
        if (!strcmp(fv_topic_kinds[i].name, name)) return &fv_topic_kinds[i];
    return NULL;
}

int fv_topic_index(const fv_topic_kind *kind, const char *part) {
    for (int i = 0; i < *kind->count; i++)
        if (!strcmp(kind->at(i).name, part)) return i;
    return -1;
}

void fv_topic_list(const fv_topic_kind *kind, fv_text *out) {
    size_t widest = 0;
    for (int i = 0; i < *kind->count; i++)
        if (strlen(kind->at(i).name) > widest) widest = strlen(kind->at(i).name);
    fv_text_addf(out, "%s: %s\n", kind->name, kind->summary);
    if (kind->usage) fv_text_addf(out, "  %s\n", kind->usage);
    fv_text_add(out, "\n");
    for (int i = 0; i < *kind->count; i++) {
        fv_part part = kind->at(i);
        fv_text_addf(out, "  %-*s  %s\n", (int)widest, part.name, part.summary ? part.summary : "");
    }
    fv_text_addf(out, "\n`fovea help %s NAME` describes one.\n", kind->name);
}

void fv_topic_help(const fv_topic_kind *kind, int index, fv_text *out) {
    fv_part part = kind->at(index);
    fv_text_addf(out, "%s %s: %s.\n", kind->name, part.name, part.summary ? part.summary : "");
    if (kind->more) kind->more(index, out);
    if (!part.fields || !part.fields->name) return;
    fv_text_add(out, "\n");
    fv_fields_help(part.fields, false, out);
}

static void print_command_page(int index, fv_text *out) {
    FV_TEXT(page, 1 << 20);
    fv_command_page(fv_command_table[index], &page);
    fv_text_addf(out, "```\n%s```\n", page.at);
}

/* A phrase as a sentence. A formula stays as it is: "x + y". */
static void add_sentence(const char *phrase, fv_text *out) {
    bool word = phrase[0] && islower((unsigned char)phrase[1]);
    fv_text_addf(out, "%c%s.", word ? toupper((unsigned char)phrase[0]) : phrase[0], phrase + 1);
}

void fv_topic_markdown(const fv_topic_kind *kind, fv_text *out) {
    bool commands = kind->count == &fv_command_table_count;
    fv_text_addf(out, "<!-- Printed by `fovea help --markdown %s`; a test compares. -->\n# %c%s\n\n", kind->name,
                 toupper(kind->name[0]), kind->name + 1);
    add_sentence(kind->summary, out);
    if (kind->usage) fv_text_addf(out, " Written `%s`.", kind->usage);
    fv_text_add(out, "\n");
    for (int i = 0; i < *kind->count; i++) {
        fv_part part = kind->at(i);
        fv_text_addf(out, "\n## %s\n\n", part.name);
        if (commands) {
            print_command_page(i, out);
            continue;
        }
        add_sentence(part.summary, out);
        fv_text_add(out, "\n");
        if (kind->more) {
            fv_text_add(out, "\n");
            kind->more(i, out);
            if (kind->picture) kind->picture(i, out);
        }
        if (!part.fields || !part.fields->name) continue;
        fv_text_add(out, "\n");
        fv_fields_markdown(part.fields, out);
    }
}
