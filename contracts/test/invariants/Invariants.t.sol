// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";

import {VM} from "../Deploy.sol";
import {Vm} from "../Vm.sol";
import {Handler} from "./Handler.sol";

/// @title What holds after any sequence of calls; INVARIANTS.md lists it.
/// @dev forge runs a campaign of its own for every invariant function. So there is one, and the
/// handler judges after each call, names the invariant that is broken first, and tries no more.
contract InvariantsTest {
    Vm private constant vm = VM;
    uint256 private constant STEPS = 800;

    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    Handler private handler;

    function setUp() public {
        handler = new Handler();
    }

    /// @dev forge asks which functions to call; one named twice is called twice as often.
    function targetSelectors() external view returns (FuzzSelector[] memory targets) {
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector(address(handler), _selectors());
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    function invariant_nothing_listed_is_ever_broken() public view {
        vm.assertEq(handler.violation(), "", "broken");
    }

    /// @dev At the end of each run the whole state is compared once more.
    function afterInvariant() public {
        handler.compareAll();
        vm.assertEq(handler.violation(), "", "broken");
    }

    /// @dev Random histories mean something only if much of what is tried is done, and each kind.
    function test_much_is_accepted_and_every_kind_is() public {
        bytes4[] memory selectors = _selectors();
        for (uint256 i; i < STEPS; ++i) {
            (bool done,) =
                address(handler).call(abi.encodeWithSelector(selectors[i % selectors.length], i));
            vm.assertTrue(done, "a step failed");
        }
        vm.assertEq(handler.violation(), "", "broken");
        vm.assertTrue(handler.accepted() > handler.refused(), "too much was refused");
        bytes memory kinds =
            hex"01020304050607101112202122232425262728292a2b2c2d2e2f3031323340414250515253";
        for (uint256 i; i < kinds.length; ++i) {
            uint16 kind = uint8(kinds[i]);
            string memory never = string.concat("never accepted: kind ", Strings.toString(kind));
            vm.assertTrue(handler.acceptedOf(kind) > 0, never);
        }
    }

    function _selectors() private view returns (bytes4[] memory list) {
        list = new bytes4[](8);
        list[0] = handler.act.selector;
        list[1] = handler.actSigned.selector;
        list[2] = handler.actTogether.selector;
        list[3] = handler.actTogetherSigned.selector;
        list[4] = handler.callToken.selector;
        list[5] = handler.govern.selector;
        list[6] = handler.wait.selector;
        list[7] = handler.actBeyond.selector;
    }
}
