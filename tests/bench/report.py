"""Tables printed line by line, and a status line about the current measurement."""

import sys

MB = 1e6


class Table:
    """Columns are (title, width, format); a title may have two lines."""

    def __init__(self, columns):
        self.columns = columns

    def head(self):
        titles = [title.split("\n") for title, _, _ in self.columns]
        for line in range(max(map(len, titles))):
            self.line([lines[line] if line < len(lines) else "" for lines in titles])
        self.line(["-" * width for _, width, _ in self.columns])

    def row(self, values):
        self.line([value if isinstance(value, str) else "-" if value is None else format(value, form)
                   for value, (_, _, form) in zip(values, self.columns)])

    def line(self, words):
        """The first column is flush left, numbers are flush right."""
        cells = [word.ljust(width) if index == 0 else word.rjust(width)
                 for index, (word, (_, width, _)) in enumerate(zip(words, self.columns))]
        clear()
        print("  ".join(cells).rstrip(), flush=True)


def megabytes(value):
    """None, a figure that the program does not have, stays None."""
    return None if value is None else value / MB


def say(text=""):
    clear()
    print(text, flush=True)


def clear():
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr, flush=True)


def progress(text):
    """A temporary line on a terminal, a permanent one in a log."""
    on_terminal = sys.stderr.isatty()
    clear()
    print(f"  {text} ..."[:100 if on_terminal else None], end="" if on_terminal else "\n",
          file=sys.stderr, flush=True)
