r"""safe_text: the one gate that foreign text passes on its way to a terminal.

Owns which characters may reach a terminal and how the others are shown. Does not own the syntax of
Markdown or JSON (their sinks escape for themselves), nor secrets (`redact`).

A character that steers the terminal or hides text is shown as an escape: `\x1b`, `\u202e`. Whole
escape sequences are shown too, not dropped: dropping needs a parser of what terminals accept, and
a sequence without its end would then take the rest of the line, the evidence, with it. What cannot
be seen is as bad as what steers, so characters that are drawn as nothing are shown as well.
"""

from __future__ import annotations

import re

# Ranges, not `unicodedata`: a scan of all of Unicode would cost each start 0.2 s. The tests compare
# them with `unicodedata`, so a Python with newer tables makes itself known.
_CONTROLS = r"\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff"
_FORMAT = (
    r"\u00ad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff"
    r"\ufff0-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
)
# Drawn as nothing: fillers, and the selectors in which bytes can be smuggled. U+FE0E and U+FE0F
# stay, since they choose between the text and the picture form of an emoji.
_UNSEEN = (
    r"\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u2800\u3164\ufe00-\ufe0d\uffa0\ufffe\uffff"
    r"\U000e0000-\U000e0fff"
)
_UNSAFE = re.compile(f"[{_CONTROLS}{_FORMAT}{_UNSEEN}]")
_SHORT = {"\n": r"\n", "\r": r"\r"}


def _shown(found: re.Match[str]) -> str:
    character = found[0]
    if character in _SHORT:
        return _SHORT[character]
    code = ord(character)
    if code < 0x100:  # noqa: PLR2004 - two digits are enough up to here
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"  # noqa: PLR2004 - the same for four


def safe_text(text: str) -> str:
    """Show what would steer a terminal or hide text; tabs and everything visible stay.

    The result holds no C0 control but tab, no DEL, C1, line separator, bidi control, other format
    character, lone surrogate or invisible filler. Applying it twice changes nothing more.
    """
    if text.isascii() and text.isprintable():  # nearly every line, and twenty times as fast
        return text
    return _UNSAFE.sub(_shown, text)
