// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Entry} from "../src/types/Entry.sol";
import {Stages} from "../src/types/Stages.sol";
import {VM, deployLedger} from "./Deploy.sol";
import {Entries} from "./Entries.sol";
import {Refusals} from "./Refusals.sol";
import {Vm} from "./Vm.sol";

/// @title A ledger with two organisations; this contract governs it.
abstract contract Base is Entries, Refusals {
    Vm internal constant vm = VM;

    uint256 internal constant MAKER_KEY = 0xA11CE;
    uint256 internal constant BUYER_KEY = 0xB0B;

    address internal makerAccount = vm.addr(MAKER_KEY);
    address internal buyerAccount = vm.addr(BUYER_KEY);
    address internal stranger = address(0x57A);
    bytes32 internal maker;
    bytes32 internal buyer;

    /// @dev The first account of each organisation.
    mapping(bytes32 org => address) internal accountOf;

    function setUp() public virtual {
        vm.warp(1_700_000_000);
        ledger = deployLedger(address(this), "https://a.example/");
        maker = _enrol("did:web:maker.example", makerAccount);
        buyer = _enrol("did:web:buyer.example", buyerAccount);
    }

    function _enrol(string memory did, address account) internal returns (bytes32 org) {
        org = ledger.enrol(did, _accounts(account));
        accountOf[org] = account;
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

    function _append(address actor, Entry memory entry) internal {
        vm.prank(actor);
        ledger.append(_one(entry));
    }

    /// @dev Appends for the entry's organisation, and returns the subject.
    function _append(Entry memory entry) internal returns (bytes32 subject) {
        _append(accountOf[entry.org], entry);
        return entry.subject;
    }

    /// @dev Appends, and undoes it: the entry is good.
    function _takes(Entry memory entry) internal {
        uint256 before = vm.snapshotState();
        _append(entry);
        vm.revertToState(before);
    }

    /// @dev Expects exactly this refusal of the entry alone, and behind two others, where it names
    /// the entry's place. Whoever sends those is made an account of somebody else for it.
    function _refuses(address actor, Entry memory entry, bytes memory refusal) internal {
        vm.expectRevert(refusal);
        vm.prank(actor);
        ledger.append(_one(entry));

        uint256 before = vm.snapshotState();
        bytes32 bystander = ledger.enrol("did:web:bystander.example", _accounts(actor));
        Entry[] memory entries = new Entry[](3);
        entries[0] = _registered(bystander, bystander, keccak256("one"));
        entries[1] = _registered(bystander, bystander, keccak256("another"));
        entries[2] = entry;
        vm.expectRevert(_at(2, refusal));
        vm.prank(actor);
        ledger.append(entries);
        vm.revertToState(before);
    }

    function _refuses(Entry memory entry, bytes memory refusal) internal {
        _refuses(accountOf[entry.org], entry, refusal);
    }

    /// @dev Expects exactly this refusal of any call.
    function _refusesCall(address caller, bytes memory call, bytes memory refusal) internal {
        vm.prank(caller);
        (bool done, bytes memory answer) = address(ledger).call(call);
        vm.assertTrue(!done, "done");
        vm.assertEq(answer, refusal, "refusal");
    }

    /// @dev An asset that the maker has registered and owns.
    function _asset(bytes32 document) internal returns (bytes32) {
        return _append(_registered(maker, maker, document));
    }

    /// @dev Leads an asset just born to the end of its life.
    function _retire(bytes32 asset, bytes32 owner) internal {
        uint8[4] memory path =
            [Stages.COMMISSIONED, Stages.IN_SERVICE, Stages.DECOMMISSIONED, Stages.RETIRED];
        for (uint256 i; i < path.length; ++i) {
            _append(_staged(asset, owner, path[i]));
        }
    }

    /// @dev Where a subject's word is stored; its head is in the slot behind.
    function _slotOf(bytes32 subject) internal pure returns (bytes32) {
        return keccak256(abi.encode(subject, uint256(0)));
    }

    /// @dev The plain formula of `IJournal`, for a head after an entry that is not the first.
    function _headAfter(bytes32 head, Entry memory entry, address actor)
        internal
        view
        returns (bytes32)
    {
        return keccak256(
            abi.encode(
                head,
                entry.position,
                entry.kind,
                entry.org,
                actor,
                block.timestamp,
                keccak256(entry.payload)
            )
        );
    }

    /// @dev The plain formula of `IJournal`, for the ledger head after an entry.
    function _ledgerHeadAfter(bytes32 ledgerHead, bytes32 head, address actor)
        internal
        view
        returns (bytes32)
    {
        uint256 hash = uint256(keccak256(abi.encode(ledgerHead, head, actor, block.timestamp)));
        return bytes32((hash >> 1 << 1) | (uint256(ledgerHead) & 1));
    }
}
