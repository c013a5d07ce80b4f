"""The steps of a verification, each with the error that says it failed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar, Final

from ledger.errors import LedgerError, VerificationError


class StepFailed(VerificationError):
    """A numbered step of verifying a bundle failed; says which, and both values if there are two.

    `expected` is what was given or proven before, `found` what this step met instead.
    """

    number: ClassVar[int]
    step: ClassVar[str]

    def __init__(self, reason: str, *, expected: object = None, found: object = None) -> None:
        both = "" if expected is None else f": expected {expected}, found {found}"
        super().__init__(
            f"step {self.number}, {self.step}: {reason}{both}",
            step=self.number,
            name=self.step,
            reason=reason,
            expected=expected,
            found=found,
        )
        self.reason = reason
        self.expected = expected
        self.found = found


class WrongForm(StepFailed):
    """The bytes are no bundle in canonical form."""

    code = "wrong_form"
    number = 1
    step = "form"


class WrongHeader(StepFailed):
    """The header is not the one of the block that the auditor trusts."""

    code = "wrong_header"
    number = 2
    step = "header"


class WrongAccount(StepFailed):
    """The block's state does not hold the contract's account as claimed."""

    code = "wrong_account"
    number = 3
    step = "account"


class WrongWord(StepFailed):
    """The contract's storage does not hold the subject's word as claimed."""

    code = "wrong_word"
    number = 4
    step = "word"


class WrongHead(StepFailed):
    """The contract's storage does not hold the subject's head as claimed."""

    code = "wrong_head"
    number = 5
    step = "head"


class WrongLedgerHead(StepFailed):
    """The contract's storage does not hold the ledger head as claimed."""

    code = "wrong_ledger_head"
    number = 6
    step = "ledger head"


class WrongBirth(StepFailed):
    """The first entry does not hash to the subject's id."""

    code = "wrong_birth"
    number = 7
    step = "birth"


class WrongHistory(StepFailed):
    """The entries are not all there, or do not hash to the proven head."""

    code = "wrong_history"
    number = 8
    step = "history"


class WrongState(StepFailed):
    """What the entries make of the subject is not what the contract's word says."""

    code = "wrong_state"
    number = 9
    step = "state"


STEPS: Final[tuple[type[StepFailed], ...]] = (
    WrongForm,
    WrongHeader,
    WrongAccount,
    WrongWord,
    WrongHead,
    WrongLedgerHead,
    WrongBirth,
    WrongHistory,
    WrongState,
)
"""All steps in the order in which they are taken."""


@contextmanager
def failing_as(error: type[StepFailed]) -> Iterator[None]:
    """Turn whatever a step refuses into the step's own error."""
    try:
        yield
    except StepFailed:
        raise
    except LedgerError as refusal:
        fields = refusal.fields
        expected = fields.get("expected", fields.get("wanted"))
        found = fields.get("found", fields.get("value"))
        raise error(refusal.message, expected=expected, found=found) from None
