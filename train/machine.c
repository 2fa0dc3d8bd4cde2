/* machine.c - facts from /proc and /sys. A file that is missing or says something else leaves its fact at zero. */
#include "train/machine.h"

#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/size.h"

#define PATH_BYTES 4096

/* The beginning of a file, without its last newline; "" when it cannot be read. */
static void read_text(const char *root, const char *path, char *out, size_t size) {
    char whole[PATH_BYTES];
    *out = 0;
    if (snprintf(whole, sizeof whole, "%s%s", root, path) >= (int)sizeof whole) return;
    FILE *file = fopen(whole, "re");
    if (!file) return;
    size_t got = fread(out, 1, size - 1, file);
    fclose(file);
    out[got] = 0;
    if (got && out[got - 1] == '\n') out[got - 1] = 0;
}

/* What stands behind `key` in lines of "key : value". */
static void find_value(const char *text, const char *key, char *out, size_t size) {
    size_t length = strlen(key);
    *out = 0;
    for (const char *line = text; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
        if (strncmp(line, key, length) != 0 || !strchr(" \t:", line[length])) continue;
        const char *value = line + length + strspn(line + length, " \t:");
        snprintf(out, size, "%.*s", (int)strcspn(value, "\n"), value);
        return;
    }
}

/* ---- processors ---- */

static int64_t allowed_cpus(cpu_set_t *set) {
    CPU_ZERO(set);
    return sched_getaffinity(0, sizeof *set, set) ? 0 : CPU_COUNT(set);
}

/* Threads of one core have the same list of siblings, whose first is the core's name here. */
static int64_t count_cores(const char *root, const cpu_set_t *set) {
    cpu_set_t seen;
    CPU_ZERO(&seen);
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        char path[128], list[256], *end;
        if (!CPU_ISSET(cpu, set)) continue;
        snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%d/topology/thread_siblings_list", cpu);
        read_text(root, path, list, sizeof list);
        long first = strtol(list, &end, 10);
        if (end == list || first < 0 || first >= CPU_SETSIZE) return 0;
        CPU_SET((size_t)first, &seen);
    }
    return CPU_COUNT(&seen);
}

/* ---- control groups ---- */

/* What a group that may have `limit` bytes has left of them. */
static void look_at_memory(const char *root, const char *group, double limit, fv_machine *m) {
    char path[PATH_BYTES], text[256];
    snprintf(path, sizeof path, "/sys/fs/cgroup%s/memory.current", group);
    read_text(root, path, text, sizeof text);
    int64_t left = (int64_t)fmax(limit - strtod(text, NULL), 0);
    if (limit <= 0 || !*text || (m->memory_is_limited && m->memory_left <= left)) return;
    m->memory_is_limited = true;
    m->memory_left = left;
}

static void lower(double *limit, double value) {
    if (value > 0 && (*limit <= 0 || value < *limit)) *limit = value;
}

/* "QUOTA PERIOD", or "max PERIOD". */
static double quota_of(const char *text) {
    double quota, period;
    return sscanf(text, "%lf %lf", &quota, &period) == 2 && period > 0 ? quota / period : 0;
}

/* Version 2: each group above ours has a say. */
static void look_at_groups(const char *root, fv_machine *m) {
    char groups[PATH_BYTES], group[PATH_BYTES / 2] = "", path[PATH_BYTES], text[256];
    double memory = 0;
    read_text(root, "/proc/self/cgroup", groups, sizeof groups);
    const char *ours = strncmp(groups, "0::", 3) ? strstr(groups, "\n0::/") : groups;
    const char *name = ours ? strchr(ours, '/') : NULL;
    if (name) snprintf(group, sizeof group, "%.*s", (int)strcspn(name, "\n"), name);
    for (;;) {
        snprintf(path, sizeof path, "/sys/fs/cgroup%s/cpu.max", group);
        read_text(root, path, text, sizeof text);
        lower(&m->quota, quota_of(text));
        snprintf(path, sizeof path, "/sys/fs/cgroup%s/memory.max", group);
        read_text(root, path, text, sizeof text);
        lower(&memory, strtod(text, NULL));
        look_at_memory(root, group, strtod(text, NULL), m);
        char *slash = strrchr(group, '/');
        if (!slash) break;
        *slash = 0;
    }
    m->memory_limit = (int64_t)memory;
}

/* Version 1, as a container sees its own group. */
static void look_at_old_groups(const char *root, fv_machine *m) {
    char quota[64], period[64], limit[64];
    read_text(root, "/sys/fs/cgroup/cpu/cpu.cfs_quota_us", quota, sizeof quota);
    read_text(root, "/sys/fs/cgroup/cpu/cpu.cfs_period_us", period, sizeof period);
    read_text(root, "/sys/fs/cgroup/memory/memory.limit_in_bytes", limit, sizeof limit);
    if (strtod(period, NULL) > 0) lower(&m->quota, strtod(quota, NULL) / strtod(period, NULL));
    double bytes = strtod(limit, NULL);
    if (bytes > 0 && bytes < 1e18 && !m->memory_limit) m->memory_limit = (int64_t)bytes; /* about 2^63: none */
}

/* ---- memory and load ---- */

static int64_t kilobytes(const char *text, const char *key) {
    char value[64];
    find_value(text, key, value, sizeof value);
    return strtoll(value, NULL, 10) * 1024;
}

void fv_machine_look(const char *root, fv_machine *out) {
    char text[8192];
    cpu_set_t set;
    *out = (fv_machine){ 0 };
    read_text(root, "/proc/cpuinfo", text, sizeof text);
    find_value(text, "model name", out->cpu, sizeof out->cpu);
    read_text(root, "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", out->governor, sizeof out->governor);
    out->cpus = allowed_cpus(&set);
    out->cores = count_cores(root, &set);
    look_at_groups(root, out);
    look_at_old_groups(root, out);
    read_text(root, "/proc/loadavg", text, sizeof text);
    out->load = strtod(text, NULL);
    read_text(root, "/proc/meminfo", text, sizeof text);
    out->memory = kilobytes(text, "MemTotal");
    out->available = kilobytes(text, "MemAvailable");
}

int64_t fv_memory_resident(void) {
    char text[256];
    long long pages = 0;
    read_text("", "/proc/self/statm", text, sizeof text);
    return sscanf(text, "%*d %lld", &pages) == 1 ? pages * sysconf(_SC_PAGESIZE) : 0;
}

int64_t fv_memory_available(void) {
    fv_machine m;
    fv_machine_look("", &m);
    return m.memory_is_limited ? fv_min(m.available, m.memory_left) : m.available;
}
