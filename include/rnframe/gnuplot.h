/* Strings in gnuplot scripts, for callers of host->draw (host.h). */
#ifndef RNFRAME_GNUPLOT_H
#define RNFRAME_GNUPLOT_H

#include <stdio.h>
#include <string.h>

/* Write `text` as a string of gnuplot's language, with its quotes: all bytes except line
 * feeds and the like come out unchanged. (A string in single quotes cannot begin with
 * one; in double quotes gnuplot runs text between backquotes as a command.) */
static inline void rnf_gnuplot_string(FILE *out, const char *text)
{
	fputc('"', out);
	for (const char *c = text; *c; c++)
		fprintf(out, strchr("\"'\\`", *c) || (unsigned char)*c < ' ' ? "\\%03o" : "%c",
			(unsigned char)*c);
	fputc('"', out);
}

#endif
