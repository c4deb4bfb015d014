"""safetensors files: what the oracles need of them."""
import json
import struct


class Broken(Exception):
    pass


def read(path):
    """(texts, {name: (shape, bytes)}) of a file whose layout is whole."""
    with open(path, "rb") as f:
        data = f.read()
    if len(data) < 8:
        raise Broken(f"{path}: {len(data)} bytes")
    (n,) = struct.unpack("<Q", data[:8])
    try:
        header = json.loads(data[8:8 + n])
    except ValueError as error:
        raise Broken(f"{path}: {error}") from error
    texts = header.pop("__metadata__", {})
    body, tensors, end = data[8 + n:], {}, 0
    for name, entry in header.items():
        begin, stop = entry["data_offsets"]
        tensors[name] = (tuple(entry["shape"]), body[begin:stop])
        end = max(end, stop)
    if end != len(body):
        raise Broken(f"{path}: {len(body)} bytes of tensors, the header says {end}")
    return texts, tensors
