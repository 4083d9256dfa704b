"""Random rules and random lines, of one small alphabet, so that they often meet."""

import json

from hypothesis import strategies as st

WORDS = [
    "abc",
    "ABC",
    "error",
    "Panic",
    "time out",
    "a",
    "kK",
    "x=1",
    "503",
    "[31m",
    "lvl",
    "é",
    "\u017f",
    "\u212a",
    "u0061",
    "\\",
]
NAMES = ["level", "status", "msg", "a.b", "error"]
COLOURS = ["\x1b[31m", "\x1b[0m"]

words = st.sampled_from(WORDS)
texts = st.lists(words | st.sampled_from([" ", "-"]), min_size=1, max_size=4).map("".join)


# --- patterns ---------------------------------------------------------------------------------

ATOMS = [
    "abc",
    "error",
    "panic",
    "out",
    "k",
    "é",
    ".",
    r"\d",
    r"\w",
    r"\s",
    r"\b",
    "[ab]",
    "[^a]",
    "[a-c]",
    r"[\d.]",
    "[kK]",
    "^",
    "$",
    r"\\",
    "=",
    'abc"',
    "/abc",
]


def _grown(inner):
    some = st.lists(inner, min_size=1, max_size=3).map("".join)
    repeats = st.sampled_from(["?", "*", "+", "{2}", "{1,2}", "{0,2}", "+?", "*?", "*+"])
    return st.one_of(
        some,
        st.tuples(some, repeats).map(lambda parts: f"(?:{parts[0]}){parts[1]}"),
        st.lists(some | st.just(""), min_size=2, max_size=3).map(lambda branches: f"(?:{'|'.join(branches)})"),
        some.map(lambda part: f"({part})"),
        some.map(lambda part: f"(?>{part})"),
        some.map(lambda part: f"(?i:{part})"),
        st.tuples(some, some).map(lambda parts: f"{parts[0]}(?={parts[1]})"),
        st.tuples(some, some).map(lambda parts: f"{parts[0]}(?!{parts[1]})"),
        st.tuples(st.sampled_from(["(?<=a)", "(?<!b)", "(?<=ab|ba)"]), some).map("".join),
    )


patterns = st.recursive(st.sampled_from(ATOMS), _grown, max_leaves=8)


# --- matchers, as a rule file writes them ------------------------------------------------------

_case = st.sampled_from([{}, {"case": "sensitive"}])
_values = texts | st.sampled_from([503, 50.5, True])
_field_tests = st.one_of(
    _values.map(lambda value: {"equals": value}),
    st.lists(_values, min_size=1, max_size=2).map(lambda values: {"in": values}),
    patterns.map(lambda pattern: {"regex": pattern}),
    st.sampled_from([{"gte": 500}, {"lte": 50.5}, {"exists": True}, {"exists": False}, {"exists": True, "gte": 1}]),
)
leaves = st.one_of(
    st.tuples(texts, _case).map(lambda parts: {"contains": parts[0], **parts[1]}),
    st.tuples(texts, _case).map(lambda parts: {"equals": parts[0], **parts[1]}),
    st.tuples(patterns, _case).map(lambda parts: {"regex": parts[0], **parts[1]}),
    st.tuples(st.sampled_from(NAMES), _field_tests, _case).map(
        lambda parts: {"field": parts[0], **parts[1], **parts[2]}
    ),
)
matchers = st.recursive(
    leaves,
    lambda inner: st.dictionaries(
        st.sampled_from(["any", "all", "none"]), st.lists(inner, min_size=1, max_size=2), min_size=1, max_size=3
    ),
    max_leaves=4,
)


# --- lines, as bytes ---------------------------------------------------------------------------


@st.composite
def json_strings(draw, text):
    """Write `text` as a JSON string, some of its characters escaped although they need not be."""
    ascii_only = draw(st.booleans())
    hidden = draw(st.just(set()) | st.sets(st.integers(0, 12), min_size=1, max_size=3))
    written = [
        f"\\u{ord(character):04{draw(st.sampled_from('xX'))}}"
        if place in hidden and ord(character) < 0x7F
        else json.dumps(character, ensure_ascii=ascii_only)[1:-1]
        for place, character in enumerate(text)
    ]
    return f'"{"".join(written)}"'


@st.composite
def hidden_words(draw, word):
    """Write `word` inside a JSON string, at least one of its characters escaped or behind a colour."""
    place = draw(st.integers(1, len(word) - 1))
    if draw(st.booleans()):
        colour = draw(st.sampled_from(["\\u001b[31m", "\\u001B[0;1m", "\x1b[0m"]))
        return word[:place] + colour + word[place:]
    return word[:place] + f"\\u{ord(word[place]):04x}" + word[place + 1 :]


coloured = st.lists(words | st.sampled_from([" ", *COLOURS]), min_size=1, max_size=5).map("".join)


@st.composite
def json_lines(draw):
    keys = draw(
        st.lists(st.sampled_from(["message", "msg", "log", "level", "status", "a", "a.b", "error"]), max_size=4)
    )
    numbers = st.sampled_from(["503", "503.0", "5.03e2", "50.5", "true", "null", "NaN", "[1]"])
    members = []
    for key in keys:
        nested = st.builds("{{{}: {}}}".format, json_strings("b"), coloured.flatmap(json_strings))
        value = draw(coloured.flatmap(json_strings) | numbers | nested)
        members.append(f"{draw(json_strings(key))}: {value}")
    return "{" + ", ".join(members) + draw(st.sampled_from(["}", "}", "}", "} ", "", "} x"]))


logfmt_lines = st.lists(
    st.tuples(
        st.sampled_from(NAMES), texts.flatmap(json_strings) | st.sampled_from(["503", "abc", "50.5", "", "true"])
    ),
    min_size=1,
    max_size=3,
).map(lambda pairs: " ".join(f"{name}={value}" for name, value in pairs))


@st.composite
def lines(draw):
    text = draw(st.one_of(coloured, texts, json_lines(), logfmt_lines, st.just("")))
    raw = text.replace("\n", "").encode()
    if draw(st.integers(0, 5)) == 0:
        cut = draw(st.integers(0, len(raw)))
        raw = raw[:cut] + draw(st.sampled_from([b"\xff", b"\xe2\x82", b"\xc3", b"\0"])) + raw[cut:]
    return raw + draw(st.sampled_from([b"", b"", b"", b"\r"]))
