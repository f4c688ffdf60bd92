from __future__ import annotations

import davey
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.voice import mls


@pytest.mark.parametrize(("length", "prefix"), [(0, "00"), (63, "3f"), (64, "4040"), (16383, "7fff"), (16384, "80004000")])
def test_vector_lengths_are_shortest(length: int, prefix: str) -> None:
    data = mls.vector(bytes(length))
    assert data[: len(data) - length].hex() == prefix
    reader = mls.Reader(data + b"x")
    assert reader.vector() == bytes(length)
    assert reader.rest == b"x"


@pytest.mark.parametrize("bad", ["c0", "4001aa", "80000040", "05aa", "40", ""])
def test_bad_vectors_are_refused(bad: str) -> None:
    with pytest.raises(mls.MlsError):
        mls.Reader(bytes.fromhex(bad)).vector()


def key_package(user_id: int = 42) -> bytes:
    return davey.DaveSession(1, user_id, 7).get_serialized_key_package()


def test_reads_a_key_package_of_davey() -> None:
    raw = key_package(2**63 + 5)
    package = mls.read_key_package(raw)
    assert (package.user_id, package.lifetime, package.raw) == (2**63 + 5, mls.FOREVER, raw)


def test_a_key_package_with_something_behind_it_is_refused() -> None:
    with pytest.raises(mls.MlsError, match="3 bytes follow"):
        mls.read_key_package(key_package() + b"abc")


def test_every_cut_of_a_key_package_is_refused() -> None:
    raw = key_package()
    for length in range(len(raw)):
        with pytest.raises(mls.MlsError):
            mls.read_key_package(raw[:length])


@given(st.binary(max_size=400))
def test_noise_raises_nothing_but_mls_errors(noise: bytes) -> None:
    for read in (mls.read_key_package, mls.read_welcome, mls.split_commit):
        with pytest.raises(mls.MlsError):
            read(noise)
