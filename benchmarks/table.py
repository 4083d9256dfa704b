"""The table of results, in Markdown whose columns line up, so that a terminal shows it as well.

Owns the layout. Does not own what the numbers are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.measures import Measures, Quantity, Target

SPREAD_SHOWN = (Quantity.RATIO, Quantity.SPEED)
"""The others follow from these; a table of ranges can't be read."""

HEADINGS = ("", *(quantity.heading for quantity in Quantity), "target")


@dataclass(frozen=True, slots=True)
class Row:
    """A command's name and its measures; without measures, why there are none."""

    name: str
    measures: Measures | None
    targets: Sequence[Target] = ()
    absent: str = ""

    def cells(self) -> tuple[str, ...]:
        if self.measures is None:
            return (self.name, self.absent, *("" for _ in HEADINGS[2:]))
        verdicts = ", ".join(target.verdict(self.measures) for target in self.targets)
        return (self.name, *(_cell(quantity, self.measures) for quantity in Quantity), verdicts)


@dataclass(frozen=True, slots=True)
class Section:
    """The rows of one contest."""

    title: str
    rows: Sequence[Row]


def layout(sections: Sequence[Section]) -> str:
    """Write one table with a heading row for each section."""
    lines = [HEADINGS]
    for section in sections:
        lines += [(f"**{section.title}**", *("" for _ in HEADINGS[1:])), *(row.cells() for row in section.rows)]
    return grid(lines)


def grid(lines: Sequence[Sequence[str]]) -> str:
    """Write lines of as many cells each as a table, the first as its head."""
    lines = [[cell.replace("|", r"\|") for cell in line] for line in lines]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    rule = "|".join("-" * (width + 2) for width in widths)
    head, *body = (" | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines)
    return "\n".join([f"| {head} |", f"|{rule}|", *(f"| {line} |" for line in body)])


def _cell(quantity: Quantity, found: Measures) -> str:
    spread = found.get(quantity)
    if spread is None:
        return ""
    text = quantity.write(spread.median)
    if quantity not in SPREAD_SHOWN or spread.least == spread.most:
        return text
    return f"{text} ({quantity.write(spread.least)}-{quantity.write(spread.most)})"
