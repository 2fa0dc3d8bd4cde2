/* pictures.h - what the tests of data share: the files of tests/data/files (made by tests/golden/pictures.py), and folders made
 * of them. */
#ifndef FV_TEST_PICTURES_H
#define FV_TEST_PICTURES_H

#include <stdio.h>

#include "data/image.h"
#include "tests/test.h"

#define FV_FILE(name) FOVEA_SOURCE "/tests/data/files/" name

/* folder/name, valid until the sixteenth call after. A folder of NULL is tests/data/files. */
const char *fv_test_path(const char *folder, const char *name);

/* Copies tests/data/files/FILE to folder/name, and writes a text there; both make the folders that are missing. */
void fv_test_copy(const char *file, const char *folder, const char *name);
void fv_test_text(const char *text, const char *folder, const char *name);
/* Writes a list of that text there, and opens it. */
fv_dataset *fv_test_list(const char *text, const char *folder, const char *name, const fv_dataset_options *options);

/* Decodes the `count` pictures of a list in tests/data/files (decoded.txt, png/alpha.txt), which tests/golden/pictures.py
 * describes, to `channels` (0: as stored), and holds them against what it says. */
void fv_test_decoded(const char *list, int64_t channels, int count);

#endif
