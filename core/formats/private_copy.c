/* private_copy.c - see private_copy.h. A hash is of what was read, where it was read to: of the bytes that are used. */
#include "core/formats/private_copy.h"

#include <errno.h>
#include <stdatomic.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/memory.h"
#include "core/base/parallel.h"
#include "core/base/size.h"
#include "core/formats/tree_hash.h"

#define PIECE (FV_TREE_UNIT * FV_TREE_LEAF_BYTES) /* is hashed as soon as it is copied */
#define UNIT ((int64_t)2 << 20)                   /* a huge page is filled by one thread */
_Static_assert(UNIT % PIECE == 0, "whole pieces");

typedef struct copying {
    int from;
    int64_t length, hashed; /* that it had when it was looked at; of which the first are hashed */
    uint8_t *to, *leaves;
    _Atomic bool failed;
} copying;

/* Pages come as they are read to: no memory, even for a page, is an error of the reading. */
static bool copy_piece(const copying *c, int64_t begin, int64_t count) {
    for (int64_t done = 0; done < count;) {
        ssize_t got = pread(c->from, c->to + begin + done, (size_t)(count - done), begin + done);
        if (got > 0) done += got;
        if (got == 0 || (got < 0 && errno != EINTR)) return false;
    }
    return true;
}

static void copy_unit(void *context, int64_t unit, int thread) {
    (void)thread;
    copying *c = context;
    int64_t end = fv_min((unit + 1) * UNIT, c->length);
    for (int64_t begin = unit * UNIT; begin < end && !c->failed; begin += PIECE) {
        int64_t hashed = fv_min(PIECE, c->hashed - begin);
        if (!copy_piece(c, begin, fv_min(PIECE, end - begin)))
            c->failed = true;
        else if (hashed > 0)
            fv_tree_hash_leaves(c->to + begin, hashed, c->leaves + begin / FV_TREE_LEAF_BYTES * FV_HASH_BYTES);
    }
}

/* False where it did not come through, as when the file was shortened meanwhile: then reading it in order says what is wrong.
 */
static bool copy_by_team(int file, int64_t size, int64_t without, const fv_private_copy *copy) {
    copying c = { .from = file, .length = size, .hashed = size - without, .to = copy->bytes, .leaves = copy->leaves };
    fv_parallel_for(fv_ceil_div(size, UNIT), copy_unit, &c);
    return !c.failed;
}

fv_error *fv_private_copy_read(int file, int64_t size, const char *path, int64_t cap, int64_t without, fv_private_copy *out) {
    if (size > fv_max(PIECE, without)) {
        FV_PRIVATE_COPY(copy);
        FV_TRY(fv_memory_alloc(fv_tree_leaves(size), FV_HASH_BYTES, (void **)&copy.leaves));
        FV_TRY(fv_error_wrap(fv_block_alloc(size, 0, (void **)&copy.bytes), "cannot read %s", path));
        copy.length = size;
        copy.block = true;
        if (copy_by_team(file, size, without, &copy)) {
            *out = copy;
            copy = (fv_private_copy){ 0 };
            return NULL;
        }
    }
    return fv_file_read_open(file, path, cap, &out->bytes, &out->length);
}

void fv_private_copy_release(fv_private_copy *copy) {
    if (copy->block)
        fv_block_free(copy->bytes, copy->length);
    else
        fv_memory_free(copy->bytes);
    fv_memory_free(copy->leaves);
    *copy = (fv_private_copy){ 0 };
}
