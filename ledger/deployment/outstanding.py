"""What is still to do for a chain to be as a plan says: asked of the chain, not remembered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ledger.chain.artifacts import load_artifact
from ledger.chain.layout import selector
from ledger.chain.rpc import RpcClient
from ledger.deployment.plan import (
    Contract,
    Plan,
    Role,
    Setting,
    function_of,
    inputs_of,
    read_argument,
)
from ledger.hashing import keccak
from ledger.types import Address, to_hex

MANAGER: Final = "AccessManager"


@dataclass(frozen=True, slots=True)
class Todo:
    """One transaction to send: a creation if `function` is None, else a call at `to`.

    Arguments are encodable values; what a contract not yet made stands for is left as `@Name`.
    """

    label: str
    by: str
    contract: str
    to: Address | None
    function: str | None
    arguments: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Names:
    """What `$name` and `@Name` stand for; contracts are those that are there."""

    plan: Plan
    keys: Mapping[str, Address]
    contracts: Mapping[str, Address]

    def resolve(self, argument: object, kind: str) -> Any:
        """An argument as it is encoded, or as it is written if its contract is not there yet."""
        if isinstance(argument, str) and argument.startswith("@"):
            return self.contracts.get(argument[1:], argument)
        if isinstance(argument, str) and argument.startswith("$"):
            if argument[1:] in self.keys:
                return self.keys[argument[1:]]
            argument = self.plan.values[argument[1:]]
        return read_argument(kind, argument, "arguments")


def fetch_outstanding(rpc: RpcClient, names: Names) -> Iterator[Todo]:
    """Yield what is to do, in the order in which it must be done; nothing if all holds."""
    for contract in names.plan.contracts:
        if contract.name not in names.contracts:
            yield _creation(names, contract)
    for role in names.plan.roles:
        yield from _guarded(rpc, names, role)
        yield from _granted(rpc, names, role)
    for setting in names.plan.settings:
        yield from _set(rpc, names, setting)


def _creation(names: Names, contract: Contract) -> Todo:
    arguments = tuple(
        names.resolve(argument, field["type"])
        for argument, field in zip(contract.arguments, inputs_of(contract.name), strict=True)
    )
    label = f"create {contract.name}"
    return Todo(label, contract.by[1:], contract.name, None, None, arguments)


def _guarded(rpc: RpcClient, names: Names, role: Role) -> Iterator[Todo]:
    """Functions that the role is to guard and does not yet, a transaction for each contract."""
    manager = names.contracts.get(role.manager[1:])
    for contract, functions in _by_contract(role.functions).items():
        target = names.contracts.get(contract, f"@{contract}")
        selectors = [_selector(contract, name) for name in functions]
        left = [
            (name, one)
            for name, one in zip(functions, selectors, strict=True)
            if manager is None
            or isinstance(target, str)
            or _fetch_guard(rpc, manager, target, one) != role.id
        ]
        if left:
            label = f"guard {contract}.{{{','.join(name for name, _ in left)}}} by {role.name}"
            arguments = (target, [one for _, one in left], role.id)
            yield _call(role, label, manager, "setTargetFunctionRole", arguments)


def _granted(rpc: RpcClient, names: Names, role: Role) -> Iterator[Todo]:
    """Members that do not have the role yet, or have it with another delay."""
    manager = names.contracts.get(role.manager[1:])
    for member in role.members:
        account = names.resolve(member, "address")
        known = manager is not None and isinstance(account, bytes)
        if known and _fetch_delay(rpc, manager, role.id, account) == role.delay:  # type: ignore[arg-type]
            continue
        label = f"grant {role.name} to {member}"
        yield _call(role, label, manager, "grantRole", (role.id, account, role.delay))


def _set(rpc: RpcClient, names: Names, setting: Setting) -> Iterator[Todo]:
    contract = names.contracts.get(setting.contract)
    wanted = names.resolve(setting.value, "string")
    if contract is None:
        return  # its constructor sees to it, or the next look does
    slot = load_artifact(setting.contract).string_slots[setting.variable]
    if fetch_string(rpc, contract, slot) != wanted:
        label = f"set {setting.contract}.{setting.variable}"
        yield Todo(label, setting.by[1:], setting.contract, contract, setting.function, (wanted,))


def _call(
    role: Role, label: str, manager: Address | None, function: str, arguments: tuple[Any, ...]
) -> Todo:
    return Todo(label, role.by[1:], MANAGER, manager, function, arguments)


def _by_contract(functions: Sequence[str]) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for each in functions:
        contract, _, function = each.partition(".")
        grouped.setdefault(contract, []).append(function)
    return grouped


def _selector(contract: str, name: str) -> bytes:
    inputs = function_of(contract, name, name)["inputs"]
    return selector(f"{name}({','.join(field['type'] for field in inputs)})")


def _fetch_guard(rpc: RpcClient, manager: Address, target: Address, function: bytes) -> int:
    """The role that guards a function (AccessManager, `getTargetFunctionRole`)."""
    asked = selector("getTargetFunctionRole(address,bytes4)")
    asked += target.rjust(32, b"\0") + function.ljust(32, b"\0")
    return int.from_bytes(rpc.fetch_call(manager, asked), "big")


def _fetch_delay(rpc: RpcClient, manager: Address, role: int, account: Address) -> int | None:
    """The delay an account has a role with, or soon will; None if it has not the role."""
    asked = selector("getAccess(uint64,address)")
    asked += role.to_bytes(32, "big") + account.rjust(32, b"\0")
    answer = rpc.fetch_call(manager, asked)
    since, delay, pending, effect = (
        int.from_bytes(answer[at : at + 32], "big") for at in range(0, 128, 32)
    )
    if since == 0:
        return None
    return pending if effect else delay


def fetch_string(rpc: RpcClient, contract: Address, slot: int) -> str:
    """A string variable's value (Solidity, layout of bytes and string in storage)."""
    word = rpc.fetch_storage(contract, slot.to_bytes(32, "big"))
    number = int.from_bytes(word, "big")
    if number % 2 == 0:
        return word[: (number & 0xFF) // 2].decode(errors="replace")
    length = number // 2
    first = int.from_bytes(keccak(slot.to_bytes(32, "big")), "big")
    words = [
        rpc.fetch_storage(contract, (first + at).to_bytes(32, "big"))
        for at in range((length + 31) // 32)
    ]
    return b"".join(words)[:length].decode(errors="replace")


def told(todo: Todo) -> dict[str, Any]:
    """A step as `deploy plan --json` prints it."""
    return {
        "step": todo.label,
        "by": todo.by,
        "contract": todo.contract,
        "to": None if todo.to is None else to_hex(todo.to),
        "function": todo.function,
        "arguments": [_plain(argument) for argument in todo.arguments],
    }


def _plain(argument: Any) -> Any:
    if isinstance(argument, bytes):
        return to_hex(argument)
    return [_plain(one) for one in argument] if isinstance(argument, list) else argument
