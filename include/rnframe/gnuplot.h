/* Strings in scripts of gnuplot, for who has one drawn (host.h). */
#ifndef RNFRAME_GNUPLOT_H
#define RNFRAME_GNUPLOT_H

#include <stdio.h>
#include <string.h>

/* `text` as a string of gnuplot's language, with its quotes: any bytes but line feeds
 * and the like come out as they are. (Between single quotes, where gnuplot takes all as
 * it is, no string can begin with one; between double quotes it runs what stands
 * between backquotes.) */
static inline void rnf_gnuplot_string(FILE *out, const char *text)
{
	fputc('"', out);
	for (const char *c = text; *c; c++)
		fprintf(out, strchr("\"'\\`", *c) || (unsigned char)*c < ' ' ? "\\%03o" : "%c",
			(unsigned char)*c);
	fputc('"', out);
}

#endif
