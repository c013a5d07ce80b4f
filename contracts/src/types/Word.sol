// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice Everything the contract itself must know of a subject, in one storage word.
///
///   255          232 231  228 227      196 195        160 159                0
///  +----------------+--------+------------+--------------+-------------------+
///  |      own       | class  |   count    |   openedAt   |       owner       |
///  +----------------+--------+------------+--------------+-------------------+
///
///  owner     the address of the organisation that holds title to an asset or a batch, or that
///            published a schema or opened a world; zero for organisations and the ledger
///  openedAt  the block time of entry 0, seconds since 1970
///  count     how many entries the subject has, which is the next one's position
///  class     1 asset, 2 batch, 3 schema, 4 world, 5 organisation, 6 the ledger; 0 means there is
///            none
///  own       what the class is about:
///
///   255              245 244 243   240 239  237 236  234 233 232
///  +--------------------+---+---------+--------+--------+---+---+
///  |         -          | M | offered |  held  | stage  | A | F |   asset
///  +--------------------+---+---------+--------+--------+---+---+
///  |                           size                             |   batch
///  +------------------------------------------------------------+
///  |                            -                           | C |   world
///  +-----------+---+--------------------------------------------+
///  |     -     | S |                 accounts                   |   organisation
///  +-----------+---+--------------------------------------------+
///   255     249 248 247                                      232
///
///  F         frozen: refuses all but governance
///  A         approved: an ERC-721 approval is set
///  stage     where in its life it is, one of `Stages`
///  held      a bit per party but the owner (custodian lowest): somebody is it
///  offered   a bit per party (owner lowest): it is offered to somebody
///  M         mounted: it is a part of another
///  size      how many assets a batch holds
///  C         closed: a world that takes no more listings
///  accounts  how many accounts an organisation has
///  S         suspended: an organisation that may neither act nor receive
///
///  The subject's own entries tell all of it but A, which no entry tells of; whoever proves a word
///  leaves that out.
type Word is uint256;

using Words for Word global;

/// @title Reading and changing a subject's word.
library Words {
    uint8 internal constant ASSET = 1;
    uint8 internal constant BATCH = 2;
    uint8 internal constant SCHEMA = 3;
    uint8 internal constant WORLD = 4;
    uint8 internal constant ORGANISATION = 5;
    uint8 internal constant LEDGER = 6;

    uint256 private constant OPENED_AT = 160;
    uint256 private constant COUNT = 196;
    uint256 private constant CLASS = 228;
    uint256 private constant OWN = 232;
    uint256 private constant STAGE = 234;
    uint256 private constant HELD = 236; // custodian, party 1, is bit 237
    uint256 private constant OFFERED = 240;

    uint256 private constant OWNER_MASK = (1 << 160) - 1;
    uint256 private constant OPENED_AT_MASK = (1 << 36) - 1;
    uint256 private constant FROZEN = 1 << 232;
    uint256 private constant APPROVED = 1 << 233;
    uint256 private constant STAGE_MASK = 7 << STAGE;
    uint256 private constant OFFERED_MASK = 15 << OFFERED;
    uint256 private constant MOUNTED = 1 << 244;
    uint256 private constant CLOSED = 1 << 232;
    uint256 private constant SUSPENDED = 1 << 248;

    /// @dev The word of a subject that is born now; its first entry is yet to be counted.
    function opened(uint8 class_, address owner_) internal view returns (Word) {
        return Word.wrap(
            (uint256(class_) << CLASS) | ((block.timestamp & OPENED_AT_MASK) << OPENED_AT)
                | uint160(owner_)
        );
    }

    /// @dev The word of an asset that only its batch's entry tells of: that was its first.
    function member(Word batch) internal pure returns (Word) {
        uint256 kept = Word.unwrap(batch) & ((1 << COUNT) - 1);
        return Word.wrap(kept | (1 << COUNT) | (uint256(ASSET) << CLASS));
    }

    function owner(Word word) internal pure returns (address) {
        return address(uint160(Word.unwrap(word)));
    }

    function count(Word word) internal pure returns (uint32) {
        return uint32(Word.unwrap(word) >> COUNT);
    }

    function class(Word word) internal pure returns (uint8) {
        return uint8(Word.unwrap(word) >> CLASS) & 15;
    }

    function isAsset(Word word) internal pure returns (bool) {
        return Word.unwrap(word) & (15 << CLASS) == uint256(ASSET) << CLASS;
    }

    function isFrozen(Word word) internal pure returns (bool) {
        return Word.unwrap(word) & FROZEN != 0;
    }

    function isApproved(Word word) internal pure returns (bool) {
        return Word.unwrap(word) & APPROVED != 0;
    }

    function stage(Word word) internal pure returns (uint8) {
        return uint8(Word.unwrap(word) >> STAGE) & 7;
    }

    function isHeld(Word word, uint256 party) internal pure returns (bool) {
        return (Word.unwrap(word) >> (HELD + party)) & 1 != 0;
    }

    function isOffered(Word word, uint256 party) internal pure returns (bool) {
        return (Word.unwrap(word) >> (OFFERED + party)) & 1 != 0;
    }

    function isMounted(Word word) internal pure returns (bool) {
        return Word.unwrap(word) & MOUNTED != 0;
    }

    function size(Word word) internal pure returns (uint256) {
        return Word.unwrap(word) >> OWN;
    }

    function isClosed(Word word) internal pure returns (bool) {
        return Word.unwrap(word) & CLOSED != 0;
    }

    function accounts(Word word) internal pure returns (uint16) {
        return uint16(Word.unwrap(word) >> OWN);
    }

    function isSuspended(Word word) internal pure returns (bool) {
        return Word.unwrap(word) & SUSPENDED != 0;
    }

    /// @dev One entry more. The journal keeps `count` below its limit.
    function counted(Word word) internal pure returns (Word) {
        unchecked {
            return Word.wrap(Word.unwrap(word) + (1 << COUNT));
        }
    }

    /// @dev Another owner; whatever the former one let others have is void.
    function passedTo(Word word, address owner_) internal pure returns (Word) {
        uint256 cleared = Word.unwrap(word) & ~(OWNER_MASK | APPROVED | OFFERED_MASK);
        return Word.wrap(cleared | uint160(owner_));
    }

    function withFrozen(Word word, bool on) internal pure returns (Word) {
        return _with(word, FROZEN, on);
    }

    function withApproved(Word word, bool on) internal pure returns (Word) {
        return _with(word, APPROVED, on);
    }

    function withStage(Word word, uint256 stage_) internal pure returns (Word) {
        return Word.wrap((Word.unwrap(word) & ~STAGE_MASK) | (stage_ << STAGE));
    }

    function withHeld(Word word, uint256 party, bool on) internal pure returns (Word) {
        return _with(word, 1 << (HELD + party), on);
    }

    function withOffered(Word word, uint256 party, bool on) internal pure returns (Word) {
        return _with(word, 1 << (OFFERED + party), on);
    }

    function withMounted(Word word, bool on) internal pure returns (Word) {
        return _with(word, MOUNTED, on);
    }

    /// @dev A batch's size, set once.
    function withSize(Word word, uint256 size_) internal pure returns (Word) {
        return Word.wrap(Word.unwrap(word) | (size_ << OWN));
    }

    /// @dev A world is closed for good.
    function closed(Word word) internal pure returns (Word) {
        return Word.wrap(Word.unwrap(word) | CLOSED);
    }

    /// @dev One account more. The directory keeps `accounts` below its limit.
    function withAccount(Word word) internal pure returns (Word) {
        unchecked {
            return Word.wrap(Word.unwrap(word) + (1 << OWN));
        }
    }

    /// @dev One account less. The directory keeps the last one.
    function withoutAccount(Word word) internal pure returns (Word) {
        unchecked {
            return Word.wrap(Word.unwrap(word) - (1 << OWN));
        }
    }

    function withSuspended(Word word, bool on) internal pure returns (Word) {
        return _with(word, SUSPENDED, on);
    }

    function _with(Word word, uint256 flag, bool on) private pure returns (Word) {
        uint256 cleared = Word.unwrap(word) & ~flag;
        return Word.wrap(on ? cleared | flag : cleared);
    }
}
