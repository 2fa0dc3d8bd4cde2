/* web_files.h - the files of serve/web, in the program. */
#ifndef FV_SERVE_WEB_FILES_H
#define FV_SERVE_WEB_FILES_H

#include <stdint.h>

typedef struct fv_web_file {
    const char *name, *type;
    const unsigned char *bytes;
    int64_t length;
} fv_web_file;
extern const fv_web_file fv_web_table[];
extern const int fv_web_count;

#endif
