/* A script that completes verbs, options, their values, and confs, for bash and for zsh with
 * bashcompinit. The shell completes all other words as file names. */
#include <ctype.h>
#include <string.h>

#include "base/arena.h"
#include "cli/words.h"

/* Words of the place behind `before`, from what the usage says of it: "jsonl|csv|npy", "CONF". */
struct place {
	const char *verb, *before, *usage;
};

static const char head[] =
	"# Completion of rnframe for bash; for zsh: autoload bashcompinit && bashcompinit first.\n"
	"_rnframe()\n{\n"
	"\tlocal word=${COMP_WORDS[COMP_CWORD]} verb=${COMP_WORDS[1]}\n"
	"\tlocal before=${COMP_WORDS[COMP_CWORD-1]} words= confs=\n";

/* A conf is one that comes with the program or a file here. compopt, which lets bash put a slash
 * behind a folder, is not in zsh. */
static const char tail[] =
	"\tCOMPREPLY=($(compgen -W \"$words $confs\" -- \"$word\")) || :\n"
	"\tif [ -n \"$confs\" ]; then\n"
	"\t\tlocal IFS=$'\\n'\n"
	"\t\tcompopt -o filenames 2>/dev/null || :\n"
	"\t\tCOMPREPLY+=($(compgen -f -X '!*.cfg' -- \"$word\"; compgen -d -- \"$word\")) || :\n"
	"\tfi\n}\n"
	"complete -o default -F _rnframe rnframe\n";

static void put_verbs(const struct rnf_verb *verbs, size_t n, FILE *out)
{
	for (size_t i = 0; i < n; i++)
		fprintf(out, "%s%s", i ? " " : "", verbs[i].name);
}

static void put_options(const struct rnf_verb *verb, FILE *out)
{
	struct rnf_option_words w;
	fprintf(out, "\t\t%s) words='", verb->name);
	for (size_t j = 0; rnf_option_words(verb, j, &w); j++)
		fprintf(out, "%s%s", j ? " " : "", w.name);
	fputs("';;\n", out);
}

static void put_conf(const char *name, FILE *out)
{
	fprintf(out, " %s", name);
}

/* A word to be typed as it stands, not the name of a thing (FILE) nor an example (2h). */
static int is_literal(const char *word)
{
	if (!islower((unsigned char)*word)) return 0;
	while (islower((unsigned char)*word) || isdigit((unsigned char)*word) || *word == '.')
		word++;
	return !*word;
}

static void put_place(struct place place, FILE *out)
{
	const char *words = "", *confs = "";
	for (const char *at = place.usage; *at; at += strspn(at, " |")) {
		const char *word = rnf_strndup(at, strcspn(at, " |"));
		at += strlen(word);
		if (!strcmp(word, "CONF")) confs = " confs=$all_confs";
		else if (!strcmp(word, "VERB")) words = "$verbs";
		else if (is_literal(word)) words = rnf_format("%s%s%s", words, *words ? " " : "", word);
	}
	if (*words || *confs)
		fprintf(out, "\t\t'%s %s') words=\"%s\"%s;;\n", place.verb, place.before, words, confs);
}

/* What the usage says of the first word. */
static const char *first_word(const char *usage)
{
	return *usage == '[' ? rnf_strndup(usage + 1, strcspn(usage + 1, "[]"))
			     : rnf_strndup(usage, strcspn(usage, " "));
}

static void put_places(const struct rnf_verb *verb, FILE *out)
{
	struct rnf_option_words w;
	put_place((struct place){ verb->name, verb->name, first_word(verb->usage) }, out);
	for (size_t j = 0; rnf_option_words(verb, j, &w); j++)
		put_place((struct place){ verb->name, w.name, w.value }, out);
}

void rnf_completion(const struct rnf_verb *verbs, size_t n, FILE *out)
{
	fprintf(out, "%s\tlocal verbs='", head);
	put_verbs(verbs, n, out);
	fputs("'\n\tlocal all_confs='", out);
	rnf_confs_each(put_conf, out); /* where there are none, none are completed */
	fputs("'\n\tif [ \"$COMP_CWORD\" -eq 1 ]; then\n\t\twords=$verbs\n"
	      "\telif [ \"${word#-}\" != \"$word\" ]; then\n\t\tcase $verb in\n", out);
	for (size_t i = 0; i < n; i++)
		put_options(&verbs[i], out);
	fputs("\t\tesac\n\telse\n\t\tcase \"$verb $before\" in\n", out);
	for (size_t i = 0; i < n; i++)
		put_places(&verbs[i], out);
	fprintf(out, "\t\tesac\n\tfi\n%s", tail);
}
