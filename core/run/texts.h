/* What a file of weights says of its model: the conf, the classes and the input, so that the
 * file alone suffices to use it. [main] */
#ifndef RNF_RUN_TEXTS_H
#define RNF_RUN_TEXTS_H

#include "train/setup.h"
#include "train/weights.h"

#define RNF_TEXT_CONF "rnframe.conf"
#define RNF_TEXT_CLASSES "rnframe.classes" /* JSON: their names, or their number */
#define RNF_TEXT_INPUT "rnframe.input"     /* JSON: [height, width, channels] */

enum { RNF_MODEL_TEXTS = 5 };
/* Name, version and those. Kept. */
void rnf_texts_model(const struct rnf_experiment *e, struct rnf_text texts[RNF_MODEL_TEXTS]);

/* Take classes and input from the texts of a file, which are not trusted; what is missing
 * stays as it is. */
rnf_status rnf_texts_shapes(const char *path, const struct rnf_contents *contents,
			    struct rnf_dataset_info *info);

#endif
