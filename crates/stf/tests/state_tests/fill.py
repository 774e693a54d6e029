"""Fills state tests for Prague: writes expected.json, or the parts of it that are named.

The tests of npm's `ethereumjs-testing` are Ethereum's own (ethereum/tests of October 2016), so their inputs
are outside ones, but the results in them are those of Frontier, Homestead and EIP-150. generated.json has
tests of what came later, without results. Here Ethereum's executable specification (PyPI's
`ethereum-execution`) runs both by the rules of Prague. Nothing of Oneslot takes part.

    npm ci && python3 -m venv /tmp/fill && /tmp/fill/bin/pip install --require-hashes -r requirements.txt
    /tmp/fill/bin/python fill.py [generated.json] [EIP150/stChangedTests.json] ...

What a test of 2016 does not say, `state_tests.rs` chooses in the same way:
block number at least 1, base fee 0, prevRandao = the difficulty, all block hashes zero, chain id 1.
"""

import json
import logging
import signal
import sys
from io import StringIO
from pathlib import Path

from ethereum.exceptions import StateWithEmptyAccount
from ethereum_spec_tools.evm_tools import create_parser
from ethereum_spec_tools.evm_tools.t8n import T8N, ForkCache

HERE = Path(__file__).parent
TESTS = HERE / "node_modules/ethereumjs-testing/tests/StateTests"
# The newest version of each test: what stands in a folder of an older fork as well is left out there.
# stMemoryStressTest is left out everywhere: the specification needs gigabytes of memory for it.
FOLDERS = ["EIP150", "EIP150/Homestead", "RandomTests"]
FILES = [
    "stBlockHashTest.json",
    "stExample.json",
    "stSolidityTest.json",
    "stTransitionTest.json",
]
# Written by generate.py.
GENERATED = "generated.json"
# Seconds that the specification gets for one test.
LIMIT = 30
ARGUMENTS = "t8n --input.alloc stdin --input.env stdin --input.txs stdin --state.fork Prague --state-test"


class TooLong(BaseException):
    """The specification, which is written to be read, needs longer than LIMIT."""


def too_long(*_):
    raise TooLong


def quantity(text):
    return int(text or "0", 16) if text != "0x" else 0


def run(test, cache):
    """The post state of one test: state root, hash of the logs, gas used; None if it is rejected."""
    env = test["env"]
    number = max(1, quantity(env["currentNumber"]))
    tx = test["transaction"]
    given = {
        "env": {
            "currentCoinbase": env["currentCoinbase"],
            "currentGasLimit": hex(quantity(env["currentGasLimit"])),
            "currentNumber": hex(number),
            "currentTimestamp": hex(quantity(env["currentTimestamp"])),
            "currentRandom": f"{quantity(env['currentDifficulty']):064x}",
            "currentBaseFee": "0x0",
            "currentExcessBlobGas": "0x0",
            "blockHashes": {hex(at): "0x" + "00" * 32 for at in range(max(0, number - 256), number)},
            "withdrawals": [],
        },
        "alloc": {
            "0x" + address: {
                "balance": hex(quantity(account["balance"])),
                "nonce": hex(quantity(account["nonce"])),
                "code": account["code"],
                "storage": {
                    hex(quantity(slot)): hex(quantity(value))
                    for slot, value in account["storage"].items()
                },
            }
            for address, account in test["pre"].items()
        },
        "txs": [
            {
                "input": tx["data"],
                "gas": hex(quantity(tx["gasLimit"])),
                "gasPrice": hex(quantity(tx["gasPrice"])),
                "nonce": hex(quantity(tx["nonce"])),
                "to": tx["to"],
                "value": hex(quantity(tx["value"])),
                "secretKey": "0x" + tx["secretKey"],
            }
        ],
    }
    options = create_parser().parse_args(ARGUMENTS.split())
    t8n = T8N(options, StringIO(), StringIO(json.dumps(given)), cache)
    t8n.run_state_test()
    result = t8n.result
    if result.rejected:
        return None
    return ["0x" + result.state_root.hex(), "0x" + result.logs_hash.hex(), int(result.gas_used)]


def main():
    logging.disable(logging.CRITICAL)
    signal.signal(signal.SIGALRM, too_long)
    paths = [path for folder in FOLDERS for path in sorted((TESTS / folder).glob("*.json"))]
    paths += [TESTS / file for file in FILES]
    paths = {str(path.relative_to(TESTS)): path for path in paths} | {GENERATED: HERE / GENERATED}
    files = {}
    if named := sys.argv[1:]:
        files = json.loads((HERE / "expected.json").read_text())
        paths = {name: paths[name] for name in named}
    with ForkCache() as cache:
        for file, path in paths.items():
            results = files[file] = {}
            for name, test in sorted(json.loads(path.read_text()).items()):
                signal.alarm(LIMIT)
                try:
                    results[name] = run(test, cache)
                except TooLong:
                    results[name] = "too long for the specification"
                except StateWithEmptyAccount:
                    results[name] = "empty account before the transaction, which EIP-7523 rules out"
                finally:
                    signal.alarm(0)
            print(file, len(results), file=sys.stderr)
    # One test a line.
    text = ",\n".join(
        f"{json.dumps(file)}: {{\n"
        + ",\n".join(f"  {json.dumps(name)}: {json.dumps(result)}" for name, result in results.items())
        + "\n}"
        for file, results in files.items()
    )
    (HERE / "expected.json").write_text("{\n" + text + "\n}\n")


if __name__ == "__main__":
    main()
