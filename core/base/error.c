/* error.c - errors as values: one allocation for an error and its message, one more for a hint.
 *
 * Running out of memory while making an error must not lose the failure: fv_error_new then gives a static FV_MEMORY error, and
 * fv_error_wrap gives the cause back as it was. The static error is shared by all threads and never written to. */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/assert.h"
#include "core/base/memory.h"
#include "fovea/error.h"

struct fv_error {
    fv_code code;
    int line;
    const char *file;
    char *hint; /* owned, or NULL */
    fv_error *cause;
    char message[];
};

static fv_error out_of_memory = { .code = FV_MEMORY, .file = __FILE__, .line = __LINE__, .message = "out of memory" };
static _Atomic int64_t live;

/* The length of what would be printed, with its NUL; 0 when the format or an argument cannot be printed. */
static int64_t printed_size(const char *format, va_list arguments) {
    va_list copy;
    va_copy(copy, arguments);
    int length = vsnprintf(NULL, 0, format, copy);
    va_end(copy);
    return length < 0 ? 0 : (int64_t)length + 1;
}

static FV_PRINTF(4, 0) fv_error *new_error(fv_code code, const char *file, int line, const char *format, va_list arguments) {
    int64_t size = printed_size(format, arguments);
    fv_error *error = fv_memory_try(1, (int64_t)sizeof *error + size + 1);
    if (!error) return NULL;
    error->code = code;
    error->file = file;
    error->line = line;
    if (size) vsnprintf(error->message, (size_t)size, format, arguments);
    atomic_fetch_add_explicit(&live, 1, memory_order_relaxed);
    return error;
}

fv_error *fv_error_new(fv_code code, const char *file, int line, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fv_error *error = new_error(code, file, line, format, arguments);
    va_end(arguments);
    return error ? error : &out_of_memory;
}

fv_error *fv_error_memory(void) { return &out_of_memory; }

fv_error *fv_error_wrap(fv_error *cause, const char *format, ...) {
    if (!cause) return NULL;
    va_list arguments;
    va_start(arguments, format);
    fv_error *error = new_error(cause->code, cause->file, cause->line, format, arguments);
    va_end(arguments);
    if (!error) return cause;
    error->cause = cause;
    return error;
}

fv_error *fv_error_hint(fv_error *error, const char *format, ...) {
    if (!error || error == &out_of_memory) return error;
    va_list arguments;
    va_start(arguments, format);
    int64_t size = printed_size(format, arguments);
    char *hint = size ? fv_memory_try(1, size) : NULL;
    if (hint) {
        vsnprintf(hint, (size_t)size, format, arguments);
        fv_memory_free(error->hint);
        error->hint = hint;
    }
    va_end(arguments);
    return error;
}

fv_code fv_error_code(const fv_error *error) { return error->code; }
const char *fv_error_message(const fv_error *error) { return error->message; }
const fv_error *fv_error_cause(const fv_error *error) { return error->cause; }
const char *fv_error_file(const fv_error *error) { return error->file; }
int fv_error_line(const fv_error *error) { return error->line; }

const char *fv_error_hint_get(const fv_error *error) {
    for (; error; error = error->cause)
        if (error->hint) return error->hint;
    return NULL;
}

const char *fv_code_name(fv_code code) {
    static const char *const names[] = {
        [FV_USAGE] = "usage",
        [FV_NOT_FOUND] = "not_found",
        [FV_CONFLICT] = "conflict",
        [FV_FORMAT] = "format",
        [FV_SHAPE] = "shape",
        [FV_UNSUPPORTED] = "unsupported",
        [FV_IO] = "io",
        [FV_MEMORY] = "memory",
        [FV_BUSY] = "busy",
        [FV_CANCELLED] = "cancelled",
        [FV_DENIED] = "denied",
        [FV_BUG] = "bug",
    };
    return (int)code >= FV_USAGE && (int)code <= FV_BUG ? names[code] : "unknown";
}

const char *fv_error_format(const fv_error *error, char *buffer, uint64_t size) {
    if (size) buffer[0] = 0;
    for (uint64_t used = 0; error && used < size; error = error->cause) {
        int length = snprintf(buffer + used, size - used, "%s%s", error->message, error->cause ? ": " : "");
        if (length < 0) break;
        used += (uint64_t)length;
    }
    return buffer;
}

void fv_error_free(fv_error *error) {
    while (error && error != &out_of_memory) {
        fv_error *cause = error->cause;
        fv_memory_free(error->hint);
        fv_memory_free(error);
        atomic_fetch_sub_explicit(&live, 1, memory_order_relaxed);
        error = cause;
    }
}

int64_t fv_error_live(void) { return atomic_load_explicit(&live, memory_order_relaxed); }

void fv_assert_failed(const char *expression, const char *file, int line) {
    FILE *out = stderr; /* house: allow output - the last words of a program with a bug */
    fprintf(out, "%s:%d: this should never be false: %s\n", file, line, expression);
    abort(); /* house: allow banned - going on would spread it */
}
