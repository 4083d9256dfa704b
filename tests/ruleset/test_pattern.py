"""The dialect: what is refused and why, and that both engines read the rest the same."""

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logscan.ruleset.pattern import PatternError, check_pattern, compile_pattern, group_names

NOT_ASCII_LOOKALIKES = "\u212a\u017f\u0131\u0130\u00df\u1e9e\ufb06"

REFUSED = {
    "fuzzy brace": (r"timeout{e<=1}", "fuzzy match, at character 8"),
    "fuzzy brace of one kind": (r"(?:ab){i}", "fuzzy match, at character 7"),
    "fuzzy brace with a range": (r"ab{1<=e<=3}", "fuzzy match"),
    "fuzzy brace with a cost": (r"ab{2i+1d<4}", "fuzzy match"),
    "word in braces": (r"x{error}", "fuzzy match"),
    "POSIX class": (r"[[:alpha:]]+", "POSIX class, at character 2"),
    "POSIX class among others": (r"[_[:^digit:]]", "POSIX class, at character 3"),
    "nested set": (r"[[a-z]0]", "possible nested set"),
    "set difference": (r"[a-z--b]", "possible set difference"),
    "set intersection": (r"[a-z&&b]", "possible set intersection"),
    "keep": (r"user \Kname", r"\K, at character 6"),
    "recursion of all": (r"\((?R)?\)", "recursion, at character 3"),
    "recursion of a number": (r"(a)(?1)", "recursion, at character 4"),
    "recursion of a name": (r"(?P<n>a)(?&n)", "recursion, at character 9"),
    "recursion of a name, as Perl has it": (r"(?P<n>a)(?P>n)", "recursion, at character 9"),
    "branch reset": (r"(?|(a)|(b))", "branch reset, at character 1"),
    "Unicode property": (r"\p{Lu}+", "Unicode property, at character 1"),
    "Unicode property in a set": (r"[a\P{L}]", "Unicode property, at character 3"),
    "grapheme": (r"\X", r"\X"),
    "named list": (r"\L<words>", "named list"),
    "group named without P": (r"(?<name>a)", "(?<name>…)"),
    "backtracking verb": (r"a(*SKIP)b", "backtracking verb, at character 2"),
    "Unicode flag": (r"(?u)\w", "the flag (?u)"),
    "locale flag": (r"(?L)\w", "the flag (?L)"),
    "case brought back": (r"(?-i:Error)", "a flag that brings case back"),
    "case brought back beside another flag": (r"(?s-i:Error)", "a flag that brings case back"),
    "newer version": (r"(?V1)a", "the flag (?V1)"),
    "full case folding": (r"(?f)a", "the flag (?f)"),
    "best match": (r"(?b)a", "the flag (?b)"),
    "verbose": (r"(?x)a b", "verbose"),
    "verbose in part": (r"(?x:a b)", "verbose"),
    "open parenthesis": (r"panic(", "unterminated subpattern, at character 6"),
    "closing parenthesis": (r"panic)", "unbalanced parenthesis, at character 6"),
    "nothing to repeat": (r"*panic", "nothing to repeat, at character 1"),
    "open set": (r"a[b", "unterminated character set, at character 2"),
    "look-behind of several lengths": (r"(?<=a|bc)d", "look-behind requires fixed-width pattern"),
    "group named twice": (r"(?P<n>a)|(?P<n>b)", "redefinition of group name 'n'"),
    "flag in the middle": (r"a(?i)b", "global flags not at the start"),
    "unknown escape": (r"\y", r"bad escape \y, at character 1"),
    "count beyond the engine": ("a{99999999999}", "multiply beyond measure"),
    "most beyond the engine": ("a{1,99999999999}", "too large"),
    "very long": ("a" * 5000, "5000 characters"),
    "deeply nested": ("(" * 2000 + ")" * 2000, "nested too deep"),
    "nested counts": ("(((a{1000}){1000}){1000})", "multiply beyond measure"),
    "nested plus": ("(" * 24 + "a" + ")+" * 24, "multiply beyond measure"),
}

ALLOWED = {
    "literal braces of JSON": r'{"level":"error"',
    "repeats": r"a{3}b{1,}c{,2}d{2,5}e{,}f+?g*+",
    "date": r"\d{4}-\d\d-\d\dT\d{2}:\d{2}:\d{2}",
    "UUID": r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
    "possessive and atomic": r"a++(?>b+)c",
    "look-around": r"(?<!no )(?<=x)error(?=:)(?! handled)",
    "named groups": r"(?P<code>\d+) (?P=code)",
    "condition": r"(a)?b(?(1)c|d)",
    "comment that looks bad": r"(?#\p{L}{e<=1})a",
    "escaped brace": r"a\{e<=1}",
    "brackets and braces in sets": r"[^[][]a][{e}]",
    "case ignored": r"(?i)error",
    "case ignored in part": r"(?i:error) Code",
    "several flags": r"(?ims)error",
    "ASCII, as it is anyway": r"(?a)\w",
    "named character": r"21 \N{DEGREE SIGN}C",
}


@pytest.mark.parametrize(("pattern", "told"), REFUSED.values(), ids=REFUSED.keys())
def test_outside_the_dialect(pattern, told):
    with pytest.raises(PatternError) as caught:
        check_pattern(pattern)
    assert told in str(caught.value)


@pytest.mark.parametrize("pattern", ALLOWED.values(), ids=ALLOWED.keys())
def test_inside_the_dialect(pattern):
    check_pattern(pattern)
    assert re.compile(pattern, re.ASCII | re.IGNORECASE).groups == compile_pattern(pattern, sensitive=False).groups


@pytest.mark.parametrize("name", ["nested counts", "nested plus", "deeply nested", "very long"])
def test_patterns_that_would_take_minutes_are_refused_at_once(name):
    start = time.perf_counter()
    with pytest.raises(PatternError):
        check_pattern(REFUSED[name][0])
    assert time.perf_counter() - start < 1


@pytest.mark.parametrize("letters", ["k", "s", "i", "ss", "st", "[a-z]", "[A-Z]", r"\w", r"(?i:k)"])
@pytest.mark.parametrize("other", NOT_ASCII_LOOKALIKES, ids=ascii)
def test_ignoring_case_folds_ascii_alone(letters, other):
    pattern = compile_pattern(letters, sensitive=False)
    assert (None, None) == (pattern.search(other), pattern.search(f"- {other} -"))


@pytest.mark.parametrize("letter", NOT_ASCII_LOOKALIKES + "é", ids=ascii)
def test_a_letter_outside_ascii_has_one_case(letter):
    pattern = compile_pattern(letter, sensitive=False)
    assert [letter] == [char for char in "kKsSiIéÉ" + NOT_ASCII_LOOKALIKES if pattern.search(f"a{char}b")]


def test_case_is_ignored_unless_it_matters():
    assert compile_pattern("Panic", sensitive=False).search("a pANIC")
    assert compile_pattern("Panic", sensitive=True).search("a pANIC") is None


def test_sets_are_those_of_version_0():
    assert compile_pattern(r"[^[]+", sensitive=False).fullmatch("a|b")


def test_classes_are_ascii():
    assert compile_pattern(r"\d|\w|\s", sensitive=False).search("\u0663\u00e9\u2003") is None


def test_group_names_in_order():
    assert ("code", "text") == group_names(r"(?P<code>\d+)(x)(?P<text>.*)")


PIECES = r"""
a K s 1 . \d \w \s \b \W \S [ab] [^a] [a-z] [^[] []a] [Z-a] [\w-] { } ] {1 {,2} {1,2} {2} {1,x {a {e {d} {0}
* + ? *? ++ ?+ *+ ( (?: (?> (?= (?! (?<= (?<! (?P<n> (?i: (?s: (?P=n) \1 ) ) ) | ^ $ \A \Z \. \{ \t \0 \07
- && , : < = \u212a \u017f ß é É
"""


@settings(max_examples=400, deadline=None)
@given(
    st.lists(st.sampled_from(PIECES.split()), min_size=1, max_size=7).map("".join),
    st.lists(st.text("abkKsS1_ {}],:<=e.Z[-\u212a\u017féÉß", max_size=6), min_size=5, max_size=5),
)
def test_both_engines_read_what_is_allowed_the_same(pattern, lines):
    try:
        check_pattern(pattern)
    except PatternError:
        return
    plain = re.compile(pattern, re.ASCII | re.IGNORECASE)
    ours = compile_pattern(pattern, sensitive=False)
    for line in lines:
        expected, actual = plain.search(line), ours.search(line)
        assert (expected and expected.span()) == (actual and actual.span())
