"""The rule for secrets: names by their words, values by their shape, texts of others."""

from __future__ import annotations

import datetime
import enum
import re
import time
import uuid
from collections.abc import Iterator

import pytest

from kailash_testkit import redaction
from kailash_testkit.redaction import MASK, Masked, Rule, fields, is_secret, masked, redact

SECRET = """
    password passwords PASSWORD newPassword password_hash hashed_password passwd pwd passphrase passcode
    db_pass secret client_secret secret_id webhook_secret token access_token accessToken AccessToken
    reset_token token_value tokens key api_key apiKey APIKey X-Api-Key apikey private_key signing_key session
    session_id sessionId sid refresh refresh_token jwt otp totp pin card card_number creditcard cvv cvc2
    signature X-Signature sig hash salt cookie Authorization X-CSRF-Token csrf verification_code
    activation_code credentials ssn auth
"""
HARMLESS = """
    token_count token_type token_expires_at max_token_length tokenizer key_id primary_key foreign_key
    public_key sort_key idempotency_key key_name keyboard monkey turkey pinned pin_count pineapple opinion
    card_type card_brand cardinality discard scorecard session_start session_count sessions_count obsession
    password_changed_at password_length has_password is_secret requires_otp secretary refresh_rate
    refreshed_at signature_count signature_type design hash_algorithm hashtag file_hash commit_hash code
    country_code status_code compass bypass passenger author authority expected email name id created_at
"""


@pytest.fixture(autouse=True)
def own_rule() -> Iterator[None]:
    before = redaction.configure(Rule())
    yield
    redaction.configure(before)


@pytest.mark.parametrize("name", str.split(SECRET))
def test_names_of_secrets(name: str) -> None:
    assert is_secret(name)


@pytest.mark.parametrize("name", str.split(HARMLESS))
def test_names_that_only_look_like_it(name: str) -> None:
    assert not is_secret(name)


def test_equal_secrets_have_equal_fingerprints() -> None:
    one, same, other = (repr(masked("password", value)) for value in ("hunter2", "hunter2", "hunter3"))
    assert re.fullmatch(r"\*\*\*\([0-9a-f]{4}\)", one)
    assert one == same != other
    assert repr(masked("pin", 1234)) != repr(masked("pin", "1234"))


class Card(enum.Enum):
    """A column with few values."""

    VISA = "visa"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("password", None), ("password", ""), ("secret", True), ("card", Card.VISA), ("session_id", 5), ("tokens", 128),
        ("refresh", datetime.datetime(2026, 1, 1)), ("token", []), ("status", "paid"),
    ],
)  # fmt: skip
def test_what_is_shown_as_it_is(name: str, value: object) -> None:
    assert masked(name, value) is value or masked(name, value) == value


@pytest.mark.parametrize("value", ["text", b"bytes", 1234, 12.5, uuid.uuid4(), ["a"], {"a": 1}, ("a",)])
def test_what_a_password_may_be(value: object) -> None:
    assert isinstance(masked("password", value), Masked)


def test_values_within_values() -> None:
    shown = fields({"settings": {"mail": [{"api_key": "k3y", "port": 25}], "tokens": ["t0ken"], "max_tokens": 5}})
    assert "k3y" not in repr(shown)
    assert "t0ken" not in repr(shown)
    assert "'port': 25" in repr(shown)
    assert "'max_tokens': 5" in repr(shown)


def test_a_secret_under_another_name() -> None:
    shown = fields({"password": "hunter22", "note": "she said hunter22, twice", "pin": 1})
    assert "hunter22" not in repr(shown)
    assert "twice" in repr(shown)


def test_classified_and_added_fields() -> None:
    redaction.classify("Patient", ["diagnosis"])
    redaction.configure(Rule(names=frozenset({"favourite-colour"})))
    assert isinstance(masked("diagnosis", "flu", "Patient"), Masked)
    assert masked("diagnosis", "flu", "Other") == "flu"
    assert redact("{'id': 1, 'diagnosis': 'flu'}") == "{'id': 1, 'diagnosis': ***}"
    assert (
        redact("Duplicate entry 'flu' for key 'patients.diagnosis'")
        == f"Duplicate entry '{MASK}' for key 'patients.diagnosis'"
    )
    assert isinstance(masked("favouriteColour", "red"), Masked)


def test_switched_off() -> None:
    redaction.configure(Rule(enabled=False))
    assert masked("password", "hunter2") == "hunter2"
    assert fields({"password": "hunter22", "note": "hunter22"}) == {"password": "hunter22", "note": "hunter22"}
    assert redact("\x1b[91mpassword=hunter2 at http://a:b@c/") == "password=hunter2 at http://a:b@c/"


HUSH = "hush-hush"


@pytest.mark.parametrize(
    "text",
    [
        f"password={HUSH}",
        f"PASSWORD: {HUSH}",
        f"{{'otp': '{HUSH}', 'n': 1}}",
        f'{{"client_secret": "{HUSH}"}}',
        f'{{\\"client_secret\\": \\"{HUSH}\\"}}',
        f"msg: 'token={HUSH} x'",
        f"Authorization: Bearer {HUSH}",
        f"bearer {HUSH}",
        "Basic aHVzaC1odXNoOmh1c2g=",
        f"postgresql://ada:{HUSH}@host/db",
        f"postgresql://ada:my {HUSH}@host/db",
        f"postgresql://ada:p@my {HUSH}@host:5432/db failed",
        f"redis://:{HUSH}@host",
        f"Key (token)=({HUSH}) already exists.",
        f"Key (tenant, api_key)=(red, {HUSH}) already exists.",
        f"Duplicate entry '{HUSH}' for key 'users.ix_token'",
        f"DETAIL:  Failing row contains (1, ada, {HUSH}).",
        f"[SQL: INSERT INTO users VALUES (?)] [parameters: ('ada', '{HUSH}')]",
        f"password\n  String too long [type=string_too_long, input_value='{HUSH}', input_type=str]",
        f"a eyJhbGciOiJIUzI1NiJ9.{HUSH}.c2ln b",
        f"whsec_{HUSH}",
        f"sk_live_{HUSH}",
        f"-----BEGIN RSA PRIVATE KEY-----\n{HUSH}\n-----END RSA PRIVATE KEY-----",
        f"-----BEGIN PRIVATE KEY-----\\n{HUSH}",
        f"http://shop/login?session_id={HUSH}&page=2",
        f"user.password = '{HUSH}'",
        f"{{'password': {{'$eq': '{HUSH}'}}, 'limit': 1}}",
        f"{{'passwords': ['{HUSH}', 'other']}}",
        f"tokens=('{HUSH}', 'other')",
        f'--b\r\nContent-Disposition: form-data; name="password"\r\n\r\n{HUSH}\r\n--b--',
        f'Content-Disposition: form-data; name="pin"\nContent-Type: text/plain\n\n{HUSH}\n--b--',
        f"password=b'{HUSH}'",
        f"{{'id': 1, 'password': '{HUSH}', 'note': 'she said {HUSH}'}}",
        f"mysql://ada:p@ss:w {HUSH}@127.0.0.1:3306/shop",
    ],
)
def test_texts_of_others(text: str) -> None:
    assert HUSH not in redact(text)
    assert "aHVzaC1" not in redact(text)
    assert MASK in redact(text)


@pytest.mark.parametrize(
    "text",
    [
        "UNIQUE constraint failed: users.token",
        "KeyError: 'password'",
        "no value for the foreign key: customer_id",
        "Basic information",
        "http://localhost:8000/orders mail ada@example.com",
        "Key (email)=(ada) already exists.",
        "tokens: 5, max_tokens=12",
        "password=None",
        "password: expected ***(a1f3), got ***(b2c4)",
        "token  requested ***(a1f3), stored ***(b2c4)",
    ],
)
def test_texts_that_stay(text: str) -> None:
    assert redact(text) == text


def test_long_texts_take_no_quadratic_time() -> None:
    started = time.perf_counter()
    for part in ("password", "a: ", "'", "://a:", "Key (a)=(", "=", "[parameters: (", "basic ", "token='", "x "):
        redact(part * 10_000)
    assert time.perf_counter() - started < 15  # some tenths, on a machine by itself
