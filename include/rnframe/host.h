/* Services that the program lends to plugins. A plugin links nothing of
 * rnframe: it reaches the core through this table only. */
#ifndef RNFRAME_HOST_H
#define RNFRAME_HOST_H

#include <rnframe/abi.h>

enum rnf_level { RNF_LOG_ERROR, RNF_LOG_WARNING, RNF_LOG_INFO, RNF_LOG_DEBUG };

struct rnf_host {
	uint32_t size; /* of this struct as the program knows it */
	uint16_t abi_major, abi_minor;
	const char *version; /* of the program */

	/* Keep the words for a failure and return `status`, so that a callback can
	 * say: return host->fail(RNF_EINVAL, "stride is %d, must be 1..8", s);
	 * The core adds the plugin and its place in the conf. [main] or, before
	 * training starts, [worker]. */
	rnf_status (*fail)(rnf_status status, const char *format, ...)
		__attribute__((format(printf, 2, 3)));

	/* One line on stderr. Never called by a training step. [main] */
	void (*log)(enum rnf_level level, const char *format, ...)
		__attribute__((format(printf, 2, 3)));

	/* Zeroed, 64-byte aligned memory which belongs to the core and lives as
	 * long as the program; nothing is freed one by one. NULL when there is
	 * none left. Set-up only. [main] */
	void *(*alloc)(size_t bytes);

	/* Run words[0], found on $PATH, with the arguments behind it, ended by
	 * NULL, in the folder `dir`, without input and output, and wait; after
	 * limit_ms it is killed. NULL when it has ended well, else what was wrong,
	 * in words that do not name it. Never called by a training step. [main] */
	const char *(*run)(const char *dir, const char *const *words, int limit_ms);

	/* A file of n bytes that takes the place of `path` only when it is whole and on
	 * the disk. NULL, or what was wrong, with the path. [main] */
	const char *(*put)(const char *path, const char *text, size_t n);

	/* Let gnuplot run the file `script` of the folder `dir`, without settings of
	 * the user, and with a variable `draft`: the script draws 'NAME'.draft for each
	 * of the pictures (NULL behind the last; .png, .svg), which gets the name when
	 * all of them are whole; before that what stood there stays. After a minute
	 * it is killed, and not started again. NULL, or what was wrong. Never called by
	 * a training step. [main] */
	const char *(*draw)(const char *dir, const char *script,
			    const char *const *pictures);
};

#endif
