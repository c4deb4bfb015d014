"""The Python module beside the program: library.py PROGRAM FOLDER."""
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import rnframe

program, folder = sys.argv[1:]


def refused(kind, words, call):
    try:
        call()
    except kind as error:
        assert words in str(error), error
        return error
    raise AssertionError("not refused: " + words)


def with_conf(path, conf, to):
    """The model with another conf inside, which its digest does not know."""
    with open(path, "rb") as file:
        head = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        tensors = file.read()
    del head["__metadata__"]["rnframe.digest"]
    head["__metadata__"]["rnframe.conf"] = conf
    text = json.dumps(head).encode()
    with open(to, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text + tensors)
    return to


random = np.random.default_rng(1)
images = random.integers(0, 256, (150, 8, 8, 3), np.uint8)
for name, part in (("X", images), ("X_test", images)):
    np.save("%s/%s.npy" % (folder, name), part)
for name in ("y", "y_test"):
    np.save("%s/%s.npy" % (folder, name), np.arange(150) % 10)
run = folder + "/run"
subprocess.run([program, "train", "synthetic.cfg", "data.type=npy", "data.path=" + folder,
                "train.pictures=false", "--out", run], check=True, capture_output=True)
subprocess.run([program, "eval", run, "--split", "test", "--probs", folder + "/probs.npy"],
               check=True, capture_output=True)
want = np.load(folder + "/probs.npy")

with rnframe.Model.open(run + "/model.safetensors") as model:
    assert model.classes_ == [str(i) for i in range(10)], model.classes_
    for threads in (None, 1, 2, 5):
        got = model.predict_proba(images, threads)
        assert got.dtype == np.float32 and got.tobytes() == want.tobytes(), threads
    assert (model.predict(images) == want.argmax(1)).all()
    assert model.predict_proba(images[7]).tobytes() == want[7:8].tobytes()
    assert model.predict_proba(images[::-3]).tobytes() == want[::-3].tobytes()
    assert model.predict(images[:0]).shape == (0,)
    assert model.predict_proba(images[:, :, :, :1]).shape == (150, 10)
    with ThreadPoolExecutor(4) as pool:
        for got in pool.map(lambda i: model.predict_proba(images[i:i + 9]), range(100)):
            assert got.shape == (9, 10)
    refused(TypeError, "uint8", lambda: model.predict(images / 255))
    refused(ValueError, "(n, height, width, channels)", lambda: model.predict(images[0, 0]))
    refused(rnframe.Error, "2 channels", lambda: model.predict(images[:, :, :, :2]))
    refused(ValueError, "threads is 0", lambda: model.predict(images, 0))
refused(ValueError, "closed", lambda: model.predict(images))
model.close()
assert refused(rnframe.Error, "no such file", lambda: rnframe.Model.open("none")).status == -3
refused(ValueError, "NUL", lambda: rnframe.Model.open("a\0b"))

# Mistakes that the message has no room for are left out by whole lines.
mistakes = ["%s = 1;" % (chr(97 + i) * 200) for i in range(20)]
message = str(refused(rnframe.Error, "aaa", lambda: rnframe.Model.open(with_conf(
    run + "/model.safetensors", "\n".join(mistakes), folder + "/mistakes.safetensors"))))
assert message.count("\n") > 3, message
assert len({line[-9:] for line in message.split("\n")}) == 1, message

# A library that the environment names and that is not there.
child = subprocess.run([sys.executable, "-B", "-c", "import rnframe"], capture_output=True, text=True,
                       env={**os.environ, "RNFRAME_LIBRARY": folder + "/none.so"}, check=False)
assert "ImportError" in child.stderr and "none.so: there is no such file" in child.stderr, child.stderr

history = rnframe.history(run)
assert history["epochs"]["epoch"].tolist() == [1, 2], history["epochs"]
assert history["epochs"]["train_loss"].dtype == np.float64
assert len(history["steps"]["loss"]) == history["epochs"]["step"][-1]
for name in ("epochs.csv", "steps.jsonl"):  # their last lines are being written
    with open(run + "/" + name, "r+b") as file:
        file.truncate(os.path.getsize(file.name) - 9)
history = rnframe.history(run)
assert history["epochs"]["epoch"].tolist() == [1], history["epochs"]
assert len(history["steps"]["loss"]) > 3
refused(FileNotFoundError, "no run folder", lambda: rnframe.history(folder + "/none"))
