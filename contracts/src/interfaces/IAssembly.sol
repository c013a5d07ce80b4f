// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Assemblies: which asset is a part of which.
/// @notice A part has one parent at the most, is never a part of itself, and has no more than 32
/// levels of parts below it. Who owns or keeps both mounts; who owns or keeps either dismounts. Each mounting and dismounting is an entry of the part, and the ledger
/// writes a second one to the parent, so that the parent's own history is complete in its parts.
interface IAssembly {
    /// @notice The asset of which `part` is a part; zero if it is mounted nowhere.
    function parentOf(bytes32 part) external view returns (bytes32);

    /// @notice How many levels of parts are below an asset.
    function heightOf(bytes32 asset) external view returns (uint256);
}
