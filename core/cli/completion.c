/* A script that completes verbs and options, for bash and for zsh with bashcompinit. The shell
 * completes all other words as file names. */
#include "cli/words.h"

void rnf_completion(const struct rnf_verb *verbs, size_t n, FILE *out)
{
	struct rnf_option_words w;
	fputs("# Completion of rnframe for bash; for zsh: autoload bashcompinit && bashcompinit first.\n"
	      "_rnframe()\n{\n\tlocal word=${COMP_WORDS[COMP_CWORD]} words=\n"
	      "\tif [ \"$COMP_CWORD\" -eq 1 ]; then\n\t\twords='", out);
	for (size_t i = 0; i < n; i++)
		fprintf(out, "%s%s", i ? " " : "", verbs[i].name);
	fputs("'\n\telif [ \"${word#-}\" != \"$word\" ]; then\n\t\tcase ${COMP_WORDS[1]} in\n", out);
	for (size_t i = 0; i < n; i++) {
		fprintf(out, "\t\t%s) words='", verbs[i].name);
		for (size_t j = 0; rnf_option_words(&verbs[i], j, &w); j++)
			fprintf(out, "%s%s", j ? " " : "", w.name);
		fputs("';;\n", out);
	}
	fputs("\t\tesac\n\tfi\n\tCOMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n}\n"
	      "complete -o default -F _rnframe rnframe\n", out);
}
