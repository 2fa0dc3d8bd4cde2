/* group.h - workspaces that several users share: a folder that is setgid and its group's to write. What is made in such a
 * folder is the group's to read and to write, whatever the umask of who makes it; what is made in any other is as the umask
 * says. Any thread. */
#ifndef FV_REGISTRY_GROUP_H
#define FV_REGISTRY_GROUP_H

#include <stdbool.h>

#include "fovea/error.h"

/* Whether the folder in which `path` lies is a group's. */
FV_MUST_USE fv_error *fv_group_owns(const char *path, bool *out);
/* Gives a file or folder that is ours to the group, where that owns it; another user's is as that user has left it. */
FV_MUST_USE fv_error *fv_group_share(const char *path);

/* Waits while something in a group's folder that was made just now, within seconds, is not ours to write: another user's
 * process may be about to share it. What is not there is not waited for. */
FV_MUST_USE fv_error *fv_group_await(const char *path);

/* fv_file_make_folder and fv_file_lock, and fv_group_share of what is made. */
FV_MUST_USE fv_error *fv_group_make_folder(const char *path);
FV_MUST_USE fv_error *fv_group_lock(const char *path, int *lock);

#endif
