/* main.c - fovea-reader: goes through a file for fovea, without rights (core/formats/reader.h). Not for use by hand.
 *
 * Until fv_sandbox_enter it has touched no byte of the file; after it, all that is left of the outside is the file, mapped for
 * reading, or the socket by which bytes of it are asked for; the answer, mapped for writing; and standard error, where it may
 * leave a note. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/base/text.h"
#include "core/formats/keras_list.h"
#include "core/formats/model_list.h"
#include "core/formats/reader.h"
#include "core/formats/sandbox.h"

_Static_assert(FV_READER_PIECE == FV_HDF5_BLOCK, "a block is asked for at once");

typedef struct task {
    int64_t length, memory, processor, kind, content_length;
    const uint8_t *file;
    void *answer;
    uint8_t *content;
} task;

static int failed(const char *what) {
    fprintf(stderr, "fovea-reader: %s\n", what);
    return 1;
}

/* Descriptors that the program which started us has left open. */
static void close_others(void) {
    if (syscall(SYS_close_range, FV_READER_CONTENT + 1, ~0U, 0) == 0) return;
    for (int file = FV_READER_CONTENT + 1; file < 4096; file++) close(file); /* before Linux 5.9 */
}

/* False: who started us has thought better of it. */
static bool wait_for_length(task *t) {
    fv_reader_wish all;
    bool fine = read(FV_READER_FILE, &all, sizeof all) == (ssize_t)sizeof all;
    t->length = fine ? all.offset : 0;
    return fine && t->length > 0 && t->length <= INT64_MAX - t->memory && (t->memory += t->length) > 0;
}

static bool ask(void *context, int64_t offset, int64_t count, uint8_t *to) {
    (void)context;
    fv_reader_wish wish = { offset, count };
    return write(FV_READER_FILE, &wish, sizeof wish) == (ssize_t)sizeof wish &&
           read(FV_READER_FILE, to, (size_t)count) == (ssize_t)count;
}

static int take_up(int count, char **arguments, task *t) {
    int64_t *const numbers[] = { &t->length, &t->memory, &t->processor, &t->kind, &t->content_length };
    bool given = count == 6;
    for (int i = 0; i < 5 && given; i++) given = fv_text_to_int(arguments[1 + i], numbers[i]);
    if (!given || t->kind < 0 || t->kind >= FV_READER_KINDS || t->content_length < 0)
        return failed("is started by fovea, to read a file for it");
    close_others();
    fv_hdf5_begin();
    if (t->length)
        t->file = mmap(NULL, (size_t)t->length, PROT_READ, MAP_SHARED, FV_READER_FILE, 0);
    else if (t->kind != FV_READER_MODEL || !wait_for_length(t))
        return failed("was given no file");
    t->answer = mmap(NULL, FV_ANSWER_BYTES_MAX, PROT_READ | PROT_WRITE, MAP_SHARED, FV_READER_ANSWER, 0);
    if (t->content_length)
        t->content = mmap(NULL, (size_t)t->content_length, PROT_READ | PROT_WRITE, MAP_SHARED, FV_READER_CONTENT, 0);
    if (t->file == MAP_FAILED || t->answer == MAP_FAILED || t->content == MAP_FAILED) return failed("was given no file");
    if (t->file) close(FV_READER_FILE);
    close(FV_READER_ANSWER);
    close(FV_READER_CONTENT);
    return 0;
}

static void answer(const task *t, unsigned guards, fv_text *out) {
    int version = 0;
    fv_error *error;
    fv_answer_begin(out);
    if (t->kind == FV_READER_KERAS)
        error = fv_keras_list(t->file, t->length, t->content, t->content_length, out);
    else if (t->file)
        error = fv_model_list(t->file, t->length, out, &version);
    else
        error = fv_model_list_asked(&(fv_hdf5_source){ .length = t->length, .ask = ask }, out, &version);
    if (error)
        fv_answer_refuse(out, error, guards);
    else
        fv_answer_finish(out, version, guards);
    fv_error_free(error);
}

int main(int count, char **arguments) {
    task t = { 0 };
    if (take_up(count, arguments, &t)) return 1;
    unsigned guards = fv_sandbox_enter(t.memory, t.processor);
    FV_TEXT(out, FV_ANSWER_BYTES_MAX);
    answer(&t, guards, &out);
    memcpy(t.answer, out.at, (size_t)out.length);
    _exit(0); /* what others registered for the end, the sandbox does not let through */
}
