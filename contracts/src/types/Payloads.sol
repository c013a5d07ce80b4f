// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice An organisation joins, known by its decentralised identifier (W3C DID Core, 3.1).
struct Enrolled {
    string did;
}

/// @notice An organisation may not act until reinstated; `reason` is a document's content hash.
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

/// @notice Title passes to the organisation `to`.
struct Transferred {
    bytes32 to;
}

/// @notice The asset is barred from everything but governance.
struct Frozen {
    bytes32 reason;
}

/// @notice A frozen asset may move again.
struct Unfrozen {
    bytes32 reason;
}
