"""Checked: the rule files that were released, whose patterns need not be checked again.

Owns the list of their hashes, which lies beside them, and how it is written. To check the patterns of all shipped rules
takes three seconds, which is most of a first start. Does not own what is checked (loader). A file is
known by what it holds: one that was changed is checked like any other.

    python -m logscan.ruleset.checked rules
"""

from __future__ import annotations

import sys
from hashlib import sha256
from pathlib import Path
from typing import Final

LIST: Final = "checked.sha256"
"""In the form of `sha256sum`, so that it can be verified without logscan."""


def listed(folder: Path) -> frozenset[str]:
    """Give the hashes of the files that were found sound; none where there is no list."""
    try:
        lines = (folder / LIST).read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeDecodeError):
        return frozenset()
    return frozenset(line.partition(" ")[0] for line in lines)


def hashes(folder: Path) -> str:
    """Give what the list has to say of the files that are there now."""
    files = sorted(folder.glob("*.yaml"))
    return "".join(f"{sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in files)


def write(folder: Path) -> None:
    """Check every file, and list them. Raises RuleError for faults; then the list stays as it is."""
    from logscan.ruleset.loader import load_ruleset  # noqa: PLC0415 - which asks for this list

    load_ruleset([folder], builtin=False, trusting=frozenset())
    (folder / LIST).write_text(hashes(folder), encoding="ascii")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
