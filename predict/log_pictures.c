/* log_pictures.c - see log_pictures.h. */
#include "predict/log_pictures.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/file.h"
#include "data/decode/decoder.h"

#define PARTS 16
#define FOLDERS_MAX 1024 /* of pictures kept under larger bounds before */
#define BLOCK 4096
#define HASH_LETTERS 32
#define LIST_BYTES_MAX (INT64_C(1) << 30)

typedef struct generation {
    int64_t number, bytes;
} generation;

struct fv_log_pictures {
    fv_arena *arena;
    const char *folder;
    int64_t most, total; /* bytes */
    generation at[FOLDERS_MAX];
    int64_t count;           /* of those, the oldest first */
    _Atomic int64_t current; /* number of the one that is filled */
};

/* ---- names ---- */

/* Eight digits, a slash, the hash in hexadecimal, a dot and small letters. */
bool fv_log_picture_is_name(const char *name) {
    size_t digits = strspn(name, "0123456789"), hash, ending;
    if (digits != 8 || name[digits] != '/') return false;
    name += digits + 1;
    hash = strspn(name, "0123456789abcdef");
    if (hash != HASH_LETTERS || name[hash] != '.') return false;
    name += hash + 1;
    ending = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");
    return ending > 0 && ending <= 8 && !name[ending];
}

static const char *ending_of(const void *bytes, int64_t length) {
    for (int i = 0; i < fv_decoder_table_count; i++)
        if (fv_decoder_table[i]->matches(bytes, length)) return fv_decoder_table[i]->name;
    return "picture";
}

bool fv_log_pictures_name(fv_log_pictures *p, const void *bytes, int64_t length, double share, char out[FV_LOG_PICTURE_NAME]) {
    uint8_t raw[HASH_LETTERS / 2];
    char hash[HASH_LETTERS + 1];
    uint32_t head;
    if (share <= 0 || length <= 0) return false;
    crypto_generichash(raw, sizeof raw, bytes, (uint64_t)length, NULL, 0);
    head = (uint32_t)raw[0] << 24 | (uint32_t)raw[1] << 16 | (uint32_t)raw[2] << 8 | raw[3];
    if ((double)head >= share * 4294967296.0) return false;
    sodium_bin2hex(hash, sizeof hash, raw, sizeof raw);
    snprintf(out, FV_LOG_PICTURE_NAME, "%08lld/%s.%.8s", (long long)atomic_load(&p->current), hash, ending_of(bytes, length));
    return true;
}

/* ---- what is there ---- */

static int64_t in_blocks(int64_t bytes) { return (bytes + BLOCK - 1) / BLOCK * BLOCK; }

static fv_error *path_of(const fv_log_pictures *p, fv_arena *arena, int64_t number, const char **out) {
    return fv_arena_format(arena, out, "%s/%08lld", p->folder, (long long)number);
}

static fv_error *each_file(fv_log_pictures *p, int64_t number, bool removing, int64_t *bytes) {
    FV_OWNED(fv_arena) arena = NULL;
    const char *folder, *path, **names;
    int64_t count;
    struct stat about;
    *bytes = 0;
    FV_TRY(fv_arena_new("pictures of a log", LIST_BYTES_MAX, &arena));
    FV_TRY(path_of(p, arena, number, &folder));
    FV_TRY(fv_file_list(folder, arena, &names, &count));
    for (int64_t i = 0; i < count; i++) {
        FV_TRY(fv_file_join(arena, folder, names[i], &path));
        if (removing && unlink(path) && errno != ENOENT) return fv_file_refused(errno, "remove", path);
        if (!removing && !stat(path, &about)) *bytes += in_blocks((int64_t)about.st_size);
    }
    return removing && rmdir(folder) && errno != ENOENT ? fv_file_refused(errno, "remove", folder) : NULL;
}

/* The oldest go while there is too much; the one that is filled stays. */
static fv_error *remove_oldest(fv_log_pictures *p, int64_t room) {
    while (p->count > 1 && (p->total > p->most || p->count + room > FOLDERS_MAX)) {
        int64_t none;
        FV_TRY(each_file(p, p->at[0].number, true, &none));
        p->total -= p->at[0].bytes;
        memmove(p->at, p->at + 1, (size_t)--p->count * sizeof *p->at);
    }
    return NULL;
}

static fv_error *add_folder(fv_log_pictures *p, const char *name) {
    generation g = { 0 };
    char again[32];
    g.number = strtoll(name, NULL, 10);
    snprintf(again, sizeof again, "%08lld", (long long)g.number);
    if (g.number < 1 || g.number > 99999999 || strcmp(again, name) != 0) return NULL;
    FV_TRY(remove_oldest(p, 1));
    FV_TRY(each_file(p, g.number, false, &g.bytes));
    p->total += g.bytes;
    p->at[p->count++] = g;
    return NULL;
}

/* A picture that is found later may have been named by a process that was killed before it had synced the folder. */
static fv_error *sync_current(const fv_log_pictures *p) {
    const char *path;
    FV_TRY(path_of(p, p->arena, p->at[p->count - 1].number, &path));
    FV_TRY(fv_file_remove_leftovers(path));
    int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) return fv_file_refused(errno, "open", path);
    int reason = fsync(folder) ? errno : 0;
    close(folder);
    return reason ? fv_file_refused(reason, "sync", path) : NULL;
}

static fv_error *find_folders(fv_log_pictures *p) {
    const char **names;
    int64_t count;
    if (fv_file_kind_of(p->folder) != FV_FILE_FOLDER) return NULL;
    FV_TRY(fv_file_list(p->folder, p->arena, &names, &count));
    for (int64_t i = 0; i < count; i++) FV_TRY(add_folder(p, names[i]));
    if (!p->count) return NULL;
    atomic_store(&p->current, p->at[p->count - 1].number);
    FV_TRY(sync_current(p));
    return remove_oldest(p, 0);
}

fv_error *fv_log_pictures_open(const char *log, int64_t bytes, fv_log_pictures **out) {
    fv_log_pictures *p;
    if (bytes && bytes < FV_LOG_PICTURE_BYTES_LEAST)
        return fv_fail(FV_USAGE, "a log keeps at least %lld bytes of pictures, not %lld", (long long)FV_LOG_PICTURE_BYTES_LEAST,
                       (long long)bytes);
    FV_TRY(fv_memory_new(1, &p));
    p->most = bytes ? bytes : FV_LOG_PICTURE_BYTES;
    atomic_init(&p->current, 1);
    fv_error *error = fv_arena_new("pictures of a log", LIST_BYTES_MAX, &p->arena);
    if (!error) error = fv_file_join(p->arena, log, FV_LOG_PICTURES, &p->folder);
    if (!error) error = find_folders(p);
    if (error) return fv_log_pictures_free(p), error;
    *out = p;
    return NULL;
}

void fv_log_pictures_free(fv_log_pictures *p) {
    if (!p) return;
    fv_arena_free(p->arena);
    fv_memory_free(p);
}

/* ---- writing ---- */

/* Where a name's folder is in the list, as a new one behind all others if it is none yet. */
static fv_error *open_generation(fv_log_pictures *p, int64_t number, const char *folder, generation **out) {
    for (int64_t i = p->count; i-- > 0;)
        if (p->at[i].number == number) return *out = &p->at[i], NULL;
    FV_TRY(fv_file_make_folder(folder));
    FV_TRY(remove_oldest(p, 1));
    *out = &p->at[p->count++];
    **out = (generation){ .number = number };
    return NULL;
}

fv_error *fv_log_pictures_write(fv_log_pictures *p, const char *name, const void *bytes, int64_t length) {
    FV_OWNED(fv_arena) arena = NULL;
    const char *folder, *path;
    generation *g;
    int64_t number = strtoll(name, NULL, 10);
    FV_TRY(fv_arena_new("a picture of a log", LIST_BYTES_MAX, &arena));
    FV_TRY(path_of(p, arena, number, &folder));
    FV_TRY(fv_file_join(arena, p->folder, name, &path));
    FV_TRY(open_generation(p, number, folder, &g));
    if (fv_file_kind_of(path) == FV_FILE_PLAIN) return NULL;
    FV_TRY(fv_file_write(path, bytes, length, NULL));
    g->bytes += in_blocks(length), p->total += in_blocks(length);
    if (number == atomic_load(&p->current) && g->bytes >= p->most / PARTS) atomic_store(&p->current, number + 1);
    return p->total > p->most ? remove_oldest(p, 0) : NULL;
}
