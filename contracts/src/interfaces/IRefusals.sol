// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Why an entry is refused.
/// @notice Every refusal begins with `index`: the entry's place in the batch, 0 for direct calls.
/// A refusal undoes its whole transaction, so that whoever sends a batch can leave out the entry
/// named and send the rest.
interface IRefusals {
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

    /// @notice The kind is governance's, which writes it by functions of its own.
    error GovernanceOnly(uint256 index, uint16 kind);

    /// @notice The signature is not `actor`'s for this entry on this chain and contract.
    error BadSignature(uint256 index, address actor);

    /// @notice The authorisation was good until `deadline`.
    error Expired(uint256 index, uint64 deadline);

    /// @notice No organisation of that id is enrolled.
    error UnknownOrganisation(uint256 index, bytes32 org);

    /// @notice The organisation may neither act nor receive.
    error SuspendedOrganisation(uint256 index, bytes32 org);

    /// @notice `actor` is no account of the organisation.
    error NotAnAccount(uint256 index, bytes32 org, address actor);

    /// @notice `account` is an account of the organisation already.
    error AlreadyAnAccount(uint256 index, bytes32 org, address account);

    /// @notice An organisation keeps at least one account.
    error LastAccount(uint256 index, bytes32 org);

    /// @notice The subject is not the organisation's.
    error NotOwner(uint256 index, bytes32 subject, bytes32 org);

    /// @notice The asset refuses all but governance.
    error AssetFrozen(uint256 index, bytes32 subject);

    /// @notice A correction, at `position`, can only be of an earlier entry.
    error NotEarlier(uint256 index, uint64 corrects, uint64 position);

    /// @notice Each entry needs one authorisation.
    error LengthMismatch(uint256 entries, uint256 authorisations);

    /// @notice An organisation's accounts are its operators; ERC-721 cannot appoint others.
    error OperatorsAreAccounts();
}
