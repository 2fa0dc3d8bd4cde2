/* doctor.c - fovea doctor: what this machine is, how fast it turns out to be, what keeps it from being faster, and whether
 * model files are read as they should be. */
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/machine_speed.h"
#include "core/base/parallel.h"
#include "core/cpu/blas.h"
#include "core/formats/reader.h"
#include "core/plan/kernel.h"
#include "train/machine.h"

typedef struct doctor_options {
    const char *dir, *root;
} doctor_options;

static const fv_field fields[] = { FV_FIELD(doctor_options, dir, .by_default = ".", .value = "DIR",
                                            .help = "the folder whose disk is measured, by a file of 64 MB that is taken away"),
                                   FV_FIELD(doctor_options, root, .by_default = "", .hidden = true,
                                            .help = "in front of /proc and /sys, for tests"),
                                   FV_FIELDS_END };

#define GIB ((double)(INT64_C(1) << 30))
#define MIB ((double)(INT64_C(1) << 20))

typedef struct finding {
    const char *what, *way_out;
} finding;

typedef struct visit {
    const doctor_options *options;
    fv_arena *arena;
    fv_machine machine;
    fv_disk disk;
    fv_speed products, decoding;
    int threads;
    const char *reader; /* NULL: it does not work here */
    unsigned guards;
    finding findings[32];
    int count;
} visit;

/* ---- what is slow, and why ---- */

static fv_error *find(visit *v, const char *way_out, const char *what, ...) FV_PRINTF(3, 4);
static fv_error *find(visit *v, const char *way_out, const char *what, ...) {
    FV_TEXT(text, 4096);
    va_list arguments;
    va_start(arguments, what);
    fv_text_addv(&text, what, arguments);
    va_end(arguments);
    FV_TRY(fv_text_error(&text));
    v->findings[v->count].way_out = way_out;
    return fv_arena_text(v->arena, text.at, &v->findings[v->count++].what);
}

static fv_error *judge_instructions(visit *v) {
    if (getenv("FOVEA_ISA")) FV_TRY(find(v, "unset it", "FOVEA_ISA=%s bounds the instruction set", getenv("FOVEA_ISA")));
    if (fv_isa_best() == FV_ISA_PORTABLE && !getenv("FOVEA_ISA"))
        FV_TRY(find(v, "a CPU with AVX2 is several times as fast", "kernels are the portable ones: the CPU has no AVX2"));
    const char *refused = fv_blas_refuse();
    if (refused) FV_TRY(find(v, "apt-get install libopenblas0-openmp", "matrix products do without BLAS: %s", refused));
    const char *core = fv_blas_better_core(fv_blas_core(), fv_isa_best());
    if (core)
        FV_TRY(find(v, "a newer OpenBLAS, or OPENBLAS_CORETYPE unset: fovea then asks for the core that suits this CPU",
                    "OpenBLAS uses its core %s, though %s would suit this CPU", fv_blas_core(), core));
    return NULL;
}

static fv_error *judge_processors(visit *v) {
    const fv_machine *m = &v->machine;
    if (m->quota > 0 && m->quota < (double)m->cpus)
        FV_TRY(find(v, "raise the quota of the container or the service", "control groups allow %.2g of the %lld CPUs' time",
                    m->quota, (long long)m->cpus));
    if (m->cores && m->cores < m->cpus)
        FV_TRY(find(v, "count on the cores; --threads of their number may be as fast",
                    "%lld CPUs are threads of %lld cores, which share their units", (long long)m->cpus, (long long)m->cores));
    if (v->threads < m->cpus && (m->quota <= 0 || v->threads < (int)m->quota))
        FV_TRY(find(v, "--threads says how many", "%d threads compute on %lld CPUs", v->threads, (long long)m->cpus));
    if (m->load > 0.5 * (double)m->cpus)
        FV_TRY(find(v, "look at top, and measure again when they are done",
                    "other processes are at work: the load is %.1f on %lld CPUs", m->load, (long long)m->cpus));
    double fair = v->products.one * v->threads;
    if (v->threads > 1 && v->products.all < 0.7 * fair)
        FV_TRY(find(v, "on a cloud, a vCPU is often half a core: take a machine with whole ones",
                    "%d threads are %.1f times as fast as one: cores are shared, with other work or with each other",
                    v->threads, v->products.all / v->products.one));
    if (!strcmp(m->governor, "powersave"))
        FV_TRY(find(v, "cpupower frequency-set -g performance", "the clock's governor is powersave"));
    return NULL;
}

/* Settings that people make for other programs. Ours computes on a team of its own. */
static fv_error *judge_settings(visit *v) {
    static const char *const names[] = { "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OMP_PROC_BIND", "GOMP_CPU_AFFINITY" };
    for (int i = 0; i < 4; i++)
        if (getenv(names[i]))
            FV_TRY(find(v, "use --threads; affinity is set from outside, by taskset",
                        "%s=%s is set: it does not govern fovea's threads", names[i], getenv(names[i])));
    return NULL;
}

static fv_error *judge_memory(visit *v) {
    const fv_machine *m = &v->machine;
    if (m->memory_limit && m->memory_limit < m->memory)
        FV_TRY(find(v, "raise it where the container or the service is set up", "control groups allow %.1f of %.1f GiB memory",
                    (double)m->memory_limit / GIB, (double)m->memory / GIB));
    if (m->available && m->available < INT64_C(1) << 30)
        FV_TRY(find(v, "end other programs, or train with a smaller batch", "only %.0f MiB of memory are free",
                    (double)m->available / MIB));
    return NULL;
}

static fv_error *judge_disk(visit *v) {
    const fv_disk *d = &v->disk;
    if (d->storage.network)
        FV_TRY(find(v, "copy the pictures to a disk of this machine", "%s lies on a network file system (%s)", v->options->dir,
                    d->storage.name));
    if (d->free < INT64_C(1) << 30)
        FV_TRY(find(v, "make room: a checkpoint that cannot be written ends a training", "%s has %.0f MiB left",
                    v->options->dir, (double)d->free / MIB));
    if (d->read > 0 && d->read < 50)
        FV_TRY(find(v, "copy the pictures to a faster disk", "%s is read with %.0f MB/s", v->options->dir, d->read));
    if (d->written > 0 && d->written < 20)
        FV_TRY(find(v, "keep runs on a faster disk: each epoch writes a checkpoint", "%s is written with %.0f MB/s",
                    v->options->dir, d->written));
    return NULL;
}

/* Does the program that goes through files work, and what keeps it? */
static fv_error *judge_reader(visit *v) {
    char text[1024];
    FV_OWNED(fv_arena) arena = NULL;
    FV_TRY(fv_arena_new("the reader's answer", 4 * FV_ANSWER_BYTES_MAX, &arena));
    fv_error *error = fv_reader_try(arena, &v->reader, &v->guards);
    if (!error) FV_TRY(fv_arena_text(v->arena, v->reader, &v->reader));
    if (!error && !(v->guards & FV_GUARD_SYSCALLS))
        return find(v, "allow seccomp where the container is set up",
                    "fovea-reader has no filter of system calls: a model file made to do harm is kept by limits alone");
    if (!error) return NULL;
    v->reader = NULL;
    const char *hint = fv_error_hint_get(error);
    fv_error *failed = fv_arena_text(v->arena, hint ? hint : "install fovea anew", &hint);
    if (!failed) failed = find(v, hint, "no model can be read: %s", fv_error_format(error, text, sizeof text));
    fv_error_free(error);
    return failed;
}

/* ---- the page ---- */

static void print_machine(const visit *v, fv_printer *p) {
    const fv_machine *m = &v->machine;
    fv_print_text(p, "cpu", *m->cpu ? m->cpu : NULL);
    fv_print_int(p, "cpus", m->cpus);
    if (m->cores) fv_print_int(p, "cores", m->cores);
    if (m->quota > 0) fv_print_number(p, "quota", m->quota);
    fv_print_number(p, "load", m->load);
    fv_print_int(p, "threads", v->threads);
    fv_print_text(p, "isa", fv_isa_names[fv_isa_best()]);
    fv_print_text(p, "blas_core", fv_blas_core());
    fv_print_number(p, "memory_gib", (double)m->memory / GIB);
    fv_print_number(p, "free_gib", (double)m->available / GIB);
    if (m->memory_limit) fv_print_number(p, "limit_gib", (double)m->memory_limit / GIB);
}

static void print_reader(const visit *v, fv_printer *p) {
    static const char *const kept_by[] = { "limits of processor time", "limits of memory and processor time",
                                           "a filter of system calls, limits of processor time",
                                           "a filter of system calls, limits of memory and processor time" };
    fv_print_text(p, "reader", v->reader);
    fv_print_text(p, "reader_kept_by", v->reader ? kept_by[v->guards & 3] : NULL);
}

static void print_speed(const visit *v, fv_printer *p) {
    fv_print_number(p, "gflops_1", v->products.one);
    fv_print_number(p, "gflops", v->products.all);
    fv_print_number(p, "decoded_1", v->decoding.one);
    fv_print_number(p, "decoded", v->decoding.all);
    fv_print_text(p, "disk", v->disk.storage.name);
    fv_print_number(p, "disk_free_gib", (double)v->disk.free / GIB);
    fv_print_number(p, "written_mb_s", v->disk.written);
    fv_print_number(p, "read_mb_s", v->disk.read);
}

static void print_findings(const visit *v, fv_printer *p) {
    fv_print_list(p, "findings");
    for (int i = 0; i < v->count; i++) {
        fv_print_item(p);
        fv_print_text(p, "what", v->findings[i].what);
        fv_print_text(p, "way_out", v->findings[i].way_out);
    }
    fv_print_list_end(p);
}

/* What the numbers mean, below them: where the balance lies between reading pictures and computing, and what was found. */
static void say_findings(const visit *v, fv_printer *p) {
    fv_print_line(p,
                  "\n%.0f pictures (JPEG, 500×375) are decoded in the time of %.0f GFLOP: a network that takes less than %.2f "
                  "GFLOP a\npicture waits for pictures; resnet18 takes 11 to train on one of 224 pixels.",
                  v->decoding.all, v->products.all, v->products.all / v->decoding.all);
    for (int i = 0; i < v->count; i++) fv_print_line(p, "- %s\n  way out: %s", v->findings[i].what, v->findings[i].way_out);
    if (!v->count) fv_print_line(p, "nothing was found that keeps it from what it is built for");
}

static fv_error *run(fv_command_call *call, void *raw) {
    visit v = { .options = raw, .arena = call->arena, .threads = fv_parallel_threads() };
    fv_machine_look(v.options->root ? v.options->root : "", &v.machine);
    FV_TRY(fv_disk_measure(v.options->dir, &v.disk));
    FV_TRY(fv_speed_of_products(&v.products));
    FV_TRY(fv_speed_of_decoding(&v.decoding));
    FV_TRY(judge_instructions(&v));
    FV_TRY(judge_processors(&v));
    FV_TRY(judge_settings(&v));
    FV_TRY(judge_memory(&v));
    FV_TRY(judge_disk(&v));
    FV_TRY(judge_reader(&v));
    fv_print_record(call->printer);
    print_machine(&v, call->printer);
    print_speed(&v, call->printer);
    print_reader(&v, call->printer);
    print_findings(&v, call->printer);
    fv_print_record_end(call->printer);
    say_findings(&v, call->printer);
    return NULL;
}

const fv_command fv_command_doctor = {
    .name = "doctor",
    .summary = "look at this machine: what is slow, and why",
    .arguments = "[--dir DIR]",
    .description =
        "CPU, threads, memory, their limits by control groups; GFLOP/s of matrix products and pictures decoded a second, by\n"
        "one thread (_1) and by all; the disk under DIR; the program that goes through model files, and what keeps it from\n"
        "doing harm. Below stands what could be better, and the way out. Takes two or three seconds.",
    .fields = fields,
    .size = sizeof(doctor_options),
    .run = run,
};
