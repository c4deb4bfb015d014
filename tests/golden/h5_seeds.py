"""Small HDF5 files for tests/fuzz/keras_h5.c, good ones and the tricks: h5_seeds.py FOLDER"""
import io
import os
import stat
import sys
import zipfile

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


def numbered(f, names=("a",), shapes=((2, 3), (3,)), dtype="f4"):
    """As Keras 3 does: layers/CLASS/vars/NUMBER, the layer's name an attribute."""
    f.create_group("vars")
    for i, name in enumerate(names):
        layer_vars = f.create_group("layers/dense_%d" % i if i else "layers/dense").create_group("vars")
        if name:
            layer_vars.attrs["name"] = np.bytes_(name)
        for k, shape in enumerate(shapes):
            layer_vars.create_dataset(str(k), data=np.arange(np.prod(shape)).reshape(shape).astype(dtype))
    return f["layers/dense/vars"]


def numbered_norm(f):
    numbered(f, shapes=((3,),) * 4).attrs["name"] = "of any length"  # as Keras has it


def numbered_norm3(f):
    numbered(f, shapes=((3,),) * 3)


def numbered_unnamed(f):
    numbered(f, names=("",))


def numbered_twice(f):
    numbered(f, names=("a", "a"))


def numbered_odd(f):
    numbered(f, shapes=((3,), (2, 3)))


def numbered_many(f):
    numbered(f, shapes=((2, 2),) * 5)


def numbered_gap(f):
    del numbered(f)["0"]


def numbered_link(f):
    group = numbered(f)
    del group["1"]
    group["1"] = h5py.SoftLink("/etc/passwd")


def numbered_group(f):
    group = numbered(f)
    del group["1"]
    group.create_group("1")


def numbered_integers(f):
    numbered(f, dtype="i4")


def numbered_opaque(f):
    numbered(f, dtype="V2")


def numbered_outside(f):
    numbered(f)
    f["layers"].create_dataset("loose", data=values)


def numbered_name(f):
    numbered(f).attrs["name"] = np.bytes_("a\x1b[2Jb/c")


def numbered_name_is_number(f):
    numbered(f).attrs["name"] = np.arange(3)


def numbered_name_long(f):
    """NAME/kernel has as many bytes as the reader's buffer, which needs one more for the end."""
    numbered(f).attrs["name"] = np.bytes_("n" * (512 - len("/kernel")))


makers = [plain, whole_model, deflate, twice, shuffle, fletcher, soft_link, external_link, model_link,
          external_storage,
          huge, huge_chunk, ring, many_names, integers, halves, compound, empty, rank5,
          named_type, control_name, numbered, numbered_norm, numbered_norm3, numbered_unnamed,
          numbered_twice, numbered_odd, numbered_many, numbered_gap, numbered_link, numbered_group,
          numbered_integers, numbered_opaque, numbered_outside, numbered_name,
          numbered_name_is_number, numbered_name_long]
for make in makers:
    path = os.path.join(folder, make.__name__ + ".h5")
    with h5py.File(path, "w") as file:
        make(file)
    if os.path.getsize(path) > 4096:  # tables of the old kind are large
        with h5py.File(path, "w", libver=("v110", "v110")) as file:
            make(file)
    print(os.path.getsize(path), path)


def h5(make):
    packed = io.BytesIO()
    with h5py.File(packed, "w", libver=("v110", "v110")) as file:
        make(file)
    return packed.getvalue()


def linked(name):
    info = zipfile.ZipInfo(name)
    info.create_system, info.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    return info


WEIGHTS, CONFIG = "model.weights.h5", "config.json"
config = b'''{"class_name": "Sequential", "config": {"name": "m", "layers": [
{"class_name": "Add", "module": "keras.src.ops.numpy", "config": {"name": "add"}},
{"class_name": "Dense", "module": "keras.layers", "config": {"name": "fc"}}]}}'''
zips = {
    "zip_named": [(WEIGHTS, h5(numbered)), ("metadata.json", b"{}"), (CONFIG, config)],
    "zip_unnamed": [(CONFIG, config), (WEIGHTS, h5(numbered_unnamed))],
    "zip_keras2": [(WEIGHTS, h5(plain))],
    "zip_none": [("data.pkl", b"x")],
    "zip_twice": [(WEIGHTS, h5(plain)), (WEIGHTS, h5(plain))],
    "zip_link": [(linked(WEIGHTS), b"/etc/passwd")],
    "zip_bomb": [(WEIGHTS, h5(plain)), (CONFIG, b" " * (9 << 20))],
    "zip_no_json": [(WEIGHTS, h5(numbered_unnamed)), (CONFIG, b'{"config": ')],
    "zip_odd_json": [(WEIGHTS, h5(numbered_unnamed)), (CONFIG, b'[{"config": []}]')],
    "zip_deep_json": [(WEIGHTS, h5(numbered_unnamed)), (CONFIG, b"[" * 100000)],
    "zip_no_h5": [(WEIGHTS, b"none")],
}
for name, members in zips.items():
    path = os.path.join(folder, name + ".keras")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for member, data in members:
            file.writestr(member, data)
    print(os.path.getsize(path), path)
# Two layers of one name, in numbers that stand under other names.
with zipfile.ZipFile(os.path.join(os.path.dirname(__file__), "keras3_unnamed.keras")) as stored, \
        zipfile.ZipFile(os.path.join(folder, "zip_same_names.keras"), "w",
                        zipfile.ZIP_DEFLATED) as file:
    for member in stored.namelist():
        file.writestr(zipfile.ZipInfo(member), stored.read(member).replace(b'"second"', b'"stem"'),
                      zipfile.ZIP_DEFLATED)
whole = open(os.path.join(folder, "zip_named.keras"), "rb").read()
garbled = bytearray(whole)
garbled[len(whole) // 4] ^= 0xff
for name, data in (("zip_cut", whole[:-30]), ("zip_garbled", bytes(garbled)),
                   ("zip_encrypted", whole.replace(b"PK\3\4\x14\0\0", b"PK\3\4\x14\0\1"))):
    with open(os.path.join(folder, name + ".keras"), "wb") as file:
        file.write(data)
