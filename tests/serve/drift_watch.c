/* What a server answers is held against its version's reference profile, a window at a time, by a thread of its own. */
#include "serve/drift_watch.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/base/file.h"
#include "core/base/random.h"
#include "drift/predictions.h"
#include "drift/profile.h"
#include "tests/test.h"

#define WINDOW 100

static const fv_served_facts facts = { .name = "cells", .version = 3, .digest = "d1" };

/* Picture `i` of traffic whose brightness is moved by `shift`. */
static fv_logged draw(int i, float shift, fv_logged_score *top, fv_image_properties *properties) {
    fv_random random = fv_random_at(5, 1, (uint32_t)i, 0);
    *properties = (fv_image_properties){ .at = { 1, 64 } };
    properties->at[FV_BRIGHTNESS] = (float)fv_random_normal(&random) + shift;
    *top = (fv_logged_score){ "cat", fv_random_unit(&random) };
    return (fv_logged){ .model = "cells",
                        .count = 1,
                        .top = top,
                        .properties = properties,
                        .outlier_score = shift > 0 ? 2 : 0.5,
                        .outlier_threshold = 1 };
}

/* Of 300 pictures without a shift. */
static void write_profile(const char *path) {
    FV_OWNED(fv_arena) arena = NULL;
    FV_OWNED(fv_drift_window) window = NULL;
    FV_TEXT(text, FV_DRIFT_PROFILE_BYTES_MAX);
    fv_drift_profile profile;
    fv_logged_score top;
    fv_image_properties properties;
    FV_OK(fv_arena_new("a profile", 1 << 24, &arena));
    FV_OK(fv_drift_window_of_predictions(&window));
    for (int i = 0; i < 300; i++) {
        fv_logged r = draw(i, 0, &top, &properties);
        FV_OK(fv_drift_window_add_logged(window, &r, -1, true));
    }
    FV_OK(fv_drift_profile_make(window, arena, &profile));
    fv_drift_profile_print(&profile, &text);
    FV_OK(fv_file_write(path, text.at, text.length, NULL));
}

static void add(fv_drift_watch *watch, int first, int count, float shift) {
    fv_logged_score top;
    fv_image_properties properties;
    for (int i = first; i < first + count; i++) {
        fv_logged r = draw(i, shift, &top, &properties);
        fv_drift_watch_add(watch, &facts, &r);
    }
}

/* Until what the watch says has `part` in it, which is soon. */
static void wait_for(fv_drift_watch *watch, const char *part) {
    FV_TEXT(text, 1 << 20);
    do {
        nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
        fv_text_clear(&text);
        fv_drift_watch_json(watch, &text);
    } while (!strstr(text.at, part));
}

static void open_watch(const char *folder, bool profile, fv_drift_watch **out) {
    static char model[4096], path[4200];
    snprintf(model, sizeof model, "%s/m.fovea", folder);
    snprintf(path, sizeof path, "%s/m.profile.json", folder);
    if (profile) write_profile(path);
    FV_OK(fv_drift_watch_new(NULL, model, WINDOW, INFINITY, out));
    add(*out, 0, 1, 0); /* from now on its profile is sought */
}

FV_TEST(serve_drift_watch__full_windows_are_judged_and_told) {
    FV_OWNED(fv_drift_watch) watch = NULL;
    FV_TEXT(text, 1 << 20);
    open_watch(fv_test_folder(), true, &watch);
    wait_for(watch, "\"version\":3,\"filled\":0,\"window\":100,\"skipped\":0,\"check\":null");
    add(watch, 1000, WINDOW, 0);
    wait_for(watch, "\"check\":{\"drift\":false,");
    wait_for(watch, "\"outliers\":0,\"scored\":100,");
    add(watch, 2000, WINDOW, 1.5f);
    wait_for(watch, "\"check\":{\"drift\":true,");
    wait_for(watch, "\"outliers\":100,\"scored\":100,");
    fv_drift_watch_metrics(watch, &text);
    assert_non_null(strstr(text.at, "fovea_drift_alarm{model=\"cells\",version=\"3\"} 1\n"));
    assert_non_null(strstr(text.at, "fovea_drift_windows{model=\"cells\",version=\"3\"} 2\n"));
    assert_non_null(strstr(text.at, "fovea_drift_watched 1\n"));
}

FV_TEST(serve_drift_watch__after_a_verdict_it_rests) {
    FV_OWNED(fv_drift_watch) watch = NULL;
    const char *folder = fv_test_folder();
    char model[4096], path[4200];
    snprintf(model, sizeof model, "%s/m.fovea", folder);
    snprintf(path, sizeof path, "%s/m.profile.json", folder);
    write_profile(path);
    FV_OK(fv_drift_watch_new(NULL, model, WINDOW, 1e-9, &watch)); /* for days */
    add(watch, 0, 1, 0);
    wait_for(watch, "\"check\":null");
    add(watch, 1000, WINDOW, 0);
    wait_for(watch, "\"check\":{\"drift\":false,");
    add(watch, 2000, 2 * WINDOW, 1.5f);
    wait_for(watch, "\"filled\":0,\"window\":100,\"skipped\":0,\"check\":{\"drift\":false,");
}

FV_TEST(serve_drift_watch__a_version_without_a_profile_is_not_watched) {
    FV_OWNED(fv_drift_watch) watch = NULL;
    FV_TEXT(text, 1 << 20);
    open_watch(fv_test_folder(), false, &watch);
    add(watch, 0, 3 * WINDOW, 0);
    wait_for(watch, "[]");
    fv_drift_watch_metrics(watch, &text);
    assert_non_null(strstr(text.at, "fovea_drift_watched 0\n"));
    assert_null(strstr(text.at, "fovea_drift_alarm"));
}

FV_TEST(serve_drift_watch__more_versions_than_it_has_room_for_take_turns) {
    FV_OWNED(fv_drift_watch) watch = NULL;
    fv_logged_score top;
    fv_image_properties properties;
    fv_logged r = draw(0, 0, &top, &properties);
    open_watch(fv_test_folder(), true, &watch);
    for (int i = 0; i < 5 * FV_WATCHED; i++) {
        fv_served_facts other = facts;
        other.version = 10 + i;
        fv_drift_watch_add(watch, &other, &r);
    }
    wait_for(watch, "\"check\":null");
}
