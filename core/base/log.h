/* log.h - what the library has to say. It never writes to standard error itself: messages go to a sink that the program sets
 * (the command line prints them); without one they are dropped. Traces are for debugging:
 * FOVEA_TRACE=plan,dispatch,exec,data,sql,http writes lines to FOVEA_TRACE_FILE, or to the sink. Any thread; the sink is called
 * by one thread at a time. */
#ifndef FV_BASE_LOG_H
#define FV_BASE_LOG_H

#include "fovea/error.h"

typedef enum fv_level { FV_LOG_TRACE, FV_LOG_INFO, FV_LOG_WARNING } fv_level;
typedef void (*fv_log_sink)(void *context, fv_level level, const char *message); /* one line, no newline */

FV_API void fv_log_set_sink(fv_log_sink sink, void *context); /* NULL: drop */
void fv_log_info(const char *format, ...) FV_PRINTF(1, 2);
void fv_log_warning(const char *format, ...) FV_PRINTF(1, 2);

typedef enum fv_topic {
    FV_TRACE_PLAN,
    FV_TRACE_DISPATCH,
    FV_TRACE_EXEC,
    FV_TRACE_DATA,
    FV_TRACE_SQL,
    FV_TRACE_HTTP,
    FV_TOPICS /* how many there are */
} fv_topic;
int fv_trace_on(fv_topic topic); /* cheap: a load */
void fv_trace(fv_topic topic, const char *format, ...) FV_PRINTF(2, 3);
/* Reads FOVEA_TRACE and FOVEA_TRACE_FILE once; an unknown topic is FV_USAGE naming it and the nearest one. */
FV_API FV_MUST_USE fv_error *fv_trace_init(void);

#endif
