"""The verb `verify`: check a bundle offline, step by step, and say what it proves."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import fields
from datetime import UTC, datetime
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ledger.cli.options import AsJson
from ledger.cli.output import fail, say
from ledger.types import Labelled, parse_address, parse_hash, to_hex

if TYPE_CHECKING:
    from ledger.proofs.bundle import BundleEntry
    from ledger.proofs.steps import StepFailed
    from ledger.proofs.verified import Verified


def verify(
    bundle: Annotated[
        Path,
        typer.Argument(
            metavar="BUNDLE|-",
            help="The bundle's file, or - for standard input.",
            show_default=False,
        ),
    ],
    block_hash: Annotated[
        str, typer.Option("--block-hash", help="Hash of a block that you trust.")
    ],
    contract: Annotated[
        str, typer.Option("--contract", help="Address of the ledger that you trust.")
    ],
    as_json: AsJson = False,
) -> None:
    """Check offline that a bundle proves a subject's complete history.

    Exits with 1 if it does not, naming the step that failed and both values.
    """
    wanted = parse_hash(block_hash, "--block-hash")
    trusted = parse_address(contract, "--contract")

    from ledger.proofs.steps import StepFailed
    from ledger.proofs.verify import verify_bundle

    raw = _read(bundle)
    try:
        verified = verify_bundle(raw, block_hash=wanted, contract=trusted)
    except StepFailed as failure:
        if as_json:
            say(json.dumps(_failure_value(failure)))
        else:
            _print_steps(_failed_steps(failure))
        fail(f"not proven: {_printable(str(failure))}")
        raise typer.Exit(1) from None
    if as_json:
        say(json.dumps(_verified_value(verified)))
        return
    _print_steps(_passed_steps(verified))
    say("\n".join(_history(verified)))


def _read(bundle: Path) -> bytes:
    if str(bundle) == "-":
        return sys.stdin.buffer.read()
    try:
        return bundle.read_bytes()
    except OSError as error:
        raise typer.BadParameter(f"{bundle}: {error.strerror}", param_hint="BUNDLE") from None


# -- for people --------------------------------------------------------------------------------


def _passed_steps(verified: Verified) -> list[tuple[str, str]]:
    word, state, block = verified.word, verified.state, verified.block
    first = verified.entries[0]
    told = [
        "canonical, every byte of it",
        f"block {block.number} of {_time(block.timestamp)}, {to_hex(block.hash)}",
        f"{to_hex(verified.contract)}, code hash {to_hex(verified.code_hash)}",
        f"{word.subject_class.label}, count {word.count}",
        to_hex(state.head),
        to_hex(verified.ledger_head),
        f"{to_hex(verified.subject)} is the hash of its first entry, on chain {verified.chain_id}",
        f"{len(verified.entries)} of {word.count} entries, {_time(first.timestamp)} to "
        f"{_time(verified.entries[-1].timestamp)}",
        "what the entries say is what the contract says",
    ]
    return [("✓", text) for text in told]


def _failed_steps(failure: StepFailed) -> list[tuple[str, str]]:
    from ledger.proofs.steps import STEPS

    told = failure.reason
    if failure.expected is not None:
        told += f"\n      expected {failure.expected}\n      found    {failure.found}"
    passed, left = failure.number - 1, len(STEPS) - failure.number
    return [("✓", "")] * passed + [("✗", told)] + [("·", "not reached")] * left


def _print_steps(told: Sequence[tuple[str, str]]) -> None:
    from rich.console import Console
    from rich.text import Text

    from ledger.proofs.steps import STEPS

    styles = {"✓": "green", "✗": "bold red", "·": "dim"}
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # A terminal may know no check marks.
    console = Console(file=sys.stdout, soft_wrap=True, highlight=False)
    for step, (mark, text) in zip(STEPS, told, strict=True):
        line = Text(f" {mark} ", style=styles[mark])
        line.append(f"{step.number} {step.step:<12}", style="bold" if mark == "✗" else "")
        line.append(_printable(text), style="dim" if mark == "·" else "")
        line.rstrip()
        console.print(line)


def _history(verified: Verified) -> list[str]:
    lines = ["", f"Proven: the complete history of {to_hex(verified.subject)}"]
    lines += [_entry_line(entry) for entry in verified.entries]
    lines += ["", f"Proven: its state as of block {verified.block.number}"]
    lines += [
        f"  {name.replace('_', ' '):<20} {_printable(_shown(value, name))}"
        for name, value in _plain(verified.state).items()
    ]
    return [*lines, "", "Not proven:", *(f"  - {_printable(one)}" for one in verified.not_proven)]


def _entry_line(entry: BundleEntry) -> str:
    from ledger.domain.kinds import GOVERNANCE

    value = _entry_value(entry)
    payload = ", ".join(f"{name} {_shown(one, name)}" for name, one in value["payload"].items())
    actor = "" if value["actor"] is None else f", sent by {value['actor']}"
    governed = " by governance" if entry.kind in GOVERNANCE else ""
    by = f" by {value['org']}" if any(entry.org) else governed
    return (
        f"  {entry.position:>4}  {_time(entry.timestamp)}  {value['kind']}{by}{actor}"
        f"\n        {_printable(payload)}"
    )


def _shown(value: object, name: str = "") -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case int() if name.endswith("_at"):
            return _time(value)
        case int() if name == "expires":
            return _time(value) if value else "never"
        case None:
            return "none"
        case list():
            return ", ".join(map(str, value)) or "none"
        case _:
            return str(value)


def _time(seconds: int) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (ValueError, OverflowError, OSError):
        return f"second {seconds}"  # A chain of one's own may be beyond the year 9999.


def _printable(text: str) -> str:
    """Text without control characters: what a bundle says must not steer the terminal."""
    return "".join(c if c.isprintable() or c == "\n" else ascii(c)[1:-1] for c in text)


# -- for machines ------------------------------------------------------------------------------


def _failure_value(failure: StepFailed) -> dict[str, object]:
    return {
        "verified": False,
        "step": failure.number,
        "name": failure.step,
        "code": failure.code,
        "reason": failure.reason,
        "expected": failure.expected,
        "found": failure.found,
    }


def _verified_value(verified: Verified) -> dict[str, object]:
    block = verified.block
    return {
        "verified": True,
        "subject": to_hex(verified.subject),
        "class": verified.word.subject_class.label,
        "chain_id": verified.chain_id,
        "contract": to_hex(verified.contract),
        "code_hash": to_hex(verified.code_hash),
        "block": {
            "number": block.number,
            "hash": to_hex(block.hash),
            "timestamp": block.timestamp,
        },
        "ledger_head": to_hex(verified.ledger_head),
        "state": _plain(verified.state),
        "entries": [_entry_value(entry) for entry in verified.entries],
        "not_proven": list(verified.not_proven),
    }


def _entry_value(entry: BundleEntry) -> dict[str, Any]:
    from ledger.domain.kinds import Kind
    from ledger.domain.payloads import decode_payload

    return {
        "position": entry.position,
        "kind": Kind(entry.kind).label,
        "org": to_hex(entry.org),
        "actor": None if entry.actor is None else to_hex(entry.actor),
        "timestamp": entry.timestamp,
        "payload": _plain(decode_payload(entry.kind, entry.payload)),
    }


def _plain(value: Any) -> dict[str, Any]:
    return {field.name: _plain_value(getattr(value, field.name)) for field in fields(value)}


def _plain_value(value: object) -> object:
    match value:
        case bytes():
            return to_hex(value)
        case Labelled():
            return value.label
        case frozenset():
            return [_plain_value(one) for one in sorted(value)]
        case tuple():
            return [_plain_value(one) for one in value]
        case _:
            return value
