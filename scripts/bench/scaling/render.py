"""Writes a kept chain's logs and headers as JSON, faster than a mirror can take them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

from ledger.domain.log import APPENDED_TOPIC
from ledger.hashing import keccak
from ledger.proofs.layout import ledger_head_slot
from ledger.proofs.trie import EMPTY_ROOT
from ledger.types import ZERO_HASH, Hash32, to_hex
from scripts.bench.scaling.kept import ENTRY, Chain
from scripts.bench.scaling.sealed import BASE_FEE, GAS_LIMIT, GAS_USED, NO_UNCLES, leaves_of

Topics: TypeAlias = Sequence[frozenset[Hash32] | None]
"""A filter: for each place the topics of which one must stand there, None for any."""

_LARGEST_KIND: Final = 256
_NO_BLOOM: Final = "0x" + "00" * 256
_EMPTY_TRIE: Final = to_hex(EMPTY_ROOT)
_HEAD_SLOT: Final = to_hex(ledger_head_slot())


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
        """A block's header, which hashes to its hash."""
        chain, at = self.chain, hex(number)
        seal = chain.seals[number]
        return (
            f'{{"number":"{at}","hash":"{to_hex(seal.hash)}","parentHash":"{to_hex(seal.parent)}",'
            f'"timestamp":"{hex(chain.shape.timestamp(number))}","stateRoot":"{to_hex(seal.root)}",'
            f'"transactionsRoot":"{_EMPTY_TRIE}","receiptsRoot":"{_EMPTY_TRIE}",'
            f'"logsBloom":"{_NO_BLOOM}","sha3Uncles":"{to_hex(NO_UNCLES)}","difficulty":"0x0",'
            f'"gasLimit":"{hex(GAS_LIMIT)}","gasUsed":"{hex(GAS_USED)}",'
            f'"baseFeePerGas":"{hex(BASE_FEE)}","size":"0x400","extraData":"0x",'
            f'"nonce":"0x{"00" * 8}","mixHash":"0x{"00" * 32}","miner":"0x{"00" * 20}",'
            f'"uncles":[],"transactions":[]}}'
        )

    def proof(self, number: int) -> str:
        """What proves the ledger head after a block (EIP-1186)."""
        chain, head = self.chain, self.chain.blocks[number].ledger_head
        account, slots = '["0x80"]', f'{{"key":"{_HEAD_SLOT}","value":"0x0","proof":[]}}'
        if head != ZERO_HASH:
            state, storage = leaves_of(chain.place.contract, keccak(chain.code), head)
            value = hex(int.from_bytes(head))
            account = f'["{to_hex(state)}"]'
            slots = f'{{"key":"{_HEAD_SLOT}","value":"{value}","proof":["{to_hex(storage)}"]}}'
        address = to_hex(chain.place.contract)
        return f'{{"address":"{address}","accountProof":{account},"storageProof":[{slots}]}}'
