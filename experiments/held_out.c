/* held_out.c - see held_out.h. What was measured goes through the same lines as what was kept with a run, so that both are read
 * by the same code; the lines are in memory, since a registry that is only read takes none. */
#include "experiments/held_out.h"

#include <stdio.h>
#include <string.h>

#include "core/formats/snapshot.h"
#include "train/evaluate.h"

#define LINES_BYTES_MAX (INT64_C(1) << 34)

static fv_error *open_data(const fv_held_out_options *o, const fv_predictor *predictor, fv_dataset **out) {
    fv_dataset_options options = { .source = o->source,
                                   .source_options = o->source_options,
                                   .channels = fv_predictor_input(predictor).channels };
    FV_TRY(fv_dataset_open(o->data, &options, out));
    if (fv_predictor_kind(predictor) == FV_NUMBERS) return NULL;
    return fv_dataset_impose_classes(*out, fv_predictor_class_names(predictor), fv_predictor_class_count(predictor));
}

static fv_error *open_part(const char *asked, fv_dataset *set, const char **part, fv_subset **out) {
    const char *first = fv_dataset_has_part(set, "test") ? "test" : fv_dataset_has_part(set, "val") ? "val" : "all";
    *part = asked ? asked : first;
    return fv_subset_part(set, strcmp(*part, "all") != 0 ? *part : NULL, out);
}

static fv_error *read_lines(const fv_evaluation *e, const fv_dataset *set, const fv_predictor *predictor, fv_arena *arena,
                            fv_run_outcomes **outcomes) {
    char path[64];
    FV_SNAPSHOT(file);
    FV_TEXT(lines, LINES_BYTES_MAX);
    fv_evaluation_to_lines(e, set, fv_predictor_class_names(predictor), &lines);
    FV_TRY(fv_text_error(&lines));
    FV_TRY(fv_snapshot_copy(lines.at, lines.length, &file));
    snprintf(path, sizeof path, "/proc/self/fd/%d", file.file);
    return fv_run_outcomes_read(path, arena, outcomes);
}

fv_error *fv_held_out_measure(fv_predictor *predictor, const fv_held_out_options *o, fv_arena *arena,
                              fv_run_outcomes **outcomes) {
    FV_OWNED(fv_dataset) set = NULL;
    FV_OWNED(fv_subset) subset = NULL;
    fv_evaluation evaluation;
    const char *part;
    FV_TRY(open_data(o, predictor, &set));
    FV_TRY(open_part(o->part, set, &part, &subset));
    fv_evaluate_options how = { .batch = o->batch, .workers = o->workers, .progress = o->progress };
    FV_TRY(fv_evaluate(predictor, subset, &how, &evaluation));
    fv_error *error = read_lines(&evaluation, set, predictor, arena, outcomes);
    fv_evaluation_release(&evaluation);
    FV_TRY(error);
    return fv_arena_format(arena, &(*outcomes)->on, "%s (%s)", o->data, part);
}

fv_error *fv_held_out_corrupt(fv_predictor *predictor, const fv_held_out_options *o, fv_robustness *rows) {
    FV_OWNED(fv_dataset) set = NULL;
    FV_OWNED(fv_subset) subset = NULL;
    const char *part;
    FV_TRY(open_data(o, predictor, &set));
    FV_TRY(open_part(o->part, set, &part, &subset));
    fv_evaluate_options how = { .batch = o->batch, .workers = o->workers, .progress = o->progress };
    return fv_evaluate_corruptions(predictor, subset, &how, rows);
}

fv_error *fv_held_out_read(fv_registry *registry, const char *digest, fv_arena *arena, fv_run_outcomes **outcomes) {
    char *path;
    FV_TRY(fv_object_check(registry, digest));
    FV_TRY(fv_object_path(registry, digest, &path));
    fv_error *error = fv_run_outcomes_read(path, arena, outcomes);
    fv_string_free(path);
    return error;
}
