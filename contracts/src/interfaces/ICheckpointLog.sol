// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice What a ledger was at a block of its own chain.
/// @param domain the ledger's EIP-712 domain separator, which binds its chain and contract.
/// @param blockNumber the block's number there.
/// @param blockHash the block's hash there.
/// @param ledgerHead the ledger head as of that block.
struct Checkpoint {
    bytes32 domain;
    uint64 blockNumber;
    bytes32 blockHash;
    bytes32 ledgerHead;
}

/// @title Checkpoints of ledgers on other chains, each as its witnesses signed it, never changed.
/// @notice Anybody may bring a signed checkpoint; whom to believe is for the reader to say. A
/// witness signs `Checkpoint` by EIP-712 in the domain of name "AssetLedgerCheckpoint" and version
/// "1", with neither chain nor contract: the checkpoint's own `domain` binds both, so that one
/// signature serves every place where it is kept.
interface ICheckpointLog {
    /// @notice A witness's word for a checkpoint was kept.
    event Anchored(
        bytes32 indexed domain,
        uint64 indexed blockNumber,
        address indexed witness,
        bytes32 blockHash,
        bytes32 ledgerHead
    );

    /// @notice The signature at `index` is none of this checkpoint.
    error BadSignature(uint256 index);

    /// @notice A witness signed another checkpoint of a block than the one that is kept: one of the
    /// two is of a branch that the chain left, or the witness lies.
    event Contradicted(
        bytes32 indexed domain,
        uint64 indexed blockNumber,
        address indexed witness,
        bytes32 blockHash,
        bytes32 ledgerHead
    );

    /// @notice Keeps a checkpoint for each witness that signed it. What is kept already is skipped,
    /// and what contradicts it is told and not kept.
    /// @param signatures by ECDSA, 65 bytes each.
    function anchor(Checkpoint calldata checkpoint, bytes[] calldata signatures) external;

    /// @notice The EIP-712 digest that a witness signed of a ledger's block; zero if none.
    function digestOf(bytes32 domain, address witness, uint64 blockNumber)
        external
        view
        returns (bytes32);

    /// @notice The highest block of a ledger that a witness has signed; zero if none.
    function latestOf(bytes32 domain, address witness) external view returns (uint64 blockNumber);

    /// @notice The EIP-712 digest of a checkpoint, which its witnesses sign.
    function digest(Checkpoint calldata checkpoint) external pure returns (bytes32);
}
