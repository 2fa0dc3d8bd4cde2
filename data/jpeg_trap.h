/* jpeg_trap.h - libjpeg's error manager with a way out of its callbacks: setjmp(trap.out) first, then a fatal error comes back
 * there with its message. */
#ifndef FV_DATA_JPEG_TRAP_H
#define FV_DATA_JPEG_TRAP_H

#include <setjmp.h>
#include <stdio.h> /* jpeglib.h wants it before it */

#include <jpeglib.h>

typedef struct fv_jpeg_trap {
    struct jpeg_error_mgr manager; /* first: libjpeg hands a pointer to it */
    jmp_buf out;
    char message[JMSG_LENGTH_MAX];
} fv_jpeg_trap;

/* An error_exit; message callbacks call it for warnings that are to be fatal. */
static _Noreturn inline void fv_jpeg_leave(j_common_ptr jpeg) {
    fv_jpeg_trap *trap = (fv_jpeg_trap *)jpeg->err;
    trap->manager.format_message(jpeg, trap->message);
    longjmp(trap->out, 1);
}

/* The manager to hand to libjpeg, with `on_message` for its warnings and traces. */
static inline struct jpeg_error_mgr *fv_jpeg_trap_errors(fv_jpeg_trap *trap, void (*on_message)(j_common_ptr jpeg, int level)) {
    jpeg_std_error(&trap->manager);
    trap->manager.error_exit = fv_jpeg_leave;
    trap->manager.emit_message = on_message;
    return &trap->manager;
}

#endif
