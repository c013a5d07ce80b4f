// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Entry} from "../../src/types/Entry.sol";
import {Kinds} from "../../src/types/Kinds.sol";
import {Erased} from "../../src/types/Payloads.sol";
import {Draws} from "./Draws.sol";
import {Attempt, Claim, Subject} from "./Model.sol";

/// @title Draws entries: mostly what somebody may write next, as the model stands.
abstract contract Choices is Draws {
    uint256 private constant MAX_SCHEMAS = 5;
    uint256 private constant MAX_WORLDS = 7;
    uint256 private constant MAX_ASSETS = COLUMN + 14;
    uint256 private constant MAX_BATCHES = 4;

    /// @dev The kinds that organisations write, the likelier the more often they are named. What
    /// needs something before it is named more often than what that something is.
    bytes private constant MENU = hex"04040505060606060707" hex"10111112"
        hex"2020212223232425252525252626272727272727282829292929292929292a2a2b2b2b2b2b2c2c2f2f303030313131313132323333";

    /// @dev An entry of a kind that organisations write, and an account that may.
    function _draw() internal returns (Attempt memory it) {
        it.entry = _drawOf(uint8(MENU[_below(MENU.length)]));
        it.actor = _actorFor(it.entry.org);
    }

    /// @dev Makes something of an attempt other than it should be.
    function _spoil(Attempt memory it) internal {
        Entry memory e = it.entry;
        uint256 way = _below(12);
        if (way == 0 || way > 8) {
            e.org = _organisation();
            it.actor = _actorFor(e.org);
        } else if (way == 1) {
            it.actor = _signer(_below(_signers()));
        } else if (way == 2) {
            e.position += 1;
        } else if (way == 3) {
            e.position = e.position == 0 ? 1 : e.position - 1;
        } else if (way == 4) {
            e.payload = abi.encodePacked(e.payload, uint8(0));
        } else if (way == 5) {
            e.payload = abi.encodePacked(_at(e.payload, 0));
        } else if (way == 6) {
            _dirty(e.payload);
        } else if (way == 7) {
            _mistake(e);
        } else {
            _misname(e);
        }
    }

    function _dirty(bytes memory payload) private {
        uint256 place = _below(payload.length);
        bytes1 bit = bytes1(uint8(1 << _below(8)));
        payload[place] ^= bit;
        // One bit off the last of a large batch is another asset of it, which the contract may take.
        if (_isUnfollowed(_at(payload, place / 32))) payload[place] ^= bit;
    }

    /// @dev Another kind, of a number that has a meaning or has none.
    function _mistake(Entry memory e) private {
        e.kind = uint16(_oneIn(4) ? _below(1 << 16) : _below(90));
    }

    /// @dev Another subject, of any class, or none at all.
    function _misname(Entry memory e) private {
        uint256 choice = _below(7);
        if (choice == 0) e.subject = _organisation();
        else if (choice == 1) e.subject = schemas[_below(schemas.length)];
        else if (choice == 2) e.subject = worlds[_below(worlds.length)];
        else if (choice == 3) e.subject = batches[_below(batches.length)];
        else if (choice == 4) e.subject = founding;
        else if (choice == 5) e.subject = _nobody();
        else e.subject = _asset();
        e.position = subjects[e.subject].count;
    }

    // -- by kind ---------------------------------------------------------------------------------

    function _drawOf(uint16 kind) internal returns (Entry memory) {
        if (kind >= Kinds.REVISED) return _drawOfAsset(kind);
        if (kind == Kinds.ACCOUNT_ADDED || kind == Kinds.ACCOUNT_REMOVED) {
            bytes32 org = _organisation();
            return _next(org, org, kind, abi.encode(_accountTo(kind, org)));
        }
        if (kind == Kinds.CREDENTIAL_ISSUED) {
            return _next(_organisation(), _organisation(), kind, _claim());
        }
        if (kind == Kinds.CREDENTIAL_REVOKED) return _revocation(kind, organisations);
        if (kind == Kinds.WORLD_CLOSED) {
            bytes32 world = worlds[_below(worlds.length)];
            bytes32 org = _oneIn(3) ? _organisation() : subjects[world].parties[0];
            return _next(world, org, kind, abi.encode(_document()));
        }
        return _birth(kind, _organisation());
    }

    function _birth(uint16 kind, bytes32 org) private returns (Entry memory) {
        bytes memory payload;
        bytes32 schema = _oneIn(2) ? bytes32(0) : _schema();
        if (kind == Kinds.SCHEMA_PUBLISHED) {
            if (schema != 0 && !_oneIn(4)) org = subjects[schema].parties[0];
            payload = abi.encode(_documentOf(schemas.length < MAX_SCHEMAS), schema);
        } else if (kind == Kinds.WORLD_OPENED) {
            bytes32 issuer = schema == 0 || _oneIn(2) ? bytes32(0) : _organisation();
            payload = abi.encode(_documentOf(worlds.length < MAX_WORLDS), schema, issuer);
        } else if (kind == Kinds.REGISTERED) {
            bytes32 document = _documentOf(assets.length < MAX_ASSETS);
            payload = abi.encode(_organisation(), schema, document, _below(4));
        } else {
            bool more = batches.length < MAX_BATCHES && assets.length < MAX_ASSETS;
            uint256 size = _oneIn(4) ? MAX_SIZE : 1 + _below(3);
            payload = abi.encode(_organisation(), schema, _document(), size, _documentOf(more));
            if (!more) return _repeated();
        }
        return Entry(_id(kind, org, payload), org, kind, 0, payload);
    }

    /// @dev A birth that has been: there are enough of them.
    function _repeated() private returns (Entry memory e) {
        e.subject = _oneIn(2) ? batches[_below(batches.length)] : _asset();
        (e.org, e.kind) = (subjects[e.subject].parties[0], Kinds.REGISTERED);
        e.payload = abi.encode(e.org, bytes32(0), _documentOf(false), 1);
    }

    function _drawOfAsset(uint16 kind) private returns (Entry memory) {
        if (kind >= Kinds.OFFERED && kind <= Kinds.RELEASED) return _drawOfParty(kind);
        if (kind == Kinds.MOUNTED) return _mounting();
        if (kind == Kinds.DISMOUNTED) return _dismounting();
        if (kind == Kinds.ATTESTED) return _next(_asset(), _organisation(), kind, _claim());
        if (kind == Kinds.ATTESTATION_REVOKED) return _revocation(kind, assets);
        if (kind == Kinds.LISTED) return _listing();
        if (kind == Kinds.DELISTED) return _delisting();

        bytes32 id = _asset();
        bytes32 org = subjects[id].parties[0];
        if (kind == Kinds.REVISED && _oneIn(2)) org = _holderOf(id, 2);
        if (kind == Kinds.OBSERVED || kind == Kinds.CORRECTED) org = _holderOf(id, _below(3));
        if (kind == Kinds.CORRECTED) {
            uint256 corrects = _below(subjects[id].count + (_oneIn(4) ? 2 : 0));
            return _next(id, org, kind, abi.encode(corrects, _document()));
        }
        if (kind == Kinds.STAGED) return _next(id, org, kind, abi.encode(_stageAfter(id)));
        if (kind == Kinds.TRANSFERRED) return _next(id, org, kind, abi.encode(_other(org)));
        if (kind == Kinds.ERASED) return _next(id, org, kind, _receipt());
        return _next(id, org, kind, abi.encode(_document()));
    }

    function _drawOfParty(uint16 kind) private returns (Entry memory) {
        uint256 party = _below(4);
        bytes32 id = _asset();
        if (kind == Kinds.OFFERED) {
            bytes32 by = _holderOf(id, party);
            return _next(id, by, kind, abi.encode(party, _other(by), _expiry()));
        }
        uint256 obstacle = _oneIn(3) ? 1 << _below(4) : 0;
        for (uint256 i; i < 4 * assets.length && !_isReady(kind, id, party, obstacle); ++i) {
            party = (party + 1) % 4;
            if (i % 4 == 3) id = _after(id);
        }
        bytes32 org = _holderOf(id, party);
        if (kind == Kinds.ACCEPTED) org = subjects[id].offers[party].to;
        return _next(id, org, kind, abi.encode(party));
    }

    /// @dev Whether just that stands in the way of an offer that is open, or a party that is held.
    function _isReady(uint16 kind, bytes32 id, uint256 party, uint256 obstacle)
        private
        view
        returns (bool)
    {
        Subject storage it = subjects[id];
        if (kind == Kinds.RELEASED && (party == 0 || it.parties[party] == 0)) return false;
        if (kind != Kinds.RELEASED && !it.offers[party].open) return false;
        if (kind != Kinds.ACCEPTED) return it.frozen == (obstacle != 0);
        uint256 found = party == 0 && it.parties[3] != 0 ? 1 : 0;
        if (_hasPassed(it.offers[party].expires)) found |= 2;
        if (!_isActive(it.offers[party].by)) found |= 4;
        if (!_isLive(id)) found |= 8;
        return found == obstacle;
    }

    /// @dev A part that is free, and the first asset from anywhere on that one organisation keeps
    /// as well as the part.
    function _mounting() private returns (Entry memory) {
        bytes32 part = _asset();
        for (uint256 i; i < assets.length && subjects[part].parent != 0; ++i) {
            part = _after(part);
        }
        bytes32 org = _holderOf(part, _below(2));
        bytes32 parent = _asset();
        bool careless = _oneIn(6);
        for (uint256 i; i < assets.length; ++i) {
            if (careless || (parent != part && _keeps(parent, org) && _isLive(parent))) break;
            parent = _after(parent);
        }
        return _next(part, org, Kinds.MOUNTED, abi.encode(parent));
    }

    function _dismounting() private returns (Entry memory) {
        bytes32 part = _asset();
        for (uint256 i; i < assets.length && subjects[part].parent == 0; ++i) {
            part = _after(part);
        }
        bytes32 parent = subjects[part].parent;
        bytes32 org = _holderOf(part, _below(2));
        if (!_keeps(parent, org)) org = _holderOf(parent, _below(2));
        return _next(part, org, Kinds.DISMOUNTED, abi.encode(parent));
    }

    function _revocation(uint16 kind, bytes32[] storage among) private returns (Entry memory) {
        uint256 start = _below(among.length);
        bytes32 id = among[start];
        for (uint256 i; i < among.length && claimed[id].length == 0; ++i) {
            id = among[(start + i) % among.length];
        }
        uint64 position;
        if (claimed[id].length != 0) position = claimed[id][_below(claimed[id].length)];
        Claim storage claim = claims[id][position];
        return _next(id, claim.issuer, kind, abi.encode(position, claim.schema));
    }

    function _listing() private returns (Entry memory) {
        bytes32 id = _asset();
        bytes32 org = subjects[id].parties[0];
        uint256 start = _below(worlds.length);
        bool contrary = _oneIn(4);
        bytes32 issuer;
        uint64 position;
        bytes32 world;
        for (uint256 i; i < worlds.length; ++i) {
            world = worlds[(start + i) % worlds.length];
            (issuer, position) = _credentialFor(world, org, contrary);
            if (!subjects[world].closed && (issuer != 0 || subjects[world].schema == 0)) break;
        }
        bytes memory payload =
            abi.encode(world, _document(), _document(), _expiry(), issuer, position);
        return _next(id, org, Kinds.LISTED, payload);
    }

    /// @dev A credential that admits the organisation, if it has one; the contrary take one of the
    /// schema that does not.
    function _credentialFor(bytes32 world, bytes32 org, bool contrary)
        private
        view
        returns (bytes32, uint64)
    {
        Subject storage it = subjects[world];
        for (uint256 i; i < claimed[org].length; ++i) {
            uint64 position = claimed[org][i];
            bytes32 issuer = claims[org][position].issuer;
            bool admits = (it.issuer == 0 || it.issuer == issuer)
                && _isInForce(org, position, issuer, it.schema);
            bool ofSchema = claims[org][position].schema == it.schema;
            if (contrary ? ofSchema && !admits : admits) return (issuer, position);
        }
        return (0, 0);
    }

    function _delisting() private returns (Entry memory) {
        bytes32 id = _asset();
        bytes32 world = worlds[_below(worlds.length)];
        for (uint256 i; i < assets.length && !listings[id][world].open; ++i) {
            id = _after(id);
            if (i % 4 == 3) world = worlds[_below(worlds.length)];
        }
        return _next(id, subjects[id].parties[0], Kinds.DELISTED, abi.encode(world));
    }

    // -- small draws -----------------------------------------------------------------------------

    function _next(bytes32 subject, bytes32 org, uint16 kind, bytes memory payload)
        internal
        view
        returns (Entry memory)
    {
        return Entry(subject, org, kind, subjects[subject].count, payload);
    }

    function _claim() private returns (bytes memory) {
        return abi.encode(_schema(), _document(), _expiry());
    }

    function _receipt() private returns (bytes memory) {
        bytes32[] memory documents = new bytes32[](1 + _below(3));
        for (uint256 i; i < documents.length; ++i) {
            documents[i] = _document();
        }
        return abi.encode(Erased(documents));
    }

    function _stageAfter(bytes32 id) private returns (uint256) {
        uint8 stage = subjects[id].stage;
        if (_oneIn(3)) return _below(7);
        if (stage == 2) return 3 + _below(2);
        if (stage == 3) return _oneIn(2) ? 2 : 4;
        return stage + 1;
    }
}
