/* runner.c - fovea-tests: runs the tests of the generated table.
 *
 *     fovea-tests [NAME…]          all, or the named ones; a name may end in '*'
 *     fovea-tests --list
 *     fovea-tests --here NAME      in this process and unbuffered, for a debugger
 *
 * A test runs in a child process with its output kept in a file: a crash or a sanitizer's report ends that test, not the run,
 * and nothing is printed of a test that passes. Of one that fails, its output and the command that repeats it. */
#include "tests/test.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[256]; /* this test's: its output, and the folders it asked for */
static char made[300];   /* the last of these */
static int made_count;

static void die(const char *what) {
    fprintf(stderr, "fovea-tests: %s: %s\n", what, strerror(errno));
    exit(2);
}

const char *fv_test_folder(void) {
    snprintf(made, sizeof made, "%s/%d", folder, ++made_count);
    if (mkdir(made, 0700)) fail_msg("cannot make %s: %s", made, strerror(errno));
    return made;
}

void fv_test_same_file(const char *a, const char *b) {
    FILE *files[] = { fopen(a, "rb"), fopen(b, "rb") };
    if (!files[0] || !files[1]) fail_msg("cannot open %s: %s", files[0] ? b : a, strerror(errno));
    for (long at = 0, x = 0; x != EOF; at++) {
        x = fgetc(files[0]);
        if (x != fgetc(files[1])) fail_msg("%s and %s differ at byte %ld", a, b, at);
    }
    fclose(files[0]);
    fclose(files[1]);
}

void fv_test_ok(fv_error *error, const char *expression, const char *file, int line) {
    if (!error) return;
    char text[2048];
    print_error("%s gave an error (%s, made at %s:%d):\n    %s\n", expression, fv_code_name(fv_error_code(error)),
                fv_error_file(error), fv_error_line(error), fv_error_format(error, text, sizeof text));
    fv_error_free(error);
    _fail(file, line);
}

void fv_test_fails(fv_error *error, fv_code code, const char *part, const char *expression, const char *file, int line) {
    if (!error) {
        print_error("%s gave no error, but %s was expected\n", expression, fv_code_name(code));
        _fail(file, line);
    }
    char text[4096];
    fv_error_format(error, text, sizeof text);
    fv_code got = fv_error_code(error);
    fv_error_free(error);
    if (got == code && (!part || strstr(text, part))) return;
    print_error("%s gave %s:\n    %s\nbut %s with \"%s\" was expected\n", expression, fv_code_name(got), text,
                fv_code_name(code), part ? part : "");
    _fail(file, line);
}

/* cmocka calls a test with its state; ours take none. */
static void run_case(void **state) {
    const fv_test_case *test = *state;
    int64_t before = fv_error_live();
    test->run();
    int64_t left = fv_error_live() - before;
    if (left) fail_msg("%lld error(s) left that nobody freed", (long long)left);
}

static int run_here(const fv_test_case *test) {
    struct CMUnitTest unit = { .name = test->name, .test_func = run_case, .initial_state = (void *)(uintptr_t)test };
    return _cmocka_run_group_tests(test->name, &unit, 1, NULL, NULL) ? 1 : 0;
}

static int remove_entry(const char *path, const struct stat *about, int kind, struct FTW *where) {
    (void)about, (void)kind, (void)where;
    return remove(path);
}

static void make_folder(void) {
    const char *top = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/fovea-test-XXXXXX", top && *top ? top : "/tmp");
    if (!mkdtemp(folder)) die(folder);
    made_count = 0;
}

static void remove_folder(void) { nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS); }

/* Prints what a test wrote, without cmocka's frame around it. */
static void print_output(const char *path) {
    static const char *const frame[] = { "[==========]", "[ RUN      ]", "[       OK ]",
                                         "[  PASSED  ]", "[  FAILED  ]", " 1 FAILED" };
    static const char *const marks[] = { "[  ERROR   ] --- ", "[   LINE   ] --- " };
    FILE *file = fopen(path, "r");
    if (!file) die(path);
    char *line = NULL;
    size_t room = 0;
    while (getline(&line, &room, file) > 0) {
        bool skip = !strcmp(line, "\n");
        for (size_t i = 0; i < sizeof frame / sizeof *frame; i++) skip = skip || !strncmp(line, frame[i], strlen(frame[i]));
        const char *text = line;
        for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
            if (!strncmp(line, marks[i], strlen(marks[i]))) text += strlen(marks[i]);
        if (!skip) fprintf(stderr, "  %s", text);
    }
    free(line);
    fclose(file);
}

/* Runs one test in a child and prints only what went wrong. */
static bool run_apart(const fv_test_case *test, const char *program) {
    make_folder();
    char path[300];
    snprintf(path, sizeof path, "%s/output", folder);
    fflush(NULL);
    pid_t child = fork();
    if (child < 0) die("fork");
    if (!child) {
        int output = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
        if (output < 0 || dup2(output, 1) < 0 || dup2(output, 2) < 0) die(path);
        close(output);
        exit(run_here(test));
    }
    int status;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR) die("waitpid");
    bool passed = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    if (!passed) {
        fprintf(stderr, "%s failed:\n", test->name);
        print_output(path);
        if (WIFSIGNALED(status)) fprintf(stderr, "  killed by signal %d (%s)\n", WTERMSIG(status), strsignal(WTERMSIG(status)));
        fprintf(stderr, "  again: %s %s\n", program, test->name);
    }
    remove_folder();
    return passed;
}

static bool matches(const char *pattern, const char *name) {
    size_t length = strlen(pattern);
    if (length && pattern[length - 1] == '*') return !strncmp(pattern, name, length - 1);
    return !strcmp(pattern, name);
}

static int run_matching(const char *pattern, const char *program, int *failed) {
    int found = 0;
    for (int i = 0; i < fv_test_table_count; i++)
        if (matches(pattern, fv_test_table[i].name)) {
            found++;
            *failed += !run_apart(&fv_test_table[i], program);
        }
    if (!found) fprintf(stderr, "fovea-tests: no test is called %s\n", pattern);
    return found;
}

static int run_debugged(const char *name) {
    for (int i = 0; i < fv_test_table_count; i++)
        if (!strcmp(name, fv_test_table[i].name)) {
            make_folder();
            int status = run_here(&fv_test_table[i]);
            remove_folder();
            return status;
        }
    fprintf(stderr, "fovea-tests: no test is called %s\n", name);
    return 2;
}

int main(int argc, char **argv) {
    if (argc == 2 && !strcmp(argv[1], "--list")) {
        for (int i = 0; i < fv_test_table_count; i++) puts(fv_test_table[i].name);
        return 0;
    }
    if (argc == 3 && !strcmp(argv[1], "--here")) return run_debugged(argv[2]);
    int failed = 0, unknown = 0;
    for (int i = 1; i < argc; i++) unknown += !run_matching(argv[i], argv[0], &failed);
    if (argc == 1) run_matching("*", argv[0], &failed);
    return unknown ? 2 : failed ? 1 : 0;
}
