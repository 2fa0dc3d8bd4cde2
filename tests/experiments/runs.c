/* runs.c - see runs.h. */
#include "tests/experiments/runs.h"

#include <stdio.h>

#include "core/base/file.h"
#include "core/base/text.h"
#include "tests/test.h"

fv_run_outcomes *made_up_outcomes(const char *truths, const char *answers, fv_arena *arena) {
    char path[512];
    fv_run_outcomes *outcomes;
    FV_TEXT(text, 1 << 20);
    for (int i = 0; truths[i]; i++) {
        char other = answers[i] == 'a' ? 'b' : 'a';
        fv_text_addf(&text,
                     "{\"path\":\"%d.png\",\"label\":\"%c\",\"predicted\":\"%c\",\"score\":0.75,\"top\":[{\"label\":\"%c\","
                     "\"score\":0.75},{\"label\":\"%c\",\"score\":0.25}]}\n",
                     i, truths[i], answers[i], answers[i], other);
    }
    snprintf(path, sizeof path, "%s/predictions.jsonl", fv_test_folder());
    FV_OK(fv_file_write(path, text.at, text.length, NULL));
    FV_OK(fv_run_outcomes_read(path, arena, &outcomes));
    return outcomes;
}

fv_run_facts made_up_run(const char *name, const char *arch, const char *rate, const char *seed, double loss, double score,
                         const fv_run_outcomes *outcomes, fv_arena *arena) {
    static const double epochs[] = { 1, 2, 3 };
    const fv_run_param params[] = { { "arch", arch }, { "learning_rate", rate }, { "seed", seed } };
    const double losses[] = { 2, 1, loss }, scores[] = { 0.5, score + 0.01, score };
    fv_run_curve *curves;
    fv_run_facts run = { .id = name, .name = name, .param_count = 3, .curve_count = 2, .outcomes = outcomes };
    FV_OK(fv_arena_copy(arena, params, sizeof params, (void **)&run.params));
    FV_OK(fv_arena_take(arena, 2, &curves));
    curves[0] = (fv_run_curve){ .key = "val_loss", .count = 3, .steps = epochs };
    curves[1] = (fv_run_curve){ .key = "val_top1", .count = 3, .steps = epochs };
    FV_OK(fv_arena_copy(arena, losses, sizeof losses, (void **)&curves[0].values));
    FV_OK(fv_arena_copy(arena, scores, sizeof scores, (void **)&curves[1].values));
    run.curves = curves;
    FV_OK(fv_run_facts_metrics(&run, arena));
    return run;
}
