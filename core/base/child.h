/* Another program, run to its end. [main] */
#ifndef RNF_BASE_CHILD_H
#define RNF_BASE_CHILD_H

/* Run words[0], found on $PATH, with the arguments behind it, ended by NULL, in
 * the folder `dir`, without input and output; after limit_ms it is killed. NULL
 * when it has ended well, else what was wrong, in words that do not name it. */
const char *rnf_child_run(const char *dir, const char *const *words, int limit_ms);

#endif
