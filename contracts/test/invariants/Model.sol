// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IAssetLedger} from "../../src/interfaces/IAssetLedger.sol";
import {Entry} from "../../src/types/Entry.sol";
import {Kinds} from "../../src/types/Kinds.sol";
import {Words} from "../../src/types/Word.sol";
import {VM} from "../Deploy.sol";
import {Vm} from "../Vm.sol";

/// @notice How an entry comes to the ledger.
enum Door {
    DEPLOYMENT,
    APPEND,
    SIGNED,
    TOKEN,
    GOVERNANCE
}

/// @notice An entry that is tried or was logged, who is behind it, and how it comes.
struct Attempt {
    Entry entry;
    address actor;
    Door door;
}

struct Offer {
    bool open;
    bytes32 to;
    uint64 expires;
    bytes32 by;
    uint64 title; // how often title had changed when it was made
}

struct Claim {
    uint16 kind;
    bytes32 issuer;
    bytes32 schema;
    uint64 expires;
    bool revoked;
}

struct Listing {
    bool open;
    bytes32 by;
    uint64 expires;
    bytes32 issuer;
    uint64 credential;
}

/// @notice All that entries have told of a subject; `parties[0]` owns, publishes or has opened it.
struct Subject {
    uint8 class;
    uint64 count;
    uint64 openedAt;
    bytes32 head;
    bytes32[4] parties;
    // an asset
    bool frozen;
    uint8 stage;
    Offer[4] offers;
    uint64 titles;
    address approved;
    bytes32 parent;
    uint256 parts;
    // a batch
    uint256 size;
    // a world
    bool closed;
    bytes32 schema;
    bytes32 issuer;
    // an organisation
    bool suspended;
    uint256 accounts;
}

/// @title What the ledger ought to be: plain state, and plain questions to it.
/// @dev Bits, hashes and graphs are written out here once more, apart from the contracts'.
abstract contract Model {
    Vm internal constant vm = VM;
    uint256 internal constant MAX_SIZE = (1 << 24) - 1;
    /// @dev The bit of a word that entries do not tell of: an approval.
    uint256 internal constant APPROVED = 1 << 233;

    IAssetLedger public ledger;
    bytes32 internal domain;

    bytes32 internal founding;
    address internal authority;
    bytes32 internal ledgerHead;
    bool internal paused;
    uint256 internal births;
    string internal baseURI;

    bytes32[] internal organisations;
    bytes32[] internal schemas;
    bytes32[] internal worlds;
    bytes32[] internal batches;
    bytes32[] internal assets;
    mapping(bytes32 asset => uint256) internal placeOf;
    mapping(bytes32 subject => Subject) internal subjects;
    mapping(bytes32 org => mapping(address account => bool)) internal isAccount;
    /// @dev Every account that an organisation has had, each once.
    mapping(bytes32 org => address[]) internal known;
    mapping(bytes32 org => mapping(address account => bool)) internal isKnown;
    mapping(address organisation => bytes32) internal organisationAt;
    mapping(bytes32 subject => mapping(uint64 position => Claim)) internal claims;
    mapping(bytes32 subject => uint64[]) internal claimed;
    mapping(bytes32 asset => mapping(bytes32 world => Listing)) internal listings;
    mapping(bytes32 parent => mapping(bytes32 part => bool)) internal hasPart;
    /// @dev Members of batches that are too many to follow, and that nobody ever tries to move.
    mapping(bytes32 org => uint256) internal unfollowed;

    function _id(uint16 kind, bytes32 org, bytes memory payload)
        internal
        view
        returns (bytes32 id)
    {
        id = keccak256(abi.encode(domain, kind, org, keccak256(payload)));
        if (kind == Kinds.BATCH_REGISTERED) id = bytes32((uint256(id) >> 24) << 24);
    }

    /// @dev The word that a subject's entries make, without `APPROVED`.
    function _wordOf(bytes32 id) internal view returns (uint256 word) {
        Subject storage it = subjects[id];
        word = uint160(_addressOf(it.parties[0])) | (uint256(it.openedAt) << 160);
        word |= (uint256(it.count) << 196) | (uint256(it.class) << 228);
        if (it.class == Words.ASSET) {
            word |= _ownBitsOf(it);
        } else if (it.class == Words.BATCH) {
            word |= it.size << 232;
        } else if (it.class == Words.WORLD) {
            word |= _bit(it.closed, 232);
        } else if (it.class == Words.ORGANISATION) {
            word |= (it.accounts << 232) | _bit(it.suspended, 248);
        }
    }

    function _ownBitsOf(Subject storage it) private view returns (uint256 bits) {
        bits = _bit(it.frozen, 232) | (uint256(it.stage) << 234) | _bit(it.parent != 0, 244);
        for (uint256 party; party < 4; ++party) {
            if (party > 0) bits |= _bit(it.parties[party] != 0, 236 + party);
            bits |= _bit(it.offers[party].open, 240 + party);
        }
    }

    /// @dev Whether it is an asset, but none that the model knows.
    function _isUnfollowed(bytes32 id) internal view returns (bool) {
        Subject storage batch = subjects[bytes32((uint256(id) >> 24) << 24)];
        uint256 place = uint256(id) & 0xffffff;
        bool within = place != 0 && place <= batch.size;
        return batch.class == Words.BATCH && within && subjects[id].class == 0;
    }

    /// @dev The members of a batch that are followed: the first two and the last.
    function _followed(bytes32 batch, uint256 size) internal pure returns (bytes32[] memory ids) {
        ids = new bytes32[](size < 3 ? size : 3);
        for (uint256 i; i < ids.length; ++i) {
            ids[i] = bytes32(uint256(batch) + (i == 2 ? size : i + 1));
        }
    }

    function _mayFollow(uint8 stage, uint256 next) internal pure returns (bool) {
        if (stage == 0) return next == 1;
        if (stage == 1) return next == 2;
        if (stage == 2) return next == 3 || next == 4;
        if (stage == 3) return next == 2 || next == 4;
        return stage == 4 && next == 5;
    }

    function _isActive(bytes32 org) internal view returns (bool) {
        return subjects[org].class == Words.ORGANISATION && !subjects[org].suspended;
    }

    function _isLive(bytes32 asset) internal view returns (bool) {
        Subject storage it = subjects[asset];
        return it.class == Words.ASSET && !it.frozen && it.stage != 5;
    }

    /// @dev Who may offer a party: who is it, or the owner where nobody is.
    function _holderOf(bytes32 asset, uint256 party) internal view returns (bytes32 org) {
        org = subjects[asset].parties[party];
        if (org == 0) org = subjects[asset].parties[0];
    }

    function _isParty(bytes32 asset, uint256 party, bytes32 org) internal view returns (bool) {
        return org != 0 && subjects[asset].parties[party] == org;
    }

    function _keeps(bytes32 asset, bytes32 org) internal view returns (bool) {
        return _isParty(asset, 0, org) || _isParty(asset, 1, org);
    }

    function _isInForce(bytes32 subject, uint64 position, bytes32 issuer, bytes32 schema)
        internal
        view
        returns (bool)
    {
        Claim storage claim = claims[subject][position];
        return claim.kind != 0 && claim.issuer == issuer && claim.schema == schema && !claim.revoked
            && !_hasPassed(claim.expires);
    }

    function _isListed(bytes32 asset, bytes32 world) internal view returns (bool) {
        Listing storage listing = listings[asset][world];
        if (!listing.open || listing.by != subjects[asset].parties[0]) return false;
        if (_hasPassed(listing.expires) || subjects[world].closed) return false;
        bytes32 schema = subjects[world].schema;
        return schema == 0 || _isInForce(listing.by, listing.credential, listing.issuer, schema);
    }

    /// @dev How many levels of parts are below an asset: the longest way up to it from anywhere.
    function _heightOf(bytes32 asset) internal view returns (uint256 height) {
        if (subjects[asset].parts == 0) return 0;
        for (uint256 i; i < assets.length; ++i) {
            uint256 levels;
            bytes32 up = assets[i];
            while (up != asset && up != 0) (up, levels) = (subjects[up].parent, levels + 1);
            if (up == asset && levels > height) height = levels;
        }
    }

    function _hasPassed(uint64 expires) internal view returns (bool) {
        return expires != 0 && expires < block.timestamp;
    }

    /// @dev The `i`-th 32 bytes of a payload that has them.
    function _at(bytes memory payload, uint256 i) internal pure returns (bytes32 value) {
        assembly ("memory-safe") {
            value := mload(add(payload, mul(32, add(i, 1))))
        }
    }

    function _addressOf(bytes32 org) internal pure returns (address) {
        return address(uint160(uint256(org)));
    }

    function _bit(bool on, uint256 place) private pure returns (uint256) {
        return on ? 1 << place : 0;
    }
}
