"""What is compared: each row with the state that it starts from, and who measures it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MILLION: Final = 1_000_000

_BORN: Final = "bring an asset into being"
_PASSED: Final = "pass title"
_HANDED: Final = "hand title over in two steps, later"
_OBSERVED: Final = "observe a document of an asset"
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
        Row("born_first", _BORN, "the owner's first"),
        Row("born", _BORN, "another"),
        Row("born_each", _BORN, each, batch),
        Row("born_million", _BORN, f"{MILLION:,} by one entry, in all"),
        Row("born_million_each", _BORN, f"each of {MILLION:,}", MILLION, "born_million"),
        Row("passed_to_new", _PASSED, "first, and the receiver's first"),
        Row("passed_first", _PASSED, "first"),
        Row("passed", _PASSED, "later"),
        Row("passed_direct", _PASSED, "later, by ERC-721's transferFrom"),
        Row("passed_first_each", _PASSED, f"{each}, first", batch),
        Row("passed_each", _PASSED, f"{each}, later", batch),
        Row("passed_member", _PASSED, "first, of one amid many born at once"),
        Row("offered", _HANDED, "offer, or approve"),
        Row("accepted", _HANDED, "accept, or take what was approved"),
        Row("handed", _HANDED, "both together"),
        Row("handed_again", _HANDED, "both together, and not the first offer"),
        Row("observed_first", _OBSERVED, "first"),
        Row("observed", _OBSERVED, "later"),
        Row("observed_first_each", _OBSERVED, f"{each}, first", batch),
        Row("observed_each", _OBSERVED, f"{each}, later", batch),
        Row("attested_first", _ATTESTED, "first"),
        Row("attested", _ATTESTED, "later"),
        Row("attested_first_each", _ATTESTED, f"{each}, first", batch),
        Row("attested_each", _ATTESTED, f"{each}, later", batch),
        Row("revoked", _ATTESTED, "revoke"),
        Row("revoked_each", _ATTESTED, f"revoke, {each}", batch),
        Row("mounted_first", _MOUNTED, "mount, first of part and parent"),
        Row("mounted", _MOUNTED, "mount, later"),
        Row("mounted_again", _MOUNTED, "mount again what was mounted before"),
        Row("dismounted", _MOUNTED, "dismount"),
    )


NOTES: Final = (
    "Gas is the receipt's gasUsed, refunds taken off; calldata and the 21,000 of every transaction"
    " are in it. Each transaction is alone in its block, and has no more than EIP-7825 allows. Each"
    " of {batch}: a transaction of {batch} items, divided.",
    "First: the asset has had no entry but its birth, so that its head's storage slot is opened"
    " (17,100 more). Later: it has. Owners and receivers hold some already and givers keep some,"
    " unless it says otherwise: a balance that is opened costs 17,100 more, too. The {batch} that"
    " change hands were born in one transaction.",
    "An asset's first offer of title opens a slot that later ones find there; an ERC-721 approval"
    " opens one each time. Each attestation opens one, which its revocation frees. Assembling"
    " writes two entries, one of the part and one of the parent; a part's first mounting opens a"
    " slot.",
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
