"""Predictions of models that rnframe has trained, and the curves of its runs.

    import numpy, rnframe
    model = rnframe.Model.open("model.safetensors")
    print(model.classes_[model.predict(image)[0]])

All computing is done by librnframe.so, with the bits of `rnframe predict`.
"""
import csv
import ctypes
import json
import math
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Dict, Iterator, List, Optional, Union

import numpy as np

__all__ = ["Error", "Model", "history"]

PathLike = Union[str, "os.PathLike[str]"]

#: Images in one call of the library.
_PART = 64


class Error(Exception):
    """A call of the library failed; `status` is an rnf_status (rnframe/abi.h)."""

    def __init__(self, message: str, status: int = -1):
        super().__init__(message)
        self.status = status


class _Error(ctypes.Structure):
    _fields_ = [("status", ctypes.c_int32), ("message", ctypes.c_char * 2048)]

    def raised(self) -> Error:
        return Error(self.message.decode("utf-8", "replace"), self.status)


class _Image(ctypes.Structure):
    _fields_ = [("pixels", ctypes.c_void_p), ("width", ctypes.c_int64),
                ("height", ctypes.c_int64), ("channels", ctypes.c_int64),
                ("stride", ctypes.c_int64)]


def _candidates() -> Iterator[str]:
    """Where the library may be: the file that RNFRAME_LIBRARY names, or else a folder above the
    installed module, the build of a source tree, the folders that the system searches."""
    name = "librnframe.so.0"
    own = os.environ.get("RNFRAME_LIBRARY")
    if own:
        yield own
        return
    here = Path(__file__).resolve().parent
    for above in list(here.parents)[1:4]:
        yield str(above / name)
        yield from map(str, sorted(above.glob("*-linux-*/" + name)))
    if here.parent.name == "library":
        yield str(here.parents[2] / "build" / name)
    yield name


def _load() -> ctypes.CDLL:
    found = [name for name in _candidates() if "/" not in name or os.path.exists(name)]
    try:
        if not found:
            raise OSError("RNFRAME_LIBRARY is %s: there is no such file" % next(_candidates()))
        return _declare(ctypes.CDLL(found[0]))
    except OSError as error:
        raise ImportError("librnframe.so.0 cannot be loaded: %s; set RNFRAME_LIBRARY to its path"
                          % error) from error


def _declare(library: ctypes.CDLL) -> ctypes.CDLL:
    """The calls of rnframe/model.h."""
    image, error = ctypes.POINTER(_Image), ctypes.POINTER(_Error)
    library.rnf_model_open.argtypes = [ctypes.c_char_p, error]
    library.rnf_model_open.restype = ctypes.c_void_p
    library.rnf_model_predict.argtypes = [ctypes.c_void_p, image, ctypes.c_size_t,
                                          ctypes.c_void_p, error]
    library.rnf_model_predict.restype = ctypes.c_int32
    library.rnf_model_label.argtypes = [ctypes.c_void_p, ctypes.c_int64]
    library.rnf_model_label.restype = ctypes.c_char_p
    library.rnf_model_classes.argtypes = [ctypes.c_void_p]
    library.rnf_model_classes.restype = ctypes.c_int64
    library.rnf_model_close.argtypes = [ctypes.c_void_p]
    library.rnf_model_close.restype = None
    return library


_library = _load()


def _as_images(array: "np.ndarray") -> "np.ndarray":
    """[n][h][w][c], contiguous; a copy only of an array that is not."""
    images = np.asarray(array)
    if images.dtype != np.uint8:
        raise TypeError("images must be of type uint8, 0 to 255; these are %s" % images.dtype)
    if images.ndim == 3:
        images = images[np.newaxis]
    if images.ndim != 4:
        raise ValueError("images must have the shape (n, height, width, channels) or (height, "
                         "width, channels); this is %s" % (np.shape(array),))
    return np.ascontiguousarray(images)


class Model:
    """An open model. Several threads may use it at once; close(), or the end of a `with`, frees
    it."""

    def __init__(self, path: PathLike):
        error = _Error()
        name = os.fsencode(path)
        if b"\0" in name:
            raise ValueError("the path %r contains a NUL" % (path,))
        self._handle: Optional[int] = _library.rnf_model_open(name, ctypes.byref(error))
        if not self._handle:
            raise error.raised()
        n = _library.rnf_model_classes(self._handle)
        #: The names of the classes, in the order of the probabilities.
        self.classes_: List[str] = [
            _library.rnf_model_label(self._handle, i).decode("utf-8", "replace")
            for i in range(n)]

    @classmethod
    def open(cls, path: PathLike) -> "Model":
        """Open a file that training wrote, model.safetensors."""
        return cls(path)

    def _predict_part(self, images: "np.ndarray", probs: "np.ndarray") -> None:
        n, h, w, c = images.shape
        error = _Error()
        parts = (_Image * n)(*[_Image(images.ctypes.data + i * h * w * c, w, h, c, 0)
                               for i in range(n)])
        status = _library.rnf_model_predict(self._handle, parts, n, probs.ctypes.data,
                                            ctypes.byref(error))
        if status < 0:
            raise error.raised()

    def predict_proba(self, array: "np.ndarray", threads: Optional[int] = None) -> "np.ndarray":
        """The probabilities, float32 [n][classes], of images [n][height][width][channels] or of
        one [height][width][channels], bytes 0 to 255. They may have another size than the model
        takes. `threads` is how many threads compute (None: as many as this process may use); it
        does not change the numbers."""
        if not self._handle:
            raise ValueError("the model is closed")
        images = _as_images(array)
        probs = np.empty((len(images), len(self.classes_)), np.float32)
        starts = range(0, len(images), _PART)
        threads = len(os.sched_getaffinity(0)) if threads is None else threads
        if threads < 1:
            raise ValueError("threads is %d, must be at least 1" % threads)
        if threads == 1 or len(starts) <= 1:
            self._predict_part(images, probs)
            return probs
        with ThreadPoolExecutor(min(threads, len(starts))) as pool:
            for _ in pool.map(lambda i: self._predict_part(images[i:i + _PART],
                                                           probs[i:i + _PART]), starts):
                pass
        return probs

    def predict(self, array: "np.ndarray", threads: Optional[int] = None) -> "np.ndarray":
        """The number of the most probable class of each image, int64 [n]; of equal ones the first.
        Its name is classes_[number]. The arguments are those of predict_proba()."""
        return self.predict_proba(array, threads).argmax(axis=1)

    def close(self) -> None:
        """Free the model, which no other thread may be using. A second call does nothing."""
        handle, self._handle = self._handle, None
        if handle:
            _library.rnf_model_close(handle)

    def __enter__(self) -> "Model":
        return self

    def __exit__(self, *unused: object) -> None:
        self.close()

    def __del__(self) -> None:
        if getattr(self, "_handle", None):
            self.close()

    def __repr__(self) -> str:
        return "<rnframe.Model of %d classes%s>" % (len(self.classes_),
                                                    "" if self._handle else ", closed")


def _columns(rows: List[Dict[str, object]]) -> Dict[str, "np.ndarray"]:
    names = list(dict.fromkeys(name for row in rows for name in row))
    columns = {}
    for name in names:
        values = [row.get(name) for row in rows]
        whole = all(isinstance(v, int) and not isinstance(v, bool) for v in values)
        number = all(v is None or isinstance(v, (int, float)) for v in values)
        columns[name] = np.array([math.nan if v is None else v for v in values] if number
                                 else [str(v) for v in values],
                                 np.int64 if whole else np.float64 if number else None)
    return columns


def _cell(text: str) -> Union[int, float, str, None]:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    return text or None


def _whole_lines(path: Path) -> List[str]:
    """Without a last line that is being written."""
    with open(path, newline="", encoding="utf-8", errors="replace") as file:
        return [line for line in file if line.endswith("\n")]


def _read_csv(path: Path) -> Dict[str, "np.ndarray"]:
    rows = csv.DictReader(_whole_lines(path))
    return _columns([{k: _cell(v) for k, v in row.items()} for row in rows])


def _read_lines(path: Path) -> Dict[str, "np.ndarray"]:
    return _columns([json.loads(line) for line in _whole_lines(path)])


def history(run: PathLike) -> Dict[str, Dict[str, "np.ndarray"]]:
    """The curves of a run folder: {"epochs": columns, "steps": columns}, where columns are arrays
    of numpy by their names in epochs.csv and steps.jsonl. A missing value is NaN; a missing file
    has no columns. It also reads a run that is training."""
    folder = Path(run)
    if not folder.is_dir():
        raise FileNotFoundError("%s is no run folder" % folder)
    epochs, steps = folder / "epochs.csv", folder / "steps.jsonl"
    return {"epochs": _read_csv(epochs) if epochs.exists() else {},
            "steps": _read_lines(steps) if steps.exists() else {}}
