/* A conf, read and filled: its tree, which knows files and lines, its values, and what
 * follows from these. [main] */
#ifndef RNF_TRAIN_CONFIG_H
#define RNF_TRAIN_CONFIG_H

#include <rnframe/training.h>
#include "train/schema.h"

enum { RNF_METRICS_MAX = 8 };

struct rnf_config {
	struct rnf_conf *tree;
	struct rnf_conf_root root;
	const struct rnf_data_common *data; /* root.data's common keys */
	const struct rnf_loss_impl *loss;
	size_t accuracy; /* the metric that logs call accuracy */
};

/* Read a conf, apply overrides ("key.path=value"), fill. Opens no data. */
rnf_status rnf_config_read(struct rnf_config *c, const char *path,
			   const char *const *overrides, size_t n);
/* The same for a tree that is in c->tree already, without its overrides. */
rnf_status rnf_config_override(struct rnf_config *c, const char *const *overrides, size_t n);
/* The same for a tree that is in c->tree already, with its overrides; their failures may
 * have been put aside. */
rnf_status rnf_config_fill(struct rnf_config *c);
/* Add the defaults of all unset keys to a tree. A conf that cannot be filled is refused
 * as in read(): RNF_ENOENT when one of its plugins is missing here. */
rnf_status rnf_config_expand(struct rnf_conf *tree);

/* Where confs that come with the program are. (cli) */
extern const char *rnf_conf_dir;

#endif
