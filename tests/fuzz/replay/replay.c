/* replay.c - a fuzz target without libFuzzer: its corpus, and what is nearest to it, in every run of the sanitizers' tests.
 *
 *   replay_gif FOLDER…      every file of the folders (not of those below): as it is, cut short, and with bytes changed
 *
 * What is changed follows from the file alone, so a failure comes again. It is named when the program dies. A folder that is
 * not there is left out; no file at all is a failure. */
#include <dirent.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CUTS 8              /* lengths that a file is cut to */
#define CHANGES 48          /* times that a few of its bytes are changed */
#define BYTES_MAX (1 << 16) /* longer files are left out: they are for the fuzzer, not for every run */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

static const char *file_under_way = "no file";
static char done_to_it[64];

static void name_it(void) { fprintf(stderr, "replay: it was %s%s\n", file_under_way, done_to_it); }

static void on_signal(int number) {
    name_it();
    signal(number, SIG_DFL);
    raise(number);
}

/* A copy of just that length, so that the sanitizer sees a byte too far. */
static void give(const uint8_t *bytes, size_t length) {
    uint8_t *copy = malloc(length ? length : 1);
    if (!copy) abort();
    memcpy(copy, bytes, length);
    LLVMFuzzerTestOneInput(copy, length);
    free(copy);
}

/* xorshift64 (Marsaglia 2003). */
static uint64_t next_random(uint64_t *state) {
    *state ^= *state << 13, *state ^= *state >> 7, *state ^= *state << 17;
    return *state;
}

static void change(uint8_t *bytes, size_t length, uint64_t *state) {
    static const uint8_t extremes[] = { 0, 1, 0x7F, 0x80, 0xFF };
    for (int64_t left = 1 + (int64_t)(next_random(state) % 4); left > 0; left--) {
        uint8_t *at = &bytes[next_random(state) % length];
        uint64_t how = next_random(state);
        *at = how & 1 ? (uint8_t)(*at ^ 1u << (how >> 1 & 7)) : extremes[(how >> 1) % sizeof extremes];
    }
}

static void replay(const char *path, const uint8_t *bytes, size_t length) {
    static uint8_t changed[BYTES_MAX];
    uint64_t state = 0x9E3779B97F4A7C15u + length;
    file_under_way = path;
    done_to_it[0] = 0;
    give(bytes, length);
    for (size_t i = 0; i < CUTS; i++) {
        snprintf(done_to_it, sizeof done_to_it, ", cut to %zu bytes", length * i / CUTS);
        give(bytes, length * i / CUTS);
    }
    for (int i = 0; length && i < CHANGES; i++) {
        snprintf(done_to_it, sizeof done_to_it, ", change %d", i);
        memcpy(changed, bytes, length);
        change(changed, length, &state);
        give(changed, length);
    }
}

static int replay_file(const char *folder, const char *name) {
    static uint8_t bytes[BYTES_MAX + 1];
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    if (!file) return 0;
    size_t length = fread(bytes, 1, sizeof bytes, file);
    int readable = !ferror(file) && length <= BYTES_MAX; /* a folder cannot be read */
    fclose(file);
    if (readable) replay(path, bytes, length);
    return readable;
}

static int replay_folder(const char *folder) {
    DIR *entries = opendir(folder);
    int count = 0;
    for (struct dirent *entry; entries && (entry = readdir(entries));)
        if (entry->d_name[0] != '.') count += replay_file(folder, entry->d_name);
    if (entries) closedir(entries);
    return count;
}

int main(int argc, char **argv) {
    int count = 0;
    signal(SIGABRT, on_signal);
    if (__sanitizer_set_death_callback) __sanitizer_set_death_callback(name_it);
    for (int i = 1; i < argc; i++) count += replay_folder(argv[i]);
    printf("%d files, %d inputs\n", count, count * (1 + CUTS + CHANGES));
    return count == 0;
}
