// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";

import {IJournal} from "../interfaces/IJournal.sol";
import {Act, Authorisation, Entry} from "../types/Entry.sol";
import {Heads} from "../types/Heads.sol";
import {Word} from "../types/Word.sol";

/// @title Positions, heads and the event; what a kind means is the other modules' rule.
/// @dev The first three storage slots are read by proofs: they stay where they are.
abstract contract Journal is IJournal {
    bytes32 private constant DOMAIN_TYPE = keccak256(
        "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    );
    bytes32 private constant ENTRY_TYPE = keccak256(
        "Entry(bytes32 subject,bytes32 org,uint16 kind,uint64 position,bytes payload,uint64 deadline)"
    );

    mapping(bytes32 subject => Word) internal _words;
    mapping(bytes32 subject => bytes32) private _heads;

    /// @inheritdoc IJournal
    bytes32 public ledgerHead;

    /// @inheritdoc IJournal
    bytes32 public immutable domain;

    constructor() {
        domain = keccak256(
            abi.encode(
                DOMAIN_TYPE, keccak256("AssetLedger"), keccak256("1"), block.chainid, address(this)
            )
        );
    }

    /// @inheritdoc IJournal
    function append(Entry[] calldata entries) external {
        bytes32 running = ledgerHead;
        for (uint256 i; i < entries.length; ++i) {
            Act memory act = _act(i, entries[i], msg.sender);
            _admit(act);
            running = _write(act, running);
        }
        ledgerHead = running;
    }

    /// @inheritdoc IJournal
    function appendSigned(Entry[] calldata entries, Authorisation[] calldata authorisations)
        external
    {
        if (entries.length != authorisations.length) {
            revert LengthMismatch(entries.length, authorisations.length);
        }
        bytes32 running = ledgerHead;
        for (uint256 i; i < entries.length; ++i) {
            Act memory act = _act(i, entries[i], authorisations[i].actor);
            _verify(act, authorisations[i]);
            _admit(act);
            running = _write(act, running);
        }
        ledgerHead = running;
    }

    /// @inheritdoc IJournal
    function head(bytes32 subject) public view returns (bytes32) {
        uint32 entries = _words[subject].count();
        if (entries == 0) return 0;
        return entries == 1 ? subject : _heads[subject];
    }

    /// @inheritdoc IJournal
    function count(bytes32 subject) external view returns (uint32) {
        return _words[subject].count();
    }

    /// @inheritdoc IJournal
    function word(bytes32 subject) external view returns (uint256) {
        return Word.unwrap(_words[subject]);
    }

    /// @inheritdoc IJournal
    function idOf(uint16 kind, bytes32 org, bytes calldata payload)
        external
        view
        returns (bytes32)
    {
        return _id(kind, org, keccak256(payload));
    }

    /// @dev The rule of an entry's kind: checks it, does what it does elsewhere, and returns its
    /// subject's word as it leaves it. The journal stores that word and counts the entry, so a rule
    /// never stores its own subject's word. Modules answer for their kinds and pass on the rest.
    function _rule(Act memory act, Word word) internal virtual returns (Word);

    /// @dev Requires that the act's actor may act for its organisation.
    function _admit(Act memory act) internal view virtual;

    /// @dev Writes one entry and returns the ledger head after it, which the caller stores once.
    function _write(Act memory act, bytes32 running) internal returns (bytes32) {
        Word before = _words[act.subject];
        bytes32 reached = _advance(act, before.count());
        _words[act.subject] = _rule(act, before).counted();
        emit Appended(act.subject, act.org, act.kind, act.position, act.actor, act.payload);
        return Heads.fold(running, reached, act.actor);
    }

    /// @dev An act that comes by a function of its own: at the subject's next position.
    function _direct(uint16 kind, bytes32 subject, bytes32 org, bytes memory payload)
        internal
        view
        returns (Act memory)
    {
        return Act({
            index: 0,
            subject: subject,
            org: org,
            kind: kind,
            position: _words[subject].count(),
            actor: msg.sender,
            payloadHash: keccak256(payload),
            payload: payload
        });
    }

    function _id(uint16 kind, bytes32 org, bytes32 payloadHash) internal view returns (bytes32) {
        return Heads.id(domain, kind, org, payloadHash);
    }

    /// @dev Checks the position and returns the subject's head after the entry, storing it from
    /// entry 1 on: a birth costs no head slot, for its head is the id.
    function _advance(Act memory act, uint32 entries) private returns (bytes32 reached) {
        if (act.position != entries) _refusePosition(act, entries);
        if (entries == 0) {
            reached = _id(act.kind, act.org, act.payloadHash);
            if (act.subject != reached) revert WrongSubject(act.index, reached, act.subject);
            return reached;
        }
        if (entries == type(uint32).max) revert Full(act.index, act.subject);
        reached = Heads.next(entries == 1 ? act.subject : _heads[act.subject], act);
        _heads[act.subject] = reached;
    }

    /// @dev Tells a subject that is not there, one born twice, and a position taken or ahead apart.
    function _refusePosition(Act memory act, uint32 entries) private view {
        if (entries == 0) revert UnknownSubject(act.index, act.subject);
        if (act.position == 0 && act.subject == _id(act.kind, act.org, act.payloadHash)) {
            revert AlreadyExists(act.index, act.subject);
        }
        revert WrongPosition(act.index, act.subject, entries, act.position);
    }

    function _act(uint256 index, Entry calldata entry, address actor)
        private
        pure
        returns (Act memory)
    {
        bytes memory payload = entry.payload;
        return Act({
            index: index,
            subject: entry.subject,
            org: entry.org,
            kind: entry.kind,
            position: entry.position,
            actor: actor,
            payloadHash: keccak256(payload),
            payload: payload
        });
    }

    /// @dev An ERC-1271 contract is asked by a static call: it sees, and can change nothing.
    function _verify(Act memory act, Authorisation calldata authorisation) private view {
        uint64 deadline = authorisation.deadline;
        if (block.timestamp > deadline) revert Expired(act.index, deadline);
        bytes32 digest = MessageHashUtils.toTypedDataHash(
            domain,
            keccak256(
                abi.encode(
                    ENTRY_TYPE,
                    act.subject,
                    act.org,
                    act.kind,
                    act.position,
                    act.payloadHash,
                    deadline
                )
            )
        );
        if (!SignatureChecker.isValidSignatureNowCalldata(
                act.actor, digest, authorisation.signature
            )) revert BadSignature(act.index, act.actor);
    }
}
