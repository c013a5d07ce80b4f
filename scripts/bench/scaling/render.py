"""Writes a kept chain's logs and headers as JSON, faster than a mirror can take them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

from ledger.domain.log import APPENDED_TOPIC
from ledger.hashing import keccak
from ledger.types import ZERO_HASH, Hash32, to_hex
from scripts.bench.scaling.kept import ENTRY, Chain

Topics: TypeAlias = Sequence[frozenset[Hash32] | None]
"""A filter: for each place the topics of which one must stand there, None for any."""

_LARGEST_KIND: Final = 256
_NO_BLOOM: Final = "0x" + "00" * 256
_EMPTY_TRIE: Final = to_hex(keccak(b"\x80"))
_NO_UNCLES: Final = to_hex(keccak(b"\xc0"))


class Renderer:
    """The chain's JSON; a log's data are position, actor, offset, length and payload, in words."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        contract, topic = to_hex(chain.place.contract), to_hex(APPENDED_TOPIC)
        self.before = f'{{"address":"{contract}","topics":["{topic}","0x'
        self.organisations = [org.hex() for org in chain.organisations]
        self.kinds = [f"{kind:064x}" for kind in range(_LARGEST_KIND)]
        # After the actor stands where the payload begins, which is always the same.
        self.actors = [f"{sender.hex():0>64}{96:064x}" for sender in chain.place.senders]

    def logs(self, number: int, wanted: Topics = ()) -> list[str]:
        """A block's logs, those that the filter lets through; each is a JSON object."""
        block = self.chain.blocks[number]
        raw = self.chain.entries[block.start : block.end]
        digits = raw.hex()  # all at once: two for each byte
        organisations, kinds, actors = self.organisations, self.kinds, self.actors
        unpack, size = ENTRY.unpack_from, ENTRY.size
        picks, before, after = self.picker(wanted), self.before, self.after(number)
        logs: list[str] = []
        at, index, transaction, sent = 0, 0, -1, ""
        while at < len(raw):
            subject, org, kind, sender, position, within, length = unpack(raw, at)
            start, payload, at = 2 * at, 2 * (at + size), at + size + length
            if within != transaction:
                transaction, sent = within, self.sent(number, within)
            if picks is None or picks(subject, org, kind):
                logs.append(
                    f"{before}{digits[start : start + 64]}"
                    f'","0x{organisations[org]}","0x{kinds[kind]}"],"data":"0x{position:064x}'
                    f"{actors[sender]}{length:064x}{digits[payload : 2 * at]}"
                    f'{"0" * (-2 * length % 64)}{after}{sent}{index:x}"}}'
                )
            index += 1
        return logs

    def after(self, number: int) -> str:
        """What stands behind the data of each log of a block."""
        return (
            f'","blockHash":"{to_hex(self.chain.block_hash(number))}","blockNumber":"{hex(number)}"'
            f',"blockTimestamp":"{hex(self.chain.shape.timestamp(number))}","removed":false'
        )

    def sent(self, number: int, index: int) -> str:
        """What stands behind that in each log of a transaction, up to its number in the block."""
        sent = to_hex(self.chain.transaction_hash(number, index))
        return f',"transactionHash":"{sent}","transactionIndex":"{hex(index)}","logIndex":"0x'

    def picker(self, wanted: Topics) -> Callable[[bytes, int, int], bool] | None:
        """Tells whether an entry's log has the wanted topics; None where all have."""
        if not any(wanted[1:]) and (
            not wanted or APPENDED_TOPIC in (wanted[0] or [APPENDED_TOPIC])
        ):
            return None
        organisations = self.chain.organisations

        def picks(subject: bytes, org: int, kind: int) -> bool:
            found = APPENDED_TOPIC, subject, organisations[org], kind.to_bytes(32, "big")
            return len(wanted) <= len(found) and all(
                topics is None or topic in topics
                for topic, topics in zip(found, wanted, strict=False)
            )

        return picks

    def header(self, number: int) -> str:
        """A block with the hashes of its transactions; roots and fees are made up."""
        chain, at = self.chain, hex(number)
        parent = chain.block_hash(number - 1) if number else ZERO_HASH
        root = to_hex(chain.blocks[number].ledger_head)
        return (
            f'{{"number":"{at}","hash":"{to_hex(chain.block_hash(number))}",'
            f'"parentHash":"{to_hex(parent)}",'
            f'"timestamp":"{hex(chain.shape.timestamp(number))}","stateRoot":"{root}",'
            f'"transactionsRoot":"{root}","receiptsRoot":"{root}","logsBloom":"{_NO_BLOOM}",'
            f'"sha3Uncles":"{_NO_UNCLES}","withdrawalsRoot":"{_EMPTY_TRIE}","difficulty":"0x0",'
            f'"gasLimit":"0x1c9c380","gasUsed":"0xe4e1c0","baseFeePerGas":"0x7","size":"0x400",'
            f'"extraData":"0x","nonce":"0x0000000000000000","mixHash":"{root}",'
            f'"miner":"{to_hex(bytes(20))}","uncles":[],"transactions":[]}}'
        )
