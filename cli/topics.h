/* topics.h - kinds of parts that there is help for, all read from their tables: ops, layers, transforms, commands, … */
#ifndef FV_CLI_TOPICS_H
#define FV_CLI_TOPICS_H

#include "core/base/part.h"

typedef struct fv_topic_kind {
    const char *name;    /* "transform" */
    const char *summary; /* "steps from a decoded picture to a network's input" */
    const char *usage;   /* how such a part is named in a recipe or on the command line; NULL: nowhere */
    const int *count;
    fv_part (*at)(int index);
    void (*more)(int index, fv_text *out);    /* a paragraph beside summary and options; NULL: none */
    void (*picture)(int index, fv_text *out); /* one for the Markdown page; NULL: none */
} fv_topic_kind;

extern const fv_topic_kind fv_topic_kinds[];
extern const int fv_topic_kind_count;

const fv_topic_kind *fv_topic_find(const char *name);
int fv_topic_index(const fv_topic_kind *kind, const char *part); /* −1: there is none */

/* All parts of a kind, one line each; one part with its options; all of them as a Markdown page. */
void fv_topic_list(const fv_topic_kind *kind, fv_text *out);
void fv_topic_help(const fv_topic_kind *kind, int index, fv_text *out);
void fv_topic_markdown(const fv_topic_kind *kind, fv_text *out);

#endif
