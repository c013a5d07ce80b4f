"""What a deployment should come to: contracts, roles and settings, read from TOML."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from ledger.chain.artifacts import MissingArtifact, load_artifact
from ledger.errors import MalformedValue, PlanError
from ledger.types import parse_address, parse_hash

_VERSION: Final = 1


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Part of a plan: immutable, and strict about what it knows."""


class Contract(_Part, frozen=True):
    """A contract to be there; its arguments may be `$name` of a key or value, or `@Contract`."""

    name: str
    by: str
    arguments: tuple[str | int | bool, ...] = ()


class Role(_Part, frozen=True):
    """Who may call what through an access manager; `delay` in seconds (OpenZeppelin 5)."""

    name: str
    id: int
    manager: str
    by: str
    members: tuple[str, ...]
    functions: tuple[str, ...]
    delay: int = 0


class Setting(_Part, frozen=True):
    """A string variable of a contract, and the function that sets it."""

    contract: str
    variable: str
    function: str
    by: str
    value: str


class Plan(_Part, frozen=True):
    """A whole deployment; `keys` names who signs, and without `chain_id` it fits any chain."""

    version: int
    keys: tuple[str, ...]
    contracts: tuple[Contract, ...]
    roles: tuple[Role, ...] = ()
    settings: tuple[Setting, ...] = ()
    values: dict[str, str] = {}
    chain_id: int | None = None


def load_plan(path: Path, values: Mapping[str, str] | None = None) -> Plan:
    """Read a plan; `values` replace those of its [values].

    Raises:
        PlanError: it is not TOML, not a plan, or contradicts itself; names the place.
        MissingArtifact: a contract that it names is not compiled.
    """
    try:
        plan = msgspec.convert(tomllib.loads(path.read_text()), Plan)
    except OSError as error:
        raise PlanError(f"{path}: {error.strerror}", place=str(path)) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PlanError(f"{path}: {error}", place=str(path)) from None
    except msgspec.ValidationError as error:
        reason, _, place = str(error).partition(" - at ")
        raise wrong(place.strip("`$.") or path.name, reason) from None
    for name in (values or {}).keys() - plan.values.keys():
        raise wrong(f"values.{name}", "the plan knows no such value")
    plan = msgspec.structs.replace(plan, values={**plan.values, **(values or {})})
    _verify(plan)
    return plan


def wrong(place: str, reason: str) -> PlanError:
    """An error in a plan, at a place such as `contracts[1].arguments[0]`."""
    return PlanError(f"{place}: {reason}", place=place)


def function_of(contract: str, name: str, place: str) -> dict[str, Any]:
    """A function's ABI; names that are overloaded cannot be planned. Raises PlanError."""
    found = [
        part
        for part in load_artifact(contract).abi
        if part["type"] == "function" and part["name"] == name
    ]
    if len(found) != 1:
        raise wrong(place, f"{contract} has {len(found) or 'no'} functions called {name}")
    return found[0]


def inputs_of(contract: str) -> list[dict[str, Any]]:
    """What a contract's constructor takes, as its ABI tells."""
    for part in load_artifact(contract).abi:
        if part["type"] == "constructor":
            return list(part["inputs"])
    return []


def _verify(plan: Plan) -> None:
    if plan.version != _VERSION:
        raise wrong("version", f"{plan.version} is not {_VERSION}")
    _verify_unique("keys", plan.keys)
    _verify_unique("contracts", [contract.name for contract in plan.contracts])
    _verify_unique("roles", [str(role.id) for role in plan.roles])
    for name in plan.values.keys() & set(plan.keys):
        raise wrong(f"values.{name}", "a key is called so too")
    earlier: set[str] = set()
    for at, contract in enumerate(plan.contracts):
        _verify_contract(plan, contract, f"contracts[{at}]", earlier)
        earlier.add(contract.name)
    for at, role in enumerate(plan.roles):
        _verify_role(plan, role, f"roles[{at}]", earlier)
    for at, setting in enumerate(plan.settings):
        _verify_setting(plan, setting, f"settings[{at}]", earlier)


def _verify_unique(place: str, names: list[str] | tuple[str, ...]) -> None:
    for at, name in enumerate(names):
        if name in names[:at]:
            raise wrong(f"{place}[{at}]", f"{name} is there twice")


def _verify_contract(plan: Plan, contract: Contract, place: str, earlier: set[str]) -> None:
    _verify_key(plan, contract.by, f"{place}.by")
    try:
        wanted = inputs_of(contract.name)
    except MissingArtifact as error:
        raise wrong(f"{place}.name", str(error)) from error
    if len(wanted) != len(contract.arguments):
        names = ", ".join(f"{one['type']} {one['name']}" for one in wanted)
        raise wrong(f"{place}.arguments", f"{len(contract.arguments)} given, it takes ({names})")
    for at, (argument, field) in enumerate(zip(contract.arguments, wanted, strict=True)):
        _verify_argument(plan, argument, field["type"], f"{place}.arguments[{at}]", earlier)


def _verify_role(plan: Plan, role: Role, place: str, contracts: set[str]) -> None:
    _verify_key(plan, role.by, f"{place}.by")
    _verify_reference(role.manager, f"{place}.manager", contracts)
    if not 0 < role.id < 2**64 - 1:
        raise wrong(f"{place}.id", f"{role.id} is no role that can be given")
    if not 0 <= role.delay < 2**32:
        raise wrong(f"{place}.delay", f"{role.delay} is no number of seconds below 2^32")
    for at, member in enumerate(role.members):
        _verify_argument(plan, member, "address", f"{place}.members[{at}]", contracts)
    for at, name in enumerate(role.functions):
        contract, _, function = name.partition(".")
        if contract not in contracts:
            raise wrong(f"{place}.functions[{at}]", f"{name} is of no contract of the plan")
        function_of(contract, function, f"{place}.functions[{at}]")


def _verify_setting(plan: Plan, setting: Setting, place: str, contracts: set[str]) -> None:
    _verify_key(plan, setting.by, f"{place}.by")
    if setting.contract not in contracts:
        raise wrong(f"{place}.contract", f"{setting.contract} is no contract of the plan")
    function_of(setting.contract, setting.function, f"{place}.function")
    if load_artifact(setting.contract).string_slots.get(setting.variable) is None:
        raise wrong(f"{place}.variable", f"{setting.contract} keeps no string {setting.variable}")
    _verify_argument(plan, setting.value, "string", f"{place}.value", contracts)


def _verify_key(plan: Plan, text: str, place: str) -> None:
    if not text.startswith("$") or text[1:] not in plan.keys:
        raise wrong(place, f"{text} is none of the keys {', '.join('$' + k for k in plan.keys)}")


def _verify_reference(text: str, place: str, contracts: set[str]) -> None:
    if not text.startswith("@"):
        raise wrong(place, f"{text} is no contract: one is written @Name")
    if text[1:] not in contracts:
        raise wrong(place, f"{text} is no contract that the plan has made by then")


def _verify_argument(
    plan: Plan, argument: object, kind: str, place: str, contracts: set[str]
) -> None:
    if isinstance(argument, str) and argument.startswith("@"):
        _verify_reference(argument, place, contracts)
        _verify_kind(kind, "address", argument, place)
    elif isinstance(argument, str) and argument[1:] in plan.keys and argument.startswith("$"):
        _verify_kind(kind, "address", argument, place)
    elif isinstance(argument, str) and argument.startswith("$"):
        if argument[1:] not in plan.values:
            raise wrong(place, f"{argument} is neither a key nor a value of the plan")
        read_argument(kind, plan.values[argument[1:]], place)
    else:
        read_argument(kind, argument, place)


def _verify_kind(wanted: str, given: str, argument: str, place: str) -> None:
    if wanted != given:
        raise wrong(place, f"{argument} is an {given}, it takes {wanted}")


def read_argument(kind: str, value: object, place: str) -> object:
    """A plan's value as web3.py encodes it: addresses and hashes as bytes. Raises PlanError."""
    try:
        match kind, value:
            case "address", str():
                return parse_address(value, place)
            case "bytes32", str():
                return parse_hash(value, place)
            case "string", str():
                return value
            case "bool", bool():
                return value
            case str(), int() if kind.startswith("uint") and not isinstance(value, bool):
                if 0 <= value < 2 ** int(kind[4:] or 256):
                    return value
    except MalformedValue as error:
        raise wrong(place, f"{value!r} is not {error.fields['wanted']}") from None
    raise wrong(place, f"{value!r} is no {kind}")
