/* reader.c - fovea-reader started, waited for, and what became of it. (Where it is found: reader_find.c.)
 *
 * The end of the reader is seen by a pipe that only it writes to, its standard error: no signal is needed and no status, which
 * the program we are part of may take from us (it may ignore SIGCHLD, or wait for any child). What tells success from failure
 * is the answer; the status only says how it failed. */
#include "core/formats/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/base/log.h"
#include "core/base/size.h"

const fv_reader_limits fv_reader_documented = { .memory = INT64_C(256) << 20, .processor = 20, .wait = 60 };

#define NOTE_BYTES 512

/* One run of the reader. */
struct fv_reading {
    const char *where;
    fv_reader_limits limits;
    fv_arena *arena;
    double deadline;
    int answer, note; /* descriptors: of the shared memory; of the pipe's end to read from */
    int wishes; /* our end of the socket by which it asks for bytes; -1: it has the file, or has asked for the wrong ones */
    const uint8_t *given; /* what it may ask for; NULL: nothing yet */
    int64_t given_length;
    pid_t process;
    bool late;    /* it was killed for taking too long */
    bool unknown; /* somebody else took its status */
    int status;
    char said[NOTE_BYTES + 1]; /* on standard error */
    int64_t said_length;
};

/* ---- starting it ---- */

typedef struct spawning {
    posix_spawn_file_actions_t files;
    posix_spawnattr_t how;
    char *arguments[7], *environment[2];
    char numbers[5][32];
} spawning;

/* No rights need it, but the loader may: where libraries are, when that is said so. */
static void set_environment(spawning *s, fv_text *libraries) {
    const char *path = secure_getenv("LD_LIBRARY_PATH");
    if (path) fv_text_addf(libraries, "LD_LIBRARY_PATH=%s", path);
    s->environment[0] = path ? libraries->at : NULL;
}

static int set_files(spawning *s, int file, const fv_reading *r, int note) {
    posix_spawn_file_actions_t *f = &s->files;
    int failed = posix_spawn_file_actions_addopen(f, 0, "/dev/null", O_RDWR, 0);
    if (!failed) failed = posix_spawn_file_actions_adddup2(f, 0, 1);
    if (!failed) failed = posix_spawn_file_actions_adddup2(f, note, 2);
    if (!failed) failed = posix_spawn_file_actions_adddup2(f, file, FV_READER_FILE);
    if (!failed && r->limits.content_length) failed = posix_spawn_file_actions_adddup2(f, r->limits.content, FV_READER_CONTENT);
    return failed ? failed : posix_spawn_file_actions_adddup2(f, r->answer, FV_READER_ANSWER);
}

/* A process group of its own: the keyboard's interrupt is for the program that it works for. */
static int set_signals(spawning *s) {
    sigset_t all, none;
    sigfillset(&all);
    sigemptyset(&none);
    int failed = posix_spawnattr_setflags(&s->how, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    if (!failed) failed = posix_spawnattr_setsigdefault(&s->how, &all);
    if (!failed) failed = posix_spawnattr_setsigmask(&s->how, &none);
    return failed ? failed : posix_spawnattr_setpgroup(&s->how, 0);
}

static void set_arguments(spawning *s, const char *path, int64_t length, const fv_reader_limits *limits) {
    int64_t memory = limits->memory + length + limits->content_length + FV_ANSWER_BYTES_MAX;
    const int64_t numbers[5] = { length, memory, limits->processor, limits->kind, limits->content_length };
    s->arguments[0] = (char *)(uintptr_t)path;
    for (int i = 0; i < 5; i++) {
        snprintf(s->numbers[i], sizeof s->numbers[i], "%lld", (long long)numbers[i]);
        s->arguments[1 + i] = s->numbers[i];
    }
}

static fv_error *start(fv_reading *r, const char *path, int file, int64_t length, int note) {
    spawning s = { 0 };
    FV_TEXT(libraries, 1 << 16);
    set_arguments(&s, path, length, &r->limits);
    set_environment(&s, &libraries);
    FV_TRY(fv_text_error(&libraries));
    if (posix_spawn_file_actions_init(&s.files)) return fv_error_memory();
    int failed = posix_spawnattr_init(&s.how);
    if (!failed) {
        failed = set_files(&s, file, r, note);
        if (!failed) failed = set_signals(&s);
        if (!failed) failed = posix_spawn(&r->process, path, &s.files, &s.how, s.arguments, s.environment);
        posix_spawnattr_destroy(&s.how);
    }
    posix_spawn_file_actions_destroy(&s.files);
    return failed ? fv_fail(FV_IO, "cannot start %s to read %s: %s", path, r->where, strerror(failed)) : NULL;
}

/* ---- waiting for it ---- */

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Keeps the first bytes of what it says; false at the end, when nobody has the pipe open any more. */
static bool hear(fv_reading *r) {
    char chunk[NOTE_BYTES];
    ssize_t got = read(r->note, chunk, sizeof chunk);
    if (got < 0) return errno == EINTR || errno == EAGAIN;
    int64_t kept = fv_min(got, NOTE_BYTES - r->said_length);
    memcpy(r->said + r->said_length, chunk, (size_t)kept);
    r->said_length += kept;
    return got > 0;
}

static void stop_giving(fv_reading *r) {
    if (r->wishes >= 0) close(r->wishes);
    r->wishes = -1;
}

/* Never waits: who asks for one piece after the other, and takes it, has room for it. Whatever else it does, it is given no
 * more. */
static void give(fv_reading *r) {
    fv_reader_wish wish;
    bool fine = recv(r->wishes, &wish, sizeof wish, MSG_DONTWAIT | MSG_TRUNC) == (ssize_t)sizeof wish;
    fine = fine && wish.count > 0 && wish.count <= FV_READER_PIECE && wish.count <= r->given_length && wish.offset >= 0 &&
           wish.offset <= r->given_length - wish.count;
    fine = fine && send(r->wishes, r->given + wish.offset, (size_t)wish.count, MSG_DONTWAIT | MSG_NOSIGNAL) == wish.count;
    if (!fine) stop_giving(r);
}

static void wait_for(fv_reading *r) {
    for (bool open = true; open && !r->late;) {
        double left = r->deadline - now();
        struct pollfd both[2] = { { .fd = r->note, .events = POLLIN }, { .fd = r->wishes, .events = POLLIN } };
        int ready = left > 0 ? poll(both, r->given && r->wishes >= 0 ? 2 : 1, (int)(1000 * left) + 1) : 0;
        if (ready > 0 && both[1].revents) give(r);
        if (ready > 0 && both[0].revents) open = hear(r);
        if (ready == 0) r->late = true;
    }
    stop_giving(r);
    kill(-r->process, SIGKILL); /* late, or it has closed the pipe: a process that has ended does not notice */
    pid_t got;
    do got = waitpid(r->process, &r->status, 0);
    while (got < 0 && errno == EINTR);
    r->unknown = got < 0;
}

/* ---- what became of it ---- */

/* Says `format`, and behind it what the reader said last. */
static fv_error *with_note(fv_reading *r, fv_code code, const char *what) {
    FV_TEXT(note, 4 * (NOTE_BYTES + 1));
    while (r->said_length && r->said[r->said_length - 1] == '\n') r->said[--r->said_length] = 0;
    for (char *at = r->said; *at; at++)
        if (*at == '\n') *at = ' ';
    fv_text_add_printable(&note, r->said);
    FV_TRY(fv_text_error(&note));
    return fv_fail(code, "%s%s%s%s", what, note.length ? " (it said: " : "", note.at, note.length ? ")" : "");
}

static fv_error *killed(fv_reading *r) {
    int number = WTERMSIG(r->status);
    char what[256];
    if (number == SIGXCPU)
        snprintf(what, sizeof what, "the reader took more than %lld s of processor time", (long long)r->limits.processor);
    else
        snprintf(what, sizeof what, "the reader was killed by signal %d (%s)", number, strsignal(number));
    return with_note(r, FV_FORMAT, what);
}

static fv_error *how_it_failed(fv_reading *r) {
    if (r->late) return fv_fail(FV_FORMAT, "the reader was not done after %g s", r->limits.wait);
    if (r->unknown) return with_note(r, FV_FORMAT, "the reader ended without an answer");
    if (WIFSIGNALED(r->status)) return killed(r);
    char what[256];
    snprintf(what, sizeof what, "the reader ended without an answer, with exit status %d", WEXITSTATUS(r->status));
    return with_note(r, WEXITSTATUS(r->status) ? FV_IO : FV_FORMAT, what);
}

/* A failure of the file is told from one of the installation: the reader as it is installed ends with status 0. */
static fv_error *explain(fv_reading *r, fv_error *error) {
    if (fv_error_code(error) != FV_FORMAT) return fv_error_wrap(error, "%s could not be read", r->where);
    return fv_error_hint(fv_error_wrap(error, "%s is damaged, or made to do harm", r->where),
                         "get the file anew from whom you trust; `fovea doctor` shows whether the reader works");
}

/* Copies the answer out of the shared memory: what is looked at afterwards does not change. */
static fv_error *take_answer(const fv_reading *r, fv_arena *arena, const void **answer, int64_t *length) {
    void *shared = mmap(NULL, FV_ANSWER_BYTES_MAX, PROT_READ, MAP_SHARED, r->answer, 0);
    if (shared == MAP_FAILED) return fv_fail(FV_MEMORY, "no memory for the answer: %s", strerror(errno));
    void *copy = NULL;
    fv_error *error = fv_answer_length(shared, FV_ANSWER_BYTES_MAX, length);
    if (!error) error = fv_arena_copy(arena, shared, *length, &copy);
    munmap(shared, FV_ANSWER_BYTES_MAX);
    *answer = copy;
    return error;
}

/* An answer counts when the reader has come to its end; whether it is one is asked again by fv_answer_open. */
static fv_error *judge(fv_reading *r, fv_arena *arena, const void **answer, int64_t *length) {
    bool ended = r->unknown ? !r->late : !r->late && WIFEXITED(r->status) && WEXITSTATUS(r->status) == 0;
    if (!ended) return explain(r, how_it_failed(r));
    fv_error *error = take_answer(r, arena, answer, length);
    if (!error || fv_error_code(error) != FV_FORMAT) return error;
    fv_error_free(error);
    return explain(r, how_it_failed(r));
}

static void warn_of_guards(unsigned guards) {
    static atomic_bool said;
    if (!(guards & FV_GUARD_SYSCALLS) && !atomic_exchange(&said, true))
        fv_log_warning("fovea-reader has no filter of system calls here (seccomp is not allowed): its limits alone keep it");
}

static fv_error *start_with_pipe(fv_reading *r, const char *path, int file, int64_t length) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0) return fv_fail(FV_IO, "no pipe to the reader: %s", strerror(errno));
    int note = fcntl(ends[1], F_DUPFD_CLOEXEC, FV_READER_CONTENT + 1);
    fv_error *error = note < 0 ? fv_fail(FV_IO, "no pipe to the reader: %s", strerror(errno)) : NULL;
    close(ends[1]);
    r->note = ends[0];
    if (!error) error = start(r, path, file, length, note);
    if (note >= 0) close(note);
    if (error) close(ends[0]);
    return error;
}

static fv_error *begin(fv_reading *r, int file, int64_t length) {
    const char *path;
    FV_TRY(fv_error_wrap(fv_reader_find(r->arena, &path), "%s cannot be read", r->where));
    FV_TRY(fv_shared_memory(r->where, FV_ANSWER_BYTES_MAX, &r->answer));
    r->deadline = now() + r->limits.wait;
    fv_error *error = start_with_pipe(r, path, file, length);
    if (error) close(r->answer);
    return error;
}

static fv_error *new_reading(const char *where, const fv_reader_limits *limits, fv_arena *arena, fv_reading **out) {
    FV_TRY(fv_arena_take(arena, 1, out));
    **out = (fv_reading){ .where = where,
                          .limits = limits ? *limits : fv_reader_documented,
                          .arena = arena,
                          .answer = -1,
                          .note = -1,
                          .wishes = -1 };
    return NULL;
}

fv_error *fv_reader_begin(const fv_snapshot *file, int64_t length, const char *where, const fv_reader_limits *limits,
                          fv_arena *arena, fv_reading **out) {
    FV_TRY(new_reading(where, limits, arena, out));
    return begin(*out, file->file, length);
}

fv_error *fv_reader_await(const char *where, const fv_reader_limits *limits, fv_arena *arena, fv_reading **out) {
    int ends[2];
    FV_TRY(new_reading(where, limits, arena, out));
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        return fv_fail(FV_IO, "no socket to the reader: %s", strerror(errno));
    (*out)->wishes = ends[0];
    int theirs = fcntl(ends[1], F_DUPFD_CLOEXEC, FV_READER_CONTENT + 1);
    close(ends[1]);
    fv_error *error = theirs < 0 ? fv_fail(FV_IO, "no socket to the reader: %s", strerror(errno)) : begin(*out, theirs, 0);
    if (theirs >= 0) close(theirs);
    if (error) stop_giving(*out);
    return error;
}

void fv_reader_give(fv_reading *r, const uint8_t *bytes, int64_t length) {
    fv_reader_wish all = { .offset = length };
    r->given = bytes;
    r->given_length = length;
    r->deadline = now() + r->limits.wait;
    if (send(r->wishes, &all, sizeof all, MSG_DONTWAIT | MSG_NOSIGNAL) != (ssize_t)sizeof all) stop_giving(r);
}

fv_error *fv_reader_end(fv_reading *r, const void **answer, int64_t *answer_length) {
    wait_for(r);
    close(r->note);
    fv_error *error = judge(r, r->arena, answer, answer_length);
    if (!error) warn_of_guards(fv_answer_guards(*answer));
    close(r->answer);
    return error;
}

void fv_reader_cancel(fv_reading *r) {
    r->deadline = 0;
    wait_for(r);
    close(r->note);
    close(r->answer);
}

fv_error *fv_reader_run(const fv_snapshot *file, int64_t length, const char *where, const fv_reader_limits *limits,
                        fv_arena *arena, const void **answer, int64_t *answer_length) {
    fv_reading *reading;
    FV_TRY(fv_reader_begin(file, length, where, limits, arena, &reading));
    return fv_reader_end(reading, answer, answer_length);
}
