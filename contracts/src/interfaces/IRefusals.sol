// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Why an entry is refused.
/// @notice A refusal of an entry begins with `index`: its place in the batch, 0 for direct calls.
/// A refusal undoes its whole transaction, so that whoever sends a batch can leave out the entry
/// named and send the rest.
interface IRefusals {
    // -- the journal -----------------------------------------------------------------------------

    /// @notice The subject has `expected` entries; only that position can follow.
    error WrongPosition(uint256 index, bytes32 subject, uint64 expected, uint64 given);

    /// @notice A first entry must name its own hash, `expected`, as its subject.
    error WrongSubject(uint256 index, bytes32 expected, bytes32 given);

    /// @notice The subject has been born already.
    error AlreadyExists(uint256 index, bytes32 subject);

    /// @notice There is no such subject.
    error UnknownSubject(uint256 index, bytes32 subject);

    /// @notice The subject is of class `given` (`Word`), and the entry is about `expected`.
    error WrongClass(uint256 index, bytes32 subject, uint8 expected, uint8 given);

    /// @notice A counter of the subject has reached its limit.
    error Full(uint256 index, bytes32 subject);

    /// @notice The entry would leave the subject as it is.
    error Unchanged(uint256 index, bytes32 subject);

    /// @notice There is no kind of that number.
    error UnknownKind(uint256 index, uint16 kind);

    /// @notice The payload is not the canonical encoding of the kind's struct, or out of range.
    error BadPayload(uint256 index, uint16 kind);

    /// @notice The expiry that the entry names, or relies on, has passed.
    error Lapsed(uint256 index, bytes32 subject, uint64 expires);

    /// @notice The kind is governance's, which writes it by functions of its own.
    error GovernanceOnly(uint256 index, uint16 kind);

    /// @notice The ledger writes entries of this kind itself, beside another entry.
    error WrittenByTheLedger(uint256 index, uint16 kind);

    /// @notice The ledger takes nothing but acts of governance.
    error LedgerPaused(uint256 index);

    /// @notice The signature is not `actor`'s for this entry on this chain and contract.
    error BadSignature(uint256 index, address actor);

    /// @notice The signature was good until `deadline`.
    error Expired(uint256 index, uint64 deadline);

    /// @notice Each entry needs one authorisation.
    error LengthMismatch(uint256 entries, uint256 authorisations);

    // -- organisations ---------------------------------------------------------------------------

    /// @notice No organisation of that id, or at that address, is enrolled.
    error UnknownOrganisation(uint256 index, bytes32 org);

    /// @notice The organisation may neither act nor receive.
    error SuspendedOrganisation(uint256 index, bytes32 org);

    /// @notice `actor` is no account of the organisation.
    error NotAnAccount(uint256 index, bytes32 org, address actor);

    /// @notice `account` is an account of the organisation already.
    error AlreadyAnAccount(uint256 index, bytes32 org, address account);

    /// @notice An organisation keeps at least one account.
    error LastAccount(uint256 index, bytes32 org);

    // -- assets ----------------------------------------------------------------------------------

    /// @notice The subject is not the organisation's.
    error NotOwner(uint256 index, bytes32 subject, bytes32 org);

    /// @notice The organisation is none of the asset's parties that may do this.
    error NotEntitled(uint256 index, bytes32 subject, bytes32 org);

    /// @notice The asset refuses all but governance.
    error AssetFrozen(uint256 index, bytes32 subject);

    /// @notice The asset is at the end of its life: it takes attestations, corrections, and what ends
    /// something (`withdrawn`, `released`, `dismounted`, `delisted`, `erased`).
    error AssetRetired(uint256 index, bytes32 subject);

    /// @notice The stage `next` does not follow the stage that the asset is at.
    error WrongStage(uint256 index, bytes32 subject, uint8 stage, uint8 next);

    /// @notice A correction, at `position`, can only be of an earlier entry.
    error NotEarlier(uint256 index, uint64 corrects, uint64 position);

    /// @notice A lien keeps title where it is.
    error UnderLien(uint256 index, bytes32 subject);

    /// @notice What the party stands for is not offered, or not to the organisation.
    error NotOffered(uint256 index, bytes32 subject, uint8 party, bytes32 org);

    /// @notice The part is mounted already.
    error AlreadyMounted(uint256 index, bytes32 part, bytes32 parent);

    /// @notice The part is not mounted there.
    error NotMounted(uint256 index, bytes32 part, bytes32 parent);

    /// @notice The parent is the part itself, or a part of it.
    error Cycle(uint256 index, bytes32 part, bytes32 parent);

    /// @notice The assembly would become deeper than 32 levels of parts.
    error TooDeep(uint256 index, bytes32 part, bytes32 parent);

    /// @notice No attestation or credential of that schema, by that issuer, stands there unrevoked.
    error NotInForce(uint256 index, bytes32 subject, uint64 position);

    /// @notice The world is closed.
    error ClosedWorld(uint256 index, bytes32 world);

    /// @notice The world does not admit the organisation by that credential.
    error NotAdmitted(uint256 index, bytes32 world, bytes32 org);

    /// @notice The asset is not listed in the world.
    error NotListed(uint256 index, bytes32 subject, bytes32 world);

    /// @notice The code at the receiver's address does not take tokens (ERC-721, safe transfers).
    error ReceiverRefuses(uint256 index, address receiver);

    /// @notice Who governs changes within the authority that the ledger was founded with.
    error AuthorityIsFixed();

    /// @notice An organisation's accounts are its operators; ERC-721 cannot appoint others.
    error OperatorsAreAccounts();
}
