// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC721} from "@openzeppelin/contracts/interfaces/IERC721.sol";

import {IJournal} from "../../src/interfaces/IJournal.sol";
import {Authorisation, Entry} from "../../src/types/Entry.sol";
import {Kinds} from "../../src/types/Kinds.sol";
import {deployLedger} from "../Deploy.sol";
import {Governing} from "./Governing.sol";
import {Attempt, Door} from "./Model.sol";

/// @title Does things to a ledger at random, mostly right and sometimes wrong, by every door.
/// @dev What is drawn is kept small, so that histories entangle: few organisations, assets, worlds.
contract Handler is Governing {
    uint256 private constant ORGANISATIONS = 4;
    uint256 private clock = 1_700_000_000;
    bytes private signedBefore;

    /// @dev Nothing more is tried once something was broken: what broke it is the last call.
    modifier step(uint256 seed) {
        if (bytes(violation).length != 0) return;
        vm.warp(clock);
        _reseed(seed);
        _;
    }

    constructor() {
        vm.warp(clock);
        vm.recordLogs();
        baseURI = "https://a.example/";
        ledger = deployLedger(address(this), baseURI);
        domain = ledger.domain();
        (sender, door) = (address(this), Door.DEPLOYMENT);
        _listen(vm.getRecordedLogs());
        _reseed(0);
        for (uint256 i; i < ORGANISATIONS; ++i) {
            address[] memory accounts = new address[](2);
            (accounts[0], accounts[1]) = (_hub(), _signer(1 + i));
            string memory did = string.concat("did:web:o", string(abi.encodePacked(uint8(65 + i))));
            _enrol(address(this), did, accounts);
        }
        _raiseColumn();
        _begin();
        _appointParties();
        _age();
    }

    // -- what forge calls ------------------------------------------------------------------------

    /// @notice One entry by an account.
    function act(uint256 seed) external step(seed) {
        Attempt memory it = _draw();
        if (_oneIn(4)) _spoil(it);
        _sendAppend(it);
    }

    /// @notice One entry of a kind that is not for organisations to write.
    function actBeyond(uint256 seed) external step(seed) {
        uint16 kind = uint16(_below(90));
        bytes32 id = _oneIn(3) ? founding : _asset();
        if (_oneIn(3)) id = _organisation();
        bytes memory payload = _oneIn(2) ? abi.encode(_asset()) : abi.encode(_organisation(), id);
        Entry memory e = _next(id, subjects[_asset()].parties[0], kind, payload);
        if (_oneIn(4)) (e.position, e.subject) = (0, _id(kind, e.org, payload));
        if (_oneIn(4)) e.org = 0;
        _sendAppend(Attempt(e, _actorFor(e.org), Door.APPEND));
    }

    /// @notice One entry that an account has signed.
    function actSigned(uint256 seed) external step(seed) {
        if (signedBefore.length != 0 && _oneIn(12)) {
            _send(address(this), Door.SIGNED, signedBefore, "signatures_are_good_once");
            return;
        }
        Attempt memory it = _draw();
        if (_oneIn(4)) _spoil(it);
        uint64 deadline = uint64(block.timestamp + _below(2 days));
        string memory fault = "";
        if (_oneIn(12)) {
            deadline = uint64(block.timestamp - 1);
            fault = "authorisations_are_in_time";
        }
        Authorisation memory by = _authorise(it, deadline);
        if (_oneIn(12)) {
            by = _oneIn(2) ? _authoriseBy(7, it, deadline) : _authorise(it, deadline + 1);
            by.deadline = deadline;
            fault = "entries_are_signed_by_their_actors";
        }
        if (_sendSigned(it, by, fault)) {
            (Entry[] memory entries, Authorisation[] memory bys) =
                (new Entry[](1), new Authorisation[](1));
            (entries[0], bys[0]) = (it.entry, by);
            signedBefore = abi.encodeCall(IJournal.appendSigned, (entries, bys));
        }
    }

    /// @notice Entries of one account, together.
    function actTogether(uint256 seed) external step(seed) {
        _together(false);
    }

    /// @notice Entries of many accounts, signed, together.
    function actTogetherSigned(uint256 seed) external step(seed) {
        _together(true);
    }

    /// @notice ERC-721's own functions.
    function callToken(uint256 seed) external step(seed) {
        bytes32 id = _oneIn(24) ? _nobody() : _asset();
        address owner = _addressOf(subjects[id].parties[0]);
        address actor = _oneIn(6) ? _signer(_below(_signers())) : _actorFor(subjects[id].parties[0]);
        if (approvedBefore[id] != address(0) && _oneIn(2)) actor = approvedBefore[id];
        if (_oneIn(16)) {
            bytes memory appoint = abi.encodeCall(IERC721.setApprovalForAll, (actor, _oneIn(2)));
            _send(actor, Door.TOKEN, appoint, "operators_are_accounts");
        } else if (_oneIn(2)) {
            address to = _oneIn(4) ? address(0) : _signer(_below(_signers()));
            bytes memory approve = abi.encodeCall(IERC721.approve, (to, uint256(id)));
            _send(actor, Door.TOKEN, approve, _faultOfApproval(id, actor));
        } else {
            _transferByToken(id, owner, actor);
        }
    }

    /// @notice Governance's functions.
    function govern(uint256 seed) external step(seed) {
        _govern();
    }

    /// @notice Time passes.
    function wait(uint256 seed) external step(seed) {
        clock += _below(12 hours);
    }

    // -- what the tests ask ----------------------------------------------------------------------

    /// @notice Compares everything.
    function compareAll() external step(0) {
        _compareAll();
    }

    /// @notice Appends what is drawn one by one, and undoes it: reverts with the entries that were
    /// accepted, what they left behind, and what they broke.
    function rehearse(bool signed, uint256 number) external {
        require(msg.sender == address(this), "the handler's own");
        Attempt[] memory list = new Attempt[](number);
        uint256 length;
        for (uint256 i; i < 2 * number && length < number; ++i) {
            Attempt memory it = _draw();
            if (!signed) it.actor = _hub();
            it.door = signed ? Door.SIGNED : Door.APPEND;
            bool done =
                signed ? _sendSigned(it, _authorise(it, type(uint64).max), "") : _sendAppend(it);
            if (done) list[length++] = it;
        }
        assembly ("memory-safe") {
            mstore(list, length)
        }
        bytes memory answer = abi.encode(list, _digestOf(list), violation);
        assembly ("memory-safe") {
            revert(add(answer, 32), mload(answer))
        }
    }

    /// @dev A batch leaves what its entries leave one by one; with one bad entry, it leaves nothing.
    function _together(bool signed) private {
        (, bytes memory answer) =
            address(this).call(abi.encodeCall(this.rehearse, (signed, _below(5))));
        (Attempt[] memory list, bytes32 digest, string memory broken) =
            abi.decode(answer, (Attempt[], bytes32, string));
        if (bytes(broken).length != 0) return _break(broken);
        address from = signed ? address(this) : _hub();
        Door through = signed ? Door.SIGNED : Door.APPEND;
        if (list.length > 1 && _oneIn(4)) {
            Entry memory e = list[_below(list.length)].entry;
            ++e.position;
            _send(from, through, _callOf(list, signed), "batches_are_all_or_nothing");
            --e.position;
        }
        string memory fault = paused ? "a_paused_ledger_takes_governance_alone" : "";
        _send(from, through, _callOf(list, signed), fault);
        _hold(_digestOf(list) == digest, "batches_agree_with_single_entries");
    }

    /// @dev The ledger head, and heads and words of all that the entries are about.
    function _digestOf(Attempt[] memory list) private view returns (bytes32 digest) {
        digest = ledger.ledgerHead();
        for (uint256 i; i < list.length; ++i) {
            Entry memory e = list[i].entry;
            digest = keccak256(abi.encode(digest, ledger.head(e.subject), ledger.word(e.subject)));
            bytes32 other = _at(e.payload, 0);
            digest = keccak256(abi.encode(digest, ledger.head(other), ledger.word(other)));
        }
    }

    function _transferByToken(bytes32 id, address owner, address actor) private {
        bytes32 org = subjects[id].parties[0];
        address to = _addressOf(_other(org));
        if (_oneIn(12)) to = _signer(_below(_signers()));
        address from = _oneIn(12) ? _addressOf(_organisation()) : owner;
        bytes memory payload = abi.encode(organisationAt[to]);
        Attempt memory it = Attempt(_next(id, org, Kinds.TRANSFERRED, payload), actor, Door.TOKEN);
        string memory fault = from == owner ? _faultOf(it) : "title_passes_from_its_owner";
        bytes memory call = _oneIn(2)
            ? abi.encodeCall(IERC721.transferFrom, (from, to, uint256(id)))
            : abi.encodeWithSignature(
                "safeTransferFrom(address,address,uint256)", from, to, uint256(id)
            );
        _send(actor, Door.TOKEN, call, fault);
    }

    // -- how a ledger begins ---------------------------------------------------------------------

    /// @dev Schemas, worlds of every rule of admission, assets of every birth.
    function _begin() private {
        _do(organisations[0], Kinds.SCHEMA_PUBLISHED, abi.encode(_document(), bytes32(0)));
        _do(organisations[1], Kinds.SCHEMA_PUBLISHED, abi.encode(_document(), bytes32(0)));
        _do(organisations[2], Kinds.WORLD_OPENED, abi.encode(_document(), 0, 0));
        _do(organisations[3], Kinds.WORLD_OPENED, abi.encode(_document(), schemas[0], 0));
        _do(
            organisations[3],
            Kinds.WORLD_OPENED,
            abi.encode(_document(), schemas[1], organisations[0])
        );
        for (uint256 i; i < ORGANISATIONS; ++i) {
            bytes32 org = organisations[i];
            _do(org, Kinds.REGISTERED, abi.encode(org, bytes32(0), _document(), i));
        }
        bytes32 owner = organisations[1];
        for (uint256 size = 2; size < 4; ++size) {
            bytes memory payload =
                abi.encode(owner, schemas[0], _document(), size == 2 ? 2 : MAX_SIZE, _document());
            _do(organisations[0], Kinds.BATCH_REGISTERED, payload);
        }
    }

    /// @dev Assets of one owner, each mounted on the one before.
    function _raiseColumn() private {
        bytes32 org = organisations[0];
        for (uint256 i; i < COLUMN; ++i) {
            _do(org, Kinds.REGISTERED, abi.encode(org, bytes32(0), _document(), 1));
            if (i == 0) continue;
            Entry memory e = _next(assets[i], org, Kinds.MOUNTED, abi.encode(assets[i - 1]));
            _insist(e);
        }
    }

    /// @dev Two assets near the end of life, and one at it.
    function _age() private {
        for (uint256 i; i < 3; ++i) {
            for (uint256 stage = 1; stage < 6; ++stage) {
                if (stage == 3 || (stage == 5 && i > 0)) continue;
                (bytes32 id, bytes32 org) = (assets[COLUMN + i], organisations[i]);
                _insist(_next(id, org, Kinds.STAGED, abi.encode(stage)));
            }
        }
    }

    /// @dev Each of the first assets gets a party beside its owner, and the last a lien-holder; each
    /// organisation is vouched for by the one after.
    function _appointParties() private {
        for (uint256 i; i < ORGANISATIONS; ++i) {
            bytes32 id = assets[COLUMN + i];
            bytes32 to = organisations[(i + 1) % ORGANISATIONS];
            uint256 party = i < 3 ? i + 1 : 3;
            bytes memory credential = abi.encode(schemas[1], _document(), 0);
            _insist(_next(organisations[i], to, Kinds.CREDENTIAL_ISSUED, credential));
            bytes memory offer = abi.encode(party, to, 0);
            Entry memory e = _next(id, organisations[i], Kinds.OFFERED, offer);
            _insist(e);
            e = _next(id, to, Kinds.ACCEPTED, abi.encode(party));
            _insist(e);
        }
    }

    function _do(bytes32 org, uint16 kind, bytes memory payload) private {
        _insist(Entry(_id(kind, org, payload), org, kind, 0, payload));
    }

    /// @dev What a ledger begins with has to be taken, and to break nothing.
    function _insist(Entry memory e) private {
        _sendAppend(Attempt(e, _hub(), Door.APPEND));
        vm.assertEq(violation, "", "broken");
    }
}
