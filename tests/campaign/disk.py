"""A disk as POSIX promises it: what was written is there once the file was synced, a name once
its folder was. Calls (tests/lib/fault/journal.h) change it; when the power goes, of all else
any part may be there."""
import os
import re


class File:
    def __init__(self, safe=b""):
        self.safe, self.calls = safe, []  # on the disk; the changes since

    def sync(self):
        self.safe, self.calls = self.content(lambda: "kept"), []

    def content(self, fate):
        """fate() of each change: kept, lost, zeros in its place, or cut."""
        data = bytearray(self.safe)
        for what, at, text in self.calls:
            how = fate()
            if how == "lost":
                continue
            if what == "truncate":
                del data[at:]
                data.extend(bytes(at - len(data)))
                continue
            if how == "cut":
                text = text[:len(text) // 2]
            data.extend(bytes(max(0, at - len(data))))
            data[at:at + len(text)] = bytes(len(text)) if how == "zeros" else text
        return bytes(data)


class Folder:
    def __init__(self):
        self.safe, self.now, self.calls = {}, {}, []

    def sync(self):
        self.safe, self.calls = dict(self.now), []

    def change(self, *call):
        self.calls.append(call)
        perform(self.now, *call)

    def names(self, fate):
        names = dict(self.safe)
        for call in self.calls:
            if fate() == "kept":
                perform(names, *call)
        return names


def perform(names, what, name, node, old=None):
    """One change of a folder; a name that belongs to another file now stays."""
    if what == "unlink":
        if names.get(name) is node:
            del names[name]
        return
    if what == "rename" and names.get(old) is node:
        del names[old]
    names[name] = node


class Disk:
    """Everything below `root`, a real folder that is completely synced."""

    def __init__(self, root):
        self.prefix, self.root = root.rstrip("/") + "/", load(root)

    def find(self, path):
        """(folder, name, node or None); folder None: it is not of this disk."""
        if not path.startswith(self.prefix):
            return None, "", None
        folder, words = self.root, [w for w in path[len(self.prefix):].split("/") if w]
        if not words:
            return None, "", self.root
        for word in words[:-1]:
            folder = folder.now.get(word)
            if not isinstance(folder, Folder):
                return None, "", None
        return folder, words[-1], folder.now.get(words[-1])

    def play(self, what, at, path, data):
        folder, name, node = self.find(path + "/" if path + "/" == self.prefix else path)
        if what == "fsync" and node is not None:
            node.sync()
        elif folder is None:
            return
        elif what == "mkdir" and node is None:
            folder.change("link", name, Folder())
        elif what == "open":
            self.open(folder, name, node, at)
        elif what in ("write", "truncate") and isinstance(node, File):
            node.calls.append((what, at, data))
        elif what == "rename":
            source, old, moved = self.find(data.decode())
            if moved is not None and source is folder:  # nothing is moved between folders
                folder.change("rename", name, moved, old)
        elif what == "unlink" and node is not None:
            folder.change("unlink", name, node)

    @staticmethod
    def open(folder, name, node, flags):
        if node is None and flags & os.O_CREAT:
            folder.change("link", name, File())
        elif isinstance(node, File) and flags & os.O_TRUNC and not flags & os.O_EXCL:
            node.calls.append(("truncate", 0, b""))

    def leave(self, root, names_fate, data_fate):
        """The state after the cut, as a real folder."""
        leave(self.root, root, names_fate, data_fate)


def load(root):
    folder = Folder()
    for entry in os.scandir(root):
        if entry.is_dir():
            folder.now[entry.name] = load(entry.path)
        else:
            with open(entry.path, "rb") as f:
                folder.now[entry.name] = File(f.read())
    folder.sync()
    return folder


def leave(folder, root, names_fate, data_fate):
    os.mkdir(root)
    for name, node in folder.names(names_fate).items():
        path = os.path.join(root, name)
        if isinstance(node, Folder):
            leave(node, path, names_fate, data_fate)
        else:
            with open(path, "wb") as f:
                f.write(node.content(data_fate))


def read_journal(path):
    """[(what, at, path, bytes)]"""
    calls, at = [], 0
    with open(path, "rb") as f:
        text = f.read()
    while at < len(text):
        line = re.compile(rb"(\w+) (-?\d+) (\d+) ([^\n]*)\n").match(text, at)
        begin, n = line.end(), int(line[3])
        calls.append((line[1].decode(), int(line[2]), os.fsdecode(line[4]), text[begin:begin + n]))
        at = begin + n
    return calls
