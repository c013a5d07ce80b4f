// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";

import {IJournal} from "../interfaces/IJournal.sol";
import {Act, Authorisation, Entry} from "../types/Entry.sol";
import {Heads} from "../types/Heads.sol";
import {Kinds} from "../types/Kinds.sol";
import {Word, Words} from "../types/Word.sol";

/// @title Positions, heads and the event; what a kind means is the other modules' rule.
/// @dev The first two storage slots are read by proofs: they stay where they are.
abstract contract Journal is IJournal {
    bytes32 private constant DOMAIN_TYPE = keccak256(
        "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    );
    bytes32 private constant ENTRY_TYPE = keccak256(
        "Entry(bytes32 subject,bytes32 org,uint16 kind,uint64 position,bytes payload,uint64 deadline)"
    );

    /// @dev The low bits of a batch's id, which count its assets.
    uint256 internal constant MEMBERS = (1 << 24) - 1;

    /// @dev What an ERC-1271 contract may use to answer: enough to check a P-256 signature without
    /// the precompile, little beside a block. One that burns it all spoils no more than that.
    uint256 private constant ANSWER_GAS = 500_000;

    /// @dev What is stored of a subject. The head is written from entry 1 on: until then it is the id.
    struct Subject {
        Word word;
        bytes32 head;
    }

    mapping(bytes32 id => Subject) internal _subjects;

    /// @inheritdoc IJournal
    bytes32 public ledgerHead;

    /// @inheritdoc IJournal
    bytes32 public immutable domain;

    /// @inheritdoc IJournal
    bytes32 public immutable founding;

    /// @dev Writes the first entry of all, as `_write` would.
    constructor(address authority) {
        domain = keccak256(
            abi.encode(
                DOMAIN_TYPE, keccak256("AssetLedger"), keccak256("1"), block.chainid, address(this)
            )
        );
        bytes memory payload = abi.encode(authority);
        founding = Heads.id(domain, Kinds.FOUNDED, 0, keccak256(payload));
        _subjects[founding].word = Words.opened(Words.LEDGER, address(0)).counted();
        emit Appended(founding, 0, Kinds.FOUNDED, 0, msg.sender, payload);
        ledgerHead = Heads.fold(0, founding, msg.sender);
    }

    /// @inheritdoc IJournal
    function append(Entry[] calldata entries) external {
        bytes32 running = _unpaused();
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
        bytes32 running = _unpaused();
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
        uint32 entries = _load(subject).count();
        if (entries == 0) return 0;
        return entries == 1 ? subject : _subjects[subject].head;
    }

    /// @inheritdoc IJournal
    function count(bytes32 subject) external view returns (uint32) {
        return _load(subject).count();
    }

    /// @inheritdoc IJournal
    function word(bytes32 subject) external view returns (uint256) {
        return Word.unwrap(_load(subject));
    }

    /// @inheritdoc IJournal
    function paused() external view returns (bool) {
        return Heads.isPaused(ledgerHead);
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
    /// never stores its own subject's word.
    function _rule(Act memory act, Word word_) internal virtual returns (Word);

    /// @dev Requires that the act's actor may act for its organisation.
    function _admit(Act memory act) internal view virtual;

    /// @dev The word of a subject that has none in storage: an asset of a batch, or nothing.
    function _unwritten(bytes32 subject) internal view virtual returns (Word);

    /// @dev Writes what an entry means for another subject to that one, and returns the ledger head.
    function _echo(Act memory act, bytes32 running) internal virtual returns (bytes32);

    /// @dev Writes one entry and returns the ledger head after it, which the caller stores once.
    function _write(Act memory act, bytes32 running) internal returns (bytes32) {
        Subject storage it = _subjects[act.subject];
        Word before = it.word;
        // What is about to be born is not looked for in a batch: its id would have to be one of it.
        if (Word.unwrap(before) == 0 && act.position != 0) before = _unwritten(act.subject);
        bytes32 reached = _advance(act, it, before.count());
        running = _log(act, it, _rule(act, before), reached, running);
        return Kinds.hasEcho(act.kind) ? _echo(act, running) : running;
    }

    /// @dev Writes one entry that has no rule of its own: `act` is another's other half.
    function _writeBeside(Act memory act, bytes32 running) internal returns (bytes32) {
        Subject storage it = _subjects[act.subject];
        Word before = _load(act.subject);
        return _log(act, it, before, _advance(act, it, before.count()), running);
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
            position: _load(subject).count(),
            actor: msg.sender,
            payloadHash: keccak256(payload),
            payload: payload
        });
    }

    function _load(bytes32 subject) internal view returns (Word word_) {
        word_ = _subjects[subject].word;
        if (Word.unwrap(word_) == 0) return _unwritten(subject);
    }

    function _id(uint16 kind, bytes32 org, bytes32 payloadHash) internal view returns (bytes32 id) {
        id = Heads.id(domain, kind, org, payloadHash);
        if (kind == Kinds.BATCH_REGISTERED) return id & ~bytes32(MEMBERS);
    }

    function _unpaused() internal view returns (bytes32 running) {
        running = ledgerHead;
        if (Heads.isPaused(running)) revert LedgerPaused(0);
    }

    function _log(Act memory act, Subject storage it, Word left, bytes32 reached, bytes32 running)
        private
        returns (bytes32)
    {
        it.word = left.counted();
        emit Appended(act.subject, act.org, act.kind, act.position, act.actor, act.payload);
        return Heads.fold(running, reached, act.actor);
    }

    /// @dev Checks the position and returns the subject's head after the entry, storing it from
    /// entry 1 on: a birth costs no head slot, for its head is the id.
    function _advance(Act memory act, Subject storage it, uint32 entries)
        private
        returns (bytes32 reached)
    {
        if (act.position != entries) _refusePosition(act, entries);
        if (entries == 0) {
            reached = _id(act.kind, act.org, act.payloadHash);
            if (act.subject != reached) _refuseSubject(act, reached);
            return reached;
        }
        if (entries == type(uint32).max) revert Full(act.index, act.subject);
        reached = Heads.next(entries == 1 ? act.subject : it.head, act);
        it.head = reached;
    }

    /// @dev Tells a subject that is not there, one born twice, and a position taken or ahead apart.
    function _refusePosition(Act memory act, uint32 entries) private view {
        if (entries == 0) revert UnknownSubject(act.index, act.subject);
        if (act.position == 0 && act.subject == _id(act.kind, act.org, act.payloadHash)) {
            revert AlreadyExists(act.index, act.subject);
        }
        revert WrongPosition(act.index, act.subject, entries, act.position);
    }

    /// @dev An asset of a batch has been born, be it written or not.
    function _refuseSubject(Act memory act, bytes32 expected) private view {
        uint32 entries = _load(act.subject).count();
        if (entries != 0) revert WrongPosition(act.index, act.subject, entries, act.position);
        revert WrongSubject(act.index, expected, act.subject);
    }

    function _act(uint256 index, Entry calldata entry, address actor)
        private
        pure
        returns (Act memory act)
    {
        // Member by member, as a literal would be made beside the struct that is returned.
        act.index = index;
        act.subject = entry.subject;
        act.org = entry.org;
        act.kind = entry.kind;
        act.position = entry.position;
        act.actor = actor;
        act.payload = entry.payload;
        act.payloadHash = keccak256(act.payload);
    }

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
        if (!_isSignedBy(act.actor, digest, authorisation.signature)) {
            revert BadSignature(act.index, act.actor);
        }
    }

    function _isSignedBy(address actor, bytes32 digest, bytes calldata signature)
        private
        view
        returns (bool)
    {
        if (actor.code.length != 0) return _isVouchedBy(actor, digest, signature);
        (address signer, ECDSA.RecoverError failure,) = ECDSA.tryRecoverCalldata(digest, signature);
        return failure == ECDSA.RecoverError.NoError && signer == actor;
    }

    /// @dev Asks a contract by a static call (ERC-1271): it can change nothing, and what it sees of
    /// the ledger is midway. Of its answer only the first word is taken, however long it is.
    function _isVouchedBy(address wallet, bytes32 digest, bytes calldata signature)
        private
        view
        returns (bool vouched)
    {
        bytes memory question = abi.encodeCall(IERC1271.isValidSignature, (digest, signature));
        bytes32 yes = IERC1271.isValidSignature.selector;
        assembly ("memory-safe") {
            vouched := staticcall(ANSWER_GAS, wallet, add(question, 32), mload(question), 0, 32)
            vouched := and(vouched, and(gt(returndatasize(), 31), eq(mload(0), yes)))
        }
    }
}
