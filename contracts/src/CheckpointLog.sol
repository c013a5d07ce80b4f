// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";

import {Checkpoint, ICheckpointLog} from "./interfaces/ICheckpointLog.sol";

/// @title Where a ledger's checkpoints are kept out of its operator's reach: on another chain.
contract CheckpointLog is ICheckpointLog {
    bytes32 private constant DOMAIN = keccak256(
        abi.encode(
            keccak256("EIP712Domain(string name,string version)"),
            keccak256("AssetLedgerCheckpoint"),
            keccak256("1")
        )
    );
    bytes32 private constant CHECKPOINT_TYPE = keccak256(
        "Checkpoint(bytes32 domain,uint64 blockNumber,bytes32 blockHash,bytes32 ledgerHead)"
    );

    /// @inheritdoc ICheckpointLog
    mapping(
        bytes32 domain => mapping(address witness => mapping(uint64 blockNumber => bytes32))
    ) public digestOf;

    /// @inheritdoc ICheckpointLog
    mapping(bytes32 domain => mapping(address witness => uint64 blockNumber)) public latestOf;

    /// @inheritdoc ICheckpointLog
    function anchor(Checkpoint calldata checkpoint, bytes[] calldata signatures) external {
        bytes32 hash = digest(checkpoint);
        for (uint256 i; i < signatures.length; ++i) {
            (address witness, ECDSA.RecoverError failure,) =
                ECDSA.tryRecoverCalldata(hash, signatures[i]);
            if (failure != ECDSA.RecoverError.NoError) revert BadSignature(i);
            _keep(checkpoint, hash, witness);
        }
    }

    /// @inheritdoc ICheckpointLog
    function digest(Checkpoint calldata checkpoint) public pure returns (bytes32) {
        return MessageHashUtils.toTypedDataHash(
            DOMAIN, keccak256(abi.encode(CHECKPOINT_TYPE, checkpoint))
        );
    }

    function _keep(Checkpoint calldata checkpoint, bytes32 hash, address witness) private {
        (bytes32 domain, uint64 number) = (checkpoint.domain, checkpoint.blockNumber);
        bytes32 earlier = digestOf[domain][witness][number];
        if (earlier == hash) return;
        if (earlier != 0) {
            emit Contradicted(domain, number, witness, checkpoint.blockHash, checkpoint.ledgerHead);
            return;
        }
        digestOf[domain][witness][number] = hash;
        if (number > latestOf[domain][witness]) latestOf[domain][witness] = number;
        emit Anchored(domain, number, witness, checkpoint.blockHash, checkpoint.ledgerHead);
    }
}
