"""What goes wrong with signers: whatever it is, nothing was signed and nothing may be sent."""

from __future__ import annotations

from typing import Final

from ledger.errors import LedgerError
from ledger.types import Address, to_hex

_SHOWN: Final = 100


class SignerError(LedgerError):
    """A signer did not do its part; what it was to sign can be given to it again."""

    code = "signer"


class SignerUnavailable(SignerError):
    """The signer did not answer, or says that it cannot for now."""

    code = "signer_unavailable"
    advice = "see that the signer runs and can be reached; signing then goes on by itself"


class SignerRefused(SignerError):
    """The signer answered that it will not sign; somebody has to see to it."""

    code = "signer_refused"
    advice = "see that the signer has the key, knows our token, and that its rules let us sign"


class WrongAnswer(SignerError):
    """The signer answered with something else than was asked; names the field, both values."""

    code = "signer_wrong_answer"
    advice = "see that the signer signs with the key of this address; nothing of its answer is used"

    def __init__(self, signer: Address, field: str, *, asked: object, told: object) -> None:
        wanted, found = _shown(asked), _shown(told)
        super().__init__(
            f"the signer of {to_hex(signer)} answered with {field} {found}; asked was {wanted}",
            signer=to_hex(signer),
            field=field,
            asked=wanted,
            told=found,
        )


def _shown(value: object) -> str:
    text = to_hex(value) if isinstance(value, bytes) else str(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}… ({len(text)} characters)"
