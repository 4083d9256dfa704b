"""What keeps a user from an engine's socket is told by its owner, group and mode."""

import os

import pytest

from logscan.sources.docker.permission import may_connect


@pytest.fixture
def socket(tmp_path):
    path = tmp_path / "docker.sock"
    path.touch()
    return path


@pytest.fixture
def locked(monkeypatch):
    """The system keeps this user from every file. Root, as whom the tests run, is kept from none."""
    monkeypatch.setattr(os, "access", lambda *_: False)


def test_what_may_be_used_needs_no_advice(socket):
    assert may_connect(f"unix://{socket}") is None


@pytest.mark.parametrize("url", ["tcp://host:2375", "unix:///nonexistent/docker.sock"])
def test_where_there_is_no_socket_its_mode_keeps_nobody_out(locked, url):
    assert may_connect(url) is None


def test_the_group_of_the_socket_is_named_with_its_number_for_containers(locked, socket):
    """A container knows no names of the host's groups."""
    os.chown(socket, 0, 54321)
    socket.chmod(0o660)
    advice = may_connect(f"unix://{socket}")
    assert (True, True) == ("usermod -aG 54321" in advice, "--group-add 54321" in advice)


def test_a_socket_that_no_group_may_use_is_its_owner_s(locked, socket):
    socket.chmod(0o600)
    assert "run as root" in may_connect(f"unix://{socket}")
