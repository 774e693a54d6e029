"""Writes generated.json: tests of what came to Ethereum after the state tests of 2016.

Random programs from the snippets below, the same on every run, in the same form as the old tests; fill.py
computes what becomes of them. Each snippet leaves one word, which the program stores, so that the state
root tells of it; a program ends by storing the gas that is left.
"""

import json
import random
from pathlib import Path

COUNT = 100
SECRET = 0x45A915E4D060149EB4365960E6A7A45F334393093061116B197E3240065FF2D8
SENDER = "a94f5374fce5edbc8e2a8697c15331677e6ebf0b"
COINBASE = "2adc25665018aa1fe0e6bc666dac8fc2697ff9ba"
TARGET, ECHO, BREAKER, WRITER, DELEGATED, NOBODY = (f"{i:x}".rjust(2, "0") * 20 for i in (0xA1, 0xB2, 0xC3, 0xD4, 0xE5, 0xF6))
ADDRESSES = [SENDER, COINBASE, TARGET, ECHO, BREAKER, WRITER, DELEGATED, NOBODY]

P_BLS = 0x1A0111EA397FE69A4B1BA7B6434BACD764774B84F38512BF6730D2A0F6B0F6241EABFFFEB153FFFFB9FEFFFFFFFFAAAB
G1 = (
    0x17F1D3A73197D7942695638C4FA9AC0FC3688C4F9774B905A14E3A3F171BAC586C55E83FF97A1AEFFB3AF00ADB22C6BB,
    0x08B3F481E3AAA0F1A09E30ED741D8AE4FCF5E095D5D00AF600DB18CB2C04B3EDD03CC744A2888AE40CAA232946C5E7E1,
)


def push(value):
    data = value if isinstance(value, bytes) else value.to_bytes((value.bit_length() + 7) // 8, "big")
    return bytes([0x5F + len(data)]) + data


def address(rng):
    return push(bytes.fromhex(rng.choice(ADDRESSES)))


def word(rng):
    return rng.choice([0, 1, 2**255, 2**256 - 1, rng.getrandbits(256), rng.getrandbits(16)])


def mstore(data):
    """Puts data at 0 of the memory."""
    padded = data + bytes(-len(data) % 32)
    return b"".join(push(padded[at : at + 32]) + push(at) + b"\x52" for at in range(0, len(padded), 32))


def hash_returned(flag):
    """Hash of the returned data and a call's flag, from the flag on the stack."""
    return flag + b"\x3d\x5f\x5f\x3e\x3d\x5f\x20\x01"


def shift(rng):
    return push(word(rng)) + push(rng.choice([0, 1, 8, 255, 256, word(rng)])) + rng.choice([b"\x1b", b"\x1c", b"\x1d"])


def environment(rng):
    # Number, prevRandao, chain id, own balance, base fee, blob base fee, size of returned data; a blob's hash.
    return rng.choice([bytes([op]) for op in (0x43, 0x44, 0x46, 0x47, 0x48, 0x4A, 0x3D)] + [push(rng.randrange(3)) + b"\x49"])


def account(rng):
    return address(rng) + rng.choice([b"\x3f", b"\x3b", b"\x31"])


def transient(rng):
    slot = push(rng.randrange(3))
    return push(word(rng)) + slot + b"\x5d" + push(rng.randrange(3)) + b"\x5c"


def store(rng):
    slot = push(rng.randrange(4))
    writes = b"".join(push(rng.choice([0, 1, 2, rng.getrandbits(8)])) + slot + b"\x55" for _ in range(rng.randrange(1, 5)))
    return writes + slot + b"\x54"


def memory(rng):
    copy = push(rng.randrange(100)) + push(rng.randrange(200)) + push(rng.randrange(200)) + b"\x5e"
    return mstore(rng.randbytes(96)) + copy + push(rng.randrange(64, 300)) + push(rng.randrange(40)) + b"\x20"


def call(rng):
    kind = rng.choice([0xF1, 0xF2, 0xF4, 0xFA])
    value = push(rng.choice([0, 0, 1, 10**6])) if kind in (0xF1, 0xF2) else b""
    gas = push(rng.choice([0, 700, 5000, 60000, 2**64]))
    code = mstore(rng.randbytes(32)) + push(0) + push(0) + push(rng.randrange(64)) + push(0) + value + address(rng) + gas
    return hash_returned(code + bytes([kind]))


def log(rng):
    topics = rng.randrange(5)
    return mstore(rng.randbytes(32)) + b"".join(push(word(rng)) for _ in range(topics)) + push(rng.randrange(64)) + push(0) + bytes([0xA0 + topics]) + b"\x5a"


def create(rng):
    size = rng.choice([0, 1, 32, 200, 24576, 24577])
    init = rng.choice(
        [
            push(size) + push(0) + b"\xf3",  # zeros as code
            b"\x60\xef\x5f\x53" + push(1) + push(0) + b"\xf3",  # code that starts with 0xef (EIP-3541)
            b"\x33\xff",  # destroys itself at once (EIP-6780)
            b"\x7f" + b"\x33\xff".ljust(32, b"\0") + b"\x5f\x52" + push(2) + push(0) + b"\xf3",  # destroys itself when called
            push(1) + push(0) + b"\x55" + push(0) + push(0) + b"\xfd",  # reverts
        ]
    )
    code = mstore(init)
    if rng.random() < 0.7:
        code += push(rng.randrange(2))  # salt: the second use of one collides
        code += push(len(init)) + push(0) + push(rng.choice([0, 0, 5])) + b"\xf5"
    else:
        code += push(rng.choice([len(init), 49152, 49153])) + push(0) + push(0) + b"\xf0"
    if rng.random() < 0.5:
        code += b"\x80" + push(0) * 4 + push(3) + b"\x85" + push(50000) + b"\xf1\x50"  # call what was made
        code += b"\x80\x3f\x01"
    return code


def precompile(rng):
    number = rng.randrange(1, 0x12)
    g1 = b"".join(v.to_bytes(64, "big") for v in G1)
    field = lambda: rng.choice([0, 1, P_BLS - 1, P_BLS, rng.randrange(P_BLS)]).to_bytes(64, "big")
    one, two = (1).to_bytes(32, "big"), (2).to_bytes(32, "big")
    scalar = rng.getrandbits(256).to_bytes(32, "big")
    given = {
        5: b"".join(n.to_bytes(32, "big") for n in (rng.randrange(33), rng.randrange(33), rng.randrange(33))) + rng.randbytes(96),
        6: rng.choice([one + two + one + two, bytes(128), one + two, one + one + one + two]),
        7: rng.choice([one + two + scalar, bytes(64) + scalar, one + one + scalar]),
        8: rng.choice([b"", bytes(192), bytes(191), one + two + bytes(128)]),
        9: rng.randrange(20).to_bytes(4, "big") + rng.randbytes(208) + bytes([rng.randrange(3)]),
        10: rng.randbytes(192),
        11: rng.choice([g1 + g1, g1 + bytes(128), bytes(256), rng.randbytes(256), g1]),
        12: rng.choice([g1 + scalar, g1 + scalar + bytes(128) + scalar, b"", bytes(160)]),
        13: rng.choice([bytes(512), bytes(511), rng.randbytes(512)]),
        14: rng.choice([bytes(288), bytes(256) + scalar, b""]),
        15: rng.choice([bytes(384), g1 + bytes(256), b"", bytes(383)]),
        16: field(),
        17: field() + field(),
    }.get(number, rng.randbytes(rng.choice([0, 32, 128])))
    gas = push(rng.choice([150, 30000, 500000]))
    call = push(0) + push(0) + push(len(given)) + push(0) + push(number) + gas + b"\xfa"
    return hash_returned(mstore(given) + call)


SNIPPETS = [shift, environment, account, transient, store, memory, call, call, log, create, create, precompile, precompile, precompile]


def program(rng):
    code = b""
    for slot in range(rng.randrange(3, 9)):
        code += rng.choice(SNIPPETS)(rng) + push(0x100 + slot) + b"\x55"
    code += b"\x5a" + push(0x200) + b"\x55"
    return code + rng.choice([b"", b"", b"", address(rng) + b"\xff"])


def test(rng):
    def plain(balance=0, nonce=0, code=b"", storage=()):
        storage = {hex(slot): hex(value) for slot, value in storage}
        return {"balance": hex(balance), "nonce": hex(nonce), "code": "0x" + code.hex(), "storage": storage}

    transaction = {
        "data": "0x" + bytes(rng.choice([0, 0, rng.randrange(256)]) for _ in range(rng.choice([0, 4, 64, 1500]))).hex(),
        "gasLimit": hex(rng.choice([60_000, 400_000, 3_000_000, 3_000_000, 3_000_000])),
        "gasPrice": hex(rng.randrange(1, 20)),
        "nonce": "0x1",
        "secretKey": f"{SECRET:064x}",
        "to": TARGET,
        "value": hex(rng.choice([0, 0, 7])),
    }
    if rng.randrange(4) == 0:
        transaction["to"], transaction["data"] = "", "0x" + program(rng).hex()
    return {
        "env": {
            "currentCoinbase": COINBASE,
            "currentDifficulty": hex(rng.getrandbits(64)),
            "currentGasLimit": "0x1c9c380",
            "currentNumber": "0x64",
            "currentTimestamp": "0x65000000",
        },
        "pre": {
            SENDER: plain(10**18, 1),
            TARGET: plain(10**6, 1, program(rng), [(slot, slot + 1) for slot in range(3)]),
            # Returns its calldata.
            ECHO: plain(5, 1, b"\x36\x5f\x5f\x37\x36\x5f\xf3"),
            # Reverts with 32 bytes.
            BREAKER: plain(0, 1, b"\x30\x5f\x52\x60\x20\x5f\xfd"),
            # Writes a slot for good and one for the transaction, then sends what it has to nobody and is destroyed.
            WRITER: plain(3, 1, b"\x5a\x5f\x55\x34\x5f\x5d\x73" + bytes.fromhex(NOBODY) + b"\xff", [(0, 9)]),
            # Delegates to the first (EIP-7702).
            DELEGATED: plain(2, 1, b"\xef\x01\x00" + bytes.fromhex(ECHO), [(1, 1)]),
        },
        "transaction": transaction,
    }


def main():
    tests = {f"seed{seed}": test(random.Random(seed)) for seed in range(COUNT)}
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(test)}" for name, test in tests.items())
    (Path(__file__).parent / "generated.json").write_text("{\n" + lines + "\n}\n")


if __name__ == "__main__":
    main()
