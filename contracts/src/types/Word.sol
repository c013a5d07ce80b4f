// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice Everything the contract itself must know of a subject, in one storage word.
///
///   255        240 239 238 237 236 235 234  232 231      200 199       160 159            0
///  +--------------+-------+---+---+---+--------+------------+-------------+---------------+
///  |   accounts   |   -   | A | S | F | class  |   count    |  openedAt   |     owner     |
///  +--------------+-------+---+---+---+--------+------------+-------------+---------------+
///
///  owner     the address of the organisation that holds title; zero for organisations
///  openedAt  the block time of entry 0, seconds since 1970
///  count     how many entries the subject has, which is the next one's position
///  class     1 asset, 2 batch, 3 schema, 4 world, 5 organisation; 0 means there is none
///  F         frozen: refuses all but governance
///  S         suspended: an organisation that may neither act nor receive
///  A         approved: an ERC-721 approval is set, so that a transfer must clear it. It is the
///            only part that no entry tells of; whoever proves a word leaves it out
///  accounts  how many accounts an organisation has
type Word is uint256;

using Words for Word global;

/// @title Reading and changing a subject's word.
library Words {
    uint8 internal constant ASSET = 1;
    uint8 internal constant BATCH = 2;
    uint8 internal constant SCHEMA = 3;
    uint8 internal constant WORLD = 4;
    uint8 internal constant ORGANISATION = 5;

    uint256 private constant OPENED_AT = 160;
    uint256 private constant COUNT = 200;
    uint256 private constant CLASS = 232;
    uint256 private constant ACCOUNTS = 240;

    uint256 private constant OWNER_MASK = (1 << 160) - 1;
    uint256 private constant FROZEN = 1 << 235;
    uint256 private constant SUSPENDED = 1 << 236;
    uint256 private constant APPROVED = 1 << 237;

    /// @dev The word of a subject that is born now; its first entry is yet to be counted.
    function opened(uint8 class_, address owner_) internal view returns (Word) {
        return Word.wrap(
            (uint256(class_) << CLASS) | (uint256(uint40(block.timestamp)) << OPENED_AT)
                | uint160(owner_)
        );
    }

    function owner(Word word) internal pure returns (address) {
        return address(uint160(Word.unwrap(word)));
    }

    function openedAt(Word word) internal pure returns (uint40) {
        return uint40(Word.unwrap(word) >> OPENED_AT);
    }

    function count(Word word) internal pure returns (uint32) {
        return uint32(Word.unwrap(word) >> COUNT);
    }

    function class(Word word) internal pure returns (uint8) {
        return uint8(Word.unwrap(word) >> CLASS) & 7;
    }

    function accounts(Word word) internal pure returns (uint16) {
        return uint16(Word.unwrap(word) >> ACCOUNTS);
    }

    function isFrozen(Word word) internal pure returns (bool) {
        return Word.unwrap(word) & FROZEN != 0;
    }

    function isSuspended(Word word) internal pure returns (bool) {
        return Word.unwrap(word) & SUSPENDED != 0;
    }

    function isApproved(Word word) internal pure returns (bool) {
        return Word.unwrap(word) & APPROVED != 0;
    }

    function withOwner(Word word, address owner_) internal pure returns (Word) {
        return Word.wrap((Word.unwrap(word) & ~OWNER_MASK) | uint160(owner_));
    }

    /// @dev One entry more. The journal keeps `count` below its limit.
    function counted(Word word) internal pure returns (Word) {
        unchecked {
            return Word.wrap(Word.unwrap(word) + (1 << COUNT));
        }
    }

    /// @dev One account more. The directory keeps `accounts` below its limit.
    function withAccount(Word word) internal pure returns (Word) {
        unchecked {
            return Word.wrap(Word.unwrap(word) + (1 << ACCOUNTS));
        }
    }

    /// @dev One account less. The directory keeps the last one.
    function withoutAccount(Word word) internal pure returns (Word) {
        unchecked {
            return Word.wrap(Word.unwrap(word) - (1 << ACCOUNTS));
        }
    }

    function withFrozen(Word word, bool on) internal pure returns (Word) {
        return _with(word, FROZEN, on);
    }

    function withSuspended(Word word, bool on) internal pure returns (Word) {
        return _with(word, SUSPENDED, on);
    }

    function withApproved(Word word, bool on) internal pure returns (Word) {
        return _with(word, APPROVED, on);
    }

    function _with(Word word, uint256 flag, bool on) private pure returns (Word) {
        uint256 cleared = Word.unwrap(word) & ~flag;
        return Word.wrap(on ? cleared | flag : cleared);
    }
}
