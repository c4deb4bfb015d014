/* Files and folders that the core writes; failures name the path. [main] */
#ifndef RNF_BASE_FILE_H
#define RNF_BASE_FILE_H

#include <stdio.h>
#include <rnframe/abi.h>

/* Create or replace a file. */
rnf_status rnf_file_create(const char *path, FILE **file);
/* Close what create() opened; fails when anything could not be written. */
rnf_status rnf_file_close(FILE *file, const char *path);
/* A folder and those above it, unless they are there. */
rnf_status rnf_folder_make(const char *path);

#endif
