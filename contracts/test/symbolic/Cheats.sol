// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title The cheatcodes that the properties use.
interface Cheats {
    function assume(bool condition) external pure;
    function getCode(string calldata path) external view returns (bytes memory);
    function load(address target, bytes32 slot) external view returns (bytes32);
    function prank(address sender) external;
    function store(address target, bytes32 slot, bytes32 value) external;
    function warp(uint256 timestamp) external;
}

/// @title Halmos' own: values of which nothing is known.
interface SymbolicCheats {
    /// @dev A call of any function that is no view, with any arguments.
    function createCalldata(string calldata contractName) external pure returns (bytes memory);
}

Cheats constant CHEATS = Cheats(address(uint160(uint256(keccak256("hevm cheat code")))));
SymbolicCheats constant SYMBOLIC =
    SymbolicCheats(address(uint160(uint256(keccak256("svm cheat code")))));
