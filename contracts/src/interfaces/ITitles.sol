// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC165} from "@openzeppelin/contracts/interfaces/IERC165.sol";
import {IERC4906} from "@openzeppelin/contracts/interfaces/IERC4906.sol";
import {IERC721Metadata} from "@openzeppelin/contracts/token/ERC721/extensions/IERC721Metadata.sol";

/// @title ERC-5646: a fingerprint that changes whenever a token's state does.
interface IERC5646 is IERC165 {
    /// @notice The asset's head.
    function getStateFingerprint(uint256 tokenId) external view returns (bytes32);
}

/// @title Titles: each asset is an ERC-721 token, whose id is the asset's id as a number.
/// @notice Owners are addresses of organisations, and only enrolled and active ones receive.
/// `transferFrom` and both `safeTransferFrom` write a `transferred` entry; the safe ones ask the
/// receiver if there is code at its address. An owner's accounts are its operators:
/// `isApprovedForAll(organisation's address, account)` tells, and `setApprovalForAll` is refused.
/// Approving one token is a setting of the token contract, no entry; it ends with a transfer, and
/// outlives the account that set it.
interface ITitles is IERC721Metadata, IERC4906, IERC5646 {}
