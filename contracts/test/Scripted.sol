// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title The ways in which a contract can answer that the compiler would not write.
abstract contract Scripted {
    /// @dev Answers with a word and zeros, cut or stretched to `size` bytes.
    function _return(bytes32 word, uint256 size) internal pure {
        assembly {
            mstore(0, word)
            return(0, size)
        }
    }

    function _revert(bytes32 word) internal pure {
        assembly {
            mstore(0, word)
            revert(0, 32)
        }
    }

    function _burn() internal pure {
        assembly {
            invalid()
        }
    }
}
