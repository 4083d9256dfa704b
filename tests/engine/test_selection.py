"""Which containers a scan reads: names, IDs, globs, labels and images, against the engine's own list."""

import pytest

from tests.engine.scanning import COMPLETE, INCOMPLETE, scan
from tests.rig.oracle import Script

PROJECT, SERVICE = "com.docker.compose.project", "com.docker.compose.service"


@pytest.fixture(scope="module")
def stack(lasting):
    """Four containers: two of one compose project, one of another, and one of none."""

    def play(name, image, **labels):
        return lasting.play(Script().out(b"hello\n"), name=name, image=image, labels=labels)

    return {
        "shop-web": play("shop-web", "nginx:1.27", **{PROJECT: "shop", SERVICE: "web", "tier": "front"}),
        "shop-db": play("shop-db", "ghcr.io/library/postgres:16", **{PROJECT: "shop", SERVICE: "db", "tier": "data"}),
        "blog-web": play("blog-web", "nginx:1.27", **{PROJECT: "blog", SERVICE: "web", "tier": "front"}),
        "lonely": play("lonely", "redis:7"),
    }


def names(report):
    return {source["container"]["name"] for source in report["sources"]}


@pytest.mark.parametrize(
    ("args", "chosen"),
    [
        pytest.param([], {"shop-web", "shop-db", "blog-web", "lonely"}, id="nothing asked for is everything"),
        pytest.param(["shop-db"], {"shop-db"}, id="a name"),
        pytest.param(["shop-db", "lonely"], {"shop-db", "lonely"}, id="two names"),
        pytest.param(["shop-*"], {"shop-web", "shop-db"}, id="a glob"),
        pytest.param(["web"], {"shop-web", "blog-web"}, id="a compose service"),
        pytest.param(["--project", "shop"], {"shop-web", "shop-db"}, id="a project"),
        pytest.param(["--service", "web"], {"shop-web", "blog-web"}, id="a service by its flag"),
        pytest.param(["--project", "shop", "--service", "web"], {"shop-web"}, id="project and service"),
        pytest.param(["--project", "shop", "--project", "blog"], {"shop-web", "shop-db", "blog-web"}, id="or"),
        pytest.param(["--label", "tier"], {"shop-web", "shop-db", "blog-web"}, id="a label's key"),
        pytest.param(["--label", "tier=data"], {"shop-db"}, id="a label with its value"),
        pytest.param(["--image", "nginx:*"], {"shop-web", "blog-web"}, id="an image"),
        pytest.param(["--image", "*postgres*"], {"shop-db"}, id="an image of a registry"),
        pytest.param(["--exclude", "shop-*"], {"blog-web", "lonely"}, id="all but"),
        pytest.param(["*web", "--exclude", "blog-*"], {"shop-web"}, id="a glob but"),
    ],
)
def test_a_scan_reads_the_containers_that_were_asked_for(proxy, stack, args, chosen):
    done = scan(proxy, *args)

    assert COMPLETE == done.exit_code
    assert chosen == names(done.json)
    assert [] == done.json["errors"]
    asked = {request.path.split("/")[-2] for request in proxy.requests if request.path.endswith("/logs")}
    assert {stack[name].id for name in chosen} == asked


@pytest.mark.parametrize("digits", [pytest.param(12, id="short"), pytest.param(64, id="full")])
def test_a_container_is_named_by_the_beginning_of_its_id(proxy, stack, digits):
    assert {"lonely"} == names(scan(proxy, stack["lonely"].id[:digits]).json)


def test_a_name_that_is_not_there_is_an_error_and_the_others_are_read(proxy, stack):
    done = scan(proxy, "shop-db", "shop-cache")

    report = done.json
    assert INCOMPLETE == done.exit_code
    assert {"shop-db"} == names(report)
    (error,) = report["errors"]
    assert ("source", "shop-cache") == (error["kind"], error["source"])
    assert "shop-cache" in error["message"]
    assert error["help"]


def test_a_container_that_asks_to_be_left_out_is_read_only_by_its_name(proxy, stack, emitter):
    emitter.play(Script().out(b"hello\n"), name="shy", labels={"logscan.ignore": "true"})

    assert "shy" not in names(scan(proxy).json)
    assert {"shy"} == names(scan(proxy, "shy").json)


def test_findings_of_one_service_in_two_containers_are_one(proxy, stack, emitter):
    line = b'172.18.0.1 - - [09/Jan/2025:17:20:48 +0200] "GET / HTTP/1.1" 401 36 "-" "curl"\n'
    labels = {PROJECT: "scaled", SERVICE: "api"}
    first = emitter.play(Script().out(line * 2), name="scaled-api-1", labels=labels)
    second = emitter.play(Script().out(line * 3), name="scaled-api-2", labels=labels)

    (found,) = scan(proxy, "--project", "scaled").json["findings"]

    assert (5, {"project": "scaled", "name": "api"}) == (found["count"], found["service"])
    assert [(second.id, 3), (first.id, 2)] == [(share["id"], share["count"]) for share in found["containers"]]
    assert second.id == found["container"]["id"]
