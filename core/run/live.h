/* Keys that may change under a run that goes on. [main] */
#ifndef RNF_RUN_LIVE_H
#define RNF_RUN_LIVE_H

/* May a run go on with another value of this key? It changes no bit (threads, out,
 * data.path, ..., and all below them), or only how long the run is (train.epochs, ...). */
int rnf_live_on_resume(const char *path);
/* Does no value of it change the result? Runs whose confs differ in such keys alone, the
 * name among them, have the same bits. */
int rnf_live_always(const char *path);
/* "threads, out and train.epochs": those of on_resume(). Kept. */
const char *rnf_live_words(void);

#endif
