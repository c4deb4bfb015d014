/* Entries that are left out. The endings of their names show whether pictures of a kind that is
 * not read are among them. */
#include "image_folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { SHOWN = 5, ENDING_MAX = 8, WORDS_MAX = 256 };

static void count_ending(struct strays *s, const char *text)
{
	size_t i = 0;
	while (i < s->n_endings && strcasecmp(s->endings[i].text, text))
		i++;
	if (i == ENDINGS) return;
	if (i == s->n_endings) s->endings[s->n_endings++].text = text;
	s->endings[i].n++;
}

void note_stray(struct list *list, const char *path)
{
	const char *dot = strrchr(strrchr(path, '/'), '.');
	if (list->strays.n++ == 0) list->strays.first = path;
	if (dot && strlen(dot) <= ENDING_MAX) count_ending(&list->strays, dot);
}

/* Most of them first; as many are in the order in which they were found. */
static size_t most(const struct strays *s)
{
	size_t best = 0;
	for (size_t i = 1; i < s->n_endings; i++)
		if (s->endings[i].n > s->endings[best].n) best = i;
	return best;
}

/* "; 4 .webp, 1 .txt": nothing of one entry, whose name is told. */
static void put_endings(struct strays *s, char *to)
{
	size_t at = 0;
	*to = 0;
	for (size_t i = 0; s->n > 1 && i < SHOWN && i < s->n_endings; i++) {
		const size_t k = most(s);
		at += (size_t)snprintf(to + at, WORDS_MAX - at, "%s%lld %s", i ? ", " : "; ",
				       (long long)s->endings[k].n, s->endings[k].text);
		s->endings[k].n = 0;
	}
}

void log_strays(struct list *list)
{
	struct strays *s = &list->strays;
	char endings[WORDS_MAX];
	if (s->n == 0) return;
	put_endings(s, endings);
	list->host->log(RNF_LOG_INFO, "%s: %lld %s no image of a class and left out: %s%s%s",
			list->folder, (long long)s->n, s->n == 1 ? "entry is" : "entries are",
			s->first, s->n == 1 ? "" : ", ...", endings);
}
