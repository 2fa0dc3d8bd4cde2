/* walk.h - the picture files below a folder, told by their names; whether they are what they are called is for the decoder. */
#ifndef FV_DATA_WALK_H
#define FV_DATA_WALK_H

#include "data/source.h"

/* .jpg .jpeg .jpe .jfif .png and the other formats that pictures come in, in any case. Those that this build cannot decode are
 * found too, and rejected by name later. */
bool fv_is_picture_name(const char *name);
/* What systems and tools leave behind: names with a dot first, Thumbs.db, desktop.ini, __MACOSX and the like. */
bool fv_is_system_name(const char *name);

/* The names in a folder, to see whose data set it is: none where it is no folder, or one that cannot be read, which is for who
 * opens it to say. FV_MEMORY. */
FV_MUST_USE fv_error *fv_sniff_folder(const char *path, fv_arena *arena, const char ***names, int64_t *count);

/* Every picture below root/folder (`folder` may be ""), in the byte order of names, folders where their names stand: `picture`
 * gets its path relative to root. Links are followed; a folder that lies inside itself is cut there, with a note. Other files
 * are ignored; what cannot be read is rejected. */
typedef fv_error *(*fv_on_picture)(void *context, const char *path);
FV_MUST_USE fv_error *fv_walk(fv_listing *listing, const char *root, const char *folder, fv_on_picture picture, void *context);

#endif
