r"""redact: what is secret in a line never leaves it.

Owns the shapes of secrets and the marker that replaces them. Does not own when it is called:
detection calls it once, from hit to finding, on whole lines. A line that was cut first may have
lost the name or the prefix by which a secret is known.

Three things give a secret away: its own shape (a JWT, an AWS key), the name before it
(`password=`, `"token": "…"`, `Authorization:`), and its place (`scheme://user:HERE@host`, between
the lines of a key block). Nothing of a secret stays, neither its length nor its last characters.
Where a line can be read in two ways, more is redacted rather than less, except that ordinary prose
("Invalid token: expired") is evidence and stays.

Not attempted: `-p value` (a port for docker, a path for mkdir), a secret named in prose without a
colon ("with password x"), words of a passphrase without quotes, a token as the user of an address,
and secrets without any shape or name. Every pattern here runs in linear time: repeats are
possessive, or bounded, or consume all that they scanned.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

MARKER = "[redacted]"

# --- key blocks ---------------------------------------------------------------------------------

_BLOCK_BEGIN = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_BLOCK_END = re.compile(r"-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
# A block without an end runs to the end of the text: the rest of the key may be on the same line.
_BLOCK = re.compile(rf"{_BLOCK_BEGIN.pattern}[\s\S]*?(?:{_BLOCK_END.pattern}|\Z)")
_KEY_CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=\\ \t\r\n"
# At the end of a line, since a prefix of compose or syslog may stand before it.
_KEY_LINE = re.compile(r"(?:^|[\s|])[A-Za-z0-9+/=]{16,}\s*$")

# --- values -------------------------------------------------------------------------------------

_OPENING_QUOTE = re.compile(r"""[bru]?(\\{0,16})(["'])""")
_QUOTE_OR_NEWLINE = re.compile(r"""(\\*)(["'\n])""")
# A delimiter inside a value belongs to it unless what follows looks like the next thing.
_BARE = re.compile(
    r"""(?! [&,;)\]}] | [{\[]["'\\\s] )
    (?: \[redacted\]
      | [^\s&,;)\]}"'\\]
      | [&,;]   (?! \s | $ | [&,;"'{\[] | [\w.\-]{1,64}[=:] )
      | [)\]}"'](?! \s | $ | [&,;)\]}"'\\] )
      | \\      (?! \\{0,16}["'] )
    )++""",
    re.VERBOSE,
)
_REST = re.compile(r"""(?:[^\r\n"'\\]|["'](?![\s,)\]}]|$)|\\(?!\\{0,16}["']))++""")
_WHOLE_REST = re.compile(r"[^\r\n]*+")
# "Error refreshing token: Attempt to decode JSON": a word that another word follows is a sentence.
_PROSE = re.compile(r"(?:[A-Z]?[a-z]+(?:['-][a-z]+)?|[A-Z]+|[45]\d\d)[.,:;!?]?[ \t]+(?![\w.-]{1,64}=)[\w(\[\"'<]")
_VISIBLE = re.compile(r"[^\W_]")
# What stands after a name in messages about secrets.
_NOT_SECRET = frozenset(
    "absent bool bytes denied disabled empty enabled expired failed false forbidden incorrect int invalid"  # noqa: SIM905 - forty quoted words read worse
    " is malformed mismatch missing must nil no none not null ok rejected required revoked set str string"
    " true unauthorized undefined unknown unset unsupported wrong yes".split()
)

# --- names --------------------------------------------------------------------------------------

_WORDS = (
    r"(?:password|passwd|passphrase|passcode|(?<=_)pass|pwd|secret|(?<!expected )token|credentials?"
    r"|(?:access|account|api|auth|encryption|master|private|secret|shared|signing)[-_. ]?key(?:_base)?"
    r"|j?sessionid|phpsessid)[-_]?\d{0,2}"
)
_CLOSING = r"""(?P<close>\\{0,16}["'])?"""
# `key = value` may have spaces, `key= value` may not: there the value is empty.
_SEPARATOR = r"""(?:[ \t]{0,40}+(?:=>|:=|:)[ \t]{0,40}+|[ \t]{1,40}+=[ \t]{0,40}+|=(?:[ \t]{1,8}+(?=["']))?+)"""
_LIST = r"""(?:\[[ \t]?(?=[bru]?\\{0,16}["'][^\s"']{1,4096}["']))?"""
_NAMED = re.compile(rf"{_WORDS}{_CLOSING}(?P<separator>{_SEPARATOR}){_LIST}", re.IGNORECASE)
_SECRET_NAME = re.compile(rf"(?:{_WORDS}|authorization|cookie)$", re.IGNORECASE)
_FLAG = re.compile(rf"(?<![\w-])--(?!-)[\w-]{{0,40}}?{_WORDS}(?P<separator>[ \t]++)(?!-)", re.IGNORECASE)
_SQL = re.compile(r"(?:password|(?<!revision )identified by)(?P<separator>[ \t]++)(?=')", re.IGNORECASE)
_XML = re.compile(rf"(<[\w:.-]{{0,40}}?{_WORDS}>)[^<\r\n]++", re.IGNORECASE)
# (b"authorization", b"Bearer …"): HTTP libraries print headers as pairs.
_PAIR = r"""(?<=["']),[ ]?(?=b?\\{0,16}["'])"""
_HEADER = re.compile(
    rf"(?P<name>authorization|cookie){_CLOSING}(?:(?P<separator>{_SEPARATOR})|{_PAIR})(?:\[(?!redacted\]))?",
    re.IGNORECASE,
)
_SCHEME = re.compile(
    r"(?:basic|bearer|negotiate|ntlm|(?P<parameters>digest|token|hawk|oauth|apikey|key|aws4-hmac-sha256))[ \t]+",
    re.IGNORECASE,
)
_PARAMETER = re.compile(r"""[\w-]{1,64}=(?![=\s"']|$)|[\w-]{1,64}=\\{0,16}["'][^\s,]""")
_COOKIE = re.compile(r"[^\s=;,]{1,256}=")

# --- places and shapes --------------------------------------------------------------------------

_URL = re.compile(r"""(:\\?/\\?/)((?:(?!:\\?/\\?/)[^\s"'<>])++)""")
_PORT = re.compile(r"\d{1,5}(?:[\\/?#]|$)")
_DATA_SOURCE = re.compile(r"""(?<![^\s"'=(])([\w.%+-]{0,64}):[^\s"']{1,128}(?=@(?:tcp|unix|udp)\()""")
_WORD_START = r"(?:(?<![A-Za-z0-9])|(?<=\\[nrt])|(?<=%[0-9A-Fa-f]{2}))"
_QUERY = re.compile(r"([?&](?:sig|signature|x-amz-signature)=)[^\s&\"'<>]++", re.IGNORECASE)
_JWT = re.compile(r"eyJ[\w-]{8,}+(?:\.[\w.=-]*+)?")
_BEARER = re.compile(rf"({_WORD_START}bearer[ \t]{{1,8}})(?=[A-Za-z._~+/-]{{0,256}}\d)[\w.~+/=-]{{8,}}+", re.IGNORECASE)
# Letters or digits may stand before most prefixes (`\nghp_` in JSON), since their length tells enough.
_SHAPES: tuple[tuple[tuple[str, ...], str], ...] = (
    (("akia", "asia", "abia", "acca"), r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}"),
    (("aiza", "ya29.", "gocspx-"), r"AIza[\w-]{35}|ya29\.[\w.-]{10,}|GOCSPX-[\w-]{20,}"),
    (("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"), r"gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}"),
    (("gl",), r"gl(?:agent|cbt|dt|ft|imt|oas|pat|ptt|rt|soat)-[\w.-]{16,}"),
    (("xox", "xapp-"), r"xox[a-z](?:\.xox[a-z])?-[\w-]{8,}|xapp-\d-[\w-]{8,}"),
    (("hooks.slack.com/",), r"(?<=hooks\.slack\.com/)(?:services|workflows|triggers)/[\w/-]{8,}"),
    (("discord",), r"(?<=/api/webhooks/)\d{8,}/[\w-]{16,}"),
    (("_live_", "_test_", "whsec_"), r"(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{8,}|whsec_[\w+/=]{16,}"),
    (("sk-",), rf"{_WORD_START}sk-(?=[A-Za-z_-]{{0,80}}\d)[\w-]{{16,}}"),  # OpenAI, Anthropic
    ((":aa",), r"\d{8,10}:AA[\w-]{30,}"),  # Telegram
    (("npm_", "pypi-", "dckr_pat_"), r"npm_[A-Za-z0-9]{36}|pypi-[\w-]{16,}|dckr_pat_[\w-]{20,}"),
    (("hf_", "sg."), r"hf_[A-Za-z0-9]{30,}|SG\.[\w-]{16,64}\.[\w-]{16,}"),  # Hugging Face, SendGrid
    (("_v1_", "hvs.", "hvb.", "hvr."), r"do[opr]_v1_[a-f0-9]{32,}|hv[sbr]\.[\w-]{20,}"),  # DigitalOcean, Vault
    (("age-secret-key-",), r"AGE-SECRET-KEY-1[A-Z0-9]{50,}"),
    (("ls0tls1crudjti",), r"LS0tLS1CRUdJTi[A-Za-z0-9+/=]*"),  # "-----BEGIN " in base64
)


def _closing(text: str, at: int, depth: int, quote: str) -> int:
    r"""Find where a quoted value ends, which began after `depth` backslashes and `quote`.

    Each level of JSON inside JSON writes a quote after 0, 1, 3, 7 backslashes. One that closes has
    as many as the one that opened, plus whole escaped backslashes. A value without its end was
    cut, and runs to the end of the line.
    """
    for found in _QUOTE_OR_NEWLINE.finditer(text, at):
        if found[2] == "\n":
            return found.start(2)
        if found[2] == quote and len(found[1]) % (2 * depth + 2) == depth:
            return found.start(2) - depth
    return len(text)


def _is_harmless(value: str) -> bool:
    return not _VISIBLE.search(value) or value.strip(" \t.,:;!?").lower() in _NOT_SECRET


def _quoted(text: str, at: int) -> tuple[int, int] | None:
    opening = _OPENING_QUOTE.match(text, at)
    if opening is None:
        return None
    return opening.end(), _closing(text, opening.end(), len(opening[1]), opening[2])


def _span(found: re.Match[str] | None) -> tuple[int, int] | None:
    return found.span() if found else None


def _named_value(text: str, name: re.Match[str]) -> tuple[int, int] | None:
    """Find the value after a secret's name; None where none is, or where it is no secret."""
    span = _quoted(text, name.end())
    if span is None:
        parts = name.groupdict()
        spoken = not parts.get("close") and parts["separator"] != ":" and "=" not in parts["separator"]
        if spoken and _PROSE.match(text, name.end()):
            return None
        span = _span(_BARE.match(text, name.end()))
    return None if span is None or _is_harmless(text[slice(*span)]) else span


def _header_value(text: str, name: re.Match[str]) -> tuple[int, int] | None:
    """Find the credentials of an Authorization or Cookie header; the scheme's name stays."""
    quoted = _quoted(text, name.end())
    start = quoted[0] if quoted else name.end()
    cookie = name["name"].lower() == "cookie"
    if cookie and not quoted and _COOKIE.match(text, start):
        return _span(_REST.match(text, start))
    scheme = _SCHEME.match(text, start)
    if cookie or scheme is None:
        return _named_value(text, name)
    if quoted:
        return min(scheme.end(), quoted[1]), quoted[1]
    listed = scheme["parameters"] and _PARAMETER.match(text, scheme.end())
    return _span((_WHOLE_REST if listed else _BARE).match(text, scheme.end()))


def _blanked(
    pattern: re.Pattern[str], value: Callable[[str, re.Match[str]], tuple[int, int] | None]
) -> Callable[[str], str]:
    """Make the replacer of every `value` that stands after a match of `pattern`."""

    def replace(text: str) -> str:
        pieces: list[str] = []
        copied = at = 0
        while found := pattern.search(text, at):
            at = found.end()
            span = value(text, found)
            if span is not None and span[0] < span[1]:
                pieces += (text[copied : span[0]], MARKER)
                copied = at = span[1]
        return "".join((*pieces, text[copied:]))

    return replace


def _url(found: re.Match[str]) -> str:
    """Keep scheme, user and host. A password with a slash is illegal, and fails, and so is logged."""
    slashes, address = found.groups()
    authority = re.split(r"\\?[/?#]", address, maxsplit=1)[0]
    scope = authority if "@" in authority else address
    user, colon, rest = scope.partition(":")
    password, at, _ = rest.rpartition("@")
    if not (colon and at and password) or "@" in user or (scope is address and _PORT.match(password)):
        return found[0]
    return f"{slashes}{user}:{MARKER}{address[len(user) + 1 + len(password) :]}"


def _jwt(found: re.Match[str]) -> str:
    return MARKER if "." in found[0] else found[0]


def _headless_block(text: str) -> str:
    """Blank key material before an end line whose begin line is not in the text."""
    *bodies, rest = _BLOCK_END.split(text)
    return "".join(body.rstrip(_KEY_CHARACTERS) + MARKER for body in bodies) + rest


def _substitution(pattern: str | re.Pattern[str], replacement: str = MARKER) -> Callable[[str], str]:
    compiled = re.compile(pattern)
    return lambda text: compiled.sub(replacement, text)


# A step runs only where one of its words is in the lower-cased text, so ordinary lines cost little.
_STEPS: tuple[tuple[tuple[str, ...], Callable[[str], str]], ...] = (
    (("private key",), _substitution(_BLOCK)),
    (("private key",), _headless_block),
    (("authorization", "cookie"), _blanked(_HEADER, _header_value)),
    (("@",), lambda text: _URL.sub(_url, text)),
    (("@tcp(", "@unix(", "@udp("), _substitution(_DATA_SOURCE, rf"\1:{MARKER}")),
    (("pass", "pwd", "secret", "token", "key", "credential", "sess"), _blanked(_NAMED, _named_value)),
    (("--",), _blanked(_FLAG, _named_value)),
    (("password ", "identified by "), _blanked(_SQL, _named_value)),
    (("</",), _substitution(_XML, rf"\1{MARKER}")),
    (("sig",), _substitution(_QUERY, rf"\1{MARKER}")),
    (("eyj",), lambda text: _JWT.sub(_jwt, text)),
    (("bearer",), _substitution(_BEARER, rf"\1{MARKER}")),
    *((words, _substitution(shape)) for words, shape in _SHAPES),
)


def redact(text: str) -> str:
    """Replace every secret in `text` by `[redacted]`. Redacting twice changes nothing more."""
    lowered = text.lower()
    for words, replace in _STEPS:
        for word in words:  # a loop: `any` over a generator costs five times as much
            if word in lowered:
                text = replace(text)
                break
    return text


def redact_field(name: str, value: str) -> str:
    """Redact a field's value, which may be secret only by the field's own name."""
    if _SECRET_NAME.search(name) and not _is_harmless(value):
        return MARKER
    return redact(value)


def redact_lines(lines: Sequence[str]) -> list[str]:
    """Redact lines that follow each other: as `redact`, and key blocks that span them.

    Every line of a block becomes `[redacted]`. A block whose first lines are missing is followed
    back from its end, one whose end is missing reaches to the last line.
    """
    safe: list[str] = []
    inside = False
    for line in lines:
        end = _BLOCK_END.search(line)
        if inside and end is None:
            safe.append(MARKER)
            continue
        if end is not None and not inside and not _BLOCK.search(line):
            _blank_key_lines(safe)
        head, tail = (MARKER, line[end.end() :]) if inside and end else ("", line)
        inside = _BLOCK_BEGIN.search(_BLOCK_END.split(tail)[-1]) is not None
        safe.append(head + redact(tail))
    return safe


def _blank_key_lines(lines: list[str]) -> None:
    """Blank the last lines as far back as they are key material."""
    for index in range(len(lines) - 1, -1, -1):
        if not _KEY_LINE.search(lines[index]):
            return
        lines[index] = MARKER
