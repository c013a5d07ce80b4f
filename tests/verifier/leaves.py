"""Leaves of documents: what may stand in one, and what has no canonical form."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from ledger.documents.canonical import canonical, load_document
from ledger.documents.commitment import commit_document
from ledger.domain.payloads import Registered
from ledger.errors import DocumentError
from ledger.hashing import leaf_hash
from ledger.proofs.archive import _zip
from ledger.proofs.bundle import DisclosedLeaf
from ledger.proofs.encoding import encode_bundle
from ledger.types import ZERO_HASH, AssetKind
from tests.proofs.paper import ORG, Paper, block_hash
from tests.verifier.forging import Forgery


def _deep(levels: int) -> str:
    return "[" * levels + "]" * levels


SEED: Final = bytes(range(32))
SALT: Final = "00" * 16
VALUES: Final = (
    *("null", "true", "0", "-0", "-1", "0.1", "1.0", "1e21", "1e+21", "1e-7", "0.000001", "1E3"),
    *(
        "9007199254740991",
        "9007199254740992",
        "-9007199254740992",
        "100000000000000000000",
        "12345678901234567890",
    ),
    *("1e400", "5e-324", "1.7976931348623157e+308", "333333333.3333332", "NaN", "Infinity", "01"),
    *('"ü"', r'"\u00fc"', r'"\ud800"', r'"\ud83d\ude00"', '"😀"', r'"\n"', r'"\u000a"', '"\x7f"'),
    *(
        r'"\u001f"',
        r'"\u001F"',
        r'"\/"',
        '"/"',
        '"\u2028"',
        r'"\ufffe"',
        '"\ufdd0"',
        "[]",
        "{}",
        "[ ]",
        '{"a":1,"b":2}',
    ),
    *('{"b":1,"a":2}', '{"a":1,"a":1}', '{"":1}', '{"\ue000":1,"😀":2}', '{"😀":2,"\ue000":1}'),
    *(
        '{"1":1,"02":2,"10":3}',
        '{"10":3,"2":1}',
        '{"2":1,"10":3}',
        '{"__proto__":1}',
        "",
        " 1",
        "1 ",
    ),
    *(_deep(levels) for levels in (60, 61, 62, 63, 64, 65, 66, 2000)),
)
TEXTS: Final = (
    *(f'["field","{SALT}","name",{value}]' for value in VALUES),
    *(f'["field",{salt},"name",1]' for salt in ('""', '"x"', '"00"', "1", "null", f'"{SALT}00"')),
    *(f'["field",{salt},"name",1]' for salt in ('"' + "0A" * 16 + '"', '"' + "0g" * 16 + '"')),
    *(
        f'["serial","{SALT}",{serial}]'
        for serial in ('"one"', '""', "1", "null", '["one"]', r'"\ud800"')
    ),
    *(f'["serial",{salt},"one"]' for salt in ('""', '"x"', "1")),
    *(f'["field","{SALT}",{name},1]' for name in ('""', "1", "null", r'"\ud800"', '"ü"')),
    *(f'["other","{SALT}","name",1]', f'["field","{SALT}","name"]', f'["serial","{SALT}"]'),
    *(
        "",
        "{}",
        "[]",
        "null",
        "1",
        '"field"',
        f'["field","{SALT}","name",1,2]',
        f'["field","{SALT}","name",1]\n',
    ),
)


def disclose(leaf: str) -> Forgery:
    """A bundle that discloses a field, whose leaf may be anything."""
    content = leaf_hash(leaf.encode())
    paper = Paper()
    subject = paper.begin(Registered(ORG, ZERO_HASH, content, AssetKind.INSTANCE), ORG)
    field = DisclosedLeaf(content, leaf, ())
    bundle = replace(paper.bundle(subject), fields=(field,))
    return Forgery(encode_bundle(bundle), block_hash(bundle), bundle.contract)


def enclose(value: str, serial: str | None = "one") -> Forgery:
    """A bundle in a zip with a document, a field of which may be anything."""
    document = f'{{"a":{value}}}'.encode()
    try:
        content = commit_document(load_document(document), SEED, serial).content_hash
    except DocumentError:
        content = ZERO_HASH
    paper = Paper()
    subject = paper.begin(Registered(ORG, ZERO_HASH, content, AssetKind.INSTANCE), ORG)
    bundle = paper.bundle(subject)
    opening = canonical({"seed": f"0x{SEED.hex()}", "serial": serial})
    files = {
        "bundle.json": encode_bundle(bundle),
        f"documents/{content.hex()}.json": document,
        f"openings/{content.hex()}.json": opening,
    }
    return Forgery(_zip(files), block_hash(bundle), bundle.contract)
