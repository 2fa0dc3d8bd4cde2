/* fovea/error.h - errors as values.
 *
 * A function that can fail returns `fv_error *`: NULL is success, anything else is owned by the caller, who returns it,
 * handles it and frees it, or wraps it in a sentence that says something the callee could not know. Expected absence is an
 * out-parameter, not an error. A message names the thing that is wrong (file, key, node); a hint says the way out.
 * Thread rule: an error is used by one thread at a time; making and freeing them is safe from any thread. */
#ifndef FOVEA_ERROR_H
#define FOVEA_ERROR_H

#include <stdarg.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define FV_API __attribute__((visibility("default")))
#define FV_MUST_USE __attribute__((warn_unused_result))
#define FV_PRINTF(string, first) __attribute__((format(printf, string, first)))

typedef struct fv_error fv_error;

/* What kind of thing went wrong; the command line turns FV_USAGE into exit status 2 and FV_CANCELLED into 75. */
typedef enum fv_code {
    FV_USAGE = 1,   /* the caller asked for something that makes no sense: an unknown option, a value out of range */
    FV_NOT_FOUND,   /* a named thing does not exist */
    FV_CONFLICT,    /* it exists already, or in another state */
    FV_FORMAT,      /* input that is not what it says it is */
    FV_SHAPE,       /* shapes or dtypes that do not fit */
    FV_UNSUPPORTED, /* sensible, but not available here: device, ISA, feature of a format */
    FV_IO,          /* the operating system refused */
    FV_MEMORY,      /* out of memory, or over a stated cap */
    FV_BUSY,        /* held by somebody else */
    FV_CANCELLED,   /* stopped on request, with everything saved */
    FV_DENIED,      /* not allowed */
    FV_BUG          /* ours */
} fv_code;

/* Makes an error. Never fails: without memory it returns a static FV_MEMORY error. Use the macro fv_fail. */
FV_API fv_error *fv_error_new(fv_code code, const char *file, int line, const char *format, ...) FV_PRINTF(4, 5) FV_MUST_USE;
#define fv_fail(code, ...) fv_error_new((code), __FILE__, __LINE__, __VA_ARGS__)

/* The static out-of-memory error. Freeing it does nothing. */
FV_API fv_error *fv_error_memory(void) FV_MUST_USE;

/* Puts a sentence in front of `cause`, which it takes; the new error has the same code. NULL in, NULL out. */
FV_API fv_error *fv_error_wrap(fv_error *cause, const char *format, ...) FV_PRINTF(2, 3) FV_MUST_USE;

/* Sets the hint (the way out) of `error` and returns it. NULL in, NULL out. */
FV_API fv_error *fv_error_hint(fv_error *error, const char *format, ...) FV_PRINTF(2, 3) FV_MUST_USE;

/* Borrowed from the error; `fv_error_hint_get` searches the chain and returns NULL when nobody gave one. */
FV_API fv_code fv_error_code(const fv_error *error);
FV_API const char *fv_error_message(const fv_error *error);
FV_API const char *fv_error_hint_get(const fv_error *error);
FV_API const fv_error *fv_error_cause(const fv_error *error); /* NULL at the end of the chain */
FV_API const char *fv_error_file(const fv_error *error);
FV_API int fv_error_line(const fv_error *error);
FV_API const char *fv_code_name(fv_code code); /* "usage", "not_found", … */

/* The whole chain in one line, "outer: inner: innermost", cut to `size` bytes with the final NUL. Returns `buffer`. */
FV_API const char *fv_error_format(const fv_error *error, char *buffer, uint64_t size);

FV_API void fv_error_free(fv_error *error); /* the whole chain; NULL is allowed */

/* Frees a string that a function of the library handed over ("a new string"); NULL is allowed. */
FV_API void fv_string_free(char *string);

/* Errors made and not freed, in the whole process: the test runner fails a test that leaves one. */
FV_API int64_t fv_error_live(void);

/* Returns from the calling function when `expression` is an error. */
#define FV_TRY(expression)                                                                                                     \
    do {                                                                                                                       \
        fv_error *fv_try_error_ = (expression);                                                                                \
        if (fv_try_error_) return fv_try_error_;                                                                               \
    } while (0)

/* FV_OWNED(fv_image) image = NULL;   freed by fv_image_free when the scope ends. Needs FV_CLEANUP(fv_image) once, which every
 * header that declares an opaque type has. fv_take(&image) hands it over to somebody else. */
#define FV_OWNED(type) __attribute__((cleanup(type##_cleanup_))) type *
#define FV_CLEANUP(type)                                                                                                       \
    static inline void type##_cleanup_(type **owned) { type##_free(*owned); }                                                  \
    struct type
#define fv_take(owned)                                                                                                         \
    __extension__({                                                                                                            \
        __typeof__(*(owned)) fv_taken_ = *(owned);                                                                             \
        *(owned) = NULL;                                                                                                       \
        fv_taken_;                                                                                                             \
    })

FV_CLEANUP(fv_error);

#ifdef __cplusplus
}
#endif
#endif
