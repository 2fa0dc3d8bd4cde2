/* alarm.c - see alarm.h. The memory is a JSON list of names: "whole", and "slice NAME". */
#include "experiments/alarm.h"

#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/file.h"
#include "core/formats/snapshot.h"
#include "fovea/prediction_log.h"

#define MESSAGE_BYTES_MAX (INT64_C(1) << 28)
#define MEMORY_BYTES_MAX (INT64_C(1) << 20)
#define COMMAND_SECONDS 600.0
#define WHOLE "whole"

extern char **environ;

/* ---- which alarms ---- */

typedef struct standing {
    fv_arena *arena;
    const char **names;
    int64_t count;
} standing;

static fv_error *list_standing(const fv_drift_told *t, standing *out) {
    const fv_drift_step *step = t->step;
    FV_TRY(fv_arena_take(out->arena, step->slice_count + 1, &out->names));
    if (step->state.alarmed) out->names[out->count++] = WHOLE;
    for (int64_t i = 0; i < step->slice_count; i++)
        if (step->slices[i].state.alarmed)
            FV_TRY(fv_arena_format(out->arena, &out->names[out->count++], "slice %s", step->slices[i].slice->name));
    return NULL;
}

static bool is_in(const json_t *names, const char *name) {
    size_t i;
    json_t *entry;
    json_array_foreach(names, i, entry) if (json_is_string(entry) && !strcmp(json_string_value(entry), name)) return true;
    return false;
}

/* Those that stood already go. */
static fv_error *forget_known(const char *memory, const standing *all, standing *raised) {
    FV_OWNED(fv_memory) bytes = NULL;
    int64_t length;
    FV_TRY(fv_arena_take(raised->arena, all->count + 1, &raised->names));
    json_t *known = NULL;
    if (memory && fv_file_kind_of(memory) == FV_FILE_PLAIN) {
        FV_TRY(fv_file_read(memory, MEMORY_BYTES_MAX, (uint8_t **)&bytes, &length));
        known = json_loadb(bytes, (size_t)length, 0, NULL);
        if (!json_is_array(known)) {
            json_decref(known);
            return fv_error_hint(fv_fail(FV_FORMAT, "%s is no list of alarms", memory),
                                 "remove it, and all that stand are told");
        }
    }
    for (int64_t i = 0; i < all->count; i++)
        if (!known || !is_in(known, all->names[i])) raised->names[raised->count++] = all->names[i];
    json_decref(known);
    return NULL;
}

static void add_names(const standing *s, fv_text *out) {
    fv_text_add(out, "[");
    for (int64_t i = 0; i < s->count; i++) {
        if (i) fv_text_add(out, ",");
        fv_text_add_json(out, s->names[i]);
    }
    fv_text_add(out, "]");
}

static fv_error *remember(const char *memory, const standing *all) {
    FV_TEXT(text, MEMORY_BYTES_MAX);
    if (!memory) return NULL;
    add_names(all, &text);
    fv_text_add(&text, "\n");
    FV_TRY(fv_text_error(&text));
    return fv_file_write(memory, text.at, text.length, NULL);
}

/* ---- the command ---- */

static fv_error *wait_for(pid_t child, const char *command) {
    double end = fv_clock_seconds() + COMMAND_SECONDS;
    int status;
    for (;;) {
        pid_t ended = waitpid(child, &status, WNOHANG);
        if (ended == child) break;
        if (ended < 0) return fv_file_refused(errno, "wait for", command);
        if (fv_clock_seconds() > end) kill(child, SIGKILL);
        nanosleep(&(struct timespec){ 0, 10000000 }, NULL);
    }
    if (WIFEXITED(status) && !WEXITSTATUS(status)) return NULL;
    if (WIFEXITED(status)) return fv_fail(FV_IO, "the command %s ended with status %d", command, WEXITSTATUS(status));
    return fv_fail(FV_IO, "the command %s was ended by signal %d", command, WTERMSIG(status));
}

static fv_error *run_command(const char *command, const char *message) {
    FV_SNAPSHOT(input);
    char *const arguments[] = { "sh", "-c", (char *)command, NULL };
    posix_spawn_file_actions_t actions;
    pid_t child;
    FV_TRY(fv_snapshot_copy(message, (int64_t)strlen(message), &input));
    lseek(input.file, 0, SEEK_SET);
    if (posix_spawn_file_actions_init(&actions)) return fv_fail(FV_MEMORY, "no memory to run %s", command);
    int refused = posix_spawn_file_actions_adddup2(&actions, input.file, STDIN_FILENO);
    if (!refused) refused = posix_spawn(&child, "/bin/sh", &actions, NULL, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    return refused ? fv_file_refused(refused, "run", command) : wait_for(child, command);
}

/* ---- telling ---- */

static fv_error *send_all(const fv_alarm_ways *ways, const fv_drift_told *t, const standing *raised) {
    char id[FV_LOG_ID_LETTERS];
    FV_TEXT(message, MESSAGE_BYTES_MAX);
    fv_prediction_id(id);
    fv_text_addf(&message, "{\"event\":\"drift.alarm\",\"id\":\"%s\",\"raised\":", id);
    add_names(raised, &message);
    fv_text_add(&message, ",\"check\":");
    fv_drift_json(t, &message);
    fv_text_add(&message, "}");
    FV_TRY(fv_text_error(&message));
    if (ways->webhook.url) FV_TRY(fv_webhook_send(&ways->webhook, id, message.at));
    return ways->command ? run_command(ways->command, message.at) : NULL;
}

fv_error *fv_alarm_tell(const fv_alarm_ways *ways, const fv_drift_told *t, int64_t *count) {
    FV_OWNED(fv_arena) arena = NULL;
    *count = 0;
    if (!ways->webhook.url && !ways->command) return NULL;
    FV_TRY(fv_arena_new("alarms to tell of", INT64_C(1) << 24, &arena));
    standing all = { .arena = arena }, raised = { .arena = arena };
    FV_TRY(list_standing(t, &all));
    FV_TRY(forget_known(ways->memory, &all, &raised));
    if (raised.count) FV_TRY(send_all(ways, t, &raised));
    *count = raised.count;
    return remember(ways->memory, &all);
}
