"""The steps of checking a report, each with the error that says it failed."""

from __future__ import annotations

from typing import ClassVar, Final

from ledger.errors import VerificationError


class ReportFailed(VerificationError):
    """A numbered step of checking a report failed; names what it is about, and both values."""

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
        self.reason, self.expected, self.found = reason, expected, found


class WrongReport(ReportFailed):
    """The bytes are no report in canonical form."""

    code = "wrong_report"
    number = 1
    step = "form"


class WrongAuditor(ReportFailed):
    """The report, as it stands, was not signed by the auditor."""

    code = "wrong_auditor"
    number = 2
    step = "signature"


class WrongRequest(ReportFailed):
    """The seed's block did not come after the request, or is not the one that is trusted."""

    code = "wrong_request"
    number = 3
    step = "request"


class WrongDraw(ReportFailed):
    """Other assets had to be drawn."""

    code = "wrong_draw"
    number = 4
    step = "draw"


class WrongBundle(ReportFailed):
    """A bundle is missing, is another one, is too many, or does not prove its asset."""

    code = "wrong_bundle"
    number = 5
    step = "bundles"


class WrongOrder(ReportFailed):
    """The assets' numbers are not in the order of their births."""

    code = "wrong_order"
    number = 6
    step = "order"


REPORT_STEPS: Final[tuple[type[ReportFailed], ...]] = (
    WrongReport,
    WrongAuditor,
    WrongRequest,
    WrongDraw,
    WrongBundle,
    WrongOrder,
)
"""All steps in the order in which they are taken."""
