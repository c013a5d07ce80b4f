"""A small ledger on a real chain, the same to the byte whenever it is told: vectors are of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from ledger.documents.canonical import JsonValue, canonical
from ledger.documents.commitment import commit_document, field_leaf
from ledger.domain.batch import batch_id_of, index_of
from ledger.domain.payloads import (
    Accepted,
    Attested,
    BatchRegistered,
    Corrected,
    CredentialIssued,
    Dismounted,
    Erased,
    Listed,
    Mounted,
    Observed,
    Offered,
    Payload,
    Registered,
    Revised,
    SchemaPublished,
    Staged,
    SuccessorNamed,
    Transferred,
    WorldClosed,
    WorldOpened,
)
from ledger.hashing import (
    domain_separator,
    hmac_sha256,
    keccak,
    leaf_hash,
    merkle_root,
    next_level,
    subject_id,
)
from ledger.proofs.bundle import Birth
from ledger.types import ZERO_HASH, AssetKind, Hash32, Party, Stage, to_hex
from tests.proofs.conftest import OnChain, deployed

BEGIN, PACE = 1_800_000_000, 60
SEED = bytes(range(32))
SERIAL = "AM-GBX-000417"
PASSPORT: dict[str, JsonValue] = {
    "mass_kg": 1840.5,
    "name": "Getriebe Ω",
    "place": {"city": "重庆", "hall": 7},
    "ratio": "1:97",
    "tested": True,
}
LATEST = 2**40
LINES = [keccak(b"line %d" % number) for number in range(1, 6)]


@dataclass
class Story:
    """What was told, by name."""

    chain: OnChain
    subjects: dict[str, Hash32] = field(default_factory=dict)
    blocks: dict[str, int] = field(default_factory=dict)

    def begin(self, name: str, payload: Payload, org: bytes, sender: int = 0) -> Hash32:
        domain = domain_separator(31337, self.chain.contract)
        subject = subject_id(domain, payload.KIND, org, payload.encode())
        self.chain.append((subject, org, payload, 0), sender=sender)
        self.subjects[name] = subject
        return subject

    def asset(self, name: str, content: Hash32, schema: Hash32 = ZERO_HASH) -> Hash32:
        org = self.chain.orgs[0]
        return self.begin(name, Registered(org, schema, content, AssetKind.INSTANCE), org)

    def write(self, subject: Hash32, *payloads: Payload, sender: int = 0) -> None:
        """Mine entries of the sender's organisation at the subject's next positions."""
        asked = {
            "to": to_hex(self.chain.contract),
            "data": to_hex(keccak(b"count(bytes32)")[:4] + subject),
        }
        count = int(self.chain.rpc.call("eth_call", asked, "latest"), 16)
        org = self.chain.orgs[sender]
        told = [(subject, org, payload, count + at) for at, payload in enumerate(payloads)]
        self.chain.append(*told, sender=sender)

    def mark(self, name: str) -> None:
        """Remember the block that was mined last."""
        self.blocks[name] = self.chain.rpc.fetch_block_number()


@contextmanager
def told() -> Iterator[Story]:
    """The whole story on a chain of its own."""
    with deployed("--timestamp", str(BEGIN), pace=PACE) as chain:
        story = Story(chain)
        _tell_of_schemas_and_worlds(story)
        _tell_of_the_gearbox(story)
        _tell_of_the_car(story)
        _tell_of_the_batch(story)
        _tell_of_the_ledger(story)
        story.mark("end")
        yield story


def _tell_of_schemas_and_worlds(story: Story) -> None:
    one, two = story.chain.orgs
    story.subjects |= {"gears": one, "wheels": two}
    schema = story.begin("schema", SchemaPublished(keccak(b"schema"), ZERO_HASH), two, 1)
    story.begin("world", WorldOpened(keccak(b"world"), schema, two), two, 1)
    closed = story.begin("closed world", WorldOpened(keccak(b"shut"), ZERO_HASH, ZERO_HASH), one)
    story.write(closed, WorldClosed(keccak(b"over")))
    story.write(one, CredentialIssued(schema, keccak(b"member"), 0), sender=1)


def _tell_of_the_gearbox(story: Story) -> None:
    schema, (_, two) = story.subjects["schema"], story.chain.orgs
    content = commit_document(PASSPORT, SEED, SERIAL).content_hash
    gearbox = story.asset("gearbox", content, schema)
    story.mark("gearbox is new")
    story.write(gearbox, Observed(keccak(b"run in")), Corrected(1, keccak(b"rather so")))
    story.mark("gearbox is run in")
    story.write(gearbox, Revised(keccak(b"better")), Staged(Stage.COMMISSIONED))
    for party in (Party.CUSTODIAN, Party.LIEN_HOLDER):
        story.write(gearbox, Offered(party, two, LATEST))
        story.write(gearbox, Accepted(party), sender=1)
    story.write(gearbox, Offered(Party.OPERATOR, two, 0), Offered(Party.OWNER, two, LATEST))
    story.write(gearbox, Attested(schema, keccak(b"certificate"), LATEST), sender=1)
    world = story.subjects["world"]
    story.write(gearbox, Listed(world, keccak(b"3D"), keccak(b"licence"), 0, two, 2))
    story.write(gearbox, Erased((keccak(b"run in"),)))
    story.chain.call(
        "approve(address,uint256)",
        to_hex(story.chain.accounts[7]),
        int.from_bytes(gearbox, "big"),
    )


def _tell_of_the_car(story: Story) -> None:
    car, axle, wheel, spare = (
        story.asset(name, keccak(name.encode())) for name in ("car", "axle", "wheel", "spare")
    )
    story.write(wheel, Mounted(axle))
    story.write(axle, Mounted(car))
    story.write(spare, Mounted(car))
    story.write(spare, Dismounted(car))
    story.chain.call("freeze(bytes32,bytes32)", spare, keccak(b"recall"))
    sold = story.asset("sold", keccak(b"sold"))
    story.write(sold, Transferred(story.chain.orgs[1]))


def _tell_of_the_batch(story: Story) -> None:
    one, two = story.chain.orgs
    root = merkle_root(LINES)
    payload = BatchRegistered(one, story.subjects["schema"], root, len(LINES), keccak(b"lines"))
    batch = story.begin("batch", payload, one)
    for index in range(1, len(LINES) + 1):
        member = int.from_bytes(batch, "big") + index
        story.subjects[f"line {index}"] = member.to_bytes(32, "big")
    story.write(story.subjects["line 2"], Observed(keccak(b"seen")), Transferred(two))
    story.write(story.subjects["line 4"], Mounted(story.subjects["axle"]))


def _tell_of_the_ledger(story: Story) -> None:
    successor = SuccessorNamed(bytes(range(20)), keccak(b"moving"))
    founding = keccak(b"founding()")[:4]
    asked = {"to": to_hex(story.chain.contract), "data": to_hex(founding)}
    answer: str = story.chain.rpc.call("eth_call", asked, "latest")
    story.subjects["ledger"] = bytes.fromhex(answer[2:])
    story.chain.call(
        "nameSuccessor(address,bytes32)", to_hex(successor.successor), successor.reason
    )


def find_birth(asset: Hash32) -> Birth | None:
    """The birth record of one of the batch's assets."""
    at, level, path = index_of(asset) - 1, [leaf_hash(line) for line in LINES], []
    assert batch_id_of(asset) != asset
    content = LINES[at]
    while len(level) > 1:
        if at ^ 1 < len(level):
            path.append(level[at ^ 1])
        level, at = next_level(level), at // 2
    return Birth(content, tuple(path))


def passport_leaves() -> Sequence[bytes]:
    """The leaves of the gearbox's document, in the order of its tree."""
    salt = hmac_sha256(SEED, b'["serial"]')[:16].hex()
    serial = b'["serial","%b",%b]' % (salt.encode(), canonical(SERIAL))
    return [serial, *[field_leaf(SEED, name, PASSPORT[name]) for name in sorted(PASSPORT)]]
