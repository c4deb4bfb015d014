/* Files that are not valid plugins: each is refused with a message that names the file
 * and the reason, a listing continues, and the program never crashes. */
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/status.h"
#include "lib/plugin.h"
#include "lib/program.h"
#include "lib/sanitizer.h"
#include "plugin/elf.h"

enum { OUTPUT = 1 << 20, PLACES = 64 };

/* The files of tests/bad, and how each is refused. */
static const struct { const char *name, *words; } bad[] = {
	{ "crash_entry", "cannot be loaded: it dies of signal 11 (Segmentation fault)" },
	{ "crash_load", "cannot be loaded: it dies of signal 4 (Illegal instruction)" },
	{ "endings_none", "names no endings of files" },
	{ "endings_point", "the ending 1 of its files has no point" },
	{ "exit_load", "cannot be loaded: it ends the program with status 0" },
	{ "feature_size", "has a feature of 40 bytes, this program's have 48: rebuild" },
	{ "inputs_none", "takes 0 inputs, must be 1 or more, or -1 for any" },
	{ "impl_size", "bytes of functions, this program's layer has" },
	{ "many_features", "has 4294967295 features, at most 64" },
	{ "missing_symbol", "cannot be loaded: " },
	{ "newer_major", "is built for plugin ABI 1." },
	{ "newer_minor", "is built for plugin ABI 0." },
	{ "no_apply", "must have one of the functions apply and frame" },
	{ "no_entry", "is not an rnframe plugin: it has no rnf_plugin_entry" },
	{ "no_features", "has no feature" },
	{ "no_lower", "has no function lower, which each layer has" },
	{ "no_word", "has a feature whose kind or name is not a word" },
	{ "null_brief", "has a feature without kind, name, brief or functions" },
	{ "null_descriptor", "is not an rnframe plugin: its descriptor has the wrong magic number" },
	{ "null_features", "has no feature" },
	{ "null_id", "does not say its id, vendor, version, licence and build" },
	{ "null_impl", "has a feature without kind, name, brief or functions" },
	{ "null_name", "has a feature without kind, name, brief or functions" },
	{ "other_mark", "is not an rnframe plugin: its descriptor has the wrong magic number" },
	{ "other_name", "holds layer.somebody_else; file and folder must be called as" },
	{ "row_of_no_type", "parameter x has an unknown type" },
	{ "row_outside", "parameter x lies outside of the plugin's struct" },
	{ "row_without_choices", "parameter x has no choices" },
	{ "row_without_key", "the key of parameter row 0 is not a word" },
	{ "size_huge", "has a descriptor of 4294967295 bytes, this program's has" },
	{ "size_zero", "has a descriptor of 0 bytes, this program's has" },
	{ "slots_control", "the name of slot 0 is not a word" },
	{ "slots_five", "has 5 slots a weight, at most 4" },
	{ "slots_null", "the name of slot 1 is not a word" },
	{ "slots_same", "two slots are called a" },
};

static char output[OUTPUT];

/* The row of a listing that refuses this file, up to its end; one there must be. */
static const char *refusal(const char *name)
{
	const char *mark = rnf_format("/layer/%s.so refused: ", name);
	char *row = strstr(output, mark);
	ck_assert_msg(row != NULL, "no row refuses %s in\n%.2000s", name, output);
	ck_assert_msg(!strstr(row + 1, mark), "%s is refused twice", name);
	return rnf_strndup(row, strcspn(row, "\n"));
}

static void list(const char *folder)
{
	const int status = test_program(output, sizeof output, "inspect layer --plugin-path '%s'",
					folder);
	ck_assert_msg(status == 0, "status %d: %.2000s", status, output);
	ck_assert_msg(strstr(output, "conv2d") != NULL, "the good ones are gone: %.2000s", output);
}

START_TEST(a_listing_names_each_reason)
{
	list(rnf_format("%s/tests/bad", test_build()));
	for (size_t i = 0; i < TEST_ROWS(bad); i++) {
		if (TEST_ASAN + TEST_TSAN && strstr(bad[i].words, "dies")) continue;
		const char *row = refusal(bad[i].name);
		ck_assert_msg(strstr(row, bad[i].words) != NULL, "%s\nnot: %s", row,
			      bad[i].words);
	}
}
END_TEST

START_TEST(one_that_is_asked_for_ends_in_one_line)
{
	const int status = test_program(output, sizeof output, "inspect layer %s --plugin-path "
					"'%s/tests/bad'", bad[_i].name, test_build());
	ck_assert_msg(status == 2, "%s: status %d, %s", bad[_i].name, status, output);
	if (TEST_ASAN + TEST_TSAN && strstr(bad[_i].words, "dies")) return;
	ck_assert_msg(strchr(output, '\n') == output + strlen(output) - 1, "%s", output);
	ck_assert_msg(strstr(output, bad[_i].words) != NULL, "%s", output);
}
END_TEST

/* -- files that are no whole shared object -- */

static const char *donor(void)
{
	return rnf_format("%s/plugins/layer/add.so", test_build());
}

static uint8_t *bytes_of(const char *path, size_t *n)
{
	FILE *file = fopen(path, "rb");
	ck_assert_ptr_nonnull(file);
	uint8_t *bytes = malloc(1 << 22);
	*n = fread(bytes, 1, 1 << 22, file);
	fclose(file);
	return bytes;
}

static void put(const char *path, const uint8_t *bytes, size_t n)
{
	FILE *file = fopen(path, "wb");
	ck_assert_ptr_nonnull(file);
	fwrite(bytes, 1, n, file);
	fclose(file);
}

static const char *layers(const char *name)
{
	const char *folder = rnf_strndup(test_folder(name), 500);
	test_shell("mkdir '%s/layer'", folder);
	return folder;
}

/* The last byte of an object belongs to its section table, so no cut goes unnoticed. */
START_TEST(every_cut_is_refused)
{
	const char *folder = layers("cut_plugins");
	size_t n;
	uint8_t *bytes = bytes_of(donor(), &n);
	for (size_t i = 0; i < PLACES; i++)
		put(rnf_format("%s/layer/cut_%zu.so", folder, i), bytes,
		    i < PLACES / 2 ? i * 8 : n - 1 - (PLACES - 1 - i) * n / PLACES);
	list(folder);
	for (size_t i = 0; i < PLACES; i++) {
		const char *row = refusal(rnf_format("cut_%zu", i));
		ck_assert_msg(strstr(row, i ? "file is truncated" : "it is empty") != NULL, "%s", row);
	}
	free(bytes);
}
END_TEST

START_TEST(every_changed_header_is_refused)
{
	const char *folder = layers("changed_plugins");
	size_t n;
	uint8_t *bytes = bytes_of(donor(), &n);
	for (size_t i = 0; i < sizeof(Elf64_Ehdr); i++) {
		bytes[i] ^= 0xff;
		put(rnf_format("%s/layer/changed_%zu.so", folder, i), bytes, n);
		bytes[i] ^= 0xff;
	}
	list(folder); /* those that load have another name inside */
	for (size_t i = 0; i < sizeof(Elf64_Ehdr); i++)
		refusal(rnf_format("changed_%zu", i));
	free(bytes);
}
END_TEST

static void check_elf(const char *path, const char *words)
{
	ck_assert_int_eq(rnf_elf_check(path), RNF_EINVAL);
	ck_assert_msg(strstr(rnf_fail_words(), words) && strstr(rnf_fail_words(), path),
		      "%s\nnot: %s", rnf_fail_words(), words);
}

START_TEST(other_files_say_what_they_are)
{
	const char *folder = rnf_strndup(test_folder("other_plugins"), 500);
	size_t n;
	uint8_t *bytes = bytes_of(donor(), &n);
	const char *file = rnf_format("%s/a.so", folder);
	ck_assert_msg(rnf_elf_check(donor()) == RNF_OK, "%s", rnf_fail_words());
	bytes[offsetof(Elf64_Ehdr, e_machine)] = EM_S390;
	put(file, bytes, n);
	check_elf(file, "it is built for s390 (64 bits), this program for ");
	bytes[EI_CLASS] = ELFCLASS32;
	put(file, bytes, n);
	check_elf(file, "it is built for s390 (32 bits)");
	put(file, (const uint8_t *)"int x;\n", 7);
	check_elf(file, "it is not a shared object (not an ELF file)");
	check_elf(folder, "it is a folder");
	test_shell("cd '%s' && mkfifo fifo && ln -s nowhere link", folder);
	check_elf(rnf_format("%s/fifo", folder), "it is a FIFO");
	check_elf(rnf_format("%s/link", folder), "it is a link to a file that is not there");
	check_elf("/dev/zero", "it is a device");
	free(bytes);
}
END_TEST

START_TEST(odd_files_do_not_stop_a_listing)
{
	const char *folder = layers("odd_plugins");
	test_shell("cd '%s/layer' && mkfifo fifo.so && ln -s nowhere link.so && mkdir folder.so && "
		   "echo text >text.so && ln -s /dev/zero device.so", folder);
	list(folder);
	refusal("fifo");
	refusal("link");
	refusal("folder");
	refusal("text");
	refusal("device");
}
END_TEST

/* -- files that anybody may have put there -- */

static const struct {
	const char *path; /* below the folder of plugins */
	const char *mode, *words;
} writable[] = {
	{ "layer/add.so", "666", "/layer/add.so is writable by everybody (mode 666)" },
	{ "layer", "777", "/layer is writable by everybody (mode 777)" },
	{ ".", "1777", " is writable by everybody (mode 1777), so its plugins may be anybody's" },
};

START_TEST(what_everybody_may_write_is_refused)
{
	const char *folder = layers("writable_plugins");
	test_shell("cp '%s' '%s/layer/' && chmod %s '%s/%s'", donor(), folder,
		   writable[_i].mode, folder, writable[_i].path);
	const int status = test_program(output, sizeof output, "inspect layer add --plugin-path "
					"'%s'", folder);
	ck_assert_msg(status == 2 && strstr(output, writable[_i].words), "%d: %s", status, output);
	const int run = test_program(output, sizeof output, "check synthetic.cfg "
				     "model.layers.stem.type=add --plugin-path '%s'", folder);
	ck_assert_msg(run == 2 && strstr(output, writable[_i].words), "%d: %s", run, output);
	test_shell("chmod -R go-w '%s'", folder);
	ck_assert_int_eq(test_program(output, sizeof output, "inspect layer add --plugin-path '%s'",
				      folder), 0);
}
END_TEST

/* A run loads a plugin in its own process. */
START_TEST(one_that_ends_the_program_ends_a_run_in_words)
{
	const int status = test_program(output, sizeof output, "check synthetic.cfg "
		"model.layers.stem.type=exit_load --plugin-path '%s/tests/bad'", test_build());
	ck_assert_msg(status == 5 && strstr(output, "rnframe: exit() in ") && strstr(output,
		      "/layer/exit_load.so, which is being loaded: a plugin must not end the program"),
		      "%d: %s", status, output);
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ a_listing_names_each_reason, 0 },
		{ one_that_is_asked_for_ends_in_one_line, TEST_ROWS(bad) },
		{ every_cut_is_refused, 0 }, { every_changed_header_is_refused, 0 },
		{ other_files_say_what_they_are, 0 }, { odd_files_do_not_stop_a_listing, 0 },
		{ what_everybody_may_write_is_refused, TEST_ROWS(writable) },
		{ one_that_ends_the_program_ends_a_run_in_words, 0 },
		{ NULL, 0 },
	};
	return test_run_cases("contract/bad_plugins", cases);
}
