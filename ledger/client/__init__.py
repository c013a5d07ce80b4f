"""The typed client of our own HTTP API: what the command line, the demo and notebooks use."""

from ledger.client.answers import (
    Accepted,
    AsOf,
    AssetAnswer,
    BulkAnswer,
    Enrolment,
    EntryAnswer,
    OperationAnswer,
    OrganisationAnswer,
    StatusAnswer,
)
from ledger.client.asynchronous import AsyncClient
from ledger.client.documents import DocumentAnswer
from ledger.client.problems import ApiProblem, ApiUnavailable
from ledger.client.sync import Client

__all__ = [
    "Accepted",
    "ApiProblem",
    "ApiUnavailable",
    "AsOf",
    "AssetAnswer",
    "AsyncClient",
    "BulkAnswer",
    "Client",
    "DocumentAnswer",
    "Enrolment",
    "EntryAnswer",
    "OperationAnswer",
    "OrganisationAnswer",
    "StatusAnswer",
]
