"""libopus through ctypes: found once, loaded once, with typed prototypes.

The copy that comes inside PyAV's wheel is used first (Linux, macOS and Windows wheels all carry it), then the system's.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import functools
import importlib.util
import re
from pathlib import Path
from typing import Final

from audio.errors import LibopusMissing

RATES: Final = (8_000, 12_000, 16_000, 24_000, 48_000)
"""The rates that libopus decodes to and encodes from (RFC 6716, section 2.1.3)."""

_LIBRARY_NAME: Final = re.compile(r"^(lib)?opus[-.].*\.(so|dylib|dll)", re.IGNORECASE)


@functools.cache
def path() -> str:
    """Where libopus is, as `discord.opus.load_opus` and ctypes take it.

    Raises:
        LibopusMissing: neither PyAV's wheel nor the system has one.
    """
    found = next(iter(_bundled()), None) or ctypes.util.find_library("opus")
    if found is None:
        raise LibopusMissing(
            "libopus was found neither in PyAV's wheel nor on the system: reinstall PyAV (pip install --force-reinstall --only-binary av av) "
            "or install libopus (Debian: libopus0, macOS: brew install opus)."
        )
    return found


def _bundled() -> list[str]:
    """The copies beside PyAV, as auditwheel and delvewheel (av.libs) and delocate (av/.dylibs) place them."""
    spec = importlib.util.find_spec("av")
    if spec is None or not spec.submodule_search_locations:
        return []
    package = Path(spec.submodule_search_locations[0])
    folders = (package.parent / "av.libs", package / ".dylibs")
    return sorted(
        str(file) for folder in folders if folder.is_dir() for file in folder.iterdir() if _LIBRARY_NAME.match(file.name)
    )


@functools.cache
def load() -> ctypes.PyDLL:
    """The library with its prototypes set.

    A PyDLL keeps the interpreter's lock during a call: a frame takes some 30 µs, less than handing the lock over and waiting for it again.

    Raises:
        LibopusMissing: there is none, or it cannot be loaded.
    """
    try:
        library = ctypes.PyDLL(path())
    except OSError as error:
        raise LibopusMissing(f"libopus at {path()} cannot be loaded ({error}): reinstall PyAV or install libopus.") from error
    state, size, pcm = ctypes.c_void_p, ctypes.c_int32, ctypes.c_void_p
    library.opus_strerror.argtypes = (ctypes.c_int,)
    library.opus_strerror.restype = ctypes.c_char_p
    library.opus_get_version_string.argtypes = ()
    library.opus_get_version_string.restype = ctypes.c_char_p
    library.opus_decoder_get_size.argtypes = (ctypes.c_int,)
    library.opus_decoder_init.argtypes = (state, size, ctypes.c_int)
    library.opus_decode.argtypes = (state, ctypes.c_char_p, size, pcm, ctypes.c_int, ctypes.c_int)
    library.opus_encoder_get_size.argtypes = (ctypes.c_int,)
    library.opus_encoder_init.argtypes = (state, size, ctypes.c_int, ctypes.c_int)
    library.opus_encode.argtypes = (state, ctypes.c_char_p, ctypes.c_int, pcm, size)
    # The ctl functions take their value as a variadic argument: only the regular ones are declared, as Apple's arm64 calling convention needs.
    library.opus_decoder_ctl.argtypes = (state, ctypes.c_int)
    library.opus_encoder_ctl.argtypes = (state, ctypes.c_int)
    return library


def reason(code: int) -> str:
    """What an error code means, in libopus's own words."""
    text = load().opus_strerror(code)
    return text.decode() if isinstance(text, bytes) else f"error {code}"


def version() -> str:
    """For example `libopus 1.6.1`."""
    text = load().opus_get_version_string()
    return text.decode() if isinstance(text, bytes) else "libopus"
