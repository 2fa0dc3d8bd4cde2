/* serve.c - fovea serve: models over HTTP. */
#include "fovea/serve.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/terminal.h"
#include "fovea/registry.h"

typedef struct serve_options {
    const char *model, *name, *workspace, *host;
    int64_t port, max_batch, queue, explain_queue, workers, max_body, max_pixels, max_rows, connections, memory;
    double max_delay, timeout, idle, grace;
    const char *prediction_log, *deployment;
    int64_t log_bytes, log_picture_bytes, drift_window;
    bool insecure, log_wait;
    fv_strings hosts, cors;
    int log, precision; /* log_style, fv_precision */
} serve_options;

enum log_style { LOG_JSON, LOG_NONE };

static const fv_field fields[] = {
    FV_FIELD(serve_options, model, .positional = true, .value = "MODEL",
             .help = "a .fovea file; without it the models of the workspace, by their aliases"),
    FV_FIELD(serve_options, name, .value = "NAME", .help = "what the model of the file is called; without it as the file is"),
    FV_FIELD(serve_options, workspace, .value = "DIR", .help = FV_WORKSPACE_HELP),
    FV_FIELD(serve_options, port, .by_default = "8080", .flag = "p", .min = 0, .max = 65535,
             .help = "to listen at; 0: any that is free, which is printed"),
    FV_FIELD(serve_options, host, .by_default = "127.0.0.1", .value = "ADDRESS",
             .help = "to listen at; what other machines can reach takes tokens"),
    FV_FIELD(serve_options, insecure, .by_default = "false", .help = "answer other machines without tokens"),
    FV_FIELD(serve_options, hosts, .value = "NAME,…",
             .help = "names that a request may have in Host, beside addresses and localhost"),
    FV_FIELD(serve_options, cors, .value = "ORIGIN,…",
             .help = "pages that may ask from a browser: https://lab.example; *: any"),
    FV_FIELD(serve_options, max_batch, .by_default = "8", .min = 1, .max = 256, .help = "pictures run at once, at most"),
    FV_FIELD(serve_options, max_delay, .by_default = "0", .min = 0, .max = 10, .value = "SECONDS",
             .help = "that a picture waits for others while the network is idle"),
    FV_FIELD(serve_options, precision, .by_default = "f32", .names = FV_PRECISIONS, .help = FV_PRECISION_HELP),
    FV_FIELD(serve_options, queue, .by_default = "256", .min = 1, .max = 1000000,
             .help = "pictures of a version that may wait"),
    FV_FIELD(serve_options, explain_queue, .by_default = "8", .min = 0, .max = 10000,
             .help = "requests for explanations that may wait or be at work; 0: none are taken"),
    FV_FIELD(serve_options, workers, .by_default = "0", .min = 0, .max = 256,
             .help = "threads that decode and run; 0: as many as compute, or one more where they are above 4"),
    FV_FIELD(serve_options, timeout, .by_default = "30", .min = 0.1, .max = 3600, .value = "SECONDS",
             .help = "from a request's first byte to its answer, and for the answer to be taken"),
    FV_FIELD(serve_options, idle, .by_default = "75", .min = 1, .max = 3600, .value = "SECONDS",
             .help = "that a connection may be silent between requests"),
    FV_FIELD(serve_options, max_body, .by_default = "67108864", .min = 1024, .max = 1073741824, .value = "BYTES",
             .help = "of a request, unpacked"),
    FV_FIELD(serve_options, max_pixels, .by_default = "67108864", .min = 1, .max = 268435456, .help = "of a picture"),
    FV_FIELD(serve_options, max_rows, .by_default = "4096", .min = 1, .max = 65536, .help = "pictures of a request"),
    FV_FIELD(serve_options, connections, .by_default = "1024", .min = 1, .max = 65536, .help = "at once"),
    FV_FIELD(serve_options, memory, .by_default = "0", .min = 0, .max = 1e15, .value = "BYTES",
             .help = "that models may take: those least used go; 0: any"),
    FV_FIELD(serve_options, grace, .by_default = "30", .min = 0, .max = 3600, .value = "SECONDS",
             .help = "for what was asked to be answered, when it is stopped"),
    FV_FIELD(serve_options, log, .by_default = "json", .names = "json,none", .help = "a line a request on standard error"),
    FV_FIELD(serve_options, prediction_log, .value = "DIR",
             .help = "keep every prediction there, and what POST /v1/feedback tells of it; without it a workspace's folder "
                     "predictions, and nothing of a MODEL file; none: nothing"),
    FV_FIELD(serve_options, log_bytes, .by_default = "1073741824", .min = 16777216, .max = 1e15, .value = "BYTES",
             .help = "of that log: its oldest file goes when a new one is begun"),
    FV_FIELD(serve_options, log_picture_bytes, .by_default = "1073741824", .min = 16777216, .max = 1e15, .value = "BYTES",
             .help = "of the pictures kept with it, where a model's recipe asks for them (log_pictures): the oldest go"),
    FV_FIELD(serve_options, log_wait, .by_default = "false",
             .help = "answer a prediction once its record is on the disk; without it that follows within a second"),
    FV_FIELD(serve_options, drift_window, .by_default = "500", .min = 0, .max = 100000, .value = "COUNT",
             .help = "predictions of the log that are held against the version's reference profile at a time, for /metrics and "
                     "the dashboard; 0: none are"),
    FV_FIELD(serve_options, deployment, .value = "NAME",
             .help = "what this server is called in the lineage of the versions it serves"),
    FV_FIELDS_END
};

static void write_line(void *context, const char *line) {
    (void)context;
    fv_terminal_line("%s", line);
}

/* ---- signals ---- */

static sigset_t signals;

/* Before any thread is made, so that none but this one takes them. */
static fv_error *hold_signals(void) {
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGHUP);
    int code = pthread_sigmask(SIG_BLOCK, &signals, NULL);
    return code ? fv_fail(FV_IO, "cannot hold signals: %s", strerror(code)) : NULL;
}

static fv_error *serve_until_stopped(fv_server *server, double grace) {
    for (int number;;) {
        if (sigwait(&signals, &number)) return fv_fail(FV_IO, "cannot wait for signals");
        if (number != SIGHUP) break;
        fv_server_reload(server);
    }
    if (!fv_server_stop(server, grace))
        return fv_fail(FV_IO, "stopped with requests that were not answered in %g seconds", grace);
    return NULL;
}

/* ---- the command ---- */

static void say_address(fv_command_call *call, const fv_server *server) {
    if (!call->printer->json) return fv_print_line(call->printer, "serving at %s", fv_server_address(server));
    fv_print_record(call->printer);
    fv_print_text(call->printer, "address", fv_server_address(server));
    fv_print_int(call->printer, "port", fv_server_port(server));
    fv_print_record_end(call->printer);
}

/* Where predictions are kept; NULL: nowhere. */
static fv_error *log_folder(const serve_options *o, fv_arena *arena, const char **out) {
    *out = o->prediction_log;
    if (o->prediction_log || o->model) return *out && !strcmp(*out, "none") ? *out = NULL, NULL : NULL;
    char *workspace;
    FV_TRY(fv_workspace_folder(o->workspace, &workspace));
    fv_error *error = fv_arena_format(arena, out, "%s/predictions", workspace);
    fv_string_free(workspace);
    return error;
}

static fv_error *run(fv_command_call *call, void *raw) {
    const serve_options *o = raw;
    const char *log;
    FV_OWNED(fv_server) server = NULL;
    if (o->model && o->workspace) return fv_fail(FV_USAGE, "MODEL and --workspace are two sources of models: name one");
    if (o->name && !o->model) return fv_fail(FV_USAGE, "--name is for a MODEL file");
    FV_TRY(log_folder(o, call->arena, &log));
    const fv_serve_options options = { .model = o->model,
                                       .workspace = o->workspace,
                                       .name = o->name,
                                       .host = o->host,
                                       .port = o->port,
                                       .insecure = o->insecure,
                                       .hosts = o->hosts.at,
                                       .host_count = o->hosts.count,
                                       .origins = o->cors.at,
                                       .origin_count = o->cors.count,
                                       .max_batch = o->max_batch,
                                       .precision = (fv_precision)o->precision,
                                       .max_delay = o->max_delay,
                                       .queue = o->queue,
                                       .explain_queue = o->explain_queue ? o->explain_queue : -1,
                                       .workers = o->workers,
                                       .max_body = o->max_body,
                                       .max_pixels = o->max_pixels,
                                       .max_rows = o->max_rows,
                                       .connections = o->connections,
                                       .timeout = o->timeout,
                                       .idle = o->idle,
                                       .memory = o->memory,
                                       .prediction_log = log,
                                       .log_bytes = o->log_bytes,
                                       .log_picture_bytes = o->log_picture_bytes,
                                       .log_wait = o->log_wait,
                                       .drift_window = o->drift_window,
                                       .deployment = o->deployment,
                                       .log = o->log == LOG_JSON ? write_line : NULL };
    FV_TRY(hold_signals());
    FV_TRY(fv_server_new(&options, &server));
    say_address(call, server);
    if (fflush(stdout)) return fv_fail(FV_IO, "cannot write to standard output: %s", strerror(errno));
    return serve_until_stopped(server, o->grace);
}

const fv_command fv_command_serve = {
    .name = "serve",
    .summary = "answer predictions over HTTP",
    .arguments = "[MODEL] [options]",
    .description =
        "A model file under one name, or every model of the workspace whose alias points to a version; versions are\n"
        "switched while it runs when an alias moves. POST a picture to /v1/models/NAME/predict; / is a page to drop one\n"
        "on, /dashboard shows how it goes, /metrics is for Prometheus, /v2 is the Open Inference Protocol, /openapi.json\n"
        "lists it all. It listens on this machine only, unless --host says otherwise, which takes tokens. SIGHUP looks\n"
        "at aliases and tokens at once; SIGTERM answers what was asked, then ends.",
    .fields = fields,
    .size = sizeof(serve_options),
    .run = run,
};
