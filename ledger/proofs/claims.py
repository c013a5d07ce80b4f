"""What the contract must say of a subject, if its entries are what they seem."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Final

from ledger.domain.asset import Asset
from ledger.domain.batch import Batch
from ledger.domain.catalogue import Schema, World
from ledger.domain.founding import Founding
from ledger.domain.organisation import Organisation
from ledger.domain.subjects import Subject
from ledger.hashing import organisation_address
from ledger.proofs.layout import SubjectClass, Word
from ledger.types import ZERO_ADDRESS, Hash32, Labelled, Party, to_hex


def word_of(subject: Subject) -> Word:
    """The subject's word, without what no entry tells: `approved`."""
    match subject:
        case Asset():
            return replace(
                _owned(subject, subject.owner, SubjectClass.ASSET),
                frozen=subject.frozen,
                stage=subject.stage,
                held=_held(subject),
                offered=subject.offered,
                mounted=subject.parent is not None,
            )
        case Batch():
            return replace(_owned(subject, subject.owner, SubjectClass.BATCH), size=subject.size)
        case Schema():
            return _owned(subject, subject.org, SubjectClass.SCHEMA)
        case World():
            word = _owned(subject, subject.org, SubjectClass.WORLD)
            return replace(word, closed=not subject.open)
        case Organisation():
            return replace(
                _owned(subject, None, SubjectClass.ORGANISATION),
                accounts=len(subject.accounts),
                suspended=not subject.active,
            )
        case Founding():
            return _owned(subject, None, SubjectClass.LEDGER)


def claims(subject: Subject, word: Word) -> list[tuple[str, object, object]]:
    """What a word says beside what the entries say, fit for JSON: name, the word's, the entries'.

    An asset's ERC-721 approval is no entry's.
    """
    told = word_of(subject)
    if isinstance(subject, Asset):
        told = replace(told, approved=word.approved)
    return [
        (what, _shown(getattr(word, name)), _shown(getattr(told, name))) for what, name in _SAID
    ]


_SAID: Final = [("class", "subject_class")] + [
    (field.name.replace("_", " "), field.name)
    for field in fields(Word)
    if field.name != "subject_class"
]


def _shown(value: object) -> object:
    match value:
        case bytes():
            return to_hex(value)
        case Labelled():
            return value.label
        case frozenset():
            return ", ".join([party.label for party in sorted(value)]) or "none"
        case _:
            return value


def _owned(subject: Subject, org: Hash32 | None, subject_class: SubjectClass) -> Word:
    return Word(
        owner=ZERO_ADDRESS if org is None else organisation_address(org),
        opened_at=subject.opened_at,
        count=subject.count,
        subject_class=subject_class,
    )


def _held(asset: Asset) -> frozenset[Party]:
    others = (Party.CUSTODIAN, Party.OPERATOR, Party.LIEN_HOLDER)
    return frozenset([party for party in others if getattr(asset, party.label) is not None])
