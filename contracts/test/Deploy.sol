// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";

import {IAssetLedger} from "../src/interfaces/IAssetLedger.sol";
import {ICheckpointLog} from "../src/interfaces/ICheckpointLog.sol";
import {Vm} from "./Vm.sol";

Vm constant VM = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

/// @dev A ledger governed by `governor`, from the very code that is deployed: it is compiled by a
/// profile of its own, so tests take its bytecode and know its interface only.
function deployLedger(address governor, string memory baseURI) returns (IAssetLedger) {
    bytes memory arguments = abi.encode(new AccessManager(governor), baseURI);
    return IAssetLedger(VM.deployCode("AssetLedger.sol:AssetLedger", arguments));
}

/// @dev A log of checkpoints, likewise.
function deployCheckpointLog() returns (ICheckpointLog) {
    return ICheckpointLog(VM.deployCode("CheckpointLog.sol:CheckpointLog", ""));
}
