"""Containers are chosen by what people call them; our own is never chosen."""

import pytest

from logscan.sources.docker.select import Listed, Selection, own_container_id

A, B, C, D = "a1" * 32, "b2" * 32, "c3" * 32, "d4" * 32


def listed(id_, name, image="app:1", **labels):
    return Listed(id_, (name,), image, {key.replace("__", "."): value for key, value in labels.items()})


LISTING = [
    listed(
        A,
        "homeiq-influxdb",
        "influxdb:2.7.12",
        com__docker__compose__project="homeiq",
        com__docker__compose__service="influxdb",
    ),
    listed(
        B,
        "ai-automation-service",
        com__docker__compose__project="homeiq",
        com__docker__compose__service="ai",
        tier="gold",
    ),
    listed(C, "web.1.xyz", com__docker__swarm__service__name="shop_web", com__docker__stack__namespace="shop"),
    listed(D, "b2", "tool:2"),
]


def chosen(own_id=None, **flags):
    containers, unknown = Selection(**flags).choose(LISTING, own_id)
    return [container.names[0] for container in containers], unknown


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        pytest.param({}, ["ai-automation-service", "b2", "homeiq-influxdb", "web.1.xyz"], id="nothing asked is all"),
        pytest.param({"names": ["homeiq-influxdb"]}, ["homeiq-influxdb"], id="a name"),
        pytest.param({"names": ["homeiq-*", "web*"]}, ["homeiq-influxdb", "web.1.xyz"], id="globs"),
        pytest.param({"names": [A[:12]]}, ["homeiq-influxdb"], id="the start of an id"),
        pytest.param({"names": ["b2"]}, ["b2"], id="a name that is the start of an id is a name"),
        pytest.param({"names": ["influxdb"]}, ["homeiq-influxdb"], id="a compose service"),
        pytest.param({"projects": ["homeiq"]}, ["ai-automation-service", "homeiq-influxdb"], id="a compose project"),
        pytest.param({"projects": ["shop"]}, ["web.1.xyz"], id="a swarm stack"),
        pytest.param({"services": ["shop_web", "ai"]}, ["ai-automation-service", "web.1.xyz"], id="services, or"),
        pytest.param({"services": ["b2"]}, ["b2"], id="a container without a service is its own"),
        pytest.param({"labels": ["tier"]}, ["ai-automation-service"], id="a label"),
        pytest.param({"labels": ["tier=gold"]}, ["ai-automation-service"], id="a label with its value"),
        pytest.param({"labels": ["tier=silver"]}, [], id="a label with another value"),
        pytest.param({"images": ["influxdb:*", "tool*"]}, ["b2", "homeiq-influxdb"], id="images"),
        pytest.param(
            {"projects": ["homeiq"], "images": ["influx*"]}, ["homeiq-influxdb"], id="different flags are and"
        ),
        pytest.param({"projects": ["homeiq"], "exclude": ["ai"]}, ["homeiq-influxdb"], id="exclude by service"),
        pytest.param({"exclude": ["*-*", "b2"]}, ["web.1.xyz"], id="exclude by globs"),
    ],
)
def test_flags_choose(flags, expected):
    assert (expected, []) == chosen(**flags)


def test_a_name_that_no_container_has_is_told():
    assert (["b2"], ["nowhere"]) == chosen(names=["b2", "nowhere"])


@pytest.mark.parametrize("own", [A, A[:12]])
def test_our_own_container_is_never_chosen(own):
    assert "homeiq-influxdb" not in chosen(own_id=own, names=["homeiq-influxdb", "b2"])[0]


def test_a_container_that_asks_to_be_left_out_is_read_only_by_name():
    quiet = listed(A, "quiet", logscan__ignore="true")
    assert [] == Selection().choose([quiet], None)[0]
    assert [quiet] == Selection(names=["quiet"]).choose([quiet], None)[0]


def root(tmp_path, mountinfo="", cgroup="", hostname="", *, dockerenv=False):
    for path, text in (("proc/self/mountinfo", mountinfo), ("proc/self/cgroup", cgroup), ("etc/hostname", hostname)):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    if dockerenv:
        (tmp_path / ".dockerenv").touch()
    return tmp_path


FOLDER = f"/var/lib/docker/containers/{A}"


@pytest.mark.parametrize(
    ("machine", "expected"),
    [
        pytest.param(
            {"mountinfo": f"9 8 0:1 {FOLDER}/hostname /etc/hostname rw - ext4 /dev/sda rw\n"},
            A,
            id="the engine's mounts",
        ),
        pytest.param(
            {"mountinfo": f"9 8 0:1 / {FOLDER}/mounts/shm rw - tmpfs shm rw\n"},
            None,
            id="a host sees all containers' mounts",
        ),
        pytest.param({"cgroup": f"5:cpu:/docker/{A}\n"}, A, id="control groups, version 1"),
        pytest.param({"cgroup": f"0::/system.slice/docker-{A}.scope\n"}, A, id="control groups under systemd"),
        pytest.param(
            {"cgroup": "0::/\n", "hostname": A[:12] + "\n", "dockerenv": True},
            A[:12],
            id="the hostname, in a container",
        ),
        pytest.param({"cgroup": "0::/\n", "hostname": A[:12] + "\n"}, None, id="a host that is called like an id"),
        pytest.param({"hostname": "web\n", "dockerenv": True}, None, id="a container with a name of its own"),
    ],
)
def test_our_own_container_is_known_by_its_mounts_and_groups(tmp_path, machine, expected):
    assert expected == own_container_id(root(tmp_path, **machine))
