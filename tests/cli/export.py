"""Reads what `rnframe export` writes: an ONNX reader of its own in plain Python and, where they
are installed, onnx and onnxruntime.
  export.py data DIR                      a CIFAR-10 of a few images
  export.py text IN OUT KEY VALUE         a safetensors file whose text KEY is VALUE, undigested
  export.py main NAME                     a C program: test_batch.bin in, floats of NAME_predict out
  export.py pictures DIR                  its test images as DIR/00.png ...
  export.py predicted LINES PROBS.npy     what `rnframe predict` says of them
  export.py tensors MODEL OWN.safetensors OWN.npz TORCH.safetensors TORCH.npz
  export.py floats FILE PROBS.npy         such floats
  export.py tables FILE.c                 what its kernels hold, what its head counts
  export.py onnx MODEL PROBS.npy DIR [N]  the first N images in plain Python, all by onnxruntime
"""
import json
import math
import os
import random
import re
import struct
import sys
import zipfile
import zlib


def make_data(folder):
    draw = random.Random(5)
    os.makedirs(folder, exist_ok=True)
    names = [f"data_batch_{i}.bin" for i in range(1, 6)] + ["test_batch.bin"]
    for name in names:
        with open(f"{folder}/{name}", "wb") as f:
            for i in range(20):
                low = draw.randrange(0, 128)
                high = low + draw.randrange(1, 128)
                f.write(bytes([i % 10]) + bytes(draw.randint(low, high) for _ in range(3072)))


def change_text(source, target, key, value):
    with open(source, "rb") as f:
        data = f.read()
    n = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:8 + n])
    texts = header["__metadata__"]
    texts.pop("rnframe.digest", None)
    texts[key] = value.replace("{conf}", texts["rnframe.conf"])
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(target, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + data[8 + n:])


def read_images(folder, n):
    """[[h][w][c]] flat, bytes."""
    with open(f"{folder}/test_batch.bin", "rb") as f:
        raw = f.read()
    images = []
    for at in range(0, min(len(raw), n * 3073), 3073):
        planes = raw[at + 1:at + 3073]
        images.append([planes[c * 1024 + p] for p in range(1024) for c in range(3)])
    return images


def read_npy(path):
    with open(path, "rb") as f:
        head = f.read(128)
        rows, columns = eval(head[10:].decode())["shape"]
        values = struct.unpack(f"<{rows * columns}f", f.read())
    return [values[i * columns:(i + 1) * columns] for i in range(rows)]


# -- protobuf: field number, wire type, value --

def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at


def fields(data):
    found, at = {}, 0
    while at < len(data):
        key, at = varint(data, at)
        if key & 7 == 0:
            value, at = varint(data, at)
            value -= (value >> 63) << 64
        elif key & 7 == 5:
            value, at = struct.unpack_from("<f", data, at)[0], at + 4
        else:
            assert key & 7 == 2, key
            n, at = varint(data, at)
            value, at = data[at:at + n], at + n
        found.setdefault(key >> 3, []).append(value)
    return found


def size(shape):
    return math.prod(shape)


def tensor(data):
    f = fields(data)
    shape = list(f.get(1, []))
    kind = {1: "f", 7: "q"}[f[2][0]]
    return f[8][0].decode(), (shape, list(struct.unpack(f"<{size(shape)}{kind}", f[9][0])))


def attribute(data):
    f = fields(data)
    value = {1: lambda: f[2][0], 2: lambda: f[3][0], 3: lambda: f[4][0].decode(),
             7: lambda: list(f[8])}[f[20][0]]()
    return f[1][0].decode(), value


# -- operators: tensors are (shape, flat list) --

def strides(shape):
    return [size(shape[i + 1:]) for i in range(len(shape))]


def broadcast(op, a, b):
    rank = max(len(a[0]), len(b[0]))
    shapes = [[1] * (rank - len(t[0])) + t[0] for t in (a, b)]
    shape = [max(x, y) for x, y in zip(*shapes)]
    steps = [[0 if n == 1 else s for n, s in zip(one, strides(one))] for one in shapes]
    out = []
    for i in range(size(shape)):
        at, left = [0, 0], i
        for d, s in enumerate(strides(shape)):
            k, left = divmod(left, s)
            at[0] += k * steps[0][d]
            at[1] += k * steps[1][d]
        out.append(op(a[1][at[0]], b[1][at[1]]))
    return shape, out


def windows(x, attributes):
    """For each window: rows and columns inside, each with its place in the kernel; and the
    output's size."""
    places = []
    for axis in range(2):
        n, kernel = x[0][2 + axis], attributes["kernel_shape"][axis]
        stride = attributes["strides"][axis]
        apart = attributes.get("dilations", [1, 1])[axis]
        before, behind = attributes["pads"][axis], attributes["pads"][2 + axis]
        out = (n + before + behind - (kernel - 1) * apart - 1) // stride + 1
        places.append([[(o * stride - before + k * apart, k) for k in range(kernel)
                        if 0 <= o * stride - before + k * apart < n] for o in range(out)])
    rows, columns = places
    return len(rows), len(columns), [(r, c) for r in rows for c in columns]


def conv(inputs, a):
    x, kernel = inputs[:2]
    bias = inputs[2][1] if len(inputs) > 2 else [0.0] * kernel[0][0]
    (_, channels, h, w), (k, each, kh, kw) = x[0], kernel[0]
    a = {"kernel_shape": [kh, kw], "strides": [1, 1], "pads": [0, 0, 0, 0], **a}
    oh, ow, places = windows(x, a)
    per = k // a.get("group", 1)
    out = []
    for o in range(k):
        first = o // per * each
        for rows, columns in places:
            total = bias[o]
            for i in range(each):
                for r, y in rows:
                    for c, z in columns:
                        total += x[1][((first + i) * h + r) * w + c] * \
                            kernel[1][((o * each + i) * kh + y) * kw + z]
            out.append(total)
    assert channels == each * a.get("group", 1)
    return [1, k, oh, ow], out


def picked(x, axis, places):
    """Of an axis those at the places; zeros at None."""
    before, n, behind = size(x[0][:axis]), x[0][axis], size(x[0][axis + 1:])
    zeros = [0.0] * behind
    parts = [zeros if p is None else x[1][(o * n + p) * behind:(o * n + p + 1) * behind]
             for o in range(before) for p in places]
    return x[0][:axis] + [len(places)] + x[0][axis + 1:], [v for part in parts for v in part]


def place(i, n, mode):
    if 0 <= i < n:
        return i
    if mode == "constant":
        return None
    return min(max(i, 0), n - 1) if mode == "edge" else abs(i) if i < n else 2 * (n - 1) - i


def pad(x, amounts, mode):
    rank = len(x[0])
    for axis in range(rank):
        n, before, behind = x[0][axis], amounts[axis], amounts[rank + axis]
        x = picked(x, axis, [place(i, n, mode) for i in range(-before, n + behind)])
    return x


def matmul(a, b):
    n, d, m = a[0][-2], a[0][-1], b[0][-1]
    out = []
    for i in range(size(a[0][:-2])):
        left = [a[1][(i * n + k) * d:(i * n + k + 1) * d] for k in range(n)]
        right = [b[1][i * d * m + k:(i + 1) * d * m:m] for k in range(m)]
        out += [sum(x * y for x, y in zip(row, column)) for row in left for column in right]
    return a[0][:-1] + [m], out


def pool(x, a, join):
    _, channels, h, w = x[0]
    oh, ow, places = windows(x, a)
    return [1, channels, oh, ow], [
        join([x[1][(i * h + r) * w + c] for r, _ in rows for c, _ in columns])
        for i in range(channels) for rows, columns in places]


def average(x, a):
    if a.get("count_include_pad", 0):
        whole = math.prod(a["kernel_shape"])
        return pool(x, a, lambda v: sum(v) / whole)
    return pool(x, a, lambda v: sum(v) / len(v))


def batch_norm(inputs, a):
    x, gamma, beta, mean, variance = inputs
    pixels = size(x[0][2:])
    out = []
    for i, value in enumerate(x[1]):
        c = i // pixels
        by = gamma[1][c] / math.sqrt(variance[1][c] + a["epsilon"])
        out.append((value - mean[1][c]) * by + beta[1][c])
    return x[0], out


def transpose(x, perm):
    shape = [x[0][p] for p in perm]
    step = [strides(x[0])[p] for p in perm]
    out = []
    for i in range(size(shape)):
        at, left = 0, i
        for s, t in zip(strides(shape), step):
            k, left = divmod(left, s)
            at += k * t
        out.append(x[1][at])
    return shape, out


def must(attributes, name, value):
    if attributes.get(name) != value:
        raise ValueError(f"{name} is {attributes.get(name)}, must be {value} here")


def concat(inputs, a):
    """Along the channels of one image; or of two lists."""
    must(a, "axis", min(1, len(inputs[0][0]) - 1))
    if len(inputs[0][0]) == 1:
        return [sum(t[0][0] for t in inputs)], [v for t in inputs for v in t[1]]
    shape = list(inputs[0][0])
    shape[1] = sum(t[0][1] for t in inputs)
    return shape, [v for t in inputs for v in t[1]]


def reduced(x, a, f):
    must(a, "axes", [1])
    must(a, "keepdims", 1)
    return over_channels(x, lambda v: [f(v)])


def over_channels(x, f):
    """f of the channels of each pixel gives as many values, or one."""
    channels, pixels = x[0][1], size(x[0][2:])
    columns = [f([x[1][c * pixels + p] for c in range(channels)]) for p in range(pixels)]
    n = len(columns[0])
    return [1, n] + x[0][2:], [columns[p][c] for c in range(n) for p in range(pixels)]


def softmax(values):
    e = [math.exp(v - max(values)) for v in values]
    return [v / sum(e) for v in e]


def softplus(x):
    return max(x, 0) + math.log1p(math.exp(-abs(x)))


TWO = {"Add": lambda a, b: a + b, "Sub": lambda a, b: a - b, "Mul": lambda a, b: a * b,
       "Div": lambda a, b: a / b, "Max": max, "Min": min}
ONE = {"Relu": lambda x: max(x, 0), "Exp": math.exp, "Log": math.log, "Sqrt": math.sqrt, "Tanh": math.tanh,
       "Erf": math.erf, "Abs": abs, "Softplus": softplus, "Cast": float,
       "Sigmoid": lambda x: 1 / (1 + math.exp(-x))}
OTHERS = {
    "Conv": conv,
    "BatchNormalization": batch_norm,
    "Concat": concat,
    "Pad": lambda i, a: pad(i[0], i[1][1], a["mode"]),
    "Slice": lambda i, a: picked(i[0], i[3][1][0], range(i[1][1][0], i[2][1][0])),
    "Gather": lambda i, a: picked(i[0], a["axis"], i[1][1]),
    "MatMul": lambda i, a: matmul(*i),
    "Shape": lambda i, a: ([a["end"] - a["start"]], i[0][0][a["start"]:a["end"]]),
    "Expand": lambda i, a: i[0] if size(i[1][1]) == 1 else None,
    "Transpose": lambda i, a: transpose(i[0], a["perm"]),
    "Reshape": lambda i, a: ([n or i[0][0][d] for d, n in enumerate(i[1][1])], i[0][1]),
    "Flatten": lambda i, a: ([i[0][0][0], size(i[0][0][1:])], i[0][1]),
    "MaxPool": lambda i, a: pool(i[0], a, max),
    "AveragePool": lambda i, a: average(i[0], a),
    "GlobalAveragePool": lambda i, a: (i[0][0][:2] + [1, 1], [
        sum(i[0][1][c * size(i[0][0][2:]):(c + 1) * size(i[0][0][2:])]) / size(i[0][0][2:])
        for c in range(i[0][0][1])]),
    "Softmax": lambda i, a: must(a, "axis", 1) or over_channels(i[0], softmax),
    "ReduceMax": lambda i, a: reduced(i[0], a, max),
    "ReduceMean": lambda i, a: reduced(i[0], a, lambda v: sum(v) / len(v)),
}


def run_node(data, values):
    f = fields(data)
    kind = f[4][0].decode()
    inputs = [values[name.decode()] for name in f[1]]
    attributes = dict(attribute(a) for a in f.get(5, []))
    if kind in TWO:
        out = broadcast(TWO[kind], *inputs)
    elif kind in ONE:
        out = inputs[0][0], [ONE[kind](v) for v in inputs[0][1]]
    else:
        out = OTHERS[kind](inputs, attributes)
    values[f[2][0].decode()] = out


def run_plain(path, image, shape):
    with open(path, "rb") as f:
        model = fields(f.read())
    assert model[1] == [8] and fields(model[8][0])[2] == [17]
    graph = fields(model[7][0])
    values = dict(tensor(t) for t in graph[5])
    values[fields(graph[11][0])[1][0].decode()] = (shape, image)
    for node in graph[1]:
        run_node(node, values)
    return values[fields(graph[12][0])[1][0].decode()]


def distance(p, q):
    return max(abs(a - b) for a, b in zip(p, q))


def check_plain(path, probs, folder, n):
    spread = max(max(column) - min(column) for column in zip(*probs))
    assert spread > 0.01, f"the model says the same of all images: {spread}"
    worst = 0
    for image, wanted in zip(read_images(folder, n), probs):
        shape, p = run_plain(path, image, [1, 32, 32, 3])
        assert shape == [1, len(wanted)]
        worst = max(worst, distance(p, wanted))
    return worst


def check_readers(path, probs, folder):
    import numpy
    import onnx
    import onnxruntime
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    shapes = onnx.shape_inference.infer_shapes(model, strict_mode=True)
    dims = shapes.graph.output[0].type.tensor_type.shape.dim
    assert [d.dim_param or d.dim_value for d in dims] == ["N", len(probs[0])]
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    texts = session.get_modelmeta().custom_metadata_map
    assert "airplane" in texts["rnframe.classes"] and "layers" in texts["rnframe.conf"]
    x = numpy.array(read_images(folder, len(probs)), numpy.uint8).reshape(-1, 32, 32, 3)
    return float(abs(session.run(None, {"image": x})[0] - numpy.array(probs)).max())


def write_png(path, h, w, rgb):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = b"".join(b"\0" + bytes(rgb[y * w * 3:(y + 1) * w * 3]) for y in range(h))
    with open(path, "wb") as f:
        f.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", w, h, 8, 2, 0, 0, 0)) +
                chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def write_pictures(folder):
    for i, image in enumerate(read_images(folder, 20)):
        write_png(f"{folder}/{i:02}.png", 32, 32, image)


def check_predicted(path, probs):
    with open(path) as f:
        lines = [json.loads(line) for line in f]
    assert len(lines) == len(probs)
    for i, (line, p) in enumerate(zip(lines, probs)):
        assert line["file"].endswith(f"/{i:02}.png"), line
        assert line["label"] == line["top"][0][0] and line["p"] == line["top"][0][1]
        values = [v for _, v in line["top"]]
        assert len(values) == 3 and distance(values, sorted(p, reverse=True)) < 1e-6, (line, p)
        assert line["label"] == CLASSES[p.index(max(p))]
    return 0


def read_safetensors(path):
    with open(path, "rb") as f:
        data = f.read()
    n = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:8 + n])
    header.pop("__metadata__")
    return {name: (t["shape"], data[8 + n:][slice(*t["data_offsets"])]) for name, t in header.items()}


def read_npz(path):
    found = {}
    with zipfile.ZipFile(path) as z:
        assert z.testzip() is None
        for name in z.namelist():
            data = z.read(name)
            head = eval(data[10:128].decode())
            assert data[:8] == b"\x93NUMPY\x01\0" and head["descr"] == "<f4" and name.endswith(".npy")
            assert head["fortran_order"] is False
            found[name[:-4]] = (list(head["shape"]), data[128:])
    return found


def for_torch(shape, data):
    """A kernel as PyTorch has it: out, in, then the pixels."""
    values = struct.unpack(f"<{size(shape)}f", data)
    *pixels, each, out = shape
    order = [(p * each + i) * out + o for o in range(out) for i in range(each)
             for p in range(size(pixels))]
    return [out, each] + pixels, struct.pack(f"<{len(order)}f", *[values[k] for k in order])


def check_tensors(model, own, own_npz, torch, torch_npz):
    wanted = read_safetensors(model)
    assert read_safetensors(own) == wanted == read_npz(own_npz)
    turned = read_safetensors(torch)
    assert turned == read_npz(torch_npz) and len(turned) == len(wanted)
    for ours, theirs in {"stem/kernel": "stem.weight", "grouped/kernel": "grouped.weight",
                         "classifier/kernel": "classifier.weight"}.items():
        assert turned[theirs] == for_torch(*wanted[ours]), ours
    for ours, theirs in {"classifier/bias": "classifier.bias", "stem_norm/gamma": "stem_norm.weight",
                         "stem_norm/beta": "stem_norm.bias", "swish27/beta": "swish27.beta",
                         "stem_norm/moving_mean": "stem_norm.running_mean",
                         "stem_norm/moving_variance": "stem_norm.running_var"}.items():
        assert turned[theirs] == wanted[ours], ours
    return 0


CLASSES = "airplane automobile bird cat deer dog frog horse ship truck".split()
MAIN = """#include <stdint.h>
#include <stdio.h>
void NAME_predict(const uint8_t *image, float *p);
int main(void)
{
	static uint8_t raw[3073], image[3072];
	float p[10];
	while (fread(raw, 1, sizeof raw, stdin) == sizeof raw) {
		for (int i = 0; i < 3072; i++)
			image[i] = raw[1 + i % 3 * 1024 + i / 3];
		NAME_predict(image, p);
		fwrite(p, sizeof *p, 10, stdout);
	}
	return 0;
}
"""


def check_floats(path, probs):
    with open(path, "rb") as f:
        floats = [v for v, in struct.iter_unpack("<f", f.read())]
    n = len(probs[0])
    rows = [floats[i:i + n] for i in range(0, len(floats), n)]
    assert len(rows) == len(probs)
    worst = max(distance(p, q) for p, q in zip(rows, probs))
    same = all(p.index(max(p)) == q.index(max(q)) for p, q in zip(rows, probs))
    print(f"C: {worst:.1e}, {'the same' if same else 'other'} classes")
    return 0 if worst < 1e-5 and same else 1


def check_tables(path):
    """Kernels have the sizes that calls read; the head counts constants and multiply-adds."""
    with open(path) as f:
        text = f.read()
    sizes = [(name, int(n)) for name, n in re.findall(r"static const \w+ (\w+)\[(\d+)\]", text)]
    macs = sum(math.prod(map(int, call.split(", "))) for call in
               re.findall(r"\tproduct\((\d+, \d+, \d+, \d+), ", text))
    convs = re.findall(r"window at = \{ (.*) \};\n\t\tconv\(&at, (\d+), (\d+), memory \+ \d+, (t\d+),", text)
    for window, groups, filters, table in convs:
        _, _, c, kernel_h, kernel_w, *_, out_h, out_w = map(int, window.split(", "))
        n = kernel_h * kernel_w * c // int(groups) * int(filters)
        assert dict(sizes)[table] == n, f"{table} has {dict(sizes)[table]} numbers, not {n}"
        macs += n * out_h * out_w
    assert convs and f"Constants (flash): {4 * sum(n for _, n in sizes)} bytes" in text
    assert f"Multiply-adds: {macs}." in text, macs
    return 0


def check_vectors(path, notes):
    """gcc says it of the loops over filters and of formulas, or of the loop around them."""
    with open(path) as f:
        text = f.read()
    with open(notes) as f:
        made = {int(n) for n in re.findall(r":(\d+):\d+: optimized: loop vectorized", f.read())}
    sums = list(re.finditer(r"for \(int o = 0; o < n; o\+\+\)", text))
    formulas = [m for m in re.finditer(r"for \(int c = 0; c < \d+; c\+\+\) {\n([^}]*)}", text)
                if "_of(" in m[1] and "[pixel * " in m[1] and "exp_of" not in m[1]]
    assert sums and formulas
    for loop in sums + formulas:
        line = text.count("\n", 0, loop.start()) + 1
        assert made & {line, line - 1}, f"line {line}: {loop[0]}"
    return 0


def main(verb, *words):
    if verb == "data":
        return make_data(words[0])
    if verb == "text":
        return change_text(*words)
    if verb == "main":
        return print(MAIN.replace("NAME", words[0]), end="")
    if verb == "tensors":
        return check_tensors(*words)
    if verb == "tables":
        return check_tables(words[0])
    if verb == "vectors":
        return check_vectors(*words)
    if verb == "pictures":
        return write_pictures(words[0])
    if verb == "predicted":
        return check_predicted(words[0], read_npy(words[1]))
    if verb == "floats":
        return check_floats(words[0], read_npy(words[1]))
    path, probs, folder = words[0], read_npy(words[1]), words[2]
    worst = check_plain(path, probs, folder, int(words[3]) if words[3:] else 2)
    print(f"plain Python: {worst:.1e}")
    try:
        more = check_readers(path, probs, folder)
        print(f"onnxruntime: {more:.1e}")
    except ImportError as missing:
        more = 0
        print(f"without {missing.name}")
    return 0 if max(worst, more) < 1e-5 else 1


sys.exit(main(*sys.argv[1:]))
