/* models_books.h - what the table's thread knows: which versions there are, which names point where, and what is to be loaded
 * or put down. Used by that thread alone; what others see of it is a view. */
#ifndef FV_SERVE_MODELS_BOOKS_H
#define FV_SERVE_MODELS_BOOKS_H

#include "fovea/objects.h"
#include "serve/models.h"

typedef struct fv_book_version {
    char *model, *path; /* `path`: of a file that is served; NULL: it is the registry's */
    int64_t number;
    char digest[FV_DIGEST_LETTERS];
    fv_served *served; /* the table's reference */
    fv_model_state state;
    char *reason;
    double retry_at;   /* of what was refused for a reason that may pass; infinity: it does not */
    int64_t bytes;     /* that it took when it was last loaded; 0: not known */
    int64_t asked_for; /* by number, so many requests ago; 0: never */
    bool at_once;      /* somebody waits for it: others make room */
} fv_book_version;

/* A name that is answered for: an alias of a model, or ("") the model itself. */
typedef struct fv_book_pointer {
    char *model, *alias;
    int64_t wanted, live; /* versions: where it should point, and where it does; 0: nowhere */
    bool seen;
} fv_book_pointer;

typedef struct fv_books {
    fv_book_version *versions;
    fv_book_pointer *pointers;
    char **away; /* models unloaded by order */
    int64_t version_count, version_room, pointer_count, pointer_room, away_count, away_room;
    int64_t requests; /* by number, so far */
    int64_t swaps, refusals, loads, evictions;
    double load_seconds;
} fv_books;

void fv_books_release(fv_books *books);

fv_book_version *fv_books_find(const fv_books *books, const char *model, int64_t number); /* NULL: none */
/* There, or added as one to be loaded; moves what was found before. */
FV_MUST_USE fv_error *fv_books_version(fv_books *books, const char *model, int64_t number, fv_book_version **out);
FV_MUST_USE fv_error *fv_books_point(fv_books *books, const char *model, const char *alias, int64_t wanted);
bool fv_books_serves_file(const fv_books *books, const char *model); /* a file, not versions of the registry */
void fv_books_begin_look(fv_books *books);                           /* no pointer is seen */
/* Pointers that were not seen since, but for those of files, are gone. */
void fv_books_end_look(fv_books *books);

bool fv_books_is_away(const fv_books *books, const char *model);
FV_MUST_USE fv_error *fv_books_put_away(fv_books *books, const char *model, bool away);

/* Lets every name point to the version that it wants, if that is ready; calls `moved` (may be NULL) for each that did. Then
 * lets go of versions that nobody wants. Versions that are wanted and missing are added as ones to be loaded. */
typedef void (*fv_book_moved)(void *context, const fv_book_pointer *pointer);
FV_MUST_USE fv_error *fv_books_settle(fv_books *books, fv_book_moved moved, void *context);

/* The next to load; NULL: nothing is. `now`: those refused whose time to try again has come are. */
fv_book_version *fv_books_next_load(fv_books *books, double now);
/* The one that was not asked for longest, of those loaded, but for `but`'s model: it may be put down. NULL: none. */
fv_book_version *fv_books_idlest(const fv_books *books, const fv_book_version *but);
int64_t fv_books_bytes(const fv_books *books); /* that loaded versions take */
void fv_books_put_down(fv_books *books, fv_book_version *version);

/* `why` is taken; the reason is its message and its hint. */
void fv_books_refuse(fv_books *books, fv_book_version *version, fv_error *why);

/* A view of it (models_view.c), with one reference; `bytes` as in the view. */
FV_MUST_USE fv_error *fv_books_view(const fv_books *books, int64_t bytes, const fv_models_view **out);
const fv_models_view *fv_models_view_ref(const fv_models_view *view);

#endif
