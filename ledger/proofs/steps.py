"""The steps of a verification, each with the error that says it failed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar, Final

from ledger.errors import LedgerError, VerificationError
from ledger.types import Hash32, to_hex


class StepFailed(VerificationError):
    """A numbered step of verifying a bundle failed; says which, and both values if there are two.

    `expected` is what was given or proven before, `found` what this step met instead, `subject` the
    one that was being verified, in the steps that are taken for each.
    """

    number: ClassVar[int]
    step: ClassVar[str]

    def __init__(
        self,
        reason: str,
        *,
        expected: object = None,
        found: object = None,
        subject: Hash32 | None = None,
    ) -> None:
        both = "" if expected is None else f": expected {expected}, found {found}"
        whose = "" if subject is None else f" of {to_hex(subject)}"
        super().__init__(
            f"step {self.number}, {self.step}{whose}: {reason}{both}",
            step=self.number,
            name=self.step,
            reason=reason,
            expected=expected,
            found=found,
            subject=None if subject is None else to_hex(subject),
        )
        self.reason = reason
        self.expected = expected
        self.found = found
        self.subject = subject


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


class WrongLedgerHead(StepFailed):
    """The contract's storage does not hold the ledger head as claimed."""

    code = "wrong_ledger_head"
    number = 4
    step = "ledger head"


class WrongWord(StepFailed):
    """The contract's storage does not hold the subject's word as claimed."""

    code = "wrong_word"
    number = 5
    step = "word"


class WrongHead(StepFailed):
    """The contract's storage does not hold the subject's head as claimed."""

    code = "wrong_head"
    number = 6
    step = "head"


class WrongBirth(StepFailed):
    """The subject is not what its id was made of."""

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


class WrongParties(StepFailed):
    """Parties, offers or parent are others in the contract's storage than in the entries."""

    code = "wrong_parties"
    number = 10
    step = "parties"


class WrongHoldings(StepFailed):
    """The organisation does not hold title to these assets, or to fewer of them."""

    code = "wrong_holdings"
    number = 11
    step = "holdings"


class WrongTree(StepFailed):
    """The assembly's parts are not all proven, or not mounted where they are said to be."""

    code = "wrong_tree"
    number = 12
    step = "tree"


class WrongDocuments(StepFailed):
    """What is disclosed of documents is not what the entries commit to."""

    code = "wrong_documents"
    number = 13
    step = "documents"


class WrongRest(StepFailed):
    """There are trie nodes that prove nothing."""

    code = "wrong_rest"
    number = 14
    step = "rest"


STEPS: Final[tuple[type[StepFailed], ...]] = (
    WrongForm,
    WrongHeader,
    WrongAccount,
    WrongLedgerHead,
    WrongWord,
    WrongHead,
    WrongBirth,
    WrongHistory,
    WrongState,
    WrongParties,
    WrongHoldings,
    WrongTree,
    WrongDocuments,
    WrongRest,
)
"""All steps in the order in which they are taken."""


EACH_SUBJECT: Final = range(5, 11)
"""The numbers of the steps that are taken for each subject in turn."""


@contextmanager
def failing_as(error: type[StepFailed], subject: Hash32 | None = None) -> Iterator[None]:
    """Turn whatever a step refuses into the step's own error."""
    try:
        yield
    except StepFailed:
        raise
    except LedgerError as refusal:
        fields = refusal.fields
        expected = fields.get("expected", fields.get("wanted"))
        found = fields.get("found", fields.get("value"))
        raise error(refusal.message, expected=expected, found=found, subject=subject) from None
