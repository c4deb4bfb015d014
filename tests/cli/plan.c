/* rnframe plan: the table of layers, the same as JSON, the picture of the graph. Python reads
 * what others would read: json, and xml.etree. */
#include <stdio.h>
#include <string.h>

#include "lib/said.h"

static void python(const char *folder, const char *script)
{
	FILE *f = fopen(rnf_format("%s/a.py", folder), "w");
	ck_assert_ptr_nonnull(f);
	fputs(script, f);
	fclose(f);
	const int status = test_command(out, sizeof out, "cd '%s' && python3 -B a.py 2>&1", folder);
	ck_assert_msg(status == 0, "%s", out);
}

/* 4704 = 2 * 2304 (3x3, 16 to 16) + 2 * 32 (norms) + 2 * 16 (squeeze-excite), times 3. */
START_TEST(a_row_for_each_layer)
{
	run(0, "plan se_mxresnet20.cfg");
	has("layer            type         output        parameters      %        M MAC      %\n"
	    "input                         32 x 32 x 3\n"
	    "stem             cifar        32 x 32 x 16         432    0.2        0.442    1.1\n"
	    "stage1           stage        32 x 32 x 16       14112    5.1       14.156   34.7\n"
	    "  res_block1 x3  basic        32 x 32 x 16       14112    5.1       14.156   34.7\n"
	    "stage2           stage        16 x 16 x 32 ");
	has("\n  res_block1     basic        16 x 16 x 32       14624    5.3        3.670    9.0\n"
	    "  res_block2 x2  basic        16 x 16 x 32       37376   13.6        9.437   23.1\n");
	has("\nclassifier       dense        1 x 1 x 10          1290    0.5        0.001    0.0\n"
	    "total                                           275130  100.0       40.816  100.0\n");
	has("\ntraining: 39 phases, ");
	ck_assert_ptr_null(strstr(out, "phase 0"));
}
END_TEST

/* Columns are counted, not bytes. */
START_TEST(names_of_any_letters_stay_in_line)
{
	run(0, "plan synthetic.cfg model.layers.stem.name=gr\xc3\xbcn");
	has("\ngr\xc3\xbcn          cifar ");
	run(0, "plan synthetic.cfg model.layers.stem.name=green");
	has("\ngreen         cifar ");
}
END_TEST

START_TEST(phases_follow_when_asked_for)
{
	run(0, "plan synthetic.cfg --phases");
	has("\ntotal ");
	has("\nphase 0: ");
	has("\ntraining: ");
}
END_TEST

/* Every block has a row of its own, and what is inside adds up. */
START_TEST(json_adds_up)
{
	const char *dir = test_folder("plan");
	test_shell("%s/rnframe plan densenet40_k12.cfg --json >%s/a.json", test_build(), dir);
	python(dir, "import json\n"
	       "plan = json.load(open('a.json'))\n"
	       "for key in 'parameters', 'macs':\n"
	       "    assert sum(l[key] for l in plan['layers']) == plan[key]\n"
	       "    for l in plan['layers']:\n"
	       "        assert l[key] == sum(b[key] for b in l.get('blocks', [l]))\n"
	       "assert plan['parameters'] == 1019722\n"
	       "assert plan['layers'][-1]['output'] == [1, 1, 10]\n"
	       "assert [len(l['blocks']) for l in plan['layers'] if 'blocks' in l] == [12] * 3\n"
	       "assert plan['training']['phases'] > plan['inference']['phases'] >= 1\n");
}
END_TEST

/* Beside the same model with everything trained. */
START_TEST(what_freezing_saves)
{
	const char *dir = test_folder("plan");
	test_shell("%s/rnframe plan synthetic.cfg --json >%s/every.json", test_build(), dir);
	test_shell("%s/rnframe plan synthetic.cfg 'train.freeze=[\"stem\"]' --json >%s/some.json",
		   test_build(), dir);
	run(0, "plan synthetic.cfg 'train.freeze=[\"stem\"]'");
	test_shell("cat >%s/said <<'E'\n%s\nE", dir, out);
	python(dir, "import json\n"
	       "plan = json.load(open('some.json'))\n"
	       "some, every = plan['training'], json.load(open('every.json'))['training']\n"
	       "said = [line for line in open('said') if line.startswith('frozen: ')][0]\n"
	       "assert f\"takes {some['phases']} phases, {some['tasks']} tasks and \" in said, said\n"
	       "assert 2 < float(said.split(' M MAC')[0].split()[-1]) * 1e6 / plan['macs'] < 3, said\n"
	       "assert f\"without train.freeze {every['phases']}, {every['tasks']} and\" in said, said\n"
	       "assert some['tasks'] < every['tasks']\n");
}
END_TEST

/* Layers that overlap, or stand outside of the page, or above what they read. */
#define LOOK "import glob, xml.etree.ElementTree as tree\n" \
	"S = '{http://www.w3.org/2000/svg}'\n" \
	"def boxes(svg, frames):\n" \
	"    return [[float(r.get(k)) for k in ('x', 'y', 'width', 'height')]\n" \
	"            for r in svg.iter(S + 'rect')\n" \
	"            if r.get('class') and (r.get('class') == 'frame') == frames]\n" \
	"def apart(a, b):\n" \
	"    return any(p[i] + p[i + 2] < q[i] for p, q in ((a, b), (b, a)) for i in (0, 1))\n" \
	"def inside(a, b):\n" \
	"    return all(b[i] < a[i] and a[i] + a[i + 2] < b[i] + b[i + 2] for i in (0, 1))\n" \
	"for name in glob.glob('*.svg'):\n" \
	"    svg = tree.parse(name).getroot()\n" \
	"    page = [0, 0, float(svg.get('width')), float(svg.get('height'))]\n" \
	"    layers, frames = boxes(svg, False), boxes(svg, True)\n" \
	"    assert 8 <= len(layers) <= 100, (name, len(layers))\n" \
	"    for i, a in enumerate(layers):\n" \
	"        assert inside(a, page), (name, a)\n" \
	"        for b in layers[:i]: assert apart(a, b), (name, a, b)\n" \
	"        for b in frames: assert apart(a, b) or inside(a, b), (name, a, b)\n" \
	"    for i, a in enumerate(frames):\n" \
	"        assert inside(a, page), (name, a)\n" \
	"        for b in frames[:i]: assert apart(a, b) or inside(a, b) or inside(b, a), (name, a, b)\n"

START_TEST(pictures_of_all_families)
{
	static const char *const confs[] = {
		"se_mxresnet20", "convnext_pico_cifar", "densenet40_k12", "mobilenetv2_small",
		"pyramidnet20", "se_mxresnext83_16x2d", "wrn16_4", "resnet20_gn", "synthetic_dropout",
	};
	const char *dir = test_folder("plan");
	for (size_t i = 0; i < sizeof confs / sizeof *confs; i++)
		test_shell("%s/rnframe plan %s.cfg --svg %s/%s.svg >/dev/null", test_build(), confs[i],
			   dir, confs[i]);
	python(dir, LOOK "    shapes = [t.text for t in svg.iter(S + 'text') if t.get('class') == 'shape']\n"
	       "    assert len(shapes) >= len(layers) - 1, name\n");
}
END_TEST

/* Branches side by side, shortcuts past blocks, names that XML and columns have no room for. */
START_TEST(a_graph_with_branches)
{
	const char *dir = test_folder("plan");
	FILE *f = fopen(rnf_format("%s/a.cfg", dir), "w");
	ck_assert_ptr_nonnull(f);
	fputs("name = \"a <&\\\"> \xc3\xa4 ]]>\";\n@include \"train/run.cfg\"\n"
	      "@include \"data/synthetic.cfg\"\n@include \"train/short.cfg\"\n"
	      "model = { norm = \"batchnorm\"; act = \"relu\"; layers = (\n"
	      "{ type = \"conv2d\"; name = \"down\"; filters = 8; kernel = 3; },\n"
	      "{ type = \"maxpool\"; name = \"pool1\"; size = 2; stride = 2; },\n"
	      "{ type = \"stage\"; name = \"mid\"; repeat = 3;\n"
	      "  block = { type = \"basic\"; filters = 8; }; },\n"
	      "{ type = \"upsample\"; name = \"up\"; },\n"
	      "{ type = \"concat\"; name = \"join\"; inputs = [\"up\", \"down\"]; },\n"
	      "{ type = \"conv2d\"; name = \"a1\"; inputs = [\"join\"]; filters = 8; kernel = 3; },\n"
	      "{ type = \"conv2d\"; name = \"a2\"; inputs = [\"join\"]; filters = 8; kernel = 1; },\n"
	      "{ type = \"conv2d\"; name = \"a3_with_a_name_that_is_longer_than_its_box\";\n"
	      "  inputs = [\"join\"]; filters = 8; kernel = 5; },\n"
	      "{ type = \"dropout\"; name = \"a4\"; },\n"
	      "{ type = \"concat\"; name = \"all\";\n  inputs = [\"a1\", \"a2\", \"a4\", \"join\"]; },\n"
	      "{ type = \"global_avgpool\"; name = \"pool\"; },\n"
	      "{ type = \"dense\"; name = \"classifier\"; } ); };\n", f);
	fclose(f);
	test_shell("%s/rnframe plan %s/a.cfg --svg %s/a.svg >/dev/null", test_build(), dir, dir);
	python(dir, LOOK
	       "    texts = [t.text for t in svg.iter(S + 'text')]\n"
	       "    assert 'a <&\"> \\u00e4 ]]>' in texts and 'res_block1 \\u00d73  basic' in texts, texts\n"
	       "    assert any(t.startswith('a3_with_a') and t.endswith('\\u2026') for t in texts), texts\n"
	       "    assert len({b[0] for b in layers}) == 3, layers # columns\n"
	       "    lanes = [p for p in svg.iter(S + 'path') if ' C' in p.get('d')]\n"
	       "    assert len(lanes) == 3, len(lanes) # to the sum of mid, to join, to all\n");
}
END_TEST

/* More branches than columns: the last column takes the rest. Each branch has two readers. */
START_TEST(more_branches_than_columns)
{
	const char *dir = test_folder("plan");
	FILE *f = fopen(rnf_format("%s/a.cfg", dir), "w");
	ck_assert_ptr_nonnull(f);
	fputs("name = \"wide\";\n@include \"train/run.cfg\"\n@include \"data/synthetic.cfg\"\n"
	      "@include \"train/short.cfg\"\nmodel = { norm = \"batchnorm\"; act = \"relu\"; layers = (\n"
	      "{ type = \"conv2d\"; name = \"x\"; filters = 8; kernel = 1; },\n", f);
	for (int i = 0; i < 30; i++)
		fprintf(f, "{ type = \"conv2d\"; name = \"a%d\"; inputs = [\"x\"]; filters = 8; },\n"
			"{ type = \"maxpool\"; name = \"b%d\"; size = 2; },\n"
			"{ type = \"avgpool\"; name = \"c%d\"; inputs = [\"a%d\"]; size = 2; },\n",
			i, i, i, i);
	fputs("{ type = \"concat\"; name = \"all\"; inputs = [\"b0\"", f);
	for (int i = 1; i < 60; i++)
		fprintf(f, ", \"%c%d\"", "bc"[i & 1], i / 2);
	fputs("]; },\n{ type = \"global_avgpool\"; name = \"pool\"; },\n"
	      "{ type = \"dense\"; name = \"classifier\"; } ); };\n", f);
	fclose(f);
	test_shell("%s/rnframe plan %s/a.cfg --svg %s/a.svg >/dev/null", test_build(), dir, dir);
	python(dir, "import xml.etree.ElementTree as tree\n"
	       "boxes = [r.get('x') for r in tree.parse('a.svg').iter() if r.get('class')\n"
	       "         and r.tag.endswith('rect') and r.get('class') != 'frame']\n"
	       "assert len(boxes) == 95, len(boxes)\n"
	       "assert len(set(boxes)) == 24, len(set(boxes))\n");
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ a_row_for_each_layer, 0 },
		{ names_of_any_letters_stay_in_line, 0 },
		{ phases_follow_when_asked_for, 0 },
		{ json_adds_up, 0 },
		{ what_freezing_saves, 0 },
		{ pictures_of_all_families, 0 },
		{ a_graph_with_branches, 0 },
		{ more_branches_than_columns, 0 },
		{ NULL, 0 },
	};
	return test_run_cases("plan", cases);
}
