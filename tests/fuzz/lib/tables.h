/* For the targets of confs: a table with a row of each type that needs no plugin. */
#ifndef TEST_FUZZ_TABLES_H
#define TEST_FUZZ_TABLES_H

#include "conf/conf.h"

/* Fill a struct from the tree; 0: refused. */
int fuzz_fill(struct rnf_conf *root);
/* Notices kept from filling would outlive the input's memory. */
void fuzz_forget_notices(void);
/* The tree is written, read and written again: the same text. */
void fuzz_write(const struct rnf_conf *root);

#endif
