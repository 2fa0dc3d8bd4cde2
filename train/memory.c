/* memory.c - how much memory there is, and how much of it is ours. Linux; elsewhere nothing is known. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/size.h"
#include "train/trainer.h"

int64_t fv_memory_resident(void) {
    FILE *file = fopen("/proc/self/statm", "r");
    long long size, pages = 0;
    if (!file) return 0;
    if (fscanf(file, "%lld %lld", &size, &pages) != 2) pages = 0;
    fclose(file);
    return pages * sysconf(_SC_PAGESIZE);
}

/* The number in a file that holds one; −1 where there is none ("max"). */
static int64_t number_in(const char *path) {
    FILE *file = fopen(path, "r");
    long long number = -1;
    if (!file) return -1;
    if (fscanf(file, "%lld", &number) != 1) number = -1;
    fclose(file);
    return number;
}

/* "MemAvailable:   12345 kB" */
static int64_t of_machine(void) {
    FILE *file = fopen("/proc/meminfo", "r");
    char line[256];
    long long kib = 0;
    if (!file) return 0;
    while (fgets(line, sizeof line, file) && sscanf(line, "MemAvailable: %lld", &kib) != 1) continue;
    fclose(file);
    return kib * 1024;
}

int64_t fv_memory_available(void) {
    int64_t machine = of_machine(), limit = number_in("/sys/fs/cgroup/memory.max");
    int64_t used = number_in("/sys/fs/cgroup/memory.current");
    return limit > 0 && used >= 0 ? fv_min(machine, fv_max(limit - used, 0)) : machine;
}
