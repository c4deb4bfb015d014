"""Where a C source can be changed by one token, and how.

A site is (file, line, kind, column, old, new). What a change there cannot show is left out:
comments, texts, the preprocessor, sizes of buffers, and statements that only release
something (the sanitizers look for those)."""
import re
from collections import namedtuple

Site = namedtuple("Site", "file line kind column old new")

COMPARISONS = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "=="}
SIGNS = {"+": "-", "-": "+", "*": "/", "/": "*", "+=": "-=", "-=": "+=", "&": "|", "|": "&"}
LOGIC = {"&&": "||", "||": "&&"}
RELEASES = ("free", "fclose", "close", "closedir", "va_end", "json_decref", "munmap", "archive_read_free")

TOKEN = re.compile(r"""
    (?P<skip>/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')
  | (?P<number>(?<![\w.])(?:\d+\.\d*(?:[eE][-+]?\d+)?|\d+(?:[eE][-+]?\d+)?)[fFuUlL]*(?![\w.]))
  | (?P<word>[A-Za-z_]\w*|0[xX][0-9a-fA-F.pP+-]+\w*)
  | (?P<operator>->|\+\+|--|<<=?|>>=?|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=
               |[-+*/%&|^!<>=~?:;,.(){}\[\]])
""", re.X | re.S)

OPERAND = r"[A-Za-z_][\w.]*(?:->\w+|\[\w+\])*"
SWAPPED = re.compile(rf"(?<![\w.>\])*/&-])({OPERAND}) ([-/<>]) ({OPERAND})(?![\w.(\[]|->)")
STATEMENT = re.compile(r"^\t+(?:\*?[A-Za-z_][\w.]*(?:->\w+|\[[^\]]*\])*)"
                       r"(?P<rest>\(.*\)| [-+*/|&^]?= .*);$")


def blanked(text):
    """The text with comments, strings and preprocessor lines as spaces: columns stay."""
    out = list(text)
    for match in TOKEN.finditer(text):
        if match.group("skip"):
            for i in range(*match.span()):
                if out[i] != "\n":
                    out[i] = " "
    return re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda m: re.sub(r"[^\n]", " ", m.group()),
                  "".join(out), flags=re.M)


def other_number(word):
    digits = re.match(r"[\d.eE+-]+", word).group()
    suffix = word[len(digits):]
    if re.fullmatch(r"\d+", digits):
        return {"0": "1", "1": "0"}.get(digits, str(int(digits) + 1)) + suffix
    value = float(digits)
    return repr(value * 2 if value else 1.0) + suffix


def is_size(text, match):
    around = text[match.start() - 1:match.start()] + text[match.end():match.end() + 1]
    return around == "[]" and re.fullmatch(r"\d\d+", match.group())


def of_tokens(text):
    """(kind, start, end, new) of each token that can be replaced."""
    for match in TOKEN.finditer(text):
        word, (start, end) = match.group(), match.span()
        spaced = text[start - 1:start].isspace() and text[end:end + 1].isspace()
        if match.group("number"):
            if not is_size(text, match):
                yield "constant", start, end, other_number(word)
        elif word in COMPARISONS and spaced:
            yield "comparison", start, end, COMPARISONS[word]
        elif word in LOGIC:
            yield "logic", start, end, LOGIC[word]
        elif word in SIGNS and spaced:
            yield "sign", start, end, SIGNS[word]
        elif word == "!":
            yield "logic", start, end, " "
        elif word == "-" and not spaced and re.match(r"[\w.(]", text[end:end + 1]) and \
                re.search(r"[=(,?:&|<>{+*/]\s*$|return\s*$", text[max(0, start - 12):start]):
            yield "sign", start, end, " "


def of_lines(text):
    """Statements of one line; declarations have two words before the = and do not count."""
    at = 0
    for line in text.split("\n"):
        match = STATEMENT.match(line.rstrip())
        name = line.strip().split("(")[0]
        others = line.strip().startswith(("return", "case", "else"))
        if match and name not in RELEASES and not others:
            start = at + len(line) - len(line.lstrip())
            yield "statement", start, at + len(line.rstrip()), ";"
        at += len(line) + 1


def of_operands(text):
    for match in SWAPPED.finditer(text):
        a, operator, b = match.groups()
        if a != b:
            yield "operands", match.start(), match.end(), f"{b} {operator} {a}"


def sites(path):
    with open(path) as f:
        source = f.read()
    text = blanked(source)
    found = []
    for rule in (of_tokens, of_lines, of_operands):
        for kind, start, end, new in rule(text):
            line = source.count("\n", 0, start) + 1
            column = start - (source.rfind("\n", 0, start) + 1)
            found.append(Site(path, line, kind, column, source[start:end], new))
    return found


def changed(source, site):
    """The source with the site's change."""
    lines = source.split("\n")
    line = lines[site.line - 1]
    assert line[site.column:site.column + len(site.old)] == site.old
    lines[site.line - 1] = line[:site.column] + site.new + line[site.column + len(site.old):]
    return "\n".join(lines)
