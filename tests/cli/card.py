"""Read what rnframe card and pack wrote.
   head CARD RUN    the YAML head of a card against run.json (PyYAML)
   check CHECK FILE the probabilities of check.json against a line of predict"""
import json
import sys


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


{"head": head, "check": check}[sys.argv[1]](*sys.argv[2:])
