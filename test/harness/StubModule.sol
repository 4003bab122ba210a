// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice A module that answers each function as it is told to: what custody must live with.
contract StubModule {
    /// @notice What a function does: give an answer, fail, burn all its gas, or call somebody first.
    enum Act {
        Answer,
        Fail,
        Burn,
        Call
    }

    struct Plan {
        Act act;
        address target;
        bytes data;
    }

    error StubFailed();

    mapping(bytes4 selector => Plan) public plans;

    function plan(bytes4 selector, Act act, address target, bytes calldata data) external {
        Plan storage p = plans[selector];
        (p.act, p.target, p.data) = (act, target, data);
    }

    function execute(address target, bytes calldata data) external returns (bytes memory) {
        return _call(target, data);
    }

    fallback(bytes calldata) external returns (bytes memory) {
        Plan storage p = plans[msg.sig];
        if (p.act == Act.Fail) revert StubFailed();
        if (p.act == Act.Burn) {
            while (true) {}
        }
        if (p.act == Act.Call) return _call(p.target, p.data);
        return p.data;
    }

    function _call(address target, bytes memory data) private returns (bytes memory) {
        (bool ok, bytes memory answer) = target.call(data);
        if (!ok) {
            assembly ("memory-safe") {
                revert(add(answer, 0x20), mload(answer))
            }
        }
        return answer;
    }
}
