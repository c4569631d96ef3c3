"""LocalStack trusts the origins that the stack's guard does."""

import re
from types import ModuleType

import pytest

from wavetank.emulator.patches.trusted_origins import follow_the_guard
from wavetank.emulator.runtime.guard import ALLOWED_ORIGINS


def test_localstack_trusts_the_origins_that_the_guard_does_and_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ALLOWED_ORIGINS, "http://localhost:3000")
    cors, origins = ModuleType("cors"), ["https://app.localstack.cloud", "https://localhost"]
    vars(cors).update(ALLOWED_CORS_ORIGINS=origins, DYNAMIC_INTERNAL_ORIGINS=(re.compile("(.*)"),))
    follow_the_guard(cors)
    assert origins == ["http://localhost:3000"]
    assert cors.DYNAMIC_INTERNAL_ORIGINS == ()


def test_another_check_of_origins_than_localstacks_is_not_patched() -> None:
    other = ModuleType("cors")
    vars(other).update(ALLOWED_CORS_ORIGINS=frozenset(), DYNAMIC_INTERNAL_ORIGINS=())
    with pytest.raises(TypeError, match="not the one this was written for"):
        follow_the_guard(other)
