/* The manual pages as mdoc: rnframe(1) from the tables of verbs, options and exit statuses,
 * rnframe.cfg(5) from the tables of keys, the core's and every plugin's. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "cli/words.h"
#include "plugin/loader.h"
#include "plugin/param.h"
#include "study/study.h"
#include "train/schema.h"

enum { LINE = 72 }; /* columns */

/* -- text -- */

/* A character of a text. mandoc takes a single - as it is, and wants both of "--" escaped. */
static void put_char(FILE *out, char c, char next, char before)
{
	if (c == '\\') fputs("\\e", out);
	else if (c == '-' && (next == '-' || before == '-')) fputs("\\-", out);
	else fputc(c, out);
}

/* Does a sentence end at the blank p and another one follow? mdoc wants each on its own line. */
static int ends_sentence(const char *text, const char *p)
{
	return p > text + 1 && strchr(".?!", p[-1]) && islower((unsigned char)p[-2]) &&
	       isupper((unsigned char)p[1 + strspn(p + 1, " \n")]);
}

/* A paragraph of any text: single blanks, a line for each sentence, long lines broken, and no
 * word that mdoc takes for a macro. */
static void put_text(FILE *out, const char *text)
{
	size_t column = 0;
	for (const char *p = text + strspn(text, " \n\t"), *end; *p; p = end + strspn(end, " \n\t")) {
		const size_t n = strcspn(p, " \n\t");
		end = p + n;
		if (column && column + n > LINE) column = 0, fputc('\n', out);
		else if (column) fputc(' ', out);
		if (column == 0 && strchr(".'", *p)) fputs("\\&", out);
		for (const char *q = p; q < end; q++)
			put_char(out, *q, q[1], q > p ? q[-1] : 0);
		column += n + 1;
		if (end[-1] == '.' && !ends_sentence(text, end)) fputs("\\&", out); /* "..." is no end */
		if (*end && ends_sentence(text, end)) column = 0, fputc('\n', out);
	}
	if (column) fputc('\n', out);
}

/* "train a model" becomes "Train a model." */
static void put_sentence(FILE *out, const char *words)
{
	char *text = rnf_format("%s.", words);
	text[0] = (char)toupper((unsigned char)text[0]);
	put_text(out, text);
}

/* An argument of a macro: one word, whatever is in it. */
static void put_argument(FILE *out, const char *text)
{
	fputs(" \"", out);
	for (const char *p = text; *p; p++) {
		if (p == text) fputs("\\&", out);
		if (*p == '"') fputs("\\(dq", out);
		else put_char(out, *p, p[1], p > text ? p[-1] : 0);
	}
	fputs("\"", out);
}

/* The day of the page: that of the sources, if SOURCE_DATE_EPOCH has one of this calendar. */
static struct tm page_day(void)
{
	const char *epoch = getenv("SOURCE_DATE_EPOCH");
	const time_t now = time(NULL), source = epoch ? (time_t)strtoll(epoch, NULL, 10) : now;
	struct tm day;
	if (!gmtime_r(&source, &day) || day.tm_year > 9999 - 1900) gmtime_r(&now, &day);
	return day;
}

static void put_head(FILE *out, const char *title, const char *section)
{
	const struct tm day = page_day();
	char month[32], year[32];
	strftime(month, sizeof month, "%B", &day);
	strftime(year, sizeof year, "%Y", &day);
	fprintf(out, ".Dd %s %d, %s\n.Dt %s %s\n.Os\n", month, day.tm_mday, year, title, section);
}

static void put_pairs(FILE *out, const char *title, const char *macro, const struct rnf_pair *pairs)
{
	fprintf(out, ".Sh %s\n", title);
	fputs(".Bl -tag -width Ds\n", out);
	for (; pairs->name; pairs++) {
		fprintf(out, ".It %s", macro);
		put_argument(out, pairs->name);
		fputc('\n', out);
		put_text(out, pairs->words);
	}
	fputs(".El\n", out);
}

/* -- rnframe(1) -- */

static const char about[] =
	".Nm\ntrains residual image classifiers on CPUs.\n"
	"A text file, the conf, describes the model, the data and the recipe:\n"
	".Xr rnframe.cfg 5 .\n"
	"Every feature in it is a plugin: a layer, an activation, a data set.\n"
	".Pp\nThe first argument is a verb, one of those below.\n"
	"The conf is a path, or the name of one of the confs that come with the program;\n"
	".Ic rnframe confs\nlists these.\n"
	"An argument\n.Ar key.path Ns = Ns Ar value\n"
	"is an override, unless there is a / before the = or a file of that name.\n"
	"Options may stand anywhere behind the verb;\n.Fl -out Ar DIR\nand\n"
	".Fl -out Ns = Ns Ar DIR\nmean the same.\n"
	".Pp\nResults go to the standard output, progress and messages to the standard error.\n"
	"A failure is one line that says what and where.\n"
	"Only\n.Ic rnframe fetch\ndownloads anything.\n"
	".Pp\nWithout a verb,\n.Nm Fl -conf Ar X\nmeans\n.Ic rnframe train Ar X .\n";

static const struct rnf_pair files[] = {
	{ "runs/NAME/DATE", "a run folder: conf.cfg, which runs as it is and says where each value "
	  "was set; run.json, the command, the machine, the scores; history.json, epochs.csv and "
	  "steps.jsonl, the figures; curves.svg; report.txt and report.json, on the test images; "
	  "checkpoints/; model.safetensors, the weights with the conf and the classes" },
	{ "../share/rnframe/conf", "the confs that come with the program, seen from its folder" },
	{ "../lib/rnframe/plugins", "its plugins, KIND/NAME.so" },
	{ "~/.cache/rnframe", "decoded images" },
	{ NULL, NULL },
};

static const struct rnf_pair examples[] = {
	{ "Train a first model on Fashion-MNIST:", "rnframe train quickstart.cfg" },
	{ "Look at a model, and at what another activation changes:",
	  "rnframe plan se_mxresnet20.cfg --svg layers.svg\n"
	  "rnframe plan se_mxresnet20.cfg model.act=relu" },
	{ "Train on a folder of photos, and classify others:",
	  "rnframe data check photos\nrnframe new conf photos.cfg --data photos\n"
	  "rnframe train photos.cfg --out runs/photos/first\nrnframe predict runs/photos/first another.jpg" },
	{ "Resume a run that was interrupted:", "rnframe train photos.cfg --resume auto" },
	{ "Write the model for other programs:", "rnframe export runs/photos/first photos.onnx" },
	{ NULL, NULL },
};

static void put_examples(FILE *out)
{
	fputs(".Sh EXAMPLES\n", out);
	for (const struct rnf_pair *e = examples; e->name; e++) {
		if (e > examples) fputs(".Pp\n", out);
		put_text(out, e->name);
		fputs(".Bd -literal -offset indent\n", out);
		for (const char *p = e->words; *p; p++)
			put_char(out, *p, p[1], p > e->words ? p[-1] : 0);
		fputs("\n.Ed\n", out);
	}
}

static void put_verb(FILE *out, const struct rnf_verb *verb)
{
	struct rnf_option_words w;
	fprintf(out, ".Ss rnframe %s\n.Bd -ragged -offset indent\n", verb->name);
	put_text(out, rnf_format("rnframe %s %s", verb->name, verb->usage));
	fputs(".Ed\n.Pp\n", out);
	put_sentence(out, verb->brief);
	if (!verb->options[0]) return;
	fputs(".Bl -tag -width Ds\n", out);
	for (size_t i = 0; verb->options[i] && rnf_option_words(verb, i, &w); i++) {
		fprintf(out, ".It Fl %s", w.name + 1);
		if (*w.value) fputs(" Ar", out), put_argument(out, w.value);
		fputc('\n', out);
		put_sentence(out, w.brief);
	}
	fputs(".El\n", out);
}

void rnf_man_program(const struct rnf_verb *verbs, size_t n, FILE *out)
{
	put_head(out, "RNFRAME", "1");
	fprintf(out, ".Sh NAME\n.Nm rnframe\n.Nd train residual image classifiers on CPUs\n"
		".Sh SYNOPSIS\n.Nm\n.Ar verb\n.Op Ar argument ...\n.Op Fl -plugin-path Ar DIR\n"
		".Op Fl -option Op Ar value\n.Nm\n.Cm help\n.Op Ar verb\n.Sh DESCRIPTION\n%s"
		".Sh COMMANDS\nEvery verb takes\n.Fl -plugin-path Ar DIR :\na folder of\n"
		".Pa KIND/NAME.so ,\nsearched before the program's own and after those of\n"
		".Ev RNFRAME_PLUGIN_PATH .\n", about);
	for (size_t i = 0; i < n; i++)
		put_verb(out, &verbs[i]);
	put_pairs(out, "ENVIRONMENT", "Ev", rnf_environment);
	put_pairs(out, "FILES", "Pa", files);
	put_pairs(out, "EXIT STATUS", "Li", rnf_exit_words);
	put_examples(out);
	fputs(".Sh SEE ALSO\n.Xr rnframe.cfg 5\n", out);
}

/* -- rnframe.cfg(5) -- */

static const char grammar[] =
	"A conf describes an experiment of\n.Xr rnframe 1 :\na model, data and a recipe.\n"
	"It has the grammar of libconfig:\n.Ql key = value\\&;\nwith whole numbers, floats,\n"
	".Ql \\&\"texts\\&\" ,\n.Ql true\nand\n.Ql false ,\narrays\n.Ql [1, 2] ,\nlists\n"
	".Ql \\&( ... \\&)\nand groups\n.Ql { ... } .\nA\n.Ql #\nbegins a comment.\n"
	"Whole numbers are written without point and exponent.\n"
	"Unknown keys, wrong types and values out of range are refused.\n"
	".Bl -tag -width Ds\n.It Ic @include Qq Ar file\n"
	"Inserts the file here; alone on its line.\n"
	"The path is relative to this file, or to the folder of the program's confs.\n"
	".It Ic base No = Qq Ar file ;\nReads that conf first.\n"
	"Beside it may stand single values and\n.Ic set .\n"
	".It Ic set No = ( Qo Ar key.path Ns = Ns Ar value Qc , ... ) ;\nThen sets these keys.\n"
	".El\n.Pp\nA key has the last value of: its default, base, set, the command line.\n"
	"In a path an element of a list goes by its name, else its type,\n"
	"else its number from 0:\n"
	".Ql model.layers.stage1.block.filters .\n"
	".Ql list+=x\nappends to a list,\n.Ql list.element+=x\ninserts before that element.\n"
	".Pp\nWhere a plugin is chosen,\n.Ql \\&\"mish\\&\"\nand\n.Ql { type = \\&\"mish\\&\"; }\n"
	"mean the same; the other keys of the group are that plugin's.\n"
	"One plugin may stand for a list of one.\n";

/* "int, 1 .. 64 pixels, default 1" */
static const char *row_words(const struct rnf_param *row)
{
	const struct rnf_param_words w = rnf_describe_param(row);
	const int is_named = *w.usual && strcmp(w.usual, "required") && strcmp(w.usual, "none");
	const int is_range = *w.range && strcmp(w.range, "true, false") && strcmp(w.range, "any");
	const char *unit = row->unit ? row->unit : "";
	return rnf_format("%s%s%s%s%s%s%s%s", w.type, is_range || *unit ? ", " : "",
			  is_range ? w.range : "", is_range && *unit ? " " : "", unit,
			  *w.usual ? ", " : "", is_named ? "default " : "", w.usual);
}

/* Keys as items of a list. Their briefs continue their names: "stride", "of the pool". */
static void put_rows(FILE *out, const char *path, const struct rnf_params *params)
{
	for (size_t i = 0; params && i < params->n; i++) {
		const struct rnf_param *row = rnf_param_at(params, i);
		const char *key = rnf_format("%s%s", path, row->key);
		fputs(".It Ic", out);
		put_argument(out, key);
		fputs(" Pq", out);
		put_argument(out, row_words(row));
		fputc('\n', out);
		put_text(out, row->brief ? row->brief : "");
		if (row->group) put_rows(out, rnf_format("%s.", key), row->group);
	}
}

static void put_keys(FILE *out, const char *title, const struct rnf_params *params)
{
	fprintf(out, ".Sh %s\n.Bl -tag -width Ds\n", title);
	put_rows(out, "", params);
	fputs(".El\n", out);
}

static int is_kind_of(const char *kinds, const char *kind)
{
	const size_t n = strlen(kind);
	for (const char *at = kinds; at && (at = strstr(at, kind)); at += n)
		if ((at == kinds || at[-1] == '|') && strchr("|", at[n])) return 1;
	return 0;
}

/* The keys of the core that choose a plugin of the kind: ", model.act, model.layers". */
static const char *chosen_by(const char *path, const struct rnf_params *params, const char *kind)
{
	const char *words = "";
	for (size_t i = 0; params && i < params->n; i++) {
		const struct rnf_param *row = rnf_param_at(params, i);
		const char *key = rnf_format("%s%s", path, row->key);
		if (is_kind_of(row->kinds, kind)) words = rnf_format("%s, %s", words, key);
		const struct rnf_params *inner = row->group;
		if (!inner && is_kind_of(row->kinds, "dataset")) inner = rnf_param_common_of("dataset");
		words = rnf_format("%s%s", words, chosen_by(rnf_format("%s.", key), inner, kind));
	}
	return words;
}

static void put_plugin(FILE *out, const struct rnf_feature *f)
{
	fputs(".It Sy", out);
	put_argument(out, f->name);
	fputc('\n', out);
	put_text(out, f->brief ? f->brief : "");
	if (!f->params || !f->params->n) return;
	fputs(".Bl -tag -width Ds\n", out);
	put_rows(out, "", f->params);
	fputs(".El\n", out);
}

static void put_kind(FILE *out, const char *kind)
{
	const struct rnf_feature **features;
	const char *keys = chosen_by("", &rnf_conf_root_params, kind);
	rnf_loader_try(kind, NULL);
	const size_t n = rnf_loader_list(kind, &features, NULL);
	if (n == 0) return; /* all were left out */
	fprintf(out, ".Ss Kind %s\n", kind);
	if (*keys) put_sentence(out, rnf_format("chosen by %s", keys + 2));
	if (rnf_param_common_of(kind)) {
		fputs("All take these keys:\n.Bl -tag -width Ds\n", out);
		put_rows(out, "", rnf_param_common_of(kind));
		fputs(".El\n", out);
	}
	fputs(".Bl -tag -width Ds\n", out);
	for (size_t i = 0; i < n; i++)
		put_plugin(out, features[i]);
	fputs(".El\n", out);
}

void rnf_man_conf(FILE *out)
{
	const char **kinds;
	const size_t n = rnf_loader_kinds(&kinds);
	rnf_schema_register();
	put_head(out, "RNFRAME.CFG", "5");
	fprintf(out, ".Sh NAME\n.Nm rnframe.cfg\n.Nd experiments and studies of rnframe\n"
		".Sh DESCRIPTION\n%s", grammar);
	put_keys(out, "KEYS OF AN EXPERIMENT", &rnf_conf_root_params);
	put_keys(out, "KEYS OF A STUDY", &rnf_study_params);
	fputs(".Sh PLUGINS\n.Ic rnframe inspect\nlists those that are installed,\n"
	      ".Ic rnframe inspect Ar KIND NAME\nthe keys of one.\n", out);
	for (size_t i = 0; i < n; i++)
		put_kind(out, kinds[i]);
	fputs(".Sh EXAMPLES\nA conf that changes another one:\n.Bd -literal -offset indent\n"
	      "name = \"mine\";\nbase = \"se_mxresnet20.cfg\";\n"
	      "set = ( \"model.act=relu\", \"train.optimizer.lr=0.05\" );\n.Ed\n"
	      ".Sh SEE ALSO\n.Xr rnframe 1\n", out);
}
