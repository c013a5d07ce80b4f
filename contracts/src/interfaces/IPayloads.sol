// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import "../types/Payloads.sol";

/// @title Each kind's payload, for tools that read ABIs.
/// @notice Never deployed. The function named like a kind takes the struct whose `abi.encode` is
/// the payload of that kind's entries.
interface IPayloads {
    function enrolled(Enrolled calldata payload) external;
    function suspended(Suspended calldata payload) external;
    function reinstated(Reinstated calldata payload) external;
    function accountAdded(AccountAdded calldata payload) external;
    function accountRemoved(AccountRemoved calldata payload) external;
    function registered(Registered calldata payload) external;
    function revised(Revised calldata payload) external;
    function observed(Observed calldata payload) external;
    function corrected(Corrected calldata payload) external;
    function transferred(Transferred calldata payload) external;
    function frozen(Frozen calldata payload) external;
    function unfrozen(Unfrozen calldata payload) external;
}
