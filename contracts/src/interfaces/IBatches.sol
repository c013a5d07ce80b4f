// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Batches: up to 2^24 - 1 assets born by one entry.
/// @notice A batch's id is the hash of its entry with the low 24 bits cleared, and its assets have
/// the ids that follow. Each is an asset of its own from the start: `ownerOf`, `count` (1) and
/// `head` (its id) answer for it, and its second entry, at position 1, is written to it alone.
interface IBatches {
    /// @notice ERC-2309: the tokens from one id to another, both included, were made at once.
    event ConsecutiveTransfer(
        uint256 indexed fromTokenId,
        uint256 toTokenId,
        address indexed fromAddress,
        address indexed toAddress
    );
}
