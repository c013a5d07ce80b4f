// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ERC721A} from "erc721a/contracts/ERC721A.sol";

/// @title ERC-721A with an open door and nothing else, to compare costs with.
contract PlainTokenA is ERC721A("Plain", "PLAIN") {
    function mint(address to, uint256, uint256 number) external {
        _mint(to, number);
    }

    /// @notice Transfers the caller's tokens `first` and on, one after the other.
    function transferAll(address to, uint256 first, uint256 number) external {
        for (uint256 i = 0; i < number; ++i) {
            transferFrom(msg.sender, to, first + i);
        }
    }
}
