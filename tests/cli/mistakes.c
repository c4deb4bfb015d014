/* What a user gets wrong: each command ends in one line on stderr (or one for each
 * mistake) that names the place and the remedy, exits with its status, and leaves nothing
 * on the disk. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/plugin.h"
#include "lib/program.h"
#include "lib/sanitizer.h"

/* The folder that the commands run in; $r is the program, $top the source tree. */
static const char prepare[] =
	": >empty.cfg; mkfifo fifo.cfg; mkdir folder.cfg none\n"
	"printf 'base = \"synthetic.cfg\";\\nname = \"a' >cut.cfg\n"
	"printf 'model = {\\n  act = \"relu\";\\n' >open.cfg; printf 'a\\0b' >zero.cfg\n"
	"printf '@include \"loop.cfg\"\\n' >loop.cfg; printf 'base = \"own.cfg\";\\n' >own.cfg\n"
	"printf 'seed = 1;\\nthreads = 1;\\nseed = 2;\\n' >twice.cfg\n"
	"head -c 1100000 /dev/zero | tr '\\0' ' ' >huge.cfg\n"
	"printf 'base = \"synthetic.cfg\";\\nthreads = 2 threads;\\n' >unit.cfg\n"
	"printf 'base = \"synthetic.cfg\";\\nseed = 1e3;\\n' >exponent.cfg\n"
	"printf 'base = \"synthetic.cfg\";\\nset = ( \"seed.x=1\", \"model.act=rellu\" );\\n"
	"seeds = 3;\\n' >badset.cfg\n"
	"mkdir -p sweep/lr=0.1; printf 'base = \"synthetic.cfg\";\\n' >lr=0.2.cfg; "
	"cp lr=0.2.cfg sweep/lr=0.1/conf.cfg\n"
	"mkdir -p python/cifar-10-batches-py; echo >python/cifar-10-batches-py/data_batch_1; "
	"tar czf python.tar.gz -C python cifar-10-batches-py\n"
	"printf 'base = \"synthetic.cfg\";\\nbackend = native;\\n' >bare.cfg\n"
	"printf 'seed = 1e999;\\n' >inf.cfg; printf 'seed = 99999999999999999999;\\n' >wide.cfg\n"
	"printf '@include \"nothing.cfg\"\\n' >include.cfg; printf 'base = \"synthetik.cfg\";\\n' >base.cfg\n"
	"printf 'set = ( \"seed=1\" );\\n' >set.cfg; printf 'x = 1;@include \"/\"\\n' >hidden.cfg\n"
	"printf 'base = \"synthetic.cfg\";\\ntrain = { epochs = 1; };\\n' >beside.cfg\n"
	"printf 'base = \"synthetic.cfg\";\\nset = ( \"seed\" );\\n' >noequals.cfg\n"
	"printf 'base = \"synthetic.cfg\";\\nset = (\\n  \"train.epoch=3\",\\n"
	"  \"model.act=rellu\",\\n  \"data.images=0\"\\n);\\nseeds = 3;\\n' >several.cfg\n"
	"printf 'base = \"synthetic.cfg\";\\nset = ( \"model.layers.stem.name=a\\tb\" );\\n' >tab.cfg\n"
	"printf 'base = \"synthetic.cfg\";\\nset = ( \"model.layers.stem.name=gr\\366n\" );\\n' "
	">latin1.cfg\n"
	"(echo 'base = \"synthetic.cfg\";'; seq -f 'key%g = 1;' 25) >many.cfg\n"
	"$r train synthetic.cfg train.callbacks.training_monitor.plot=false --out good "
	">/dev/null 2>&1\n"
	"head -c 4000 good/model.safetensors >cut.safetensors; : >none.safetensors\n"
	"printf '\\211HDF\\r\\n\\032\\nand no more' >cut.h5\n"
	"mkdir tables drawings; echo a >tables/table.md; echo '{}' >tables/study.json; "
	"echo a >drawings/study.svg\n"
	"mkdir own others drawn saved locked; echo notes >notes.txt; echo a >others/report.txt\n"
	"echo a >drawn/history.json; echo a >locked/lock; mkdir saved/checkpoints\n"
	"printf 'base = \"synthetic.cfg\";\\n' >own/conf.cfg\n"
	"cp good/model.safetensors saved/checkpoints/mine.safetensors\n"
	"mkdir cifar; for i in 1 2 3 4 5; do head -c 3073 /dev/zero >cifar/data_batch_$i.bin; done\n"
	"head -c 3000 /dev/zero >cifar/test_batch.bin\n";

/* Bad input, status 2, one line. */
static const struct { const char *command, *words; } mistakes[] = {
	/* files that are not confs */
	{ "check fifo.cfg", "fifo.cfg is not a regular file" },
	{ "check /dev/zero", "/dev/zero is not a regular file" },
	{ "check folder.cfg", "folder.cfg is a folder; a conf is a file" },
	{ "check zero.cfg", "zero.cfg is not text" },
	{ "check huge.cfg", "huge.cfg has 1100000 bytes, a conf at most 1048576" },
	{ "check cut.cfg", "cut.cfg:2: the file ends inside a string" },
	{ "check open.cfg", "open.cfg:1: this { is never closed" },
	{ "check good/model.safetensors", "model.safetensors is not text" },
	{ "check synthetik", "did you mean \"synthetic.cfg\"" },
	{ "train --conf nothing.cfg", "there is no conf nothing.cfg" },
	{ "check loop.cfg", "loop.cfg:1: includes are more than 16 deep: a file that includes" },
	{ "check own.cfg", "own.cfg:1: base: bases are more than 16 deep: a conf that is its" },
	{ "check include.cfg", "include.cfg:1: there is no conf nothing.cfg" },
	{ "check base.cfg", "base.cfg:1: base: there is no conf synthetik.cfg" },
	{ "check hidden.cfg", "hidden.cfg:1: an include must be alone on its line" },
	/* wrong contents */
	{ "check twice.cfg", "twice.cfg:3: duplicate key: \"seed\" is set at twice.cfg:1" },
	{ "check unit.cfg", "unit.cfg:2: syntax error: \"threads = 2 threads;\"" },
	{ "check bare.cfg", "bare.cfg:2: syntax error: \"backend = native;\"" },
	{ "check inf.cfg", "inf.cfg:1: 1e999 is too large" },
	{ "check wide.cfg", "wide.cfg:1: 99999999999999999999 does not fit into 64 bits" },
	{ "check set.cfg", "set.cfg:1: set: changes a `base`, and there is none" },
	{ "check beside.cfg", "beside.cfg:2: train: beside `base` stand only plain values" },
	{ "check noequals.cfg", "noequals.cfg:2: \"seed\": must be key.path=value" },
	/* keys */
	{ "train synthetic model.actt=relu", "--set: model.actt: model has no key \"actt\" (did "
	  "you mean \"act\"?)" },
	{ "train synthetic trian.epochs=2", "a conf has no key \"trian\" (did you mean \"train\"?)" },
	{ "train synthetic train.optimzer.lr=1", "(did you mean \"optimizer\"?)" },
	{ "train synthetic model.layers.99.name=x", "model.layers has 7 elements" },
	{ "train synthetic model.layers.stage3.repeat=2", "no element \"stage3\"; it has: stem" },
	{ "train synthetic train.callbacks.plot=false", "no element \"plot\"; it has: progress" },
	{ "train synthetic train.optimizer.lr", "train.optimizer.lr is one argument too many" },
	{ "train synthetic seed.x=1", "seed is a plain value, nothing is below it" },
	{ "train synthetic seed+=1", "seed is neither a list nor an element of one" },
	{ "train synthetic train.loss+=crossentropy", "train.loss is a list, must be the name of" },
	{ "train synthetic train.metrics=accuracy,top_k train.metrics.top_k.kk=3",
	  "metric.top_k has no key \"kk\"" },
	/* values and units */
	{ "train synthetic model.act=mishh", "did you mean \"mish\"" },
	{ "plan densenet40_k12 model.layers.stage1.stride=2", "stride is 2, must be 1: a transition "
	  "between two stages makes the image smaller" },
	{ "plan densenet40_k12 model.layers.stage1.repeat=1 model.layers.transition1.compression=0.02",
	  "compression is 0.02, which leaves none of 28 channels" },
	{ "train synthetic train.batch_size=0", "train.batch_size is 0, must be 1 .. 65536" },
	{ "train synthetic train.batch_size=128k", "must be a whole number, 1 .. 65536" },
	{ "train synthetic train.epochs=ten", "must be a whole number, 1 .. 1000000" },
	{ "train synthetic train.epochs=1.5", "train.epochs is \"1.5\", must be a whole number" },
	{ "train synthetic train.epochs=99999999999999999999", "must be a whole number" },
	{ "train synthetic seed=1e3", "seed is \"1e3\", must be a whole number, 0 .. "
	  "9007199254740992, without point and exponent: write 1000" },
	{ "check exponent.cfg", "exponent.cfg:2: seed is 1000, must be a whole number, 0 .. "
	  "9007199254740992, without point and exponent: write 1000" },
	{ "check synthetic model.initializer.type=constant model.initializer.value=-1e31",
	  "model.initializer.value is -1e+31, must be -1e+30 .. 1e+30" },
	{ "check synthetic train.metrics=accuracy,top_k train.metrics.top_k.k=10",
	  "--set: train.metrics[1]: k is 10, must be less than the 10 classes of the data" },
	{ "check synthetic train.metrics=accuracy train.metrics+=top_k data.classes=5",
	  "k is 5, must be less than the 5 classes" },
	{ "train synthetic train.shuffle=yes", "must be true or false" },
	{ "train synthetic train.optimizer.lr=fast", "lr is \"fast\", must be a number" },
	{ "train synthetic train.optimizer.lr=0,1", "lr is \"0,1\", must be a number" },
	{ "train synthetic train.optimizer.lr=1e999", "must be a number, 0 .. 100" },
	{ "train synthetic data.validation=10%", "must be a number, 0 .. 0.9" },
	{ "train synthetic seed=-1", "seed is -1, must be 0 .. 9007199254740992" },
	{ "train synthetic threads=5000", "threads is 5000, must be 0 .. 1024" },
	{ "train synthetic name=a/b", "must be a name without /" },
	/* a checkpoint could not hold them */
	{ "check tab.cfg", "tab.cfg:2: model.layers[0].name is \"a\\x09b\", must be a text without "
	  "control characters" },
	{ "check latin1.cfg", "latin1.cfg:2: model.layers[0].name is \"gr" },
	{ "train latin1.cfg", "must be a text in valid UTF-8" },
	{ "check synthetic model.layers.stem.name=snapshot/stem", "must be a name without /" },
	{ "plan synthetic precision=fp16", "precision is \"fp16\", must be \"fp32\" or \"bf16\"" },
	{ "train synthetic backend=cuda", "--set: backend: there is no backend \"cuda\"" },
	{ "train synthetic train.optimizer=adam", "there is no optimizer \"adam\"" },
	{ "train synthetic data.augment=[flip", "data.augment is \"[flip\", must be a list" },
	{ "check synthetic threads=1 data.augment=pad$(printf ',pad%.0s' $(seq 31)),crop "
	  "$(seq -f 'data.augment.%g.size=4096' 0 31)", "data.augment: the largest images on the "
	  "way, one a thread (of 1), take 1" },
	{ "train synthetic data.augment=flip,crap", "data.augment[1]: there is no augment \"crap\"" },
	{ "train synthetic train.metrics=top_k", "--set: train.metrics names none that gives the "
	  "accuracy of logs and results: add \"accuracy\"" },
	/* shapes and sizes */
	{ "train synthetic model.input=[8,8]", "--set: model.input: three numbers are height" },
	{ "train synthetic model.input=[8,8,1]", "model.input: 1 channels, the data has 3" },
	{ "train synthetic model.input=[16,16,3]", "come out of the augmentations as 10x10, but "
	  "the model takes 16x16" },
	{ "train synthetic model.layers.classifier.units=7", "gives 1 x 1 x 7 values, the data has "
	  "10 classes" },
	{ "train synthetic model.layers.pool.type=act", "put a global pool before it" },
	{ "check synthetic train.batch_size=65536 model.layers.stem.filters=4096",
	  "--set: train.batch_size: 65536 images take" },
	{ "check synthetic train.batch_size=65536 model.input=[65536,65536,3] "
	  "model.layers.stem.filters=15", "--set: train.batch_size: 65536 images take" },
	{ "check synthetic model.input=[65536,65536,3] model.layers.stem.filters=17",
	  "conv: its output would have 65536 x 65536 x 17 values, more than 2^36" },
	{ "check synthetic model.layers.stem.inputs=stem", "no earlier layer named \"stem\"" },
	/* windows and slices that do not fit the image */
	{ "check synthetic model.layers.stage1+=conv2d model.layers.conv2d.filters=8 "
	  "model.layers.conv2d.dilation=9 model.layers.conv2d.border=reflect",
	  "layer conv2d1: border is \"reflect\": the windows reach 9 rows over the edge, must be at "
	  "most 7 where the input has 8" },
	{ "check synthetic model.layers.stage1+=conv2d model.layers.conv2d.filters=8 "
	  "model.layers.conv2d.dilation=4 model.layers.conv2d.padding=valid",
	  "layer conv2d1: kernel is 3 and dilation 4, which span 9 pixels: these must fit into the "
	  "8 x 8 input when padding is \"valid\"" },
	{ "check synthetic model.layers.stage1+=conv2d model.layers.conv2d.filters=8 "
	  "model.layers.conv2d.dilation=65", "dilation is 65, must be 1 .. 64" },
	{ "check synthetic model.layers.stage1+=slice model.layers.slice.from=6 "
	  "model.layers.slice.channels=4", "layer slice1: channels is 4, must be at most 2: the input "
	  "has 8, from is 6" },
	/* lists that fit nothing */
	{ "check synthetic data.augment.normalize.mean=[0.5,0.5]", "--set: data.augment[3]: mean has "
	  "2 values, must have 1 or one a channel: the images have 3 channels" },
	{ "train synthetic data.augment.normalize.std=[1,1,1,1]", "std has 4 values, must have 1 or" },
	{ "check synthetic data.channels=1 data.augment.normalize.mean=[0.5,0.5,0.5] "
	  "data.augment.normalize.std=[1]", "mean has 3 values, must have 1: the images have 1" },
	{ "train synthetic train.scheduler.type=step train.scheduler.boundaries=[2,1]", "--set: "
	  "train.scheduler: boundaries[1] is 1, must be above the one before, 2" },
	{ "check synthetic train.scheduler.type=step train.scheduler.boundaries=[1,1]",
	  "boundaries[1] is 1, must be above the one before, 1" },
	/* data */
	{ "train xresnet20 data.path=none/no", "data.path: the data of cifar10 was not found" },
	{ "train xresnet20 data.path=none", "get it by: rnframe fetch cifar10" },
	{ "train xresnet20 data.path=fifo.cfg", "fifo.cfg (no folder and no file)" },
	{ "train xresnet20 data.path=many.cfg", "many.cfg: no plugin of kind archive can unpack it" },
	{ "train xresnet20 data.path=cifar", "test_batch.bin" },
	{ "train xresnet20 data.path=cifar/data_batch_1.bin", "cifar/data_batch_1.bin is one of the 6 "
	  "files of the data set: name the folder that has them all" },
	{ "train xresnet20 data.path=python", "python/cifar-10-batches-py is of the Python version of "
	  "CIFAR-10 (pickles), which is not read; cifar10 reads data_batch_1.bin, " },
	{ "train xresnet20 data.path=python/cifar-10-batches-py/", "python/cifar-10-batches-py is of "
	  "the Python version" },
	{ "train xresnet20 data.path=python/cifar-10-batches-py/data_batch_1", "rnframe fetch cifar10" },
	{ "train xresnet20 data.path=python.tar.gz", "python.tar.gz/data_batch_1 is of the Python" },
	{ "train quickstart data.path=cifar", "the data of fashion_mnist was not found" },
	/* weights */
	{ "eval synthetic --weights good", "good is a folder, must be a file of weights" },
	{ "eval synthetic --weights fifo.cfg", "fifo.cfg is not a regular file" },
	{ "eval synthetic --weights nothing.h5", "nothing.h5: No such file" },
	{ "eval synthetic --weights none.safetensors", "none.safetensors: " },
	{ "eval synthetic --weights cut.safetensors", "cut.safetensors: file is truncated: 4,000 of" },
	{ "eval synthetic --weights cut.h5", "cut.h5" },
	{ "eval synthetic --weights $top/README.md", "README.md: no format plugin knows this" },
	{ "eval synthetic --weights good/model.safetensors data.classes=7",
	  "shape: classifier/kernel is 32 x 10 in the file, 32 x 7 in the model" },
	{ "eval synthetic --weights $top/tests/golden/se_mxresnet20_published_after20.safetensors",
	  "shape" },
	{ "eval xresnet20 data.type=synthetic --weights "
	  "$top/tests/golden/se_mxresnet20_published_after20.safetensors", "unexpected" },
	{ "check synthetic --weights cut.safetensors", "cut.safetensors: file is truncated" },
	{ "eval synthetic --weights good/model.safetensors --split tests", "--split is \"tests\", "
	  "must be test, validation or train" },
	{ "eval synthetic --weights good/model.safetensors --split validation data.validation=0",
	  "the validation split has no images" },
	/* where the results go */
	{ "train synthetic --out good", "good holds a run already: choose another --out" },
	{ "eval synthetic --weights good/model.safetensors --json a --probs a", "name one file: a" },
	{ "eval synthetic --weights good/model.safetensors --json a --probs ./a", "name one file: ./a" },
	{ "eval synthetic --weights good/model.safetensors --json good/model.safetensors",
	  "--weights and --json name one file" },
	{ "eval synthetic --weights good/model.safetensors --probs good/../good/model.safetensors",
	  "--weights and --probs name one file" },
	{ "eval own/conf.cfg --weights good/model.safetensors --json own/conf.cfg",
	  "the conf and --json name one file" },
	{ "profile own/conf.cfg --json own/conf.cfg", "the conf and --json name one file" },
	{ "train own/conf.cfg --out own", "own/conf.cfg is not a file of a run" },
	{ "train synthetic --out others", "others/report.txt is not a file of a run" },
	{ "train synthetic --out drawn", "drawn/history.json is not a file of a run" },
	{ "train synthetic --out saved", "saved/checkpoints/mine.safetensors is not a file of a run" },
	{ "train synthetic --out locked", "locked/lock is not the lock of a run" },
	{ "train synthetic --out new --log notes.txt", "notes.txt is not a log of steps" },
	{ "train synthetic --resume good/checkpoints/best.safetensors --log notes.txt",
	  "notes.txt is not a log of steps" },
	{ "train synthetic --resume good/checkpoints/best.safetensors --log ./good/steps.jsonl",
	  "good/steps.jsonl is the run's own log" },
	{ "train synthetic --resume good/checkpoints/best.safetensors --log "
	  "good/checkpoints/best.safetensors", "--resume and --log name one file" },
	{ "train synthetic --out new$(yes /. | head -2028 | tr -d '\n')",
	  "--out is a path of 4059 bytes, must be of at most 3776" },
	{ "train synthetic --resume none.pt --out new", "--resume none.pt: there is no such" },
	{ "train synthetic --extend 3", "--extend goes with --resume" },
	{ "fetch cifar", "there is no dataset \"cifar\" (did you mean \"cifar10\"?)" },
	{ "fetch synthetic", "synthetic has nothing to download" },
	/* verbs */
	{ "trian synthetic", "unknown verb trian (did you mean train?)" },
	{ "--conf synthetic plan", "the verb comes first: rnframe plan" },
	{ "train.epochs=1 --out=plan eval", "the verb comes first: rnframe eval" },
	{ "train train.epochs=1", "train needs a conf" },
	{ "check", "check needs a conf" },
	{ "profile", "profile needs a conf" },
	{ "fetch", "fetch needs the name of a data set" },
	{ "eval", "eval needs a run folder, a file of weights with a conf inside, or a conf and" },
	{ "eval synthetic", "synthetic: there is no such run folder or file of weights" },
	{ "inspect layr", "did you mean \"layer\"" },
	{ "inspect layr conv2d", "(did you mean \"layer\"?); the kinds are activation, archive, augment, " },
	{ "inspect layer.conv3d", "did you mean \"conv2d\"" },
	/* words left over */
	{ "plan synthetic quickstart", "quickstart is one argument too many" },
	{ "plan synthetic --conf quickstart", "the conf is given twice" },
	{ "confs extra", "extra" },
	{ "help extra", "extra" },
	{ "--version foo", "foo" },
	{ "inspect layer conv2d extra", "extra is one argument too many" },
	{ "inspect layer x=y", "there is no layer \"x=y\"" },
	{ "verify lr=0.1", "lr=0.1 is not a run folder" },
	{ "verify none/lr=0.1,seed=3", "none/lr=0.1,seed=3 is not a run folder" },
	{ "fetch a=b", "there is no dataset \"a=b\"" },
	{ "train none/lr=0.1/conf.cfg", "there is no conf none/lr=0.1/conf.cfg" },
	{ "train sweep/lr=0.1/conf.cfg seed=-1", "seed is -1, must be" },
	{ "train lr=0.2.cfg seed=-1", "seed is -1, must be" },
	{ "confs --set x=y", "confs does not take --set" },
	/* verbs that look at runs, and studies */
	{ "runs lr=0.1", "lr=0.1: No such file or directory" },
	{ "runs good --out x", "runs does not take --out" },
	{ "runs good --json=x", "--json takes no value" },
	{ "diff none/lr=0.1 synthetic.cfg", "there is no conf none/lr=0.1" },
	{ "diff synthetic.cfg fifo.cfg", "fifo.cfg is not a regular file" },
	{ "compare good none/lr=0.1", "none/lr=0.1: No such file or directory" },
	{ "compare good --set a=b", "compare does not take --set" },
	{ "study study/quick.cfg --json a", "study does not take --json; usage: rnframe study STUDY "
	  "[key.path=value]... [--arm NAME]... [--seeds 1..3] [--out DIR] [--jobs N] [--budget" },
	{ "study none/lr=0.1/a.cfg", "there is no conf none/lr=0.1/a.cfg" },
	{ "study synthetic.cfg --vary train.optimizer.lr=lin:0:1:999 --seeds 1..1000",
	  "999 arms with 1000 seeds each are more than 100000 runs" },
	{ "study synthetic.cfg --seeds 1 --out tables", "tables/study.json is not a file of a study: choose "
	  "another --out" },
	{ "study synthetic.cfg --seeds 1 --out drawings", "drawings/study.svg is not a file of a study" },
	/* options that the verb does not take */
	{ "train synthetic --sett a=b", "unknown option --sett (did you mean --set?)" },
	{ "plan synthetic --weights a", "plan does not take --weights; usage: rnframe plan CONF" },
	{ "plan synthetic --log a", "does not take --log" },
	{ "plan synthetic --out a", "does not take --out" },
	{ "plan synthetic --json=a", "--json takes no value" },
	{ "plan synthetic --json --phases", "plan takes --phases or --json, not both" },
	{ "plan synthetic --svg", "--svg needs a value" },
	{ "eval synthetic --weights a --out b", "does not take --out" },
	{ "train synthetic --split test", "does not take --split" },
	{ "train synthetic --steps 3", "train does not take --steps" },
	{ "train synthetic --origin", "train does not take --origin" },
	{ "fetch cifar10 --weight a", "unknown option --weight" },
	{ "profile synthetic --out a", "profile does not take --out" },
	/* their values */
	{ "profile synthetic --mode test", "--mode is \"test\", must be train or inference" },
	{ "profile synthetic --steps 0", "--steps is \"0\", must be a number of 1 .. " },
	{ "profile synthetic --steps 3x", "--steps is \"3x\"" },
	{ "profile synthetic --steps 99999999999999999999", "--steps is" },
	{ "profile synthetic --steps ''", "--steps is empty" },
	{ "check synthetic --origin=yes", "--origin takes no value" },
	{ "check synthetic --origin --origin", "--origin is given twice" },
	{ "plan --conf synthetic --conf quickstart", "--conf is given twice: synthetic and quickstart" },
	{ "train synthetic --out a --out=a", "--out is given twice" },
	{ "eval synthetic --weights a --weights b", "--weights is given twice" },
	{ "train synthetic --out ''", "--out is empty" },
	{ "eval synthetic --weights=", "--weights is empty" },
	{ "fetch cifar10 --mirror ''", "--mirror is empty" },
	{ "--conf ''", "--conf is empty" },
	{ "plan synthetic --set ''", "--set is empty" },
	{ "plan ''", "an argument is empty" },
	{ "train synthetic --out", "--out needs a value" },
	{ "train --conf --out a", "--conf needs a value" },
};

/* Several mistakes at once, and storage that fails. */
static const struct {
	const char *command, *words;
	int status, lines;
	int leaves; /* a folder `new`: the disk failed when it was made already */
} others[] = {
	{ "check empty.cfg", "empty.cfg: a conf needs \"data\"", 2, 4, 0 },
	{ "check several.cfg", "several.cfg:7: seeds: a conf has no key \"seeds\" (did you mean "
	  "\"seed\"?)", 2, 4, 0 },
	{ "check several.cfg", "several.cfg:4: model.act: there is no activation or layer "
	  "\"rellu\" (did you mean \"relu\"?)", 2, 4, 0 },
	{ "check many.cfg", "rnframe: and 5 more", 2, 21, 0 },
	{ "check badset.cfg", "badset.cfg:2: \"seed.x=1\": seed is a plain value", 2, 3, 0 },
	{ "check badset.cfg", "badset.cfg:3: seeds: a conf has no key \"seeds\"", 2, 3, 0 },
	{ "train synthetic data.colour=1 data.images=0", "data.colour: dataset.synthetic has "
	  "no key", 2, 2, 0 },
	{ "check xresnet20 data.path=none model.layers.classifier.units=9",
	  "the data has 10 classes\n", 2, 2, 0 },
	{ "train synthetic --out empty.cfg", "empty.cfg", 3, 1, 0 },
	{ "train synthetic --out empty.cfg/run", "empty.cfg/run: Not a directory; --out DIR is another "
	  "folder for the run", 3, 1, 0 },
	{ "train synthetic --out /proc/run", "/proc/run: No such file or directory", 3, 1, 0 },
	{ "study synthetic.cfg --seeds 1 --out /proc/study", "/proc/study: No such file or directory; "
	  "--out DIR is another folder for the study", 3, 1, 0 },
	{ "eval synthetic --weights good/model.safetensors --json none", "none: Is a directory", 3, 1, 0 },
	{ "eval synthetic --weights good/model.safetensors --json no/a.json", "no/a.json: No such", 3, 1, 0 },
	{ "eval synthetic --weights good/model.safetensors --probs no/a.npy", "no/a.npy: No such", 3, 1, 0 },
	{ "eval synthetic --weights good/model.safetensors --probs /dev/full", "No space left", 3, 1, 0 },
	{ "profile synthetic --steps 1 --json no/a.json", "no/a.json: No such", 3, 1, 0 },
	{ "train synthetic --out new --log no/a.jsonl", "no/a.jsonl: No such", 3, 1, 0 },
	{ "train synthetic --out new --log none", "none: Is a directory", 3, 1, 0 },
	{ "profile synthetic --steps 1 --json /dev/full", "/dev/full: No space left", 3, 1, 0 },
	{ "train synthetic --out new", "new/checkpoints/probe: cannot write: File too large", 3, 1, 1 },
	{ "fetch cifar10 --mirror none --out empty.cfg", "empty.cfg", 3, 1, 0 },
	{ "fetch cifar10 --mirror none --out empty.cfg/a", "empty.cfg/a: Not a directory; --out DIR is "
	  "another folder for the files", 3, 1, 0 },
};

static char top[PATH_MAX], folder[1024];

/* Names of all that lies in the folder, sizes of files. */
static void look(char *out, size_t size)
{
	test_command(out, size, "cd %s && find . -type d -printf '%%p\\n' -o -printf '%%p %%s\\n' "
		     "| sort", folder);
}

static int lines(const char *text)
{
	int n = 0;
	for (; *text; text++) n += *text == '\n';
	return n;
}

/* stderr into `out`; the folder must be unchanged, except for `left`. */
static int run(const char *limit, const char *command, const char *left, char *out, size_t size)
{
	static char before[1 << 14], after[1 << 14];
	look(before, sizeof before);
	const int status = test_command(out, size, "top=%s; r=%s/%s/rnframe; cd %s; %s "
		"timeout 60 $r %s 2>&1 >/dev/null", top, top, test_build(), folder, limit, command);
	if (left) test_shell("cd %s; rm -r %s", folder, left);
	look(after, sizeof after);
	ck_assert_msg(!strcmp(before, after), "%s: left behind: %.2000s", command, after);
	return status;
}

static char out[1 << 14];

/* For later tests. */
START_TEST(files_are_prepared)
{
	test_folder("mistakes");
	test_shell("set -e; r=%s/%s/rnframe; cd %s; %s", top, test_build(), folder, prepare);
}
END_TEST

START_TEST(a_mistake_ends_in_one_clear_line)
{
	const char *command = mistakes[_i].command;
	const int status = run("", command, NULL, out, sizeof out);
	ck_assert_msg(status == 2, "%s: status %d: %.2000s", command, status, out);
	ck_assert_msg(strstr(out, mistakes[_i].words) != NULL, "%s: %.2000s", command, out);
	ck_assert_msg(lines(out) == 1, "%s: %.2000s", command, out);
}
END_TEST

START_TEST(several_mistakes_and_failing_storage)
{
	const char *command = others[_i].command;
	const int leaves = others[_i].leaves;
	if (leaves && TEST_TSAN) {
		puts("skipped: ThreadSanitizer itself writes larger files");
		return;
	}
	const int status = run(leaves ? "ulimit -f 4;" : "", command, leaves ? "new" : NULL, out,
			       sizeof out);
	ck_assert_msg(status == others[_i].status, "%s: status %d: %.2000s", command, status, out);
	ck_assert_msg(strstr(out, others[_i].words) != NULL, "%s: %.2000s", command, out);
	ck_assert_msg(lines(out) == others[_i].lines, "%s: %.2000s", command, out);
}
END_TEST

int main(void)
{
	const struct test_case cases[] = {
		{ files_are_prepared, 0 },
		{ a_mistake_ends_in_one_clear_line, TEST_ROWS(mistakes) },
		{ several_mistakes_and_failing_storage, TEST_ROWS(others) },
		{ NULL, 0 },
	};
	if (!getcwd(top, sizeof top)) return 1;
	snprintf(folder, sizeof folder, "%s/tests/tmp/mistakes", test_build());
	return test_run_cases("mistakes", cases);
}
