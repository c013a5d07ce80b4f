"""The error tree: everything the ledger refuses has a type, a code and named fields.

LedgerError
├── InputError                what a client or user gave is wrong
│   ├── MalformedValue        a value has the wrong form
│   ├── UnknownThing          a named thing does not exist
│   ├── DocumentError         a document cannot be accepted
│   ├── Conflict              it contradicts what is there already
│   ├── Refused               the contract's rules forbid it
│   └── PlanError             a deployment plan is wrong
├── VerificationError         something does not prove what it claims
├── MirrorError               the mirror cannot follow the chain
├── NodeError                 the chain's node
│   ├── NodeUnavailable       it did not answer: try again
│   ├── RpcError              it answered with an error
│   └── WrongChain            it is not the chain that we know
└── ToolError                 a tool of ours is missing or failed
"""

from __future__ import annotations

from typing import ClassVar


class LedgerError(Exception):
    """Root of all errors raised on purpose.

    `code` is stable and machine readable; `fields` are the named values, fit for JSON.
    """

    code: ClassVar[str] = "ledger_error"
    advice: ClassVar[str | None] = None

    def __init__(self, message: str, **fields: object) -> None:
        super().__init__(message)
        self.message = message
        self.fields = fields

    def __str__(self) -> str:
        return self.message


class InputError(LedgerError):
    """What was given cannot be accepted, and says which part."""

    code = "invalid_input"


class MalformedValue(InputError):
    """A field's value does not have the form it needs."""

    code = "malformed_value"

    def __init__(self, *, field: str, value: object, wanted: str) -> None:
        shown = repr(value)
        shown = shown if len(shown) <= 100 else shown[:97] + "..."
        super().__init__(
            f"{field}: {shown} is not {wanted}", field=field, value=shown, wanted=wanted
        )


class UnknownThing(InputError):
    """Nothing of that name or id is known."""

    code = "unknown"

    def __init__(self, what: str, *, field: str, value: str) -> None:
        super().__init__(
            f"{field}: no {what} {value} is known", what=what, field=field, value=value
        )


class DocumentError(InputError):
    """A document is not strict JSON, or breaks its bounds; `path` points at the place."""

    code = "invalid_document"

    def __init__(self, reason: str, *, path: str = "") -> None:
        where = f"document{path}" if path else "document"
        super().__init__(f"{where}: {reason}", path=path, reason=reason)


class Conflict(InputError):
    """The request contradicts what is already there."""

    code = "conflict"


class Refused(InputError):
    """The contract refuses the entry; `name` is the contract's error, `fields` its values."""

    code = "refused"

    def __init__(self, name: str, index: int | None, values: dict[str, object]) -> None:
        told = ", ".join(f"{key} {value}" for key, value in values.items())
        super().__init__(f"{name}({told})", name=name, index=index, values=values)
        self.name = name
        self.index = index
        self.values = values


class PlanError(InputError):
    """A deployment plan is wrong; names the place in it."""

    code = "invalid_plan"


class VerificationError(LedgerError):
    """A step of a verification failed; names the step and both values."""

    code = "not_proven"


class MirrorError(LedgerError):
    """The mirror cannot be brought to equal the chain."""

    code = "mirror"


class NodeError(LedgerError):
    """The chain's node did not do what was asked."""

    code = "node"


class NodeUnavailable(NodeError):
    """The node did not answer; the same question may be asked again."""

    code = "node_unavailable"


class RpcError(NodeError):
    """The node answered with a JSON-RPC error (JSON-RPC 2.0, section 5.1)."""

    code = "rpc_error"

    def __init__(self, method: str, number: int, text: str, detail: object = None) -> None:
        super().__init__(f"{method}: {text} ({number})", method=method, number=number)
        self.method = method
        self.number = number
        self.text = text
        self.detail = detail


class WrongChain(NodeError):
    """The node serves another chain than the one that is remembered."""

    code = "wrong_chain"


class ToolError(LedgerError):
    """A tool that the ledger starts is missing or failed."""

    code = "tool"
