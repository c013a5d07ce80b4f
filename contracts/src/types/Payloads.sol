// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

// A `reason` and a `contentHash` are content hashes of documents. `expires` is the last second
// (since 1970) at which something is good; zero means for ever.

/// @notice An organisation joins, known by its decentralised identifier (W3C DID Core, 3.1).
struct Enrolled {
    string did;
}

/// @notice An organisation may not act until reinstated.
struct Suspended {
    bytes32 reason;
}

/// @notice A suspended organisation may act again.
struct Reinstated {
    bytes32 reason;
}

/// @notice `account` may act for the organisation.
struct AccountAdded {
    address account;
}

/// @notice `account` may no longer act for the organisation.
struct AccountRemoved {
    address account;
}

/// @notice The acting organisation vouches for the one that the entry is about.
struct CredentialIssued {
    bytes32 schema;
    bytes32 contentHash;
    uint64 expires;
}

/// @notice Its issuer takes back the credential of that schema, issued by the entry at `revokes`.
struct CredentialRevoked {
    uint64 revokes;
    bytes32 schema;
}

/// @notice A schema is published; `replaces` is the version before it, of the same publisher, or
/// zero.
struct SchemaPublished {
    bytes32 contentHash;
    bytes32 replaces;
}

/// @notice A world is opened. It admits organisations with a credential of `schema`, issued by
/// `issuer`, which is active now, or if that is zero by anybody; all of them if `schema` is zero.
struct WorldOpened {
    bytes32 contentHash;
    bytes32 schema;
    bytes32 issuer;
}

/// @notice A world takes no more listings, and those that it has count no more.
struct WorldClosed {
    bytes32 reason;
}

/// @notice An asset is born.
/// @param owner the organisation that holds title from now on.
/// @param schema a schema's id, or zero.
/// @param contentHash the document that describes it.
/// @param assetKind 0 type, 1 instance, 2 batch, 3 role.
struct Registered {
    bytes32 owner;
    bytes32 schema;
    bytes32 contentHash;
    uint8 assetKind;
}

/// @notice `size` assets are born at once, with the ids batch id + 1 to batch id + `size`.
/// @param owner the organisation that holds title to each.
/// @param schema a schema's id, or zero.
/// @param root the Merkle tree hash (RFC 6962, 2.1) over their birth records, in order of ids.
/// @param size at most 2^24 - 1.
/// @param contentHash the manifest that lists the birth records.
struct BatchRegistered {
    bytes32 owner;
    bytes32 schema;
    bytes32 root;
    uint32 size;
    bytes32 contentHash;
}

/// @notice Another document describes the asset from now on.
struct Revised {
    bytes32 contentHash;
}

/// @notice Something happened to the asset; a document tells what.
struct Observed {
    bytes32 contentHash;
}

/// @notice The entry at `corrects` was mistaken; it stays, and this document says what is right.
struct Corrected {
    uint64 corrects;
    bytes32 contentHash;
}

/// @notice The asset has reached a stage of its life, one of `Stages`.
struct Staged {
    uint8 stage;
}

/// @notice Title passes to the organisation `to`.
struct Transferred {
    bytes32 to;
}

/// @notice What `party` (one of `PartyRoles`) stands for is offered to the organisation `to`.
struct Offered {
    uint8 party;
    bytes32 to;
    uint64 expires;
}

/// @notice The open offer of `party` is taken back.
struct Withdrawn {
    uint8 party;
}

/// @notice The acting organisation takes what it was offered, and is `party` from now on.
struct Accepted {
    uint8 party;
}

/// @notice The acting organisation is no longer `party`; nobody is.
struct Released {
    uint8 party;
}

/// @notice The asset becomes a part of `parent`.
struct Mounted {
    bytes32 parent;
}

/// @notice The asset is no longer a part of `parent`.
struct Dismounted {
    bytes32 parent;
}

/// @notice `part` was mounted on the asset. The ledger writes it beside `Mounted`.
struct PartAdded {
    bytes32 part;
}

/// @notice `part` was dismounted from the asset. The ledger writes it beside `Dismounted`.
struct PartRemoved {
    bytes32 part;
}

/// @notice The acting organisation states something of the asset.
struct Attested {
    bytes32 schema;
    bytes32 contentHash;
    uint64 expires;
}

/// @notice Its issuer takes back the attestation of that schema, made by the entry at `revokes`.
struct AttestationRevoked {
    uint64 revokes;
    bytes32 schema;
}

/// @notice The asset is shown in a world.
/// @param rendition the document that is shown.
/// @param licence the document that says what others may do with it.
/// @param issuer who issued the credential that admits the owner; zero where the world asks none.
/// @param credential that credential's position among the owner's entries; zero likewise.
struct Listed {
    bytes32 world;
    bytes32 rendition;
    bytes32 licence;
    uint64 expires;
    bytes32 issuer;
    uint64 credential;
}

/// @notice The asset is no longer shown in a world.
struct Delisted {
    bytes32 world;
}

/// @notice The keys of these documents, one at least, were destroyed: a receipt.
struct Erased {
    bytes32[] documents;
}

/// @notice The asset is barred from everything but governance.
struct Frozen {
    bytes32 reason;
}

/// @notice A frozen asset may move again.
struct Unfrozen {
    bytes32 reason;
}

/// @notice Title passes to the organisation `to`, whatever its owner, a lien or a freeze say.
struct TitleForced {
    bytes32 to;
    bytes32 reason;
}

/// @notice The ledger begins; `authority` is the AccessManager that says who governs it, for good.
struct Founded {
    address authority;
}

/// @notice The ledger takes nothing but acts of governance.
struct Paused {
    bytes32 reason;
}

/// @notice The ledger takes entries again.
struct Resumed {
    bytes32 reason;
}

/// @notice The contract at `successor` is to go on where this one ends; none, if that is zero.
struct SuccessorNamed {
    address successor;
    bytes32 reason;
}
