// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";

/// @title OpenZeppelin's ERC-721 with an open door and nothing else, to compare costs with.
contract PlainToken is ERC721("Plain", "PLAIN") {
    function mint(address to, uint256 first, uint256 number) external {
        for (uint256 i = 0; i < number; ++i) {
            _mint(to, first + i);
        }
    }

    /// @notice Transfers the caller's tokens `first` and on, one after the other.
    function transferAll(address to, uint256 first, uint256 number) external {
        for (uint256 i = 0; i < number; ++i) {
            transferFrom(msg.sender, to, first + i);
        }
    }
}
