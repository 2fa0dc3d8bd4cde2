/* data_fetch.c - fovea data fetch: a file from the network. */
#include <math.h>
#include <stdio.h>

#include "cli/command.h"
#include "cli/terminal.h"
#include "fovea/fetch.h"

typedef struct fetch_options {
    const char *url, *out, *sha256, *proxy, *ca_file;
    int64_t attempts;
    double retry_wait;
    bool restart;
} fetch_options;

static const fv_field fields[] = {
    FV_FIELD(fetch_options, url, .positional = true, .required = true, .value = "URL", .help = "http or https"),
    FV_FIELD(fetch_options, out, .flag = "o", .value = "PATH",
             .help = "the file to write, or a folder; by default the URL's last name, here"),
    FV_FIELD(fetch_options, sha256, .value = "DIGITS", .help = "the checksum that the file must have"),
    FV_FIELD(fetch_options, proxy, .value = "URL", .help = "by default what http_proxy, https_proxy and no_proxy say"),
    FV_FIELD(fetch_options, ca_file, .value = "FILE", .help = "certificates to trust, PEM; by default the system's"),
    FV_FIELD(fetch_options, attempts, .by_default = "5", .min = 1, .max = 1000,
             .help = "at most, while the network or the server fails for a time"),
    FV_FIELD(fetch_options, retry_wait, .by_default = "1", .min = 0.001, .max = 3600,
             .help = "seconds before the second attempt; doubled each time, up to 60"),
    FV_FIELD(fetch_options, restart, .by_default = "false", .help = "forget what an earlier call left unfinished"),
    FV_FIELDS_END
};

#define MEGABYTE 1e6

static void show(void *context, const fv_fetch_progress *p) {
    (void)context;
    char what[96];
    double done = (double)p->done / MEGABYTE, rate = p->bytes_per_second / MEGABYTE;
    if (p->count)
        snprintf(what, sizeof what, "%.1f of %.1f MB  %.2f MB/s ", done, (double)p->count / MEGABYTE, rate);
    else
        snprintf(what, sizeof what, "%.1f MB of unknown size  %.2f MB/s ", done, rate);
    fv_terminal_bar(NULL, &(fv_progress){ .what = what,
                                          .done = p->done,
                                          .count = p->count ? p->count : INT64_MAX / 1024,
                                          .loss = NAN,
                                          .seconds_left = p->seconds_left });
}

static fv_error *run(fv_command_call *call, void *options) {
    const fetch_options *o = options;
    fv_fetch_options how = { .sha256 = o->sha256,
                             .proxy = o->proxy,
                             .ca_file = o->ca_file,
                             .attempts = o->attempts,
                             .wait = o->retry_wait,
                             .restart = o->restart,
                             .progress = show,
                             .cancel = call->cancel };
    fv_fetch_result result;
    FV_TRY(fv_fetch(o->url, o->out, &how, &result));
    fv_terminal_finish();
    fv_printer *p = call->printer;
    fv_print_record(p);
    fv_print_text(p, "path", result.path);
    fv_print_int(p, "bytes", result.bytes);
    fv_print_int(p, "resumed_at", result.resumed_at);
    fv_print_bool(p, "present", result.present);
    fv_print_text(p, "sha256", result.sha256);
    fv_print_record_end(p);
    return NULL;
}

const fv_command fv_command_data_fetch = {
    .name = "data fetch",
    .summary = "fetch a data set's file from the network",
    .arguments = "URL [--out PATH] [--sha256 DIGITS] [options]",
    .description =
        "Goes on with a file that an earlier call left unfinished (FILE.part), where the server says that it is the same\n"
        "still. FILE appears when it is whole and has the checksum. Nothing is unpacked: `tar xf` and `unzip` do that.",
    .fields = fields,
    .size = sizeof(fetch_options),
    .stoppable = true,
    .run = run,
};
