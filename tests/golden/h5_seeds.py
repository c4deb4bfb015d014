"""Small HDF5 files for tests/fuzz/keras_h5.c, good ones and the tricks: h5_seeds.py FOLDER"""
import os
import sys

import h5py
import numpy as np

folder = sys.argv[1]
values = np.arange(6, dtype="f4").reshape(2, 3)


def layer(file, name="a"):
    return file.create_group(name).create_group(name)


def plain(f):
    layer(f).create_dataset("kernel:0", data=values)


def whole_model(f):
    group = f.create_group("model_weights")
    group.attrs["layer_names"] = np.array([b"a", b"b"])
    layer(group).create_dataset("kernel:0", data=values)
    layer(group, "b").create_dataset("bias:0", data=values[0])
    f.create_group("optimizer_weights").create_dataset("iter:0", data=np.int64(3))


def deflate(f):
    layer(f).create_dataset("kernel:0", data=values, chunks=(1, 3), compression="gzip")


def twice(f):
    layer(f).create_dataset("kernel:0", data=values)
    f.create_group("b").create_group("a").create_dataset("kernel:0", data=values + 1)


def shuffle(f):
    layer(f).create_dataset("kernel:0", data=values, chunks=(2, 3), compression="gzip", shuffle=True)


def fletcher(f):
    layer(f).create_dataset("kernel:0", data=values, chunks=(2, 3), fletcher32=True)


def soft_link(f):
    layer(f)["kernel:0"] = h5py.SoftLink("/etc/passwd")


def external_link(f):
    layer(f)["kernel:0"] = h5py.ExternalLink("other.h5", "/a")


def model_link(f):
    f["model_weights"] = h5py.ExternalLink("other.h5", "/a")


def external_storage(f):
    layer(f).create_dataset("kernel:0", shape=(6,), dtype="f4", external=[("/etc/passwd", 0, 24)])


def huge(f):
    layer(f).create_dataset("kernel:0", shape=(1 << 20, 1 << 20), dtype="f4", chunks=(64, 64))


def huge_chunk(f):
    layer(f).create_dataset("kernel:0", shape=(8, 8), dtype="f4", maxshape=(None, None),
                            chunks=(8192, 8192))


def ring(f):
    group = f.create_group("a")
    group["b"] = f["a"]


def many_names(f):
    first = f.create_group("a").create_dataset("k0", data=values)
    for i in range(20):
        f["a"]["k%d" % i if i else "z"] = first


def integers(f):
    layer(f).create_dataset("kernel:0", data=values.astype("i4"))


def halves(f):
    layer(f).create_dataset("kernel:0", data=values.astype("f2"))


def compound(f):
    layer(f).create_dataset("kernel:0", shape=(2,), dtype=[("a", "f4"), ("b", "f8")])


def empty(f):
    layer(f).create_dataset("kernel:0", data=h5py.Empty("f4"))


def rank5(f):
    layer(f).create_dataset("kernel:0", shape=(1, 1, 1, 1, 1), dtype="f4")


def named_type(f):
    layer(f)["kernel:0"] = np.dtype("f4")


def control_name(f):
    f.create_group("a\x1b[2J").create_dataset("kernel:0", data=values)


makers = [plain, whole_model, deflate, twice, shuffle, fletcher, soft_link, external_link, model_link,
          external_storage,
          huge, huge_chunk, ring, many_names, integers, halves, compound, empty, rank5,
          named_type, control_name]
for make in makers:
    path = os.path.join(folder, make.__name__ + ".h5")
    with h5py.File(path, "w") as file:
        make(file)
    if os.path.getsize(path) > 4096:  # tables of the old kind are large
        with h5py.File(path, "w", libver=("v110", "v110")) as file:
            make(file)
    print(os.path.getsize(path), path)
