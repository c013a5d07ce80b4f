// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Authorisation, Entry} from "../src/types/Entry.sol";
import {Base} from "./Base.sol";

/// @title Signing entries by the plain formulas of EIP-712, and sending them by somebody else.
abstract contract Signing is Base {
    bytes32 private constant ENTRY_TYPE = keccak256(
        "Entry(bytes32 subject,bytes32 org,uint16 kind,uint64 position,bytes payload,uint64 deadline)"
    );
    bytes32 private constant DOMAIN_TYPE = keccak256(
        "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    );

    uint64 internal deadline;
    address internal relay = address(0x4E1A);

    function setUp() public virtual override {
        super.setUp();
        deadline = uint64(block.timestamp + 1 hours);
    }

    function _send(Entry memory entry, Authorisation memory by) internal {
        Authorisation[] memory list = new Authorisation[](1);
        list[0] = by;
        vm.prank(relay);
        ledger.appendSigned(_one(entry), list);
    }

    /// @dev Expects exactly this refusal of the entry alone, and behind another one.
    function _sendRefused(Entry memory entry, Authorisation memory by, bytes memory refusal)
        internal
    {
        vm.expectRevert(refusal);
        _send(entry, by);

        (Entry[] memory entries, Authorisation[] memory list) =
            (new Entry[](2), new Authorisation[](2));
        entries[0] = _registered(buyer, buyer, keccak256("one before"));
        list[0] = _sign(BUYER_KEY, entries[0], type(uint64).max);
        (entries[1], list[1]) = (entry, by);
        vm.expectRevert(_at(1, refusal));
        vm.prank(relay);
        ledger.appendSigned(entries, list);
    }

    function _sign(uint256 key, Entry memory entry) internal view returns (Authorisation memory) {
        return _sign(key, entry, deadline);
    }

    function _sign(uint256 key, Entry memory entry, uint64 until)
        internal
        view
        returns (Authorisation memory)
    {
        bytes memory signature = _signature(key, _digest(ledger.domain(), entry, until));
        return Authorisation(vm.addr(key), until, signature);
    }

    function _signature(uint256 key, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    function _digest(bytes32 domain, Entry memory entry, uint64 until)
        internal
        pure
        returns (bytes32)
    {
        bytes32 content = keccak256(
            abi.encode(
                ENTRY_TYPE,
                entry.subject,
                entry.org,
                entry.kind,
                entry.position,
                keccak256(entry.payload),
                until
            )
        );
        return keccak256(abi.encodePacked(hex"1901", domain, content));
    }

    function _domain(uint256 chain, address at_) internal pure returns (bytes32) {
        return
            keccak256(abi.encode(DOMAIN_TYPE, keccak256("AssetLedger"), keccak256("1"), chain, at_));
    }
}
