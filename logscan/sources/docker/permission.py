"""Permission: what keeps this process from an engine's socket, and what to do about it.

Owns reading the socket's owner, group and mode. Does not own what a proxy behind it refuses (probe). For
`doctor` alone; a scan finds out by connecting.
"""

from __future__ import annotations

import grp
import os
import pwd
import stat
from pathlib import Path


def may_connect(url: str) -> str | None:
    """Say what keeps this process from the socket of `url` and what to do; None where nothing in its mode does."""
    path = Path(url.removeprefix("unix://"))
    if not url.startswith("unix://") or not path.exists() or os.access(path, os.R_OK | os.W_OK):
        return None
    found = path.stat()
    group = _group_name(found.st_gid)
    if not found.st_mode & stat.S_IWGRP or found.st_gid == 0:
        return f"only its owner may use {path}: run as {_user_name(found.st_uid)}, or ask a socket proxy"
    return (
        f"{path} is for the group {group}: run as root or `sudo usermod -aG {group} {_user_name(os.getuid())}` and "
        f"log in again; a container gets the group by `--group-add {found.st_gid}`. Who is in it is as good as root: "
        "a socket proxy that lets reads through only is safer"
    )


def _group_name(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
