"""Every problem the API can answer with: its code, status, title and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from api.file_problems import FILE_PROBLEMS


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """A kind of problem (RFC 9457, 3.1): stable `code`, HTTP status, title, and its meaning."""

    code: str
    status: int
    title: str
    meaning: str

    @property
    def uri(self) -> str:
        """The problem's `type`: a page of ours that explains it (RFC 9457, 3.1.1)."""
        return f"/problems/{self.code}"


_KINDS: Final = (
    ProblemKind(
        "invalid_json",
        400,
        "The body is not JSON",
        "The body breaks the rules of JSON (RFC 8259), or repeats a name. "
        "The detail gives line and column.",
    ),
    ProblemKind(
        "bad_request",
        400,
        "The request cannot be understood",
        "The request is not well formed HTTP for this resource.",
    ),
    ProblemKind(
        "unauthenticated",
        401,
        "A key is needed",
        "Send a key that is known, not revoked and not too old: `Authorization: Bearer al_…`.",
    ),
    ProblemKind(
        "forbidden",
        403,
        "Your key may not do this",
        "The key is good, but it has not the role that this needs, or is somebody's who may not.",
    ),
    ProblemKind(
        "not_found",
        404,
        "Nothing is here",
        "No such resource exists, or it is not yours to see.",
    ),
    ProblemKind(
        "not_yet_mirrored",
        404,
        "Accepted, not yet on the ledger",
        "The registration is on its way to the chain. Follow its operation, or ask again.",
    ),
    ProblemKind(
        "method_not_allowed",
        405,
        "This resource has no such method",
        "The header Allow names the methods it has.",
    ),
    ProblemKind(
        "conflict",
        409,
        "It contradicts what is there",
        "Something already exists that this request contradicts; the detail names it.",
    ),
    ProblemKind(
        "serial_taken",
        409,
        "The serial is taken",
        "Your organisation registered this serial with another document or other attributes. "
        "A serial names one asset for ever; use a new one, or revise the asset.",
    ),
    ProblemKind(
        "already_enrolled",
        409,
        "The organisation is enrolled already",
        "An organisation with this DID exists.",
    ),
    ProblemKind(
        "wrong_position",
        409,
        "Another entry came first",
        "Each entry of an asset has the next position. Read the asset again and decide anew.",
    ),
    ProblemKind(
        "last_admin",
        409,
        "It is your last admin's key",
        "Nobody could manage your organisation's keys any more. Make another admin's key first.",
    ),
    ProblemKind(
        "dead_key",
        409,
        "The key opens nothing any more",
        "It was revoked, is too old, or belongs to a wallet's session: it cannot be rotated.",
    ),
    ProblemKind(
        "too_many_keys",
        409,
        "You have too many keys",
        "Revoke keys that nobody uses: the list tells when each was used.",
    ),
    ProblemKind(
        "account_of_service",
        409,
        "The service acts for you by this account",
        "Without it the service could append nothing for your organisation. Have a wallet of yours "
        "sign the entry, and send that to `POST /v1/entries`.",
    ),
    ProblemKind(
        "too_many_webhooks",
        409,
        "You have too many webhooks",
        "Revoke webhooks that nobody needs.",
    ),
    ProblemKind(
        "revoked_webhook",
        409,
        "The webhook was revoked",
        "Nothing is sent to it any more. Make another one.",
    ),
    ProblemKind(
        "wrong_chain",
        409,
        "It was signed for another ledger",
        "The chain or contract that was signed for is not this ledger's; `/v1/status` tells both.",
    ),
    ProblemKind(
        "operation_under_way",
        409,
        "The operation is under way",
        "What is in a transaction cannot be taken back, and only what was rejected can be tried "
        "again. `state` is how far it is.",
    ),
    ProblemKind(
        "superseded",
        409,
        "Another operation took its place",
        "What this operation was to register was meanwhile asked for again: follow that one.",
    ),
    ProblemKind(
        "not_halted",
        409,
        "The lane is not halted",
        "The lane sends already: there is nothing to release.",
    ),
    ProblemKind(
        "refused",
        409,
        "The ledger's rules forbid it",
        "The contract refuses this entry. `name` and `values` are the contract's own words.",
    ),
    ProblemKind(
        "checkpoint_contradicted",
        409,
        "You signed another checkpoint",
        "Another checkpoint of this block is kept here than you signed: you and the service see "
        "different chains. Your signature is kept as evidence. Compare with a third node.",
    ),
    ProblemKind(
        "precondition_failed",
        412,
        "The asset has moved on",
        "If-Match names a position that is not the asset's newest one.",
    ),
    ProblemKind(
        "body_too_large",
        413,
        "The body is too large",
        "The body is larger than this service accepts; the detail gives the bound.",
    ),
    ProblemKind(
        "unsupported_media_type",
        415,
        "The body must be JSON",
        "Send `Content-Type: application/json`.",
    ),
    ProblemKind(
        "invalid_request",
        422,
        "A value cannot be accepted",
        "`errors` names each field that is missing, unknown or malformed, with its value.",
    ),
    ProblemKind(
        "invalid_document",
        422,
        "The document cannot be accepted",
        "Documents are I-JSON (RFC 7493): no repeated names, numbers that every reader "
        "understands, bounded depth. `errors` points at the place.",
    ),
    ProblemKind(
        "unknown_reference",
        422,
        "The request names something unknown",
        "A field refers to an organisation or entry that does not exist.",
    ),
    ProblemKind(
        "bad_signature",
        422,
        "The signature does not count",
        "It is none of this checkpoint by an account of your organisation: what is signed is the "
        "EIP-712 digest of exactly the checkpoint that was sent.",
    ),
    ProblemKind(
        "unknown_account",
        422,
        "The account may not act for you",
        "It is no account of your organisation on the ledger, or one that signs for the service.",
    ),
    ProblemKind(
        "signature_expired",
        422,
        "The signature's time is over",
        "Its deadline has passed, or is too near for the entry to reach the chain. Sign it anew.",
    ),
    ProblemKind(
        "sign_in_refused",
        401,
        "The sign-in is refused",
        "The message is not one that this service takes now, or was not signed by its address.",
    ),
    ProblemKind(
        "idempotency_conflict",
        422,
        "The Idempotency-Key was used for another request",
        "A key stands for one request for ever. Use a new key for a new request.",
    ),
    ProblemKind(
        "too_many_waiting",
        429,
        "Too many of your requests wait",
        "Your organisation has as many requests waiting as it may have. Nothing was accepted: "
        "send it again after Retry-After seconds, or slower.",
    ),
    ProblemKind(
        "quota_exceeded",
        429,
        "You have used up your quota",
        "Your key or your organisation asked for more than it may have. Nothing was done: send it "
        "again after Retry-After seconds.",
    ),
    ProblemKind(
        "too_many_streams",
        429,
        "Too many streams are open",
        "Your key, or the service, has as many streams of events open as it may have. End one, and "
        "open it again after Retry-After seconds.",
    ),
    ProblemKind(
        "internal",
        500,
        "Something went wrong on our side",
        "The request was good, the service was not. Tell us the request id.",
    ),
    ProblemKind(
        "queue_full",
        503,
        "The queue is full",
        "As many requests wait as this service takes. Nothing was accepted: send it again after "
        "Retry-After seconds.",
    ),
    ProblemKind(
        "storage_full",
        503,
        "There is no room left",
        "The disk of the database or of the documents is full. Nothing was accepted: send it again "
        "after Retry-After seconds; the operator has to make room.",
    ),
    ProblemKind(
        "unavailable",
        503,
        "Not available right now",
        "The service or something it needs is down or busy. Try again after Retry-After seconds.",
    ),
    ProblemKind(
        "corrupt_document",
        503,
        "The stored document is damaged",
        "What is kept of this document is not what was accepted, and is not handed out. The "
        "operator has to restore it from a backup; `content_hash` names it.",
    ),
    ProblemKind(
        "locked_document",
        503,
        "The key to the document is not here",
        "The document is encrypted, and this service does not have the master key that leads to "
        "its own. The operator has to restore that key; `content_hash` names the document.",
    ),
    *[ProblemKind(*told) for told in FILE_PROBLEMS],
)

KINDS: Final = {kind.code: kind for kind in _KINDS}
"""Kinds of problem by code."""
