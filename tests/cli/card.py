"""Read what rnframe card and pack wrote.
   head CARD RUN    the YAML head of a card against run.json (PyYAML)
   check CHECK FILE the probabilities of check.json against a line of predict
   drawing PNG      the check image is a drawing: ramps, and 4 x 4 squares of blue"""
import json
import struct
import sys
import zlib


def head(card, run):
    import yaml
    text = open(card, encoding="utf-8").read()
    _, yaml_text, body = text.split("---\n", 2)
    data = yaml.safe_load(yaml_text)
    facts = json.load(open(run + "/run.json", encoding="utf-8"))
    assert data["license"] == "unknown" and data["library_name"] == "rnframe", data
    assert data["pipeline_tag"] == "image-classification" and data["metrics"] == ["accuracy"], data
    (model,) = data["model-index"]
    assert model["name"] == facts["name"], model
    print("datasets:", data["datasets"][0])
    if "test" not in facts:
        assert model["results"] == [], model
        return
    (result,) = model["results"]
    assert result["task"]["type"] == data["pipeline_tag"], result
    assert result["dataset"]["name"] == data["datasets"][0], result
    assert result["dataset"]["split"] == "test", result
    (metric,) = result["metrics"]
    assert metric["type"] == "accuracy", metric
    assert abs(metric["value"] - facts["test"]["accuracy"]) < 1e-6, metric
    assert body.lstrip().startswith("# "), body[:80]


def check(said, line):
    with open(said, encoding="utf-8") as f:
        text = f.read()
    assert text.startswith('{\n  "file": '), text  # people read it too
    check = json.loads(text)
    got = dict(json.loads(open(line, encoding="utf-8").read())["top"])
    assert got.keys() == check["probabilities"].keys(), got
    assert abs(sum(check["probabilities"].values()) - 1) < 1e-5, check
    for name, p in check["probabilities"].items():
        assert abs(p - got[name]) <= check["within"], (name, p, got[name])


def drawing(path):
    """As core/base/png.c writes it: lines of filter 0."""
    with open(path, "rb") as f:
        png = f.read()
    w, h = struct.unpack(">II", png[16:24])
    at, body = 8, b""
    while at < len(png):
        n, kind = struct.unpack(">I4s", png[at:at + 8])
        body += png[at + 8:at + 8 + n] if kind == b"IDAT" else b""
        at += 12 + n
    lines = zlib.decompress(body)
    depth = len(lines) // h // w  # bytes a pixel, behind each line's filter
    for y in range(h):
        assert lines[y * (1 + depth * w)] == 0, y
        for x in range(w):
            rgb = 255 * (x + 1) // w, 255 * (y + 1) // h, (40, 200)[(4 * x // w + 4 * y // h) % 2]
            got = lines[y * (1 + depth * w) + 1 + depth * x:][:depth]
            assert tuple(got) == rgb[:depth], (x, y, tuple(got), rgb)


{"head": head, "check": check, "drawing": drawing}[sys.argv[1]](*sys.argv[2:])
