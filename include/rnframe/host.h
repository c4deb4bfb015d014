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

	/* Keep the message for a failure and return `status`, so that a callback can say:
	 * return host->fail(RNF_EINVAL, "stride is %d, must be 1..8", s); The core adds
	 * the plugin and its place in the conf. [main] or, before training starts,
	 * [worker]. */
	rnf_status (*fail)(rnf_status status, const char *format, ...)
		__attribute__((format(printf, 2, 3)));

	/* One line on stderr. Never called by a training step. [main] */
	void (*log)(enum rnf_level level, const char *format, ...)
		__attribute__((format(printf, 2, 3)));

	/* Zeroed, 64-byte aligned memory, which belongs to the core and lives as long as
	 * the program; nothing is freed one by one. NULL when there is none left. Set-up
	 * only. [main] */
	void *(*alloc)(size_t bytes);

	/* Run words[0], found on $PATH, with the arguments after it, ended by NULL, in
	 * the folder `dir`, without input and output, and wait; it is killed after
	 * limit_ms. Return NULL on success, else what went wrong, without the program's
	 * name. Never call it in a training step. [main] */
	const char *(*run)(const char *dir, const char *const *words, int limit_ms);

	/* Write a file of n bytes that replaces `path` only when it is complete and on
	 * the disk. Return NULL, or what went wrong, with the path. [main] */
	const char *(*put)(const char *path, const char *text, size_t n);

	/* Let gnuplot run the script `script` in the folder `dir`, without settings of
	 * the user, and with a variable `draft`: the script draws 'NAME'.draft for each
	 * of the pictures (ended by NULL; .png, .svg), and they are renamed when all of
	 * them are complete; until then the old ones stay. After a minute gnuplot is
	 * killed, and not started again. Return NULL, or what went wrong. Never call it
	 * in a training step. [main] */
	const char *(*draw)(const char *dir, const char *script,
			    const char *const *pictures);
};

#endif
