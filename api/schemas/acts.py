"""What can be said of an asset: the body of one entry, discriminated by its kind."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field

from api.schemas.assets import (
    EXAMPLE_DOCUMENT,
    Appending,
    Described,
    Document,
    OrganisationName,
    Position,
    StageWord,
)
from api.schemas.base import (
    EXAMPLE_DID,
    EXAMPLE_HASH,
    EXAMPLE_HASH_2,
    Expires,
    HashInput,
)

PartyWord = Literal["owner", "custodian", "operator", "lien_holder"]
"""What an organisation can be to an asset: it has title, custody, use, or a lien on it."""

PartyField = Annotated[
    PartyWord, Field(description="what changes hands: title, custody, use, lien")
]
ContentHash = Annotated[HashInput, Field(examples=[EXAMPLE_HASH_2])]


class Revise(Appending, Described):
    """Another document describes the asset from now on."""

    kind: Literal["revised"]


class Observe(Appending, Described):
    """Something happened to the asset."""

    kind: Literal["observed"]


class Correct(Appending, Described):
    """An earlier entry was mistaken; it stays, and this says what is right."""

    kind: Literal["corrected"]
    corrects: Annotated[Position, Field(description="the entry that was mistaken")]


class EnterStage(Appending):
    """The asset reaches a stage of its life; from `retired` none leads on."""

    kind: Literal["staged"]
    stage: StageWord


class Transfer(Appending):
    """Title passes to another organisation."""

    kind: Literal["transferred"]
    to: OrganisationName


class Offer(Appending):
    """Offer what you hold to another organisation; what nobody holds is the owner's to offer."""

    kind: Literal["offered"]
    party: PartyField
    to: OrganisationName
    expires: Expires | None = None


class Withdraw(Appending):
    """Take back the open offer."""

    kind: Literal["withdrawn"]
    party: PartyField


class Accept(Appending):
    """Take what your organisation was offered."""

    kind: Literal["accepted"]
    party: PartyField


class Release(Appending):
    """Be no longer what your organisation is to the asset; title is only ever handed on."""

    kind: Literal["released"]
    party: Annotated[
        Literal["custodian", "operator", "lien_holder"],
        Field(description="what is given up: custody, use, lien"),
    ]


class Mount(Appending):
    """The asset becomes a part of another; the ledger writes `part_added` to that one."""

    kind: Literal["mounted"]
    parent: HashInput


class Dismount(Appending):
    """The asset is no longer a part of another; the ledger writes `part_removed` to that one."""

    kind: Literal["dismounted"]
    parent: HashInput


class Attest(Appending, Described):
    """State something of an asset, anybody's, under a schema; a file's description must fit it."""

    kind: Literal["attested"]
    schema_: Annotated[HashInput, Field(alias="schema", description="of what is stated")]
    expires: Expires | None = None


class RevokeAttestation(Appending):
    """Take back what your organisation stated of the asset."""

    kind: Literal["attestation_revoked"]
    revokes: Annotated[Position, Field(description="the position at which it was stated")]


def _read_null(document: bytes) -> bytes | None:
    """A document that is null is none; as others, it comes as its text."""
    return None if document == b"null" else document


class List(Appending):
    """Show the asset in a world: a document, a file, or what `rendition` names; or nothing of it.

    Where the world asks for a credential, yours is found.
    """

    kind: Literal["listed"]
    world: HashInput
    document: Annotated[
        Document | None, BeforeValidator(_read_null), Field(description="what is shown of it")
    ] = None
    file: Annotated[
        ContentHash | None,
        Field(description="what is shown: a file that you uploaded, in place of a document"),
    ] = None
    rendition: Annotated[
        ContentHash | None,
        Field(description="content hash of what is shown, wherever it is kept"),
    ] = None
    licence: Annotated[
        ContentHash | None, Field(description="content hash of the terms under which it is shown")
    ] = None
    expires: Expires | None = None


class Delist(Appending):
    """Show the asset no longer in a world."""

    kind: Literal["delisted"]
    world: HashInput


class Erase(Appending):
    """Destroy documents for good; the entry is the receipt that says which."""

    kind: Literal["erased"]
    documents: Annotated[
        list[HashInput],
        Field(min_length=1, max_length=64, description="content hashes that its entries name"),
    ]


class Freeze(Appending):
    """Bar the asset from everything but governance; the document gives the reason."""

    kind: Literal["frozen"]
    document: Document


class Unfreeze(Appending):
    """Let a frozen asset move again; the document gives the reason."""

    kind: Literal["unfrozen"]
    document: Document


class ForceTitle(Appending):
    """Title passes, whatever owner, lien and freeze say; the document gives the reason."""

    kind: Literal["title_forced"]
    to: OrganisationName
    document: Document


Act = Annotated[
    Revise
    | Observe
    | Correct
    | EnterStage
    | Transfer
    | Offer
    | Withdraw
    | Accept
    | Release
    | Mount
    | Dismount
    | Attest
    | RevokeAttestation
    | List
    | Delist
    | Erase
    | Freeze
    | Unfreeze
    | ForceTitle,
    Field(discriminator="kind"),
]
"""What can be appended to an asset."""

_LATER: Final = "2030-01-01T00:00:00Z"
_REASON: Final = {"reason": "recall 2026-14"}

EXAMPLES: Final[dict[str, dict[str, Any]]] = {
    "observed": {"document": {"event": "inspected", "result": "passed"}},
    "revised": {"document": EXAMPLE_DOCUMENT},
    "corrected": {"corrects": 2, "document": {"result": "failed"}},
    "staged": {"stage": "commissioned"},
    "transferred": {"to": EXAMPLE_DID, "position": 3},
    "offered": {"party": "custodian", "to": EXAMPLE_DID, "expires": _LATER},
    "withdrawn": {"party": "custodian"},
    "accepted": {"party": "custodian"},
    "released": {"party": "custodian"},
    "mounted": {"parent": EXAMPLE_HASH},
    "dismounted": {"parent": EXAMPLE_HASH},
    "attested": {
        "schema": EXAMPLE_HASH,
        "document": {"standard": "ISO 9001", "result": "conforms"},
        "expires": _LATER,
    },
    "attestation_revoked": {"revokes": 2},
    "listed": {
        "world": EXAMPLE_HASH,
        "document": {"title": "8-speed gearbox", "model": "https://models.example/8hp51.glb"},
        "expires": _LATER,
    },
    "delisted": {"world": EXAMPLE_HASH},
    "erased": {"documents": [EXAMPLE_HASH_2]},
    "frozen": {"document": _REASON},
    "unfrozen": {"document": _REASON},
    "title_forced": {"to": EXAMPLE_DID, "document": {"reason": "ruling 2 HK O 117/26"}},
}
"""A body for each kind, without that word."""
