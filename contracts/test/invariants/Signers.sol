// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";

import {Authorisation, Entry} from "../../src/types/Entry.sol";
import {Listener} from "./Listener.sol";
import {Attempt} from "./Model.sol";

/// @title The accounts that act: seven with keys, and a contract that vouches (ERC-1271).
abstract contract Signers is Listener {
    uint256 private constant FIRST_KEY = 0x1000;
    uint256 private constant SIGNERS = 8;

    address[] private _accounts;

    constructor() {
        for (uint256 i; i < SIGNERS - 1; ++i) {
            _accounts.push(vm.addr(FIRST_KEY + i));
        }
        _accounts.push(address(new Wallet(vm.addr(FIRST_KEY + SIGNERS - 1))));
    }

    function _signers() internal view returns (uint256) {
        return _accounts.length;
    }

    function _signer(uint256 i) internal view returns (address) {
        return _accounts[i % _accounts.length];
    }

    /// @dev A first account that serves the first organisations all.
    function _hub() internal view returns (address) {
        return _accounts[0];
    }

    function _authorise(Attempt memory it, uint64 deadline)
        internal
        view
        returns (Authorisation memory)
    {
        uint256 number;
        while (number < SIGNERS && _accounts[number] != it.actor) ++number;
        return _authoriseBy(FIRST_KEY + number, it, deadline);
    }

    function _authoriseBy(uint256 key, Attempt memory it, uint64 deadline)
        internal
        view
        returns (Authorisation memory)
    {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, _digest(it.entry, deadline));
        return Authorisation(it.actor, deadline, abi.encodePacked(r, s, v));
    }

    function _digest(Entry memory e, uint64 deadline) private view returns (bytes32) {
        bytes32 struct_ = keccak256(
            abi.encode(
                keccak256(
                    "Entry(bytes32 subject,bytes32 org,uint16 kind,uint64 position,bytes payload,uint64 deadline)"
                ),
                e.subject,
                e.org,
                e.kind,
                e.position,
                keccak256(e.payload),
                deadline
            )
        );
        return keccak256(abi.encodePacked(hex"1901", domain, struct_));
    }
}

/// @title A contract account: what its keeper has signed is its word.
contract Wallet is IERC1271 {
    address private immutable keeper;

    constructor(address keeper_) {
        keeper = keeper_;
    }

    function isValidSignature(bytes32 hash, bytes calldata signature)
        external
        view
        returns (bytes4)
    {
        (bytes32 r, bytes32 s) = abi.decode(signature[:64], (bytes32, bytes32));
        bool good = ecrecover(hash, uint8(signature[64]), r, s) == keeper;
        return good ? IERC1271.isValidSignature.selector : bytes4(0xffffffff);
    }
}
