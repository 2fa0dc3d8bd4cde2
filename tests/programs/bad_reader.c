/* A reader gone wrong, in place of fovea-reader: the name that it is called by says how. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/formats/reader.h"
#include "core/formats/sandbox.h"

/* Crashes end by their signal in sanitized builds too. */
FV_API const char *__asan_default_options(void);
const char *__asan_default_options(void) { return "handle_segv=0:handle_abort=0:detect_leaks=0"; }
FV_API const char *__tsan_default_options(void);
const char *__tsan_default_options(void) { return "handle_segv=0:handle_abort=0"; }

static int64_t file_length;
static uint8_t *answer; /* shared with who started us */
static unsigned guards;

static void crash(void) {
    volatile uintptr_t nowhere = 16;
    *(volatile int *)nowhere = 1;
}

static void loop(void) {
    for (volatile unsigned i = 0;; i++) {}
}

static void sleep_on(void) {
    for (;;) pause(); /* refused in the sandbox: then it is a loop */
}

/* As a size that a file states may make a library do. */
static void allocate(void) {
    int megabytes = 0;
    for (char *p; megabytes < 2048 &&
                  (p = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) != MAP_FAILED;
         megabytes++)
        memset(p, 1, 1 << 20);
    fprintf(stderr, "no memory after %s MB\n", megabytes < 512 ? "few" : "many");
    _exit(9);
}

static void recurse(void) {
    volatile char room[1 << 16];
    room[0] = room[sizeof room - 1] = 1;
    if (answer) recurse();
    room[1] = room[0];
}

/* What somebody would try who has taken over the reader; says what worked. */
static void break_out(void) {
    char *const shell[] = { "sh", NULL };
    if (open("/etc/passwd", O_RDONLY) >= 0) fprintf(stderr, "read a file ");
    if (open("/tmp/fovea-break-out", O_CREAT | O_WRONLY, 0600) >= 0) fprintf(stderr, "made a file ");
    if (unlink("/tmp/fovea-break-out") == 0 || errno == ENOENT) fprintf(stderr, "looked for a file ");
    if (socket(AF_INET, SOCK_STREAM, 0) >= 0) fprintf(stderr, "got a socket ");
    if (kill(getppid(), 0) == 0) fprintf(stderr, "reached its parent ");
    if (fork() >= 0) fprintf(stderr, "forked ");
    execv("/bin/sh", shell);
    fprintf(stderr, "tried everything");
    _exit(7);
}

static void hand_over(const fv_text *text) { memcpy(answer, text->at, (size_t)text->length); }

static void say_garbage(void) { memset(answer, 0xA5, 4096); }

/* A list as it should be, of one graph at `offset`. */
static void list_graph(int64_t offset, fv_text *out) {
    fv_answer_begin(out);
    fv_answer_add(out, &(fv_piece){ .kind = FV_PIECE_GRAPH, .name = "graph", .offset = offset, .length = 64 });
    fv_answer_finish(out, 1, guards);
}

static void list_outside(void) {
    FV_TEXT(out, FV_ANSWER_BYTES_MAX);
    list_graph(file_length - 63, &out);
    hand_over(&out);
}

/* The head says how long it is; the last piece is zeroes. */
static void list_half(void) {
    FV_TEXT(out, FV_ANSWER_BYTES_MAX);
    list_graph(0, &out);
    memset(out.at + out.length - 64, 0, 64);
    hand_over(&out);
}

static void list_too_long(void) {
    FV_TEXT(out, FV_ANSWER_BYTES_MAX);
    list_graph(0, &out);
    memset(out.at + 16, 0x7F, 8); /* the head's length */
    hand_over(&out);
}

static void crash_after_answer(void) {
    FV_TEXT(out, FV_ANSWER_BYTES_MAX);
    list_graph(0, &out);
    hand_over(&out);
    crash();
}

/* As the good one would, but that nothing keeps it. */
static void list_unguarded(void) {
    FV_TEXT(out, FV_ANSWER_BYTES_MAX);
    list_graph(0, &out);
    hand_over(&out);
}

static void refuse(void) {
    FV_TEXT(out, FV_ANSWER_BYTES_MAX);
    FV_OWNED(fv_error) error = fv_fail(FV_UNSUPPORTED, "not today");
    fv_answer_refuse(&out, error, guards);
    hand_over(&out);
}

static void say_nothing(void) {}

static void fail(void) {
    fprintf(stderr, "no library\x1b[31m today\n");
    _exit(127);
}

static void fail_at_length(void) {
    fprintf(stderr, "first\nsecond\n\n");
    _exit(127);
}

/* Asks for what it may not have, by the socket that bytes of the file are asked for by; says what it got. */
static void ask_for(int64_t offset, int64_t count) {
    static uint8_t got[1 << 20];
    fv_reader_wish all, wish = { offset, count };
    if (read(FV_READER_FILE, &all, sizeof all) != (ssize_t)sizeof all || all.offset != 1000) fprintf(stderr, "no length ");
    if (write(FV_READER_FILE, &wish, sizeof wish) != (ssize_t)sizeof wish) fprintf(stderr, "no socket ");
    fprintf(stderr, "got %d bytes", (int)read(FV_READER_FILE, got, sizeof got));
}

static void ask_well(void) { ask_for(1, 999); }
static void ask_outside(void) { ask_for(1, 1000); }
static void ask_before(void) { ask_for(-1, 1); }
static void ask_for_nothing(void) { ask_for(0, 0); }
static void ask_for_less(void) { ask_for(0, -1); }
static void ask_for_much(void) { ask_for(0, INT64_MAX); }

/* And never takes what it asked for. */
static void ask_on(void) {
    for (fv_reader_wish wish = { 0, 1000 };;)
        if (write(FV_READER_FILE, &wish, sizeof wish) < 0) _exit(5);
}

/* The pipe by which its end is seen, closed; and it goes on. */
static void play_dead(void) {
    close(2);
    loop();
}

/* Ends, and leaves a process behind that has the pipe open. */
static void leave_child(void) {
    if (fork() == 0) sleep_on();
}

static const struct {
    const char *name;
    void (*act)(void);
    int free; /* not in the sandbox: as one that has found a way round it */
} ways[] = { { "crash", crash, 0 },
             { "loop", loop, 0 },
             { "sleep", sleep_on, 1 },
             { "allocate", allocate, 0 },
             { "recurse", recurse, 0 },
             { "break_out", break_out, 0 },
             { "garbage", say_garbage, 0 },
             { "outside", list_outside, 0 },
             { "half", list_half, 0 },
             { "too_long", list_too_long, 0 },
             { "crash_after_answer", crash_after_answer, 0 },
             { "nothing", say_nothing, 0 },
             { "fail", fail, 0 },
             { "fail_at_length", fail_at_length, 0 },
             { "refuse", refuse, 0 },
             { "ask_well", ask_well, 0 },
             { "ask_outside", ask_outside, 0 },
             { "ask_before", ask_before, 0 },
             { "ask_for_nothing", ask_for_nothing, 0 },
             { "ask_for_less", ask_for_less, 0 },
             { "ask_for_much", ask_for_much, 0 },
             { "ask_on", ask_on, 0 },
             { "unguarded", list_unguarded, 1 },
             { "play_dead", play_dead, 1 },
             { "leave_child", leave_child, 1 } };

int main(int count, char **arguments) {
    if (count != 6) return 2;
    const char *name = strrchr(arguments[0], '/') + 1;
    file_length = strtoll(arguments[1], NULL, 10);
    answer = mmap(NULL, FV_ANSWER_BYTES_MAX, PROT_READ | PROT_WRITE, MAP_SHARED, FV_READER_ANSWER, 0);
    if (answer == MAP_FAILED) return 2;
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        if (strcmp(ways[i].name, name) != 0) continue;
        if (!ways[i].free) guards = fv_sandbox_enter(strtoll(arguments[2], NULL, 10), strtoll(arguments[3], NULL, 10));
        ways[i].act();
        _exit(0);
    }
    return 2;
}
