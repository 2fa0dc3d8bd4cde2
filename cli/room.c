/* room.c - whether OpenBLAS will find the memory that it takes when it is loaded, before main: 128 MiB of addresses for each
 * core. Where there are none it asks again for ever (0.3.21, driver/others/memory.c), as in a shell with `ulimit -v`. So the
 * program looks before any library begins, by .preinit_array, and ends with an error instead. Only the C library may be used
 * here. */
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#define BUFFER_BYTES ((size_t)130 << 20) /* OpenBLAS's BUFFER_SIZE and what malloc puts around it */
#define BUFFERS_MAX 64                   /* MAX_CPU_NUMBER of Debian's build */

/* getenv does not know the environment yet. */
static const char *value_of(char **environment, const char *name) {
    size_t length = strlen(name);
    for (; *environment; environment++)
        if (!strncmp(*environment, name, length) && (*environment)[length] == '=') return *environment + length + 1;
    return NULL;
}

/* The threads that OpenMP gives OpenBLAS, which has a buffer for each. */
static int count_buffers(char **environment) {
    cpu_set_t set;
    const char *asked = value_of(environment, "OMP_NUM_THREADS");
    long threads = asked ? strtol(asked, NULL, 10) : 0;
    if (threads < 1) threads = sched_getaffinity(0, sizeof set, &set) ? 1 : CPU_COUNT(&set);
    return (int)(threads < BUFFERS_MAX ? threads : BUFFERS_MAX);
}

static void look_for_room(int argc, char **argv, char **environment) {
    static const char message[] = "fovea: out of memory: OpenBLAS takes 128 MiB of addresses for each core when it is loaded\n"
                                  "  hint: raise the limit (ulimit -v), or set OMP_NUM_THREADS=1, which changes no bit\n";
    struct rlimit limit;
    void *buffers[BUFFERS_MAX];
    int count = 0, wanted = count_buffers(environment);
    (void)argc, (void)argv;
    if (getrlimit(RLIMIT_AS, &limit) || limit.rlim_cur == RLIM_INFINITY) return;
    while (count < wanted) {
        void *buffer = mmap(NULL, BUFFER_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (buffer == MAP_FAILED) break;
        buffers[count++] = buffer;
    }
    for (int i = 0; i < count; i++) munmap(buffers[i], BUFFER_BYTES);
    if (count == wanted) return;
    ssize_t ignored = write(STDERR_FILENO, message, sizeof message - 1);
    (void)ignored;
    _exit(1);
}

__attribute__((section(".preinit_array"), used)) static void (*const look)(int, char **, char **) = look_for_room;
