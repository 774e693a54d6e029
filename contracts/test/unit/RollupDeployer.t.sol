// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {RollupDeployer} from "../../src/RollupDeployer.sol";
import {IInbox, InboxParams} from "../../src/interfaces/IInbox.sol";
import {PortalParams} from "../../src/interfaces/IPortal.sol";
import {FinalOutputs} from "../support/PortalFixture.sol";
import {EdgeTest} from "../support/Cheats.sol";

contract RollupDeployerTest is EdgeTest {
    FinalOutputs private _settlement;

    function setUp() public {
        vm.etch(HISTORY, HISTORY_CODE);
        _mine(1000, 1_800_000_000);
        _settlement = new FinalOutputs();
    }

    function _inboxParams() private pure returns (InboxParams memory) {
        return InboxParams({
            batcher: address(0xBA7C),
            registrant: address(0x4E61),
            portal: address(0),
            forceWindow: 12 hours,
            originNumber: 999,
            originHash: _hashOf(999)
        });
    }

    function _portalParams() private view returns (PortalParams memory) {
        return
            PortalParams({settlement: address(_settlement), inbox: address(0), l2GasLimit: 30_000_000, instantCap: 7});
    }

    function test_InboxAndPortalNameEachOther() public {
        RollupDeployer deployer = new RollupDeployer(_inboxParams(), _portalParams());
        vm.assertEq(deployer.inbox().portal(), address(deployer.portal()));
        vm.assertEq(deployer.portal().inbox(), address(deployer.inbox()));
        vm.assertEq(address(deployer.inbox()), vm.computeCreateAddress(address(deployer), 1));
        vm.assertEq(address(deployer.portal()), vm.computeCreateAddress(address(deployer), 2));
    }

    function test_PassesTheParametersOn() public {
        RollupDeployer deployer = new RollupDeployer(_inboxParams(), _portalParams());
        vm.assertEq(deployer.inbox().batcher(), address(0xBA7C));
        vm.assertEq(deployer.inbox().registrant(), address(0x4E61));
        vm.assertEq(uint256(deployer.inbox().forceWindow()), 12 hours);
        vm.assertEq(deployer.portal().settlement(), address(_settlement));
        vm.assertEq(deployer.portal().instantCap(), 7);
    }

    function test_RevertIf_TheInboxRefusesItsParameters() public {
        InboxParams memory params = _inboxParams();
        params.forceWindow = 0;
        vm.expectRevert(abi.encodeWithSelector(IInbox.BadForceWindow.selector, 1, 7 days, 0));
        new RollupDeployer(params, _portalParams());
    }
}
