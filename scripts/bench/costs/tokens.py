"""What titles cost as plain tokens: OpenZeppelin's ERC-721, and ERC-721A."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ledger.types import Address
from scripts.bench.costs.chain import Chain, Gas, call

_MINT: Final = "mint(address,uint256,uint256)"
_TRANSFER: Final = "transferFrom(address,address,uint256)"
_TRANSFER_ALL: Final = "transferAll(address,uint256,uint256)"
_APPROVE: Final = "approve(address,uint256)"


@dataclass(slots=True)
class Tokens:
    """A token contract; ids are given out from `next` on, as ERC-721A does by itself."""

    chain: Chain
    contract: Address
    next: int = 0

    def mint(self, to: Address, number: int = 1) -> int:
        """Mint tokens in one transaction; the last ones are `next - number` and on."""
        mined = self.chain.send(to, self.contract, call(_MINT, to, self.next, number))
        self.next += number
        return mined.gas

    def transfer(self, giver: Address, to: Address, token: int) -> int:
        """Transfer one token of the giver's."""
        return self.chain.send(giver, self.contract, call(_TRANSFER, giver, to, token)).gas

    def transfer_all(self, giver: Address, to: Address, first: int, number: int) -> int:
        """Transfer tokens in one transaction, one after the other."""
        return self.chain.send(giver, self.contract, call(_TRANSFER_ALL, to, first, number)).gas


def measure_tokens(chain: Chain, code: bytes, batch: int, *, born_at_once: bool) -> Gas:
    """Gas of a token contract's acts; `born_at_once`: it tells many births by one slot."""
    owner, buyer = chain.account("owner"), chain.account("buyer")
    tokens = Tokens(chain, chain.deploy(owner, code))
    tokens.mint(chain.account("other"))  # ERC-721A's very first opens its counter
    own = tokens.next
    gas = {"born_first": tokens.mint(owner), "born": tokens.mint(owner)}
    tokens.mint(owner)
    gas["passed_to_new"] = tokens.transfer(owner, buyer, own)
    gas["passed_first"] = tokens.transfer(owner, buyer, own + 1)
    tokens.transfer(owner, buyer, own + 2)
    tokens.mint(owner)  # the owner keeps some
    gas["passed"] = gas["passed_direct"] = tokens.transfer(buyer, owner, own + 1)
    gas |= _in_two_steps(tokens, owner, buyer, own + 1)
    gas["handed_again"] = _in_two_steps(tokens, buyer, owner, own + 1)["handed"]
    first = tokens.next
    gas["born_each"] = tokens.mint(owner, batch)
    gas["passed_first_each"] = tokens.transfer_all(owner, buyer, first, batch)
    gas["passed_each"] = tokens.transfer_all(buyer, owner, first, batch)
    if born_at_once:
        tokens.mint(owner, batch)
        gas["passed_member"] = tokens.transfer(owner, buyer, tokens.next - batch // 2)
    return gas


def _in_two_steps(tokens: Tokens, giver: Address, receiver: Address, token: int) -> Gas:
    approve, take = call(_APPROVE, receiver, token), call(_TRANSFER, giver, receiver, token)
    offered = tokens.chain.send(giver, tokens.contract, approve).gas
    accepted = tokens.chain.send(receiver, tokens.contract, take).gas
    return {"offered": offered, "accepted": accepted, "handed": offered + accepted}
