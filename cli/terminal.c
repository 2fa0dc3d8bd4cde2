/* terminal.c - lines and the bar on standard error. */
#include "cli/terminal.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/printer.h"
#include "core/base/clock.h"

#define LINE_BYTES_MAX (1 << 24)
#define BAR_CELLS 24
#define REDRAW_SECONDS 0.1
#define PLAIN_SECONDS 30
#define WAITING_SHOWN 0.1 /* of a training's time */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static bool drawn;         /* a bar stands on the last line */
static double last = -1e9; /* when it was drawn, or the last plain line written */

static void wipe(void) {
    if (drawn) fputs("\r\033[K", stderr);
    drawn = false;
}

static void write_line(const char *line) {
    pthread_mutex_lock(&mutex);
    wipe();
    fprintf(stderr, "%s\n", line);
    pthread_mutex_unlock(&mutex);
}

/* The beginning of the line: what there is no memory for must be said all the same. */
static void write_in_place(const char *format, va_list arguments) {
    char line[4096];
    vsnprintf(line, sizeof line, format, arguments);
    for (char *c = line; *c; c++)
        if (((unsigned char)*c < ' ' && *c != '\n' && *c != '\t') || *c == 0x7F) *c = '?';
    write_line(line);
}

/* The line may tell of names that other people gave. */
void fv_terminal_line(const char *format, ...) {
    FV_TEXT(line, LINE_BYTES_MAX);
    FV_TEXT(shown, 3 * LINE_BYTES_MAX);
    va_list arguments;
    va_start(arguments, format);
    fv_text_addv(&line, format, arguments);
    va_end(arguments);
    fv_print_shown(&shown, line.at);
    FV_OWNED(fv_error) error = fv_text_error(&line);
    if (!error) error = fv_text_error(&shown);
    if (!error) return write_line(shown.at);
    va_start(arguments, format);
    write_in_place(format, arguments);
    va_end(arguments);
}

void fv_terminal_finish(void) {
    pthread_mutex_lock(&mutex);
    wipe();
    pthread_mutex_unlock(&mutex);
}

/* "epoch 3/10 train  45 %  loss 0.1234  1234 pictures/s  20 % waiting for pictures  0:12 left", or "predict  5678  1234
 * pictures/s" where nobody knows how many there are. */
static void print_figures(const fv_progress *p) {
    if (p->epochs) fprintf(stderr, "epoch %lld/%lld ", (long long)p->epoch, (long long)p->epochs);
    if (p->count)
        fprintf(stderr, "%s %3.0f %%", p->what, 100.0 * (double)p->done / (double)p->count);
    else
        fprintf(stderr, "%s %lld", p->what, (long long)p->done);
    if (p->done && !isnan(p->loss)) fprintf(stderr, "  loss %.4f", p->loss);
    if (p->pictures_per_second > 0) fprintf(stderr, "  %.0f pictures/s", p->pictures_per_second);
    if (p->waiting >= WAITING_SHOWN) fprintf(stderr, "  %.0f %% waiting for pictures", 100 * p->waiting);
    long long left = (long long)(p->seconds_left + 0.5);
    if (p->seconds_left > 0) fprintf(stderr, "  %lld:%02lld left", left / 60, left % 60);
}

static void draw(const fv_progress *p) {
    int cells = p->count ? (int)(BAR_CELLS * p->done / p->count) : 0;
    wipe();
    fputc('[', stderr);
    for (int i = 0; i < BAR_CELLS; i++) fputc(i < cells ? '=' : i == cells ? '>' : ' ', stderr);
    fputs("] ", stderr);
    print_figures(p);
    fflush(stderr);
    drawn = true;
}

void fv_terminal_bar(void *context, const fv_progress *p) {
    (void)context;
    bool terminal = isatty(STDERR_FILENO), over = p->count && p->done >= p->count;
    double now = fv_clock_seconds();
    pthread_mutex_lock(&mutex);
    if (last < 0) last = terminal ? last : now;
    if (terminal && over)
        wipe();
    else if (terminal && now - last >= REDRAW_SECONDS)
        draw(p), last = now;
    else if (!terminal && now - last >= PLAIN_SECONDS)
        print_figures(p), fputc('\n', stderr), last = now;
    pthread_mutex_unlock(&mutex);
}
