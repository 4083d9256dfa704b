"""The engine is looked for in one documented order, whatever the SDK would do."""

import json
from hashlib import sha256

import pytest

from logscan.errors import UsageError
from logscan.sources.docker.endpoint import candidates, podman_sockets, resolve


def context(tmp_path, name, host):
    folder = tmp_path / "contexts" / "meta" / sha256(name.encode()).hexdigest()
    folder.mkdir(parents=True)
    (folder / "meta.json").write_text(json.dumps({"Name": name, "Endpoints": {"docker": {"Host": host}}}))
    (tmp_path / "config.json").write_text(json.dumps({"currentContext": name}))
    return {"DOCKER_CONFIG": str(tmp_path)}


def test_what_was_asked_for_outranks_everything(tmp_path):
    environ = context(tmp_path, "far", "tcp://far:2375") | {"DOCKER_HOST": "unix:///env"}
    assert "unix:///asked" == resolve("unix:///asked", environ).url


def test_docker_host_outranks_the_context(tmp_path):
    environ = context(tmp_path, "far", "tcp://far:2375") | {"DOCKER_HOST": "unix:///env"}
    assert ("unix:///env", "DOCKER_HOST") == (resolve(None, environ).url, resolve(None, environ).how)


def test_the_current_context_is_followed(tmp_path):
    assert "tcp://far:2375" == resolve(None, context(tmp_path, "far", "tcp://far:2375")).url


def test_a_context_named_by_the_environment_outranks_the_current_one(tmp_path):
    context(tmp_path, "other", "tcp://other:2375")
    environ = context(tmp_path, "far", "tcp://far:2375") | {"DOCKER_CONTEXT": "other"}
    assert "tcp://other:2375" == resolve(None, environ).url


def test_a_path_is_a_unix_socket():
    assert "unix:///run/x.sock" == resolve("/run/x.sock", {}).url


def test_without_anything_the_default_socket_is_taken(tmp_path):
    environ = {"DOCKER_CONFIG": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path)}
    assert "unix:///var/run/docker.sock" == resolve(None, environ).url


def test_the_rootless_socket_serves_where_the_system_s_own_is_missing(tmp_path, monkeypatch):
    monkeypatch.setattr("logscan.sources.docker.endpoint.DEFAULT_SOCKET", str(tmp_path / "missing"))
    (tmp_path / "docker.sock").touch()
    environ = {"DOCKER_CONFIG": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path)}
    assert f"unix://{tmp_path}/docker.sock" == resolve(None, environ).url


@pytest.mark.parametrize(
    ("host", "environ"),
    [
        pytest.param("localhost:2375", {}, id="no scheme"),
        pytest.param("ftp://host", {}, id="a scheme that engines don't speak"),
        pytest.param(
            "tcp://host:2376", {"DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": "/nowhere"}, id="TLS without its files"
        ),
        pytest.param(None, {"DOCKER_CONTEXT": "gone", "DOCKER_CONFIG": "/nowhere"}, id="a context that is not there"),
    ],
)
def test_what_can_t_be_an_address_is_a_usage_error_with_help(host, environ):
    with pytest.raises(UsageError) as error:
        resolve(host, environ)
    assert error.value.help


def test_tls_is_always_verified(tmp_path):
    for name in ("ca.pem", "cert.pem", "key.pem"):
        (tmp_path / name).touch()
    environ = {"DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": str(tmp_path)}
    assert True is resolve("tcp://host:2376", environ).tls.verify


@pytest.mark.parametrize(
    ("host", "environ"),
    [
        pytest.param("unix:///asked", {"DOCKER_HOST": "unix:///env"}, id="asked for"),
        pytest.param(None, {"DOCKER_HOST": "unix:///env"}, id="DOCKER_HOST"),
        pytest.param(None, {"DOCKER_CONTEXT": "far"}, id="a context"),
        pytest.param(None, {}, id="the rootless socket"),
    ],
)
def test_the_first_candidate_with_an_address_is_the_one_that_is_taken(tmp_path, monkeypatch, host, environ):
    """What doctor shows of the order is what a scan does."""
    monkeypatch.setattr("logscan.sources.docker.endpoint.DEFAULT_SOCKET", str(tmp_path / "missing"))
    (tmp_path / "docker.sock").touch()
    context(tmp_path, "far", "tcp://far:2375")
    (tmp_path / "config.json").unlink()
    environ = {"DOCKER_CONFIG": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path)} | environ
    first = next(candidate for candidate in candidates(host, environ) if candidate.url)
    assert resolve(host, environ).url == first.url


def test_a_context_that_can_t_be_read_is_a_candidate_without_an_address(tmp_path):
    found = candidates(None, {"DOCKER_CONFIG": str(tmp_path), "DOCKER_CONTEXT": "gone"})[2]
    assert ("the Docker context 'gone'", None, "can't be read") == (found.how, found.url, found.shown)


def test_a_password_in_a_candidate_is_not_shown():
    (found, *_) = candidates("tcp://user:hunter2secret@host:2375", {})
    assert "hunter2secret" not in found.shown


def test_podman_is_seen_and_never_taken_unasked(tmp_path):
    """It can't promise what Docker does, so its socket has to be named."""
    (tmp_path / "podman").mkdir()
    (tmp_path / "podman" / "podman.sock").touch()
    environ = {"DOCKER_CONFIG": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path)}
    assert (True, "unix:///var/run/docker.sock") == (
        f"unix://{tmp_path}/podman/podman.sock" in podman_sockets(environ),
        resolve(None, environ).url,
    )
