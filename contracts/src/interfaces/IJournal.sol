// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Authorisation, Entry} from "../types/Entry.sol";
import {IRefusals} from "./IRefusals.sol";

/// @title The journal: one append-only stream of entries, everything else is a fold over it.
/// @notice H is keccak-256 over `abi.encode`. A subject's id is
/// `H(domain, kind, org, keccak256(payload))` of its first entry (a batch's has its low 24 bits
/// cleared). Its head is its id at first and then
/// `H(head, position, kind, org, actor, block.timestamp, keccak256(payload))`. The ledger head,
/// zero at first, is `H(ledgerHead, subject's head, actor, block.timestamp)` over all entries in
/// order. The lowest bit of that hash is replaced by the pause: 1 while the ledger is paused; the
/// next hash takes it in as it then is. So one storage proof shows a subject's history complete, and
/// one shows the ledger's. The first entry of all is `founded`, of the ledger itself, which is a
/// subject too.
///
/// Attestations of an asset and credentials of an organisation take positions among its entries:
/// who writes next signs anew if another was first. Governance and ERC-721 calls take whatever
/// position is next.
interface IJournal is IRefusals {
    /// @notice The one event: an entry was appended. The block's timestamp belongs to it.
    event Appended(
        bytes32 indexed subject,
        bytes32 indexed org,
        uint16 indexed kind,
        uint64 position,
        address actor,
        bytes payload
    );

    /// @notice Appends entries for organisations of which the caller is an account. All or none.
    function append(Entry[] calldata entries) external;

    /// @notice Appends entries that accounts have signed (EIP-712; ERC-1271 for contracts), sent by
    /// anyone. The position in the signed entry makes it good for one use.
    /// @param authorisations one per entry, in the same order.
    function appendSigned(Entry[] calldata entries, Authorisation[] calldata authorisations)
        external;

    /// @notice The EIP-712 domain separator at deployment: name "AssetLedger", version "1".
    function domain() external view returns (bytes32);

    /// @notice The id of the ledger as a subject: what concerns the whole is written there.
    function founding() external view returns (bytes32);

    /// @notice Whether the ledger takes nothing but acts of governance.
    function paused() external view returns (bool);

    /// @notice The rolling hash over all entries, with the pause in its lowest bit.
    function ledgerHead() external view returns (bytes32);

    /// @notice The rolling hash over a subject's entries; zero if there is no such subject.
    function head(bytes32 subject) external view returns (bytes32);

    /// @notice How many entries a subject has, which is the position of the next.
    function count(bytes32 subject) external view returns (uint32);

    /// @notice The subject's storage word, laid out as `Word` draws it. An asset of a batch has one
    /// in storage from its second entry, or its first approval, on; until then this is what it would
    /// be.
    function word(bytes32 subject) external view returns (uint256);

    /// @notice The id of the subject that such a first entry begins.
    function idOf(uint16 kind, bytes32 org, bytes calldata payload) external view returns (bytes32);
}
