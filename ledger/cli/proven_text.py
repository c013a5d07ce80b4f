"""What `verify` found, as people read it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from io import TextIOWrapper

from ledger.cli.output import count
from ledger.cli.proven_values import entry_value, plain
from ledger.domain.kinds import GOVERNANCE
from ledger.proofs.bundle import BundleEntry
from ledger.proofs.steps import STEPS, StepFailed
from ledger.proofs.verified import (
    Assembled,
    Committed,
    Disclosed,
    Holdings,
    Place,
    Proven,
    Verified,
)
from ledger.types import to_hex


def passed_steps(verified: Verified) -> list[tuple[str, str]]:
    """A mark and a word on each step, all of which have passed."""
    block, many = verified.block, len(verified.subjects)
    each = "" if many == 1 else f"of each of {many:,} subjects; of the first named: "
    main = verified.main
    told = [
        "canonical, every byte of it",
        f"block {block.number} of {time_text(block.timestamp)}, {to_hex(block.hash)}",
        f"{to_hex(verified.contract)}, code hash {to_hex(verified.code_hash)}",
        to_hex(verified.ledger_head),
        f"{each}{main.word.subject_class.label}, count {main.word.count}",
        to_hex(main.state.head),
        _born(verified),
        _complete(main),
        "what the entries say is what the contract says",
        "what the entries name is what the contract's storage names",
        "none asked for" if verified.holdings is None else _held(verified.holdings),
        "none asked for" if verified.tree is None else _assembled(verified.tree),
        _disclosed(verified),
        "nothing is left over",
    ]
    return [("✓", text) for text in told]


def _born(verified: Verified) -> str:
    main, chain = verified.main, verified.chain_id
    if main.entries and main.entries[0].position == 0:
        return f"{to_hex(main.id)} is the hash of its first entry, on chain {chain}"
    record = (
        "" if main.birth is None else f", with the birth record {to_hex(main.birth.content_hash)}"
    )
    return f"{to_hex(main.id)} was born with its batch, on chain {chain}{record}"


def _complete(main: Proven) -> str:
    own = count(len(main.entries), "entry", "entries")
    told = f"{own} of its own, of {main.word.count:,} with its birth"
    if not main.entries:
        return told
    first, last = main.entries[0].timestamp, main.entries[-1].timestamp
    return f"{told}, {time_text(first)} to {time_text(last)}"


def _held(holdings: Holdings) -> str:
    listed = len(holdings.assets)
    told = count(holdings.balance, "asset")
    if holdings.are_all:
        return f"{told}, and no other" if listed else f"{told}: nothing is left to list"
    return f"{told}, of which {listed:,} {'is' if listed == 1 else 'are'} listed"


def _assembled(tree: Assembled) -> str:
    size = _size(tree)
    return "1 asset, without parts" if size == 1 else f"{size:,} assets, all proven"


def _size(tree: Assembled) -> int:
    return 1 + sum([_size(part) for part in tree.parts])


def _disclosed(verified: Verified) -> str:
    if not verified.documents and not verified.fields and not verified.originals:
        return "none shown"
    shown = [
        count(len(verified.documents), "commitment"),
        count(len(verified.fields), "field"),
        count(len(verified.originals), "document"),
    ]
    return ", ".join(shown)


def failed_steps(failure: StepFailed) -> list[tuple[str, str]]:
    """A mark on each step, and the reason why one failed."""
    told = failure.reason
    if failure.subject is not None:
        told = f"of {to_hex(failure.subject)}: {told}"
    if failure.expected is not None:
        told += f"\n      expected {failure.expected}\n      found    {failure.found}"
    passed, left = failure.number - 1, len(STEPS) - failure.number
    return [("✓", "")] * passed + [("✗", told)] + [("·", "not reached")] * left


def print_steps(told: Sequence[tuple[str, str]]) -> None:
    """Print a line a step."""
    from rich.console import Console
    from rich.text import Text

    styles = {"✓": "green", "✗": "bold red", "·": "dim"}
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # A terminal may know no check marks.
    console = Console(file=sys.stdout, soft_wrap=True, highlight=False)
    for step, (mark, text) in zip(STEPS, told, strict=True):
        line = Text(f" {mark} ", style=styles[mark])
        line.append(f"{step.number:>2} {step.step:<12}", style="bold" if mark == "✗" else "")
        line.append(printable(text), style="dim" if mark == "·" else "")
        line.rstrip()
        console.print(line)


def tell(verified: Verified) -> list[str]:
    """What is proven, and what is not, line by line."""
    lines = [*_subject_lines(verified.main, verified.block.number)]
    for each in verified.subjects:
        if each.id != verified.subject:
            lines += _subject_lines(each, verified.block.number)
    if verified.holdings is not None:
        lines += _holdings_lines(verified.holdings)
    if verified.tree is not None:
        lines += ["", "Proven: the whole tree of its parts", *_tree_lines(verified.tree, 1)]
    if verified.fields:
        lines += ["", "Proven: fields of documents", *map(_field_line, verified.fields)]
    if verified.documents:
        lines += ["", "Proven: commitments of documents"]
        lines += [f"  {to_hex(one.content_hash)}, {_committed(one)}" for one in verified.documents]
    if verified.originals:
        lines += ["", "Proven: documents, but for how they were spelt"]
        lines += [
            f"  {to_hex(one.content_hash)}, {count(len(one.raw), 'byte')}, {_named(one.places)}"
            for one in verified.originals
        ]
    if verified.manifest is not None:
        lines += ["", "Said by the operator, and not proven:"]
        lines += [f"  {name} {printable(str(it))}" for name, it in plain(verified.manifest).items()]
    return [*lines, "", "Not proven:", *(f"  - {printable(one)}" for one in verified.not_proven)]


def _subject_lines(proven: Proven, block: int) -> Iterator[str]:
    yield from ("", f"Proven: the complete history of {to_hex(proven.id)}")
    yield from map(_entry_line, proven.entries)
    yield from ("", f"Proven: its state as of block {block}")
    for name, value in plain(proven.state).items():
        yield f"  {name.replace('_', ' '):<20} {printable(_shown(value, name))}"
    if proven.approved is not None:
        yield f"  {'approved':<20} {to_hex(proven.approved)}"


def _holdings_lines(holdings: Holdings) -> Iterator[str]:
    yield ""
    yield f"Proven: {to_hex(holdings.organisation)} holds title to {_held(holdings)}"
    yield from (f"  {to_hex(asset)}" for asset in holdings.assets)


def _tree_lines(tree: Assembled, depth: int) -> Iterator[str]:
    yield f"{'  ' * depth}{to_hex(tree.asset)}"
    for part in tree.parts:
        yield from _tree_lines(part, depth + 1)


def _field_line(field: Disclosed) -> str:
    name = "the serial it was registered under" if field.name is None else json.dumps(field.name)
    value = json.dumps(field.value, ensure_ascii=False)
    return printable(f"  {name} is {value}, salted {field.salt}, {_named(field.places)}")


def _committed(one: Committed) -> str:
    return f"over {count(len(one.leaves), 'leaf', 'leaves')}, {_named(one.places)}"


def _named(places: Sequence[Place]) -> str:
    told = ", ".join(f"entry {one.position} of {to_hex(one.subject)}" for one in places[:3])
    return f"named by {told}" + (f" and {count(len(places) - 3, 'other')}" if places[3:] else "")


def _entry_line(entry: BundleEntry) -> str:
    value = entry_value(entry)
    payload = ", ".join(f"{name} {_shown(one, name)}" for name, one in value["payload"].items())
    actor = "" if value["actor"] is None else f", sent by {value['actor']}"
    governed = " by governance" if entry.kind in GOVERNANCE else ""
    by = f" by {value['org']}" if any(entry.org) else governed
    return (
        f"  {entry.position:>4}  {time_text(entry.timestamp)}  {value['kind']}{by}{actor}"
        f"\n        {printable(payload)}"
    )


def _shown(value: object, name: str = "") -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case int() if name.endswith("_at"):
            return time_text(value)
        case int() if name == "expires":
            return time_text(value) if value else "never"
        case None:
            return "none"
        case list():
            return ", ".join(map(str, value)) or "none"
        case _:
            return str(value)


def time_text(seconds: int) -> str:
    """A time of a block, in seconds since 1970."""
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (ValueError, OverflowError, OSError):
        return f"second {seconds}"  # A chain of one's own may be beyond the year 9999.


def printable(text: str) -> str:
    """Text without control characters: what a bundle says must not steer the terminal."""
    return "".join(c if c.isprintable() or c == "\n" else ascii(c)[1:-1] for c in text)
