"""What is compared: each row with the state that it starts from, and who measures it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MILLION: Final = 1_000_000

_BORN: Final = "bring an asset into being"
_PASSED: Final = "pass title"
_HANDED: Final = "hand title over in two steps, later"
_OBSERVED: Final = "observe: put a document's hash on an asset"
_ATTESTED: Final = "attest"
_MOUNTED: Final = "assemble"


@dataclass(frozen=True, slots=True)
class Row:
    """One act. Its gas is that of a whole transaction, told for each of the `items` in it."""

    name: str
    group: str
    title: str
    items: int = 1
    measured: str = ""
    """The measurement that it tells of, if not one of the row's own name."""

    @property
    def source(self) -> str:
        """The name of its measurement."""
        return self.measured or self.name


def list_rows(batch: int) -> tuple[Row, ...]:
    """All rows in order; `batch` is how many items travel in one transaction."""
    each = f"each of {batch}"
    return (
        Row("born_first", _BORN, "alone; the owner holds none yet"),
        Row("born", _BORN, "alone; the owner holds some"),
        Row("born_each", _BORN, f"{each}; the owner holds some", batch),
        Row("born_million", _BORN, f"{MILLION:,} by one entry, in all"),
        Row("born_million_each", _BORN, f"each of {MILLION:,}", MILLION, "born_million"),
        Row("passed_to_new", _PASSED, "alone, first; the receiver holds none yet"),
        Row("passed_first", _PASSED, "alone, first; the receiver holds some"),
        Row("passed", _PASSED, "alone, later"),
        Row("passed_direct", _PASSED, "alone, later, by ERC-721's transferFrom"),
        Row("passed_first_each", _PASSED, f"{each}, born in one transaction; first", batch),
        Row("passed_each", _PASSED, f"{each}, later", batch),
        Row("passed_member", _PASSED, "first, from the midst of many born at once"),
        Row("offered", _HANDED, "offer, or approve"),
        Row("accepted", _HANDED, "accept, or take what was approved"),
        Row("handed", _HANDED, "both together"),
        Row("observed_first", _OBSERVED, "alone, first"),
        Row("observed", _OBSERVED, "alone, later"),
        Row("observed_first_each", _OBSERVED, f"{each}, first", batch),
        Row("observed_each", _OBSERVED, f"{each}, later", batch),
        Row("attested_first", _ATTESTED, "alone, first"),
        Row("attested", _ATTESTED, "alone, later"),
        Row("attested_first_each", _ATTESTED, f"{each}, first", batch),
        Row("attested_each", _ATTESTED, f"{each}, later", batch),
        Row("revoked", _ATTESTED, "revoke, alone"),
        Row("revoked_each", _ATTESTED, f"revoke, {each}", batch),
        Row("mounted_first", _MOUNTED, "mount, first of part and parent"),
        Row("mounted", _MOUNTED, "mount, later; the part was mounted nowhere before"),
        Row("mounted_again", _MOUNTED, "mount, later; the part was mounted before"),
        Row("dismounted", _MOUNTED, "dismount"),
    )


NOTES: Final = (
    "Gas is the receipt's gasUsed, refunds taken off; calldata and the 21,000 of every transaction"
    " are in it. Each transaction is alone in its block, and has less than EIP-7825 allows it.",
    "First: the asset has had no entry but its birth, so that its head's storage slot is opened"
    " (17,100 more). Later: it has. Receivers of title hold some already and givers keep some,"
    " unless it says otherwise: a balance that is opened costs 17,100 more, too.",
    "Assembling writes two entries, one of the part and one of the parent.",
    "ERC-721 and ERC-721A keep owners and nothing else: no schema, no document, no history; anybody"
    " may mint. Ids of their {batch} are in a row, so that all take as much calldata as one; each"
    " entry brings its own subject, position and payload.",
    "ERC-721A writes one slot for all that are minted at once. Transfers pay for it: each reads"
    " back to the first of them, and writes a slot of its own and its neighbour's; shown are the"
    " middle one of {batch}, and all {batch} from the first on. It cannot mint a million at once:"
    " each is an event.",
    "EAS keeps each attestation in slots of its own, so that first and later are the same to it."
    " Shown are attestations with 32 bytes of data and a recipient, revocable, without expiry and"
    " resolver; to name another attestation as what each is about takes about 22,500 more. Nearest"
    " to observing is its timestamp: a hash's time, once, of no asset. Anybody attests; there are"
    " no accounts, positions or heads.",
)
