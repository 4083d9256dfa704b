"""What the windows mean, said a second time and as plainly as possible: everything is tried, nothing is kept.

Written from the meaning of the rules alone, in quadratic time and worse. `expected` gives for each
key that has a finding its count, the time of its first hit, and its severity.
"""

from fractions import Fraction
from itertools import combinations


def expected(rules, hits, spans):
    """`hits` in the order of each container's log; `spans`: (start, until) per container that was read."""
    place = {id(one): number for number, one in enumerate(hits)}
    hits = sorted(hits, key=lambda one: (one.line.time_ns, one.line.container.key, place[id(one)]))
    hits = [one for one in hits if not _is_second_twin(one, hits)]
    found = {}
    for rule in rules:
        for key, own in _by_key(rule, hits).items():
            counted = _COUNTED[rule.model.window.type](rule, own) if rule.model.window else [(t(h), t(h)) for h in own]
            _note(found, rule, key, counted)
        if rule.model.window and rule.model.window.type == "absence":
            for service, moments in _silences(rule, hits, spans).items():
                _note(found, rule, (service, ()), [(moment, moment) for moment in moments])
    return found


def t(hit):
    return hit.line.time_ns


def _note(found, rule, key, counted):
    if counted:
        first = min(began for began, _ in counted)
        found[rule.id, *key] = len(counted), first, _severity(rule, sorted(at for _, at in counted))


def _parts(rule):
    window = rule.model.window
    if window is None or not rule.model.combines:
        return {rule.id}
    return set(window.rules) if window.type == "temporal_ordered" else {window.of, window.to}


def _by_key(rule, hits):
    keys = {}
    for one in hits:
        if one.rule.id in _parts(rule):
            group = tuple((name, one.fields.get(name, "<missing>")) for name in rule.model.group_by or ())
            keys.setdefault((one.line.container.service, group), []).append(one)
    return keys


def _severity(rule, times):
    reached = rule.model.severity
    for step in rule.model.escalate:
        within, count = step.when.within, step.when.count
        if any(sum(0 <= other - time < within for other in times) >= count for time in times):
            reached = max(reached, step.severity)
    return reached


def _event_count(rule, hits):
    window = rule.model.window
    for last in range(len(hits)):
        recent = [one for one in hits[: last + 1] if t(hits[last]) - t(one) < window.within]
        if len(recent) >= window.count:
            return [(t(one), t(one)) for one in hits[last - window.count + 1 :]]
    return []


def _value_count(rule, hits):
    window = rule.model.window
    hits = [one for one in hits if window.field in one.fields]
    for last in range(len(hits)):
        recent = [number for number in range(last + 1) if t(hits[last]) - t(hits[number]) < window.within]
        if len({hits[number].fields[window.field] for number in recent}) >= window.count:
            return [(t(one), t(one)) for one in hits[recent[0] :]]
    return []


def _spike(rule, hits):
    window = rule.model.window
    steps = [t(one) // window.within for one in hits]
    length = window.over // window.within
    for last, step in enumerate(steps):
        mean = Fraction(sum(step - length <= other < step for other in steps), length)
        held = steps[: last + 1].count(step)
        if step - steps[0] >= length and held >= window.min and held >= Fraction(window.times) * mean:
            return [(t(one), t(one)) for one in hits[steps.index(step) :]]
    return []


def _new_value(rule, hits):
    window = rule.model.window
    hits = [one for one in hits if window.field in one.fields]
    counted = []
    for number, one in enumerate(hits):
        earlier = [other.fields[window.field] for other in hits[:number]]
        if one.fields[window.field] not in earlier and t(one) - t(hits[0]) >= window.learn:
            counted.append((t(one), t(one)))
    return counted


def _temporal_ordered(rule, hits):
    window = rule.model.window
    sequences, free_from = [], 0
    for last in range(len(hits)):
        if hits[last].rule.id != window.rules[-1]:
            continue
        tried = [
            [*chosen, last]
            for chosen in combinations(range(free_from, last), len(window.rules) - 1)
            if tuple(hits[number].rule.id for number in (*chosen, last)) == tuple(window.rules)
            and t(hits[last]) - t(hits[chosen[0]]) < window.within
        ]
        if tried:
            sequences.append((max(t(hits[chosen[0]]) for chosen in tried), t(hits[last])))
            free_from = last + 1
    # The first line of the first sequence.
    return [(sequences[0][0], at) for _, at in sequences]


def _ratio(rule, hits):
    window = rule.model.window
    part = [one for one in hits if one.rule.id == window.of]
    for moment in sorted({t(one) for one in hits}):
        inside = [one for one in hits if moment - window.within < t(one) <= moment]
        whole = sum(one.rule.id == window.to for one in inside)
        share = [one for one in inside if one.rule.id == window.of]
        if whole >= window.min and len(share) / whole > window.above:
            return [(t(one), t(one)) for one in part if t(one) >= t(share[0])]
    return []


_COUNTED = {
    "event_count": _event_count,
    "value_count": _value_count,
    "spike": _spike,
    "new_value": _new_value,
    "temporal_ordered": _temporal_ordered,
    "ratio": _ratio,
    "absence": lambda rule, hits: [],
}


def _silences(rule, hits, spans):
    services = {}
    for container, (start, until) in spans.items():
        heard = [t(one) for one in hits if one.rule is rule and one.line.container is container]
        begins = [start, *heard]
        for begin, end in zip(begins, [*heard, until], strict=True):
            if end - begin >= rule.model.window.for_:
                services.setdefault(container.service, []).append(begin + rule.model.window.for_)
    return services


def _is_second_twin(hit, hits):
    """Pair every line, from the first on, with the earliest that it repeats; tell whether `hit` is such a one."""
    within = hit.rule.model.count_once_within
    if within is None:
        return False
    lines = [one for one in hits if one.rule is hit.rule and one.line.container is hit.line.container]
    taken = set()
    for later in range(len(lines)):
        for earlier in range(later):
            one, other = lines[earlier].line, lines[later].line
            if (
                not {earlier, later} & taken
                and one.stream != other.stream
                and other.time_ns - one.time_ns <= within
                and (one.text.endswith(other.text) or other.text.endswith(one.text))
            ):
                taken |= {earlier, later}
                if lines[later] is hit:
                    return True
    return False
