"""Emitter: containers that print what an oracle knows.

Owns the image (a static busybox and three scripts of ours, imported from a tar, so no registry is
asked) and getting a `Script`, a `Burst` or a `Ticker` into it. Does not own what they say (oracle) nor how
containers run (engine).
"""

from __future__ import annotations

import io
import itertools
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Any

from tests.rig.container import ContainerHandle
from tests.rig.engine import Engine
from tests.rig.oracle import Burst, Script, Ticker

IMAGE = "emitter:latest"

REPLAY = r"""#!/bin/sh
# Does the steps that lie in /in, in the order of their names.
for step in /in/*; do
    case $step in
        *.stdout) cat "$step" ;;
        *.stderr) cat "$step" >&2 ;;
        *.pause) sleep "$(cat "$step")" ;;
    esac
done
"""

EMIT = r"""#!/bin/sh
# emit COUNT SIZE MIX RATE ENDED: numbered lines, see Burst. A rate is kept by resting ten times a second.
exec awk -v count="$1" -v size="$2" -v mix="$3" -v rate="$4" -v ended="$5" 'BEGIN {
    pad = "x"
    while (length(pad) < size) pad = pad pad
    rest = rate ? int((rate + 9) / 10) : 0
    for (n = 1; n <= count; n++) {
        stream = mix == "both" ? (n % 2 ? "stdout" : "stderr") : mix
        head = "S=" stream " N=" n " "
        line = head substr(pad, 1, size - length(head)) (n < count || ended ? "\n" : "")
        if (stream == "stdout") printf "%s", line
        else printf "%s", line > "/dev/stderr"
        if (rest && n % rest == 0 && n < count) {
            fflush()
            fflush("/dev/stderr")
            system("sleep 0.1")
        }
    }
}'
"""

TICK = r"""#!/bin/sh
# tick COUNT REST BATCH MIX SIZE BLOCK TRACES: numbered lines bit by bit, see Ticker. A line is written at once,
# by one write where a pipe allows, so that a kill tears none that is short.
run=$(($(cat /runs 2>/dev/null || echo 0) + 1))
echo $run > /runs
exec awk -v run=$((run - 1)) -v count="$1" -v rest="$2" -v batch="$3" -v mix="$4" -v size="$5" -v block="$6" -v traces="$7" '
function say(stream, text) {
    if (stream == "stdout") { print text; fflush() }
    else { print text > "/dev/stderr"; fflush("/dev/stderr") }
}
BEGIN {
    pad = "x"
    while (length(pad) < size) pad = pad pad
    for (n = 0; n < count; n++) {
        stream = mix == "both" ? (n % 2 ? "stderr" : "stdout") : mix
        line = "number " (run * 1000 + int(n / block)) "/" (n % block) ";"
        if (size > length(line)) line = line " " substr(pad, 1, size - length(line) - 1)
        say(stream, line)
        if (traces && n % traces == 0) {
            say("stderr", "Traceback (most recent call last):")
            say("stderr", "  File \"/app/main.py\", line " n ", in run")
            say("stderr", "TraceError: trace " (run * 1000 * block + n) ";")
        }
        if (rest && (n + 1) % batch == 0 && n + 1 < count) system("sleep " rest)
    }
}'
"""


class Emitter:
    """The emitter's image on one engine, under as many names as tests want."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.image = IMAGE
        self._scripts = engine.root / "scripts"
        self._numbers = itertools.count(1)
        engine.client.import_image_from_data(rootfs(), repository="emitter", tag="latest")

    def tag(self, name: str) -> str:
        """Give the image another name, such as `influxdb:2.7.12`, and give that name back."""
        repository, colon, tag = name.rpartition(":")
        if not colon or "/" in tag:  # no tag at all, or the colon of a registry's port
            repository, tag = name, "latest"
        self.engine.client.tag(IMAGE, repository, tag)
        return name

    def play(self, script: Script, *, image: str = IMAGE, **options: Any) -> ContainerHandle:
        """Run a container that emits `script`; the options are those of `Engine.run`."""
        folder = self._scripts / f"{next(self._numbers)}"
        folder.mkdir(parents=True)
        script.save(folder)
        return self.engine.run(self.tag(image), "/bin/replay", mounts={folder: "/in"}, **options)

    def burst(self, burst: Burst, *, image: str = IMAGE, **options: Any) -> ContainerHandle:
        """Run a container that emits `burst`; the options are those of `Engine.run`."""
        return self.engine.run(self.tag(image), "/bin/emit", *burst.arguments(), **options)

    def tick(self, ticker: Ticker, *, image: str = IMAGE, **options: Any) -> ContainerHandle:
        """Start a container that emits `ticker`, and don't wait; the options are those of `Engine.run`."""
        return self.engine.run(self.tag(image), "/bin/tick", *ticker.arguments(), **{"wait": False} | options)

    def shell(self, script: str, *, image: str = IMAGE, **options: Any) -> ContainerHandle:
        """Start a container that runs a shell script, and don't wait; the options are those of `Engine.run`."""
        return self.engine.run(self.tag(image), "sh", "-c", script, **{"wait": False} | options)


def rootfs() -> bytes:
    """Pack a root file system: busybox under all its names, and the three scripts."""
    busybox = Path(shutil.which("busybox") or "/bin/busybox")
    applets = subprocess.run([busybox, "--list"], check=True, capture_output=True, text=True).stdout.split()
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        _add(tar, "bin/busybox", busybox.read_bytes())
        _add(tar, "bin/replay", REPLAY.encode())
        _add(tar, "bin/emit", EMIT.encode())
        _add(tar, "bin/tick", TICK.encode())
        for applet in set(applets) - {"busybox"}:
            link = tarfile.TarInfo(f"bin/{applet}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            tar.addfile(link)
    return packed.getvalue()


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(data), 0o755
    tar.addfile(entry, io.BytesIO(data))
