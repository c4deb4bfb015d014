/* Keys that may change when a run is resumed, and those that say where it runs. [main] */
#ifndef RNF_RUN_LIVE_H
#define RNF_RUN_LIVE_H

#include "conf/conf.h"

/* May a run continue with another value of this key? Yes if it changes no bit (threads,
 * out, data.path, ..., and all keys below them), or only the run's length (train.epochs,
 * ...). */
int rnf_live_on_resume(const char *path);
/* Is the result the same for every value? Runs whose confs differ in such keys alone,
 * `name` among them, have the same bits. */
int rnf_live_always(const char *path);
/* Remove the keys that say where a run runs, not what it computes: checkpoints go without. */
void rnf_live_drop_machine(struct rnf_conf *tree);
/* "threads, out and train.epochs": the keys of on_resume(). Kept. */
const char *rnf_live_words(void);

#endif
