#include "train/schema.h"

static const char *const on_bad_image_words[] = { "stop", "skip", NULL };
static const char *const cache_words[] = { "auto", "memory", "disk", NULL };
static const struct rnf_param data_rows[] = {
	RNF_STRING(struct rnf_data_common, path, NULL, RNF_PARAM_PATH,
		   "folder with the files, its parent, an archive, or a folder with one"),
	RNF_FLOAT(struct rnf_data_common, part, 1, 0.0001, 1, "of the training images",
		  "that the run knows at all, stratified by class"),
	RNF_FLOAT(struct rnf_data_common, validation, 0.1, 0, 0.9, "of that part",
		  "kept apart, stratified by class"),
	RNF_INT(struct rnf_data_common, split_seed, 42, 0, 0x1p53, "",
		"of the split, so that runs of several seeds share it"),
	RNF_ENUM(struct rnf_data_common, cache, "auto", cache_words,
		 "of decoded image files; disk: for other runs, too; auto: memory if it has room"),
	RNF_INT(struct rnf_data_common, cache_mib, 0, 0, 1 << 30, "MiB",
		"for them: of memory (auto, memory), of the disk (disk); 0: half of what is there"),
	RNF_ENUM(struct rnf_data_common, on_bad_image, "stop", on_bad_image_words,
		 "when an image file cannot be decoded"),
	RNF_REFS(struct rnf_data_common, augment, "augment", "in this order"),
};
static const struct rnf_params data_params = {
	sizeof(struct rnf_data_common), sizeof data_rows / sizeof *data_rows,
	sizeof *data_rows, data_rows
};

static const struct rnf_param init_rows[] = {
	RNF_STRING(struct rnf_init_conf, weights, NULL, RNF_PARAM_PATH,
		   "file that the run starts from; absent: all weights are drawn"),
	RNF_STRINGS(struct rnf_init_conf, skip,
		    "layers whose tensors are drawn, whatever the file holds"),
};
static const struct rnf_params init_params = {
	sizeof(struct rnf_init_conf), sizeof init_rows / sizeof *init_rows,
	sizeof *init_rows, init_rows
};

static const char *const recompute_words[] = { "activations", "sums", NULL };
static const struct rnf_param train_rows[] = {
	RNF_INT(struct rnf_train_conf, epochs, 1, 1, 1000000, "epochs",
		"and the schedule's length"),
	RNF_INT(struct rnf_train_conf, batch_size, 128, 1, 65536, "images", "of a step"),
	RNF_INT(struct rnf_train_conf, max_steps, 0, 0, 0x1p53, "steps",
		"cut the run, leave the schedule; 0: all"),
	RNF_BOOL(struct rnf_train_conf, shuffle, 1, "a new order each epoch"),
	RNF_BOOL(struct rnf_train_conf, augment, 1,
		 "false leaves only what evaluation does too"),
	RNF_ENUM(struct rnf_train_conf, recompute, "activations", recompute_words,
		 "rather than keep it for backward; sums: some of the blocks' sums too"),
	RNF_REF_REQUIRED(struct rnf_train_conf, loss, "loss", "what is minimised"),
	RNF_REF_REQUIRED(struct rnf_train_conf, optimizer, "optimizer", "how"),
	RNF_REF_REQUIRED(struct rnf_train_conf, scheduler, "scheduler", "the rate of each step"),
	RNF_REFS(struct rnf_train_conf, metrics, "metric", "one must give the accuracy"),
	RNF_REFS(struct rnf_train_conf, callbacks, "callback", "receive the run's events"),
	RNF_BOOL(struct rnf_train_conf, pictures, 1,
		 "draw the report's confusion matrix, by gnuplot"),
	{ .key = "init", .unit = "", .brief = "weights of another run", .type = RNF_TYPE_GROUP,
	  .flags = RNF_PARAM_OPTIONAL, .offset = offsetof(struct rnf_train_conf, init),
	  .group = &init_params },
	RNF_STRINGS(struct rnf_train_conf, freeze,
		    "layers that stay as they are and compute what they do in inference"),
};
static const struct rnf_params train_params = {
	sizeof(struct rnf_train_conf), sizeof train_rows / sizeof *train_rows,
	sizeof *train_rows, train_rows
};

static const char *const on_nonfinite_words[] = { "stop", "skip", "rollback", NULL };
static const struct rnf_param numerics_rows[] = {
	RNF_ENUM(struct rnf_numerics_conf, on_nonfinite, "stop", on_nonfinite_words,
		 "when a loss, gradient or variance is NaN or infinite"),
};
static const struct rnf_params numerics_params = {
	sizeof(struct rnf_numerics_conf), sizeof numerics_rows / sizeof *numerics_rows,
	sizeof *numerics_rows, numerics_rows
};

static const struct rnf_param root_rows[] = {
	RNF_STRING(struct rnf_conf_root, name, "run", RNF_PARAM_NAME, "of the run"),
	RNF_INT(struct rnf_conf_root, seed, 42, 0, 0x1p53, "", "of everything random"),
	RNF_INT(struct rnf_conf_root, threads, 0, 0, 1024, "threads", "0: all that may run"),
	RNF_STRING(struct rnf_conf_root, backend, "auto", 0, "auto: the best that runs here"),
	RNF_ENUM(struct rnf_conf_root, precision, "fp32", rnf_precision_words,
		 "of what convolutions multiply and of stored tensors; all else is fp32"),
	RNF_STRING(struct rnf_conf_root, out, NULL, RNF_PARAM_PATH, "run folder"),
	{ .key = "model", .unit = "", .brief = "the network", .type = RNF_TYPE_GROUP,
	  .offset = offsetof(struct rnf_conf_root, model), .group = &rnf_model_params },
	RNF_REF_REQUIRED(struct rnf_conf_root, data, "dataset", "the images"),
	{ .key = "train", .unit = "", .brief = "how it learns", .type = RNF_TYPE_GROUP,
	  .offset = offsetof(struct rnf_conf_root, train), .group = &train_params },
	{ .key = "numerics", .unit = "", .brief = "non-finite numbers",
	  .type = RNF_TYPE_GROUP, .offset = offsetof(struct rnf_conf_root, numerics),
	  .group = &numerics_params },
};
const struct rnf_params rnf_conf_root_params = {
	sizeof(struct rnf_conf_root), sizeof root_rows / sizeof *root_rows,
	sizeof *root_rows, root_rows
};

void rnf_schema_register(void)
{
	static const char *roles[8];
	size_t n = 0;
	for (size_t i = 0; i < rnf_model_params.n && n < 7; i++)
		if (rnf_model_params.rows[i].flags & RNF_PARAM_ROLE)
			roles[n++] = rnf_model_params.rows[i].key;
	rnf_param_roles(roles);
	rnf_param_common("layer", &rnf_layer_common_params);
	rnf_param_common("block", &rnf_layer_common_params);
	rnf_param_common("dataset", &data_params);
}
