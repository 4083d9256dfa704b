"""Digrams: how seldom two characters follow each other in ordinary lines.

Owns the table. It decides speed alone, so a rough one will do; `scripts/count-text` counts it anew.
"""

from __future__ import annotations

ALPHABET = "abcdefghijklmnopqrstuvwxyz0 .,:-_()[]*~"
"""Digits count as 0, and what else is not in it as ~."""

LEAST_BITS = 4
MOST_BITS = LEAST_BITS + 15

_ROWS = """\
d957ba5d5f9547f4e4547becbe95dfe8cfdfff7
8ddc8dfebfe9ff7ffa7f8e6fbf8aaacebfffef9
5e8e3ef4af67cd3df8859fdf9f8a7fdeffefef7
68bb4ecf4ffb9d7dfaad5effaf95b5be9f7fdf5
4655957e7ee493c89334c3b5cf9489968fdf9f3
8ddd89ff5fd7ff4ff5fd6dff9f89dfedefefdfc
abef3f596ffaeb8ef95dbfff8fd5aeaa6fffcf5
87ee4fff8ffff96ef8f59fffdfd5aebebfffdf8
aa44885fffc552487946f9fdf9daafc99fffef6
efffcfffffffffdfffafeffffffffffffffffff
bfff7fae9ffffcefefcfbfefffc7dfd99fffef8
5cd53dfe5ff5ef5bfc9776ff9fc7d65e9fefff5
4afe3fff4ffbbe55af5eefffbf68fddddfffdf7
5f56444d7fccd76cfe544bfcefd56eb75fdfbf4
7c56d85fbe655386f48764ade7d4df6fdfefbf5
6eeb7fed5fa8dd75f678acfe6ea89fbc6fffaf4
ffdfffffeff9fffefffb8ffffffdfff7cffffff
5a7739af4fbb985df68665df4fe57f88beefaf6
5e4d49655f8c576a97437fafafd4599b8f5fcf5
46773cd53ff5ad45f5448fcc9f358aa76e8fbf5
c88a8c7f9ff5b5c8f684faf6ffadfffffffffff
9fff3ffe4ff6ffdeffffffffdf7cffffffffffd
8fff7ffc8ffefbbff8afffdfff6bdfffffffffd
cfa8afffbffffffbfff6fffedf67efdadfffff8
bfffdfffcffdeccbffacfeffffd4dea9afeeff5
dfffaffe7ffffeefffdfffefffd4fffe6fffff5
a98998dfeeef8fcddea3efdaf30225226a7f7f4
784466954cc54646c5438a77cb34ffb5f5f6cc1
aa7b9e99caacab96fa8afdeffe259fffffffffa
ffffffffffffffffffffffffff73ffffffffff5
9aaefbfdefffcdffff8eaeeffd22ffcefffddf4
6cc77cdc6fecdedadc8deeefff25fffcffffff6
997c79cd5ff878c6d97ad6bffe7fffffeffffff
deed8dfecfef8edefd8eeee7ff5fffffffefffd
fffffffffffffffffffffffffff85ecfffffff6
deddeed8bfffbbccfdadffbfff7fffdfffffffc
fffffffffffffffffffffffffff6ffcfffebefc
fffffffffffffffffffffffffffcfffffffffaf
484565675ec44797a644976acc33c326cfdccf2
"""
_FOLDED = {
    code: one if (one := chr(code).lower()) in ALPHABET else "0" if one.isdigit() else "~" for code in range(128)
}
_BITS = {
    (first, second): LEAST_BITS + int(digit, 16)
    for first, row in zip(ALPHABET, _ROWS.split(), strict=True)
    for second, digit in zip(ALPHABET, row, strict=True)
}
_SHARES = {pair: 2.0**-bits for pair, bits in _BITS.items()}


def folded(text: str) -> str:
    """Write an ASCII text in the letters of the alphabet."""
    return text.translate(_FOLDED)


def digram_bits(first: str, second: str) -> int:
    """Estimate how seldom a place in a text has these two characters of the alphabet, as a power of two."""
    return _BITS[first, second]


def digram_share(first: str, second: str) -> float:
    """Estimate at which share of the places in a text they stand."""
    return _SHARES[first, second]
