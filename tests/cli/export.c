/* Models that leave the program: rnframe export, and evaluations of a model alone. The files
 * are read by other programs: a reader in plain Python, and those of PyPI where $PEER_PYTHON
 * (else python3) has them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/said.h"

#define PYTHON "PYTHONDONTWRITEBYTECODE=1 ${PEER_PYTHON:-python3} tests/cli/export.py "
#define QUIET "train.callbacks.training_monitor.plot=false train.pictures=false "

static int has_python(void)
{
	return test_needs(system("python3 -c '' 2>/dev/null") == 0, "python3");
}

static void works(const char *format, const char *dir)
{
	run(0, in(dir, format));
}

static void refused(int status, const char *arguments, const char *words)
{
	run(status, arguments);
	has(words);
	ck_assert_ptr_null(strstr(out, "internal"));
}

/* A model of every primitive, and one of what formulas make of images. */
static const struct model { const char *conf, *words; } models[] = {
	{ "export", "m.onnx: 2171 parameters, input 32 x 32 x 3, 10" },
	{ "export_places", "m.onnx: 2104 parameters, input 32 x 32 x 3, 10" },
};

/* DIR/run, trained for twelve steps on images in DIR/data. */
static const char *trained_of(const char *name, const char *conf)
{
	const char *dir = rnf_format("%s", test_folder(name));
	test_shell(PYTHON "data %s/data", dir);
	test_add_layer(dir, "constant/ramp.c", "ramp");
	works(rnf_format("train tests/cli/%s.cfg --out @/run data.path=@/data "
		       "train.optimizer.lr=0.02 --plugin-path @ " QUIET, conf), dir);
	return dir;
}

static const char *trained(const char *name)
{
	return trained_of(name, models[0].conf);
}

static const char *small(const char *name, const char *more)
{
	const char *dir = rnf_format("%s", test_folder(name));
	works(rnf_format("train synthetic.cfg --out @/run train.max_steps=1 " QUIET "%s", more), dir);
	return dir;
}

/* -- a model alone -- */

START_TEST(a_run_and_its_file_of_weights_need_no_more_words)
{
	const char *dir = small("export_eval", "");
	works("eval synthetic.cfg --weights @/run/model.safetensors --probs @/a.npy", dir);
	works("eval @/run --probs @/b.npy", dir);
	works("eval @/run/model.safetensors --probs @/c.npy", dir);
	works("eval --weights @/run/checkpoints/last.safetensors --probs @/d.npy", dir);
	test_shell("cd %s && cmp a.npy b.npy && cmp a.npy c.npy && cmp a.npy d.npy", dir);
}
END_TEST

/* Texts of a file that came from anybody. */
static const struct { const char *key, *value; int status; const char *words; } hostile[] = {
	{ "rnframe.conf", "@include \"/etc/passwd\"\\n{conf}", 2, "include" },
	{ "rnframe.conf", "base = \"se_mxresnet20.cfg\";", 2, "it may have no `base`" },
	{ "rnframe.conf", "set = (\"seed=1\");\\n{conf}", 2, "it may have no `set`" },
	{ "rnframe.conf", "plugin_path = \"/tmp\";\\n{conf}", 2, "plugin_path" },
	{ "rnframe.conf", "backend = \"../../x\";", 2, "" },
	{ "rnframe.conf", "model = { layers = ( { type = \"../../../tmp/x\"; } ); };", 2, "" },
	{ "rnframe.conf", "not a conf", 2, "syntax error" },
	{ "rnframe.conf", "", 2, "" },
	{ "rnframe.classes", "[\"a\"", 2, "its text rnframe.classes must be JSON" },
	{ "rnframe.classes", "[\"a\", 3]", 2, "rnframe.classes must be a list of names" },
	{ "rnframe.classes", "-1", 2, "rnframe.classes must be a list of names or a number" },
	{ "rnframe.classes", "1e9", 2, "rnframe.classes must be a list of names or a number" },
	{ "rnframe.input", "[8, 8]", 2, "rnframe.input must be [height, width, channels]" },
	{ "rnframe.input", "[0, 8, 3]", 2, "rnframe.input must be" },
	{ "rnframe.input", "[8, 8, 99999]", 2, "rnframe.input must be" },
	{ "rnframe.input", "{}", 2, "rnframe.input must be" },
};

START_TEST(texts_of_a_file_are_not_trusted)
{
	const char *dir = small("export_hostile", "");
	if (!has_python()) return;
	for (int i = 0; i < TEST_ROWS(hostile); i++) {
		test_shell(PYTHON "text %s/run/model.safetensors %s/x.safetensors %s \"$(printf %%b '%s')\"",
			   dir, dir, hostile[i].key, hostile[i].value);
		refused(hostile[i].status, in(dir, "export @/x.safetensors @/x.onnx"),
			hostile[i].words);
		ck_assert_int_ne(access(rnf_format("%s/x.onnx", dir), F_OK), 0);
	}
}
END_TEST

/* It names the caller's files at most by mistake: nothing is opened there. */
START_TEST(paths_in_a_file_are_ignored)
{
	const char *dir = small("export_paths", "");
	if (!has_python()) return;
	test_shell("cd %s && printf 'out = \"/proc/none\";\\n' >more", dir);
	test_shell(PYTHON "text %s/run/model.safetensors %s/x.safetensors rnframe.conf "
		   "\"$(cat %s/more; echo; echo '{conf}' | cat)\"", dir, dir, dir);
	works("eval @/x.safetensors", dir);
	ck_assert_int_ne(access("/proc/none", F_OK), 0);
}
END_TEST

/* Another order would count right answers as wrong. */
START_TEST(classes_of_the_data_are_those_of_the_model)
{
	if (!has_python()) return;
	const char *dir = trained("export_classes");
	test_shell(PYTHON "text %s/run/model.safetensors %s/x.safetensors rnframe.classes '[\"airplane\", "
		   "\"bird\", \"automobile\", \"cat\", \"deer\", \"dog\", \"frog\", \"horse\", "
		   "\"ship\", \"truck\"]'", dir, dir);
	test_shell(PYTHON "text %s/run/model.safetensors %s/y.safetensors rnframe.classes '[\"a\"]'",
		   dir, dir);
	refused(2, in(dir, "eval @/x.safetensors data.path=@/data"),
		"class 1 of the model is \"bird\", of the data \"automobile\"");
	refused(2, in(dir, "eval @/y.safetensors data.path=@/data"),
		"classes of the model: 1, of the data: 10");
}
END_TEST

/* -- ONNX -- */

START_TEST(onnx_says_what_the_model_says)
{
	static const char *const options[] = { "", "--fold" };
	if (!has_python() || !test_has_plugin("export", "onnx")) return;
	const char *dir = trained_of(rnf_format("onnx_%s", models[_i].conf), models[_i].conf);
	works("eval @/run --probs @/probs.npy --plugin-path @", dir);
	for (int i = 0; i < TEST_ROWS(options); i++) {
		works(rnf_format("export @/run @/m.onnx --plugin-path @ %s", options[i]), dir);
		test_shell("grep -aq Relu %s/m.onnx", dir); /* no Max with 0 */
		ck_assert_msg(strstr(out, models[_i].words) != NULL, "%s", out);
		const int status = test_command(out, sizeof out, PYTHON "onnx %s/m.onnx %s/probs.npy "
						"%s/data 2>&1", dir, dir, dir);
		ck_assert_msg(status == 0, "%s", out);
	}
}
END_TEST

/* -- tensors -- */

START_TEST(tensors_for_numpy_and_pytorch)
{
	if (!has_python()) return;
	const char *dir = trained("export_tensors");
	works("export @/run @/own.safetensors", dir);
	works("export @/run @/own.npz", dir);
	works("export @/run @/torch.safetensors --names torch", dir);
	works("export @/run @/torch.npz --names=torch", dir);
	const int status = test_command(out, sizeof out, PYTHON "tensors %s/run/model.safetensors "
		"%s/own.safetensors %s/own.npz %s/torch.safetensors %s/torch.npz 2>&1", dir, dir, dir,
		dir, dir);
	ck_assert_msg(status == 0, "%s", out);
	works("eval @/run --probs @/a.npy", dir);
	works("eval @/own.safetensors data.path=@/data --probs @/b.npy", dir);
	test_shell("cmp %s/a.npy %s/b.npy", dir, dir);
}
END_TEST

/* -- C -- */

static const char *const acts[] = { "mish", "silu", "gelu" };
static const char *const compilers[] = { "gcc", "clang" };

/* One file, without a library, warnings or memory of its own; its name becomes a word of C. */
START_TEST(c_says_what_the_model_says)
{
	if (!has_python()) return;
	const char *dir = trained_of(rnf_format("c_%s", models[_i].conf), models[_i].conf);
	works("eval @/run --probs @/probs.npy --plugin-path @", dir);
	works("export @/run '@/2 a-b.c' --plugin-path @", dir);
	test_shell(PYTHON "tables '%s/2 a-b.c'", dir);
	test_shell(PYTHON "main model_2_a_b >%s/main.c", dir);
	for (int i = 0; i < TEST_ROWS(compilers); i++) {
		if (!test_needs(test_command(out, sizeof out, "command -v %s", compilers[i]) == 0,
				compilers[i]))
			continue;
		test_shell("cd %s && %s -std=c99 -Wall -Wextra -pedantic -Werror -O2 -ffreestanding -c "
			   "-o model.o '2 a-b.c' && %s -std=c99 -o model main.c model.o && "
			   "./model <data/test_batch.bin >floats", dir, compilers[i], compilers[i]);
		test_shell("! nm %s/model.o | grep ' U '", dir);
		const int status = test_command(out, sizeof out, PYTHON "floats %s/floats %s/probs.npy "
						"2>&1", dir, dir);
		ck_assert_msg(status == 0, "%s", out);
	}
}
END_TEST

/* A branch in a function, or an image that may lie over another, would leave loops as they are. */
START_TEST(loops_of_c_are_vectorised)
{
	if (!has_python() || !test_needs(system("gcc -dumpmachine 2>/dev/null | grep -q x86_64") == 0,
					 "gcc for x86-64"))
		return;
	const char *dir = small("c_vectors", rnf_format("model.act=%s", acts[_i]));
	works("export @/run @/m.c", dir);
	test_shell("cd %s && gcc -std=c99 -O3 -fopt-info-vec-optimized=notes -c -o m.o m.c", dir);
	const int status = test_command(out, sizeof out, PYTHON "vectors %s/m.c %s/notes 2>&1", dir, dir);
	ck_assert_msg(status == 0, "%s", out);
}
END_TEST

START_TEST(published_weights_in_onnx)
{
	const char *dir = rnf_format("%s", test_folder("export_published"));
	if (!test_has_data() || !has_python() || !test_has_plugin("export", "onnx") ||
	    !test_has_plugin("format", "keras_h5"))
		return;
	works("export ../shared/data/seed/se-mxresnet20_180.h5 @/m.onnx "
	    "--conf se_mxresnet20_published.cfg", dir);
	const int status = test_command(out, sizeof out, PYTHON "onnx %s/m.onnx "
		"tests/golden/se_mxresnet20_published_probs.npy "
		"build/data/cifar-10-batches-bin 0 2>&1", dir);
	ck_assert_msg(status == 0, "%s", out);
}
END_TEST

/* -- predict -- */

START_TEST(predict_says_what_eval_says)
{
	if (!has_python() || !test_has_plugin("decoder", "png")) return;
	const char *dir = trained("export_predict");
	works("eval @/run --probs @/probs.npy", dir);
	test_shell(PYTHON "pictures %s/data", dir);
	test_shell("%s/rnframe predict %s/run %s/data >%s/lines", test_build(), dir, dir, dir);
	const int status = test_command(out, sizeof out, PYTHON "predicted %s/lines %s/probs.npy 2>&1",
					dir, dir);
	ck_assert_msg(status == 0, "%s", out);
	test_shell("ls %s/data/*.png | %s/rnframe predict %s/run/model.safetensors - train.batch_size=3 "
		   ">%s/more && cmp %s/lines %s/more", dir, test_build(), dir, dir, dir, dir);
}
END_TEST

/* The others are done. */
START_TEST(a_bad_image_is_a_line_of_its_own)
{
	if (!has_python() || !test_has_plugin("decoder", "png")) return;
	const char *dir = trained("export_bad_image");
	test_shell(PYTHON "pictures %s/data && cd %s/data && head -c 90 00.png >cut.png && echo no "
		   ">text.png", dir, dir);
	refused(2, in(dir, "predict @/run @/data/cut.png @/none.png @/data/text.png @/data/01.png"),
		"rnframe: 3 of 4 images cannot be used");
	const char *first = strstr(out, "cut.png\",\"error\":\"");
	ck_assert_msg(first && strstr(first, "none.png\",\"error\":\"No such file or directory\"") &&
		      strstr(first, "01.png\",\"label\":\""), "%s", out);
	refused(2, in(dir, "predict @/run @/data/01.png @/data/cut.png --format csv --topk 1"),
		"file,error,label1,p1\r\n");
	ck_assert_msg(strstr(out, "/01.png\",,\"") && strstr(out, "/cut.png\",\""), "%s", out);
}
END_TEST

static const struct { const char *arguments, *words; } not_predicted[] = {
	{ "predict", "predict needs a run folder or a file of weights, and images" },
	{ "predict @/run", "predict needs a run folder or a file of weights, and images" },
	{ "predict @/run @/run", "/run has no images" },
	{ "predict @/none @/a.png", "there is no such run folder or file of weights" },
	{ "predict @/run @/a.png --topk 0", "--topk is \"0\", must be a number of 1 .. " },
	{ "predict @/run @/a.png --topk x", "--topk is \"x\", must be a number of 1 .. " },
	{ "predict @/run @/a.png --format xml", "--format is \"xml\", must be jsonl, csv or npy" },
};

START_TEST(mistakes_of_predict_are_refused_in_words)
{
	const char *dir = small("export_not_predicted", "");
	for (int i = 0; i < TEST_ROWS(not_predicted); i++)
		refused(2, in(dir, not_predicted[i].arguments), not_predicted[i].words);
}
END_TEST

/* -- refusals -- */

static const struct { const char *arguments, *words; } mistakes[] = {
	{ "export", "export needs a run folder or a file of weights, and the file" },
	{ "export @/run", "export needs a run folder or a file of weights, and the file" },
	{ "export @/run @/m.onyx", "its suffix must be one of " },
	{ "export @/run @/.onnx", "its suffix must be one of " },
	{ "export @/none @/m.onnx", "/none: there is no such run folder or file of weights" },
	{ "export @ @/m.onnx", "is a folder, but not that of a run" },
	{ "export @/begun @/m.onnx", "has no model.safetensors, which a run writes at its end" },
	{ "export @/run/conf.cfg @/m.onnx", "conf.cfg is a conf, must be a run folder or a file of weights" },
	{ "export @/bare.safetensors @/m.onnx", "has no conf inside: name it by --conf" },
	{ "export @/run @/m.c --fold", "--fold does not apply to .c files" },
	{ "export @/run @/m.onnx --names torch", "--names does not apply to .onnx files" },
	{ "export @/run @/m.npz --names keras", "--names is \"keras\", must be \"rnframe\" or" },
	{ "export @/run @/m.npz --input float", "--input does not apply to .npz files" },
	{ "export @/run/model.safetensors @/run/model.safetensors", "is the model itself" },
	{ "export @/run @/m.onnx --input=bytes", "input is \"bytes\", must be \"uint8\" or \"float\"" },
	{ "export @/run @/m.onnx --conf se_mxresnet20.cfg", " in the file, " },
	{ "export @/run @/m.onnx model.act=", "model.act" },
};

START_TEST(mistakes_are_refused_in_words)
{
	const char *dir = small("export_mistakes", "");
	if (!has_python() || !test_has_plugin("export", "onnx")) return;
	test_shell("mkdir %s/begun && cp %s/run/run.json %s/run/conf.cfg %s/begun", dir, dir, dir, dir);
	test_shell(PYTHON "text %s/run/model.safetensors %s/b.safetensors rnframe.name x", dir, dir);
	test_shell("sed 's/rnframe.conf/rnframe.cnof/' %s/b.safetensors >%s/bare.safetensors", dir, dir);
	for (int i = 0; i < TEST_ROWS(mistakes); i++)
		refused(2, in(dir, mistakes[i].arguments), mistakes[i].words);
	refused(3, in(dir, "export @/run @/none/m.onnx"), "No such file or directory");
	ck_assert_int_ne(access(rnf_format("%s/m.onnx", dir), F_OK), 0);
}
END_TEST

/* The layer is named: nothing is written that computes something else. */
START_TEST(layers_without_a_formula_are_named)
{
	if (!test_has_plugin("export", "onnx")) return;
	const char *dir = rnf_format("%s", test_folder("export_without"));
	test_add_layer(dir, "silent/silent.c", "silent");
	works("train synthetic.cfg --plugin-path @ --out @/run model.act=silent train.max_steps=1 "
	    QUIET, dir);
	refused(2, in(dir, "export @/run @/m.onnx --plugin-path @"),
		": silent has no formula, so .onnx files cannot hold the model");
	has("stage1_");
	ck_assert_int_ne(access(rnf_format("%s/m.onnx", dir), F_OK), 0);
	works("export @/run @/m.npz --plugin-path @", dir);
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ a_run_and_its_file_of_weights_need_no_more_words, 0 },
		{ texts_of_a_file_are_not_trusted, 0 },
		{ paths_in_a_file_are_ignored, 0 },
		{ classes_of_the_data_are_those_of_the_model, 0 },
		{ onnx_says_what_the_model_says, TEST_ROWS(models) },
		{ tensors_for_numpy_and_pytorch, 0 },
		{ c_says_what_the_model_says, TEST_ROWS(models) },
		{ loops_of_c_are_vectorised, TEST_ROWS(acts) },
		{ published_weights_in_onnx, 0 },
		{ predict_says_what_eval_says, 0 },
		{ a_bad_image_is_a_line_of_its_own, 0 },
		{ mistakes_of_predict_are_refused_in_words, 0 },
		{ mistakes_are_refused_in_words, 0 },
		{ layers_without_a_formula_are_named, 0 },
		{ NULL, 0 },
	};
	return test_run_cases("export", cases);
}
