// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IAssetLedger} from "../src/interfaces/IAssetLedger.sol";
import {IRefusals} from "../src/interfaces/IRefusals.sol";
import {Entry} from "../src/types/Entry.sol";
import {Kinds} from "../src/types/Kinds.sol";
import {
    AccountAdded,
    AccountRemoved,
    Corrected,
    Observed,
    Registered,
    Revised,
    Transferred
} from "../src/types/Payloads.sol";
import {VM, deployLedger} from "./Deploy.sol";
import {Vm} from "./Vm.sol";

/// @title A ledger with two organisations; this contract governs it.
abstract contract Base {
    Vm internal constant vm = VM;

    uint256 internal constant MAKER_KEY = 0xA11CE;
    uint256 internal constant BUYER_KEY = 0xB0B;
    bytes32 internal constant REASON = keccak256("a ruling");
    bytes32 internal constant DOCUMENT = keccak256("a document");

    IAssetLedger internal ledger;
    address internal makerAccount = vm.addr(MAKER_KEY);
    address internal buyerAccount = vm.addr(BUYER_KEY);
    address internal stranger = address(0x57A);
    bytes32 internal maker;
    bytes32 internal buyer;

    function setUp() public virtual {
        vm.warp(1_700_000_000);
        ledger = deployLedger(address(this), "https://a.example/");
        maker = ledger.enrol("did:web:maker.example", _accounts(makerAccount));
        buyer = ledger.enrol("did:web:buyer.example", _accounts(buyerAccount));
    }

    function _accounts(address account) internal pure returns (address[] memory list) {
        list = new address[](1);
        list[0] = account;
    }

    function _one(Entry memory entry) internal pure returns (Entry[] memory list) {
        list = new Entry[](1);
        list[0] = entry;
    }

    function _addressOf(bytes32 org) internal pure returns (address) {
        return address(uint160(uint256(org)));
    }

    /// @dev A birth, with its id worked out.
    function _birth(bytes32 org, bytes memory payload) internal view returns (Entry memory) {
        bytes32 id = ledger.idOf(Kinds.REGISTERED, org, payload);
        return Entry(id, org, Kinds.REGISTERED, 0, payload);
    }

    function _registered(bytes32 org, bytes32 owner, bytes32 document)
        internal
        view
        returns (Entry memory)
    {
        return _birth(org, abi.encode(Registered(owner, 0, document, 1)));
    }

    /// @dev The subject's next entry.
    function _entry(bytes32 subject, bytes32 org, uint16 kind, bytes memory payload)
        internal
        view
        returns (Entry memory)
    {
        return Entry(subject, org, kind, ledger.count(subject), payload);
    }

    function _observed(bytes32 subject, bytes32 org) internal view returns (Entry memory) {
        return _entry(subject, org, Kinds.OBSERVED, abi.encode(Observed(DOCUMENT)));
    }

    function _revised(bytes32 subject, bytes32 org) internal view returns (Entry memory) {
        return _entry(subject, org, Kinds.REVISED, abi.encode(Revised(DOCUMENT)));
    }

    function _corrected(bytes32 subject, bytes32 org, uint64 corrects)
        internal
        view
        returns (Entry memory)
    {
        return _entry(subject, org, Kinds.CORRECTED, abi.encode(Corrected(corrects, DOCUMENT)));
    }

    function _transferred(bytes32 subject, bytes32 org, bytes32 to)
        internal
        view
        returns (Entry memory)
    {
        return _entry(subject, org, Kinds.TRANSFERRED, abi.encode(Transferred(to)));
    }

    function _accountAdded(bytes32 org, address account) internal view returns (Entry memory) {
        return _entry(org, org, Kinds.ACCOUNT_ADDED, abi.encode(AccountAdded(account)));
    }

    function _accountRemoved(bytes32 org, address account) internal view returns (Entry memory) {
        return _entry(org, org, Kinds.ACCOUNT_REMOVED, abi.encode(AccountRemoved(account)));
    }

    /// @dev Appends as `actor`.
    function _append(address actor, Entry memory entry) internal {
        vm.prank(actor);
        ledger.append(_one(entry));
    }

    /// @dev An asset that the maker has registered and owns.
    function _asset(bytes32 document) internal returns (bytes32) {
        Entry memory birth = _registered(maker, maker, document);
        _append(makerAccount, birth);
        return birth.subject;
    }

    /// @dev Expects exactly this refusal.
    function _refuses(address actor, Entry memory entry, bytes memory refusal) internal {
        vm.expectRevert(refusal);
        vm.prank(actor);
        ledger.append(_one(entry));
    }

    function _notOwner(bytes32 subject, bytes32 org) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IRefusals.NotOwner.selector, 0, subject, org);
    }

    function _notAnAccount(bytes32 org, address actor) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IRefusals.NotAnAccount.selector, 0, org, actor);
    }

    function _unknownOrganisation(bytes32 org) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IRefusals.UnknownOrganisation.selector, 0, org);
    }

    function _suspended(bytes32 org) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IRefusals.SuspendedOrganisation.selector, 0, org);
    }

    function _badPayload(uint16 kind) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IRefusals.BadPayload.selector, 0, kind);
    }

    function _governanceOnly(uint16 kind) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IRefusals.GovernanceOnly.selector, 0, kind);
    }

    function _unchanged(bytes32 subject) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IRefusals.Unchanged.selector, 0, subject);
    }

    function _assetFrozen(bytes32 subject) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IRefusals.AssetFrozen.selector, 0, subject);
    }

    function _unknownSubject(bytes32 subject) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IRefusals.UnknownSubject.selector, 0, subject);
    }

    function _wrongClass(bytes32 subject, uint8 expected, uint8 given)
        internal
        pure
        returns (bytes memory)
    {
        return abi.encodeWithSelector(IRefusals.WrongClass.selector, 0, subject, expected, given);
    }
}
