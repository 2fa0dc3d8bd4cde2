/* retrain_policy.c - see retrain_policy.h. */
#include "experiments/retrain_policy.h"

#include <string.h>

#include "core/base/file.h"

#define BYTES_MAX (1 << 20)

const fv_field fv_retrain_policy_fields[] = {
    FV_FIELD(fv_retrain_policy, model, .required = true, .value = "NAME", .help = "the model, as the registry calls it"),
    FV_FIELD(fv_retrain_policy, alias, .by_default = "champion", .value = "ALIAS",
             .help = "that the version in use has, and a better one gets"),
    FV_FIELD(fv_retrain_policy, data, .required = true, .value = "DIR",
             .help = "the labelled pictures that the model was first trained on; its part test, or else held_out, is never "
                     "trained on"),
    FV_FIELD(fv_retrain_policy, source, .help = "format of data and held_out (`fovea help source`); without it the data tell"),
    FV_FIELD(fv_retrain_policy, source_options, .help = "options of that source, name=value …"),
    FV_FIELD(fv_retrain_policy, held_out, .value = "DIR",
             .help = "labelled pictures that every version is measured on; without it the part test of data"),
    FV_FIELD(fv_retrain_policy, log, .required = true, .value = "DIR",
             .help =
                 "the prediction log: what the model said, and the labels that came back; its pictures must still be there"),
    FV_FIELD(fv_retrain_policy, recipe, .value = "FILE",
             .help = "keys of the training (`fovea help recipe`), but for data and weights"),
    FV_FIELD(fv_retrain_policy, on_drift, .by_default = "true", .help = "retrain when the drift policy raises an alarm"),
    FV_FIELD(fv_retrain_policy, on_estimated_accuracy, .by_default = "0", .min = 0, .max = 1,
             .help = "retrain when the accuracy that confidences tell is below; 0: never"),
    FV_FIELD(fv_retrain_policy, on_accuracy, .by_default = "0", .min = 0, .max = 1,
             .help = "retrain when the accuracy on labels that came back is below, by its upper bound; 0: never"),
    FV_FIELD(fv_retrain_policy, on_labels, .by_default = "0", .min = 0, .max = INFINITY,
             .help = "retrain when so many labels are new; 0: never"),
    FV_FIELD(fv_retrain_policy, predictions, .by_default = "500", .min = 2, .max = 10000000,
             .help = "of the log make a window in which drift and accuracy are looked at"),
    FV_FIELD(fv_retrain_policy, schedule, .value = "CRON", .help = "retrain at these times: five fields, or @daily …"),
    FV_FIELD(fv_retrain_policy, zone, .by_default = "UTC",
             .help = "of the schedule: UTC, local, Europe/Berlin, or a POSIX rule"),
    FV_FIELD(fv_retrain_policy, late_hours, .by_default = "1", .min = 0, .max = 168,
             .help = "how long a scheduled time that was missed is still made up for"),
    FV_FIELD(fv_retrain_policy, failures, .by_default = "3", .min = 1, .max = 100,
             .help = "failures in a row after which nothing is begun any more, until `fovea retrain pause --resume`"),
    FV_FIELD(fv_retrain_policy, budget_jobs, .by_default = "0", .min = 0, .max = 1e6,
             .help = "trainings in budget_days, at most; 0: any"),
    FV_FIELD(fv_retrain_policy, budget_days, .by_default = "30", .min = 0.001, .max = 3660, .help = "over which they count"),
    FV_FIELD(fv_retrain_policy, budget_hours, .by_default = "0", .min = 0, .max = 10000,
             .help = "a training may take: it gets as many epochs as that holds; 0: the recipe's"),
    FV_FIELD(fv_retrain_policy, rows, .by_default = "all", .names = "all,recent,replay",
             .help =
                 "trained on: data and every label that came back; the newest labels alone; those, and for each some of data"),
    FV_FIELD(fv_retrain_policy, recent, .by_default = "2000", .min = 1, .max = 1e8, .help = "labels that are the newest"),
    FV_FIELD(fv_retrain_policy, reference, .by_default = "500", .min = 1, .max = 1e8,
             .help = "labels, the newest, whose pictures are a new version's reference profile: what the world is now"),
    FV_FIELD(fv_retrain_policy, replay, .by_default = "2", .min = 0, .max = 1e6,
             .help = "pictures of data, of every class alike, for each label that came back"),
    FV_FIELD(fv_retrain_policy, check_every, .by_default = "4", .min = 2, .max = 100,
             .help = "of so many labels one is never trained on: the newest of them are what a version is measured on too"),
    FV_FIELD(fv_retrain_policy, start, .by_default = "champion", .names = "champion,scratch",
             .help = "from the weights of the version in use, or as a first training"),
    FV_FIELD(fv_retrain_policy, check_rows, .by_default = "20", .min = 1, .max = 1e8,
             .help = "labels below which shares of them say nothing"),
    FV_FIELD(fv_retrain_policy, most_duplicates, .by_default = "0.5", .min = 0, .max = 1,
             .help = "share of the labels whose picture has come back before, byte by byte"),
    FV_FIELD(fv_retrain_policy, most_contradictions, .by_default = "0.05", .min = 0, .max = 1,
             .help = "share whose picture came back with another label"),
    FV_FIELD(fv_retrain_policy, most_flips, .by_default = "0.6", .min = 0, .max = 1,
             .help = "share that says otherwise than the model, of those of which it was sure (0.9)"),
    FV_FIELD(fv_retrain_policy, most_outliers, .by_default = "0.2", .min = 0, .max = 1,
             .help = "share whose picture shows nothing, or has a property 20 deviations from the reference"),
    FV_FIELD(fv_retrain_policy, most_from_one, .by_default = "0.5", .min = 0, .max = 1,
             .help = "share of one source (the key) that is three times its share of the predictions"),
    FV_FIELD(fv_retrain_policy, promotion, .by_default = "auto", .names = "auto,by_hand",
             .help = "a version that passes gets the alias, or waits for a person (`fovea models promote`)"),
    FV_FIELD(fv_retrain_policy, margin, .by_default = "0.01", .min = 0, .max = 1,
             .help = "by less than which it may be worse on what is held out"),
    FV_FIELD(fv_retrain_policy, new_margin, .by_default = "0.02", .min = 0, .max = 1,
             .help = "by less than which it may be worse on the newest labels"),
    FV_FIELD(fv_retrain_policy, slice_margin, .by_default = "0.05", .min = 0, .max = 1,
             .help = "by more than which it must not be shown to be worse on a class or a source"),
    FV_FIELD(fv_retrain_policy, slice_pictures, .by_default = "10", .min = 2, .max = 1e6,
             .help = "below which a class or source is not looked at"),
    FV_FIELD(fv_retrain_policy, larger, .by_default = "1.5", .min = 0, .max = 1000,
             .help = "how many times as large its file may be; 0: any"),
    FV_FIELD(fv_retrain_policy, slower, .by_default = "1.5", .min = 0, .max = 1000,
             .help = "how many times as long it may take for a picture; 0: any"),
    FV_FIELDS_END
};

static fv_error *in_folder(const char *policy, fv_arena *arena, const char **path) {
    const char *slash = strrchr(policy, '/'), *folder;
    if (!*path || **path == '/' || !slash) return NULL;
    FV_TRY(fv_arena_format(arena, &folder, "%.*s", (int)(slash - policy), policy));
    return fv_file_join(arena, *folder ? folder : "/", *path, path);
}

/* The map without its key `drift`, which is another table's. */
static fv_error *split(const fv_yaml *map, fv_arena *arena, fv_yaml *rest) {
    const fv_yaml **items;
    const char **keys;
    *rest = *map;
    if (map->kind != FV_YAML_MAP) return NULL;
    FV_TRY(fv_arena_take(arena, map->count, &items));
    FV_TRY(fv_arena_take(arena, map->count, &keys));
    rest->count = 0;
    for (int64_t i = 0; i < map->count; i++)
        if (strcmp(map->keys[i], "drift") != 0) items[rest->count] = map->items[i], keys[rest->count++] = map->keys[i];
    rest->items = items, rest->keys = keys;
    return NULL;
}

static fv_error *parse(const char *path, const char *text, int64_t length, fv_arena *arena, fv_retrain_policy *out) {
    bool given[FV_FIELDS_MAX] = { false };
    const fv_yaml *map;
    fv_yaml rest;
    FV_TRY(fv_fields_defaults(fv_retrain_policy_fields, out, arena));
    FV_TRY(fv_fields_defaults(fv_drift_policy_fields, &out->drift, arena));
    FV_TRY(fv_yaml_parse(text, length, path, arena, &map));
    FV_TRY(split(map, arena, &rest));
    FV_TRY(fv_fields_from_yaml(fv_retrain_policy_fields, out, &rest, path, given, arena));
    const fv_yaml *drift = fv_yaml_find(map, "drift");
    if (drift) FV_TRY(fv_fields_from_yaml(fv_drift_policy_fields, &out->drift, drift, path, NULL, arena));
    FV_TRY(fv_error_wrap(fv_fields_check(fv_retrain_policy_fields, out, given), "%s", path));
    return fv_error_wrap(fv_fields_check(fv_drift_policy_fields, &out->drift, NULL), "%s: drift", path);
}

fv_error *fv_retrain_policy_read(const char *path, fv_arena *arena, fv_retrain_policy *out) {
    FV_OWNED(fv_memory) bytes = NULL;
    int64_t length;
    *out = (fv_retrain_policy){ 0 };
    fv_error *error = fv_file_read(path, BYTES_MAX, (uint8_t **)&bytes, &length);
    if (error && fv_error_code(error) == FV_NOT_FOUND)
        error = fv_error_hint(error, "write a policy there (docs/retrain.md), or name one by --policy");
    FV_TRY(error);
    FV_TRY(parse(path, bytes, length, arena, out));
    const char **const paths[] = { &out->data, &out->held_out, &out->log, &out->recipe };
    for (int i = 0; i < 4; i++) FV_TRY(in_folder(path, arena, paths[i]));
    if (!out->schedule) return NULL;
    FV_TRY(fv_error_wrap(fv_cron_parse(out->schedule, &out->due.cron), "%s: schedule", path));
    return fv_error_wrap(fv_time_zone_find(out->zone, arena, &out->due.zone), "%s: zone", path);
}
