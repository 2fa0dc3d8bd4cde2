/* retrain_cron.c - fovea retrain cron: who calls `fovea retrain run`: the user's crontab, which is changed on request; a
 * systemd timer or a Kubernetes CronJob, which are printed. One line of the crontab is ours, told by its last words. */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/when.h"
#include "core/base/file.h"
#include "experiments/retrain.h"

#define TABLE_BYTES_MAX (1 << 20)
#define MARK "# fovea retrain "

extern char **environ;

typedef struct cron_options {
    const char *workspace, *policy, *every, *expression, *zone;
    bool install, remove;
    int64_t next, from;
} cron_options;

static const fv_field fields[] = {
    FV_FIELD(cron_options, workspace, .value = "DIR", .help = FV_WORKSPACE_HELP),
    FV_FIELD(cron_options, policy, .value = "FILE",
             .help = "named to `fovea retrain run`; without it retrain.yaml in the workspace"),
    FV_FIELD(cron_options, every, .by_default = "*/10 * * * *", .value = "CRON",
             .help = "how often it is looked; the policy says what is due"),
    FV_FIELD(cron_options, install, .by_default = "false", .help = "write the line into the user's crontab, once"),
    FV_FIELD(cron_options, remove, .by_default = "false", .help = "take it out again"),
    FV_FIELD(cron_options, next, .by_default = "0", .min = 0, .max = 1000,
             .help = "instead, say so many times at which the policy's schedule, or --expression, is due"),
    FV_FIELD(cron_options, expression, .value = "CRON", .help = "with --next: instead of the policy's schedule"),
    FV_FIELD(cron_options, zone, .by_default = "UTC", .help = "of that expression"),
    FV_FIELD(cron_options, from, .by_default = "0", .min = 0, .max = 1e11, .value = "SECONDS",
             .help = "with --next: after that time, in seconds since 1970 UTC; 0: now"),
    FV_FIELDS_END
};

/* One call of the command. */
typedef struct job {
    fv_command_call *call;
    const cron_options *options;
    char *workspace, *program, *policy; /* absolute: who calls has another folder; policy NULL: the workspace's */
    const char *line;                   /* of the crontab */
    fv_cron every;                      /* when that is */
} job;

/* ---- the next times ---- */

static fv_error *find_schedule(job *j, fv_schedule *out) {
    const cron_options *o = j->options;
    FV_OWNED(fv_retrain) retrain = NULL;
    if (o->expression) {
        FV_TRY(fv_cron_parse(o->expression, &out->cron));
        return fv_time_zone_find(o->zone, j->call->arena, &out->zone);
    }
    FV_TRY(fv_retrain_open(&(fv_retrain_options){ .workspace = o->workspace, .policy = o->policy }, &retrain));
    const fv_retrain_policy *policy = fv_retrain_policy_get(retrain);
    if (!policy->schedule) return fv_fail(FV_USAGE, "the policy has no schedule");
    FV_TRY(fv_cron_parse(policy->schedule, &out->cron));
    return fv_time_zone_find(policy->zone, j->call->arena, &out->zone);
}

static fv_error *print_next(job *j) {
    const cron_options *o = j->options;
    fv_schedule schedule;
    const char **times;
    int64_t at = o->from ? o->from : (int64_t)time(NULL), count = 0;
    FV_TRY(find_schedule(j, &schedule));
    FV_TRY(fv_arena_take(j->call->arena, o->next, &times));
    for (; count < o->next && (at = fv_schedule_next(&schedule, at)) != INT64_MAX; count++) {
        char text[FV_WHEN_LETTERS];
        FV_TRY(fv_arena_text(j->call->arena, fv_when(at * 1000, text), &times[count]));
    }
    fv_print_record(j->call->printer);
    fv_print_texts(j->call->printer, "next", times, count);
    fv_print_record_end(j->call->printer);
    return NULL;
}

/* ---- the line ---- */

/* For cron and its sh, in single quotes; % is a line end there unless a backslash stands before it. */
static void add_for_cron(const char *text, fv_text *out) {
    fv_text_add(out, "'");
    for (; *text; text++) {
        if (*text == '\'')
            fv_text_add(out, "'\\''");
        else
            fv_text_addf(out, *text == '%' ? "\\%c" : "%c", *text);
    }
    fv_text_add(out, "'");
}

/* For a line of a unit (systemd.service(5)): in double quotes; % and $ stand for themselves when doubled. */
static void add_for_systemd(const char *text, fv_text *out) {
    fv_text_add(out, "\"");
    for (; *text; text++) {
        if (*text == '"' || *text == '\\') fv_text_add(out, "\\");
        if (*text == '%' || *text == '$') fv_text_addf(out, "%c", *text);
        fv_text_addf(out, "%c", *text);
    }
    fv_text_add(out, "\"");
}

static void add_command(const job *j, void (*add)(const char *text, fv_text *out), fv_text *out) {
    add(j->program, out);
    fv_text_add(out, " retrain run --workspace ");
    add(j->workspace, out);
    if (!j->policy) return;
    fv_text_add(out, " --policy ");
    add(j->policy, out);
}

static fv_error *make_line(job *j) {
    const char *path;
    FV_TEXT(line, 1 << 16);
    FV_TRY(fv_cron_parse(j->options->every, &j->every));
    FV_TRY(fv_file_join(j->call->arena, j->workspace, "retrain.log", &path));
    fv_text_addf(&line, "%s ", j->options->every);
    add_command(j, add_for_cron, &line);
    fv_text_add(&line, " >> ");
    add_for_cron(path, &line);
    fv_text_addf(&line, " 2>&1 " MARK "%s", j->workspace);
    FV_TRY(fv_text_error(&line));
    if (strpbrk(line.at, "\n\r")) return fv_fail(FV_USAGE, "a path with a line end cannot stand in a crontab");
    return fv_arena_text(j->call->arena, line.at, &j->line);
}

/* ---- the crontab ---- */

/* Runs crontab with one argument; its output and complaints go into files. */
static fv_error *run_crontab(const char *argument, const char *out, const char *err, int *status) {
    char *const words[] = { "crontab", (char *)argument, NULL };
    posix_spawn_file_actions_t actions;
    pid_t child;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, out, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, err, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    int failed = posix_spawnp(&child, words[0], &actions, NULL, words, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (failed)
        return fv_error_hint(fv_fail(FV_UNSUPPORTED, "crontab cannot be run: %s", strerror(failed)),
                             "install cron, or take the timer or CronJob that `fovea retrain cron` prints");
    while (waitpid(child, status, 0) < 0)
        if (errno != EINTR) return fv_fail(FV_IO, "crontab: %s", strerror(errno));
    return NULL;
}

static fv_error *read_text(const char *path, fv_arena *arena, const char **out) {
    FV_OWNED(fv_memory) bytes = NULL;
    int64_t length;
    FV_TRY(fv_file_read(path, TABLE_BYTES_MAX, (uint8_t **)&bytes, &length));
    return fv_arena_text(arena, (const char *)(uint8_t *)bytes, out);
}

/* What crontab says, with its complaint where it fails. */
static fv_error *ask(job *j, const char *argument, bool may_be_none, const char **text) {
    fv_arena *arena = j->call->arena;
    const char *out, *err, *complaint;
    int status;
    FV_TRY(fv_file_join(arena, j->workspace, "retrain.crontab.out", &out));
    FV_TRY(fv_file_join(arena, j->workspace, "retrain.crontab.err", &err));
    fv_error *error = run_crontab(argument, out, err, &status);
    if (!error) error = read_text(out, arena, text);
    if (!error) error = read_text(err, arena, &complaint);
    unlink(out);
    unlink(err);
    FV_TRY(error);
    if (!status || (may_be_none && strstr(complaint, "no crontab for"))) return NULL;
    return fv_fail(FV_IO, "crontab %s: %.*s", argument, (int)strcspn(complaint, "\n"), complaint);
}

/* A line of the table that is this workspace's. */
static bool is_ours(const job *j, const char *line, size_t length) {
    size_t marked = strlen(MARK) + strlen(j->workspace);
    if (length < marked) return false;
    const char *tail = line + length - marked;
    return !strncmp(tail, MARK, strlen(MARK)) && !strncmp(tail + strlen(MARK), j->workspace, strlen(j->workspace));
}

/* `*same`: the table is as it shall be. */
static fv_error *change_table(job *j, const char *before, const char **after, bool *same) {
    FV_TEXT(table, TABLE_BYTES_MAX);
    for (const char *at = before; *at;) {
        size_t length = strcspn(at, "\n");
        if (!is_ours(j, at, length)) {
            fv_text_add_bytes(&table, at, (int64_t)length);
            fv_text_add(&table, "\n");
        }
        at += length + (at[length] == '\n');
    }
    if (j->options->install) fv_text_addf(&table, "%s\n", j->line);
    FV_TRY(fv_text_error(&table));
    *same = !strcmp(table.at, before);
    return fv_arena_text(j->call->arena, table.at, after);
}

static fv_error *install(job *j) {
    const char *before = "", *after, *path, *said;
    bool same;
    FV_TRY(ask(j, "-l", true, &before));
    FV_TRY(change_table(j, before, &after, &same));
    FV_TRY(fv_file_join(j->call->arena, j->workspace, "retrain.crontab", &path));
    if (!same) FV_TRY(fv_file_write(path, after, (int64_t)strlen(after), NULL));
    fv_error *error = same ? NULL : ask(j, path, false, &said);
    if (!same) unlink(path);
    FV_TRY(error);
    fv_print_record(j->call->printer);
    fv_print_text(j->call->printer, "crontab", j->options->install ? j->line : NULL);
    fv_print_bool(j->call->printer, "changed", !same);
    fv_print_record_end(j->call->printer);
    return NULL;
}

/* ---- systemd ---- */

/* The numbers of `set` from `first` on, as a list; * where all `count` of them are in it. */
static void add_numbers(uint64_t set, int first, int count, fv_text *out) {
    uint64_t all = ((UINT64_C(1) << count) - 1) << first;
    if ((set & all) == all) {
        fv_text_add(out, "*");
        return;
    }
    const char *between = "";
    for (int i = first; i < first + count; i++) {
        if (!(set >> i & 1)) continue;
        fv_text_addf(out, "%s%d", between, i);
        between = ",";
    }
}

static void add_weekdays(uint32_t set, fv_text *out) {
    static const char *const names[7] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
    const char *between = "";
    if ((set & 127) == 127) return;
    for (int i = 0; i < 7; i++) {
        if (!(set >> i & 1)) continue;
        fv_text_addf(out, "%s%s", between, names[i]);
        between = ",";
    }
    fv_text_add(out, " ");
}

static void add_calendar(const fv_cron *cron, uint32_t days, uint32_t weekdays, fv_text *out) {
    fv_text_add(out, "OnCalendar=");
    add_weekdays(weekdays, out);
    fv_text_add(out, "*-");
    add_numbers(cron->months, 1, 12, out);
    fv_text_add(out, "-");
    add_numbers(days, 1, 31, out);
    fv_text_add(out, " ");
    add_numbers(cron->hours, 0, 24, out);
    fv_text_add(out, ":");
    add_numbers(cron->minutes, 0, 60, out);
    fv_text_add(out, ":00\n");
}

static void add_timer(const job *j, fv_text *out) {
    const fv_cron *cron = &j->every;
    fv_text_add(out,
                "# fovea-retrain.service\n[Unit]\nDescription=retrain if it is due\n\n[Service]\nType=oneshot\nExecStart=");
    add_command(j, add_for_systemd, out);
    fv_text_add(out, "\nSuccessExitStatus=75\n\n# fovea-retrain.timer\n[Timer]\n");
    if (cron->any_day || cron->any_weekday) {
        add_calendar(cron, cron->days, cron->weekdays, out);
    } else { /* either is enough: systemd takes any of its lines, and both parts of one */
        add_calendar(cron, cron->days, UINT32_MAX, out);
        add_calendar(cron, UINT32_MAX, cron->weekdays, out);
    }
    fv_text_add(out, "AccuracySec=1s\nPersistent=false\n\n[Install]\nWantedBy=timers.target\n");
}

/* ---- Kubernetes ---- */

/* For a word of YAML, in double quotes as JSON has them. A policy inside the workspace comes with it; another one is a
 * ConfigMap of its own. */
static fv_error *policy_in_pod(const job *j, const char **path, bool *inside) {
    size_t length = strlen(j->workspace);
    const char *slash = strrchr(j->policy, '/');
    *inside = !strncmp(j->policy, j->workspace, length) && j->policy[length] == '/';
    return *inside ? fv_arena_format(j->call->arena, path, "/workspace%s", j->policy + length)
                   : fv_arena_format(j->call->arena, path, "/policy%s", slash);
}

static fv_error *add_cron_job(const job *j, fv_text *out) {
    const char *policy;
    bool inside = true;
    if (j->policy) FV_TRY(policy_in_pod(j, &policy, &inside));
    if (!inside) fv_text_addf(out, "# kubectl create configmap fovea-retrain-policy --from-file='%s'\n", j->policy);
    fv_text_addf(
        out,
        "apiVersion: batch/v1\nkind: CronJob\nmetadata:\n  name: fovea-retrain\nspec:\n  schedule: \"%s\"\n"
        "  concurrencyPolicy: Forbid\n  startingDeadlineSeconds: 300\n  jobTemplate:\n    spec:\n      backoffLimit: 2\n"
        "      template:\n        spec:\n          restartPolicy: Never\n          containers:\n"
        "            - name: fovea\n              image: fovea\n"
        "              command: [fovea, retrain, run, --workspace, /workspace",
        j->options->every);
    if (j->policy) fv_text_add(out, ", --policy, "), fv_text_add_json(out, policy);
    fv_text_add(out, "]\n              volumeMounts:\n                - {name: workspace, mountPath: /workspace}\n");
    if (!inside) fv_text_add(out, "                - {name: policy, mountPath: /policy}\n");
    fv_text_add(out, "          volumes:\n            - name: workspace\n"
                     "              persistentVolumeClaim: {claimName: fovea-workspace}\n");
    if (!inside) fv_text_add(out, "            - name: policy\n              configMap: {name: fovea-retrain-policy}\n");
    return NULL;
}

static fv_error *print_all(job *j) {
    fv_printer *p = j->call->printer;
    FV_TEXT(timer, 1 << 16);
    FV_TEXT(cron_job, 1 << 16);
    add_timer(j, &timer);
    FV_TRY(add_cron_job(j, &cron_job));
    FV_TRY(fv_text_error(&timer));
    FV_TRY(fv_text_error(&cron_job));
    if (!p->json) {
        fv_print_line(p, "# crontab: `fovea retrain cron --install` writes this line");
        fv_print_line(p, "%s\n", j->line);
        fv_print_page(p, timer.at);
        fv_print_line(p, "\n# Kubernetes");
        fv_print_page(p, cron_job.at);
        return NULL;
    }
    fv_print_record(p);
    fv_print_text(p, "crontab", j->line);
    fv_print_text(p, "systemd", timer.at);
    fv_print_text(p, "kubernetes", cron_job.at);
    fv_print_record_end(p);
    return NULL;
}

/* ---- the command ---- */

static fv_error *find_places(job *j) {
    FV_OWNED(fv_registry) registry = NULL;
    FV_TRY(fv_registry_open(j->options->workspace, &(fv_registry_options){ .read_only = true }, &registry));
    FV_TRY(fv_file_resolve(fv_registry_folder(registry), &j->workspace));
    if (j->options->policy) FV_TRY(fv_file_resolve(j->options->policy, &j->policy));
    return fv_file_resolve("/proc/self/exe", &j->program);
}

static fv_error *do_all(job *j) {
    if (j->options->next) return print_next(j);
    FV_TRY(find_places(j));
    FV_TRY(make_line(j));
    return j->options->install || j->options->remove ? install(j) : print_all(j);
}

static fv_error *run(fv_command_call *call, void *options) {
    job j = { .call = call, .options = options };
    if (j.options->install && j.options->remove) return fv_fail(FV_USAGE, "--install and --remove exclude each other");
    fv_error *error = do_all(&j);
    fv_string_free(j.workspace);
    fv_string_free(j.program);
    fv_string_free(j.policy);
    return error;
}

const fv_command fv_command_retrain_cron = {
    .name = "retrain cron",
    .summary = "have `fovea retrain run` called: by cron, a systemd timer or Kubernetes",
    .arguments = "[--install | --remove | --next N] [options]",
    .description =
        "Prints the crontab line, a systemd service and timer, and a Kubernetes CronJob. --install writes the line into the\n"
        "user's crontab, where it stands once however often it is installed. What is due is in the policy: a scheduled time\n"
        "that was missed, or fell into a pause, is owed no longer than late_hours.",
    .fields = fields,
    .size = sizeof(cron_options),
    .run = run,
};
