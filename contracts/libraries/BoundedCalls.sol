// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Calls to modules that may be broken
/// @notice A module gets a fixed amount of gas, its answer is measured before it is read and never copied whole, and no
/// failure of it is the caller's.
library BoundedCalls {
    /// @notice Whether a call succeeded; false where there is no code.
    function tryCall(address module, uint256 gasLimit, bytes memory data) internal returns (bool ok) {
        if (module.code.length == 0) return false;
        assembly ("memory-safe") {
            ok := call(gasLimit, module, 0, add(data, 0x20), mload(data), 0, 0)
        }
    }

    /// @notice Word number `index` of what a static call returned; not ok if it failed or returned less.
    function tryRead(
        address module,
        uint256 gasLimit,
        bytes memory data,
        uint256 index
    ) internal view returns (bool ok, uint256 value) {
        assembly ("memory-safe") {
            ok := staticcall(gasLimit, module, add(data, 0x20), mload(data), 0, 0)
            let end := mul(add(index, 1), 0x20)
            switch and(ok, iszero(lt(returndatasize(), end)))
            case 0 {
                ok := 0
            }
            default {
                returndatacopy(0, sub(end, 0x20), 0x20)
                value := mload(0)
            }
        }
    }
}
