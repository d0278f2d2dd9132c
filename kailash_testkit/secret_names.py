"""Which names of fields mean a secret, judged by the words in them: `reset_token` does, `token_count` does not."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

NOT, WEAK, STRONG = 0, 1, 2
"""How surely a name means a secret; numbers are none under a weak one."""


def _set(names: str) -> frozenset[str]:
    return frozenset(names.split())


_ALWAYS: Final = _set(
    "password passwords passwd pwd passphrase passcode secret secrets credential credentials jwt otp totp cvv cvc csc "
    "authorization bearer csrf xsrf mnemonic ssn salt"
)
# In names without separators; long enough to be no part of another word.
_FRAGMENTS: Final = _set(
    "password passwd passphrase apikey accesskey secretkey privatekey accesstoken authtoken refreshtoken clientsecret "
    "cardnumber creditcard"
)
# What the last word makes of the secret before it: `password_changed_at` is none.
_ABOUT: Final = _set(
    "at on by id ids count counts length len min max type kind policy age expires expired expiry expiration ttl status "
    "state enabled required strength algorithm version changed updated attempts tries error errors exception name "
    "names field fields label manager service"
)
_FLAGS: Final = _set("is has was needs must should can allow allows require requires use uses")
_LAST: Final = _set(
    "token tokens key keys session sessions sid hash hashes refresh signature signatures sig cookie cookies auth "
    "passkey card pan pin"
)
_NUMERIC: Final = _set("card pan pin")  # secrets that are numbers
_FOLLOWING: Final = _set(
    "number no num value values data code string hash secret raw plain plaintext encrypted pem base64 header headers"
)
_KEYS: Final = _set(
    "primary foreign public sort partition natural surrogate composite unique cache row lookup idempotency translation "
    "group routing order parent business feature event message template issue shard"
)
_HASHES: Final = _set("file content commit git image schema block")
_HARMLESS: Final = {
    "key": _KEYS,
    "keys": _KEYS,
    "hash": _HASHES,
    "hashes": _HASHES,
    "signature": _set("method function"),
}
_CODES: Final = _set(
    "reset verification verify confirmation activation access security auth backup recovery login mfa sms factor"
)
_PASSES: Final = _set("user db database admin smtp mail ftp login old new root my")
_WORDS: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_A-Za-z]+")


@lru_cache(maxsize=4096)
def certainty_of(name: str) -> int:
    """`NOT`, `WEAK` or `STRONG`."""
    words = tuple(word.lower() for word in _WORDS.findall(name))
    if not words or words[0] in _FLAGS:
        return NOT
    last, before = words[-1], words[-2] if len(words) > 1 else ""
    if _ALWAYS.intersection(words) or any(fragment in "".join(words) for fragment in _FRAGMENTS):
        return NOT if last in _ABOUT and (before, last) != ("secret", "id") else STRONG
    if last in _LAST and not _HARMLESS.get(last, frozenset()).intersection(words):
        return STRONG if last in _NUMERIC else WEAK
    if before in _LAST and last in _FOLLOWING:
        return STRONG if before in _NUMERIC else WEAK
    if (last == "code" and _CODES.intersection(words)) or (last == "pass" and (before in _PASSES or not before)):
        return STRONG
    return WEAK if (before, last) == ("session", "id") or last.endswith(("sessionid", "sessid")) else NOT
