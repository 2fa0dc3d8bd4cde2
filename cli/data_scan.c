/* data_scan.c - fovea data scan: a data set looked through before it is trained on. */
#include <math.h>
#include <string.h>

#include "cli/command.h"
#include "cli/scan_sheet.h"
#include "cli/terminal.h"
#include "core/base/clock.h"
#include "core/base/size.h"
#include "data/audit.h"

typedef struct scan_options {
    const char *dir, *source, *source_options, *sheet;
    int64_t channels;
    bool strict;
    int64_t workers, lines, near, dark, bright, contrast;
    double sharpness, aspect;
} scan_options;

static const fv_field fields[] = {
    FV_FIELD(scan_options, dir, .positional = true, .required = true, .value = "DIR", .help = "pictures, in folders or not"),
    FV_FIELD(scan_options, source, .help = "format of the data (`fovea help source`); without it the data tell"),
    FV_FIELD(scan_options, source_options, .help = "options of that source, name=value …"),
    FV_FIELD(scan_options, channels, .by_default = "0", .min = 0, .max = FV_CHANNELS_MAX,
             .help = "that training will ask for; pictures that cannot have them are rejected; 0: what the source says"),
    FV_FIELD(scan_options, strict, .by_default = "false", .help = "exit with 1 when anything cannot be used"),
    FV_FIELD(scan_options, sheet, .value = "FILE.png",
             .help = "draw some pictures of each class, what looks odd, and duplicates that do harm"),
    FV_FIELD(scan_options, workers, .by_default = "2", .min = 0, .max = 256, .help = "threads that read pictures"),
    FV_FIELD(scan_options, lines, .by_default = "20", .min = 0, .max = INFINITY,
             .help = "files and groups named of each kind, at most; --json names all"),
    FV_FIELD(scan_options, near, .by_default = "4", .min = -1, .max = 8,
             .help = "near duplicates differ in at most so many of their hashes' 64 bits; -1: look for none"),
    FV_FIELD(scan_options, dark, .by_default = "64", .min = 0, .max = 256,
             .help = "dark: 99 % of the pixels are below this level"),
    FV_FIELD(scan_options, bright, .by_default = "242", .min = 0, .max = 256, .help = "bright: 95 % are above this level"),
    FV_FIELD(scan_options, contrast, .by_default = "26", .min = 0, .max = 256,
             .help = "pale: 98 % lie within fewer levels than this"),
    FV_FIELD(scan_options, sharpness, .by_default = "10", .min = 0, .max = INFINITY,
             .help = "blurred: the variance of the Laplacian, at 256 pixels a side, is below this"),
    FV_FIELD(scan_options, aspect, .by_default = "3", .min = 1, .max = INFINITY,
             .help = "long: one side is more than so many times the other"),
    FV_FIELDS_END
};

/* Pictures a class, at least. */
#define TUNE_LEAST 200
#define TRAIN_LEAST 500

/* ---- progress ---- */

typedef struct watch {
    double started;
    const int *cancel;
} watch;

static bool report(void *context, int64_t done, int64_t count) {
    const watch *w = context;
    double seconds = fv_clock_seconds() - w->started;
    fv_progress progress = { .what = "scan", .done = done, .count = count, .loss = NAN };
    if (seconds > 0 && done) {
        progress.pictures_per_second = (double)done / seconds;
        progress.seconds_left = seconds / (double)done * (double)(count - done);
    }
    fv_terminal_bar(NULL, &progress);
    return !__atomic_load_n(w->cancel, __ATOMIC_RELAXED);
}

/* ---- what was found ---- */

#define STORED_MAX 16

typedef struct stored {
    int channels, bits;
    int64_t count;
} stored;

typedef struct page {
    fv_printer *printer;
    const scan_options *options;
    const fv_dataset *set;
    const fv_audit *audit;
    fv_audit_range width, height;
    int64_t *counts; /* usable pictures: of each class in each part, and in the last row of all parts */
    int64_t turned;
    stored stored[STORED_MAX];
    int stored_count;
} page;

static int64_t width_of(const fv_look *look) { return look->width; }
static int64_t height_of(const fv_look *look) { return look->height; }

static int64_t *counts_of(const page *p, int64_t part) { return p->counts + part * fv_dataset_class_count(p->set); }

/* How pictures are stored, in the order in which that is met; what is beyond the room is left out. */
static void count_stored(page *p, const fv_look *look) {
    int i = 0;
    while (i < p->stored_count && (p->stored[i].channels != look->channels || p->stored[i].bits != look->bits)) i++;
    if (i == STORED_MAX) return;
    if (i == p->stored_count) p->stored[p->stored_count++] = (stored){ look->channels, look->bits, 0 };
    p->stored[i].count++;
}

static fv_error *count(page *p, fv_arena *arena) {
    int64_t parts = fv_dataset_part_count(p->set);
    FV_TRY(fv_audit_measure(p->audit, width_of, &p->width));
    FV_TRY(fv_audit_measure(p->audit, height_of, &p->height));
    FV_TRY(fv_arena_take(arena, (parts + 1) * fv_dataset_class_count(p->set), &p->counts));
    for (int64_t i = 0; i < fv_dataset_count(p->set); i++) {
        const fv_sample *sample = fv_dataset_sample(p->set, i);
        int64_t label = fv_dataset_class(p->set, i);
        if (!p->audit->looks[i]) continue;
        p->turned += p->audit->looks[i]->turned;
        count_stored(p, p->audit->looks[i]);
        if (label < 0) continue;
        counts_of(p, parts)[label]++;
        if (sample->part >= 0) counts_of(p, sample->part)[label]++;
    }
    return NULL;
}

/* Pictures of the class that would be trained on: those of the part train, or all. */
static int64_t trained_on(const page *p, int64_t label) {
    for (int64_t part = 0; part < fv_dataset_part_count(p->set); part++)
        if (!strcmp(fv_dataset_part_name(p->set, part), "train")) return counts_of(p, part)[label];
    return counts_of(p, fv_dataset_part_count(p->set))[label];
}

/* What the field says of a class of so many pictures: 200 to 500 to fine-tune a network, 500 to 1,000 to train one. */
static const char *verdict(int64_t pictures) {
    return pictures >= TRAIN_LEAST ? "enough to train from scratch" : pictures >= TUNE_LEAST ? "enough to fine-tune" : "few";
}

typedef struct tally {
    int64_t groups, pictures, across_parts, labels_differ;
} tally;

static tally tally_of(const page *p, bool exact) {
    tally t = { 0 };
    for (int64_t i = 0; i < p->audit->duplicate_count; i++) {
        const fv_duplicates *group = &p->audit->duplicates[i];
        if (group->exact != exact) continue;
        t.groups++;
        t.pictures += group->count;
        t.across_parts += fv_audit_across_parts(p->audit, group);
        t.labels_differ += fv_audit_labels_differ(p->audit, group);
    }
    return t;
}

/* ---- as text ---- */

static void say_more(const page *p, int64_t all) {
    if (all > p->options->lines) fv_print_line(p->printer, "  and %lld more", (long long)(all - p->options->lines));
}

static void say_counts(const page *p) {
    fv_dataset_counts c = fv_dataset_count_all(p->set);
    fv_print_line(p->printer, "data       %s (%s)", p->options->dir, fv_dataset_source(p->set));
    fv_print_line(p->printer, "found      %lld", (long long)c.found);
    fv_print_line(p->printer, "usable     %lld", (long long)c.usable);
    fv_print_line(p->printer, "ignored    %lld", (long long)c.ignored);
    fv_print_line(p->printer, "rejected   %lld, of them %lld empty", (long long)c.rejected, (long long)p->audit->empty);
    for (int64_t i = 0; i < fv_min(c.rejected, p->options->lines); i++) {
        const char *path, *reason;
        fv_dataset_rejected(p->set, i, &path, &reason);
        fv_print_line(p->printer, "  %s: %s", path, reason);
    }
    say_more(p, c.rejected);
}

static void say_range(const page *p, const char *side, fv_audit_range range) {
    fv_print_line(p->printer, "%-10s %lld to %lld, median %lld", side, (long long)range.least, (long long)range.most,
                  (long long)range.median);
}

static void say_pictures(const page *p) {
    say_range(p, "width", p->width);
    say_range(p, "height", p->height);
    for (int i = 0; i < p->stored_count; i++)
        fv_print_line(p->printer, "channels   %d of %d bits: %lld", p->stored[i].channels, p->stored[i].bits,
                      (long long)p->stored[i].count);
    if (p->turned) fv_print_line(p->printer, "turned     %lld, by their EXIF orientation", (long long)p->turned);
}

/* "class cat: 250 (train 200, test 50), enough to fine-tune" */
static void say_classes(const page *p) {
    int64_t parts = fv_dataset_part_count(p->set), classes = fv_dataset_class_count(p->set);
    fv_print_line(p->printer,
                  "classes    %lld; %d to 500 pictures each are usual to fine-tune a network, %d to 1,000 to train one",
                  (long long)classes, TUNE_LEAST, TRAIN_LEAST);
    for (int64_t c = 0; c < classes; c++) {
        FV_TEXT(by_part, 4096);
        for (int64_t part = 0; part < parts; part++)
            fv_text_addf(&by_part, "%s%s %lld", part ? ", " : " (", fv_dataset_part_name(p->set, part),
                         (long long)counts_of(p, part)[c]);
        fv_print_line(p->printer, "  %s: %lld%s%s, %s", fv_dataset_class_name(p->set, c), (long long)counts_of(p, parts)[c],
                      by_part.at, parts ? ")" : "", verdict(trained_on(p, c)));
    }
}

static void say_group(const page *p, const fv_duplicates *group) {
    FV_TEXT(line, 1 << 16);
    for (int64_t i = 0; i < fv_min(group->count, 6); i++)
        fv_text_addf(&line, "%s%s", i ? " = " : "  ", fv_dataset_id(p->set, group->at[i]));
    if (group->count > 6) fv_text_addf(&line, " and %lld more", (long long)group->count - 6);
    if (fv_audit_across_parts(p->audit, group)) fv_text_add(&line, " [across parts]");
    if (fv_audit_labels_differ(p->audit, group)) fv_text_add(&line, " [labels differ]");
    fv_print_line(p->printer, "%s", line.at);
}

static void say_duplicates(const page *p, bool exact) {
    tally t = tally_of(p, exact);
    fv_print_line(p->printer, "%-10s %lld groups of %s pictures (%lld in all), %lld across parts, %lld with different labels",
                  exact ? "duplicates" : "near ones", (long long)t.groups, exact ? "equal" : "similar", (long long)t.pictures,
                  (long long)t.across_parts, (long long)t.labels_differ);
    int64_t said = 0;
    for (int64_t i = 0; i < p->audit->duplicate_count && said < p->options->lines; i++)
        if (p->audit->duplicates[i].exact == exact) say_group(p, &p->audit->duplicates[i]), said++;
    say_more(p, t.groups);
}

/* The line's end: by what a picture has the flaw. */
static void add_rule(const scan_options *o, fv_flaw flaw, fv_text *out) {
    switch (flaw) {
    case FV_FLAW_CONSTANT: return fv_text_add(out, "one level of grey");
    case FV_FLAW_DARK: return fv_text_addf(out, "99 %% of the pixels below level %lld", (long long)o->dark);
    case FV_FLAW_BRIGHT: return fv_text_addf(out, "95 %% above level %lld", (long long)o->bright);
    case FV_FLAW_PALE: return fv_text_addf(out, "98 %% within %lld levels", (long long)o->contrast);
    case FV_FLAW_BLURRED: return fv_text_addf(out, "variance of the Laplacian below %g", o->sharpness);
    default: fv_text_addf(out, "one side more than %g times the other", o->aspect);
    }
}

static void say_flaws(const page *p) {
    for (int flaw = 0; flaw < FV_FLAWS; flaw++) {
        int64_t said = 0;
        if (!p->audit->flawed[flaw]) continue;
        FV_TEXT(rule, 256);
        add_rule(p->options, flaw, &rule);
        fv_print_line(p->printer, "%-10s %lld (%s)", fv_flaw_names[flaw], (long long)p->audit->flawed[flaw], rule.at);
        for (int64_t i = 0; i < fv_dataset_count(p->set) && said < p->options->lines; i++)
            if (p->audit->looks[i] && fv_audit_has(p->audit, p->audit->looks[i], flaw))
                fv_print_line(p->printer, "  %s", fv_dataset_id(p->set, i)), said++;
        say_more(p, p->audit->flawed[flaw]);
    }
}

static void say_all(const page *p) {
    say_counts(p);
    say_pictures(p);
    if (fv_dataset_class_count(p->set)) say_classes(p);
    say_duplicates(p, true);
    if (p->options->near >= 0) say_duplicates(p, false);
    say_flaws(p);
}

/* ---- as JSON ---- */

static void print_counts(const page *p) {
    fv_dataset_counts c = fv_dataset_count_all(p->set);
    fv_print_text(p->printer, "data", p->options->dir);
    fv_print_text(p->printer, "source", fv_dataset_source(p->set));
    fv_print_int(p->printer, "found", c.found);
    fv_print_int(p->printer, "usable", c.usable);
    fv_print_int(p->printer, "ignored", c.ignored);
    fv_print_int(p->printer, "empty", p->audit->empty);
    fv_print_list(p->printer, "rejected");
    for (int64_t i = 0; i < c.rejected; i++) {
        const char *path, *reason;
        fv_dataset_rejected(p->set, i, &path, &reason);
        fv_print_item(p->printer);
        fv_print_text(p->printer, "path", path);
        fv_print_text(p->printer, "reason", reason);
    }
    fv_print_list_end(p->printer);
}

static void print_range(fv_printer *printer, const char *side, fv_audit_range range) {
    fv_print_item(printer);
    fv_print_text(printer, "side", side);
    fv_print_int(printer, "least", range.least);
    fv_print_int(printer, "median", range.median);
    fv_print_int(printer, "most", range.most);
}

static void print_pictures(const page *p) {
    fv_print_list(p->printer, "sizes");
    print_range(p->printer, "width", p->width);
    print_range(p->printer, "height", p->height);
    fv_print_list_end(p->printer);
    fv_print_list(p->printer, "stored");
    for (int i = 0; i < p->stored_count; i++) {
        fv_print_item(p->printer);
        fv_print_int(p->printer, "channels", p->stored[i].channels);
        fv_print_int(p->printer, "bits", p->stored[i].bits);
        fv_print_int(p->printer, "count", p->stored[i].count);
    }
    fv_print_list_end(p->printer);
    fv_print_int(p->printer, "turned", p->turned);
}

static void print_classes(const page *p) {
    int64_t parts = fv_dataset_part_count(p->set), classes = fv_dataset_class_count(p->set);
    fv_print_texts(p->printer, "classes", fv_dataset_class_names(p->set), classes);
    fv_print_list(p->printer, "class_counts");
    for (int64_t c = 0; c < classes; c++) {
        fv_print_item(p->printer);
        fv_print_text(p->printer, "class", fv_dataset_class_name(p->set, c));
        fv_print_int(p->printer, "count", counts_of(p, parts)[c]);
        for (int64_t part = 0; part < parts; part++)
            fv_print_int(p->printer, fv_dataset_part_name(p->set, part), counts_of(p, part)[c]);
        fv_print_text(p->printer, "guidance", verdict(trained_on(p, c)));
    }
    fv_print_list_end(p->printer);
}

static fv_error *print_group(const page *p, const fv_duplicates *group) {
    FV_OWNED(fv_memory) memory = NULL;
    FV_TRY(fv_memory_alloc(group->count, sizeof(char *), &memory));
    const char **paths = memory;
    for (int64_t i = 0; i < group->count; i++) paths[i] = fv_dataset_id(p->set, group->at[i]);
    fv_print_item(p->printer);
    fv_print_text(p->printer, "kind", group->exact ? "exact" : "near");
    fv_print_texts(p->printer, "paths", paths, group->count);
    fv_print_bool(p->printer, "across_parts", fv_audit_across_parts(p->audit, group));
    fv_print_bool(p->printer, "labels_differ", fv_audit_labels_differ(p->audit, group));
    return NULL;
}

static void print_flaws(const page *p) {
    fv_print_list(p->printer, "flaws");
    for (int64_t i = 0; i < fv_dataset_count(p->set); i++)
        for (int flaw = 0; p->audit->looks[i] && flaw < FV_FLAWS; flaw++) {
            if (!fv_audit_has(p->audit, p->audit->looks[i], flaw)) continue;
            fv_print_item(p->printer);
            fv_print_text(p->printer, "path", fv_dataset_id(p->set, i));
            fv_print_text(p->printer, "flaw", fv_flaw_names[flaw]);
        }
    fv_print_list_end(p->printer);
}

static fv_error *print_all(const page *p) {
    fv_print_record(p->printer);
    print_counts(p);
    print_pictures(p);
    print_classes(p);
    fv_print_list(p->printer, "duplicates");
    for (int64_t i = 0; i < p->audit->duplicate_count; i++) FV_TRY(print_group(p, &p->audit->duplicates[i]));
    fv_print_list_end(p->printer);
    print_flaws(p);
    fv_print_record_end(p->printer);
    return NULL;
}

/* ---- the command ---- */

static fv_error *run(fv_command_call *call, void *raw) {
    const scan_options *o = raw;
    FV_OWNED(fv_dataset) set = NULL;
    FV_OWNED(fv_audit) audit = NULL;
    fv_dataset_options options = {
        .source = o->source, .source_options = o->source_options, .channels = o->channels, .allow_dropped = true
    };
    fv_audit_limits limits = { o->near, o->dark, o->bright, o->contrast, o->sharpness, o->aspect };
    watch w = { fv_clock_seconds(), call->cancel };
    FV_TRY(fv_dataset_open(o->dir, &options, &set));
    FV_TRY(fv_audit_new(set, &limits, o->workers, report, &w, &audit));
    fv_terminal_finish();
    if (o->sheet && fv_dataset_count_all(set).usable) FV_TRY(fv_scan_sheet_write(audit, o->sheet));
    page p = { .printer = call->printer, .options = o, .set = set, .audit = audit };
    FV_TRY(count(&p, call->arena));
    if (call->printer->json)
        FV_TRY(print_all(&p));
    else
        say_all(&p);
    call->failed = o->strict && fv_dataset_count_all(set).rejected > 0;
    return NULL;
}

const fv_command fv_command_data_scan = {
    .name = "data scan",
    .summary = "look through pictures before training on them",
    .arguments = "DIR [options]",
    .description =
        "Reads every picture once and says what was found: what cannot be used and why, the classes and their sizes,\n"
        "pictures that are there twice or nearly, above all across parts or with different labels, and pictures that\n"
        "look odd. Nothing is changed. Exit status 0, or with --strict 1 when anything cannot be used.",
    .fields = fields,
    .size = sizeof(scan_options),
    .stoppable = true,
    .run = run,
};
