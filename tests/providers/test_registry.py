"""From names, addresses and keys to a provider."""

from __future__ import annotations

import pytest

from tui.chat.conversation import Conversation
from tui.chat.message import Message, TokenLimit
from tui.errors import SettingsError
from tui.providers.base import ReplyOptions, Server
from tui.providers.registry import APIS, make_provider


def sent(provider):
    conversation = Conversation()
    conversation.append(Message.from_user("hi"))
    return provider.build_request(conversation, ReplyOptions("m", TokenLimit(1, "you")))


def test_without_a_base_url_the_vendors_own_is_used():
    provider = make_provider("anthropic", Server("work", "", "key"))
    assert (provider.name, provider.address) == ("work", "api.anthropic.com")
    assert sent(provider).url == "https://api.anthropic.com/v1/messages"


def test_the_responses_api_has_its_vendor_too():
    provider = make_provider("openai-responses", Server("work", "", "key"))
    assert sent(provider).url == "https://api.openai.com/v1/responses"


def test_a_base_url_of_ones_own_is_used():
    assert make_provider("anthropic", Server("w", "http://127.0.0.1:1/v1")).address == "127.0.0.1:1"


def test_an_api_that_no_vendor_serves_needs_a_base_url():
    with pytest.raises(SettingsError, match=r"nowhere.*base_url"):
        make_provider("demo", Server("nowhere", ""))


@pytest.mark.parametrize("base", ["http://[::1", "http://host]/v1"])
def test_a_base_url_that_is_no_address_is_a_settings_error(base):
    with pytest.raises(SettingsError, match="local"):
        make_provider("anthropic", Server("local", base))


@pytest.mark.parametrize("key", ["key", " key\n", "\tkey\r\n"])
def test_blanks_around_a_key_as_copying_brings_them_are_no_part_of_it(key):
    assert sent(make_provider("anthropic", Server("work", "", key))).headers["x-api-key"] == "key"


@pytest.mark.parametrize("key", [None, "", "  \n"])
def test_an_empty_key_is_none(key):
    assert "x-api-key" not in sent(make_provider("anthropic", Server("work", "", key))).headers


@pytest.mark.parametrize(
    "key",
    [
        "sk-secret\nx-evil: 1",
        "sk secret",
        "sk-secret\u201d",
        "sk-s\u00e9cret",
        "sk-secret\x00",
        "sk\x1b[2J",
    ],
)
def test_a_key_with_impossible_characters_is_refused_without_being_shown(key):
    with pytest.raises(SettingsError) as caught:
        make_provider("anthropic", Server("work", "", key))
    assert "work" in str(caught.value)
    assert key not in str(caught.value)
    assert "sk" not in str(caught.value)
    assert "secret" not in repr(caught.value)


@pytest.mark.parametrize("api", APIS)
def test_every_api_can_be_made(api):
    provider = make_provider(api, Server("any", "https://host", "key"))
    assert provider.name == "any"
    assert provider.address == "host"
    assert "key" not in repr(provider)


@pytest.mark.parametrize(
    ("api", "pasted", "asked"),
    [
        ("openai-chat", "https://h/v1/chat/completions", "https://h/v1/chat/completions"),
        ("openai-responses", "https://h/v1/responses", "https://h/v1/responses"),
        ("openai-responses", "https://h/pre/responses/", "https://h/pre/responses"),
        ("anthropic", "https://h/pre/v1/messages", "https://h/pre/v1/messages"),
        ("anthropic", "https://h/messages", "https://h/messages/v1/messages"),
        ("anthropic", "https://h/v1/", "https://h/v1/messages"),
        ("ollama", "http://h:11434/api/chat", "http://h:11434/api/chat"),
        ("ollama", "http://h:11434/api", "http://h:11434/api/chat"),
        ("ollama", "http://h:11434/v1", "http://h:11434/api/chat"),
    ],
)
def test_an_address_pasted_whole_from_a_vendors_page_is_the_same_address(api, pasted, asked):
    assert sent(make_provider(api, Server("work", pasted))).url == asked
