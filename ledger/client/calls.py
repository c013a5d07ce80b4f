"""All that the API offers, as flows, of which both clients are made."""

from __future__ import annotations

from ledger.client.assets import AssetCalls
from ledger.client.batches import BatchCalls
from ledger.client.catalogue import SchemaCalls, WorldCalls
from ledger.client.checkpoints import CheckpointCalls
from ledger.client.credentials import CredentialCalls
from ledger.client.documents import DocumentCalls
from ledger.client.events import EventCalls
from ledger.client.governance import LedgerCalls
from ledger.client.keys import KeyCalls
from ledger.client.operations import OperationCalls
from ledger.client.organisations import OrganisationCalls
from ledger.client.proofs import ProofCalls
from ledger.client.relations import RelationCalls
from ledger.client.service import ServiceCalls
from ledger.client.wallets import WalletCalls
from ledger.client.webhooks import WebhookCalls


class Calls(
    OrganisationCalls,
    AssetCalls,
    RelationCalls,
    DocumentCalls,
    BatchCalls,
    CredentialCalls,
    SchemaCalls,
    WorldCalls,
    LedgerCalls,
    OperationCalls,
    CheckpointCalls,
    ProofCalls,
    EventCalls,
    WebhookCalls,
    KeyCalls,
    WalletCalls,
    ServiceCalls,
):
    """Each method is written once: see `ledger.client.flows`."""
