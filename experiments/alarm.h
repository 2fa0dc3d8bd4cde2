/* alarm.h - who is told when an alarm is raised: a webhook, a command. Told once, and again only after it has ended. */
#ifndef FV_EXPERIMENTS_ALARM_H
#define FV_EXPERIMENTS_ALARM_H

#include "drift/say.h"
#include "experiments/webhook.h"

typedef struct fv_alarm_ways {
    fv_webhook webhook;  /* .url NULL: none */
    const char *command; /* run by /bin/sh, the message on its standard input; it has ten minutes. NULL: none */
    const char *memory;  /* a file: which alarms stood at the last check. NULL: each check tells of all that stand */
} fv_alarm_ways;

/* The message: {"event":"drift.alarm","id":…,"raised":["whole","night"],"check":{…}}, `check` as fv_drift_json makes it.
 * `*told`: how many alarms; 0: nothing was sent. On an error the memory stays as it was, so that the next check tries again.
 * FV_IO: the command failed; further errors: fv_webhook_send's. */
FV_MUST_USE fv_error *fv_alarm_tell(const fv_alarm_ways *ways, const fv_drift_told *told, int64_t *count);

#endif
