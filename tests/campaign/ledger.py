"""How often each case was tried: build/campaign.json, and the same as a table."""
import json
import os


class Ledger:
    def __init__(self, path):
        self.path, self.classes = path, {}
        if os.path.exists(path):
            with open(path, encoding="utf-8") as f:
                self.classes = json.load(f)["classes"]

    def entry(self, name):
        return self.classes.setdefault(name, {"done": 0, "failures": [], "next": {},
                                              "commits": []})

    def start(self, name, seed):
        """How many cases of this seed are done."""
        return self.entry(name)["next"].get(str(seed), 0)

    def note(self, name, seed, case, bad, commit):
        entry = self.entry(name)
        entry["done"] += 1
        if commit not in entry["commits"]:
            entry["commits"].append(commit)
        self.settle(name, seed, case)
        if bad:
            entry["failures"].append({"seed": seed, "case": case, "commit": commit, "words": bad})

    def settle(self, name, seed, case):
        """It replaces earlier results of this case."""
        entry = self.entry(name)
        entry["failures"] = [f for f in entry["failures"]
                             if (f["seed"], f["case"]) != (seed, case)]

    def finish(self, name, seed, n):
        self.entry(name)["next"][str(seed)] = self.start(name, seed) + n
        self.write()

    def write(self):
        draft = self.path + ".tmp"
        with open(draft, "w", encoding="utf-8") as f:
            json.dump({"classes": self.classes}, f, indent=1)
            f.write("\n")
        os.rename(draft, self.path)
        with open(os.path.splitext(self.path)[0] + ".md", "w", encoding="utf-8") as f:
            f.write(self.table())

    def table(self):
        lines = ["| class | done | failures | seeds | commits |", "|---|---|---|---|---|"]
        for name, entry in self.classes.items():
            seeds = ", ".join(f"{seed} ({n})" for seed, n in entry["next"].items())
            lines.append(f"| {name} | {entry['done']} | {len(entry['failures'])} | {seeds} | "
                         f"{', '.join(commit[:10] for commit in entry['commits'])} |")
        return "\n".join(lines) + "\n"
