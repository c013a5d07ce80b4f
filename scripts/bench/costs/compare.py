"""Measures all that is compared, on one chain in one run."""

from __future__ import annotations

from dataclasses import dataclass

from scripts.bench.costs.chain import Chain, Gas, version_of
from scripts.bench.costs.compiling import compile_thin
from scripts.bench.costs.eas import PACKAGE, measure_eas
from scripts.bench.costs.ours import measure_ledger
from scripts.bench.costs.rows import NOTES, Row, list_rows
from scripts.bench.costs.tokens import measure_tokens


@dataclass(frozen=True, slots=True)
class Compared:
    """What was measured: gas by contract, and where the contracts and their chain are from."""

    batch: int
    gas: dict[str, Gas]
    versions: dict[str, str]
    chain: dict[str, str]

    @property
    def rows(self) -> tuple[Row, ...]:
        """All rows, in order."""
        return list_rows(self.batch)

    @property
    def notes(self) -> list[str]:
        """What must be known to read the rows rightly."""
        return [note.format(batch=self.batch) for note in NOTES]

    def find_gas(self, contract: str, row: Row) -> int | None:
        """Gas of the row's whole transaction; None where the contract does no such thing."""
        return self.gas[contract].get(row.source)


def compare(chain: Chain, batch: int) -> Compared:
    """Deploy every contract and measure every row, `batch` items in one transaction.

    Raises:
        BenchError: a contract is missing, does not compile, or refuses.
    """
    thin = compile_thin("PlainToken", "PlainTokenA")
    return Compared(
        batch,
        {
            "AssetLedger": measure_ledger(chain, batch),
            "ERC-721": measure_tokens(chain, thin["PlainToken"], batch, born_at_once=False),
            "ERC-721A": measure_tokens(chain, thin["PlainTokenA"], batch, born_at_once=True),
            "EAS": measure_eas(chain, batch),
        },
        {
            "AssetLedger": "contracts/artifacts/AssetLedger.json",
            "ERC-721": version_of("@openzeppelin/contracts"),
            "ERC-721A": version_of("erc721a"),
            "EAS": version_of(PACKAGE),
        },
        chain.describe(),
    )
