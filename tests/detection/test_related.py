"""Lines of other containers stand by the finding whose hits they are near to."""

from itertools import permutations

from logscan.batch import COMPOSE_PROJECT, COMPOSE_SERVICE, Stream
from logscan.detection.detector import Detector
from logscan.detection.draw import Draw
from logscan.detection.related import MAX_SHOWN
from tests.detection.making import SECOND, START_NS, box, hit, rule

R = rule(related={"match": {"contains": "401"}, "within": "2s"})


def member(service, project="p"):
    return box(service, labels={COMPOSE_PROJECT: project, COMPOSE_SERVICE: service})


def related(hits):
    detector = Detector([R], samples=1)
    for one in hits:
        detector.observe(one)
    (finding,) = detector.findings()
    return [line.line for line in finding.related]


def test_the_line_of_the_client_in_the_same_second_stands_by_the_finding():
    influx, client = member("influx"), member("client")
    detector = Detector([R], samples=1)
    detector.observe(hit(R, 5, "got 401 token=abcdefgh12345", container=client, stream=Stream.STDERR, aside=True))
    detector.observe(hit(R, 5.5, "authorization not found", container=influx))
    (finding,) = detector.findings()
    (line,) = finding.related
    assert (client, START_NS + 5 * SECOND, "stderr") == (line.container, line.time_ns, line.stream)
    assert ("got 401 token=[redacted]", 1) == (line.line, finding.count)


def test_only_neighbours_within_the_time_are_related():
    influx, client, stranger = member("influx"), member("client"), member("client", "q")
    aside = [
        hit(R, 3, "exactly so far before", container=client, aside=True),
        hit(R, 7, "exactly so far after", container=client, aside=True),
        hit(R, 7.000000001, "a nanosecond too far", container=client, aside=True),
        hit(R, 5, "itself", container=influx, aside=True),
        hit(R, 5, "another project", container=stranger, aside=True),
        hit(R, None, "no time", container=client, aside=True),
    ]
    assert ["exactly so far before", "exactly so far after"] == related([*aside, hit(R, 5, container=influx)])


def test_without_projects_containers_of_one_host_are_neighbours():
    mine, neighbour, far = box("mine", host="h"), box("neighbour", host="h"), box("far", host="g")
    aside = [hit(R, 0, container.name, container=container, aside=True) for container in (neighbour, far)]
    assert ["neighbour"] == related([*aside, hit(R, 0, container=mine)])


def test_the_nearest_to_any_hit_come_first_in_any_order_of_reading():
    influx, client = member("influx"), member("client")
    hits = [hit(R, at, container=influx) for at in (0, 100)]
    hits += [hit(R, at, f"401 {at}", container=client, aside=True) for at in (1.5, 100.5, 101)]
    for order in permutations(hits):
        assert ["401 100.5", "401 101", "401 1.5"] == related(order)


def test_at_most_so_many_lines_stand_by_a_finding():
    influx, client = member("influx"), member("client")
    aside = [hit(R, at / 100, f"401 {at}", container=client, aside=True) for at in range(50, 0, -1)]
    expected = [f"401 {at}" for at in range(1, MAX_SHOWN + 1)]
    assert expected == related([*aside, hit(R, 0, container=influx)])


def test_a_draw_keeps_the_same_whatever_came_first():
    names = [str(number) for number in range(500)]
    draws = []
    for order in (names, names[::-1]):
        draw = Draw(20)
        for name in order:
            draw.add(name, name)
        draws.append(sorted(draw))
    assert draws[0] == draws[1]
    assert 20 == len(draws[0])
