//! What follows the creations: the council's Safe, and the rollup's entry in Settlement.

use alloy::sol_types::SolCall;
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};

use super::{CouncilPlan, Plan, creation::Step};
use crate::{
    Error, Inclusion, Sender, TxRequest,
    bindings::{Safe, SafeProxyFactory, Settlement},
};

impl Plan {
    /// Sets the council up, if it does not exist yet.
    pub(super) async fn council(&self, sender: &Sender) -> Result<Address, Error> {
        let (owners, threshold) = match &self.params.council {
            CouncilPlan::None => return Ok(Address::ZERO),
            CouncilPlan::Account(account) => return Ok(*account),
            CouncilPlan::Safe { owners, threshold } => (owners.clone(), *threshold),
        };
        let (code, factory) = (self.address(Step::SafeCode), self.address(Step::SafeFactory));
        let initializer = Safe::setupCall {
            _owners: owners,
            _threshold: U256::from(threshold),
            to: Address::ZERO,
            data: Bytes::new(),
            fallbackHandler: Address::ZERO,
            paymentToken: Address::ZERO,
            payment: U256::ZERO,
            paymentReceiver: Address::ZERO,
        }
        .abi_encode();
        let client = sender.client();
        let proxy_code = SafeProxyFactory::new(factory, client.provider())
            .proxyCreationCode()
            .call()
            .await
            .map_err(|e| client.call_error("SafeProxyFactory", factory, e))?;
        // CREATE2 as the factory does it: salt = keccak256(keccak256(initializer) ‖ nonce).
        let salt = keccak256([keccak256(&initializer), B256::ZERO].concat());
        let init_code = [proxy_code.as_ref(), code.into_word().as_slice()].concat();
        let safe = factory.create2_from_code(salt, init_code);
        let call = SafeProxyFactory::createProxyWithNonceCall {
            _singleton: code,
            initializer: initializer.into(),
            saltNonce: U256::ZERO,
        };
        let request = TxRequest::call(factory, call.abi_encode());
        sender.send(&self.key_named("Council"), request).await?;
        let got = Safe::new(safe, client.provider())
            .getThreshold()
            .call()
            .await
            .map_err(|e| client.call_error("Safe", safe, e))?;
        if got != U256::from(threshold) {
            return Err(Error::Local {
                what: "council".into(),
                message: format!("threshold: expected {threshold}, got {got}"),
            });
        }
        Ok(safe)
    }

    pub(super) async fn register(
        &self,
        sender: &Sender,
        genesis_output: B256,
        council: Address,
    ) -> Result<Inclusion, Error> {
        let params = &self.params;
        let has_council = council != Address::ZERO;
        let call = Settlement::registerCall {
            params: Settlement::RegisterParams {
                inbox: self.address(Step::Inbox),
                genesisOutput: genesis_output,
                policy: Settlement::Policy {
                    fromBatch: 1,
                    programHash: params.program_hash,
                    configHash: params.config.hash(),
                    lanes: self.lanes().iter().map(|lane| lane.address).collect(),
                    lastResortAfter: params.last_resort_after,
                    instantWindow: params.instant_window,
                },
                council: Settlement::Council {
                    account: council,
                    mode: has_council.into(),
                    changeDelay: if has_council { params.change_delay } else { 0 },
                },
            },
        };
        let request = TxRequest::call(self.address(Step::Settlement), call.abi_encode());
        sender.send(&self.key_named("Register"), request).await
    }
}
