"""What rules mean, written a second time and as plainly as possible: no prefilter, no sharing, no speed."""

import json
import string

import regex

_LOWER = {ord(upper): ord(lower) for upper, lower in zip(string.ascii_uppercase, string.ascii_lowercase, strict=True)}


def _uncoloured(text):
    return regex.sub(r"\x1b\[[0-9;]*m", "", text)


def _document(text):
    try:
        value = json.loads(text, strict=False, parse_float=str, parse_constant=str, parse_int=str)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _views(text):
    document = _document(text)
    for key in ("message", "msg", "log", "@m"):
        if document and isinstance(document.get(key), str):
            return [text, _uncoloured(document[key])]
    return [text]


def _logfmt(text):
    """Read pairs by hand: at the start of each word, a key, an equals sign, and a value that may be quoted."""
    pairs, position = {}, 0
    while position < len(text):
        start = position
        while position < len(text) and not text[position].isspace() and text[position] not in '="':
            position += 1
        if start < position < len(text) and text[position] == "=":
            key, position = text[start:position], position + 1
            value, position = _logfmt_value(text, position)
            pairs.setdefault(key, value)
        while position < len(text) and not text[position].isspace():
            position += 1
        while position < len(text) and text[position].isspace():
            position += 1
    return pairs


def _logfmt_value(text, position):
    if text[position : position + 1] == '"':
        end = position + 1
        while end < len(text) and text[end] != '"':
            end += 2 if text[end] == "\\" else 1
        if end < len(text):
            return _unescaped(text[position + 1 : end]), end + 1
    end = position
    while end < len(text) and not text[end].isspace():
        end += 1
    return text[position:end], end


def _unescaped(text):
    """Undo JSON's escapes and two ways to write ESC; leave any other backslash where it is."""
    plain = ""
    while text:
        if text[0] != "\\":
            plain, text = plain + text[0], text[1:]
        elif regex.match(r"\\u[0-9A-Fa-f]{4}", text):
            plain, text = plain + chr(int(text[2:6], 16)), text[6:]
        elif regex.match(r"\\(x1[bB]|033)", text):
            plain, text = plain + "\x1b", text[4:]
        elif text[1:2] and text[1] in '"\\/bfnrt':
            plain, text = plain + json.loads(f'"{text[:2]}"'), text[2:]
        else:
            plain, text = plain + text[0], text[1:]
    return plain


def _field(text, name):
    """Give (whether the line has fields, whether the key is there, its text)."""
    fields = _document(text)
    if fields is None:
        fields = _logfmt(text)
        if not fields:
            return False, False, None
    while name not in fields and "." in name:
        head, name = name.split(".", 1)
        if not isinstance(fields.get(head), dict):
            return True, False, None
        fields = fields[head]
    if name not in fields:
        return True, False, None
    value = fields[name]
    if isinstance(value, str):
        return True, True, _uncoloured(value)
    return (
        True,
        True,
        {True: "true", False: "false", None: "null"}.get(value) if not isinstance(value, dict | list) else None,
    )


def _number(text):
    return float(text) if regex.fullmatch(r"\d+(\.\d+)?(e\d+)?", text) else None


def _same(wanted, text, sensitive):
    if isinstance(wanted, bool):
        return text.translate(_LOWER) == str(wanted).lower()
    if isinstance(wanted, str):
        return wanted == text if sensitive else wanted.translate(_LOWER) == text.translate(_LOWER)
    return _number(text) == wanted


def _finds(pattern, text, sensitive):
    return regex.search(pattern, text, regex.V0 | regex.ASCII | (0 if sensitive else regex.IGNORECASE)) is not None


def _field_holds(matcher, text, sensitive):
    has_fields, present, value = _field(text, matcher["field"])
    tests = [key for key in ("equals", "in", "regex", "gte", "lte") if key in matcher]
    if not has_fields:
        return False
    if matcher.get("exists") is False:
        return not present and not tests
    if not present or (tests and value is None):
        return False
    return all(_value_holds(test, matcher[test], value, sensitive) for test in tests)


def _value_holds(test, wanted, value, sensitive):
    number = _number(value)
    return {
        "equals": lambda: _same(wanted, value, sensitive),
        "in": lambda: any(_same(one, value, sensitive) for one in wanted),
        "regex": lambda: _finds(wanted, value, sensitive),
        "gte": lambda: number is not None and number >= wanted,
        "lte": lambda: number is not None and number <= wanted,
    }[test]()


def holds(matcher, text):
    """Tell whether a matcher, as a rule file writes it, holds for a line of text."""
    sensitive = matcher.get("case") == "sensitive"
    same = (lambda view: view) if sensitive else (lambda view: view.translate(_LOWER))
    if "field" in matcher:
        return _field_holds(matcher, text, sensitive)
    if "contains" in matcher:
        return any(same(matcher["contains"]) in same(view) for view in _views(text))
    if "equals" in matcher:
        return any(same(matcher["equals"]) == same(view) for view in _views(text))
    if "regex" in matcher:
        return any(_finds(matcher["regex"], view, sensitive) for view in _views(text))
    return (
        any(holds(part, text) for part in matcher.get("any", [{"regex": ""}]))
        and all(holds(part, text) for part in matcher.get("all", []))
        and not any(holds(part, text) for part in matcher.get("none", []))
    )


def joined(matcher, then, lines):
    """Give the events of one rule: lists of the numbers of their lines. `lines` are (stream, seconds, text).

    `then` is the pattern of lines that go on with an event; None for a rule that joins no lines.
    """
    events, open_events = [], {}
    for number, (stream, seconds, text) in enumerate(lines):
        for whose, event in list(open_events.items()):
            began = lines[event[0]][1]
            if None not in (began, seconds) and seconds - began > 5:
                del open_events[whose]
        event = open_events.get(stream)
        if event is not None and then is not None and len(event) <= 500 and _finds(then, text, False):
            event.append(number)
            continue
        open_events.pop(stream, None)
        if holds(matcher, text):
            open_events[stream] = [number]
            events.append(open_events[stream])
    return events


def unsilenced(events, speaks_for, catch_alls=frozenset()):
    """Leave out the events that another rule speaks for; `events` are (rule, numbers of lines)."""

    def is_silenced(general, lines):
        for special, others in events:
            if others[0] not in lines and lines[0] not in others:
                continue
            if general in speaks_for[special]:
                return True
            if general in catch_alls and special not in catch_alls:
                meeting = others[0] if others[0] in lines else lines[0]
                beside = [rule for rule, taken in events if taken[0] == meeting]
                if meeting == lines[0]:
                    beside += [rule for rule, taken in events if meeting in taken]
                if not any(special in speaks_for[rule] for rule in beside):
                    return True
        return False

    return [(general, lines) for general, lines in events if not is_silenced(general, lines)]
