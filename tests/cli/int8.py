"""The integers of exported C files in numpy: python3 int8.py sums FILE.c BATCH SUMS [IMAGES] runs the
calls that FILE.c makes, on the images of a file of CIFAR-10, and compares the sums of its last
layer with SUMS, int32, which the compiled file wrote. int8.py main NAME prints a program that
writes them; int8.py spoil MODEL OUT spoils filters of a file of weights, deaden MODEL OUT those of
its classifier; int8.py classes FILE.c
SUMS PROBS LEAST counts the images of which the sums say the class of the highest probability, near
FILE.c SUMS PROBS MOST compares probabilities; spans FILE.c BATCH LEAST tells how many of the 255
steps the results of its convolutions take; int8.py images BATCH N prints images as an array of C."""
import json
import re
import struct
import sys

MAIN = """#include <stdint.h>
#include <stdio.h>
void NAME_sums(const uint8_t *image, int32_t *sums);
int main(void)
{
	static uint8_t raw[3073], image[3072];
	int32_t sums[10];
	while (fread(raw, 1, sizeof raw, stdin) == sizeof raw) {
		for (int i = 0; i < 3072; i++)
			image[i] = raw[1 + i % 3 * 1024 + i / 3];
		NAME_sums(image, sums);
		fwrite(sums, sizeof *sums, 10, stdout);
	}
	return 0;
}
"""
BATCH = 50


class Model:
    """Tables and calls of a file; memory[image][byte] as its own."""

    def __init__(self, path):
        with open(path) as f:
            text = f.read()
        found = re.findall(r"static const \w+ t(\d+)\[\d+\] = \{([^}]*)\};", text)
        self.tables = {f"t{n}": [float(v.rstrip("f")) for v in values.split(",") if v.strip()]
                       for n, values in found}
        self.tables = {n: np.array(v) for n, v in self.tables.items()}
        self.bytes = int(re.search(r"static int8_t memory\[(\d+)\];", text)[1])
        body = re.search(r"_sums\(const uint8_t \*image, int32_t \*sums\)\n\{\n(.*?)\n\}\n", text, re.S)[1]
        self.lines = [line.strip() for line in body.split("\n")]

    def run(self, images):
        self.images = images
        self.memory = np.zeros((len(images), self.bytes), np.int64)
        for line in self.lines:
            made = re.match(r"static const struct (\w+) \w+ = \{ (.*) \};", line)
            call = re.match(r"(\w+)\((.*)\);", line)
            if made:
                setattr(self, made[1], [self.word(w) for w in made[2].split(", ")])
            elif call:
                getattr(self, call[1])(*[self.word(w) for w in call[2].split(", ")])
        return self.sums

    def word(self, word):
        """A number, a table, or a place in the memory: its sum."""
        if word in self.tables:
            return self.tables[word].astype(np.int64)
        if word.startswith("memory"):
            return sum(int(n) for n in word.split(" + ")[1:])
        return int(word) if re.match(r"-?\d+$", word) else word

    def at(self, place, *shape):
        size = int(np.prod(shape))
        return self.memory[:, place:place + size].reshape(-1, *shape)

    def put(self, place, values):
        assert values.min() >= -128 and values.max() <= 127
        self.memory[:, place:place + values[0].size] = values.reshape(len(values), -1)

    # -- the calls of a file --

    def read_image(self, pixels, c, table, _, y):
        q = table.reshape(c, 256)
        x = self.images.reshape(-1, pixels, c)
        self.put(y, np.stack([q[i][x[..., i]] for i in range(c)], -1))

    def patches(self, x, outside):
        """x under each window: [image][out_h][out_w][kernel pixel][c]."""
        h, w, c, kh, kw, stride, apart, top, left, oh, ow = self.window
        image = self.at(x, h, w, c)
        out = np.full((len(image), oh, ow, kh * kw, c), outside, np.int64)
        for k in range(kh * kw):
            rows = np.arange(oh) * stride - top + k // kw * apart
            columns = np.arange(ow) * stride - left + k % kw * apart
            r, s = (rows >= 0) & (rows < h), (columns >= 0) & (columns < w)
            out[:, np.ix_(r, s)[0], np.ix_(r, s)[1], k] = image[:, np.ix_(rows[r], columns[s])[0],
                                                                np.ix_(rows[r], columns[s])[1]]
        return out

    def conv(self, _, __, x, y, sums):
        groups, n, x_zero, y_zero, kernel, bias, multiplier, shift = self.filters
        patches = self.patches(x, x_zero) - x_zero
        images, oh, ow, pixels, c = patches.shape
        each, per = c // groups, n // groups
        kernel = kernel.reshape(n, pixels * each).astype(float)  # exact below 2^53
        out = [patches[..., g * each:(g + 1) * each].reshape(-1, pixels * each).astype(float) @
               kernel[g * per:(g + 1) * per].T for g in range(groups)]
        total = np.concatenate(out, 1).astype(np.int64) + bias
        far = max(127 - x_zero, x_zero + 128)
        assert (abs(kernel).sum(1) * far + abs(bias)).max() < 1 << 31, "a sum may overflow"
        if sums == "sums":
            self.sums = total.reshape(images, -1)
        else:
            self.put(y, cut(y_zero + rounded(total * multiplier, shift)).reshape(images, -1))

    def affine(self, pixels, c, x_zero, y_zero, by, plus, shift, x, y):
        v = (self.at(x, pixels, c) - x_zero) * by + plus
        self.put(y, cut(y_zero + rounded(v, shift)))

    def normalise(self, _, times, x, y):
        pixels, c, width, x_zero, y_zero, eps, by, plus, shift = self.sets
        v = self.at(x, times, pixels, c // width, width) - x_zero
        n, total = pixels * width, v.sum((2, 4), keepdims=True)
        variance = n * (v * v).sum((2, 4), keepdims=True) - total * total + eps
        assert variance.min() > 0 and variance.max() < 1 << 62
        shifts = np.full(variance.shape, 61 - 12)
        while variance.min() < 1 << 60:
            small = variance < 1 << 60
            variance, shifts = np.where(small, variance * 4, variance), shifts - small
        u = rounded((n * v - total) * ((1 << 61) // root(variance)), shifts)
        by, plus, shift = (t.reshape(c // width, width) for t in (by, plus, shift))
        self.put(y, cut(y_zero + rounded(u * by + plus, shift)))

    def look_up(self, n, tables, table, x, y):
        v = self.at(x, n, tables) + 128
        self.put(y, table.reshape(tables, 256)[np.arange(tables), v])

    def operand(self, place, pixel, channel, pixels, c):
        p, i = np.arange(pixels)[:, None] * pixel, np.arange(c)[None] * channel
        return self.memory[:, place + p + i]

    def add(self, pixels, c, a, a_pixel, a_channel, b, b_pixel, b_channel, a_zero, b_zero, y_zero,
            a_by, b_by, shift, y):
        v = (self.operand(a, a_pixel, a_channel, pixels, c) - a_zero) * a_by
        w = (self.operand(b, b_pixel, b_channel, pixels, c) - b_zero) * b_by
        self.put(y, cut(y_zero + rounded(v + w, shift)))

    def extreme(self, sign, pixels, c, a, a_pixel, a_channel, b, b_pixel, b_channel, a_zero, b_zero,
                y_zero, a_by, b_by, shift, y):
        v = (self.operand(a, a_pixel, a_channel, pixels, c) - a_zero) * a_by
        w = (self.operand(b, b_pixel, b_channel, pixels, c) - b_zero) * b_by
        best = np.maximum(v, w) if sign > 0 else np.minimum(v, w)
        self.put(y, cut(y_zero + rounded(best, shift)))

    def multiply(self, pixels, c, a, a_pixel, a_channel, b, b_pixel, b_channel, a_zero, b_zero,
                 y_zero, by, shift, y):
        v = self.operand(a, a_pixel, a_channel, pixels, c) - a_zero
        w = self.operand(b, b_pixel, b_channel, pixels, c) - b_zero
        self.put(y, cut(y_zero + rounded(v * w * by, shift)))

    def divide(self, pixels, c, a, a_pixel, a_channel, b, b_pixel, b_channel, a_zero, b_zero,
               y_zero, by, shift, y):
        v = self.operand(a, a_pixel, a_channel, pixels, c) - a_zero
        w = self.operand(b, b_pixel, b_channel, pixels, c) - b_zero
        by_one = np.maximum(abs(w), 1) << shift
        found = (np.where(w < 0, -v, v) * by + by_one // 2) // by_one
        self.put(y, cut(y_zero + np.where(w == 0, 256 * np.sign(v), found)))

    def average(self, _, x_zero, y_zero, by, shift, x, y):
        total = (self.patches(x, x_zero) - x_zero).sum(3)
        h, w, c, kh, kw, stride, apart, top, left, oh, ow = self.window
        rows = inside(oh, stride, top, kh, apart, h)
        columns = inside(ow, stride, left, kw, apart, w)
        n = (rows[:, None] * columns[None])[..., None]
        self.put(y, cut(y_zero + rounded(total * by[n - 1], shift)))

    def largest(self, _, x, y):
        self.put(y, self.patches(x, -128).max(3))

    def mean(self, pixels, c, x_zero, y_zero, by, shift, x, y):
        total = (self.at(x, pixels, c) - x_zero).sum(1)
        self.put(y, cut(y_zero + rounded(total * by, shift)))

    def move(self, pixels, n, x, x_c, y, y_c, x_zero, y_zero, by, shift):
        v = self.operand(x, x_c, 1, pixels, n) - x_zero
        p, i = np.arange(pixels)[:, None] * y_c, np.arange(n)[None]
        self.memory[:, y + p + i] = cut(y_zero + rounded(v * by, shift))

    def surround(self, h, w, c, top, left, out_h, out_w, edge, x, y):
        def places(n, before, out):
            i = np.arange(out) - before
            if edge:
                return np.clip(i, 0, n - 1)
            return np.where(i >= n, 2 * (n - 1) - i, abs(i))
        rows, columns = places(h, top, out_h), places(w, left, out_w)
        self.put(y, self.at(x, h, w, c)[:, rows[:, None], columns[None]])

    def take(self, outer, size, n, inner, zero, at, x, y):
        out = self.at(x, outer, size, inner)[:, :, np.maximum(at, 0)]
        self.put(y, np.where(at[:, None] < 0, zero, out))

    def permute(self, n, axes, x, y):
        places = np.zeros(1, np.int64)
        for size, apart in axes.reshape(n, 2):
            places = (places[:, None] + np.arange(size) * apart).ravel()
        self.put(y, self.memory[:, x + places])

    def product(self, h, w, n, c, a_zero, b_zero, y_zero, by, shift, a, b, y):
        total = (self.at(a, h, w, n) - a_zero) @ (self.at(b, h, n, c) - b_zero)
        self.put(y, cut(y_zero + rounded(total * by, shift)))

    def mix(self, _, a, b, v, y):
        h, w, d, n, c, a_zero, b_zero, v_zero, y_zero, octaves, octaves_shift, by, shift, power = self.mixture
        scores = (self.at(a, h, w, d) - a_zero) @ (self.at(b, h, d, n) - b_zero)
        far = rounded((scores.max(-1, keepdims=True) - scores) * octaves, octaves_shift)
        weights = np.where(far >> 8 > 24, 0, power[far & 255] >> np.minimum(far >> 8, 24))
        total = weights @ (self.at(v, h, n, c) + 128)
        mean = total * 4096 // weights.sum(-1, keepdims=True) - (v_zero + 128) * 4096
        self.put(y, cut(y_zero + rounded(mean * by, shift)))

    def widen(self, n, zero, x, _):
        self.sums = self.at(x, n) - zero


def rounded(v, shift):
    """Half up; numpy shifts towards minus infinity."""
    return (v + (1 << (shift - 1))) >> shift


def root(v):
    """The largest numbers whose squares are at most v."""
    r = np.sqrt(v.astype(float)).astype(np.int64)
    r -= r * r > v
    return r + ((r + 1) ** 2 <= v)


def cut(v):
    return np.clip(v, -128, 127)


def inside(out, stride, before, kernel, apart, n):
    """Pixels of each window along one axis that are in the image."""
    at = (np.arange(out) * stride - before)[:, None] + np.arange(kernel)[None] * apart
    return ((at >= 0) & (at < n)).sum(1)


def as_read(rows):
    """Images of a file of CIFAR-10 in the order in which a model reads their bytes."""
    return rows[:, 1:].reshape(-1, 3, 1024).transpose(0, 2, 1).reshape(len(rows), -1)


def compare(path, batch, sums, images=None):
    rows = np.fromfile(batch, np.uint8).reshape(-1, 3073)
    wanted = np.fromfile(sums, "<i4").reshape(-1, 10)
    n = min(len(rows), int(images or len(rows)))
    assert len(wanted) >= n and wanted.std(0).min() > 0, "the model says the same of all images"
    model = Model(path)
    for i in range(0, n, BATCH):
        part = rows[i:min(i + BATCH, n)]
        if not np.array_equal(model.run(as_read(part)), wanted[i:i + len(part)]):
            print(f"numpy has other sums in images {i} ..")
            return 1
    print(f"numpy: the same {n * 10} sums")
    return 0


class Watched(Model):
    """Keeps the least and the largest result of each convolution, by its place in the memory."""
    ends = {}

    def conv(self, _, __, x, y, sums):
        super().conv(_, __, x, y, sums)
        if sums != "sums":
            found = self.at(y, *self.window[-2:], self.filters[1])
            low, high = self.ends.get(y, (127, -128))
            self.ends[y] = min(low, found.min()), max(high, found.max())


def spans(path, batch, least):
    rows, model = np.fromfile(batch, np.uint8).reshape(-1, 3073), Watched(path)
    for i in range(0, len(rows), BATCH):
        model.run(as_read(rows[i:i + BATCH]))
    found = min(high - low for low, high in model.ends.values())
    print(f"the results of each of {len(model.ends)} convolutions span {found} or more")
    return 0 if found >= int(least) else 1


def logits(path, sums):
    with open(path) as f:
        scales = re.search(r"/\* logits \*/\nstatic const float t\d+\[\d+\] = \{([^}]*)\};", f.read())[1]
    scales = np.array([float(v.rstrip("f")) for v in scales.split(",") if v.strip()])
    return np.fromfile(sums, "<i4").reshape(-1, 10) * scales


def near(path, sums, probs, most):
    found = np.exp(logits(path, sums))
    found /= found.sum(1, keepdims=True)
    far = np.abs(found - np.load(probs)[:len(found)]).max()
    print(f"probabilities differ by at most {far:.4f}")
    return 0 if far <= float(most) else 1


def classes(path, sums, probs, least):
    found = logits(path, sums).argmax(1)
    right = int((found == np.load(probs)[:len(found)].argmax(1)).sum())
    print(f"the same class of {right} of {len(found)} images")
    return 0 if right >= int(least) else 1


def change_weights(path, to, change):
    """Calls change(name, values) for each tensor."""
    with open(path, "rb") as f:
        data = bytearray(f.read())
    n = struct.unpack("<Q", data[:8])[0]
    for name, t in json.loads(data[8:8 + n]).items():
        if name == "__metadata__":
            continue
        at = slice(8 + n + t["data_offsets"][0], 8 + n + t["data_offsets"][1])
        values = np.frombuffer(data[at], "<f4").reshape(t["shape"]).copy()
        change(name, values)
        data[at] = values.tobytes()
    with open(to, "wb") as f:
        f.write(data.replace(b"rnframe.digest", b"rnframe.former"))
    return 0


def spoil(name, values):
    """Of each kernel: filter 0 is dead, 1 has tiny weights, 2 large ones. Of each norm: what
    comes of filter 0 and 1 is far from what their weights give."""
    if name.startswith("classifier"):
        return
    if name.endswith("/kernel"):
        values[..., 0], values[..., 2] = 0, values[..., 2] * 1e3
        values[..., 1] *= 1e-12
    if name.endswith("/beta") and values.size > 2:
        values[:2] = 7, -3


def deaden(name, values):
    """The logits are biases, which fall between the steps of what the classifier reads."""
    if name == "classifier/kernel":
        values[...] = 0
    if name == "classifier/bias":
        values[...] = 0.0137 * np.arange(values.size)


def images(path, n):
    """As an array of C."""
    with open(path, "rb") as f:
        raw = f.read(3073 * int(n))
    rows = [raw[i:i + 3073] for i in range(0, len(raw), 3073)]
    print(f"enum {{ IMAGES = {len(rows)} }};\nstatic const uint8_t images[IMAGES][3072] = {{")
    for row in rows:
        print("{", ",".join(str(row[1 + i % 3 * 1024 + i // 3]) for i in range(3072)), "},")
    print("};")


VERBS = {"images": images, "sums": compare, "spans": spans, "classes": classes, "near": near,
         "spoil": lambda path, to: change_weights(path, to, spoil),
         "deaden": lambda path, to: change_weights(path, to, deaden),
         "main": lambda name: print(MAIN.replace("NAME", name), end="")}

if __name__ == "__main__":
    if sys.argv[1] not in ("main", "images"):
        import numpy as np
    sys.exit(VERBS[sys.argv[1]](*sys.argv[2:]))
