/* Conditions on values: "train.optimizer.lr>0.1". [main] */
#ifndef RNF_STUDY_WHERE_H
#define RNF_STUDY_WHERE_H

#include <rnframe/abi.h>

struct rnf_where {
	const char *key, *value;
	int relation; /* of a table of its own */
};

/* Parse KEY, one of = != < <= > >=, and a value. */
rnf_status rnf_where_read(struct rnf_where *where, const char *text);
/* Numbers are compared as numbers, other texts by their bytes; a missing value (NULL)
 * meets no condition. */
int rnf_where_holds(const struct rnf_where *where, const char *text);

#endif
